"""Changes of items, as events tell of them. Knows nothing of EventBridge."""

from dataclasses import dataclass
from typing import Any

METRICS = {"INSERT": "ItemsCreated", "MODIFY": "ItemsChanged", "REMOVE": "ItemsDeleted"}


class InvalidChangeError(ValueError):
    """The event is no change. The message says why, and repeats nothing of it."""


@dataclass(frozen=True)
class Change:
    """A change of an item. The same id is the same change."""

    id: str
    metric: str


def read(event_id: str, detail: Any) -> Change:
    """Read an event's detail.

    Its `event_id` is the same again when its publisher publishes it again, while EventBridge has
    another id for each publication; that counts where the detail has none.

    Raises:
        InvalidChangeError: it does not say what kind of change it is.
    """
    kind = detail.get("change") if isinstance(detail, dict) else None
    if not isinstance(kind, str) or kind not in METRICS:
        raise InvalidChangeError(f"change is not one of {', '.join(METRICS)}")
    known_as = detail.get("event_id")
    is_known = isinstance(known_as, str) and known_as
    return Change(known_as if is_known else event_id, METRICS[kind])
