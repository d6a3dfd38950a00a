"""A service stays small enough to be read by its owner, and a lesson by whoever meets it."""

from __future__ import annotations

from pathlib import Path

from sizes import sizes


def test_a_default_service_stays_small(rendered_samples: dict[str, Path]) -> None:
    measured = sizes(rendered_samples["default"])
    assert measured.files <= 100
    assert measured.service <= 4200
    assert measured.largest_lesson <= 250
