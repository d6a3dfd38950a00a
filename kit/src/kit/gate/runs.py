"""What scripts and workflows do: which commands and actions, of which jobs, on which event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from kit.template import at, line_of

from . import expressions
from .commands import Command, Makefile, makefile, script, targets
from .expressions import Context, condition, filled
from .service import ENVIRONMENTS, Job, Service

ENTRIES = {env: f".github/workflows/{env}_cicd.yml" for env in ENVIRONMENTS}
PULL_REQUESTS = ("pull_request", "pull_request_target")
# What somebody starts, at a time of their own.
BY_HAND = ("workflow_dispatch", "repository_dispatch")
# What `make check` is made of.
CHECKS = ("lint", "lessons", "test")

DEPLOYS, DELETES, INTEGRATION = "deploys", "deletes", "integration"
# What a command does that changes a stack: by its program and its first words.
CHANGING = {
    ("sam", "deploy"): DEPLOYS,
    ("sam", "sync"): DEPLOYS,
    ("sam", "delete"): DELETES,
    ("aws", "cloudformation", "deploy"): DEPLOYS,
    ("aws", "cloudformation", "create-stack"): DEPLOYS,
    ("aws", "cloudformation", "update-stack"): DEPLOYS,
    ("aws", "cloudformation", "execute-change-set"): DEPLOYS,
    ("aws", "cloudformation", "delete-stack"): DELETES,
    ("aws", "lambda", "update-function-code"): DEPLOYS,
    ("aws-cdk", "deploy"): DEPLOYS,
    ("cdk", "deploy"): DEPLOYS,
    ("kit", "deploy"): DEPLOYS,
    ("kit", "bootstrap"): DEPLOYS,
    ("pulumi", "up"): DEPLOYS,
    ("serverless", "deploy"): DEPLOYS,
    ("sls", "deploy"): DEPLOYS,
    ("terraform", "apply"): DEPLOYS,
    ("tofu", "apply"): DEPLOYS,
}
DEPLOYING_ACTIONS = (
    "aws-actions/aws-cloudformation-github-deploy",
    "aws-actions/aws-lambda-deploy",
)
# Options of make with which a failure is not told, or nothing is done.
DEAF = {
    "-i": "ignores",
    "--ignore-errors": "ignores",
    "-n": "does nothing",
    "--dry-run": "does nothing",
}

# How scripts and workflows name the folder of the service.
HERE = (
    *(".", "$PWD", "$(pwd)", "$(CURDIR)", "$GITHUB_WORKSPACE", "${GITHUB_WORKSPACE}"),
    "${" + "{ github.workspace }}",
)


# ── What a command does ──────────────────────────────────────────────────────


def made(service: Service) -> Makefile:
    """The Makefile with what it includes."""
    return makefile(tuple((path, service.text(path)) for path in _own_makefiles(service)))


def _own_makefiles(service: Service) -> list[str]:
    """The Makefiles at the top."""
    paths = [path for path in ("Makefile", *service.files_in("", ".mk")) if service.has(path)]
    return [path for path in paths if "/" not in path]


def all_commands(service: Service) -> Iterator[tuple[str, Command]]:
    """Every command of workflows, actions, Makefiles and shell scripts, with its file."""
    for step in steps(service):
        yield from ((step.path, command) for command in step.commands)
    elsewhere = [path for path in service.files_in("", "Makefile", ".mk") if "/" in path]
    nested = [makefile(((path, service.text(path)),)) for path in elsewhere]
    for each in (made(service), *nested):
        for rule in each.rules.values():
            yield from ((rule.path, command) for command in rule.commands)
    for path in service.files_in("", ".sh", ".bash"):
        text = service.text(path)
        stops = "set -e" in text or "-e" in text.partition("\n")[0].split()
        yield from ((path, command) for command in script(text, stops))


def effects(service: Service, command: Command, seen: frozenset[str] = frozenset()) -> set[str]:
    """What a command does, with the targets of make and the scripts that it runs."""
    words = (command.module or command.program, *command.plain)
    found = {effect for start, effect in CHANGING.items() if words[: len(start)] == start}
    if "pytest" in (command.program, command.module):
        places = [
            each for each in command.arguments if each.rstrip("/").endswith("tests/integration")
        ]
        found |= {"pytest", *([INTEGRATION] if places else [])}
    if command.program == "make" and _is_own(service, command):
        for target in targets(command) or ["help"]:
            found |= {f"make {target}", *_effects_of_target(service, target, seen)}
    for word in command.words[:3]:
        path = word.removeprefix("./")
        if path.endswith(".sh") and path in service.files and path not in seen:
            for each in script(service.text(path)):
                found |= effects(service, each, seen | {path})
    return found


def _is_own(service: Service, command: Command) -> bool:
    """Whether a call of make reads the Makefile at the top, as `-C .` does."""
    folder = command.option("-C", "--directory") or "."
    path = command.option("-f", "--file", "--makefile") or "Makefile"
    own = ("Makefile", *_own_makefiles(service))
    return folder.rstrip("/") in HERE and path.removeprefix("./") in own


def _effects_of_target(service: Service, target: str, seen: frozenset[str]) -> set[str]:
    rule = made(service).rules.get(target)
    if not rule or target in seen:
        return set()
    found: set[str] = set()
    for need in rule.needs:
        found |= {f"make {need}", *_effects_of_target(service, need, seen | {target})}
    for command in rule.commands:
        found |= effects(service, command, seen | {target})
    return found


# ── Steps and jobs ───────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Step:
    """A step of a job, or of an action of the repository's own (then it has no job)."""

    path: str
    line: int
    body: dict[str, Any]
    job: Job | None

    @property
    def action(self) -> str:
        """The action that it uses, with its version: actions/checkout@3d3c42e…"""
        return str(self.body.get("uses") or "")

    @property
    def uses(self) -> str:
        """The action without its version: actions/checkout."""
        return self.action.partition("@")[0]

    @property
    def commands(self) -> list[Command]:
        """What it runs; the line of each is the file's."""
        return list(commands_of(self.body, self.line))


def steps(service: Service) -> Iterator[Step]:
    """The steps of all workflows and of all actions of the repository's own."""
    for job in service.jobs:
        yield from (Step(job.path, line_of(body) or job.line, body, job) for body in job.steps)
    for path, action in service.actions.items():
        yield from (Step(path, line_of(body), body, None) for body in _steps_of_action(action))


def _steps_of_action(action: dict[str, Any]) -> list[dict[str, Any]]:
    found = at(action, "runs", "steps")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


@dataclass(frozen=True)
class Act:
    """A step that does something of interest.

    Args:
        place: which of the job's steps it is.
        path: the file in which it stands.
        line: where it does it.
        text: the command or the action.
        effects: what it does.
        unnoticed: why nobody notices when it fails; empty when its job fails.
    """

    place: int
    path: str
    line: int
    text: str
    effects: frozenset[str]
    unnoticed: str
    condition: Any


def run_of(step: dict[str, Any]) -> str:
    run = step.get("run")
    return run if isinstance(run, str) else ""


def commands_of(step: dict[str, Any], line: int = 0) -> Iterator[Command]:
    """The commands of a step that bash or sh runs; the line of each is the workflow's."""
    text, shell = run_of(step), str(step.get("shell") or "")
    if shell and PurePosixPath(shell.split()[0]).name not in ("bash", "sh"):
        return
    if shell == "bash":
        text = text if not text else f"set -o pipefail;{text}"
    begin = line_of(step, "run") or line
    for each in script(text):
        # `run: |` begins one line further down; a line that is folded can't be told.
        further = "\n" in run_of(step)
        yield replace(each, line=begin + each.line - 1 + further)


def steps_of(service: Service, job: Job) -> Iterator[tuple[str, dict[str, Any]]]:
    """The steps of a job with their file; in place of an own action those of that action."""
    for _place, path, step, _condition, _lenient in _steps(service, job):
        yield path, step


def _steps(service: Service, job: Job) -> Iterator[tuple[int, str, dict[str, Any], Any, bool]]:
    """Each step with the place of the job's own step, its file, its condition, and whether it may fail."""
    for place, step in enumerate(job.steps):
        outer, lenient = step.get("if"), is_lenient(step)
        inner = _own_action(service, str(step.get("uses", "")))
        if inner is None:
            yield place, job.path, step, outer, lenient
            continue
        path, own_steps = inner
        for each in own_steps:
            own = each.get("if")
            both = own if outer is None else outer if own is None else f"({outer}) && ({own})"
            yield place, path, each, both, lenient or is_lenient(each)


def _own_action(service: Service, uses: str) -> tuple[str, list[dict[str, Any]]] | None:
    """The steps of an action of this repository."""
    folder = uses.removeprefix("$/").removeprefix("./").rstrip("/")
    for path in (f"{folder}/action.yml", f"{folder}/action.yaml"):
        if uses.startswith(("./", "$/")) and path in service.actions:
            return path, _steps_of_action(service.actions[path])
    return None


def is_lenient(body: dict[str, Any]) -> bool:
    """Whether a step or a job may fail, and all goes on."""
    return body.get("continue-on-error", False) not in (False, "false")


def acts(service: Service, job: Job) -> list[Act]:
    """What the steps of a job do."""
    found = []
    for place, path, step, holds, lenient in _steps(service, job):
        uses = str(step.get("uses", ""))
        ignored = "`continue-on-error` lets it fail" if lenient else ""
        if uses.partition("@")[0] in DEPLOYING_ACTIONS:
            done = frozenset([DEPLOYS])
            found.append(Act(place, path, line_of(step, "uses"), uses, done, ignored, holds))
        for command in commands_of(step, job.line):
            if done := frozenset(effects(service, command)):
                deaf = next(
                    (f"`{word}` {DEAF[word]}" for word in command.words if word in DEAF), ""
                )
                why = ignored or command.unnoticed or (deaf if command.program == "make" else "")
                found.append(Act(place, path, command.line, command.text, done, why, holds))
    return found


@dataclass
class Run:
    """A workflow as an event, or another workflow, starts it.

    Args:
        service: the service.
        path: the workflow.
        context: what is known of the event, and what it was given.
        callers: the workflows that it is called by.
    """

    service: Service
    path: str
    context: Context
    callers: tuple[str, ...] = ()
    inner: dict[str, Run | None] = field(default_factory=dict)

    @property
    def jobs(self) -> dict[str, Job]:
        return {job.id: job for job in self.service.jobs if job.path == self.path}

    @property
    def workflow(self) -> dict[str, Any]:
        return self.service.workflows.get(self.path, {})

    def called(self, job: Job) -> Run | None:
        """The workflow of this repository that a job calls."""
        if job.id not in self.inner:
            self.inner[job.id] = self._called(job)
        return self.inner[job.id]

    def _called(self, job: Job) -> Run | None:
        path = str(job.body.get("uses", "")).removeprefix("$/").removeprefix("./")
        if path not in self.service.workflows or path in (self.path, *self.callers):
            return None
        given = job.body.get("with")
        values = given if isinstance(given, dict) else {}
        inputs = {
            f"inputs.{name}".lower(): filled(value, self.context) for name, value in values.items()
        }
        outer = {
            name: value for name, value in self.context.items() if not name.startswith("inputs.")
        }
        return Run(self.service, path, {**outer, **inputs}, (self.path, *self.callers))

    def starts(self, job: Job) -> bool | None:
        """Whether a job runs when all went well; None when that depends on the run."""
        return condition(job.body.get("if"), self.context)

    def needs(self, job: Job) -> list[Job]:
        named = job.body.get("needs")
        names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
        return [self.jobs[str(name)] for name in names if str(name) in self.jobs]

    def acts(self, job: Job) -> list[Act]:
        return _acts(self.service, job.path, job.id)

    def reached(self, effect: str) -> Iterator[tuple[Job, Act]]:
        """The steps that do something, in jobs that may run; jobs of called workflows too."""
        for job in self.jobs.values():
            if self.starts(job) is False:
                continue
            if inner := self.called(job):
                yield from inner.reached(effect)
            for act in self.acts(job):
                if effect in act.effects and condition(act.condition, self.context) is not False:
                    yield job, act

    def works(self, act: Act) -> str:
        """Why a step may not be done, or may fail unnoticed; empty when all is well."""
        if act.unnoticed:
            return act.unnoticed
        holds = condition(act.condition, self.context)
        return "" if holds else f"`if: {act.condition}` may leave it out"


@lru_cache(maxsize=1)
def _cache(service: Service) -> dict[tuple[str, str], list[Act]]:
    """Of the service that is looked at."""
    return {}


def _acts(service: Service, path: str, job_id: str) -> list[Act]:
    known = _cache(service)
    if (path, job_id) not in known:
        job = next(each for each in service.jobs if (each.path, each.id) == (path, job_id))
        known[path, job_id] = acts(service, job)
    return known[path, job_id]


# ── Events ───────────────────────────────────────────────────────────────────


def events(workflow: dict[str, Any]) -> dict[str, Any]:
    """The events that start a workflow, with their filters."""
    found = workflow.get("on")
    if isinstance(found, dict):
        return {str(name): value for name, value in found.items()}
    names = found if isinstance(found, list) else [found]
    return {str(name): None for name in names if name}


def started(service: Service) -> Iterator[tuple[Run, str]]:
    """Every workflow with every event that starts it."""
    for path, workflow in service.workflows.items():
        for event in events(workflow):
            if event != "workflow_call":
                yield Run(service, path, event_context(service, path, event)), event


def event_context(service: Service, path: str, event: str) -> dict[str, Any]:
    """What is known of a run before it runs, when all goes well."""
    name = service.workflows[path].get("name", path)
    known: dict[str, Any] = {"github.event_name": event, "github.workflow": str(name)}
    known |= {"success()": True, "always()": True, "failure()": False, "cancelled()": False}
    environment = next((env for env, entry in ENTRIES.items() if entry == path), None)
    branch = service.answers.get(f"{environment}_branch")
    if branch and event == "push":
        known |= {"github.ref": f"refs/heads/{branch}", "github.ref_name": str(branch)}
    if branch and event in PULL_REQUESTS:
        known["github.base_ref"] = str(branch)
    return known


def failed(context: Context) -> dict[str, Any]:
    """What is known when something before has failed."""
    return {**context, "success()": False, "failure()": True}


def waits(value: Any, context: Context) -> bool:
    """Whether a job or a step with this `if` is left out when something before it failed."""
    if value is None or not expressions.asks_for_status(str(value)):
        return True
    return condition(value, failed(context)) is False


def branches(event: Any) -> list[str]:
    """The branches that an event is narrowed to; patterns as the text that they match."""
    found = at(event, "branches")
    names = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return [str(name).replace("\\", "") for name in names]
