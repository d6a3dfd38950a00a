"""Cases of IAC-09."""

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import require_variable
from edits.runtime import used
from kit.gate.findings import Finding


@violation("a module in services/ reads STAGE, which may be None")
def _(edit: Edit) -> None:
    used(
        edit,
        edit.function(),
        "import os\n\n\ndef greeting() -> str:\n    return f\"here is {os.environ.get('STAGE')}\"\n",
    )


@violation("a new variable is read outside of the settings")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "PARTNER_TABLE", edit.service)
    used(
        edit,
        edit.function(),
        "from os import getenv\n\nTABLE = getenv('PARTNER_TABLE', None)\n",
    )


@good("a new variable is checked in the settings; others are Lambda's, or have a value")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.pass_variable(function, "ITEM_LIMIT", '"20"')
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str | None\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=os.environ.get("ITEM_LIMIT"),\n')
    used(
        edit,
        function,
        'import os\n\nLOCAL = os.environ.get("AWS_SAM_LOCAL")\n'
        'MOST = int(os.environ.get("ITEM_LIMIT", "5"))\n',
    )


@fix('Read it by `required("STAGE")` in `settings.py`')
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"os\.environ\.get\('STAGE'\)", "load_settings().stage")
    edit.sub(finding.path, "^import os", "from ..settings import load_settings")


@fix('Read it by `required("PARTNER_TABLE")` in `settings.py`')
def _(edit: Edit, finding: Finding) -> None:
    require_variable(edit, edit.function(), "PARTNER_TABLE")
    edit.in_line(finding, r"getenv\(.*\)", "load_settings().partner_table")
    edit.sub(finding.path, "^from os import getenv", "from ..settings import load_settings")
