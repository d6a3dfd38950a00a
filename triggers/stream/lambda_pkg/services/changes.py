"""Changes of the table's items: what differs between before and after. Knows nothing of streams."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


class InvalidChangeError(ValueError):
    """The record is no change; the message says why. Trying again does not help."""


@dataclass(frozen=True)
class Change:
    """A change of an item. The id is its record's: the same id is the same change."""

    id: str
    detail: dict[str, Any]


def read(
    event_id: str,
    kind: str,
    keys: Mapping[str, Any] | None,
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any] | None,
    expired: bool = False,
) -> Change:
    """Describe what changed.

    Args:
        event_id: what identifies the record.
        kind: INSERT, MODIFY or REMOVE.
        keys: the item's keys.
        old: the item before, if there was one.
        new: the item after, if there is one.
        expired: DynamoDB deleted it because its time was up.

    Raises:
        InvalidChangeError: there is neither an old nor a new item.
    """
    if not keys or not (old or new):
        raise InvalidChangeError("no old and no new item: the stream must have both images")
    detail = {
        "change": kind,
        "keys": plain(keys),
        "changes": differences(old or {}, new or {}),
        "expired": expired,
    }
    return Change(event_id, detail)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Each attribute whose value differs, with both values; None stands for none."""
    return {
        name: {"old": plain(old.get(name)), "new": plain(new.get(name))}
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    }


def plain(value: Any) -> Any:
    """A value of DynamoDB as JSON has it: numbers, sets as lists, bytes in Base64."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, set):
        return sorted(map(plain, value))
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    return value
