"""What the cases of several lessons share: documents."""

from __future__ import annotations

from edits import Function


def tests(function: Function) -> str:
    return f"tests/unit/{function.name}"


def module(function: Function) -> str:
    """What tests call the function's package."""
    return f"{function.package}.{function.name}.lambda_pkg"
