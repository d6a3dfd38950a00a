"""Notices: what comes over the topic, and what others in the service get to know. Knows nothing of SNS."""

from dataclasses import dataclass
from typing import Any

from ..utils.exact_json import loads


class InvalidNoticeError(ValueError):
    """The message is no notice. The error says why, and repeats nothing of it."""


@dataclass(frozen=True)
class Notice:
    """A notice. The id is its message's: the same id is the same notice."""

    id: str
    subject: str
    content: dict[str, Any]


def read(message_id: str, subject: str | None, message: str) -> Notice:
    """Read a message. Its numbers stay what they are: Decimals where they are no integers.

    Raises:
        InvalidNoticeError: it is not a JSON object.
    """
    try:
        content = loads(message)
    except ValueError as error:
        raise InvalidNoticeError(f"the message is {error}") from None
    if not isinstance(content, dict):
        raise InvalidNoticeError("the message is not a JSON object")
    return Notice(message_id, subject or "", content)


def received(notice: Notice) -> dict[str, Any]:
    """What the rest of the service gets to know of it. Yours to fill."""
    return {"id": notice.id, "subject": notice.subject, "content": notice.content}
