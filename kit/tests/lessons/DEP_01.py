"""Cases of DEP-01."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("a function requires any version of a library from some on")
def _(edit: Edit) -> None:
    edit.append(f"{edit.function().folder}/requirements.txt", "python-slugify>=8\n")


@violation("a new library is not locked")
def _(edit: Edit) -> None:
    edit.append(f"{edit.function().folder}/requirements.in", "python-slugify\n")


@violation("a tool is pinned to a range, at the top")
def _(edit: Edit) -> None:
    edit.sub("requirements-dev.txt", r"^pytest==\S+", "pytest==9.*")


@violation("a library comes from a branch")
def _(edit: Edit) -> None:
    line = "slugs @ git+https://github.com/example/slugs@main\n"
    edit.append(f"{edit.function().folder}/requirements.txt", line)


@violation("a bound is added and the pin is not renewed")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().folder}/requirements.in",
        "aws-lambda-powertools\n",
        "aws-lambda-powertools>=99\n",
    )


@violation("code uses a library that only tools have")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py", "import requests\n\nGET = requests.get\n"
    )


@violation("a function pins another version than what else is in .venv")
def _(edit: Edit) -> None:
    digest = "0" * 64
    edit.append(
        f"{edit.function().folder}/requirements.txt",
        f"requests==2.31.0 \\\n    --hash=sha256:{digest}\n",
    )


@good("pins with markers, digests, extras and a commit")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()  # there the job that checks can become a role, and a commit has no hash
    folder = edit.function().folder
    commit = "0123456789012345678901234567890123456789"
    edit.append(f"{folder}/requirements.in", "Python_Slugify[unidecode]>=8,<9\n")
    edit.append(
        f"{folder}/requirements.txt",
        "python-slugify==8.0.4 ; python_full_version < '4' \\\n    --hash=sha256:"
        + "a" * 64
        + f"\nslugs @ git+https://github.com/example/slugs@{commit}\n",
    )


@good("a library is used where it is there, and its types where they are")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from types_boto3_dynamodb import DynamoDBClient\n\n"
        "try:\n    import regex as expressions\nexcept ImportError:\n    import re as expressions\n\n"
        "def name(client: DynamoDBClient) -> object:\n    return expressions\n",
    )
