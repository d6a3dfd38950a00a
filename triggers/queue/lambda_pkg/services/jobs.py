"""Jobs: what a message asks for, and what comes out of it. Knows nothing of SQS."""

from dataclasses import dataclass
from typing import Any

from ..utils.exact_json import loads

NAME_MAX_LENGTH = 200


class InvalidJobError(ValueError):
    """The message is no job. The error says why, and repeats nothing of it."""


@dataclass(frozen=True)
class Job:
    """A piece of work. Its sender gives the id: the same id is the same work."""

    id: str
    name: str


def read(body: str) -> Job:
    """Read a message's body.

    Raises:
        InvalidJobError: it is not JSON, or `id` or `name` is not text of a sensible length.
    """
    try:
        data = loads(body)
    except ValueError as error:
        raise InvalidJobError(f"the body is {error}") from None
    if not isinstance(data, dict):
        raise InvalidJobError("the body is not a JSON object")
    for field in ("id", "name"):
        value = data.get(field)
        if not isinstance(value, str) or not 1 <= len(value) <= NAME_MAX_LENGTH:
            raise InvalidJobError(f"{field} is not text of 1 to {NAME_MAX_LENGTH} characters")
    return Job(data["id"], data["name"])


def do(job: Job) -> dict[str, Any]:
    """Do the work, and say what came out of it. Yours to fill."""
    return {"id": job.id, "name": job.name.strip().title()}
