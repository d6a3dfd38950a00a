"""Prod gets the build that dev was deployed with: `delivery promote`, against a GitHub that lies."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from conftest import check, commit, render, run

CALL = "import sys; from kit.delivery.promote import main; sys.exit(main(sys.argv[1:]))"
HERE, FORK = 4711, 666
COMMIT = "c" * 40
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
if sys.argv[2].endswith("/zip"):
    sys.stdout.buffer.write(bytes.fromhex(answer))
else:
    print(answer if isinstance(answer, str) else json.dumps(answer))
"""
BUILD = {
    "template.yaml": "Resources: {}\n",
    "AppFunction/lambda_pkg/__init__.py": "",
    "AppFunction/bin/tool": "#!/bin/sh\n",
    "AppFunction/.hidden": "kept\n",
}


def zipped(files: dict[str, str], *links: str) -> bytes:
    """A zip with these files, as uploading makes it: no file can be run."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            item = zipfile.ZipInfo(name)
            item.external_attr = (stat.S_IFLNK if name in links else stat.S_IFREG | 0o644) << 16
            packed.writestr(item, text)
    return stream.getvalue()


@dataclass
class GitHub:
    """What GitHub answers: one artifact, made as it should be, until a test changes that."""

    tree: str
    archive: bytes = field(default_factory=lambda: zipped(BUILD))
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
            "digest": f"sha256:{hashlib.sha256(self.archive).hexdigest()}",
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
            f"{api}/actions/artifacts/30/zip": self.archive.hex(),
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
    call: str = CALL,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    folder = service.parent
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "bin" / "gh").write_text(GH, "utf-8")
    (folder / "bin" / "gh").chmod(0o755)
    (folder / "answers.json").write_text(json.dumps(github.answers()), "utf-8")
    given = arguments or ("--repository", repository, "--branch", "develop")
    environment = {
        "ANSWERS": str(folder / "answers.json"),
        "GH_TOKEN": "token",
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": ".kit",
        **environment,
    }
    return run(sys.executable, "-c", call, *given, cwd=service, **environment)


def built(service: Path) -> dict[str, str]:
    folder = service / ".aws-sam" / "build"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def left(service: Path) -> list[str]:
    """What is in .aws-sam."""
    folder = service / ".aws-sam"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# ── What is promoted ─────────────────────────────────────────────────────────


def test_the_build_of_the_same_sources_is_promoted(service: Path, github: GitHub) -> None:
    done = promote(service, github)
    assert done.returncode == 0, done.stdout
    assert built(service) == BUILD
    assert left(service) == ["build"]
    for part in (
        f"build-{github.tree}",
        f"sha256:{hashlib.sha256(github.archive).hexdigest()}",
        f"commit {COMMIT} of develop",
        "https://github.com/acme/orders/actions/runs/20",
    ):
        assert part in done.stdout


def test_what_could_be_run_can_be_run(service: Path, github: GitHub) -> None:
    """Uploading forgets it, and a function may call a program that it brings."""
    assert promote(service, github).returncode == 0
    assert os.access(service / ".aws-sam/build/AppFunction/bin/tool", os.X_OK)


def test_a_large_build_is_not_held_in_memory(service: Path, github: GitHub) -> None:
    github.archive = zipped({**BUILD, "AppFunction/large": os.urandom(4_000_000).hex()})
    measured = (
        "import sys, tracemalloc; from kit.delivery.promote import main; tracemalloc.start()\n"
        "code = main(sys.argv[1:]); print('peak', tracemalloc.get_traced_memory()[1]); sys.exit(code)"
    )
    done = promote(service, github, call=measured)
    assert done.returncode == 0, done.stdout
    assert len(github.archive) > 3_500_000
    assert int(done.stdout.split("peak ")[1]) < 2_000_000


def test_an_older_build_is_replaced_as_a_whole(service: Path, github: GitHub) -> None:
    old = service / ".aws-sam" / "build" / "OldFunction"
    old.mkdir(parents=True)
    (old / "index.py").write_text("old\n", "utf-8")
    assert promote(service, github).returncode == 0
    assert built(service) == BUILD


def test_a_merge_that_changes_nothing_keeps_the_build(service: Path, github: GitHub) -> None:
    check("git", "commit", "--quiet", "--allow-empty", "--message", "merge", cwd=service)
    assert promote(service, github).returncode == 0


@pytest.mark.parametrize(
    "path", [".github/workflows/dev_cicd.yml", "acme/orders/.github/workflows/dev_cicd.yml@develop"]
)
def test_both_forms_of_the_path_are_known(service: Path, github: GitHub, path: str) -> None:
    github.run = {"path": path}
    assert promote(service, github).returncode == 0


def test_a_digest_that_github_does_not_have_is_not_compared(service: Path, github: GitHub) -> None:
    github.artifact = {"digest": None}
    done = promote(service, github)
    assert (done.returncode, "not compared" in done.stdout) == (0, True)


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
    assert f"Artifact 31 is not taken: its sources are those of another repository, with the id {FORK}" in done.stdout  # fmt: skip
    assert built(service) == BUILD


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
    assert done.returncode == 3, done.stdout
    assert why in done.stdout
    assert "Nothing to promote" in done.stdout
    assert left(service) == []


def test_sources_that_only_claim_to_be_the_same_are_refused(service: Path, github: GitHub) -> None:
    """A push to develop can upload anything under the name that prod will look for."""
    github.sources = "f" * 40
    done = promote(service, github)
    assert done.returncode == 3, done.stdout
    assert f"its sources are the tree {'f' * 40}" in done.stdout
    assert left(service) == []


@pytest.mark.parametrize(
    "change", [{"expired": True}, {"name": "build-other"}, {"workflow_run": None}], ids=str
)
def test_what_is_gone_or_another_is_not_looked_at(
    service: Path, github: GitHub, change: dict[str, Any]
) -> None:
    github.artifact = change
    assert promote(service, github).returncode == 3
    assert left(service) == []


def test_nothing_for_these_sources_means_build(service: Path, github: GitHub) -> None:
    listing = f"repos/acme/orders/actions/artifacts?name=build-{github.tree}&per_page=100"
    github.others = {listing: {"total_count": 0, "artifacts": []}}
    done = promote(service, github)
    assert done.returncode == 3, done.stdout
    assert f"no build of these sources, build-{github.tree}" in done.stdout


# ── What is wrong ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:\\evil", "C:/evil"],
)
def test_a_file_that_leaves_its_folder_is_refused(service: Path, github: GitHub, name: str) -> None:
    (service / ".aws-sam" / "build").mkdir(parents=True)
    (service / ".aws-sam" / "build" / "mine").write_text("stays\n", "utf-8")
    github.archive = zipped({**BUILD, name: "evil\n"})
    done = promote(service, github)
    assert done.returncode == 1, done.stdout
    assert "leads elsewhere" in done.stdout
    assert repr(name) in done.stdout
    assert built(service) == {"mine": "stays\n"}
    assert left(service) == ["build"]


def test_a_link_is_refused(service: Path, github: GitHub) -> None:
    github.archive = zipped({**BUILD, "link": "/etc/passwd"}, "link")
    done = promote(service, github)
    assert (done.returncode, "leads elsewhere: 'link'" in done.stdout) == (1, True)
    assert left(service) == []


def test_a_bomb_is_refused(service: Path, github: GitHub) -> None:
    """The size that a zip gives is the most that is read of it."""
    archive = bytearray(zipped({**BUILD, "big": "x"}))
    directory = archive.rindex(b"PK\x01\x02")
    archive[directory + 24 : directory + 28] = (0xFFFFFFFE).to_bytes(4, "little")
    github.archive = bytes(archive)
    done = promote(service, github)
    assert (done.returncode, "unpacks to more than" in done.stdout) == (1, True), done.stdout
    assert left(service) == []


def test_another_content_than_was_uploaded_is_refused(service: Path, github: GitHub) -> None:
    github.artifact = {"digest": f"sha256:{'0' * 64}"}
    done = promote(service, github)
    assert done.returncode == 1, done.stdout
    assert f"GitHub recorded sha256:{'0' * 64}" in done.stdout
    assert left(service) == []


@pytest.mark.parametrize(
    ("archive", "why"),
    [
        (zipped({"index.py": ""}), "has no template.yaml"),
        (zipped({"build/template.yaml": ""}), "has no template.yaml"),
        (b"no zip", "can't be unpacked"),
        (zipped(BUILD)[:-60], "can't be unpacked"),
        (
            zipped({"template.yaml": "a" * 999}).replace(b"aaa", b"bbb", 1),
            "can't be unpacked",
        ),
    ],
    ids=["no template", "a folder too deep", "no zip", "cut off", "damaged"],
)
def test_what_is_no_build_is_refused(
    service: Path, github: GitHub, archive: bytes, why: str
) -> None:
    github.archive = archive
    done = promote(service, github)
    assert (done.returncode, why in done.stdout) == (1, True), done.stdout
    assert "Traceback" not in done.stdout
    assert left(service) == []


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


@pytest.mark.parametrize("asked", ["runs/20", "artifacts/30/zip"])
def test_a_github_that_does_not_answer_is_an_error(
    service: Path, github: GitHub, asked: str
) -> None:
    path = f"repos/acme/orders/actions/{asked}"
    github.others = {path: "never"}
    call = f"from kit.delivery import promote; promote.PATIENCE = promote.DOWNLOAD = 2; {CALL}"
    done = promote(service, github, call=call)
    assert done.returncode == 1, done.stdout
    assert f"gh api {path} did not end within 2 seconds" in done.stdout
    assert "Run this job again" in done.stdout
    assert left(service) == []


def test_without_gh_it_says_so(service: Path, github: GitHub, tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git
    (tmp_path / "git").symlink_to(git)
    done = promote(service, github, PATH=str(tmp_path))
    assert (done.returncode, "There is no gh here" in done.stdout) == (1, True), done.stdout


def test_help_says_what_the_exit_codes_mean(service: Path, github: GitHub) -> None:
    done = promote(service, github, "--help")
    assert done.returncode == 0
    for part in ("--repository", "--branch", "Exit code 0", "3:", "actions: read", "GH_TOKEN"):
        assert part in done.stdout
