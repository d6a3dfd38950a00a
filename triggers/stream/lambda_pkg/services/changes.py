"""Changes of the table's items: what differs between before and after. Knows nothing of streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..utils.exact_json import dumps


class InvalidChangeError(ValueError):
    """The record is no change. The message says why, and repeats nothing of it."""


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
        "keys": keys,
        "changes": differences(old or {}, new or {}),
        "expired": expired,
    }
    return Change(event_id, detail)


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Each attribute whose value differs, with both values; None stands for none."""
    return {
        name: {"old": old.get(name), "new": new.get(name)}
        for name in sorted(old.keys() | new.keys())
        if (name in old) != (name in new) or differ(old.get(name), new.get(name))
    }


def differ(old: Any, new: Any) -> bool:
    """Whether two values differ for Python, or as JSON: only there True is something else than 1."""
    return bool(old != new) or dumps(old) != dumps(new)
