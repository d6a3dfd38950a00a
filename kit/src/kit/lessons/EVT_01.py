"""EVT-01: A function has one trigger, of seven that are done well, and reads what that one sends.

Why: Every function was wired in another way, and each had its own mistakes: code that had been
copied looked for `Records` in an event that has none.

Here: `functions` in `.copier-answers.yml`; `make add-function NAME=… TRIGGER=…`; `index.py` of each
function.

Fix: Make a function for each trigger, and read the event as its trigger sends it: `events/` has
examples.

Defended by: prompt, gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.payloads import PAYLOADS, READERS, Read, Trigger, reads_of, triggers
from kit.gate.python_names import handlers
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

# Where code finds what it wants, by the kind of payload.
CONTENTS = {
    "Api": '`event["httpMethod"]`, `event["path"]` and `event["requestContext"]`',
    "HttpApi": '`event["requestContext"]["http"]` and `event["rawPath"]`',
    "EventBridge": '`event["detail"]`',
    "S3": '`record["s3"]` of each of `event["Records"]`',
    "SNS": '`record["Sns"]["Message"]` of each of `event["Records"]`',
    "SQS": '`record["body"]` of each of `event["Records"]`',
    "DynamoDB": '`record["dynamodb"]` of each of `event["Records"]`',
    "Kinesis": '`record["kinesis"]["data"]` of each of `event["Records"]`',
}
# What payload 2.0 of HTTP APIs has in place of what payload 1.0 had.
RENAMED = {
    "claims": '`authorizer["jwt"]["claims"]`',
    "httpMethod": '`event["requestContext"]["http"]["method"]`',
    "identity": '`event["requestContext"]["http"]`',
    "path": '`event["rawPath"]`',
    "resource": '`event["routeKey"]`',
}
# What code may ask any event for, to know its kind.
MARKS = {"account", "detail-type", "eventSource", "id", "region", "source", "time", "version"}


@LESSON.check
def handlers_read_what_is_sent(service: Service) -> Iterator[Finding]:
    """No code reads of its event what only other triggers send."""
    for function, code, handler in handlers(service):
        known = triggers(service, function) if handler else []
        if not handler or not known:
            continue
        reads = reads_of(code, handler)
        for read in reads:
            right = _spelling(read, known)
            if right or _is_foreign(read, reads, known):
                kind, name = known[0].kind, known[0].source.name
                what = f"{read.place}.{read.key}".strip(".")
                if read.how == "class":
                    message = f"reads its event as `{what}`, which {name} does not send"
                    names = [name for name, reads_kind in READERS.items() if reads_kind == kind]
                    alike = [name for name in names if name[-5:] == read.key[-5:]] or names
                    is_type = alike[0] in ("SQS", "DynamoDBStreams", "KinesisDataStreams")
                    fix = f"Take `{'EventType.' if is_type else ''}{alike[0]}`."
                elif read.how == "json":
                    message = f"parses `{what or 'event'}` as text, which {name} sends as an object"
                    fix = "Read its keys as they are, without `loads`."
                else:
                    message = f"reads `{what}`, which {name} does not send"
                    fix = f"Read `{right}`." if right else f"Read {_contents(known[0], read)}."
                yield LESSON.finding(read.where.module.path, read.line, message, fix=fix)


def _contents(trigger: Trigger, read: Read) -> str:
    if trigger.kind not in CONTENTS:
        keys = ", ".join(f"`{key}`" for key in sorted(trigger.keys[""]))
        return f"what its `Input` has: {keys}"
    renamed = RENAMED.get(read.key) if trigger.kind == "HttpApi" else None
    return renamed or CONTENTS[trigger.kind]


def _spelling(read: Read, known: list[Trigger]) -> str | None:
    """How a key is really spelled where code reads `detail_type`, `versionId` or `message`."""
    keys = {key for trigger in known for key in trigger.keys.get(read.place, {"*"})}
    if read.how == "in" or {"*", read.key} & keys:
        return None
    return next((key for key in keys if _plain(key) == _plain(read.key)), None)


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())


def _is_foreign(read: Read, reads: list[Read], known: list[Trigger]) -> bool:
    """Whether only payloads of others have that."""
    if read.how == "class":
        return READERS[read.key] not in {trigger.kind for trigger in known}
    if read.how == "json":
        return all(read.place in trigger.keys for trigger in known)
    allowed = [trigger.keys.get(read.place, {"*"}) for trigger in known]
    if read.how == "in" or read.key == "0" or any({"*", read.key} & keys for keys in allowed):
        return False
    # Code that looks first whether it has another event: if "Records" in event
    if any(
        r.how == "in" and r.place == read.place and r.key in set().union(*allowed) for r in reads
    ):
        return False
    asked = {(other.place, other.key) for other in reads if other.how != "[]"}
    if read.how == "[]" and (read.place, read.key) not in asked:
        return True
    # Code that is asking is for several triggers, if it also reads what only this one sends.
    others = [
        places
        for places in PAYLOADS.values()
        if read.key in places.get(read.place, "").split() and read.key not in MARKS
    ]
    mine = {(r.place, r.key) for r in reads if r.how != "class" and r.key not in MARKS}
    own = {
        (place, key) for trigger in known for place, keys in trigger.keys.items() for key in keys
    }
    return any(
        not any(key not in places.get(place, "").split() for place, key in mine & own)
        for places in others
    )
