"""Entry point of the chat notifier: alarms and error logs in, messages to a chat out."""

import logging
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.data_classes import CloudWatchLogsEvent, SNSEvent
from aws_lambda_powertools.utilities.typing import LambdaContext

from .services import chat, messages
from .settings import load_settings
from .utils.aws import CONFIG

# The address of the webhook is a secret, and httpx logs addresses.
for name in ("httpx", "httpcore"):
    logging.getLogger(name).setLevel(logging.WARNING)

settings = load_settings()
# Service and level come from POWERTOOLS_SERVICE_NAME and LoggingConfig in template.yaml.
# Lambda reads the level of a line only beside a timestamp of RFC 3339.
logger = Logger(stage=settings.stage, use_rfc3339=True)
secrets = parameters.SecretsProvider(boto_config=CONFIG)


def texts(event: dict[str, Any]) -> list[str]:
    """What to tell, whichever of its two sources sent the event."""
    if "awslogs" in event:
        data = CloudWatchLogsEvent(event).parse_logs_data()
        return [messages.of_logs(data.log_group, [each.message for each in data.log_events])]
    return [
        messages.of_alarm(record.sns.subject, record.sns.message)
        for record in SNSEvent(event).records
    ]


@logger.inject_lambda_context(clear_state=True)
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> None:
    webhook = str(secrets.get(settings.chat_webhook_secret, max_age=300))  # seconds
    for text in texts(event):
        chat.post(webhook, text)
