"""Periods of time that have ended. Knows nothing of schedules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


class InvalidTimeError(ValueError):
    """The time can't be read; the message says which. Trying again does not help."""


@dataclass(frozen=True)
class Day:
    """A day of UTC: from its start (included) to its end (not included), in ISO 8601."""

    start: str
    end: str


def day_before(scheduled_time: str) -> Day:
    """The day that had ended at that time, given in ISO 8601.

    The scheduled time counts, not the clock's: a run that is late or tried again is for the same day.

    Raises:
        InvalidTimeError: it is not a time with a time zone.
    """
    try:
        time = datetime.fromisoformat(scheduled_time)
    except (TypeError, ValueError) as error:
        raise InvalidTimeError(f"not a time in ISO 8601: {scheduled_time!r}") from error
    if time.tzinfo is None:
        raise InvalidTimeError(f"no time zone: {scheduled_time!r}")
    end = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Day((end - timedelta(days=1)).isoformat(), end.isoformat())
