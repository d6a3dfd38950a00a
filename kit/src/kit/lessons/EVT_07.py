"""EVT-07: A schedule is one that EventBridge takes, a minute or longer; what must come more often reads
a queue that a schedule fills.

Why: EventBridge has nothing below a minute, and says so only when it is deployed.

Here: Each schedule in `template.yaml`, if the service has any.

Fix: Write `rate(5 minutes)`, or `cron(0 3 * * ? *)`: minute, hour, day of the month, month, day of
the week (1 is Sunday), year, with `?` for one of the days.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.template import leaves

LESSON = Lesson.read(__doc__)

# https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
KEYS = {"Schedule", "ScheduleExpression"}
SCHEDULE = re.compile(r"(rate|cron|at)\((.*)\)")
FIELDS = {
    "minute": r"[0-5]?\d",
    "hour": r"[01]?\d|2[0-3]",
    "day of the month": r"0?[1-9]|[12]\d|3[01]|L|(?:[1-9]|[12]\d|3[01]|L)W",
    "month": r"0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC",
    "day of the week": r"(?:[1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(?:L|#[1-5])?|L",
    "year": r"19[7-9]\d|2[01]\d\d",
}
SHORT = "EventBridge has nothing below a minute"
QUEUE = (
    "Let a schedule of a minute put messages with a delay into a queue, and a function take them."
)


@LESSON.check
def schedules_are_taken(service: Service) -> Iterator[Finding]:
    """Each schedule is one that EventBridge takes."""
    for key, text, line in leaves(service.template):
        schedule = SCHEDULE.fullmatch(text.strip())
        if "${" not in text and (schedule or (key in KEYS and " " in text)):
            problem, fix = _problem(*schedule.groups()) if schedule else ("it is no schedule", "")
            if problem:
                message = f"`{key}` is `{text}`, and {problem}"
                yield LESSON.finding(TEMPLATE, line, message, fix=fix or None)


def _problem(kind: str, inside: str) -> tuple[str, str]:
    """Why EventBridge does not take a schedule, and what to do; empty if it does."""
    fields = inside.split()
    if kind == "at":
        is_time = re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", inside)
        return ("", "") if is_time else ("that is no time", "Write `at(yyyy-mm-ddThh:mm:ss)`.")
    if re.match(r"[\d.]+ *(milli)?seconds?$|0?\.", inside) or len(fields) == 7:
        return SHORT, QUEUE
    if kind == "rate":
        rate = re.fullmatch(r"([1-9]\d*) (minute|hour|day)s?", inside)
        if not rate:
            return "that is no rate", ""
        right = f"rate({rate[1]} {rate[2]}{'s' if rate[1] != '1' else ''})"
        is_right = right == f"rate({inside})"
        return ("", "") if is_right else ("the unit is wrong", f"Write `{right}`.")
    if len(fields) != len(FIELDS):
        return f"a cron(…) has six fields, not {len(fields)}", ""
    for (name, value), field in zip(FIELDS.items(), fields, strict=True):
        item = rf"(?:\*|(?:{value})(?:-(?:{value}))?)(?:/\d+)?"
        is_open = field == "?" and "day" in name
        if not is_open and not re.fullmatch(rf"{item}(?:,{item})*", field, re.IGNORECASE):
            return f"`{field}` is no {name}", ""
    minute, hour, day, month, weekday, year = fields
    if [day, weekday].count("?") != 1:
        days = f"{day.replace('?', '*')} {month} ?" if weekday in "*?" else f"? {month} {weekday}"
        return "one of its two days must be `?`", f"Write `cron({minute} {hour} {days} {year})`."
    return "", ""
