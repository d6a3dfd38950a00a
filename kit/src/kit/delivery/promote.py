"""Take the build that dev was deployed with, where prod has the very same sources.

The push to dev's branch uploads what it built as an artifact named after its sources, build-<tree>:
the tree is what git calls the content of a commit, and a merge that changes nothing keeps it.
Anybody's pull request can upload an artifact of any name. So a build is taken only from a
successful run of dev's own workflow, for a push to dev's branch of this repository, whose sources
are those that are checked out here.

Asks GitHub through `gh`, with GH_TOKEN in the environment (actions: read, contents: read).
https://docs.github.com/rest/actions/artifacts and https://docs.github.com/rest/actions/workflow-runs
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Any

from .errors import DeliveryError

ROOT = Path(__file__).resolve().parents[3]
BUILD = Path(".aws-sam", "build")
WORKFLOW = ".github/workflows/dev_cicd.yml"
NOTHING = 3  # the exit code that says: build it
LIMIT = 4 * 1024**3  # bytes; Lambda takes 250 MB a function
PATIENCE = 60  # seconds for an answer
DOWNLOAD = 600  # seconds for an artifact


def output(*command: str, into: IO[bytes] | None = None, seconds: float | None = None) -> bytes:
    """What a command prints; nothing when it prints into a file.

    Raises:
        DeliveryError: it is missing, fails, or does not end in time (default: PATIENCE).
    """
    seconds = seconds or PATIENCE
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=seconds,
            check=True,
        )
    except FileNotFoundError as error:
        raise DeliveryError(f"There is no {command[0]} here. GitHub's runners have it.") from error
    except subprocess.TimeoutExpired as error:
        what = f"{' '.join(command)} did not end within {seconds} seconds."
        raise DeliveryError(
            f"{what}\n  Run this job again; is GitHub well? https://www.githubstatus.com"
        ) from error
    except subprocess.CalledProcessError as error:
        what = f"{' '.join(command)} failed: {error.stderr.decode(errors='replace').strip()}"
        remedy = "Is GH_TOKEN set, with the permissions actions: read and contents: read?"
        raise DeliveryError(f"{what}\n  {remedy}" if command[0] == "gh" else what) from error
    return done.stdout or b""


def ask(path: str) -> Any:
    """What GitHub's REST API answers. DeliveryError when it does not."""
    return json.loads(output("gh", "api", path))


def objection(run: dict[str, Any], repository: dict[str, Any], branch: str) -> str:
    """Why what a workflow run made is not taken; empty when it is. Run and repository are as
    GitHub describes them, the branch is the one that deploys to dev."""
    source = (run["head_repository"] or {}).get("id")  # null when a fork was deleted
    # The file, or OWNER/NAME/file@ref: GitHub's reference has both.
    workflow = run["path"].partition("@")[0].removeprefix(f"{repository['full_name']}/")
    if not source == run["repository"]["id"] == repository["id"]:
        return f"its sources are those of another repository, with the id {source}"
    if run["event"] != "push":
        return f"it was made by the event {run['event']}, not by a push"
    if run["head_branch"] != branch:
        return f"it was made on {run['head_branch']!r}, not on {branch}"
    if workflow != WORKFLOW:
        return f"it was made by {run['path']!r}, not by {WORKFLOW}"
    if run["conclusion"] != "success":
        return f"its run did not succeed: {run['conclusion'] or run['status']}"
    return ""


def find(name: str, branch: str, tree: str) -> dict[str, Any] | None:
    """The newest artifact that may be taken, as GitHub describes it with its run; or None."""
    repository = ask(f"repos/{name}")
    listed = ask(f"repos/{name}/actions/artifacts?name=build-{tree}&per_page=100")["artifacts"]
    for artifact in sorted(listed, key=lambda each: int(each["id"]), reverse=True):
        made = artifact["workflow_run"]
        if artifact["expired"] or not made or artifact["name"] != f"build-{tree}":
            continue
        run = ask(f"repos/{name}/actions/runs/{made['id']}")
        why = objection(run, repository, branch)
        if not why:  # its name is only what it says of its sources
            sources = ask(f"repos/{name}/git/commits/{run['head_sha']}")["tree"]["sha"]
            if sources == tree:
                return {**artifact, "run": run}
            why = f"its sources are the tree {sources}"
        print(f"Artifact {artifact['id']} is not taken: {why}.")
    return None


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip. DeliveryError when that would write outside of the folder, or fill the disk."""
    with zipfile.ZipFile(archive) as packed:
        for item in packed.infolist():
            path = PurePosixPath(item.filename)
            leaves = path.is_absolute() or ".." in path.parts or re.search(r"[\\:]", str(path))
            if leaves or stat.S_ISLNK(item.external_attr >> 16):
                raise DeliveryError(
                    f"The artifact has a file or link that leads elsewhere: {item.filename!r}\n"
                    "  No build makes one. Find out how it came there before you deploy."
                )
        if sum(item.file_size for item in packed.infolist()) > LIMIT:
            raise DeliveryError(f"The artifact unpacks to more than {LIMIT} bytes; no build does.")
        packed.extractall(folder)


def fetch(name: str, artifact: dict[str, Any]) -> None:
    """Put an artifact where a build is. DeliveryError when it is not what it says it is."""
    (ROOT / BUILD).parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=(ROOT / BUILD).parent) as folder:
        build, packed = Path(folder, "build"), Path(folder, "build.zip")
        path = f"repos/{name}/actions/artifacts/{artifact['id']}/zip"
        with packed.open("w+b") as archive:  # not in memory: it may be large
            output("gh", "api", path, into=archive, seconds=DOWNLOAD)
            archive.seek(0)
            digest = f"sha256:{hashlib.file_digest(archive, 'sha256').hexdigest()}"
        if (artifact.get("digest") or digest) != digest:
            what = (
                f"Artifact {artifact['id']} came as {digest}; GitHub recorded {artifact['digest']}."
            )
            raise DeliveryError(
                f"{what}\n  Run this job again. If it stays so, delete the artifact."
            )
        unpack(packed, build)
        if not (build / "template.yaml").is_file():
            what = f"Artifact {artifact['id']} has no template.yaml at its top, so it is no build."
            raise DeliveryError(f"{what}\n  {WORKFLOW} must upload the path {BUILD}.")
        for item in build.rglob("*"):
            item.chmod(0o755)  # uploading forgets which files can be run
        shutil.rmtree(ROOT / BUILD, ignore_errors=True)
        build.rename(ROOT / BUILD)


def promote(name: str, branch: str) -> int:
    """Put dev's build of the sources here in place. Returns the exit code."""
    if not re.fullmatch(r"[\w-]+/(?!\.+$)[\w.-]+", name, re.ASCII):
        raise DeliveryError(
            f'"{name}" is no repository. Give OWNER/NAME, as $GITHUB_REPOSITORY is.'
        )
    tree = output("git", "rev-parse", "HEAD^{tree}").decode().strip()
    artifact = find(name, branch, tree)
    if not artifact:
        print(f"Nothing to promote: dev has no build of these sources, build-{tree}.")
        return NOTHING
    fetch(name, artifact)
    run, digest = artifact["run"], artifact.get("digest") or "not compared, GitHub has none"
    print(f"Promoted into {BUILD}: build-{tree}, digest {digest}")
    print(f"  built for dev from commit {run['head_sha']} of {branch}: {run['html_url']}")
    return 0


def main(arguments: list[str]) -> int:
    """Run the command. The exit codes are in its epilog."""
    parser = argparse.ArgumentParser(
        prog="python .kit delivery promote",
        description="Put the build that dev was deployed with into .aws-sam/build, if it was made "
        "from the sources that are checked out here.",
        epilog="Exit code 0: promoted. 3: there is no such build, so build it. Else: an error. "
        "Needs gh, with GH_TOKEN in the environment (actions: read, contents: read).",
    )
    parser.add_argument("--repository", required=True, metavar="OWNER/NAME")
    parser.add_argument("--branch", required=True, help="the branch that deploys to dev")
    given = parser.parse_args(arguments)
    try:
        return promote(given.repository, given.branch)
    except DeliveryError as error:
        print(error, file=sys.stderr)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        print(f"The artifact can't be unpacked into {BUILD}: {error}", file=sys.stderr)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        print(f"GitHub's answer is not what its reference says: {error!r}", file=sys.stderr)
    return 1
