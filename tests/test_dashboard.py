"""The dashboard shows every function and every queue, and is JSON that CloudWatch reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conftest import SAMPLES
from test_render import cloudformation, resources


def dashboard(service: Path) -> dict[str, list[list[Any]]]:
    """Title → metrics of each widget, with !Sub's references as they stand."""
    body = resources(service, "AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
    assert set(re.findall(r"\$\{(\w+)", body)) - {"AWS"} <= {*cloudformation(service)["Resources"]}
    widgets = [widget["properties"] for widget in json.loads(body)["widgets"]]
    assert all(widget["region"] == "${AWS::Region}" for widget in widgets)
    return {widget["title"]: widget["metrics"] for widget in widgets}


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_every_function_and_queue_is_shown(rendered_samples: dict[str, Path], name: str) -> None:
    service = rendered_samples[name]
    calls, errors, duration, *queues = dashboard(service).values()
    functions = [f"${{{resource}}}" for resource in resources(service, "AWS::Serverless::Function")]
    assert sorted(metric[3] for metric in calls) == sorted(functions)
    assert sorted(metric[3] for metric in duration) == sorted(functions)
    assert sorted(metric[3] for metric in errors) == sorted(2 * functions)
    assert {metric[1] for metric in errors} == {"Errors", "Throttles"}
    waiting = {metric[3] for metric in queues[0]} if queues else set()
    declared = resources(service, "AWS::SQS::Queue")
    assert waiting == {f"${{{item}.QueueName}}" for item in declared}


def test_many_functions_fit(orders: Callable[..., Path]) -> None:
    """CloudWatch takes 500 metrics in a widget, and a name for each line."""
    service = orders(functions=", ".join(f"f{n}:queue" for n in range(1, 31)))
    for metrics in dashboard(service).values():
        assert len(metrics) <= 500
        labels = [metric[4]["label"] for metric in metrics]
        assert len(set(labels)) == len(labels)
