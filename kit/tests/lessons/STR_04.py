"""Cases of STR-04."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a new folder of modules has no __init__.py")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/models/order.py", "AGE = 3\n")


@violation("the __init__.py of lambda_pkg is deleted, as it is empty")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().code}/__init__.py")


@violation("a folder has packages below it, and is none")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/clients/chat/__init__.py", "")
    edit.write(f"{edit.function().code}/clients/chat/posts.py", "AGE = 3\n")


@good("a folder without Python is no package")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/sql/orders.sql", "SELECT 1\n")
    edit.write(f"{edit.function().code}/models/__init__.py", "")
    edit.write(f"{edit.function().code}/models/order.py", "AGE = 3\n")
