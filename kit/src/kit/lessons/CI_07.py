"""CI-07: Nothing is deployed that has not passed every check: documents, tests and lessons.

Why: The pipeline delivered whatever it was given.

Here: `pr_checks` and `build-and-deploy` both run `make check`, which has `lint`, `lessons` and
`test`.

Fix: Keep `make check` before the deployment, in its job or in one that it needs, without `if`,
`continue-on-error` and `|| true`, and its three parts in the `Makefile`.

Defended by: gate, preflight.
"""

from collections.abc import Collection, Iterable, Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.makefiles import Rule
from kit.gate.runs import ENTRIES, STRICTLY, Act, acts_of, deployments, effects, make_rules
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)
# The parts of `make check`, and what each runs, unless that is `python .kit check <part>`.
PARTS = {"lint": {"ruff", "mypy"}, "lessons": {"kit lessons"}, "test": {"pytest"}}


@LESSON.check
def deployments_are_checked(service: Service) -> Iterator[Finding]:
    for deployment in (d for d in deployments(service) if d.is_of_a_push):
        act = deployment.act
        message = f"the job {deployment.job.id} runs `{act.text}` without"
        yield from _unchecked(service, deployment.before, act.path, act.line, message)


@LESSON.check
def pull_requests_are_checked(service: Service) -> Iterator[Finding]:
    for job in service.jobs:
        elsewhere = "@" in str(job.body.get("uses"))
        if job.path in ENTRIES.values() and job.id == "pr_checks" and not elsewhere:
            acts = acts_of(service, job)
            yield from _unchecked(
                service, acts, job.path, job.line, f"the job {job.id} does not run"
            )


def _unchecked(
    service: Service, acts: Iterable[Act], path: str, line: int, message: str
) -> Iterator[Finding]:
    """The parts of `make check` that do not stop what follows these acts."""
    acts = list(acts)
    passed = {effect for act in acts if not act.problem() for effect in act.effects}
    # What `make check` itself lacks is reported once, in the Makefile.
    missing = _parts(effects(service, Command(("make", "check")))) - _parts(passed)
    useless = [act for act in acts if act.problem() and _parts(act.effects) & missing]
    for act in useless:
        message = f"`{act.text}` stops nothing: {act.problem()}"
        yield LESSON.finding(act.path, act.line, message, fix=STRICTLY)
    if missing and not useless:
        parts = "check" if len(missing) == len(PARTS) else " ".join(sorted(missing))
        fix = (
            f"Write a step `run: make {parts}` before it, or let its job wait for one that has it:"
            " `needs:`, without `if: always()`."
        )
        yield LESSON.finding(path, line, f"{message} `make {parts}`", fix=fix)


def _parts(does: Collection[str]) -> set[str]:
    """The parts of `make check` in these effects of commands."""
    return {
        part
        for part, programs in PARTS.items()
        if programs.issubset(does) or {"kit check", f"kit {part}"}.issubset(does)
    }


@LESSON.check
def make_check_checks(service: Service) -> Iterator[Finding]:
    """`make check` has its three parts, a target of its name each of them, and all can fail."""
    for target, parts in {"check": {*PARTS}, **{part: {part} for part in PARTS}}.items():
        rule = make_rules(service).get(target, Rule(target, "Makefile", 1))
        if missing := sorted(parts - _parts(effects(service, Command(("make", target))))):
            message = f"`make {target}` does not check {', '.join(missing)}"
            fix = f"Write `$(KIT) check {' '.join(sorted(parts))}` as the recipe of `{target}`."
            yield LESSON.finding(rule.path, rule.line, message, fix=fix)
        for command in (c for c in rule.commands if c.ignored):
            if effects(service, command) & {"kit check", *set().union(*PARTS.values())}:
                message = f"`make {target}` can't fail by `{command.text}`: {command.ignored}"
                yield LESSON.finding(rule.path, command.line, message, fix=STRICTLY)
