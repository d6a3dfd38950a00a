"""What this function has done, so that what comes again within a day is not done again."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
from botocore.exceptions import BotoCoreError, ClientError

from .aws import CONFIG

# Longer than any source in template.yaml tries to deliver an event.
MEMORY_SECONDS = 24 * 60 * 60
NOT_SAVED = (BotoCoreError, ClientError)


class DoneTable(DynamoDBPersistenceLayer):
    """The idempotency table."""

    def __init__(self, name: str, logger: Logger) -> None:
        """Use the table of that name, and log what could not be saved."""
        super().__init__(name, boto_config=CONFIG)
        self._logger = logger

    def _update_record(self, data_record: DataRecord) -> None:
        """Save that something is done. An error here would have it delivered again and done twice;
        without the record it is repeated only if the event is delivered again anyway.
        """
        try:
            super()._update_record(data_record)
        except NOT_SAVED:
            self._logger.warning("done, and not remembered", exc_info=True)
