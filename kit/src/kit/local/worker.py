"""Runs a function from its folder in src/, in a worker of the emulator, and reports each call to `make up`.

The emulator calls `handler`. Files that were saved since the last call are imported anew, so that
a change counts at once. What the function prints goes to the emulator's log groups, and line by
line to `make up`, with the request that it belongs to.
"""

import importlib
import importlib.util
import json
import os
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

FOLDER = Path(os.environ["KIT_FOLDER"])
MODULE, _, NAME = os.environ["KIT_HANDLER"].replace("/", ".").rpartition(".")
NAME_OF_FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
# What `make up` sends to learn whether a function starts.
LOAD = "kit.load"
# What `make call` wraps an event in: as on AWS, nothing retries an invocation that somebody waits for.
CALL = "kit.call"
state: dict[str, Any] = {"files": None, "handler": None, "request": ""}
feed: "socket.socket | None" = None
lock = threading.Lock()


def report(**fields: Any) -> None:
    """A line of JSON for `make up`; nothing where it does not listen."""
    global feed
    line = json.dumps({"function": NAME_OF_FUNCTION, **fields}, default=str) + "\n"
    with lock:
        try:
            if feed is None:
                host, _, port = os.environ["KIT_FEED"].partition(":")
                feed = socket.socket()
                feed.settimeout(1)
                feed.connect((host, int(port)))
            feed.sendall(line.encode())
        except (OSError, KeyError):
            feed = None


class Lines:
    """An output that reports its lines besides."""

    def __init__(self, output: TextIO) -> None:
        self.output, self.rest = output, ""

    def write(self, text: str) -> int:
        self.output.write(text)
        *whole, self.rest = (self.rest + text).split("\n")
        for line in whole:
            report(request=state["request"], log=line)
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.output, name)


def saved() -> dict[str, int]:
    """When each Python file of the function was saved."""
    return {str(path): path.stat().st_mtime_ns for path in FOLDER.rglob("*.py")}


def load() -> Any:
    """The function's handler, imported anew when a file was saved since."""
    files = saved()
    if files != state["files"]:
        for name, module in list(sys.modules.items()):
            if is_own_file(str(getattr(module, "__file__", None))):
                del sys.modules[name]
        for path in files:  # Python takes bytecode of the same second for that of the new file
            Path(importlib.util.cache_from_source(path)).unlink(missing_ok=True)
        importlib.invalidate_caches()
        state["handler"] = None
        state["handler"] = getattr(importlib.import_module(MODULE), NAME)
        state["files"] = files
    return state["handler"]


def is_own_file(path: str) -> bool:
    return path.startswith(f"{FOLDER}{os.sep}")


def explained(error: BaseException) -> dict[str, Any]:
    """An error with the line of the function's own code that it comes from, and its trace."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [number for number, frame in enumerate(frames) if is_own_file(frame.filename)]
    text = str(error)
    file, line = (frames[own[-1]].filename, frames[own[-1]].lineno) if own else (str(FOLDER), None)
    if isinstance(error, SyntaxError) and error.filename:
        file, line, text = error.filename, error.lineno, error.msg
    return {
        "error": f"{type(error).__name__}: {text}",
        "file": file,
        "line": line,
        # From the function's own code on: what called it is the same for every error.
        "trace": "".join(traceback.format_list(frames[own[0] :])) if own else "",
    }


def handler(event: Any, context: Any) -> Any:
    """What the function answers; an error as the function raised it."""
    begin = time.perf_counter()
    request = state["request"] = context.aws_request_id
    is_load = isinstance(event, dict) and LOAD in event
    is_call = isinstance(event, dict) and CALL in event
    if is_call:
        event = event[CALL]
    failure: dict[str, Any] = {}
    answer = None
    try:
        if not is_load:
            report(request=request, begin=time.time(), trigger=trigger(event))
        call = load()
        if is_load:
            return {}
        name_version(event)
        answer = call(event, context)
    except BaseException as error:
        failure = explained(error)
        if is_load:
            return failure
        raise
    finally:
        if not is_load:
            report(
                request=request,
                ms=round((time.perf_counter() - begin) * 1000, 1),
                result="error" if failure else outcome(event, answer),
                retry=[] if is_call else failed_messages(event, answer, failure),
                delivery=delivery(event),
                again=event if failure and delivery(event) and not is_call else None,
                **failure,
            )
    return answer


def name_version(event: Any) -> None:
    """Name the version of a new object, which the emulator's events lack and S3's have."""
    if not isinstance(event, dict) or event.get("detail-type") != "Object Created":
        return
    written = event.get("detail", {}).get("object", {})
    if "version-id" not in written:
        import boto3

        bucket = event["detail"]["bucket"]["name"]
        answer = boto3.client("s3").head_object(Bucket=bucket, Key=written["key"])
        if "VersionId" in answer:
            written["version-id"] = answer["VersionId"]


def records(event: Any) -> list[Any]:
    items = event.get("Records") if isinstance(event, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def delivery(event: Any) -> str:
    """The id of an event from a bus or a topic; nothing for others."""
    if isinstance(event, dict) and "detail-type" in event:
        return str(event.get("id"))
    notices = (item["Sns"] for item in records(event) if isinstance(item.get("Sns"), dict))
    return next((str(notice["MessageId"]) for notice in notices if "MessageId" in notice), "")


def trigger(event: Any) -> str:
    """What invoked the function, in a few words."""
    if not isinstance(event, dict):
        return "invoked"
    request = event.get("requestContext") or {}
    if "http" in request:
        query = event.get("rawQueryString")
        return f"{request['http']['method']} {event.get('rawPath')}{'?' + query if query else ''}"
    if "httpMethod" in event:
        return f"{event['httpMethod']} {event.get('path')}"
    items = records(event)
    if items:
        first = items[0]
        source = str(first.get("eventSource") or first.get("EventSource")).removeprefix("aws:")
        arn = first.get("eventSourceARN") or (first.get("Sns") or {}).get("TopicArn") or ""
        if source == "dynamodb":
            names = ", ".join(str(item.get("eventName")) for item in items[:3])
            return f"stream {arn.split('/')[1] if '/' in arn else ''}: {names}"
        number = f" ({len(items)} messages)" if len(items) > 1 else ""
        return f"{source} {arn.rpartition(':')[2]}{number}"
    if "detail-type" in event:
        return f"event {event['detail-type']} from {event.get('source')}"
    return "schedule" if "scheduled_time" in event else "invoked"


def outcome(event: Any, answer: Any) -> str:
    """A status code, how many records failed, or ok."""
    if isinstance(answer, dict):
        if isinstance(answer.get("statusCode"), int):
            return str(answer["statusCode"])
        if failures := answer.get("batchItemFailures"):
            return f"{len(failures)} of {len(records(event))} failed"
    return "ok"


def failed_messages(event: Any, answer: Any, failure: Any) -> list[list[str]]:
    """The queue and receipt of each message that its queue will deliver again."""
    failures = (answer or {}).get("batchItemFailures") or [] if isinstance(answer, dict) else []
    names = {item.get("itemIdentifier") for item in failures}
    return [
        [record["eventSourceARN"], record["receiptHandle"]]
        for record in records(event)
        if record.get("eventSource") == "aws:sqs"
        and {"eventSourceARN", "receiptHandle"} <= record.keys()  # which an example may lack
        and (failure or record.get("messageId") in names)
    ]


sys.stdout = sys.stderr = Lines(sys.stderr)
sys.path.insert(0, str(FOLDER))
for _name in ("KIT_FOLDER", "KIT_HANDLER"):
    os.environ.pop(_name)
os.environ["_HANDLER"] = f"{MODULE}.{NAME}"
