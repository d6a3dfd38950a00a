"""A stack grows towards CloudFormation's limits, with a warning long before."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from aws import expand
from conftest import SAMPLES, render
from kit.gate import report
from kit.gate.run import Outcome, run
from kit.gate.service import Service
from kit.lessons.IAC_14 import resources_after_sam


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_gate_counts_as_sam_does(rendered_samples: dict[str, Path], name: str) -> None:
    service = rendered_samples[name]
    assert resources_after_sam(Service(service)) == len(expand(service)["Resources"])


def test_the_environment_fits_into_a_call_of_cloudformation(
    rendered_samples: dict[str, Path],
) -> None:
    """TemplateBody takes 51,200 bytes, as the quotas of CloudFormation say; a sixth is for additions."""
    paths = [service / "infra/environment.yaml" for service in rendered_samples.values()]
    assert max(path.stat().st_size for path in paths) < 51_200 * 5 / 6


def test_the_documents_say_how_many_functions_fit(template: Path, tmp_path: Path) -> None:
    """docs/architecture.md is about the functions that come: a second one of a trigger and more."""

    def fits(trigger: str, **answers: str) -> tuple[int, int]:
        """How many resources another function takes, and how many functions a stack has room for."""
        sizes = []
        for functions in (f"one:{trigger}", f"one:{trigger}, two:{trigger}"):
            folder = tmp_path / f"{len(list(tmp_path.iterdir()))}"
            service = render(
                template, folder, service_name="orders", functions=functions, **answers
            )
            sizes.append(len(expand(service)["Resources"]))
        one, two = sizes
        return two - one, 1 + (500 - one) // (two - one)

    tokens = {"jwt_issuer": "https://login.example.com/", "jwt_audience": "orders"}
    api, bucket = fits("api"), fits("bucket")
    with_tokens, with_chat = fits("api", **tokens), fits("bucket", alarm_chat_webhook="chat")
    page = (tmp_path / "0/docs/architecture.md").read_text("utf-8")
    numbers = [int(item) for item in re.findall(r"\d+", page.split("## Growth")[1])[:7]]
    more = with_tokens[0] - api[0], with_chat[0] - bucket[0]
    assert numbers == [500, api[0], bucket[0], *more, with_chat[1], api[1]]


def grown(orders: Callable[..., Path], count: int) -> Outcome:
    """What the gate says of a service with so many workers."""
    return run(orders(functions=", ".join(f"f{n}:queue" for n in range(1, count + 1))))


@pytest.mark.parametrize(("count", "warns"), [(23, False), (24, True)])
def test_the_gate_warns_from_400_resources_on(
    orders: Callable[..., Path], count: int, warns: bool
) -> None:
    """IAC-14: a warning is told, and fails nothing."""
    outcome = grown(orders, count)
    assert outcome.findings == []
    assert [warning.lesson for warning in outcome.warnings] == ["IAC-14"] * warns
    assert ("warning: template.yaml" in report.findings(outcome)) is warns
    assert ("split the service soon" in report.findings(outcome)) is warns


def test_the_gate_refuses_what_cloudformation_would(orders: Callable[..., Path]) -> None:
    said = report.findings(grown(orders, 60))
    assert "resources, and may have 500" in said
    assert "docs/architecture.md" in said
