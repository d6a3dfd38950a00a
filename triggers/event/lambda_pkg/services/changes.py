"""Changes of items, as events tell of them. Knows nothing of EventBridge."""

from dataclasses import dataclass
from typing import Any

METRICS = {"INSERT": "ItemsCreated", "MODIFY": "ItemsChanged", "REMOVE": "ItemsDeleted"}


class InvalidChangeError(ValueError):
    """The event is no change; the message says why. Trying again does not help."""


@dataclass(frozen=True)
class Change:
    """A change of an item. The id is its event's: the same id is the same change."""

    id: str
    metric: str


def read(event_id: str, detail: Any) -> Change:
    """Read an event's detail.

    Raises:
        InvalidChangeError: it does not say what kind of change it is.
    """
    kind = detail.get("change") if isinstance(detail, dict) else None
    if kind not in METRICS:
        raise InvalidChangeError(f"change is not one of {', '.join(METRICS)}: {kind!r}")
    return Change(event_id, METRICS[kind])
