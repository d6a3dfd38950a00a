"""Whatever goes into the JSON of a function comes out of it as the same number, or as its text."""

from __future__ import annotations

import importlib.util
import json
import math
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT


def load(path: Path) -> ModuleType:
    """A module that is the same in every service, from where it is written."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


exact_json = load(ROOT / "features/bus/lambda_pkg/utils/exact_json.py")
messages = load(ROOT / "own/chat_notifier/lambda_pkg/services/messages.py")

# Numbers as DynamoDB has them: 38 digits, from 1E-130 to 9.9…E+125.
DYNAMODB = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.integers(-130, 87),
)
NUMBERS = DYNAMODB | st.floats() | st.integers() | st.decimals(allow_nan=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LEAVES = NUMBERS | TEXTS | st.booleans() | st.none() | st.binary() | st.sets(DYNAMODB)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=10
)


def as_decimal(number: Any) -> Decimal:
    return Decimal(repr(number)) if isinstance(number, float) else Decimal(number)


@given(NUMBERS)
def test_a_number_is_the_same_for_whoever_reads_floats(number: Any) -> None:
    text = exact_json.dumps(number)
    read = json.loads(text, parse_int=float, parse_constant=pytest.fail)
    expected = as_decimal(number)
    if isinstance(read, str):
        assert str(as_decimal(read)) == str(expected)
        nearest = float(expected) if not expected.is_snan() else math.nan
        assert not math.isfinite(nearest) or Decimal(repr(nearest)) != expected
    else:
        assert as_decimal(read) == expected == as_decimal(exact_json.loads(text))


@given(st.sets(DYNAMODB, min_size=1))
def test_a_set_keeps_every_number(numbers: set[Decimal]) -> None:
    read = exact_json.loads(exact_json.dumps(numbers))
    assert list(map(as_decimal, read)) == sorted(numbers)


@given(VALUES)
def test_whatever_json_can_hold_is_written(value: Any) -> None:
    exact_json.loads(exact_json.dumps(value))


@given(st.text(max_size=200) | VALUES.map(lambda value: json.dumps(value, default=str)))
def test_whatever_is_read_is_json_or_an_error(text: str) -> None:
    try:
        read = exact_json.loads(text)
    except ValueError as error:
        problem = str(error)
    else:
        problem = "not JSON"  # it is
        json.loads(exact_json.dumps(read), parse_constant=pytest.fail)
    assert problem.startswith("not JSON")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
KEYS = ["message", "record", "requestId", "errorType", "errorMessage", "exception_name", "status"]


@given(st.text() | st.dictionaries(st.sampled_from(KEYS), JSON).map(json.dumps))
def test_the_chat_notifier_reads_any_line(line: str) -> None:
    text = messages.of_line(line)
    assert len(text.encode().decode()) <= messages.LINE_LENGTH
