"""Periods of time that have ended. Knows nothing of schedules."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NOT_A_TIME = (TypeError, ValueError)


class InvalidTimeError(ValueError):
    """The time can't be read. The message says why, and does not repeat it."""


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
    except NOT_A_TIME:
        # Not `from error`, which repeats the text: it would be in the log, with the trace.
        raise InvalidTimeError("scheduled_time is not a time in ISO 8601") from None
    if time.tzinfo is None:
        raise InvalidTimeError("scheduled_time has no time zone")
    end = time.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Day((end - timedelta(days=1)).isoformat(), end.isoformat())
