"""Edits that break one lesson, as developers commit them, and edits that look like it and are well.

One module for each section of the catalogue. Each edit is made to a copy of the smallest sample
that it fits, each night of every one; the gate must then name exactly the lesson of a mutant, and
nothing for an innocent.
"""

from __future__ import annotations

from . import (
    access,
    delivery,
    dependencies,
    documents,
    events,
    infrastructure,
    pipelines,
    references,
    runtime,
    secrets,
    structure,
)
from .edits import CASES, Case, Edit, NotHereError

__all__ = [
    "CASES",
    "Case",
    "Edit",
    "NotHereError",
    "access",
    "delivery",
    "dependencies",
    "documents",
    "events",
    "infrastructure",
    "pipelines",
    "references",
    "runtime",
    "secrets",
    "structure",
]
