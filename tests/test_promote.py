"""Prod gets the build that dev was deployed with: `kit promote`, against a GitHub that lies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from conftest import check, commit, render, run

HERE, FORK = 4711, 666
COMMIT = "c" * 40
# What the workflow gets.
RUN, NO_RUN = "run=20\n", "run=\n"
# Answers what the file in $ANSWERS says, as `gh api PATH` does.
GH = f"""#!{sys.executable}
import json, os, sys, time
assert sys.argv[1] == "api" and len(sys.argv) == 3, sys.argv
answers = json.load(open(os.environ["ANSWERS"]))
if "GH_TOKEN" not in os.environ:
    sys.exit("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN environment variable.")
if sys.argv[2] not in answers:
    sys.exit("gh: Not Found (HTTP 404): " + sys.argv[2])
answer = answers[sys.argv[2]]
if answer == "never":
    time.sleep(60)
print(answer if isinstance(answer, str) else json.dumps(answer))
"""


@dataclass
class GitHub:
    """What GitHub answers: one artifact, made as it should be, until a test changes that."""

    tree: str
    artifact: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)
    sources: str = ""
    others: dict[str, Any] = field(default_factory=dict)
    listed: list[dict[str, Any]] = field(default_factory=list)

    def answers(self) -> dict[str, Any]:
        artifact = {
            "id": 30,
            "name": f"build-{self.tree}",
            "expired": False,
            "created_at": "2026-11-20T08:00:00Z",
            "workflow_run": {"id": 20, "repository_id": HERE, "head_repository_id": HERE},
            **self.artifact,
        }
        made_by = {
            "id": 20,
            "event": "push",
            "head_branch": "develop",
            "head_sha": COMMIT,
            "path": ".github/workflows/dev_cicd.yml",
            "status": "completed",
            "conclusion": "success",
            "html_url": "https://github.com/acme/orders/actions/runs/20",
            "repository": {"id": HERE},
            "head_repository": {"id": HERE},
            **self.run,
        }
        api = "repos/acme/orders"
        return {
            api: {"id": HERE, "full_name": "acme/orders"},
            f"{api}/actions/artifacts?name=build-{self.tree}&per_page=100": {
                "total_count": 1 + len(self.listed),
                "artifacts": [artifact, *self.listed],
            },
            f"{api}/actions/runs/20": made_by,
            f"{api}/git/commits/{COMMIT}": {"tree": {"sha": self.sources or self.tree}},
            **self.others,
        }


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    service = render(template, tmp_path_factory.mktemp("promote") / "orders", service_name="orders")
    commit(service)
    return service


@pytest.fixture
def service(rendered: Path) -> Iterator[Path]:
    yield rendered
    shutil.rmtree(rendered / ".aws-sam", ignore_errors=True)


@pytest.fixture
def github(service: Path) -> GitHub:
    return GitHub(check("git", "rev-parse", "HEAD^{tree}", cwd=service).strip())


def promote(
    service: Path,
    github: GitHub,
    *arguments: str,
    repository: str = "acme/orders",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    folder = service.parent
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "gh").write_text(GH, "utf-8")
    (folder / "bin" / "gh").chmod(0o755)
    (folder / "answers.json").write_text(json.dumps(github.answers()), "utf-8")
    given = arguments or ("--repository", repository)
    environment = {
        "ANSWERS": str(folder / "answers.json"),
        "GH_TOKEN": "token",
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        **environment,
    }
    return run(sys.executable, ".kit", "promote", *given, cwd=service, **environment)


# ── What is promoted ─────────────────────────────────────────────────────────


def test_the_build_of_the_same_sources_is_promoted(service: Path, github: GitHub) -> None:
    done = promote(service, github)
    assert done.returncode == 0, done.stdout
    assert RUN in done.stdout
    for part in (
        f"build-{github.tree}",
        f"commit {COMMIT} of develop",
        "https://github.com/acme/orders/actions/runs/20",
    ):
        assert part in done.stdout


def test_a_merge_that_changes_nothing_keeps_the_build(service: Path, github: GitHub) -> None:
    check("git", "commit", "--quiet", "--allow-empty", "--message", "merge", cwd=service)
    assert RUN in promote(service, github).stdout


@pytest.mark.parametrize(
    "path", [".github/workflows/dev_cicd.yml", "acme/orders/.github/workflows/dev_cicd.yml@develop"]
)
def test_both_forms_of_the_path_are_known(service: Path, github: GitHub, path: str) -> None:
    github.run = {"path": path}
    assert RUN in promote(service, github).stdout


def test_behind_what_is_refused_the_real_one_is_found(service: Path, github: GitHub) -> None:
    """A pull request can't keep dev's build from prod with a newer artifact of the same name."""
    name = f"build-{github.tree}"
    github.listed = [
        {"id": 31, "name": name, "expired": False, "workflow_run": {"id": 21}},
        {"id": 32, "name": name, "expired": True, "workflow_run": None},
    ]
    stranger = github.answers()["repos/acme/orders/actions/runs/20"]
    stranger = {**stranger, "event": "pull_request", "head_repository": {"id": FORK}}
    github.others = {"repos/acme/orders/actions/runs/21": stranger}
    done = promote(service, github)
    assert done.returncode == 0, done.stdout
    assert f"Artifact 31 is not accepted: its sources are those of another repository, with the id {FORK}" in done.stdout  # fmt: skip
    assert RUN in done.stdout


# ── What is not ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "why"),
    [
        # A fork may call its branch develop, and its run may be of any event.
        ({"head_repository": {"id": FORK}}, f"another repository, with the id {FORK}"),
        ({"head_repository": None}, "another repository, with the id None"),
        ({"repository": {"id": FORK}}, "another repository"),
        ({"event": "pull_request"}, "the event pull_request, not by a push"),
        ({"event": "pull_request_target"}, "the event pull_request_target"),
        ({"event": "workflow_dispatch"}, "the event workflow_dispatch"),
        ({"head_branch": "feature"}, "made on 'feature', not on develop"),
        ({"head_branch": "develop2"}, "made on 'develop2'"),
        ({"head_branch": None}, "made on None"),
        ({"path": ".github/workflows/other.yml"}, "made by '.github/workflows/other.yml'"),
        ({"path": "evil/x/.github/workflows/dev_cicd.yml@develop"}, "made by 'evil/x/"),
        ({"conclusion": "failure"}, "did not succeed: failure"),
        ({"conclusion": "cancelled"}, "did not succeed: cancelled"),
        ({"conclusion": None, "status": "in_progress"}, "did not succeed: in_progress"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_build_of_another_run_is_refused(
    service: Path, github: GitHub, change: dict[str, Any], why: str
) -> None:
    github.run = change
    done = promote(service, github)
    assert (done.returncode, NO_RUN in done.stdout) == (0, True), done.stdout
    assert why in done.stdout
    assert "Nothing to promote" in done.stdout


def test_sources_that_only_claim_to_be_the_same_are_refused(service: Path, github: GitHub) -> None:
    """A push to develop can upload anything under the name that prod will look for."""
    github.sources = "f" * 40
    done = promote(service, github)
    assert (done.returncode, NO_RUN in done.stdout) == (0, True), done.stdout
    assert f"its sources are the tree {'f' * 40}" in done.stdout


@pytest.mark.parametrize(
    "change", [{"expired": True}, {"name": "build-other"}, {"workflow_run": None}], ids=str
)
def test_what_is_gone_or_another_is_not_looked_at(
    service: Path, github: GitHub, change: dict[str, Any]
) -> None:
    github.artifact = change
    assert NO_RUN in promote(service, github).stdout


def test_nothing_for_these_sources_means_build(service: Path, github: GitHub) -> None:
    listing = f"repos/acme/orders/actions/artifacts?name=build-{github.tree}&per_page=100"
    github.others = {listing: {"total_count": 0, "artifacts": []}}
    done = promote(service, github)
    assert (done.returncode, NO_RUN in done.stdout) == (0, True), done.stdout
    assert f"no build of these sources, build-{github.tree}" in done.stdout


# ── What is wrong ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["orders", "acme/orders/x", "acme/..", "../orders", "acme/orders?x=1", "-x/y z", ""]
)
def test_a_repository_has_an_owner_and_a_name(service: Path, github: GitHub, name: str) -> None:
    done = promote(service, github, repository=name)
    assert (done.returncode, "Give OWNER/NAME" in done.stdout) == (1, True), done.stdout


def test_a_github_that_refuses_is_an_error(service: Path, github: GitHub) -> None:
    """It is no reason to build: the job lacks a permission that it should have."""
    done = promote(service, github, repository="acme/other")
    assert done.returncode == 1
    for part in ("gh api repos/acme/other failed", "HTTP 404", "actions: read", "GH_TOKEN"):
        assert part in done.stdout


@pytest.mark.parametrize("answer", ["<html>", {"id": HERE}, [], {"artifacts": [{}]}], ids=str)
def test_a_github_that_answers_something_else_is_an_error(
    service: Path, github: GitHub, answer: Any
) -> None:
    listing = f"repos/acme/orders/actions/artifacts?name=build-{github.tree}&per_page=100"
    github.others = {listing: answer}
    done = promote(service, github)
    assert done.returncode == 1, done.stdout
    assert "not what its reference says" in done.stdout


@pytest.mark.parametrize("asked", ["runs/20"])
def test_a_github_that_does_not_answer_is_an_error(
    service: Path, github: GitHub, asked: str
) -> None:
    path = f"repos/acme/orders/actions/{asked}"
    github.others = {path: "never"}
    tools = service / ".kit" / "kit" / "delivery" / "tools.py"
    text = tools.read_text("utf-8")
    tools.write_text(text.replace("TIMEOUT = 60", "TIMEOUT = 2"), "utf-8")
    done = promote(service, github)
    tools.write_text(text, "utf-8")
    assert done.returncode == 1, done.stdout
    assert f"gh api {path} timed out after 2 seconds" in done.stdout
    assert "try again" in done.stdout


def test_without_gh_it_says_so(service: Path, github: GitHub, tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)
    done = promote(service, github, PATH=str(tmp_path))
    assert (done.returncode, "gh does not run here" in done.stdout) == (1, True), done.stdout


def test_help_says_what_it_needs(service: Path, github: GitHub) -> None:
    done = promote(service, github, "--help")
    assert done.returncode == 0
    for part in ("--repository", "run is empty", "actions: read", "GH_TOKEN"):
        assert part in done.stdout
