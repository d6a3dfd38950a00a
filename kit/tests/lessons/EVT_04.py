"""Cases of EVT-04."""

from cases import good, violation
from edits import Edit, Function
from edits.events import delete, mapping


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
