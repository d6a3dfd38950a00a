"""Cases of STR-02."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import AGE, in_code, layer
from kit.gate.findings import Finding


@violation("a folder of scripts is named after a module of the standard library")
def _(edit: Edit) -> None:
    edit.write("scripts/types/__init__.py", "")
    edit.write("scripts/types/orders.py", AGE)


@violation("a layer hides a module from every function that has it")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/clients/python/queue.py", AGE)
    layer(edit, "clients", f"src/{edit.package}/clients")


@violation("a module is named after a keyword of Python")
def _(edit: Edit) -> None:
    in_code(edit, "utils/async.py")


@violation("a package is named after a keyword of Python")
def _(edit: Edit) -> None:
    in_code(edit, "services/lambda/__init__.py", "")
    in_code(edit, "services/lambda/work.py")


@violation("a script hides a module from every command")
def _(edit: Edit) -> None:
    edit.write("scripts/calendar.py", "print(3)\n")


@good("modules inside a package hide nothing, whatever their names")
def _(edit: Edit) -> None:
    for name in ("calendar", "email", "json", "match", "queue", "type"):
        in_code(edit, f"utils/{name}.py")
    in_code(edit, "services/email/__init__.py", "")
    in_code(edit, "services/email/send.py", "from email import message\n\nKIND = message\n")
    edit.write("scripts/delivery/secrets.py", AGE)
    edit.write("scripts/match.py", AGE)


@good("names only begin like taken ones, and a folder has data")
def _(edit: Edit) -> None:
    in_code(edit, "utils/json_lines.py")
    in_code(edit, "services/__main__.py")
    in_code(edit, "templates/email/welcome.html", "<p>Welcome</p>\n")


@fix("Rename the folder or module after what it holds")
def _(edit: Edit, finding: Finding) -> None:
    folder, _, name = finding.path.rpartition("/")
    edit.move(finding.path, f"{folder}/order_{name}")
