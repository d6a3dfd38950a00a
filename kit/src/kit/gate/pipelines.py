"""pipelines"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.runs import (
    CHECKS,
    Act,
    Run,
    is_lenient,
)
from kit.gate.service import Job

CHECKING, DEPLOYING = "pr_checks", "build-and-deploy"


def is_elsewhere(job: Job) -> bool:
    """Whether a job is a workflow of another repository, into which nobody can look."""
    return isinstance(uses := job.body.get("uses"), str) and "@" in uses


def checked_jobs(act: Act) -> set[str]:
    return {part for part in CHECKS if f"make {part}" in act.effects}


def why_useless(run: Run, wanted: set[str]) -> Iterator[tuple[Act, str]]:
    """The steps that would do something, were they not left out or ignored."""
    for job in run.jobs.values():
        if run.starts(job) is False:
            continue
        if inner := run.called(job):
            yield from why_useless(inner, wanted)
        ignored = is_lenient(job.body)
        for act in run.acts(job):
            why = run.works(act) or (
                "`continue-on-error` of its job lets it fail" if ignored else ""
            )
            if why and wanted & (checked_jobs(act) | act.effects):
                yield act, why
