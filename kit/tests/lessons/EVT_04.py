"""Cases of EVT-04."""

from cases import fix, good, violation
from edits import Edit, Function
from edits.events import delete, mapping
from kit.gate.findings import Finding


@violation("a mapping has no FunctionResponseTypes")
def _(edit: Edit) -> None:
    _function, name = mapping(edit)
    delete(edit, name, "FunctionResponseTypes:")


@violation("the handler loops over the records, and reports nothing")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(event, handle, processor, context)\n",
        '    for record in event["Records"]:\n        handle(record)\n'
        '    return {"statusCode": 200}\n',
    )


@violation("the handler drops the answer")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(",
        "    process_partial_response(",
    )


@good("the handler reports the failed records without Powertools")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(event, handle, processor, context)\n",
        "    failed = []\n"
        '    for record in event["Records"]:\n        try:\n            handle(record)\n'
        '        except Exception:\n            failed.append({"itemIdentifier": record["messageId"]})\n'
        '    return {"batchItemFailures": failed}\n',
    )


@good("a batch of one fails whole")
def _(edit: Edit) -> None:
    _function, name = mapping(edit)
    text = edit.resource(name)
    size = next(line for line in text.splitlines() if "BatchSize:" in line)
    edit.in_resource(name, size, "      BatchSize: 1")
    delete(edit, name, "FunctionResponseTypes:")


def loses(edit: Edit, caught: str = "Exception") -> Function:
    """Let a record that fails be logged, and nothing more."""
    function, _name = mapping(edit)
    path = f"{function.code}/index.py"
    edit.sub(path, r"^(        logger\.exception\(.*\n)        raise\n", r"\1")
    edit.replace(path, "    except Exception:\n", f"    except {caught}:\n")
    return function


@violation("the error of a record is logged, and not raised")
def _(edit: Edit) -> None:
    loses(edit)


@violation("the error of a record is suppressed", "CD-10")
def _(edit: Edit) -> None:
    function = loses(edit)
    path = f"{function.code}/index.py"
    edit.sub(
        path,
        r"^    try:\n((?:        .*\n)+?)    except Exception:\n(?:        .*\n)+",
        r"    with suppress(Exception):\n\1",
    )
    edit.sub(path, r"^(from typing import )", r"from contextlib import suppress\n\1")


@good("only one kind of error is caught")
def _(edit: Edit) -> None:
    loses(edit, "ValueError")


@good("a failed record is kept elsewhere")
def _(edit: Edit) -> None:
    function = loses(edit)
    path = f"{function.code}/index.py"
    edit.sub(path, r"^(    except Exception:\n)", r"\1        failures.keep(record)\n")
    edit.replace(path, "\nprocessor = ", "\nfailures = jobs.Failures()\nprocessor = ")


@good("a second try, after the work, only logs")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.sub(
        f"{function.code}/index.py",
        r"^(    try:\n(?:        .*\n)+    except Exception:\n(?:        .*\n)+)",
        r"\1    try:\n        hint(record)\n    except Exception:\n"
        r'        logger.warning("no hint")\n',
    )


def fifo(edit: Edit) -> Function:
    """Make the queue of a function, and that of its dead letters, keep an order."""
    function = edit.function("queue")
    for name in (f"{function.pascal}Queue", f"{function.pascal}DeadLetterQueue"):
        text = edit.resource(name)
        named = next(line for line in text.splitlines() if "QueueName:" in line)
        edit.in_resource(name, named, f"{named}.fifo\n      FifoQueue: true")
    return function


@violation("a queue becomes a FIFO queue, and its processor ignores groups")
def _(edit: Edit) -> None:
    fifo(edit)


@good("a FIFO queue has the processor for groups")
def _(edit: Edit) -> None:
    path = f"{fifo(edit).code}/index.py"
    edit.replace(path, "    BatchProcessor,\n    EventType,\n", "    SqsFifoPartialProcessor,\n")
    edit.sub(
        path,
        r"^processor = BatchProcessor\([^()]*\)\n",
        "processor = SqsFifoPartialProcessor(skip_group_on_error=True)\n"
        "processor.raise_on_entire_batch_failure = False\n",
    )


@good("a FIFO queue has batches of one")
def _(edit: Edit) -> None:
    edit.in_resource(f"{fifo(edit).pascal}QueueMapping", "BatchSize: 10", "BatchSize: 1")


@violation("the handler takes the first record, by a helper")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    path = f"{function.code}/index.py"
    edit.replace(
        path,
        "    return process_partial_response(event, handle, processor, context)\n",
        "    handle(first(event))\n    return {'batchItemFailures': []}\n",
    )
    edit.replace(
        path,
        "\ndef handle(",
        "\ndef first(event: dict[str, Any]) -> Any:\n    records = event.get('Records') or [{}]\n"
        "    return records[0]\n\n\ndef handle(",
    )


@good("the source of the first record is logged, and all are handled")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(",
        '    logger.append_keys(source=event["Records"][0]["eventSourceARN"])\n'
        "    return process_partial_response(",
    )


@good("the processor is used as a context, and its response returned")
def _(edit: Edit) -> None:
    function, _name = mapping(edit)
    edit.replace(
        f"{function.code}/index.py",
        "    return process_partial_response(event, handle, processor, context)\n",
        '    with processor(records=event["Records"], handler=handle):\n'
        "        processor.process()\n    return processor.response()\n",
    )


@fix("Write `FunctionResponseTypes: [ReportBatchItemFailures]` there")
def _(edit: Edit, finding: Finding) -> None:
    text = "    Properties:\n      FunctionResponseTypes: [ReportBatchItemFailures]\n"
    edit.in_resource(str(finding.resource), "    Properties:\n", text)


@fix("Let a function take one record, and return `process_partial_response(")
def _(edit: Edit, finding: Finding) -> None:
    end = r'^    (?:for record in event\["Records"\]:\n.*\n.*|process_partial_response\(.*|handle\(first.*\n.*)\n'
    text = "    return process_partial_response(event, handle, processor, context)\n"
    edit.sub(finding.path, end, text)


@fix("Raise it again after the log entry (`raise`)")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^(        logger\.exception\(.*\n)", r"\1        raise\n")


@fix("Raise it again after the log entry", "the error of a record is suppressed")
def _(edit: Edit, finding: Finding) -> None:
    log = {"queue": "job", "stream": "change"}[edit.function("queue", "stream").trigger]
    handled = f'    except Exception:\n        logger.exception("{log} failed")\n        raise\n'
    edit.sub(
        finding.path,
        r"^    with suppress\(Exception\):\n((?:        .*\n)+)",
        rf"    try:\n\1{handled}",
    )


@fix("Take `SqsFifoPartialProcessor(skip_group_on_error=True)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(
        finding.path,
        r"BatchProcessor\([^()]*\)",
        "SqsFifoPartialProcessor(skip_group_on_error=True)",
    )
    edit.replace(
        finding.path, "    BatchProcessor,\n    EventType,\n", "    SqsFifoPartialProcessor,\n"
    )
