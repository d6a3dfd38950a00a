"""Cases of RUN-09."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.runtime import in_handler, index, used
from kit.gate.findings import Finding

TRIGGERS = ("event", "topic", "bucket", "schedule")
SAVE = """from typing import Any

from aws_lambda_powertools import Logger

logger = Logger(child=True)


def save(table: Any, item: dict[str, str]) -> bool | None:
    try:
        table.put_item(Item=item)
    except {caught}:
        {told}
"""


def raised_no_more(edit: Edit, trigger: str, new: str = "") -> None:
    """Let the handler's last `raise` become something else."""
    path = index(edit.function(trigger))
    text = edit.read(path)
    before, found, after = text.rpartition("        raise\n")
    assert found
    edit.write(path, before + new + after)


def helper(
    edit: Edit, text: str, call: str = "fresh.save(None, event)", *triggers: str
) -> Function:
    """A module in services/, and a call of it at the beginning of the handler."""
    function = edit.function(*(triggers or TRIGGERS))
    used(edit, function, text)
    in_handler(edit, function, call)
    return function


@violation("the handler of an event logs what failed, and ends well")
def _(edit: Edit) -> None:
    raised_no_more(edit, "event")


@violation("the handler of a schedule answers its failure, as if it were asked")
def _(edit: Edit) -> None:
    new = '        return {"statusCode": 500, "body": json.dumps("failed")}\n'
    raised_no_more(edit, "schedule", new)


@violation("the handler of a bucket goes on with the next object after any failure")
def _(edit: Edit) -> None:
    function = edit.function("bucket")
    lines = 'for key in event.get("keys", []):\n        try:\n            publisher.publish(key)\n'
    in_handler(edit, function, f"{lines}        except Exception:\n            continue")


@violation("the handler of a topic suppresses whatever is raised")
def _(edit: Edit) -> None:
    function = edit.function("topic")
    in_handler(
        edit, function, "with contextlib.suppress(Exception):\n        publisher.publish([])"
    )
    edit.sub(index(function), r"^(from typing import )", r"import contextlib\n\1")


@violation("a helper logs that it could not save, and the handler goes on")
def _(edit: Edit) -> None:
    helper(edit, SAVE.format(caught="Exception", told='logger.exception("not saved")'))


@violation("a helper logs the error of AWS, and the handler goes on")
def _(edit: Edit) -> None:
    told = 'logger.error(f"not saved: {error}")'
    text = SAVE.format(caught="ClientError as error", told=told)
    helper(edit, f"from botocore.exceptions import ClientError\n{text}")


@violation("a helper returns True whatever happened")
def _(edit: Edit) -> None:
    told = "return True"
    call = "if not fresh.save(None, event):\n        raise RuntimeError"
    helper(edit, SAVE.format(caught="Exception", told=told), call)


@violation("what a record of a queue needs is lost in a helper")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    used(edit, function, SAVE.format(caught="Exception", told="pass"))
    edit.sub(index(function), r"^(def handle\(.*\n)", r"\1    fresh.save(None, {})\n")


@good("a helper says whether it saved, and its caller raises")
def _(edit: Edit) -> None:
    text = SAVE.format(caught="Exception", told='logger.exception("no")\n        return False')
    helper(edit, text, "if not fresh.save(None, event):\n        raise RuntimeError")


@good("a helper does without a hint, and says so in a warning")
def _(edit: Edit) -> None:
    helper(edit, SAVE.format(caught="Exception", told='logger.warning("no hint", exc_info=True)'))


@good("a helper tries three times, and raises then")
def _(edit: Edit) -> None:
    text = "from typing import Any\n\n\ndef save(table: Any, item: dict[str, str]) -> None:\n"
    text += "    for _attempt in range(3):\n        try:\n            return table.put_item(Item=item)\n"
    text += '        except Exception:\n            continue\n    raise RuntimeError("not saved")\n'
    helper(edit, text)


@good("an error of one kind is expected, another is raised")
def _(edit: Edit) -> None:
    told = 'if error.response["Error"]["Code"] != "ConditionalCheckFailedException":\n'
    text = SAVE.format(caught="ClientError as error", told=f"{told}            raise")
    helper(edit, f"from botocore.exceptions import ClientError\n{text}")


@good("what failed is collected, and raised after the last one")
def _(edit: Edit) -> None:
    lines = 'failed = []\n    for key in event.get("keys", []):\n        try:\n'
    lines += "            publisher.publish(key)\n        except Exception:\n"
    lines += '            logger.exception("failed")\n            failed.append(key)\n'
    in_handler(
        edit, edit.function("topic"), f"{lines}    if failed:\n        raise RuntimeError(failed)"
    )


SEND = """from typing import Any


def send(sqs: Any, url: str, entries: list[dict[str, str]]) -> None:
    {line}
"""
SENT = "sqs.send_message_batch(QueueUrl=url, Entries=entries)"


def sends(edit: Edit, line: str) -> None:
    used(edit, edit.function(), SEND.format(line=line))


@violation("messages are sent in batches, and the result is dropped")
def _(edit: Edit) -> None:
    sends(edit, SENT)


@violation("messages are deleted in batches, and the result is dropped")
def _(edit: Edit) -> None:
    sends(edit, "sqs.delete_message_batch(QueueUrl=url, Entries=entries)")


@violation("messages are hidden for longer in batches, and the result is dropped")
def _(edit: Edit) -> None:
    sends(edit, "sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)")


@violation("the result of a batch is logged, and nothing more")
def _(edit: Edit) -> None:
    sends(edit, f"print_me = {SENT}\n    assert print_me")


@violation("a function is invoked, and nobody looks whether it failed")
def _(edit: Edit) -> None:
    text = 'from typing import Any\n\n\ndef ask(client: Any) -> Any:\n    result = client.invoke(FunctionName="rates")\n'
    used(edit, edit.function(), f'{text}    return result["Payload"].read()\n')


KEEP = "from typing import Any\n\n\ndef keep(client: Any, requests: dict[str, Any]) -> None:\n"


@violation("many items are written to a table at once, and those that were not are forgotten")
def _(edit: Edit) -> None:
    used(edit, edit.function(), f"{KEEP}    client.batch_write_item(RequestItems=requests)\n")


@violation("many items are read from a table at once, and those that were not are forgotten")
def _(edit: Edit) -> None:
    used(edit, edit.function(), f"{KEEP}    client.batch_get_item(RequestItems=requests)\n")


@good("what was not sent is raised, and a resource writes batches itself")
def _(edit: Edit) -> None:
    sends(edit, f'if {SENT}.get("Failed"):\n        raise RuntimeError("not sent")')
    text = (
        "from typing import Any\n\n\ndef keep(table: Any, items: list[dict[str, Any]]) -> None:\n"
    )
    text += "    with table.batch_writer() as batch:\n        for item in items:\n            batch.put_item(Item=item)\n"
    used(edit, edit.function(), text, "keeping")


@good("a function is invoked for later, and a chain that is not of AWS")
def _(edit: Edit) -> None:
    text = 'from typing import Any\n\n\ndef ask(client: Any, chain: Any) -> Any:\n    client.invoke(FunctionName="x", InvocationType="Event")\n'
    used(edit, edit.function(), f'{text}    return chain.invoke({{"question": "x"}})\n')


# ── Fixes ──


@fix("Raise it again (`raise`)")
def _(edit: Edit, finding: Finding) -> None:
    """In place of what the handler of the exception ends with."""
    lines = edit.read(finding.path).splitlines(keepends=True)
    depth = len(lines[finding.line - 1]) - len(lines[finding.line - 1].lstrip())
    end = finding.line
    while end < len(lines) and lines[end].startswith(" " * (depth + 1)):
        end += 1
    lines.insert(end, f"{' ' * (depth + 4)}raise\n")
    kept = [
        line
        for line in lines[finding.line : end]
        if "continue" not in line and "return" not in line
    ]
    edit.write(finding.path, "".join([*lines[: finding.line], *kept, *lines[end:]]))


@fix("Raise it again", "the handler of a topic suppresses whatever is raised")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"suppress\(Exception\)", "suppress(KeyError)")


@fix("Send `")
def _(edit: Edit, finding: Finding) -> None:
    key = str(finding.fix).split("`")[1]
    edit.in_line(
        finding,
        r"^    (client.*)\n",
        "    for pause in (0.1, 0.2, 0.4):\n"
        rf'        requests = \1["{key}"]\n'
        "        if not requests:\n            return\n        time.sleep(pause)\n"
        "    raise RuntimeError(requests)\n",
    )
    edit.sub(finding.path, r"^(from typing import )", r"import time\n\1")


@fix("Read `")
def _(edit: Edit, finding: Finding) -> None:
    key = str(finding.fix).split("`")[1]
    edit.in_line(
        finding,
        r"^(    )(?:\w+ = )?(.*)\n",
        rf'\1result = \2\n    if result.get("{key}"):\n        raise RuntimeError(result)\n',
    )
