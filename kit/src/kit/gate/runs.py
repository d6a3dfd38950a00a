"""What workflows, Makefiles and scripts run: their commands, and what they deploy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from kit.layout import ENVIRONMENTS
from kit.template import at, line_of

from .commands import Command, program_name, script
from .makefiles import Rule, makefile
from .policies import listed
from .service import Job, Service
from .tools import LinterResult

ENTRIES = {env: f".github/workflows/{env}_cicd.yml" for env in ENVIRONMENTS}
PULL_REQUESTS = ("pull_request", "pull_request_target")
# Started by people, at a time of their own.
BY_HAND = ("workflow_dispatch", "repository_dispatch")

# What fixes a command whose failure stops nothing.
STRICTLY = (
    "Delete what lets it pass: its `if`, `continue-on-error`, `set +e`, `-`, `&` or what follows it after `||` or"
    " `|`; `shell: bash` lets a pipe fail, too."
)
DEPLOYS, DELETES, INTEGRATION = "deploys", "deletes", "integration"
# What changes a stack: programs with their first words.
CALLS = {
    DEPLOYS: (
        *("sam deploy", "sam sync", "kit deploy", "kit bootstrap", "cdk deploy"),
        *("aws cloudformation deploy", "aws cloudformation create-stack"),
        *("aws cloudformation update-stack", "aws cloudformation execute-change-set"),
        *("aws lambda update-function-code", "pulumi up", "serverless deploy", "terraform apply"),
        "tofu apply",
    ),
    DELETES: ("sam delete", "aws cloudformation delete-stack"),
}
REFERENCE = re.compile(r"\$\{\{ *(env|inputs)\.([\w-]+) *\}\}")
DEPLOYING_ACTIONS = (
    "aws-actions/aws-cloudformation-github-deploy",
    "aws-actions/aws-lambda-deploy",
)


# ── Commands ─────────────────────────────────────────────────────────────────


def make_rules(service: Service) -> dict[str, Rule]:
    """The rules of the Makefile and of what it includes, by target."""
    included = [path for path in service.files_in("", ".mk") if "/" not in path]
    paths = ["Makefile", *included] if "Makefile" in service.files else included
    return makefile(tuple((path, service.text(path)) for path in paths))


def all_commands(service: Service) -> Iterator[tuple[str, Command]]:
    """Every command of workflows, actions, Makefiles and shell scripts, with its file."""
    for step in steps(service):
        yield from ((step.path, command) for command in step.commands)
    nested = [path for path in service.files_in("", "Makefile", ".mk") if "/" in path]
    for rules in (make_rules(service), *(makefile(((p, service.text(p)),)) for p in nested)):
        for rule in rules.values():
            yield from ((rule.path, command) for command in rule.commands)
    for path in service.files_in("", ".sh", ".bash"):
        yield from ((path, command) for command in script(service.text(path)))


def run_by(
    service: Service, path: str, command: Command, seen: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Command]]:
    """A command, and those of the targets and scripts that it runs, with their files."""
    yield path, command
    rules, targets = make_rules(service), _targets_of(service, command)
    scripts = [word.removeprefix("./") for word in command.words[:2] if word.endswith(".sh")]
    inner: list[tuple[str, Command]] = []
    for rule in (rules[name] for name in targets if name in rules and name not in seen):
        needs = [Command(("make", need), line=rule.line) for need in rule.needs]
        inner += [(rule.path, item) for item in (*needs, *rule.commands)]
    for name in (name for name in scripts if name in service.files and name not in seen):
        inner += [(name, item) for item in script(service.text(name))]
    for place, item in inner:
        yield from run_by(service, place, item, seen.union(targets, scripts))


def effects(service: Service, command: Command) -> set[str]:
    """What a command does, with the targets and scripts that it runs.

    Returns:
        The programs, alone and with each argument (pytest, kit lessons, make lint), and DEPLOYS,
        DELETES and INTEGRATION.
    """
    does: set[str] = set()
    for _path, item in run_by(service, "", command):
        call = " ".join((item.program, *item.plain, ""))
        does |= {item.program, *(f"{item.program} {word}" for word in item.plain)}
        does |= {f"make {name}" for name in _targets_of(service, item)}
        does |= {e for e, calls in CALLS.items() if call.startswith(tuple(f"{c} " for c in calls))}
        if item.program == "pytest" and any("tests/integration" in w for w in item.arguments):
            does.add(INTEGRATION)
    return does


def _targets_of(service: Service, command: Command) -> list[str]:
    """The targets of the service's own Makefile that a command makes."""
    places = (command.option("-C", "--directory"), command.option("-f", "--file", "--makefile"))
    elsewhere = any(place and place != "Makefile" and service.has(place) for place in places)
    if command.program != "make" or elsewhere:
        return []
    return [word for word in command.plain if "=" not in word] or ["help"]


# ── Steps ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class Step:
    """A step of a job, or of an action of the repository's own."""

    path: str
    line: int
    body: dict[str, Any]
    job: Job | None  # none for a step of an action
    caller: Step | None = None  # the step that uses the action, where one is looked at

    @property
    def action(self) -> str:
        """The action that it uses, with its version: actions/checkout@3d3c42e…"""
        return str(self.body.get("uses") or "")

    @property
    def uses(self) -> str:
        """The action without its version: actions/checkout."""
        return self.action.partition("@")[0]

    @property
    def run(self) -> str:
        """Its script."""
        return str(self.body.get("run") or "")

    @property
    def commands(self) -> list[Command]:
        """What it runs in bash or sh; the line of each command is that in the file."""
        shell = str(self.body.get("shell") or "sh")
        if program_name(shell.split()[0]) not in ("bash", "sh"):
            return []
        # `run: |` begins one line further down; the lines of folded text can't be known.
        begin = (line_of(self.body, "run") or self.line) + ("\n" in self.run)
        commands = script(self.run, pipefail=shell == "bash")
        return [replace(command, line=begin + command.line - 1) for command in commands]

    @property
    def bodies(self) -> tuple[dict[str, Any], ...]:
        """That of the step that uses its action, and its own."""
        return (*(self.caller.bodies if self.caller else ()), self.body)


def steps(service: Service) -> Iterator[Step]:
    """The steps of all workflows and of all actions of the repository's own."""
    for job in service.jobs:
        yield from (Step(job.path, line_of(body) or job.line, body, job) for body in job.steps)
    for path in service.actions:
        yield from _steps_of_action(service, path, None)


def steps_of(service: Service, job: Job) -> Iterator[Step]:
    """The steps of a job; in place of an action of the repository's own those of the action."""
    for body in job.steps:
        step = Step(job.path, line_of(body) or job.line, body, job)
        path = own(service, step.action)
        yield from _steps_of_action(service, path, step) if path else [step]


def _steps_of_action(service: Service, path: str, caller: Step | None) -> Iterator[Step]:
    bodies = at(service.actions[path], "runs", "steps")
    for body in bodies if isinstance(bodies, list) else ():
        if isinstance(body, dict):
            yield Step(path, line_of(body), body, None, caller)


def own(service: Service, uses: Any) -> str:
    """The file of the workflow or action of this repository that `uses` names; empty otherwise."""
    path = re.sub(r"^(\./|\$/)", "", str(uses or "")).rstrip("/")
    paths = (path, f"{path}/action.yml", f"{path}/action.yaml") if path != uses else ()
    return next((p for p in paths if p in service.workflows or p in service.actions), "")


def audits(service: Service, rule: str) -> Iterator[LinterResult]:
    """What an audit of zizmor finds."""
    return (result for result in service.tools.zizmor if result.rule == rule)


# ── Deployments ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Act:
    """A command or an action of a job."""

    path: str
    line: int
    text: str
    effects: frozenset[str]  # see `effects`
    conditions: tuple[str, ...]  # each `if` of its step
    ignored: str  # why its failure stops nothing; empty when it does

    def problem(self, *holding: str) -> str:
        """Why it may be left out or fail unnoticed; empty when its conditions are some that hold."""
        doubtful = [condition for condition in self.conditions if condition not in holding]
        left_out = f"`if: {doubtful[0]}` may leave it out" if doubtful else ""
        return self.ignored or left_out


Way = tuple[tuple[str, dict[str, Any]], ...]  # paths and bodies


@dataclass(frozen=True)
class Deployment:
    """An act that deploys, as a workflow leads to it."""

    act: Act
    job: Job
    way: Way  # the workflow and the job that lead to it, then those of called workflows
    before: tuple[Act, ...]  # without whose success it is not done, if they have no problem
    after: tuple[Act, ...]

    @property
    def path(self) -> str:
        """The workflow that an event starts."""
        return self.way[0][0]

    @property
    def events(self) -> list[str]:
        """The events that start it, as far as the `if` of its jobs does not name others."""
        starting = [event for event in events(self.way[0][1]) if event != "workflow_call"]
        for condition in (str(body.get("if")) for _path, body in self.way):
            named = re.findall(r"github\.event_name == '(\w+)'", condition)
            if named and condition.count("||") < len(named):
                starting = [event for event in starting if event in named]
        return starting

    def value(self, text: Any) -> str:
        """A text with the values of `env` and `inputs`, as far as workflows write them down."""
        bodies = [body for _path, body in reversed(self.way)]

        def written(reference: re.Match[str]) -> str:
            key = "env" if reference[1] == "env" else "with"
            values = (at(body, key, reference[2]) for body in bodies)
            return str(next((value for value in values if value is not None), reference[0]))

        text = REFERENCE.sub(written, str(text or ""))
        return REFERENCE.sub(written, text)

    @property
    def is_of_a_push(self) -> bool:
        """Whether something else than a pull request starts it."""
        return any(event not in PULL_REQUESTS for event in self.events)


def events(workflow: dict[str, Any]) -> dict[str, Any]:
    """The events that start a workflow, with their filters."""
    names = workflow.get("on") or {}
    if isinstance(names, dict):
        return {str(name): filters for name, filters in names.items()}
    return {str(name): None for name in listed(names)}


@lru_cache(maxsize=1)
def deployments(service: Service) -> list[Deployment]:
    """What each workflow deploys, itself or by the workflows that it calls."""
    return [deployment for path in service.workflows for deployment in _deployments(service, path)]


def _deployments(
    service: Service,
    path: str,
    way: Way = (),
    before: tuple[Act, ...] = (),
    after: tuple[Act, ...] = (),
) -> Iterator[Deployment]:
    jobs = {job.id: job for job in service.jobs if job.path == path}
    for job in jobs.values():
        way_to_job = (*way, (path, service.workflows[path]), (path, job.body))
        waiting = [other for other in jobs.values() if job in _needed(other, jobs)]
        passed = (*before, *(a for need in _needed(job, jobs) for a in acts_of(service, need)))
        following = (*(a for other in waiting for a in acts_of(service, other)), *after)
        called = called_workflow(service, job)
        if called and called not in dict(way_to_job):
            yield from _deployments(service, called, way_to_job, passed, following)
        acts = tuple(_own_acts(service, job))
        for place, act in enumerate(acts):
            if DEPLOYS in act.effects:
                earlier = (*passed, *acts[: place + 1])
                waits = all(map(_waits, act.conditions))
                later = (*acts[place:], *following)
                yield Deployment(act, job, way_to_job, earlier if waits else (), later)


def _needed(job: Job, jobs: dict[str, Job], seen: tuple[str, ...] = ()) -> list[Job]:
    """The jobs that must succeed before one starts, with those that they need."""
    if job.id in seen or not _waits(str(job.body.get("if") or "")):
        return []
    needed = [jobs[str(name)] for name in listed(job.body.get("needs")) if str(name) in jobs]
    return needed + [j for need in needed for j in _needed(need, jobs, (*seen, job.id))]


def _waits(condition: str) -> bool:
    """Whether what has this `if` is left out when something before it has failed."""
    anyway = ["always(", "failure("] + ["cancelled("] * ("success(" not in condition)
    return not any(function in condition for function in anyway)


def called_workflow(service: Service, job: Job) -> str:
    """The workflow of this repository that a job calls."""
    path = own(service, job.body.get("uses"))
    return path if path in service.workflows else ""


def acts_of(service: Service, job: Job) -> Iterator[Act]:
    """What a job does, or the workflow that it calls."""
    called = called_workflow(service, job)
    for inner in [inner for inner in service.jobs if inner.path == called] if called else [job]:
        yield from _own_acts(service, inner)


def _own_acts(service: Service, job: Job) -> Iterator[Act]:
    for step in steps_of(service, job):
        leniency = [body.get("continue-on-error", False) for body in (job.body, *step.bodies)]
        lenient = "`continue-on-error` lets it fail" * any(
            v not in (False, "false") for v in leniency
        )
        conditions = tuple(str(body["if"]) for body in step.bodies if "if" in body)
        if step.uses in DEPLOYING_ACTIONS:
            line, does = line_of(step.body, "uses"), frozenset([DEPLOYS])
            yield Act(step.path, line, step.uses, does, conditions, lenient)
        for command in step.commands:
            does, ignored = frozenset(effects(service, command)), lenient or command.ignored
            yield Act(step.path, command.line, command.text, does, conditions, ignored)
