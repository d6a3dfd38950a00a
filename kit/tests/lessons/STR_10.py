"""Cases of STR-10."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import before_settings, fresh, in_code, in_handler
from kit.gate.findings import Finding


@violation("the handler imports what it needs")
def _(edit: Edit) -> None:
    in_handler(edit, "import decimal")


@violation("the handler imports a module by its name")
def _(edit: Edit) -> None:
    in_handler(edit, 'assert import_module("decimal")')
    old = r"^(from typing import )"
    edit.sub(f"{edit.function().code}/index.py", old, r"from importlib import import_module\n\1")


@violation("a method that the handler calls imports what it needs")
def _(edit: Edit) -> None:
    in_code(
        edit,
        "services/report.py",
        "class Report:\n    def text(self) -> str:\n        from decimal import Decimal\n\n"
        '        return str(Decimal("1.0"))\n',
    )
    before_settings(edit, "from .services.report import Report")
    in_handler(edit, "assert Report().text()")


@good("a module is imported once by its name")
def _(edit: Edit) -> None:
    fresh(
        edit,
        "from functools import cache\nfrom importlib import import_module\n"
        "from types import ModuleType\n\n\n"
        '@cache\ndef numbers() -> ModuleType:\n    return import_module("decimal")\n',
    )
    before_settings(edit, "from .services import fresh")
    in_handler(edit, "assert fresh.numbers()")


@good("a large library is imported once, when it is needed, and types for mypy alone")
def _(edit: Edit) -> None:
    fresh(
        edit,
        "from functools import lru_cache\nfrom types import ModuleType\n"
        "from typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from decimal import Decimal\n\n\n"
        "@lru_cache(maxsize=1)\ndef parser() -> ModuleType:\n"
        "    import xml.etree.ElementTree as tree\n\n    return tree\n\n\n"
        "def text(number: 'Decimal') -> str:\n    return str(parser()) + str(number)\n",
    )
    before_settings(edit, "from .services import fresh")
    in_handler(edit, "assert fresh.parser()")


@fix("Move the import to the top of the module")
def _(edit: Edit, finding: Finding) -> None:
    line = edit.line(finding).strip()
    if "import_module" in line:
        edit.in_line(finding, r'import_module\("decimal"\)', "decimal")
        line = "import decimal"
    else:
        edit.delete_line(finding)
    edit.sub(finding.path, r"^(?=import|from|class)", f"{line}\n")
