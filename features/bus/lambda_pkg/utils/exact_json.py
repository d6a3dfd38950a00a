"""JSON in which no number changes.

Whoever reads JSON mostly makes floats of its numbers, as Lambda does with events. DynamoDB's have
up to 38 digits. So a number that a float would change is written as text: "1234567890123456.78".
"""

import base64
import json
import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, SupportsBytes

UNREADABLE = (InvalidOperation, RecursionError, ValueError)


def loads(text: str) -> Any:
    """Read JSON. Numbers with a fraction or an exponent become Decimals: nothing is rounded.

    Raises:
        ValueError: it is not JSON. The message says where, and repeats nothing of it.
    """
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON at character {error.pos}") from None
    except UNREADABLE:
        problem = "not JSON: NaN or Infinity, or too many digits or levels"
        raise ValueError(problem) from None


def dumps(value: Any) -> str:
    """Write JSON: also Decimals, sets as sorted lists, and bytes in Base64."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return [_plain(each) for each in sorted(value, key=_rank)]
    if isinstance(value, SupportsBytes | bytearray):  # boto3's Binary, too
        return base64.b64encode(bytes(value)).decode()
    return value


def _number(value: float | Decimal) -> int | float | str:
    """A number for JSON, or its text: that of NaN and Infinity, too, which JSON does not have."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(Decimal(value))
    exact = Decimal(value)
    if not exact.is_finite() or not _is_kept(exact):
        return str(exact)
    is_integer = exact == exact.to_integral_value() and abs(exact) < 2**63
    return int(exact) if is_integer else float(exact)


def _is_kept(exact: Decimal) -> bool:
    """Whether a float, written again, is the same number."""
    nearest = float(exact)
    return math.isfinite(nearest) and Decimal(repr(nearest)) == exact


def _rank(value: Any) -> Any:
    return bytes(value) if isinstance(value, SupportsBytes) else value
