"""Cases of SEC-05."""

from cases import fix, good, violation
from edits import Edit
from edits.secrets import forget, module, reader, secret
from kit.gate.findings import Finding

LOGGER = "from aws_lambda_powertools import Logger\n\nlogger = Logger(child=True)\n\n\n"


@violation("Powertools logs each event")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().code}/index.py", "clear_state=True", "clear_state=True, log_event=True"
    )


@violation("a variable lets Powertools log each event")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "POWERTOOLS_LOGGER_LOG_EVENT", '"true"')


@violation("the event is logged while somebody looks for a mistake")
def _(edit: Edit) -> None:
    path = f"{edit.function('queue', 'event', 'schedule').code}/index.py"
    edit.sub(path, r"^    once\.register_lambda_context\(context\)\n",
             '    once.register_lambda_context(context)\n    logger.debug("got", event=event)\n')  # fmt: skip


@violation("the event is logged under another name")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(event: dict[str, Any]) -> None:\n"
        '    whole = event\n    logger.info("got", data=whole)\n',
    )


@violation("an address of a customer is logged as something else")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(customer: dict[str, Any]) -> None:\n"
        '    to = customer["email"]\n    logger.info("mail sent", to=to)\n',
    )


@violation("a loop over parts of an event logs them")
def _(edit: Edit) -> None:
    module(
        edit,
        "import json\nfrom typing import Any\n\n" + LOGGER
        + "def trace(event: dict[str, Any]) -> None:\n"
        '    for payload in event["Records"]:\n        logger.info("got", data=json.dumps(payload))\n',
    )  # fmt: skip


INVOICE = """from dataclasses import asdict, dataclass
from typing import Any

from aws_lambda_powertools import Logger

logger = Logger(child=True)


@dataclass(frozen=True)
class Invoice:
    id: str
    email: str


@dataclass(frozen=True)
class Summary:
    id: str
    lines: int


def summary_of(invoice: Invoice) -> Summary:
    return Summary(invoice.id, 1)


def trace(invoice: Invoice, customer: dict[str, Any], row: Any, address: str) -> None:
    summary = summary_of(invoice)
"""


def logs(edit: Edit, *lines: str) -> None:
    """Add a module whose function logs something of an invoice, a customer and an address."""
    module(edit, INVOICE + "".join(f"    {line}\n" for line in [*lines, "assert summary"]))


@violation("an object is logged whole, by vars")
def _(edit: Edit) -> None:
    logs(edit, 'logger.info("sent", invoice=vars(invoice))')


@violation("an object of no known class is logged whole")
def _(edit: Edit) -> None:
    logs(edit, 'logger.debug("read %s", row.__dict__)')


@violation("an object with an address is logged as its text")
def _(edit: Edit) -> None:
    logs(edit, 'logger.info(f"sent {invoice}")')


@violation("a mapping of a customer is logged")
def _(edit: Edit) -> None:
    logs(edit, "data = {**customer}", 'logger.info("sent", extra={"customer": customer})')


@violation("a mapping is filled with an address and logged")
def _(edit: Edit) -> None:
    logs(edit, 'data = {"id": "1"}', 'data["email"] = address', 'logger.info("sent", data=data)')


@violation("an address is logged under its name")
def _(edit: Edit) -> None:
    logs(edit, 'logger.info("sent", email=address.lower())')


@good("a dictionary of ids is called payload, and an object without personal fields is logged")
def _(edit: Edit) -> None:
    logs(
        edit,
        'payload = {"id": invoice.id, "lines": summary.lines}',
        'logger.info("sent", payload=payload, domain=address.split("@")[1])',
        'logger.info("sent", **asdict(summary))',
        'logger.info("sent", summary=summary, customer=customer["id"], row=vars(summary))',
    )


@good("what is masked is logged, what is there, and names of events")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def mask(text: str) -> str:\n"
        '    return text[:1] + "***"\n\n\ndef trace(customer: dict[str, Any], token: str) -> None:\n'
        '    email = mask(customer["email"])\n    has_token = bool(token)\n'
        '    logger.info("mail sent", email=email, has_token=has_token, is_token=True)\n'
        '    for event in ("created", "deleted"):\n        logger.info("listening", to=event)\n'
        '    logger.info("kinds", all=[event for event in customer["kinds"]])\n',
    )


@violation("headers are logged as JSON")
def _(edit: Edit) -> None:
    module(
        edit,
        "import json\nfrom typing import Any\n\n" + LOGGER + "def trace(request: Any) -> None:\n"
        '    logger.info(f"called with {json.dumps(dict(request.headers))}")\n',
    )


@violation("a secret is logged")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/partner.py"
    edit.write(
        path,
        "from aws_lambda_powertools import Logger\n\nfrom ..settings import Settings\n"
        "from . import secret_values\n\nlogger = Logger(child=True)\n\n\n"
        "def trace(settings: Settings) -> None:\n"
        f"    found = secret_values.{secret(edit)}(settings)\n"
        '    logger.debug("the key is %s", found)\n',
    )


@violation("an address of a customer is logged")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(customer: dict[str, Any]) -> None:\n"
        '    logger.info("mail sent", to=customer["email"])\n',
    )


@violation("what keeps botocore from logging secrets is gone")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/utils/aws.py"
    text = edit.read(path)
    start, end = text.index("# At DEBUG these log"), text.index("# Two attempts")
    edit.write(path, text[:start] + text[end:])


@violation("botocore logs whole requests")
def _(edit: Edit) -> None:
    module(edit, 'import boto3\n\nboto3.set_stream_logger("")\n')


@good("ids are logged, lengths, and the names of secrets")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER
        + "def trace(event: dict[str, Any], settings: Any, token: str) -> None:\n"
        '    logger.info("got", event_id=event["id"], kind=event.get("detail-type"))\n'
        '    logger.info("reading", secret=settings.partner_secret, length=len(token))\n'
        '    logger.warning("no %s", "password", extra={"page": event["next_token"]})\n',
    )  # fmt: skip


@good("Powertools is told not to log events, and a catalog is asked for one")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().code}/index.py", "clear_state=True", "clear_state=True, log_event=False"
    )
    text = "from typing import Any\n\n\ndef find(catalog: Any, event: Any) -> Any:\n"
    module(edit, text + "    return catalog.info(event)\n")


@fix("Log an id in place of the value")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(logger\.\w+)\(.*", r'\1("done", id="1")')


@fix("Set the level of logging.getLogger")
def _(edit: Edit, finding: Finding) -> None:
    path = f"{finding.path.partition('/lambda_pkg/')[0]}/lambda_pkg/utils/aws.py"
    edit.append(path, '\nlogging.getLogger("botocore").setLevel(logging.INFO)\n')
    edit.replace(path, "from botocore", "import logging\n\nfrom botocore")


@violation("the SDK's loggers are at DEBUG while somebody looks for a mistake")
def _(edit: Edit) -> None:
    path = f"{edit.function().code}/utils/aws.py"
    edit.replace(path, "setLevel(logging.INFO)", "setLevel(logging.DEBUG)")


@violation("each line has the caller's token, from headers that may lack it")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(call: dict[str, Any]) -> None:\n"
        '    logger.append_keys(user=call["headers"].get("authorization"))\n',
    )


@fix(
    "Log an id in place of the value",
    "each line has the caller's token, from headers that may lack it",
)
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"user=.*\)$", 'user="1")')


@fix(
    "Set the level of logging.getLogger",
    "the SDK's loggers are at DEBUG while somebody looks for a mistake",
)
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "DEBUG", "INFO")


@good("the number of addresses is logged, and loggers of the SDK are at WARNING")
def _(edit: Edit) -> None:
    code = "def trace(to: list[str]) -> None:\n    logger.info('sent', emails=len(to))\n"
    module(edit, LOGGER + code)
    path = f"{edit.function().code}/utils/aws.py"
    edit.replace(path, "setLevel(logging.INFO)", "setLevel(logging.WARNING)")


@fix("Delete `log_event`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, ", log_event=True", "")


@fix("Delete the variable here")
def _(edit: Edit, _finding: Finding) -> None:
    forget(edit, edit.function(), "POWERTOOLS_LOGGER_LOG_EVENT")


@fix("Delete the call")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
