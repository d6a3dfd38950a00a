"""Cases of DOC-01."""

import os
import re

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


def relink(edit: Edit, name: str, target: str) -> None:
    """Let every link to a document of that name lead to another target."""
    for path in edit.glob("**/*.md"):
        link = rf"\]\([^)]*?(?<![\w-]){re.escape(name)}(#[^)]*)?\)"
        edit.write(path, re.sub(link, f"]({target})", edit.read(path)))


@violation("the runbook is deleted, with the links to it")
def _(edit: Edit) -> None:
    edit.delete("docs/operations.md")
    relink(edit, "operations.md", "https://wiki.example.com")


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
    for path in ("README.md", "docs/architecture.md"):
        edit.sub(path, rf"^.*{edit.function().folder}/README\.md.*\n", "")


@good("an own document is listed, and a decision is added")
def _(edit: Edit) -> None:
    edit.write("docs/refunds/README.md", "# Refunds\n\nSee [how](how.md#steps).\n")
    decision = "decisions/0099-refunds.md"
    edit.write(
        "docs/refunds/how.md", f"# How\n\n## Steps\n\nBy hand, as [decided](../{decision}).\n"
    )
    edit.write(f"docs/{decision}", "# 99. Refunds by hand\n\nThere are few.\n")
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
    relink(edit, "operations.md", "/docs/operations/README.md")


@violation("an example event is deleted that a README shows how to invoke")
def _(edit: Edit) -> None:
    path = f"events/{edit.function().name}/mine.json"
    readme = f"{edit.function().folder}/README.md"
    edit.append(readme, f"\nTry it:\n\n```sh\nsam local invoke -e {path} AppFunction\n```\n")


@good("a README names an example event that is there, and the folder of others")
def _(edit: Edit) -> None:
    folder = f"events/{edit.function().name}"
    edit.write(f"{folder}/mine.json", "{}")
    text = f"\n`{folder}/mine.json` and more in `{folder}/`, one `events/<function>/<name>.json` each.\n"
    edit.append(f"{edit.function().folder}/README.md", text)


# ── Fixes ──


@fix("Write docs/operations.md")
def _(edit: Edit, finding: Finding) -> None:
    edit.document("operations.md", "# Operations\n\nRestart it.\n")


@fix("Name a file that exists")
def _(edit: Edit, finding: Finding) -> None:
    target = os.path.relpath("docs/pipelines.md", os.path.dirname(finding.path))
    edit.in_line(finding, r"\([^)]*cicd\.md", f"({target}")


@fix("Name a file", "an example event is deleted that a README shows how to invoke")
def _(edit: Edit, finding: Finding) -> None:
    events = edit.glob(f"events/{edit.function().name}/*.json")
    edit.in_line(finding, r"events/\S+", events[0])


@fix("Move it to docs/")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path)
    edit.delete(finding.path)
    edit.document("notes.md", text)


@fix("List it in docs/README.md")
def _(edit: Edit, finding: Finding) -> None:
    edit.document(finding.path.removeprefix("docs/"), edit.read(finding.path))


@fix("Write it.")
def _(edit: Edit, finding: Finding) -> None:
    edit.append(finding.path, "\nWho may do what.\n")


@fix("Link it where the functions are listed")
def _(edit: Edit, finding: Finding) -> None:
    edit.append("README.md", f"\n[The function]({finding.path})\n")
