"""Whatever the questions accept becomes a service that its tools accept."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import QUESTIONS, check, render, tree
from test_questions import RULES
from test_render import cloudformation, resources, test_structured_files_parse

KEBAB = st.from_regex(r"[a-z]([a-z0-9]|-[a-z0-9])*", fullmatch=True)
SNAKE = KEBAB.map(lambda name: name.replace("-", "_"))
# Names that mean something to Python, YAML, AWS or the template, which random ones never hit.
MEANING = [
    "on",
    "class",
    "api",
    "table",
    "event",
    "events",
    "schedule",
    "bus",
    "alarm",
    "budget",
    "index",
    "queue",
    "jobs",
    "idempotency",
    "worker",
    "worker_queue",
    "topic",
    "bucket",
    "stream",
    "test",
]
TRIGGERS = QUESTIONS["triggers"]["default"]


def accepted(rule: str, *arguments: object) -> Callable[[str], bool]:
    return lambda answer: not getattr(RULES, f"{rule}_problem")(answer, *arguments).strip()


FUNCTIONS = (
    st.lists(
        st.tuples(SNAKE | st.sampled_from(MEANING), st.sampled_from(TRIGGERS)),
        min_size=1,
        max_size=4,
    )
    .map(lambda pairs: ", ".join(f"{name}:{trigger}" for name, trigger in pairs))
    .filter(accepted("functions", TRIGGERS))
)
SECRET = KEBAB.filter(accepted("secrets", "app:api"))
BRANCH = st.text("abü/.+!-_@#$'\"`|&;=", min_size=1, max_size=20).filter(accepted("branch"))


def with_readers(answers: dict[str, object]) -> dict[str, object]:
    """The secrets, one for each function in turn."""
    names = [item.split(":")[0].strip() for item in str(answers["functions"]).split(",")]
    secrets = [item for item in str(answers["secrets"]).split(", ") if item]
    pairs = [f"{secret}:{names[n % len(names)]}" for n, secret in enumerate(secrets)]
    return {**answers, "secrets": ", ".join(pairs)}


def fit_together(answers: dict[str, object]) -> bool:
    """Streams need the table, and a bucket's name has room for 44 characters."""
    pairs = [item.strip().split(":") for item in str(answers["functions"]).split(",")]
    return all((answers["table"] or trigger != "stream") for name, trigger in pairs)


ANSWERS = (
    st.fixed_dictionaries(
        {
            "service_name": KEBAB.filter(accepted("service_name")),
            "service_description": st.text(min_size=1, max_size=120).filter(
                accepted("description")
            ),
            "functions": FUNCTIONS,
            "api_framework": st.sampled_from(["powertools", "fastapi"]),
            "table": st.booleans(),
            "python_version": st.sampled_from(["3.11", "3.12", "3.13", "3.14"]),
            "architecture": st.sampled_from(["arm64", "x86_64"]),
            "aws_region": st.sampled_from(RULES.regions.split()),
            "github_repository": st.from_regex(
                r"[A-Za-z0-9]{1,39}/[A-Za-z0-9._-]{1,100}", fullmatch=True
            ).filter(accepted("repository")),
            "dev_branch": BRANCH,
            "secrets": st.lists(SECRET, max_size=3, unique=True).map(", ".join),
            "jwt_issuer": st.sampled_from(["", "https://login.example.com/"]),
            "alarm_email": st.sampled_from(
                ["", "on.call+orders@example.com", "a_b%c@x.example.com"]
            ),
            "private_index": st.sampled_from(["", "acme/python"]),
            "monthly_budget_usd": st.integers(0, 1_000_000).map(str),
        }
    )
    .map(with_readers)
    .filter(fit_together)
)


@pytest.mark.parametrize("framework", ["powertools", "fastapi"])
@pytest.mark.parametrize("length", [24, 23, 20, 16])
def test_long_names_are_formatted(
    template: Path, tmp_path: Path, framework: str, length: int
) -> None:
    """The formatter breaks a line at 100 columns, wherever names make it end."""
    functions = [f"{trigger}_{'x' * length}"[:length] for trigger in TRIGGERS]
    pairs = zip(functions, TRIGGERS, strict=True)
    service = render(
        template,
        tmp_path / "service",
        service_name=f"s{'x' * 18}"[: length - 4],
        functions=", ".join(f"{name}:{trigger}" for name, trigger in pairs),
        api_framework=framework,
    )
    check("ruff", "format", "--check", "--quiet", ".", cwd=service)


@given(answers=ANSWERS)
@settings(max_examples=30)
def test_accepted_answers_render_and_parse(template: Path, answers: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = render(template, Path(folder, "service"), **answers)
        test_structured_files_parse({"it": service}, "it")
        check("ruff", "format", "--check", "--quiet", ".", cwd=service)
        check("ruff", "check", "--quiet", ".", cwd=service)
        assert cloudformation(service)["Description"] == (
            f"{answers['service_name']}: {str(answers['service_description']).strip()}"
        )
        declared = resources(service, "AWS::Serverless::Function")
        handlers = [path for path in tree(service) if path.endswith("lambda_pkg/index.py")]
        assert sorted(handlers) == sorted(
            f"{item['CodeUri']}lambda_pkg/index.py" for item in declared.values()
        )
        asked = declared.keys() - {"TrafficCheckFunction"}
        assert len(asked) == str(answers["functions"]).count(":")


@given(answers=ANSWERS)
@settings(max_examples=10)
def test_accepted_answers_pass_sam_validate(template: Path, answers: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        service = render(template, Path(folder, "service"), **answers)
        check("sam", "validate", "--lint", "--config-env", "dev", cwd=service)
        check("sam", "validate", "--lint", "--config-env", "prod", cwd=service)
