"""Cases of RUN-07."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.runtime import api, index
from kit.gate.findings import Finding


def worker(edit: Edit) -> Function:
    return edit.function("event", "schedule", "queue", "stream", "bucket", "topic")


@violation("the decorator goes that makes a second time do nothing")
def _(edit: Edit) -> None:
    edit.sub(index(worker(edit)), r"^@idempotent_function\(.*\n", "")


@violation("the handler goes past the function that does it once")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.replace(
        index(function), "do(job=jobs.read(record.body))", "jobs.do(jobs.read(record.body))"
    )


@violation("a queue comes to a function that was made for requests")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    worker = edit.function("queue")
    text = f"""
{function.pascal}Jobs:
  Type: AWS::Lambda::EventSourceMapping
  Properties:
    EventSourceArn: !GetAtt {worker.pascal}Queue.Arn
    FunctionName: !Ref {function.logical_id}.Alias
    BatchSize: 1
    MaximumBatchingWindowInSeconds: 0
    ScalingConfig:
      MaximumConcurrency: 2
"""
    edit.declare(text)


@good("a condition on the table does what the decorator did")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    edit.sub(index(function), r"^@idempotent_function\(.*\n", "")
    edit.write(
        f"{function.code}/services/ledger.py",
        "from typing import Any\n\n\nclass Ledger:\n"
        "    def __init__(self, table: Any) -> None:\n        self._table = table\n\n"
        "    def enter(self, entry: str) -> None:\n"
        '        self._table.put_item(Item={"id": entry}, ConditionExpression="attribute_not_exists(id)")\n',
    )
    edit.replace(
        index(function),
        "    publisher.publish(",
        "    ledger.enter(job.id)\n    publisher.publish(",
    )
    edit.replace(index(function), "\nprocessor = ", "\nledger = Ledger(done.table)\nprocessor = ")
    edit.replace(
        index(function),
        "from .services import jobs\n",
        "from .services import jobs\nfrom .services.ledger import Ledger\n",
    )


@good("what is done once moves into a module of its own")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    text = edit.read(index(function))
    start, end = text.index("@idempotent_function"), text.index("def handle(")
    edit.write(index(function), text[:start] + text[end:])
    edit.replace(
        index(function),
        "from .services import jobs\n",
        "from .services import jobs\nfrom .services.once import do\n",
    )
    edit.write(
        f"{function.code}/services/once.py",
        text[: text.index("settings = ")]
        .replace("from .", "from ..")
        .replace("from ..services import jobs", "from . import jobs")
        + "\n"
        + text[start:end].rstrip()
        + "\n",
    )


@fix("Do the work in a function with `@idempotent_function`")
def _(edit: Edit, finding: Finding) -> None:
    decorator = (
        '@idempotent_function(data_keyword_argument="job", persistence_store=done, config=once)'
    )
    edit.sub(finding.path, r"^def do\(job", f"{decorator}\ndef do(job")


@fix("Do the work", "the handler goes past the function that does it once")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, "jobs.do(jobs.read(record.body))", "do(job=jobs.read(record.body))")


@fix("Do the work", "a queue comes to a function that was made for requests")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path)
    once = '@idempotent_function(data_keyword_argument="event", persistence_store=done)\n'
    once += "def answer_once(event: dict[str, Any], context: Any) -> Any:\n"
    once += "    return app.resolve(event, context)\n\n\n"
    text = text.replace("answer = app.resolve(event, context)", "answer = answer_once(event=event)")
    edit.write(finding.path, text.replace("@logger.inject", f"{once}@logger.inject"))


@good("an event is checked and logged, and nothing else is done")
def _(edit: Edit) -> None:
    function = edit.function("event")
    text = edit.resource(function.logical_id)
    start, end = text.index("      Policies:\n"), text.index("      # Lambda tries twice more")
    edit.replace("template.yaml", text[start:end], "")
    for path in edit.glob(f"{function.code}/*/*.py"):
        edit.delete(path)
    edit.write(
        index(function),
        "from typing import Any\n\nfrom aws_lambda_powertools import Logger\n\n"
        "from .settings import load_settings\n\n"
        "logger = Logger(stage=load_settings().stage, use_rfc3339=True)\n\n\n"
        "@logger.inject_lambda_context(clear_state=True)\n"
        "def lambda_handler(event: dict[str, Any], context: object) -> None:\n"
        '    if not event["detail"]:\n        raise ValueError("the event has no detail")\n'
        '    logger.info("event checked", event_id=event["id"])\n',
    )
