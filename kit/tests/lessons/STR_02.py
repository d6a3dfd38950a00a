"""Cases of STR-02."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a folder of scripts is called like a module of the standard library")
def _(edit: Edit) -> None:
    edit.write("scripts/types/__init__.py", "")
    edit.write("scripts/types/orders.py", "AGE = 3\n")


@violation("a layer hides a module from every function that has it")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/clients/python/queue.py", "AGE = 3\n")
    edit.declare(
        "ClientsLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: src/{edit.package}/clients/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-clients-${{EnvironmentName}}\n"
    )


@violation("a module is called like a word of Python")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/utils/async.py", "AGE = 3\n")


@violation("a package is called like a word of Python")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/lambda/__init__.py", "")
    edit.write(f"{code}/services/lambda/work.py", "AGE = 3\n")


@violation("a script hides a module from every command")
def _(edit: Edit) -> None:
    edit.write("scripts/calendar.py", "print(3)\n")


@good("modules inside a package are called as nothing that they could hide")
def _(edit: Edit) -> None:
    code = edit.function().code
    for name in ("calendar", "email", "json", "match", "queue", "type"):
        edit.write(f"{code}/utils/{name}.py", "AGE = 3\n")
    edit.write(f"{code}/services/email/__init__.py", "")
    edit.write(f"{code}/services/email/send.py", "from email import message\n\nKIND = message\n")
    edit.write("scripts/delivery/secrets.py", "AGE = 3\n")
    edit.write("scripts/match.py", "AGE = 3\n")


@good("names that only begin like taken ones, and a folder of data")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/utils/json_lines.py", "AGE = 3\n")
    edit.write(f"{code}/services/__main__.py", "AGE = 3\n")
    edit.write(f"{code}/templates/email/welcome.html", "<p>Welcome</p>\n")
