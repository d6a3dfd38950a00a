"""Cases of RUN-01."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import with_is_prod
from edits.runtime import in_handler, index, used
from kit.gate.findings import Finding


@violation("a line that was printed while debugging stays")
def _(edit: Edit) -> None:
    in_handler(edit, edit.function(), 'print("here")')


@violation("a breakpoint was left in the handler")
def _(edit: Edit) -> None:
    in_handler(edit, edit.function(), "breakpoint()")


@violation("a debugger is imported, and called")
def _(edit: Edit) -> None:
    path = index(edit.function())
    in_handler(edit, edit.function(), "pdb.set_trace()")
    edit.sub(path, r"^(from typing import )", r"import pdb\n\1")


@violation("a line goes to the log without print")
def _(edit: Edit) -> None:
    function = edit.function()
    in_handler(edit, function, 'sys.stdout.write("here")')
    edit.sub(index(function), r"^(from typing import )", r"import sys\n\1")


@violation("a new module logs by a logger of the standard library")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import logging\n\nlogger = logging.getLogger(__name__)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted %s", name_id)\n',
    )


@violation("the root logger is configured, and used")
def _(edit: Edit) -> None:
    text = "import logging\n\nlogging.basicConfig(level=logging.INFO)\n"
    edit.write(f"{edit.function().code}/utils/log.py", text)


@violation("the handler's decorator goes, and with it the request's id")
def _(edit: Edit) -> None:
    path = index(edit.function())
    edit.sub(path, r"^@logger\.inject_lambda_context\((.*\n)*?def lambda", "def lambda")


@violation("the level is set to DEBUG in the code")
def _(edit: Edit) -> None:
    edit.sub(index(edit.function()), r"^(logger = Logger\(.*\n)", r'\1logger.setLevel("DEBUG")\n')


@violation("the logger of an entry point forgets the stage")
def _(edit: Edit) -> None:
    edit.replace(index(edit.function()), "Logger(stage=settings.stage, ", "Logger(")


@violation("the level of all functions is written into the template")
def _(edit: Edit) -> None:
    old = "ApplicationLogLevel: !Ref LogLevel"
    edit.replace("template.yaml", old, "ApplicationLogLevel: DEBUG")


@violation("one function logs text")
def _(edit: Edit) -> None:
    old = "      LoggingConfig:\n"
    edit.in_resource(edit.function().logical_id, old, f"{old}        LogFormat: Text\n")


@violation("the service's name is passed no more")
def _(edit: Edit) -> None:
    edit.sub("template.yaml", r"^        POWERTOOLS_SERVICE_NAME: .*\n", "")
    for path in edit.glob(f"src/{edit.package}/*/README.md"):
        edit.sub(path, r"^\| `POWERTOOLS_SERVICE_NAME` .*\n", "")


@good("a new module logs by a child of the logger")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "from aws_lambda_powertools import Logger\n\nlogger = Logger(child=True)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted", name_id=name_id)\n',
    )


@good("a library's logger is told to be quiet, and prod has a level of its own")
def _(edit: Edit) -> None:
    text = 'import logging\n\nlogging.getLogger("asyncio").setLevel(logging.WARNING)\n'
    edit.append(f"{edit.function().code}/utils/__init__.py", text)
    with_is_prod(edit)
    new = "ApplicationLogLevel: !If [IsProd, WARN, !Ref LogLevel]"
    edit.replace("template.yaml", "ApplicationLogLevel: !Ref LogLevel", new)


@good("loggers of the standard library get the configuration of Powertools")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import logging\n\nfrom aws_lambda_powertools import Logger\n"
        "from aws_lambda_powertools.logging import utils\n\n"
        "utils.copy_config_to_registered_loggers(source_logger=Logger(child=True))\n"
        "logger = logging.getLogger(__name__)\n\n\n"
        'def greet(name_id: str) -> None:\n    logger.info("greeted %s", name_id)\n',
    )


@fix("Write `logger.info(…)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(print|sys\.stdout\.write)\(", "logger.info(")


@fix("Delete it, and let `logger` of the module be `Logger(child=True)`")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path).replace("logging.getLogger(__name__)", "Logger(child=True)")
    edit.write(finding.path, f"from aws_lambda_powertools import Logger\n{text}")


@fix("Delete it, and let", "the root logger is configured, and used")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Decorate the handler")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "^", "@logger.inject_lambda_context(clear_state=True)\n")


@fix("Delete that: `LoggingConfig`")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Write `Logger(stage=settings.stage)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"Logger\(", "Logger(stage=settings.stage, ")


@fix("Write `ApplicationLogLevel: !Ref LogLevel`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"ApplicationLogLevel: .*", "ApplicationLogLevel: !Ref LogLevel")


@fix("Write `LogFormat: JSON`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "LogFormat: .*", "LogFormat: JSON")


@fix("Pass `POWERTOOLS_SERVICE_NAME`")
def _(edit: Edit, finding: Finding) -> None:
    if "POWERTOOLS_SERVICE_NAME" not in edit.read("template.yaml"):
        new = rf"\1        POWERTOOLS_SERVICE_NAME: {edit.service}\n"
        edit.sub("template.yaml", r"^(Globals:\n(?:.*\n)*?      Variables:\n)", new)
    readme = f"{finding.path.partition('/lambda_pkg/')[0]}/README.md"
    row = f"| `POWERTOOLS_SERVICE_NAME` | the service, in each log line | `{edit.service}` |\n"
    edit.sub(readme, r"^(\| `STAGE` .*\n)", rf"\1{row}")


@fix("Delete the line.")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r".*(breakpoint|pdb).*\n|^.*", "")
