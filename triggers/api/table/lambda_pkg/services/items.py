"""Items: an example of logic that knows a table, and nothing of Lambda or HTTP."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_dynamodb.service_resource import Table

NAME_MAX_LENGTH = 200
LIFETIME_SECONDS = 30 * 24 * 60 * 60


class InvalidItemError(ValueError):
    """The item breaks a rule; the message says which, and may be shown to a caller."""


class ItemNotFoundError(LookupError):
    """There is no such item."""


@dataclass(frozen=True)
class Item:
    """An item as callers see it. Times are seconds since the epoch."""

    id: str
    name: str
    created_at: int
    expires_at: int


class Items:
    """The items in a table."""

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        """Use `table`; `now` tells the time in seconds since the epoch."""
        self._table = table
        self._now = now

    def create(self, name: Any) -> Item:
        """Store a new item, which DynamoDB deletes some time after `expires_at`.

        Raises:
            InvalidItemError: the name is not text, empty or longer than NAME_MAX_LENGTH.
        """
        if not isinstance(name, str) or not 1 <= len(name.strip()) <= NAME_MAX_LENGTH:
            raise InvalidItemError(f"name must be text of 1 to {NAME_MAX_LENGTH} characters")
        if any("\ud800" <= character <= "\udfff" for character in name):
            raise InvalidItemError("name has half of a surrogate pair, which is no character")
        now = int(self._now())
        item = Item(
            id=str(uuid.uuid4()),
            name=name.strip(),
            created_at=now,
            expires_at=now + LIFETIME_SECONDS,
        )
        self._table.put_item(Item=self._key(item.id) | asdict(item))
        return item

    def get(self, item_id: str) -> Item:
        """Read an item.

        Raises:
            ItemNotFoundError: there is none, or it has expired (TTL deletes late).
        """
        try:
            item_id = str(uuid.UUID(item_id))
        except ValueError as error:
            raise ItemNotFoundError("no item has an id like this") from error
        row: dict[str, Any] | None = self._table.get_item(Key=self._key(item_id)).get("Item")
        if row is None or int(row["expires_at"]) <= self._now():
            raise ItemNotFoundError("there is no such item")
        return Item(
            id=row["id"],
            name=row["name"],
            created_at=int(row["created_at"]),
            expires_at=int(row["expires_at"]),
        )

    @staticmethod
    def _key(item_id: str) -> dict[str, str]:
        return {"pk": f"ITEM#{item_id}", "sk": "ITEM"}
