"""Cases of DOC-02."""

from __future__ import annotations

import re

from cases import good, violation
from edits import Edit


@violation("a function is in the picture no more")
def _(edit: Edit) -> None:
    name = edit.function().name
    edit.sub("README.md", rf"^.*\bfn_{name}\[.*\n", "")
    edit.sub("README.md", rf"^  (.*\b)?fn_{name}\b.*\n", "")
    text = edit.read("README.md").splitlines(keepends=True)
    edit.write("README.md", "".join(line for line in text if f"fn_{name} " not in line))


@violation("the picture shows a function that is gone")
def _(edit: Edit) -> None:
    edit.replace(
        "README.md", "flowchart LR\n", 'flowchart LR\n  x --> fn_reports["reports"] --> y\n'
    )


@violation("the picture is deleted")
def _(edit: Edit) -> None:
    edit.sub("README.md", r"^```mermaid\n(.*\n)+?```\n", "")


@violation("the picture shows a table that was never made")
def _(edit: Edit) -> None:
    if "AWS::DynamoDB::Table" in edit.read("template.yaml"):
        edit.skip()
    node = 'table[("DynamoDB table")]'
    edit.replace("README.md", "flowchart LR\n", f"flowchart LR\n  {node} --> reader\n")


@violation("the README is deleted with the links to it, and the picture is gone")
def _(edit: Edit) -> None:
    edit.delete("README.md")
    for path in edit.glob("docs/**/*.md"):
        edit.write(path, re.sub(r"\[([^]]*)\]\(\.\./README\.md[^)]*\)", r"\1", edit.read(path)))


@good("the picture is drawn anew, with others around it")
def _(edit: Edit) -> None:
    nodes = "".join(f'  shop(["the shop"]) --> {f.name}Box["{f.kebab}"]\n' for f in edit.functions)
    edit.sub(
        "README.md", r"^```mermaid\n(.*\n)+?```\n", "The picture is in docs/architecture.md.\n"
    )
    picture = f'```mermaid\n%% reports["gone"]\nflowchart TD\n{nodes}  mail((mail)) --> shop\n  queue_partner[[theirs]] --> shop\n```\n'
    edit.append("docs/architecture.md", f"\n## The picture\n\n{picture}")
