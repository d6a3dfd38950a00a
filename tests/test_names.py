"""Names with digits, dashes and underscores: what is rendered, and what Python makes of them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer

from conftest import QUESTIONS, ROOT, commit, render
from kit.errors import KitError
from kit.spelling import kebab, pascal, snake
from places import rendered
from test_questions import RULES
from world import PYTHON, World, prepared

# Digits anywhere but at the start, and parts of one letter.
KEBAB = st.from_regex(r"[a-z][a-z0-9]{0,3}(-[a-z0-9]{1,3}){0,3}", fullmatch=True)
# So few letters that two of them often differ by underscores alone.
CLOSE = st.from_regex(r"[ab][ab1]{0,2}(_[ab1]{1,2}){0,2}", fullmatch=True)


@given(name=KEBAB)
def test_a_service_has_one_spelling(name: str) -> None:
    assert rendered("service_pascal", service_name=name) == pascal(name)
    assert rendered("package_name", service_name=name) == snake(name)


@given(name=KEBAB.map(snake))
def test_a_function_has_one_spelling(name: str) -> None:
    text = rendered("function_list", functions=f"{name}:topic", table="")
    (function,) = yaml.safe_load(text)
    assert (function["pascal"], function["kebab"]) == (pascal(name), kebab(name))


@given(names=st.lists(CLOSE, min_size=2, max_size=2, unique=True))
def test_two_functions_have_two_spellings(names: list[str]) -> None:
    """Or the question refuses them; the template's own functions are among those that are there."""
    triggers = QUESTIONS["triggers"]["default"]
    asked = ", ".join(f"{name}:topic" for name in names)
    if RULES.functions_problem(asked, triggers).strip():
        return
    own = [path.name for path in (ROOT / "own").iterdir()]
    for spelling in (pascal, kebab):
        assert len({spelling(item).lower() for item in [*names, *own]}) == len(names) + len(own)


# ── A service with such names, in an account that is prepared for it ──


@pytest.fixture(scope="module")
def b2b(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    service = render(
        template,
        tmp_path_factory.mktemp("names") / "b2b-orders",
        service_name="b2b-orders",
        functions="app:api, s3sync:queue",
        secrets="stripe-key:app",
        github_repository="example-org/orders",
        python_version=PYTHON,
        architecture="x86_64",
    )
    commit(service)
    return service


@pytest.fixture
def b2b_world(
    b2b: Path, moto_server: ThreadedMotoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> World:
    return prepared(b2b, moto_server, tmp_path, monkeypatch)


def test_the_role_that_is_made_is_the_one_that_is_assumed(b2b_world: World) -> None:
    """The preflight finds it, the workflow signs in to it, and the gate has nothing to say."""
    assert b2b_world.run() == {}
    roles = {role["RoleName"] for role in b2b_world.client("iam").list_roles()["Roles"]}
    facts = b2b_world.command("facts", "--env", "dev").stdout
    (assumed,) = (line.removeprefix("role=") for line in facts.splitlines() if "role=" in line)
    assert assumed == "B2bOrders-GitHubActions-Deploy-Dev-Role"
    assert assumed in roles


def test_the_list_of_functions_knows_their_resources(b2b: Path) -> None:
    done = subprocess.run(
        [sys.executable, ".kit", "functions", "list"], cwd=b2b, capture_output=True, text=True
    )
    assert "S3syncQueue" in done.stdout, done.stderr


def test_infra_without_a_name_says_so(b2b_world: World) -> None:
    b2b_world.edit("infra/environment.yaml", "      RoleName: !Sub\n", "      Path: !Sub\n")
    with pytest.raises(KitError, match="gives no RoleName to DeployRole"):
        _ = b2b_world.service.deploy_role
