"""Notices: what comes over the topic, and what others in the service get to know. Knows nothing of SNS."""

import json
from dataclasses import dataclass
from typing import Any


class InvalidNoticeError(ValueError):
    """The message is no notice; the message says why. Trying again does not help."""


@dataclass(frozen=True)
class Notice:
    """A notice. The id is its message's: the same id is the same notice."""

    id: str
    subject: str
    content: dict[str, Any]


def read(message_id: str, subject: str | None, message: str) -> Notice:
    """Read a message.

    Raises:
        InvalidNoticeError: it is not a JSON object.
    """
    try:
        content = json.loads(message)
    except ValueError as error:
        raise InvalidNoticeError(f"the message is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise InvalidNoticeError("the message is not a JSON object")
    return Notice(message_id, subject or "", content)


def received(notice: Notice) -> dict[str, Any]:
    """What the rest of the service gets to know of it. Yours to fill."""
    return {"id": notice.id, "subject": notice.subject, "content": notice.content}
