"""Cases of DEP-02."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.dependencies import DEPENDABOT, SETUP_PYTHON, own_action, shared_list
from kit.gate.findings import Finding


def entry(ecosystem: str, folders: str) -> str:
    """An entry of Dependabot for these folders."""
    return (
        f"  - package-ecosystem: {ecosystem}\n    directories: [{folders}]\n"
        "    schedule:\n      interval: weekly\n    cooldown:\n      default-days: 7\n"
        '    groups:\n      all:\n        patterns: ["*"]\n'
    )


@violation("the bot's file is deleted")
def _(edit: Edit) -> None:
    edit.delete(DEPENDABOT)


@violation("the bot looks at the top only")
def _(edit: Edit) -> None:
    edit.replace(DEPENDABOT, 'directories: ["/", "/src/*/*"]', "directory: /")


@violation("updates of actions are removed")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r"  - package-ecosystem: github-actions\n(?:.*\n?)*", "")


@violation("each update is a pull request of its own")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r'    groups:\n      python:\n        patterns: \["\*"\]\n', "")


@violation("an own action lies where the bot does not look")
def _(edit: Edit) -> None:
    own_action(edit, "ci/tools", f"    - uses: {SETUP_PYTHON}\n")


@violation("requirements are in a folder that the bot does not know")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r'"/src/\*/\*"', f'"/src/*/{edit.function().name}x"')


@violation("a list behind -r is in a folder that the bot does not know")
def _(edit: Edit) -> None:
    shared_list(edit, f"python-slugify==8.0.4 --hash=sha256:{'a' * 64}\n", "deps/shared.txt")


@fix("Let an entry of `")
def _(edit: Edit, finding: Finding) -> None:
    ecosystem, *folders = re.findall(r"`([^`]*)`", finding.fix or "")[:-1]
    listed = ", ".join(f'"{folder}"' for folder in folders)
    if f"ecosystem: {ecosystem}" not in edit.read(DEPENDABOT):
        edit.append(DEPENDABOT, entry(ecosystem, listed))
    elif "directory: /" in edit.read(DEPENDABOT):
        edit.replace(DEPENDABOT, "directory: /", f'directories: ["/", {listed}]')
    else:
        head = rf"(ecosystem: {ecosystem}\n    directories: \[)"
        edit.sub(DEPENDABOT, head, rf"\1{listed}, ")


@fix("Bring it back")
def _(edit: Edit, finding: Finding) -> None:
    entries = entry("uv", '"/", "/src/*/*"') + entry("github-actions", '"/"')
    edit.write(DEPENDABOT, f"version: 2\nupdates:\n{entries}")


@fix("Give this entry `groups:`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", '\n    groups:\n      all:\n        patterns: ["*"]\n')


@violation("the bot may open no pull request")
def _(edit: Edit) -> None:
    edit.sub(DEPENDABOT, r"^    schedule:\n", "    open-pull-requests-limit: 0\n    schedule:\n")


@fix("Delete `open-pull-requests-limit")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@good("own actions are where the bot looks, or use no other")
def _(edit: Edit) -> None:
    own_action(edit, ".github/actions/tools", f"    - uses: {SETUP_PYTHON}\n")
    own_action(edit, "ci/tools", "    - shell: bash\n      run: make changes\n")


@good("the folders are listed one by one")
def _(edit: Edit) -> None:
    folders = [
        "/",
        *(f"/{path}/" for path in edit.glob("src/*/*") if edit.has(f"{path}/README.md")),
    ]
    listed = "".join(f'\n      - "{folder}"' for folder in folders)
    edit.replace(DEPENDABOT, ' ["/", "/src/*/*"]', listed)


@good("Renovate does it")
def _(edit: Edit) -> None:
    edit.delete(DEPENDABOT)
    settings = '{"extends": ["config:recommended"], "minimumReleaseAge": "7 days"}\n'
    edit.write("renovate.json", settings)
