"""A stack grows towards CloudFormation's limits, with a warning long before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from aws import expand
from conftest import SAMPLES
from lessons import gate, report
from lessons.checks.infrastructure import resources_after_sam
from lessons.gate import Outcome
from lessons.service import Service


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_gate_counts_as_sam_does(rendered_samples: dict[str, Path], name: str) -> None:
    service = rendered_samples[name]
    assert resources_after_sam(Service(service)) == len(expand(service)["Resources"])


def grown(orders: Callable[..., Path], count: int) -> Outcome:
    """What the gate says of a service with so many workers."""
    return gate.run(orders(functions=", ".join(f"f{n}:queue" for n in range(1, count + 1))))


@pytest.mark.parametrize(("count", "warns"), [(23, False), (24, True)])
def test_the_gate_warns_from_400_resources_on(
    orders: Callable[..., Path], count: int, warns: bool
) -> None:
    """IAC-14: a warning is told, and fails nothing."""
    outcome = grown(orders, count)
    assert outcome.findings == []
    assert [each.lesson for each in outcome.warnings] == ["IAC-14"] * warns
    assert ("warning: template.yaml" in report.findings(outcome)) is warns
    assert ("split the service soon" in report.findings(outcome)) is warns


def test_the_gate_refuses_what_cloudformation_would(orders: Callable[..., Path]) -> None:
    said = report.findings(grown(orders, 60))
    assert "resources, and may have 500" in said
    assert "docs/architecture.md" in said
