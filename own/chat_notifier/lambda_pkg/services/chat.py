"""A chat's incoming webhook, as Slack, Mattermost and Google Chat have it."""

import httpx

TIMEOUT_SECONDS = 5

# One for all calls: the next message goes through the same connection.
client = httpx.Client(timeout=TIMEOUT_SECONDS)


class ChatError(RuntimeError):
    """The chat did not take the message. What it says does not hold the webhook's address."""


def post(webhook: str, text: str) -> None:
    """Send a message.

    Raises:
        ChatError: the chat can't be reached, or answers with an error.
    """
    try:
        answer = client.post(webhook, json={"text": text})
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ChatError(f"the chat can't be reached: {type(error).__name__}") from None
    if not answer.is_success:
        raise ChatError(f"the chat answered {answer.status_code}")
