"""Find the build that dev was deployed with, if prod has the very same sources: run=ID for $GITHUB_OUTPUT.

The push to dev's branch uploads what it built as an artifact named after its sources, build-<tree>:
the tree is git's name for the content of a commit, and a merge that changes nothing keeps it.
Anybody's pull request can upload an artifact of any name. So a build is accepted only from a
successful run of dev's own workflow, for a push to dev's branch of this repository, whose sources
are those that are checked out here. Without such a build, the run is empty.

Asks GitHub by gh, with GH_TOKEN in the environment (permissions actions: read, contents: read).
https://docs.github.com/rest/actions/artifacts and https://docs.github.com/rest/actions/workflow-runs
"""

import json
import re
import sys
from argparse import Namespace
from typing import Any

from kit.errors import KitError

from .service import Service
from .tools import gh, git

OPTIONS = {"--repository": {"required": True, "metavar": "OWNER/NAME"}}
WORKFLOW = ".github/workflows/dev_cicd.yml"
REMEDY = "Is GH_TOKEN set, with the permissions actions: read and contents: read?"


def api(path: str) -> Any:
    """What GitHub's REST API answers. KitError when it refuses."""
    return json.loads(gh("api", path, remedy=REMEDY))


def objection(run: dict[str, Any], repository: dict[str, Any], branch: str) -> str:
    """Why the artifacts of a workflow run are not accepted; empty when they are.

    Args:
        run, repository: as GitHub describes them.
        branch: the one that deploys to dev.
    """
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
    """The newest run whose build may be deployed, as GitHub describes it; None when there is none."""
    repository = api(f"repos/{name}")
    artifacts = api(f"repos/{name}/actions/artifacts?name=build-{tree}&per_page=100")["artifacts"]
    for artifact in sorted(artifacts, key=lambda item: int(item["id"]), reverse=True):
        source = artifact["workflow_run"]
        if artifact["expired"] or not source or artifact["name"] != f"build-{tree}":
            continue
        run: dict[str, Any] = api(f"repos/{name}/actions/runs/{source['id']}")
        reason = objection(run, repository, branch)
        if not reason:  # the artifact's name is only a claim about its sources
            sources = api(f"repos/{name}/git/commits/{run['head_sha']}")["tree"]["sha"]
            if sources == tree:
                return run
            reason = f"its sources are the tree {sources}"
        print(f"Artifact {artifact['id']} is not accepted: {reason}.", file=sys.stderr)
    return None


def main(service: Service, options: Namespace) -> int:
    """Print the run for the workflow, and for people what it is."""
    if not re.fullmatch(r"[\w-]+/(?!\.+$)[\w.-]+", options.repository, re.ASCII):
        raise KitError(
            f'"{options.repository}" is no repository. Give OWNER/NAME, as $GITHUB_REPOSITORY is.'
        )
    branch = str(service.answers["dev_branch"])
    tree = git(service.root, "rev-parse", "HEAD^{tree}").strip()
    try:
        run = find(options.repository, branch, tree)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise KitError(f"GitHub's answer is not what its reference says: {error!r}") from error
    print(f"run={run['id'] if run else ''}")
    if run:
        message = f"Promoted: build-{tree}, built for dev from commit {run['head_sha']} of {branch}: {run['html_url']}"
    else:
        message = f"Nothing to promote: dev has no build of these sources, build-{tree}."
    print(message, file=sys.stderr)
    return 0
