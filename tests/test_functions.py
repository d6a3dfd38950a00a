"""Functions come and go, and answers change: the commands of a rendered service that do it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest
import yaml
from copier import VcsRef, run_update
from packaging.version import Version
from pytest_copie.plugin import Copie

from conftest import KIT, ROOT, check, commit, make_template, render, run, tree
from test_render import cloudformation

FUNCTIONS = "app:api, admin:api"
# The Copier under test; only test_copier_is_what_was_reviewed_… has the one that a user gets.
COPIER = f"COPIER_PYTHON={sys.executable} {ROOT}/tests/renders.py"
MARKS = ("<<<<<<<", "=======\n", ">>>>>>>")


@pytest.fixture(scope="module")
def shared(template: Path, copie_session: Copie) -> Path:
    """A service of two functions with its environment, shared by the tests of this module."""
    result = copie_session.copy(
        extra_answers={"service_name": "orders", "functions": FUNCTIONS}, template_dir=template
    )
    assert result.exception is None, result.exception
    assert result.project_dir is not None
    check("git", "tag", "start", cwd=result.project_dir)
    return result.project_dir


@pytest.fixture
def service(shared: Path) -> Iterator[Path]:
    """The same, as it was committed."""
    yield shared
    check("git", "reset", "--quiet", "--hard", "start", cwd=shared)
    check("git", "clean", "--quiet", "-ffdx", "--exclude=.venv*", cwd=shared)


def make(service: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run("make", COPIER, *arguments, cwd=service, **environment)


def made(service: Path, *arguments: str) -> str:
    done = make(service, *arguments)
    assert done.returncode == 0, done.stdout
    assert check("git", "ls-files", "-u", cwd=service) == "", done.stdout
    return done.stdout


def refused(service: Path, *arguments: str, **environment: str) -> str:
    """What a command says that leaves everything as it was."""
    before, status = kept(service), check("git", "status", "--porcelain", "-uall", cwd=service)
    done = make(service, *arguments, **environment)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stdout
    assert kept(service) == before
    assert check("git", "status", "--porcelain", "-uall", cwd=service) == status
    return done.stdout


def kept(service: Path) -> dict[str, bytes]:
    """The files that git keeps."""
    names = check("git", "ls-files", "-z", cwd=service).split("\0")
    return {name: (service / name).read_bytes() for name in names if name}


def edit(service: Path, path: str, old: str, new: str) -> None:
    text = (service / path).read_text("utf-8")
    assert old in text
    (service / path).write_text(text.replace(old, new, 1), "utf-8")


def text(service: Path, path: str = "template.yaml") -> str:
    return (service / path).read_text("utf-8")


def fresh(template: Path, folder: Path, functions: str) -> dict[str, bytes]:
    return tree(render(template, folder / "fresh", service_name="orders", functions=functions))


# ── Unedited services: what is there is what the answers render ──────────────


def test_add_is_as_if_it_had_been_there(service: Path, template: Path, tmp_path: Path) -> None:
    said = made(service, "add-function", "NAME=nightly", "TRIGGER=api")
    assert kept(service) == fresh(template, tmp_path, f"{FUNCTIONS}, nightly:api")
    for part in ("src/orders/nightly/", "template.yaml", "make setup check", "git diff --staged"):
        assert part in said
    assert check("git", "log", "--format=%s", cwd=service).count("\n") == 1


def test_rename_is_as_if_it_had_been_called_so(
    service: Path, template: Path, tmp_path: Path
) -> None:
    said = made(service, "rename-function", "NAME=app", "TO=orders_api")
    assert kept(service) == fresh(template, tmp_path, "orders_api:api, admin:api")
    assert "CloudFormation creates the function again" in said
    assert "its path was /app and is /orders-api" in said
    assert "still say" not in said
    moved = check("git", "diff", "--staged", "--name-status", "-M", cwd=service)
    assert "src/orders/app/lambda_pkg/index.py\tsrc/orders/orders_api/lambda_pkg/index.py" in moved


def test_remove_is_as_if_it_had_never_been(service: Path, template: Path, tmp_path: Path) -> None:
    said = made(service, "remove-function", "NAME=admin", "YES=1")
    assert kept(service) == fresh(template, tmp_path, "app:api")
    assert not (service / "src/orders/admin").exists()
    assert "AdminFunction                    AWS::Serverless::Function" in said
    assert "src/orders/admin/" in said
    assert "AppFunction" not in said


def test_the_first_function_can_go_too(service: Path, template: Path, tmp_path: Path) -> None:
    made(service, "remove-function", "NAME=app", "YES=1")
    assert kept(service) == fresh(template, tmp_path, "admin:api")


def test_add_then_remove_leaves_no_difference(service: Path) -> None:
    before = kept(service)
    made(service, "add-function", "NAME=nightly", "TRIGGER=api")
    commit(service)
    made(service, "remove-function", "NAME=nightly", "YES=1")
    assert kept(service) == before
    assert check("git", "diff", "start", cwd=service) == ""


def test_what_was_removed_comes_back_fresh(service: Path, template: Path, tmp_path: Path) -> None:
    edit(service, "src/orders/admin/lambda_pkg/index.py", "import json\n", "import json  # mine\n")
    (service / "tests/unit/admin/test_events.py").unlink()
    commit(service)
    made(service, "remove-function", "NAME=admin", "YES=1")
    commit(service)
    made(service, "add-function", "NAME=admin", "TRIGGER=api")
    assert kept(service) == fresh(template, tmp_path, FUNCTIONS)


COMMANDS = [
    ("add-function", "NAME=nightly", "TRIGGER=api"),
    ("rename-function", "NAME=app", "TO=orders_api"),
    ("remove-function", "NAME=admin", "YES=1"),
    ("answer", "NAME=alarm_chat_webhook", "VALUE=chat-webhook"),
]


def test_copier_has_nothing_to_add(service: Path) -> None:
    """What a service has after all of them is what its answers say."""
    for arguments in COMMANDS:
        made(service, *arguments)
        commit(service)
    run_update(
        service,
        vcs_ref=VcsRef.CURRENT,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
        context_lines=100_000,
    )
    assert check("git", "status", "--porcelain", cwd=service) == ""


def test_it_can_be_taken_back(service: Path) -> None:
    """With the command that each of them names."""
    before = kept(service)
    for arguments in COMMANDS:
        assert "git reset --hard" in made(service, *arguments)
        check("git", "reset", "--hard", cwd=service)
        assert check("git", "status", "--porcelain", cwd=service) == ""
        assert kept(service) == before


def test_copier_is_what_was_reviewed_or_is_not_installed(service: Path) -> None:
    """DEP-08: in an environment of its own, and by its hashes."""
    reviewed = text(service, "requirements-copier.txt")
    other = re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{'0' * 64}", reviewed)
    (service / "requirements-copier.txt").write_text(other, "utf-8")
    commit(service)
    add = ("make", "add-function", "NAME=nightly", "TRIGGER=api")
    done = run(*add, cwd=service)
    assert done.returncode != 0
    assert "hash" in done.stdout.lower()
    assert not (service / "src/orders/nightly").exists()
    (service / "requirements-copier.txt").write_text(reviewed, "utf-8")
    commit(service)
    done = run(*add, cwd=service)
    assert done.returncode == 0, done.stdout
    assert (service / "src/orders/nightly").is_dir()
    assert run(".venv/bin/python", "-c", "import copier", cwd=service).returncode != 0


def test_the_copier_that_uv_gets_is_one_that_the_template_takes() -> None:
    lowest = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_min_copier_version"]
    wanted = (ROOT / "template/requirements-copier.txt").read_text("utf-8").splitlines()
    (version,) = [line.split()[0] for line in wanted if line.startswith("copier==")]
    assert Version(version.removeprefix("copier==")) >= Version(lowest)


# ── Edits ────────────────────────────────────────────────────────────────────

EDITS = [
    # In the block of each function: beside names, and in lines that hold one.
    ("template.yaml", "      Timeout: 10 # seconds\n", "      Timeout: 29 # seconds, mine\n"),
    (
        "template.yaml",
        "      CodeUri: src/orders/app/\n",
        "      ReservedConcurrentExecutions: 5 # mine\n      CodeUri: src/orders/app/\n",
    ),
    (
        "template.yaml",
        "Description: Answers HTTP requests below /app.",
        "Description: Answers my HTTP requests below /app.",
    ),
    (
        "template.yaml",
        "      FunctionName: !Sub orders-app-${EnvironmentName}\n",
        "      # My comment.\n      FunctionName: !Sub orders-app-${EnvironmentName}\n",
    ),
    (
        "template.yaml",
        "          TABLE_NAME: !Ref Table\n",
        "          POWERTOOLS_LOGGER_SAMPLE_RATE: 0.1\n          TABLE_NAME: !Ref Table\n",
    ),
    (
        "template.yaml",
        "      AlarmName: !Sub orders-app-throttles-${EnvironmentName}\n",
        "      AlarmName: !Sub orders-app-throttles-${EnvironmentName}\n      Tags: [{Key: mine, Value: x}]\n",
    ),
    (
        "template.yaml",
        "  # ── admin (api) ──\n",
        "  AppOwnTopic: # mine\n    Type: AWS::SNS::Topic\n\n  # ── admin (api) ──\n",
    ),
    (
        "template.yaml",
        "    Description: Name of the app function\n",
        "    Description: Name of the app function, mine\n",
    ),
    # In what is shared, beside the functions' lines.
    (
        "template.yaml",
        "        ThrottlingBurstLimit: 100\n",
        "        ThrottlingBurstLimit: 7 # mine\n",
    ),
    (
        "template.yaml",
        "  # Your own parameters go here.\n",
        "  # Your own parameters go here.\n  Mine:\n    Type: String\n    Description: Mine.\n    Default: x\n",
    ),
    (
        "template.yaml",
        "  # ── Your own resources go here ──\n",
        "  # ── Your own resources go here ──\n\n  MineTopic:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: !Ref Mine\n",
    ),
    (
        "template.yaml",
        "  # Your own outputs go here.\n",
        "  # Your own outputs go here.\n\n  Mine:\n    Description: Mine.\n    Value: !Ref MineTopic\n",
    ),
    ("README.md", "_Yours: who owns it", "The best service, mine.\n\n_Yours: who owns it"),
    ("README.md", "| `app` | api |", "| `app` (mine) | api |"),
    (
        "README.md",
        "[README](src/orders/admin/README.md) |\n",
        "[README](src/orders/admin/README.md), ours |\n",
    ),
    (
        "requirements-dev.in",
        "-c src/orders/app/requirements.txt\n",
        "-c src/orders/app/requirements.txt # mine\n",
    ),
    (
        "docs/architecture.md",
        "with a log group and a role of its own |\n",
        "with a log group and a role of its own, mine |\n",
    ),
    ("Makefile", "ENV ?= dev\n", "ENV ?= dev\nMINE ?= x\n"),
    ("pyproject.toml", "[tool.coverage.run]\n", "[tool.coverage.run] # mine\n"),
    # In the functions' own files.
    ("src/orders/app/lambda_pkg/index.py", "import json\n", "import json  # mine\n"),
    ("src/orders/app/README.md", "# app\n", "# app\n\nIt is mine.\n"),
    (
        "src/orders/app/README.md",
        "| `TABLE_NAME` |",
        "| `POWERTOOLS_LOGGER_SAMPLE_RATE` | how much is logged, mine |\n| `TABLE_NAME` |",
    ),
    (
        "tests/unit/app/test_items.py",
        "from orders.app.lambda_pkg.services import items\n",
        "from orders.app.lambda_pkg.services import items  # mine\n",
    ),
    ("CHANGELOG.md", "\n", "\n- mine: src/orders/app/\n"),
]


def edited(service: Path) -> None:
    for path, old, new in EDITS:
        edit(service, path, old, new)
    (service / "src/orders/app/lambda_pkg/prices.py").write_text(
        '"""Prices, mine; src/orders/app/lambda_pkg/prices.py."""\n\nFREE = 0\n', "utf-8"
    )
    (service / "tests/unit/app/test_prices.py").write_text(
        "from orders.app.lambda_pkg import prices\n\n\n"
        "def test_mine() -> None:\n    assert prices.FREE == 0\n",
        "utf-8",
    )
    (service / "tests/unit/app/test_events.py").unlink()
    check("make", "format", cwd=service)
    commit(service)


def test_edits_survive(service: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every edit at once, through all three commands; the service's own checks pass once they are
    there, one function is new and one has another name."""
    monkeypatch.setenv("MYPY_CACHE_DIR", str(tmp_path))
    edited(service)
    made(service, "add-function", "NAME=nightly", "TRIGGER=api")
    for path, _, new in EDITS:
        assert new in text(service, path), path
    commit(service)

    made(service, "rename-function", "NAME=app", "TO=shop_window")
    for path, _, new in EDITS:
        if path != "CHANGELOG.md":
            path = path.replace("/app/", "/shop_window/")
            for old, other in (
                ("orders-app-", "orders-shop-window-"),
                ("orders/app", "orders/shop_window"),
                ("orders.app", "orders.shop_window"),
                ("AppOwn", "App|Own"),
                ("/app", "/shop-window"),
                ("`app`", "`shop_window`"),
                ("the app ", "the shop_window "),
                ("# app", "# shop_window"),
                ("App|Own", "AppOwn"),
            ):
                new = new.replace(old, other)
        assert new in text(service, path), path
    assert "from orders.shop_window.lambda_pkg import prices" in text(
        service, "tests/unit/shop_window/test_prices.py"
    )
    assert "src/orders/shop_window/lambda_pkg/prices.py" in text(
        service, "src/orders/shop_window/lambda_pkg/prices.py"
    )
    assert not (service / "tests/unit/shop_window/test_events.py").exists()
    assert "AppOwnTopic" in text(service)  # a resource of one's own would be made anew
    check("make", "check", cwd=service)
    commit(service)

    made(service, "remove-function", "NAME=shop_window", "YES=1")
    after = text(service)
    for part in ("Mine:", "MineTopic", "ThrottlingBurstLimit: 7 # mine"):
        assert part in after
    for part in ("ShopWindow", "AppOwnTopic", "Timeout: 29"):
        assert part not in after
    assert "The best service, mine." in text(service, "README.md")
    assert "shop_window" not in text(service, "README.md")
    assert "src/orders/admin/README.md), ours |" in text(service, "README.md")
    assert "MINE ?= x" in text(service, "Makefile")
    check("make", "lessons", cwd=service)
    check("sam", "validate", "--lint", "--config-env", "dev", cwd=service)
    check(".venv/bin/ruff", "check", cwd=service)


def test_references_of_ones_own_follow_a_new_name(service: Path) -> None:
    edit(
        service,
        "template.yaml",
        "  # Your own outputs go here.\n",
        "  # Your own outputs go here.\n\n  Mine:\n    Value: !GetAtt AppFunctionRole.Arn\n\n"
        "  MineToo:\n    Value: !Sub ${AppFunction}-${AdminFunction}\n",
    )
    (service / "tools.sh").write_text(
        "cat events/app/get-item.json ./src/orders/app/README.md # app\n"
        "curl https://example.com/events/app x-events/app src/orders/application/\n",
        "utf-8",
    )
    commit(service)
    said = made(service, "rename-function", "NAME=app", "TO=shop")
    assert "!GetAtt ShopFunctionRole.Arn" in text(service)
    assert "!Sub ${ShopFunction}-${AdminFunction}" in text(service)
    assert text(service, "tools.sh") == (
        "cat events/shop/get-item.json ./src/orders/shop/README.md # app\n"
        "curl https://example.com/events/app x-events/app src/orders/application/\n"
    )
    assert "These lines still say app" in said
    assert "tools.sh:1: " in said


def test_remove_lists_what_still_speaks_of_it(service: Path) -> None:
    edit(service, "README.md", "_Yours:", "Call admin with care.\n\n_Yours:")
    edit(
        service,
        "template.yaml",
        "  # Your own outputs go here.\n",
        "  # Your own outputs go here.\n\n  Mine:\n    Value: !Ref AdminFunction\n",
    )
    commit(service)
    said = made(service, "remove-function", "NAME=admin", "YES=1")
    assert "Call admin with care." in said
    assert "Value: !Ref AdminFunction" in said


def test_what_stays_in_the_account_is_named(service: Path) -> None:
    edit(
        service,
        "template.yaml",
        "  AdminLogGroup:\n    Type: AWS::Logs::LogGroup\n",
        "  AdminLogGroup:\n    Type: AWS::Logs::LogGroup\n    DeletionPolicy: RetainExceptOnCreate\n"
        "    UpdateReplacePolicy: Retain\n",
    )
    commit(service)
    said = made(service, "rename-function", "NAME=admin", "TO=office")
    assert "under their old name, with their data: AdminLogGroup" in said
    commit(service)
    said = made(service, "remove-function", "NAME=office", "YES=1")
    assert "stays in the account, with its data: OfficeLogGroup" in said


def test_what_no_other_function_needs_goes_too(service: Path) -> None:
    before = kept(service)
    made(service, "add-function", "NAME=nightly", "TRIGGER=schedule")
    assert "ScheduleGroup:" in text(service)
    commit(service)
    said = made(service, "remove-function", "NAME=nightly", "YES=1")
    assert "NightlyFunction                  AWS::Serverless::Function" in said
    assert "ScheduleGroup                    AWS::Scheduler::ScheduleGroup" in said
    assert "EventBus " in said.split("what no other function needs")[1]
    assert kept(service) == before


def test_files_that_git_does_not_keep_are_not_lost(service: Path) -> None:
    for name in ("app", "admin"):
        (service / f"src/orders/{name}/.env").write_text("MINE=1\n", "utf-8")
    made(service, "rename-function", "NAME=app", "TO=shop")
    assert (service / "src/orders/shop/.env").exists()
    commit(service)
    said = made(service, "remove-function", "NAME=admin", "YES=1")
    assert (service / "src/orders/admin/.env").exists()
    assert "Still there" in said


def test_words_that_both_change_stay_the_users(service: Path) -> None:
    edit(service, "README.md", '  api -->|"/app"| fn_app["app"]\n', "  api ==> my_own_arrows\n")
    commit(service)
    made(service, "rename-function", "NAME=app", "TO=shop")
    assert "  api ==> my_own_arrows\n" in text(service, "README.md")
    assert "fn_shop" in text(service, "README.md")


def test_a_conflict_is_reported(service: Path) -> None:
    """Both sides want something else in the same place: nothing is guessed."""
    mine = "# What the functions share, and more, which is quite another title"
    edit(service, "template.yaml", "  # ── What the functions share ──\n", f"  {mine}\n")
    commit(service)
    done = make(service, "remove-function", "NAME=admin", "YES=1")
    assert done.returncode == 0, done.stdout
    assert mine in text(service)


# ── Refusals ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add-function"], "make add-function NAME=nightly TRIGGER=schedule"),
        (["add-function", "NAME=nightly"], "TRIGGER is one of api, event"),
        (["add-function", "TRIGGER=api"], "make add-function NAME=nightly TRIGGER=schedule"),
        (
            ["add-function", "NAME=nightly", "TRIGGER=carrier"],
            '"carrier" is not a trigger. Triggers: api',
        ),
        (["add-function", "NAME=nightly", "TRIGGER=help"], "TRIGGER is one of api, event"),
        (["add-function", "NAME=app", "TRIGGER=api"], "comes twice"),
        (["add-function", "NAME=a_pp", "TRIGGER=api"], "differ by more than underscores"),
        (["add-function", "NAME=Nightly", "TRIGGER=api"], "is not snake_case"),
        (["add-function", "NAME=../x", "TRIGGER=api"], "is not snake_case"),
        (["add-function", 'NAME="; touch x; "', "TRIGGER=api"], "is not snake_case"),
        (["add-function", "NAME=--help", "TRIGGER=api"], "is not snake_case"),
        (["add-function", "NAME=a b", "TRIGGER=api"], "is not snake_case"),
        (["add-function", "NAME=json", "TRIGGER=api"], "standard-library"),
        (["add-function", "NAME=ok:api, other", "TRIGGER=api"], "has a comma or a colon"),
        (["add-function", "NAME=ok", "TRIGGER=api, other:api"], "has a comma or a colon"),
        (["rename-function"], "make rename-function NAME=app TO=orders_api"),
        (["rename-function", "NAME=app"], "make rename-function NAME=app TO=orders_api"),
        (["rename-function", "NAME=shop", "TO=store"], "The functions are: app, admin"),
        (["rename-function", "NAME=app", "TO=app"], "called app already"),
        (["rename-function", "NAME=app", "TO=admin"], "comes twice"),
        (["rename-function", "NAME=app", "TO=Shop"], "is not snake_case"),
        (["rename-function", "NAME=app", "TO=a:api,b"], "has a comma or a colon"),
        (["remove-function"], "make functions lists them"),
        (["remove-function", "NAME=shop", "YES=1"], "The functions are: app, admin"),
        (["remove-function", "NAME=admin"], "make remove-function NAME=admin YES=1"),
        (["remove-function", "NAME=admin", "YES=no"], "make remove-function NAME=admin YES=1"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_refusals(service: Path, arguments: list[str], said: str) -> None:
    assert said in refused(service, *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("add-function", "TRIGGER=api"),
        ("rename-function", "TO=shop"),
        ("remove-function", "YES=1"),
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_a_name_in_the_environment_does_not_count(
    service: Path, arguments: tuple[str, ...]
) -> None:
    """WSL sets NAME to the name of the machine."""
    assert "NAME=" in refused(service, *arguments, NAME="app", TRIGGER="api", TO="x", YES="1")


def test_a_trigger_that_needs_the_table_is_refused_without(template: Path, tmp_path: Path) -> None:
    service = render(template, tmp_path / "orders", service_name="orders", table=False)
    commit(service)
    arguments = ("add", "--name=watcher", "--trigger=stream")
    done = run(*KIT, "functions", *arguments, cwd=service)
    assert done.returncode != 0
    assert '"watcher" needs the table: a stream function reads it' in done.stdout
    assert check("git", "status", "--porcelain", cwd=service) == ""


@pytest.mark.parametrize("change", ["edit", "new file"])
def test_a_dirty_tree_is_refused(service: Path, change: str) -> None:
    with (service / ("README.md" if change == "edit" else "notes.txt")).open("a") as file:
        file.write("mine\n")
    for arguments in (
        ("add-function", "NAME=nightly", "TRIGGER=api"),
        ("rename-function", "NAME=app", "TO=shop"),
        ("remove-function", "NAME=admin", "YES=1"),
    ):
        assert "nobody could tell them apart" in refused(service, *arguments)


@pytest.mark.parametrize(
    "folder", ["src/orders/shop", "tests/unit/shop", "tests/integration/shop", "events/shop"]
)
def test_files_of_old_are_in_the_way(service: Path, folder: str) -> None:
    (service / folder).mkdir()
    (service / folder / "old.txt").write_text("old\n", "utf-8")
    commit(service)
    expected = f"{folder} exists already"
    assert expected in refused(service, "add-function", "NAME=shop", "TRIGGER=api")
    assert expected in refused(service, "rename-function", "NAME=app", "TO=shop")


def test_caches_of_old_are_not_in_the_way(service: Path) -> None:
    cache = service / "src/orders/shop/lambda_pkg/__pycache__"
    cache.mkdir(parents=True)
    (cache / "index.cpython-313.pyc").write_bytes(b"")
    made(service, "rename-function", "NAME=app", "TO=shop")
    assert (service / "src/orders/shop/lambda_pkg/index.py").exists()
    assert not (service / "src/orders/shop/app").exists()
    assert not (service / "src/orders/app").exists()


def test_a_logical_id_of_ones_own_is_in_the_way(service: Path) -> None:
    edit(
        service,
        "template.yaml",
        "  # ── Your own resources go here ──\n",
        "  # ── Your own resources go here ──\n\n  ShopLogGroup:\n    Type: AWS::Logs::LogGroup\n",
    )
    commit(service)
    expected = "has a resource ShopLogGroup already, which reads as one of shop"
    assert expected in refused(service, "add-function", "NAME=shop", "TRIGGER=api")
    assert expected in refused(service, "rename-function", "NAME=app", "TO=shop")


def test_the_last_function_stays(service: Path) -> None:
    made(service, "remove-function", "NAME=admin", "YES=1")
    commit(service)
    assert "a service has at least one" in refused(service, "remove-function", "NAME=app", "YES=1")


def test_without_a_repository(service: Path, tmp_path: Path) -> None:
    copy = tmp_path / "orders"
    shutil.copytree(service, copy, ignore=shutil.ignore_patterns(".git", ".venv*"))
    (copy / ".venv").symlink_to(service / ".venv")
    done = make(copy, "add-function", "NAME=nightly", "TRIGGER=api")
    assert done.returncode != 0
    assert "git init && git add --all && git commit" in done.stdout
    check("git", "init", "--quiet", cwd=copy)
    done = make(copy, "remove-function", "NAME=admin", "YES=1")
    assert "nothing is committed yet" in done.stdout
    assert (copy / "src/orders/admin").exists()


@pytest.mark.parametrize(
    ("name", "value"), [("_src_path", "/nowhere/template"), ("_commit", "9.9.9")]
)
def test_a_template_out_of_reach(service: Path, name: str, value: str) -> None:
    answers = yaml.safe_load(text(service, ".copier-answers.yml"))
    edit(service, ".copier-answers.yml", f"{name}: {answers[name]}", f"{name}: {value}")
    commit(service)
    for arguments in (
        ("add-function", "NAME=nightly", "TRIGGER=api"),
        ("rename-function", "NAME=app", "TO=shop"),
        ("remove-function", "NAME=admin", "YES=1"),
        ("answer", "NAME=github_repository", "VALUE=example/orders"),
    ):
        said = refused(service, *arguments)
        assert value in said
        assert "change _src_path" in said


def test_a_command_that_fails_in_the_middle_leaves_nothing(service: Path) -> None:
    """Here git can't write its index any more once the folders are moved or removed."""
    hook = service / "fail"
    hook.mkdir()
    (hook / "git").write_text(
        '#!/bin/sh\ncase " $* " in *" add "*) echo "disk full" >&2; exit 1;; esac\n'
        f'exec "{shutil.which("git")}" "$@"\n'
    )
    (hook / "git").chmod(0o755)
    with (service / ".git/info/exclude").open("a") as exclude:
        exclude.write("fail\n")
    (service / "src/orders/app/.env").write_text("MINE=1\n", "utf-8")
    path = f"{hook}{os.pathsep}{os.environ['PATH']}"
    for arguments in COMMANDS:
        assert "disk full" in refused(service, *arguments, PATH=path)
        assert not (service / "src/orders/nightly").exists()
        assert not (service / "src/orders/orders_api").exists()
        assert not (service / "src/orders/chat_notifier").exists()


# ── make remove-function asks ────────────────────────────────────────────────


def heed_interrupts() -> None:
    """Also where the tests run in the background of a shell, which lets them ignore these."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize(("key", "gone"), [("y", True), ("n", False), ("", False), ("\x03", False)])
def test_remove_asks(service: Path, key: str, gone: bool) -> None:
    process = pexpect.spawn(
        "make",
        [COPIER, "remove-function", "NAME=admin"],
        cwd=str(service),
        encoding="utf-8",
        timeout=60,
        preexec_fn=heed_interrupts,
    )
    process.expect(r"\[y/N\] ")
    assert "AdminFunction" in str(process.before)
    process.send(key if key == "\x03" else f"{key}\r")
    process.expect(pexpect.EOF)
    assert (service / "src/orders/admin").exists() is not gone
    assert (check("git", "status", "--porcelain", cwd=service) == "") is not gone
    if not gone:
        assert "Nothing is changed" in str(process.before)


# ── make functions ───────────────────────────────────────────────────────────


def test_functions_are_listed(service: Path) -> None:
    """Offline and without Copier: with nothing but the service's Python."""
    edit(
        service,
        "template.yaml",
        "  # ── Your own resources go here ──\n",
        "  # ── Your own resources go here ──\n\n  AdminTopic:\n    Type: AWS::SNS::Topic\n",
    )
    listed = run("make", "functions", "COPIER_PYTHON=false", cwd=service).stdout
    words = listed.replace(",", "").split()
    start = words.index("app")
    assert words[start : start + 4] == ["app", "api", "src/orders/app", "AppFunction"]
    assert {"AppLogGroup", "AdminThrottlesAlarm", "AdminTopic"} < {*words}
    assert max(map(len, listed.splitlines())) <= 100


def test_a_resource_belongs_to_the_longest_name(service: Path) -> None:
    made(service, "add-function", "NAME=app_admin", "TRIGGER=api")
    place = "  # ── Your own resources go here ──\n"
    own = ("AppAdminTopic", "AppTopic", "ApplicationTopic")
    mine = "".join(f"\n  {name}:\n    Type: AWS::SNS::Topic\n" for name in own)
    edit(service, "template.yaml", place, place + mine)
    listed = run("make", "functions", "COPIER_PYTHON=false", cwd=service).stdout
    words = " ".join(listed.split())
    assert "AppThrottlesAlarm, AppTopic " in words
    assert words.endswith("AppAdminThrottlesAlarm, AppAdminTopic")
    assert "ApplicationTopic" not in words


# ── What is beside the template's ────────────────────────────────────────────

OWN = "  # ── Your own resources go here ──\n"
QUEUE = "  AdminOutbox:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: !Sub mine-${EnvironmentName}\n"


def test_own_resources_stay_whatever_they_are_called(service: Path) -> None:
    edit(service, "template.yaml", OWN, f"{OWN}\n{QUEUE}")
    commit(service)
    said = made(service, "rename-function", "NAME=admin", "TO=office")
    assert "are lost with their queue" not in said
    assert QUEUE in text(service)
    check("git", "reset", "--quiet", "--hard", cwd=service)
    said = made(service, "remove-function", "NAME=admin", "YES=1")
    assert QUEUE in text(service)
    assert "AdminOutbox:" in said.split("These lines mention it")[1]


METRIC = """                  ["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "${%s.QueueName}", {"label": "%s", "stat": "Maximum"}]%s\n"""


def dashboard_of(service: Path) -> Any:
    body = cloudformation(service)["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
    return json.loads(body["Fn::Sub"])


@pytest.mark.parametrize("last", [True, False], ids=["last", "before the last"])
def test_the_dashboard_stays_json(service: Path, last: bool) -> None:
    """A comma belongs to two entries: one that a user added, and one that comes or goes."""
    made(service, "add-function", "NAME=jobs", "TRIGGER=queue")
    was = METRIC % ("JobsDeadLetterQueue", "JobsDeadLetterQueue", "")
    mine = METRIC % ("Mine", "mine", "" if last else ",")
    new = was.replace("]\n", "],\n") + mine if last else mine + was
    edit(service, "template.yaml", was, new)
    commit(service)

    def labels() -> set[str]:
        metrics = dashboard_of(service)["widgets"][-1]["properties"]["metrics"]
        return {metric[4]["label"] for metric in metrics}

    before = labels()
    made(service, "add-function", "NAME=nightly", "TRIGGER=schedule")
    assert labels() == before | {"NightlyDeadLetterQueue"}
    commit(service)
    made(service, "remove-function", "NAME=nightly", "YES=1")
    assert labels() == before


def test_an_own_widget_and_the_first_queue(service: Path) -> None:
    end = "            }\n          ]\n        }\n"
    widget = '            {\n              "type": "text",\n              "width": 12,\n              "properties": {"markdown": "mine"}\n'
    edit(service, "template.yaml", end, f"            }},\n{widget}{end}")
    commit(service)
    made(service, "add-function", "NAME=jobs", "TRIGGER=queue")
    kinds = [widget["type"] for widget in dashboard_of(service)["widgets"]]
    assert sorted(kinds) == ["metric", "metric", "metric", "metric", "text"]


@pytest.mark.parametrize("last", [True, False], ids=["last", "first"])
def test_what_both_add_alike_is_there_twice(service: Path, last: bool) -> None:
    """`- Effect: Allow` begins each statement, whoever wrote it."""
    mine = (
        "            - Effect: Allow\n              Action: dynamodb:Query\n"
        "              Resource: !GetAtt Table.Arn\n"
    )
    template = text(service)
    heading = "          Statement:\n"
    start = template.index(heading, template.index("  AppFunction:")) + len(heading)
    statements = re.match(r"(?:            .*\n)+", template[start:])
    assert statements
    place = start + len(statements[0]) if last else start
    (service / "template.yaml").write_text(template[:place] + mine + template[place:], "utf-8")
    commit(service)
    made(service, "answer", "NAME=secrets", "VALUE=stripe-key:app")
    policies = cloudformation(service)["Resources"]["AppFunction"]["Properties"]["Policies"]
    actions = [item["Action"] for policy in policies for item in policy["Statement"]]
    assert "dynamodb:Query" in actions
    assert "secretsmanager:GetSecretValue" in str(actions)


@pytest.mark.parametrize("word", ["maybe", "false", "off"])
def test_only_yes_is_yes(service: Path, word: str) -> None:
    assert f'not "{word}"' in refused(service, "remove-function", "NAME=app", f"YES={word}")


def test_who_reads_no_further_stops_nothing(service: Path) -> None:
    done = run(
        *("bash", "-c", f"make {COPIER} remove-function NAME=admin YES=1 | head -1"), cwd=service
    )
    assert "Traceback" not in done.stdout
    assert not (service / "src/orders/admin").exists()


# ── Other places ─────────────────────────────────────────────────────────────


def test_in_a_folder_of_a_repository_with_spaces_and_umlauts(tmp_path: Path) -> None:
    template = make_template(tmp_path / "Vorlage für Dienste")
    service = render(
        template,
        tmp_path / "meine Läden" / "be stellungen",
        service_name="orders",
        functions=FUNCTIONS,
    )
    shutil.copytree(service, tmp_path / "before")
    (service / ".venv/bin").mkdir(parents=True)
    (service / ".venv/bin/python").symlink_to(sys.executable)
    (service / ".venv/.ready").touch()
    commit(service.parent)
    for arguments in (
        ("rename-function", "NAME=app", "TO=shop"),
        ("add-function", "NAME=nightly", "TRIGGER=api"),
        ("remove-function", "NAME=nightly", "YES=1"),
        ("rename-function", "NAME=shop", "TO=app"),
    ):
        made(service, *arguments)
        commit(service.parent)
    assert kept(service) == tree(tmp_path / "before")


# ── make answer ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("github_repository", "example/orders", "it was your-org/orders"),
        ("alarm_email", "oncall@example.com", "it was empty"),
        ("service_description", "Orders, $HOME; `id` and 'more'.", "it was The orders service."),
        (
            "service_description",
            "a$b $$ $(shell touch run) $(error no)",
            "it was The orders service.",
        ),
        ("python_version", "3.12", "make setup check"),
        ("alarm_chat_webhook", "chat-webhook", "src/orders/chat_notifier/README.md"),
    ],
)
def test_an_answer_is_as_if_it_had_been_given(
    service: Path, template: Path, tmp_path: Path, name: str, value: str, said: str
) -> None:
    printed = made(service, "answer", f"NAME={name}", f"VALUE={value}")
    answers = {"service_name": "orders", "functions": FUNCTIONS, name: value}
    assert kept(service) == tree(render(template, tmp_path / "fresh", **answers))
    assert f"{name} is {value} now" in printed
    assert said in printed
    assert "git diff --staged" in printed
    assert check("git", "log", "--format=%s", cwd=service).count("\n") == 1


def test_an_answer_that_the_account_was_prepared_with(service: Path) -> None:
    said = made(service, "answer", "NAME=github_repository", "VALUE=example/orders")
    assert "make bootstrap ENV=dev" in said
    commit(service)
    assert "make bootstrap" not in made(service, "answer", "NAME=monthly_budget_usd", "VALUE=50")


def test_an_answer_can_be_taken_away(service: Path) -> None:
    before = kept(service)
    made(service, "answer", "NAME=alarm_email", "VALUE=oncall@example.com")
    commit(service)
    said = made(service, "answer", "NAME=alarm_email", "VALUE=")
    assert "alarm_email is empty now" in said
    assert kept(service) == before


def test_an_answer_merges_with_edits(service: Path) -> None:
    edit(service, "samconfig.toml", '"LogLevel=DEBUG"', '"LogLevel=INFO"')
    edit(service, "src/orders/app/lambda_pkg/index.py", "import json\n", "import json  # mine\n")
    commit(service)
    made(service, "answer", "NAME=secrets", "VALUE=stripe-key:app")
    assert '"LogLevel=INFO"' in text(service, "samconfig.toml")
    assert "STRIPE_KEY_SECRET" in text(service)
    assert "import json  # mine" in text(service, "src/orders/app/lambda_pkg/index.py")


# ── Whoever may call what ────────────────────────────────────────────────────

WEBHOOK = """        Webhook:
          Type: HttpApi
          Properties:
            ApiId: !Ref Hooks
            Path: /hooks/{proxy+}
            Method: POST
"""
HOOKS = """  Hooks:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: $default

"""


def test_tokens_are_asked_for_and_what_stays_public_is_listed(service: Path) -> None:
    """Routes of one's own too: of an API of one's own, which asks for none."""
    edit(service, "template.yaml", "      Events:\n", f"      Events:\n{WEBHOOK}")
    edit(service, "template.yaml", "  ApiAccessLogs:\n", f"{HOOKS}  ApiAccessLogs:\n")
    commit(service)
    said = made(service, "answer", "NAME=jwt_issuer", "VALUE=https://login.example.com/")
    listed = said.split("without a token:\n")[1].split("\n\n")[0]
    found = dict(re.findall(r"^  (\S+ \S+) +(.*)$", listed, re.MULTILINE))
    assert found.pop("POST /hooks/{proxy+}") == "AppFunction: Hooks asks for no token"
    assert {"GET /app/health", "GET /admin/health", "OPTIONS /app/{proxy+}"} <= found.keys()
    assert {route.split()[0] for route in found} == {"GET", "HEAD", "OPTIONS"}
    assert all(reason.endswith("says Authorizer: NONE") for reason in found.values())
    commit(service)
    said = made(service, "answer", "NAME=jwt_issuer", "VALUE=")
    listed = said.split("without a token:\n")[1].split("\n\n")[0]
    assert "ANY /app/{proxy+}                AppFunction: Api asks for no token" in listed
    assert "ANY /admin/{proxy+}" in listed


def test_the_table_goes_with_its_example_but_not_with_half_of_it(
    service: Path, template: Path, tmp_path: Path
) -> None:
    index = "src/orders/admin/lambda_pkg/index.py"
    edit(service, index, "HTTPStatus.CREATED", "HTTPStatus.ACCEPTED")
    commit(service)
    before = kept(service)
    said = made(service, "answer", "NAME=table", "VALUE=no")
    answers = {"service_name": "orders", "functions": FUNCTIONS, "table": False}
    fresh = tree(render(template, tmp_path / "fresh", **answers))
    for path, content in kept(service).items():
        assert content == (before if "/admin/" in path else fresh)[path], path
    assert not (service / "src/orders/app/lambda_pkg/services/items.py").exists()
    assert (service / "src/orders/admin/lambda_pkg/services/items.py").exists()
    assert "admin is unchanged: you have changed its example" in said


# ── Secrets go to the functions that are named ───────────────────────────────


def with_secrets(template: Path, folder: Path, functions: str, secrets: str) -> dict[str, bytes]:
    answers = {"service_name": "orders", "functions": functions, "secrets": secrets}
    return tree(render(template, folder / "fresh", **answers))


def test_a_secret_comes_with_its_code_to_the_function_that_is_named(
    service: Path, template: Path, tmp_path: Path
) -> None:
    before = kept(service)
    said = made(service, "answer", "NAME=secrets", "VALUE=stripe-key:admin")
    assert kept(service) == with_secrets(template, tmp_path, FUNCTIONS, "stripe-key:admin")
    assert "src/orders/admin/lambda_pkg/services/secret_values.py" in said
    assert "by hand" not in said
    for path, content in kept(service).items():
        assert "/app/" not in path or content == before[path]
    commit(service)
    made(service, "answer", "NAME=secrets", "VALUE=")
    assert kept(service) == before


def test_a_secret_is_put_beside_edits(service: Path) -> None:
    """And the function's own tests and the gate hold, with no further edit."""
    code, tests = "src/orders/admin/lambda_pkg", "tests/unit/admin/conftest.py"
    edit(
        service,
        f"{code}/settings.py",
        "    table_name: str\n",
        "    table_name: str\n    vat: str\n",
    )
    line = '        table_name=required("TABLE_NAME"),\n'
    edit(service, f"{code}/settings.py", line, f'{line}        vat=required("VAT"),\n')
    edit(service, "template.yaml", "  AdminLogGroup:", "  # Mine.\n  AdminLogGroup:")
    resource = text(service).index("  AdminFunction:")
    at = text(service).index("          TABLE_NAME: !Ref Table\n", resource)
    (service / "template.yaml").write_text(
        text(service)[:at] + "          VAT: '19'\n" + text(service)[at:], "utf-8"
    )
    edit(
        service,
        tests,
        '    "TABLE_NAME": "orders-dev",\n',
        '    "TABLE_NAME": "orders-dev",\n    "VAT": "19",\n',
    )
    row = "| `TABLE_NAME` | the DynamoDB table | `orders-dev` |\n"
    edit(service, "src/orders/admin/README.md", row, f"{row}| `VAT` | per cent | `19` |\n")
    commit(service)
    said = made(service, "answer", "NAME=secrets", "VALUE=stripe-key:admin, twilio-key:admin")
    assert "by hand" not in said
    for part in (
        'required("VAT")',
        'required("STRIPE_KEY_SECRET")',
        'required("TWILIO_KEY_SECRET")',
    ):
        assert part in text(service, f"{code}/settings.py")
    for command in ("format --check", "check"):
        check(service / ".venv/bin/ruff", *command.split(), cwd=service)
    check(service / ".venv/bin/mypy", cwd=service)
    check("make", "lessons", cwd=service)
    check(service / ".venv/bin/pytest", "-q", "tests/unit/admin", cwd=service)


def test_what_a_secret_can_not_be_put_into_is_listed(service: Path) -> None:
    helper = "src/orders/admin/lambda_pkg/services/secret_values.py"
    settings = "src/orders/admin/lambda_pkg/settings.py"
    (service / helper).write_text('"""Mine."""\n', "utf-8")
    (service / settings).rename(service / settings.replace("settings", "configuration"))
    commit(service)
    said = made(service, "answer", "NAME=secrets", "VALUE=stripe-key:admin")
    assert text(service, helper) == '"""Mine."""\n'
    assert not (service / settings).exists()
    listed = said.split("Do it by hand:")[1]
    assert f'  {helper}\n    -"""Mine' not in listed  # what the template has, not what is there
    assert "    +def stripe_key_secret(settings: Settings) -> str:" in listed
    assert f"  {settings}\n    +    stripe_key_secret: str\n" in listed


def test_a_helper_that_was_edited_stays_when_its_secret_goes(service: Path) -> None:
    helper = "src/orders/admin/lambda_pkg/services/secret_values.py"
    made(service, "answer", "NAME=secrets", "VALUE=stripe-key:admin")
    edit(service, helper, "MAX_AGE_SECONDS = 300", "MAX_AGE_SECONDS = 60")
    commit(service)
    said = made(service, "answer", "NAME=secrets", "VALUE=")
    assert "MAX_AGE_SECONDS = 60" in text(service, helper)
    assert f"  {helper}\n    -" in said.split("Do it by hand:")[1]
    assert not (service / "tests/unit/admin/test_secrets.py").exists()
    assert "STRIPE_KEY_SECRET" not in text(service)


def test_secrets_follow_functions(service: Path, template: Path, tmp_path: Path) -> None:
    """They stay where they are when one comes, move with its name, and go with it."""
    made(service, "answer", "NAME=secrets", "VALUE=stripe-key:app, stripe-key:admin")
    commit(service)
    made(service, "add-function", "NAME=jobs", "TRIGGER=queue")
    commit(service)
    made(service, "rename-function", "NAME=admin", "TO=office")
    commit(service)
    functions, secrets = "app:api, office:api, jobs:queue", "stripe-key:app, stripe-key:office"
    assert kept(service) == with_secrets(template, tmp_path / "1", functions, secrets)
    said = made(service, "remove-function", "NAME=office", "YES=1")
    assert "It reads the secret stripe-key, whose value stays in Secrets Manager." in said
    functions, secrets = "app:api, jobs:queue", "stripe-key:app"
    assert kept(service) == with_secrets(template, tmp_path / "2", functions, secrets)


@pytest.mark.parametrize("value", ["your-org/orders", "  your-org/orders "])
def test_the_same_answer_changes_nothing(service: Path, value: str) -> None:
    said = made(service, "answer", "NAME=github_repository", f"VALUE={value}")
    assert "is your-org/orders already" in said
    assert check("git", "status", "--porcelain", cwd=service) == ""


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "make answer NAME=alarm_email VALUE=oncall@example.com"),
        (["NAME=alarm_email"], "VALUE= empties an answer"),
        (["VALUE=x"], "github_repository"),
        (["NAME=", "VALUE=x"], "The questions are"),
        (["NAME=alarm_mail", "VALUE=oncall@example.com"], 'asks no question "alarm_mail"'),
        (["NAME=alarm_email=x --data secrets", "VALUE=x"], "asks no question"),
        (["NAME=package_name", "VALUE=shop"], "asks no question"),  # computed from others
        (["NAME=triggers", "VALUE=[]"], "asks no question"),
        (["NAME=seen", "VALUE=[]"], "asks no question"),
        (["NAME=more_questions", "VALUE=yes"], "asks no question"),
        (["NAME=_src_path", "VALUE=/tmp"], "asks no question"),
        (["NAME=_commit", "VALUE=2.0.0"], "asks no question"),
        (["NAME=functions", "VALUE=app:api"], "make remove-function"),
        (["NAME=service_name", "VALUE=shop"], "keeps its name"),
        (["NAME=github_repository", "VALUE=orders"], "Not like your-org/orders"),
        (["NAME=github_repository", "VALUE=$$(touch pwned)/x"], "Not like your-org/orders"),
        (
            ["NAME=secrets", "VALUE=stripe-key"],
            '"stripe-key" needs its function, one of app, admin',
        ),
        (["NAME=secrets", "VALUE=stripe-key:admn"], 'No function "admn" to read "stripe-key"'),
        (["NAME=python_version", "VALUE=2.7"], "is not in ['3.14'"),
        (["NAME=table", "VALUE=perhaps"], "table is yes or no"),
        (["NAME=dev_branch", "VALUE=main"], "main"),  # which prod has
    ],
)
def test_what_is_no_answer(service: Path, arguments: list[str], expected: str) -> None:
    assert expected in refused(service, "answer", *arguments)
    assert not (service / "pwned").exists()


def test_an_answer_needs_a_clean_tree(service: Path) -> None:
    edit(service, "README.md", "# orders", "# Orders")
    said = refused(service, "answer", "NAME=github_repository", "VALUE=example/orders")
    assert "There are changes that are not committed" in said
    assert "README.md" in said


def test_a_name_in_the_environment_is_no_answer(service: Path) -> None:
    """WSL has a NAME."""
    said = refused(service, "answer", NAME="github_repository", VALUE="example/orders")
    assert "Which question of the template" in said
