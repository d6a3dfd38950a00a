"""One module for each section of docs/lessons.md. Importing them declares their checks."""

from . import (
    access,
    answers,
    delivery,
    dependencies,
    documents,
    events,
    infrastructure,
    pipelines,
    runtime,
    secrets,
    structure,
)

__all__ = [
    "access",
    "answers",
    "delivery",
    "dependencies",
    "documents",
    "events",
    "infrastructure",
    "pipelines",
    "runtime",
    "secrets",
    "structure",
]
