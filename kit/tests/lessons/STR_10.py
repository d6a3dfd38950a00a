"""Cases of STR-10."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("the handler imports what it needs")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    import decimal\n\n",
    )


@violation("a route of its own module imports a service when it is called")
def _(edit: Edit) -> None:
    code = edit.function("api").code
    edit.write(f"{code}/routes/__init__.py", "")
    edit.write(
        f"{code}/routes/reports.py",
        "from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter\n\n"
        "router = APIGatewayHttpRouter()\n\n\n"
        '@router.get("/reports")\n'
        "def reports() -> dict[str, str]:\n    return made()\n\n\n"
        "def made() -> dict[str, str]:\n    from ..settings import load_settings\n\n"
        "    return vars(load_settings())\n",
    )


@violation("the handler looks a module up by its name")
def _(edit: Edit) -> None:
    path = f"{edit.function().code}/index.py"
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r'\1    numbers = import_module("decimal")\n    assert numbers\n\n',
    )
    edit.sub(path, r"^(from typing import )", r"from importlib import import_module\n\1")


@violation("a method that the handler calls imports what it needs")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/report.py",
        "class Report:\n    def text(self) -> str:\n        return self._table()\n\n"
        "    def _table(self) -> str:\n        from decimal import Decimal\n\n"
        '        return str(Decimal("1.0"))\n',
    )
    path = f"{code}/index.py"
    old = "from .settings import load_settings\n"
    edit.replace(path, old, f"from .services.report import Report\n{old}")
    edit.sub(path, r"^(logger = )", r"report = Report()\n\1")
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    assert report.text()\n\n",
    )


@good("a module is looked up once, and an import is left where no handler comes")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/fresh.py",
        "from functools import cache\nfrom importlib import import_module\n"
        "from types import ModuleType\n\n\n"
        '@cache\ndef numbers() -> ModuleType:\n    return import_module("decimal")\n\n\n'
        "def main() -> None:\n    import argparse\n\n    argparse.ArgumentParser().parse_args()\n",
    )
    path = f"{code}/index.py"
    old = "from .settings import load_settings\n"
    edit.replace(path, old, f"from .services import fresh\n{old}")
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    assert fresh.numbers()\n\n",
    )


@good("a library that is large is imported once, when it is needed")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "from functools import cache\nfrom types import ModuleType\n"
        "from typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from decimal import Decimal\n\n\n"
        "@cache\ndef parser() -> ModuleType:\n    import xml.etree.ElementTree as tree\n\n"
        "    return tree\n\n\n"
        "def text(number: 'Decimal') -> str:\n    return str(parser()) + str(number)\n",
    )


@good("what the handler calls keeps what it imports")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(@logger[^\n]*\n(?:[^\n]*\n)*?def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        "@lru_cache(maxsize=1)\ndef numbers() -> Any:\n    import decimal\n\n    return decimal\n\n\n"
        r"\1    numbers()\n",
    )
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(from typing import )",
        r"from functools import lru_cache\n\1",
    )
