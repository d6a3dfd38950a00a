"""Cases of DOC-01."""

from __future__ import annotations

import os
import re

from cases import good, violation
from edits import Edit


@violation("the runbook is deleted, with the links to it")
def _(edit: Edit) -> None:
    edit.delete("docs/operations.md")
    for path in [*edit.glob("**/*.md"), *edit.glob(".github/**/*.md")]:
        text = edit.read(path)
        for link in ("docs/operations.md", "../docs/operations.md", "operations.md"):
            text = text.replace(f"]({link})", "](https://wiki.example.com)")
        edit.write(path, text)


@violation("a document is moved, and its links stay")
def _(edit: Edit) -> None:
    edit.move("docs/cicd.md", "docs/pipelines.md")
    edit.replace("docs/README.md", "(cicd.md)", "(pipelines.md)")
    edit.append("docs/architecture.md", "\nSee [CI/CD](cicd.md).\n")


@violation("notes lie beside the Makefile")
def _(edit: Edit) -> None:
    edit.write("NOTES.md", "# Notes\n\nRestart the worker when it hangs.\n")


@violation("a new document is in no list")
def _(edit: Edit) -> None:
    edit.write("docs/refunds.md", "# Refunds\n\nHow they work.\n")


@violation("a document is emptied")
def _(edit: Edit) -> None:
    edit.write("docs/access.md", "# Access\n")


@violation("nothing links to a function's README any more")
def _(edit: Edit) -> None:
    name = edit.function().name
    for path in ("README.md", "docs/architecture.md"):
        edit.sub(path, rf"^.*src/{edit.package}/{name}/README\.md.*\n", "")


@good("a document of one's own is listed, and a decision is added")
def _(edit: Edit) -> None:
    edit.write("docs/refunds/README.md", "# Refunds\n\nSee [how](how.md#steps).\n")
    edit.write(
        "docs/refunds/how.md",
        "# How\n\n## Steps\n\nBy hand, as [decided](../decisions/0099-refunds.md).\n",
    )
    edit.write("docs/decisions/0099-refunds.md", "# 99. Refunds by hand\n\nThere are few.\n")
    edit.append("docs/README.md", "\n[Refunds](refunds/) are here.\n")
    edit.write(
        "CONTRIBUTING.md", "# Contributing\n\nAsk in [the chat](https://chat.example.com).\n"
    )
    edit.write("events/README.md", "# Events\n\nExamples for tests.\n")
    edit.write(f"{edit.function().code}/prompts/system.md", "Be [kind](to/people).\n")


@good("a process left a pipe among the documents")
def _(edit: Edit) -> None:
    os.mkfifo(edit.root / "docs/pipe.md")


@good("the runbook becomes a folder")
def _(edit: Edit) -> None:
    edit.write("docs/operations/README.md", "# Operations\n\n[Alarms](alarms.md) and more.\n")
    edit.write("docs/operations/alarms.md", "# Alarms\n\nWhat each of them means.\n")
    edit.delete("docs/operations.md")
    for path in edit.glob("**/*.md"):
        text = re.sub(r"\boperations\.md(?=[)#])", "operations/README.md", edit.read(path))
        edit.write(path, text)
