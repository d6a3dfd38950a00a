"""Batches of a stream, in which each item keeps its order."""

import json
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor


class EarlierChangeFailedError(Exception):
    """An earlier change of the same item failed, so this one was not tried."""


class ItemOrderProcessor(BatchProcessor):
    """Tries no more changes of an item once one of them failed, and reports all of these as failed.

    BatchProcessor would go on with the next change, as if the items were independent: Lambda
    delivers the failed one again, with what is behind it, and it would come out last.
    """

    def _prepare(self) -> None:
        super()._prepare()  # type: ignore[no-untyped-call]
        self._failed_items: set[str] = set()

    def _process_record(self, record: dict[str, Any]) -> Any:
        item = json.dumps(record.get("dynamodb", {}).get("Keys"), sort_keys=True)
        if item in self._failed_items:
            data = self._to_batch_type(record, self.event_type)
            error = EarlierChangeFailedError("an earlier change of this item failed")
            return self.failure_handler(data, (type(error), error, None))
        outcome = super()._process_record(record)
        if outcome[0] == "fail":
            self._failed_items.add(item)
        return outcome
