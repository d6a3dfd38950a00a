"""What the cases of several lessons share: events."""

from __future__ import annotations

from edits import Edit, Function


def cut(edit: Edit, logical_id: str, start: str, end: str = "") -> None:
    """Take out of a resource what is from `start` up to `end`, or the line alone."""
    text = edit.resource(logical_id)
    first = text.index(start)
    first = text.rindex("\n", 0, first) + 1
    last = text.index(end, first) if end else text.index("\n", first) + 1
    last = text.rindex("\n", 0, last) + 1 if end else last
    edit.in_resource(logical_id, text[first:last], "")


ASYNCHRONOUS = ("event", "schedule", "bucket", "topic")


def mapping(edit: Edit) -> tuple[Function, str]:
    """A function that takes batches, and its mapping."""
    function = edit.function("queue", "stream")
    return function, f"{function.pascal}{function.trigger.capitalize()}Mapping"
