"""Cases of STR-04."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import in_code
from kit.gate.findings import Finding


@violation("a new folder of modules has no __init__.py")
def _(edit: Edit) -> None:
    in_code(edit, "models/order.py")


@violation("the empty __init__.py of lambda_pkg is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().code}/__init__.py")


@violation("a folder has packages below it, and is none")
def _(edit: Edit) -> None:
    in_code(edit, "clients/chat/__init__.py", "")
    in_code(edit, "clients/chat/posts.py")


@good("a folder without Python is no package")
def _(edit: Edit) -> None:
    in_code(edit, "sql/orders.sql", "SELECT 1\n")
    in_code(edit, "models/__init__.py", "")
    in_code(edit, "models/order.py")


@fix("Add an empty `__init__.py`")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(f"{finding.path}/__init__.py", "")
