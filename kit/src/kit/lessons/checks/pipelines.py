"""CI: pipelines."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..commands import Command, Rule, script
from ..expressions import Context, filled
from ..findings import Finding, check
from ..parsers import at, dotted, line_of
from ..runs import (
    BY_HAND,
    CHECKS,
    DEPLOYS,
    ENTRIES,
    INTEGRATION,
    PULL_REQUESTS,
    Act,
    Run,
    branches,
    commands_of,
    effects,
    event_context,
    events,
    is_lenient,
    made,
    run_of,
    started,
    steps_of,
    waits,
)
from ..service import Job, Service

CHECKING, DEPLOYING = "pr_checks", "build-and-deploy"
# What narrows an event to something else than the branch.
OTHER_FILTERS = ("branches-ignore", "tags", "tags-ignore")
# Audits of zizmor: the lesson of each, and what it finds.
ZIZMOR = {
    "artipacked": (
        "CI-04",
        "keeps the token where later steps find it: no `persist-credentials: false`",
    ),
    "dangerous-triggers": ("CI-02", "runs code of others with the token of this repository"),
    "excessive-permissions": ("CI-04", "gives jobs more than they need"),
    "unpinned-uses": ("CI-05", "the action is not pinned to the id of a commit"),
}
# Actions that do nothing with a token of GitHub's. Of others nobody can tell.
ONLY_READ = (
    *("actions/cache", "actions/checkout", "actions/download-artifact", "actions/setup-"),
    *("actions/upload-artifact", "astral-sh/setup-uv", "aws-actions/setup-sam", "docker/setup-"),
)
SIGN_IN = "aws-actions/configure-aws-credentials"
# Programs that sign, or publish packages, with the token of `id-token: write`.
SIGNING = {"cosign", "sigstore"}
PUBLISHING = {"npm", "pnpm", "uv", "yarn"}
# Programs that may call GitHub.
MAY_WRITE = {"curl", "gh", "hub", "node", "npm", "npx", "wget"}
VERSION = re.compile(r"\bv?\d+(\.\d+)*\b")
# What one run has and no other.
OF_ONE_RUN = (
    *(
        "github.sha",
        "github.run_id",
        "github.run_number",
        "github.run_attempt",
        "github.event.after",
    ),
    *("github.event.head_commit.id", "github.event.head_commit.timestamp"),
)


@check("CI-05")
def zizmor(service: Service) -> Iterator[Finding]:
    """What the linter of workflows knows of CI-02, CI-04 and CI-05."""
    for told in service.tools.zizmor:
        if told.rule in ZIZMOR:
            lesson, found = ZIZMOR[told.rule]
            if told.rule == "excessive-permissions":  # which of them is in its message
                found += f": {told.message.partition(': ')[2]}"
            yield Finding(lesson, told.path, told.line, found)


# ── CI-01: two workflows begin everything ────────────────────────────────────


@check("CI-01")
def two_workflows(service: Service) -> Iterator[Finding]:
    """Both are there, each on its own branch."""
    for environment, path in ENTRIES.items():
        workflow = service.workflows.get(path)
        branch = str(service.answers.get(f"{environment}_branch"))
        if workflow is None:
            if not service.has(path):
                told = f"is not there, so nothing checks and deploys {environment}"
                yield Finding("CI-01", path, 0, told)
            continue
        for event in ("push", "pull_request"):
            line = line_of(workflow, "on", event) or 1
            if event not in events(workflow):
                yield Finding("CI-01", path, line, f"does not run on {event}")
                continue
            filters = events(workflow)[event]
            found = branches(filters)
            other = next((name for name in OTHER_FILTERS if at(filters, name) is not None), None)
            if found != [branch]:
                said = ", ".join(found) or "every branch"
                told = f"{event} is for {said}, where {environment} has {branch} alone"
                yield Finding("CI-01", path, line, told)
            elif other and event == "push":
                told = f"{event} has {other} beside its branch {branch}"
                yield Finding("CI-01", path, line, told)


@check("CI-01")
def no_third(service: Service) -> Iterator[Finding]:
    """No other workflow deploys by itself."""
    for run, event in started(service):
        if run.path in ENTRIES.values() or event in (*PULL_REQUESTS, *BY_HAND):
            continue
        for _job, act in run.reached(DEPLOYS):
            line = line_of(run.workflow, "on", event) or 1
            yield Finding("CI-01", run.path, line, f"deploys on {event}, by `{act.text}`")
            break


# ── CI-02: pull requests are checked, pushes are deployed ────────────────────


@check("CI-02")
def each_event_has_its_job(service: Service) -> Iterator[Finding]:
    for path in ENTRIES.values():
        workflow = service.workflows.get(path)
        if workflow is None:
            continue
        for name, own, other in (
            (CHECKING, "pull_request", "push"),
            (DEPLOYING, "push", "pull_request"),
        ):
            mine = Run(service, path, event_context(service, path, own))
            others = Run(service, path, event_context(service, path, other))
            job = mine.jobs.get(name)
            if job is None:
                yield Finding("CI-02", path, line_of(workflow, "jobs"), f"has no job {name}")
                continue
            line = line_of(job.body, "if") if "if" in job.body else job.line
            starts = mine.starts(job) is not False
            if not starts:
                yield Finding("CI-02", path, line, f"{name} does not run on {own}")
            if others.starts(job) is not False:
                yield Finding("CI-02", path, line, f"{name} may run on {other}, too")
            if name == DEPLOYING and starts and not any(mine.reached(DEPLOYS)):
                yield _deploys_nothing(mine, job)


def _deploys_nothing(run: Run, job: Job) -> Finding:
    """Why a push does not deploy: there is no step for it, or an `if` leaves that out."""
    whatever = Run(run.service, run.path, {})
    for _job, act in whatever.reached(DEPLOYS):
        told = f"`{act.text}` is left out by an `if` on push, so {job.id} deploys nothing"
        return Finding("CI-02", act.path, act.line, told)
    told = f"{job.id} deploys nothing: no step of it calls `make deploy`"
    return Finding("CI-02", job.path, job.line, told)


@check("CI-02")
def no_pull_request_deploys(service: Service) -> Iterator[Finding]:
    """Whatever the workflow is called."""
    for run, event in started(service):
        if event not in PULL_REQUESTS:
            continue
        for job in run.jobs.values():
            # Told above, by the condition of the job.
            if run.path in ENTRIES.values() and job.id == DEPLOYING:
                continue
            alone = Run(service, run.path, run.context)
            for at_job, act in alone.reached(DEPLOYS):
                if at_job.id == job.id and at_job.path == run.path:
                    told = f"{job.id} runs `{act.text}` on {event}"
                    yield Finding("CI-02", run.path, act.line, told)
            inner = run.called(job) if run.starts(job) is not False else None
            for _job, act in inner.reached(DEPLOYS) if inner else ():
                found = f"{job.id} calls {inner.path if inner else ''} on {event}, which runs `{act.text}`"
                yield Finding("CI-02", run.path, job.line, found)


# ── CI-03: one path for tests ────────────────────────────────────────────────


@check("CI-03")
def pytest_finds_src(service: Service) -> Iterator[Finding]:
    """What pytest is configured with has src on its path."""
    for path in ("pytest.ini", ".pytest.ini"):
        if path in service.files:  # pytest reads it in place of pyproject.toml
            parser = configparser.ConfigParser(interpolation=None, strict=False)
            try:
                parser.read_string(service.text(path))
                found = parser.get("pytest", "pythonpath", fallback="").split()
            except configparser.Error:
                found = []
            if "src" not in found:
                told = "stands in for `pyproject.toml`, and its `pythonpath` has no `src`"
                yield Finding("CI-03", path, 1, told)
            return
    options = at(service.pyproject, "tool", "pytest", "ini_options")
    options = options if options is not None else at(service.pyproject, "tool", "pytest")
    found = at(options, "pythonpath")
    entries = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
    if not {"src", "./src", "src/"} & {str(each) for each in entries}:
        line = service.line_with("pyproject.toml", "pythonpath" if entries else "[tool.pytest")
        told = f"the `pythonpath` of pytest is {entries}, without `src`"
        yield Finding("CI-03", "pyproject.toml", line, told)


def _sets_path(command: Command) -> str:
    """How a command gives the tests that it runs another path."""
    if "PYTHONPATH" in command.variables:
        return f"PYTHONPATH={command.variables['PYTHONPATH']}"
    overridden = command.option("-o", "--override-ini") or ""
    return f"-o {overridden}" if overridden.startswith("pythonpath") else ""


def _tests(service: Service, command: Command) -> bool:
    return "pytest" in effects(service, command)


@check("CI-03")
def workflows_set_no_path(service: Service) -> Iterator[Finding]:
    """No step that tests has a PYTHONPATH, of its own, its job's or its workflow's."""
    for job in service.jobs:
        workflow = service.workflows[job.path]
        exported: tuple[str, int] | None = None
        for step in job.steps:
            for command in commands_of(step, job.line):
                if "PYTHONPATH" in command.variables and not command.words:
                    exported = f"PYTHONPATH={command.variables['PYTHONPATH']}", command.line
                sets = next((w for w in command.words if w.startswith("PYTHONPATH=")), "")
                if sets and command.program == "echo" and "GITHUB_ENV" in run_of(step):
                    exported = sets, command.line
                if not _tests(service, command):
                    continue
                text = command.text
                for body in (step, job.body, workflow):
                    value = at(body, "env", "PYTHONPATH")
                    if value is not None:
                        line = line_of(body, "env", "PYTHONPATH")
                        found = f"PYTHONPATH is {value} for `{text}`"
                        yield Finding("CI-03", job.path, line, found)
                if own := _sets_path(command):
                    yield Finding("CI-03", job.path, command.line, f"{own} for `{text}`")
                elif exported:
                    yield Finding("CI-03", job.path, exported[1], f"{exported[0]} for `{text}`")


@check("CI-03")
def make_sets_no_path(service: Service) -> Iterator[Finding]:
    found = made(service)
    if "PYTHONPATH" in found.exported:
        path, line = found.exported["PYTHONPATH"]
        yield Finding("CI-03", path, line, "exports PYTHONPATH to the tests")
    for rule in found.rules.values():
        for command in rule.commands:
            if (own := _sets_path(command)) and _tests(service, command):
                yield Finding("CI-03", rule.path, command.line, f"`make {rule.target}` sets {own}")


@check("CI-03")
def tests_set_no_path(service: Service) -> Iterator[Finding]:
    """Nothing that all tests share changes sys.path. Of tests themselves, TST-02 tells."""
    for module in service.modules("tests"):
        if module.path.startswith(("tests/unit/", "tests/integration/")):
            continue
        for call in module.nodes(ast.Call):
            name = dotted(call.func)
            if name in ("sys.path.insert", "sys.path.append", "sys.path.extend", "site.addsitedir"):
                yield Finding("CI-03", module.path, call.lineno, f"calls {name}")
        for assigned in module.nodes(ast.Assign):
            goals = [
                each.value if isinstance(each, ast.Subscript) else each for each in assigned.targets
            ]
            if "sys.path" in map(dotted, goals):
                yield Finding("CI-03", module.path, assigned.lineno, "assigns to sys.path")
        for added in module.nodes(ast.AugAssign):
            if dotted(added.target) == "sys.path":
                yield Finding("CI-03", module.path, added.lineno, "adds to sys.path")


@check("CI-03")
def readme_sets_no_path(service: Service) -> Iterator[Finding]:
    """The README of the tests sets no other path. What it lacks is told by TST-03."""
    path = "tests/unit/README.md"
    for section in service.document(path) if path in service.files else ():
        for fence in section.fences:
            for command in (
                script(fence.content) if fence.language in ("", "bash", "sh", "shell") else ()
            ):
                if "PYTHONPATH" in command.variables:
                    told = "tells to set PYTHONPATH"
                    yield Finding("CI-03", path, fence.line + command.line, told)


# ── CI-04: permissions ───────────────────────────────────────────────────────


@check("CI-04")
def permissions_are_the_jobs(service: Service) -> Iterator[Finding]:
    """The top of a workflow gives all of its jobs nothing that writes."""
    for path, workflow in service.workflows.items():
        found = workflow.get("permissions")
        for name, value in found.items() if isinstance(found, dict) else ():
            if value == "write":
                line = line_of(workflow, "permissions", name)
                yield Finding("CI-04", path, line, f"gives `{name}: write` to every job")


@check("CI-04")
def permissions_are_used(service: Service) -> Iterator[Finding]:
    """A job that may write has something that could."""
    for job in service.jobs:
        permissions = job.body.get("permissions")
        inner = [job, *_called(service, job)]
        if not isinstance(permissions, dict) or any(_is_elsewhere(each) for each in inner):
            continue
        for name, value in permissions.items():
            if value != "write":
                continue
            wants = _signs_in if name == "id-token" else _may_write
            if not any(wants(service, each) for each in inner):
                line = line_of(permissions, name)
                writes_not = "has no step that writes to GitHub"
                why = "signs in nowhere" if name == "id-token" else writes_not
                yield Finding("CI-04", job.path, line, f"{job.id} has `{name}: write`, and {why}")


def _called(service: Service, job: Job) -> Iterator[Job]:
    """The jobs of the workflow that a job calls, and of those that they call."""
    run = Run(service, job.path, {})
    waiting = [run.called(job)]
    while waiting:
        if inner := waiting.pop():
            yield from inner.jobs.values()
            waiting += [inner.called(each) for each in inner.jobs.values()]


def _is_elsewhere(job: Job) -> bool:
    """Whether a job is a workflow of another repository, into which nobody can look."""
    return isinstance(uses := job.body.get("uses"), str) and "@" in uses


def _signs_in(service: Service, job: Job) -> bool:
    return any(
        _is_unknown(step)
        or "ACTIONS_ID_TOKEN" in run_of(step)
        or any(_wants_id_token(command) for command in commands_of(step))
        for _path, step in steps_of(service, job)
    )


def _wants_id_token(command: Command) -> bool:
    publishes = command.program in PUBLISHING and "publish" in command.plain[:1]
    return publishes or bool({command.program, command.module} & SIGNING)


def _is_unknown(step: dict[str, Any]) -> bool:
    """Whether it is an action of which nobody can tell what it does with its token."""
    uses = str(step.get("uses", ""))
    return bool(uses) and not uses.lower().startswith(ONLY_READ)


def _may_write(service: Service, job: Job) -> bool:
    for _path, step in steps_of(service, job):
        signs_in = str(step.get("uses", "")).lower().startswith(SIGN_IN)
        if _is_unknown(step) and not signs_in:
            return True
        told = f"{step.get('env')} {step.get('with')} {run_of(step)} {job.body.get('env')}"
        if "github.token" in told or "GITHUB_TOKEN" in told or "GH_TOKEN" in told:
            return True
        for command in commands_of(step):
            programs = {command.program, *command.runner}
            if programs & MAY_WRITE or command.words[:2] == ("git", "push"):
                return True
    return False


@check("CI-04")
def checkouts_leave_nothing_behind(service: Service) -> Iterator[Finding]:
    """What zizmor takes for a decision: persist-credentials: true, where nothing is pushed."""
    for job in service.jobs:
        commands = [command for step in job.steps for command in commands_of(step)]
        if any(command.words[:2] == ("git", "push") for command in commands):
            continue
        for step in job.steps:
            keeps = at(step, "with", "persist-credentials")
            if str(step.get("uses", "")).startswith("actions/checkout@") and keeps in (
                True,
                "true",
            ):
                line = line_of(step, "with", "persist-credentials")
                told = f"the checkout of {job.id} leaves its credentials behind"
                yield Finding("CI-04", job.path, line, told)


# ── CI-05: pinned actions ────────────────────────────────────────────────────


def _uses(service: Service) -> Iterator[tuple[str, str, int]]:
    """Every action that is used: file, action, line; those of own actions too."""
    for job in service.jobs:
        for each in (job.body, *job.steps):
            if isinstance(uses := each.get("uses"), str):
                yield job.path, uses, line_of(each, "uses")
    for path in service.files_in(".github/actions", "action.yml", "action.yaml"):
        steps = at(service.yaml(path), "runs", "steps")
        for step in steps if isinstance(steps, list) else ():
            if isinstance(uses := at(step, "uses"), str):
                yield path, uses, line_of(step, "uses")


@check("CI-05")
def pins_say_their_version(service: Service) -> Iterator[Finding]:
    """Behind the id of a commit is the version; zizmor finds what has no id."""
    for path, uses, line in _uses(service):
        action, _at, reference = uses.partition("@")
        if action.startswith("docker://") and not reference.startswith("sha256:"):
            yield Finding("CI-05", path, line, f"`{uses}` is pinned to no digest")
        if not re.fullmatch(r"[0-9a-f]{40}", reference):
            continue
        rest = service.text(path).splitlines()[line - 1].partition(reference)[2]
        comment = rest.partition("#")[2].strip()
        if not VERSION.search(comment):
            said = (
                f"its comment `{comment}` is no version"
                if comment
                else "no comment gives its version"
            )
            yield Finding("CI-05", path, line, f"`{action}` is pinned, but {said}")


# ── CI-06: one deployment at a time ──────────────────────────────────────────


@dataclass(frozen=True)
class _Level:
    """A workflow or a job on the way to a deployment, with what is known there."""

    path: str
    body: dict[str, Any]
    context: Context

    @property
    def line(self) -> int:
        return line_of(self.body, "concurrency")

    def group(self, of_one_run: str = "") -> str:
        found = self.body.get("concurrency")
        context = {**self.context, **dict.fromkeys(OF_ONE_RUN, of_one_run)}
        return str(filled(found.get("group") if isinstance(found, dict) else found, context))

    def problem(self, event: str) -> str:
        """Why its group does not keep a running deployment; empty when it does."""
        if self.group("1") != self.group("2"):
            return f"each run has a group of its own, as `{self.group('…')}` says"
        cancels = filled(at(self.body, "concurrency", "cancel-in-progress"), self.context)
        return f"a newer {event} cancels a running deployment" if cancels in (True, "true") else ""


def _ways(run: Run) -> Iterator[list[_Level]]:
    """From a workflow down to each job that deploys."""
    for job in run.jobs.values():
        if run.starts(job) is False:
            continue
        here = [
            _Level(run.path, run.workflow, run.context),
            _Level(run.path, job.body, run.context),
        ]
        if inner := run.called(job):
            for rest in _ways(inner):
                yield [*here, *rest]
        elif any(DEPLOYS in act.effects for act in run.acts(job)):
            yield here


@check("CI-06")
def deployments_wait(service: Service) -> Iterator[Finding]:
    """What deploys has a group that is the same for each run, and in which nothing is cancelled."""
    for run, event in started(service):
        for way in _ways(run) if event not in PULL_REQUESTS else ():
            levels = [level for level in way if "concurrency" in level.body]
            if not levels:
                line = line_of(run.workflow, "jobs")
                found = f"deploys on {event} without a `concurrency` group"
                yield Finding("CI-06", run.path, line, found)
            for level in levels:
                if "cancels" in (problem := level.problem(event)):
                    yield Finding("CI-06", level.path, level.line, problem)
            if levels and all(level.problem(event).startswith("each run") for level in levels):
                yield Finding("CI-06", levels[0].path, levels[0].line, levels[0].problem(event))


@check("CI-06")
def environments_do_not_wait(service: Service) -> Iterator[Finding]:
    """dev and prod have groups of their own: of several that wait, only the newest is kept."""
    groups: dict[str, str] = {}
    for environment, path in ENTRIES.items():
        if path not in service.workflows:
            continue
        run = Run(service, path, event_context(service, path, "push"))
        for level in (level for way in _ways(run) for level in way if "concurrency" in level.body):
            if groups.setdefault(level.group(), environment) != environment:
                found = (
                    f"dev and prod share the group `{level.group()}`, where only the newest waits"
                )
                yield Finding("CI-06", level.path, level.line, found)


# ── CI-07: nothing unchecked is deployed ─────────────────────────────────────


def _checked(act: Act) -> set[str]:
    return {part for part in CHECKS if f"make {part}" in act.effects}


class _Guard:
    """Which checks must have passed before a job, or a step of it, runs."""

    def __init__(self, run: Run, before: frozenset[str] = frozenset()) -> None:
        self.run = run
        self.outer = before

    def before(self, job: Job, seen: frozenset[str] = frozenset()) -> set[str]:
        """The checks without which a job does not start."""
        found = set(self.outer)
        if waits(job.body.get("if"), self.run.context) and job.id not in seen:
            for needed in self.run.needs(job):
                found |= self.before(needed, seen | {job.id}) | self.own(needed)
        return found

    def own(self, job: Job) -> set[str]:
        """The checks without which a job does not end well."""
        if is_lenient(job.body):
            return set()
        if inner := self.run.called(job):
            return {part for each in inner.jobs.values() for part in _Guard(inner).own(each)}
        return self.before_step(job, len(job.steps), None)

    def before_step(self, job: Job, place: int, value: Any) -> set[str]:
        """The checks of a job without which a step with that `if` is not done."""
        if not waits(value, self.run.context):
            return set()
        acts = [act for act in self.run.acts(job) if act.place <= place and not self.run.works(act)]
        return {part for act in acts for part in _checked(act)}

    def deployments(self) -> Iterator[tuple[Job, Act, set[str]]]:
        """Each step that deploys, with the checks that it does not wait for."""
        for job in self.run.jobs.values():
            if self.run.starts(job) is False:
                continue
            before = self.before(job)
            if inner := self.run.called(job):
                yield from _Guard(inner, frozenset(before)).deployments()
            for act in self.run.acts(job):
                if DEPLOYS in act.effects:
                    passed = before | self.before_step(job, act.place, act.condition)
                    yield job, act, set(CHECKS) - passed


def _useless(run: Run, wanted: set[str]) -> Iterator[tuple[Act, str]]:
    """The steps that would do something, were they not left out or ignored."""
    for job in run.jobs.values():
        if run.starts(job) is False:
            continue
        if inner := run.called(job):
            yield from _useless(inner, wanted)
        ignored = is_lenient(job.body)
        for act in run.acts(job):
            why = run.works(act) or (
                "`continue-on-error` of its job lets it fail" if ignored else ""
            )
            if why and wanted & (_checked(act) | act.effects):
                yield act, why


@check("CI-07")
def deployments_are_checked(service: Service) -> Iterator[Finding]:
    for run, event in started(service):
        if event in PULL_REQUESTS:
            continue
        for job, act, lacking in _Guard(run).deployments():
            missing = lacking - _lost(service)
            useless = list(_useless(run, missing)) if missing else []
            for at_act, why in useless:
                found = f"`{at_act.text}` stops nothing: {why}"
                yield Finding("CI-07", at_act.path, at_act.line, found)
            if missing and not useless:
                found = f"{job.id} runs `{act.text}` without a {_named(missing)} that passed"
                yield Finding("CI-07", act.path, act.line, found)


@check("CI-07")
def pull_requests_are_checked(service: Service) -> Iterator[Finding]:
    for path in ENTRIES.values():
        if path not in service.workflows:
            continue
        run = Run(service, path, event_context(service, path, "pull_request"))
        job = run.jobs.get(CHECKING)
        # Elsewhere nobody can look; that it does not run is CI-02.
        if job is None or run.starts(job) is False or _is_elsewhere(job):
            continue
        guard = _Guard(run)
        missing = set(CHECKS) - guard.own(job) - guard.before(job) - _lost(service)
        useless = list(_useless(run, missing)) if missing else []
        for act, why in useless:
            yield Finding("CI-07", act.path, act.line, f"`{act.text}` stops nothing: {why}")
        if missing and not useless:
            yield Finding("CI-07", path, job.line, f"{CHECKING} runs no {_named(missing)}")


def _named(missing: set[str]) -> str:
    """The checks as somebody would call them."""
    return "`make check`" if len(missing) == len(CHECKS) else f"`make {' '.join(sorted(missing))}`"


def _lost(service: Service) -> set[str]:
    """The parts that `make check` does not have: told once, where it is declared."""
    reached = effects(service, Command(("make", "check"), {}, 1))
    rules = made(service).rules
    return {part for part in CHECKS if f"make {part}" not in reached or part not in rules}


# What each part of `make check` must run, by program or module.
PARTS = {
    "lint": {"ruff", "mypy"},
    "lessons": {"kit"},
    "test": {"pytest"},
}


@check("CI-07")
def make_check_checks(service: Service) -> Iterator[Finding]:
    """The target has its three parts, and each of them can fail."""
    rules = made(service).rules
    lost = _lost(service)
    if "check" not in rules:
        yield Finding("CI-07", "Makefile", 1, "there is no `make check`")
    elif lost:
        path, line = rules["check"].path, rules["check"].line
        yield Finding("CI-07", path, line, f"`make check` does not run {_parts(lost)}")
    for part, programs in PARTS.items():
        if part in rules and part not in lost:
            yield from _part_checks(rules[part], part, programs)


def _parts(lost: set[str]) -> str:
    return " and ".join(f"`make {part}`" for part in CHECKS if part in lost)


def _part_checks(rule: Rule, part: str, programs: set[str]) -> Iterator[Finding]:
    """A part of `make check` runs its programs, and fails when they do."""
    ran = {name for command in rule.commands for name in (command.program, command.module)}
    for command in rule.commands:
        if command.unnoticed and {command.program, command.module} & programs:
            found = f"`make {part}` can't fail by `{command.program}`: {command.unnoticed}"
            yield Finding("CI-07", rule.path, command.line, found)
    for lacking in sorted(programs - ran):
        yield Finding("CI-07", rule.path, rule.line, f"`make {part}` does not run `{lacking}`")


# ── CI-08: what is deployed to dev is tested there ───────────────────────────


@check("CI-08")
def dev_is_tested(service: Service) -> Iterator[Finding]:
    path = ENTRIES["dev"]
    if path not in service.workflows:
        return
    run = Run(service, path, event_context(service, path, "push"))
    for job, act in _untested(run):
        useless = list(_useless(run, {INTEGRATION}))
        for at_act, why in useless:
            found = f"`{at_act.text}` tells nobody what fails in dev: {why}"
            yield Finding("CI-08", at_act.path, at_act.line, found)
        if not useless:
            told = f"no `make integration` follows `{act.text}` in dev"
            yield Finding("CI-08", job.path, act.line, told)


def _untested(run: Run) -> Iterator[tuple[Job, Act]]:
    """The steps that deploy, with no integration tests after them."""
    for job in run.jobs.values():
        if run.starts(job) is False:
            continue
        followed = any(
            _tests_dev(run, other) for other in run.jobs.values() if _follows(run, other, job)
        )
        inner = run.called(job)
        found = list(_untested(inner)) if inner else []
        for act in run.acts(job):
            later = [
                each for each in run.acts(job) if each.place >= act.place and each.line >= act.line
            ]
            if DEPLOYS in act.effects and not any(_is_test(run, each) for each in later):
                found.append((job, act))
        if not followed:
            yield from found


def _is_test(run: Run, act: Act) -> bool:
    return INTEGRATION in act.effects and not run.works(act)


def _tests_dev(run: Run, job: Job) -> bool:
    if not run.starts(job) or is_lenient(job.body):
        return False
    inner = run.called(job)
    return any(_is_test(run, act) for act in run.acts(job)) or (
        inner is not None and any(_tests_dev(inner, each) for each in inner.jobs.values())
    )


def _follows(run: Run, later: Job, job: Job, depth: int = 0) -> bool:
    """Whether a job waits for another."""
    return depth < 20 and any(
        each.id == job.id or _follows(run, each, job, depth + 1) for each in run.needs(later)
    )


@check("CI-08")
def integration_tests_can_fail(service: Service) -> Iterator[Finding]:
    rule = made(service).rules.get(INTEGRATION)
    if rule is None:
        yield Finding("CI-08", "Makefile", 1, "there is no `make integration`")
        return
    ran = [command for command in rule.commands if INTEGRATION in effects(service, command)]
    if not ran:
        told = "`make integration` does not test tests/integration"
        yield Finding("CI-08", rule.path, rule.line, told)
    for command in ran:
        if command.unnoticed:
            told = f"`make integration` can't fail: {command.unnoticed}"
            yield Finding("CI-08", rule.path, command.line, told)
