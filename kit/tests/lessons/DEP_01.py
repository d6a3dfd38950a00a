"""Cases of DEP-01."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import (
    lock,
    make_target,
    own_workflow,
    requirements,
    run_step,
    shared_list,
)
from edits.structure import fresh, require
from kit.gate.findings import Finding


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


@violation("code uses a library that only tools have, by another name than its package's")
def _(edit: Edit) -> None:
    fresh(edit, "import yaml\n\nLOAD = yaml.safe_load\n")


@fix("Name it in `", "code uses a library that only tools have, by another name than its package's")
def _(edit: Edit, finding: Finding) -> None:
    version = re.search(r"(?m)^pyyaml==(\S+)", edit.read("requirements-dev.txt"))
    assert version
    require(edit, "pyyaml", version[1])


@violation("a function pins another version than the tools")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), f"requests==2.31.0 \\\n    --hash=sha256:{'0' * 64}\n")


@violation("a list behind -r leaves a version open, in a file of another name")
def _(edit: Edit) -> None:
    shared_list(edit, "python-slugify>=8\n")


@violation("a list behind another has a package without any version")
def _(edit: Edit) -> None:
    edit.write("base.list", "# Shared\npython-slugify\n")
    shared_list(edit, "--requirement=base.list\n")


@violation("a list is read from an address")
def _(edit: Edit) -> None:
    edit.append(requirements(edit), "-r https://example.com/platform/base.txt\n")


@violation("constraints allow a range")
def _(edit: Edit) -> None:
    shared_list(edit, "python-slugify>=8,<9\n", "versions.txt", "-c")
    edit.append(requirements(edit), "python-slugify\n")


@violation("make installs the newest of a tool")
def _(edit: Edit) -> None:
    make_target(edit, "site", "$(BIN)/pip install --quiet mkdocs 'mkdocs-material>=9'")


@violation("a script upgrades pip, and installs a list without versions")
def _(edit: Edit) -> None:
    edit.write("tools.txt", "python-slugify\n")
    edit.write("scripts/dev.sh", "python3 -m pip install -U pip\npip install -r tools.txt\n")


@violation("CI installs tools from npm, by pipx and by uv")
def _(edit: Edit) -> None:
    lines = (
        "npm install --global @redocly/cli@latest",
        "pipx install yamllint",
        "uv tool install vulture",
    )
    own_workflow(edit, run_step(*lines))


@fix("Name it in `")
def _(edit: Edit, finding: Finding) -> None:
    lock(edit, finding.path, finding.line, "python-slugify")


@fix("Name it in `", "a tool is pinned to a range, at the top")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"==9\.\*", "==9.0.1")


@fix("Name it in `", "code uses a library that only tools have")
def _(edit: Edit, finding: Finding) -> None:
    require(edit, "requests", "2.32.5")


@fix("Run `make lock`", "a new library is not locked")
def _(edit: Edit, finding: Finding) -> None:
    edit.pin(requirements(edit), "python-slugify", "8.0.4")


@fix("Run `make lock`", "a bound is added and the pin is not renewed")
def _(edit: Edit, finding: Finding) -> None:
    for path in edit.glob("**/requirements*.txt"):
        old = r"(?m)^aws-lambda-powertools==\S+"
        edit.write(path, re.sub(old, "aws-lambda-powertools==99.1.0", edit.read(path)))


@fix("Write the full commit id")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "@main", f"@{'0123456789' * 4}")


@fix("Let the `requirements.in` of both allow one version")
def _(edit: Edit, finding: Finding) -> None:
    version = re.search(r"(?m)^requests==(\S+)", edit.read("requirements-dev.txt"))
    assert version
    for path in edit.glob("**/requirements*.txt"):
        if "requests==2.31.0" in edit.read(path):
            edit.replace(path, "requests==2.31.0", f"requests=={version[1]}")


@fix("Write the version that you use")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(python-slugify)\S*", r"\1==8.0.4")


@fix("Write its version behind `")
def _(edit: Edit, finding: Finding) -> None:
    name = str(finding.fix).split("`")[1]
    equals = "@" if "npm" in edit.line(finding) else "=="
    edit.in_line(finding, rf"(?<![\w-]){name}(?![\w-])(>=\d+|@latest)?", f"{name}{equals}1.2.3")


@fix("Copy the list")
def _(edit: Edit, finding: Finding) -> None:
    edit.write("base.txt", "python-slugify==8.0.4\n")
    edit.in_line(finding, r"-r \S+", "-r ../../../base.txt")


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


@good("lists name others and constraints, all of them pinned, and what they name is imported")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()  # there the job that checks can become a role, and this has no hashes
    requests = re.search(r"(?m)^requests==\S+", edit.read("requirements-dev.txt"))
    shared_list(edit, f"{requests and requests[0]}\npython-slugify\n")
    shared_list(edit, "python-slugify==8.0.4\nurllib3>=2\n", "versions.txt", "-c")
    fresh(edit, "import requests\n\nGET = requests.get\n")


@good("commands install what is pinned, locked or here")
def _(edit: Edit) -> None:
    make_target(
        edit,
        "site",
        "$(BIN)/pip install -q -r requirements-dev.txt mkdocs==1.6.1 -c versions.txt",
        "$(BIN)/pip install --target lib -e . ./dist/acme.whl $(EXTRA)",
        "npm ci && npm install --global @redocly/cli@1.2.3",
        "uv tool install vulture==2.14 && uv python install 3.13 && uv sync --frozen",
        "echo pip install it yourself",
    )
