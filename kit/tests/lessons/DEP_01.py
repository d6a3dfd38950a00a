"""Cases of DEP-01."""

from cases import good, violation
from edits import Edit
from edits.dependencies import requirements
from edits.structure import fresh


@violation("a function requires any version of a library from some on")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), "python-slugify>=8\n")


@violation("a new library is not locked")
def _(edit: Edit) -> None:
    edit.append(f"{edit.function().folder}/requirements.in", "python-slugify\n")


@violation("a tool is pinned to a range, at the top")
def _(edit: Edit) -> None:
    edit.sub("requirements-dev.txt", r"^pytest==\S+", "pytest==9.*")


@violation("a library comes from a branch")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), "slugs @ git+https://github.com/example/slugs@main\n")


@violation("a bound is added and the pin is not renewed")
def _(edit: Edit) -> None:
    name = "aws-lambda-powertools"
    edit.replace(f"{edit.function().folder}/requirements.in", f"{name}\n", f"{name}>=99\n")


@violation("code uses a library that only tools have")
def _(edit: Edit) -> None:
    fresh(edit, "import requests\n\nGET = requests.get\n")


@violation("a function pins another version than the tools")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), f"requests==2.31.0 \\\n    --hash=sha256:{'0' * 64}\n")


@good("pins have markers, hashes, extras and a commit")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()  # there the job that checks can become a role, and a commit has no hash
    wanted = "Python_Slugify[unidecode]>=8,<9\n"
    edit.append(f"{edit.function().folder}/requirements.in", wanted)
    slugify = f"python-slugify==8.0.4 ; python_full_version < '4' \\\n    --hash=sha256:{'a' * 64}"
    slugs = f"slugs @ git+https://github.com/example/slugs@{'0123456789' * 4}"
    edit.append(requirements(edit), f"{slugify}\n{slugs}\n")


@good("a library is optional, and another is for types alone")
def _(edit: Edit) -> None:
    fresh(
        edit,
        "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from types_boto3_dynamodb import DynamoDBClient\n\n"
        "try:\n    import regex as expressions\nexcept ImportError:\n    import re as expressions\n\n"
        "def name(client: DynamoDBClient) -> object:\n    return expressions\n",
    )
