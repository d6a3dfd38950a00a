"""The one way in which this function publishes events: the result of each is checked.

Each gets out at least once. When the answer of PutEvents is lost, or when one of several events
fails, all of them are published again: `event_id` in their detail is the same then.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3

from .aws import CONFIG
from .exact_json import dumps

if TYPE_CHECKING:
    from types_boto3_events.client import EventBridgeClient
    from types_boto3_events.type_defs import PutEventsRequestEntryTypeDef

ENTRIES_PER_CALL = 10  # the most that PutEvents takes
ATTEMPTS = 3


class PublishError(RuntimeError):
    """Some events could not be published; the message says how many, and why."""


@dataclass(frozen=True)
class Event:
    """What happened.

    Args:
        detail_type: its type, as rules match it.
        detail: what JSON can hold, and what DynamoDB has: Decimals, sets and bytes.
        id: names what is told of, among what this function publishes by this type: of the same
            message or change it is the same again. Consumers skip an id that they know.
    """

    detail_type: str
    detail: dict[str, Any]
    id: str


class Publisher:
    """Publishes events to a bus."""

    def __init__(
        self,
        bus_name: str,
        source: str,
        client: EventBridgeClient | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Publish to the bus of that name as `source`; `sleep` waits for so many seconds."""
        self._bus_name = bus_name
        self._source = source
        self._client = client or boto3.client("events", config=CONFIG)
        self._sleep = sleep
        self._function = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")

    def publish(self, events: Sequence[Event]) -> None:
        """Publish all events. PutEvents succeeds even if it took none of them, and says so
        entry by entry: what failed is tried again, and only that.

        Raises:
            PublishError: some failed on every attempt. The others are published.
        """
        failed: list[str] = []
        for start in range(0, len(events), ENTRIES_PER_CALL):
            failed += self._put([self._entry(each) for each in events[start:][:ENTRIES_PER_CALL]])
        if failed:
            raise PublishError(
                f"{len(failed)} of {len(events)} events were not published to {self._bus_name}"
                f" after {ATTEMPTS} attempts: {', '.join(sorted(set(failed)))}"
            )

    def _put(self, entries: list[PutEventsRequestEntryTypeDef]) -> list[str]:
        """Put one call's entries, and return the error codes of those that stayed failed."""
        codes: list[str] = []
        for attempt in range(ATTEMPTS):
            if attempt:
                # Whoever was throttled together should not come back together.
                self._sleep(0.1 * 2**attempt * random.uniform(0.5, 1))  # noqa: S311
            results = self._client.put_events(Entries=entries)["Entries"]
            pairs = list(zip(entries, results, strict=True))
            codes = [result["ErrorCode"] for result in results if "ErrorCode" in result]
            entries = [entry for entry, result in pairs if "ErrorCode" in result]
            if not entries:
                break
        return codes

    def _entry(self, event: Event) -> PutEventsRequestEntryTypeDef:
        # EventBridge gives each publication an id of its own: only this one comes again.
        event_id = f"{self._function}/{event.detail_type}/{event.id}"
        return {
            "EventBusName": self._bus_name,
            "Source": self._source,
            "DetailType": event.detail_type,
            "Detail": dumps({**event.detail, "event_id": event_id}),
        }
