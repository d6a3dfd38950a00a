"""CI-06: One deployment per environment runs at a time, and a newer push waits for it.

Why: A push cancelled a running deployment, and the stack was stuck in the middle of an update.

Here: `concurrency` of `dev_cicd.yml` and `prod_cicd.yml`.

Fix: Give deploying workflows a `concurrency` group for the environment, with `cancel-in-progress`
false on a push.

Defended by: gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kit.gate.expressions import Context, filled
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import (
    DEPLOYS,
    ENTRIES,
    PULL_REQUESTS,
    Run,
    event_context,
    started,
)
from kit.gate.service import Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


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


@LESSON.check
def deployments_wait(service: Service) -> Iterator[Finding]:
    """What deploys has a group that is the same for each run, and in which nothing is cancelled."""
    for run, event in started(service):
        for way in _ways(run) if event not in PULL_REQUESTS else ():
            levels = [level for level in way if "concurrency" in level.body]
            if not levels:
                line = line_of(run.workflow, "jobs")
                found = f"deploys on {event} without a `concurrency` group"
                yield LESSON.finding(run.path, line, found)
            for level in levels:
                if "cancels" in (problem := level.problem(event)):
                    yield LESSON.finding(level.path, level.line, problem)
            if levels and all(level.problem(event).startswith("each run") for level in levels):
                yield LESSON.finding(levels[0].path, levels[0].line, levels[0].problem(event))


@LESSON.check
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
                yield LESSON.finding(level.path, level.line, found)
