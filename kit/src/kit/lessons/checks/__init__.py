"""The checks, by the sections of docs/lessons.md. Importing them declares their checks."""

from . import (
    access,
    answers,
    delivery,
    dependencies,
    documents,
    events,
    imports,
    infrastructure,
    permissions,
    pipelines,
    readmes,
    references,
    routes,
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
    "imports",
    "infrastructure",
    "permissions",
    "pipelines",
    "readmes",
    "references",
    "routes",
    "runtime",
    "secrets",
    "structure",
]
