"""Cases of DOC-02."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.runtime import api
from kit.gate.findings import Finding

PICTURE = r"^```mermaid\n(.*\n)+?```\n"


def draw(edit: Edit, line: str) -> None:
    """Add a line to the picture."""
    edit.replace("README.md", "flowchart LR\n", f"flowchart LR\n  {line}\n")


@violation("the picture lacks a function")
def _(edit: Edit) -> None:
    lines = edit.read("README.md").splitlines(keepends=True)
    node = re.compile(rf"\bfn_{edit.function().name}\b")
    edit.write("README.md", "".join(line for line in lines if not node.search(line)))


@violation("the picture shows a function that is gone")
def _(edit: Edit) -> None:
    draw(edit, 'x --> fn_reports["reports"] --> y')


@violation("the picture is deleted")
def _(edit: Edit) -> None:
    edit.sub("README.md", PICTURE, "")


@violation("the picture shows a table that was never created")
def _(edit: Edit) -> None:
    if "AWS::DynamoDB::Table" in edit.read("template.yaml"):
        edit.skip()
    draw(edit, 'table[("DynamoDB table")] --> reader')


@violation("the README is deleted with the links to it, and the picture is gone")
def _(edit: Edit) -> None:
    edit.delete("README.md")
    for path in edit.glob("docs/**/*.md"):
        edit.write(path, re.sub(r"\[([^]]*)\]\(\.\./README\.md[^)]*\)", r"\1", edit.read(path)))


@good("the picture is drawn anew, with others around it")
def _(edit: Edit) -> None:
    edit.sub("README.md", PICTURE, "The picture is in docs/architecture.md.\n")
    nodes = [f'shop(["the shop"]) --> {f.name}Box["{f.kebab}"]' for f in edit.functions]
    nodes += ["mail((mail)) --> shop", "queue_partner[[theirs]] --> shop"]
    picture = "\n  ".join(['%% reports["gone"]', "flowchart TD", *nodes])
    edit.append("docs/architecture.md", f"\n## The picture\n\n```mermaid\n{picture}\n```\n")


@violation("the picture shows an event that nobody publishes")
def _(edit: Edit) -> None:
    function = edit.function()
    draw(edit, f'fn_{function.name} -->|"order.refunded"| bus[["event bus"]]')
    if "AWS::Events::EventBus" not in edit.read("template.yaml"):
        edit.skip()


@violation("the picture shows an event that a rule expected once")
def _(edit: Edit) -> None:
    draw(
        edit,
        f'partner[["bus of a partner"]] -.->|OrderPlaced| fn_{edit.function().name}',
    )


@violation("a README lists an endpoint that is gone")
def _(edit: Edit) -> None:
    path = f"{api(edit).folder}/README.md"
    edit.sub(
        path, r"^(\| `POST .*\n)", r"\1| `DELETE /app/items/{id}` | public | forgets | 204 |\n"
    )


@violation("a route is renamed, and its README lists the old one")
def _(edit: Edit) -> None:
    path = f"{api(edit).code}/index.py"
    edit.sub(path, r'get\("/items/', 'get("/articles/')


@good("a README lists an endpoint of a router, and one that an event of its own has")
def _(edit: Edit) -> None:
    function = api(edit, "powertools.event_handler")
    edit.append(
        f"{function.code}/index.py",
        "\n\n@app.delete('/items/<item_id>')\ndef forget(item_id: str) -> dict[str, str]:\n    return {}\n",
    )
    rows = f"| `DELETE /{function.kebab}/items/{{id}}?now=yes` | public | forgets | 204 |\n"
    edit.sub(f"{function.folder}/README.md", r"^(\| `POST .*\n)", rf"\1{rows}")


# ── Fixes ──


@fix("Draw `fn_")
def _(edit: Edit, finding: Finding) -> None:
    draw(edit, f'api -->|"/path"| fn_{edit.function().name}["{edit.function().name}"] --> bucket_x')


@fix("Delete `")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, ".*\n", "")


@fix(
    "Delete `",
    "the picture shows a function that is gone",
    "the picture shows a table that was never created",
)
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^.*(fn_reports|table\[).*\n", "")


@fix("Draw it in a block ```mermaid")
def _(edit: Edit, finding: Finding) -> None:
    nodes = "".join(f'  fn_{item.name}["{item.name}"]\n' for item in edit.functions)
    text = edit.read("README.md") if edit.has("README.md") else "# Orders\n"
    edit.write("README.md", f"{text}\n```mermaid\nflowchart LR\n{nodes}```\n")


@fix("Name an event that the code publishes, or delete the arrow.")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\|[^|]*\|", "")


@fix("Delete the row, or write the endpoint as the route in the code is.")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)
