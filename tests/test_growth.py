"""A stack grows towards CloudFormation's limits, with a warning long before."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from aws import expand
from conftest import SAMPLES


def gate(service: Path) -> ModuleType:
    """The service's tests of its template.yaml, imported: they read it as they are imported."""
    path = service / "tests" / "unit" / "test_template.py"
    specification = importlib.util.spec_from_file_location(f"gate_of_{service.name}", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_gate_counts_as_sam_does(rendered_samples: dict[str, Path], name: str) -> None:
    service = rendered_samples[name]
    assert gate(service).resources_after_sam() == len(expand(service)["Resources"])


@pytest.mark.parametrize(("count", "warns"), [(27, False), (28, True)])
def test_the_gate_warns_from_400_resources_on(
    orders: Callable[..., Path], count: int, warns: bool, recwarn: pytest.WarningsRecorder
) -> None:
    """IAC-14."""
    service = orders(functions=", ".join(f"f{n}:queue" for n in range(1, count + 1)))
    gate(service).test_the_stack_fits_into_cloudformation()
    assert any("split the service soon" in str(each.message) for each in recwarn) is warns


def test_the_gate_refuses_what_cloudformation_would(orders: Callable[..., Path]) -> None:
    service = orders(functions=", ".join(f"f{n}:queue" for n in range(1, 61)))
    with pytest.raises(AssertionError, match="a stack has at most 500"):
        gate(service).test_the_stack_fits_into_cloudformation()
