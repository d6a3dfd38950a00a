"""Cases of DEP-02."""

from __future__ import annotations

from cases import good, violation
from edits import Edit
from edits.dependencies import SETUP_PYTHON


@violation("the bot's file is deleted")
def _(edit: Edit) -> None:
    edit.delete(".github/dependabot.yml")


@violation("the bot looks at the top only")
def _(edit: Edit) -> None:
    edit.replace(".github/dependabot.yml", 'directories: ["/", "/src/*/*"]', "directory: /")


@violation("updates of actions are taken out")
def _(edit: Edit) -> None:
    edit.sub(".github/dependabot.yml", r"  - package-ecosystem: github-actions\n(?:.*\n?)*", "")


@violation("each update is a pull request of its own")
def _(edit: Edit) -> None:
    edit.sub(
        ".github/dependabot.yml", r'    groups:\n      python:\n        patterns: \["\*"\]\n', ""
    )


@violation("an action of one's own lies where the bot does not look")
def _(edit: Edit) -> None:
    edit.write(
        "ci/tools/action.yml",
        "name: tools\ndescription: Tools\nruns:\n  using: composite\n  steps:\n"
        f"    - uses: {SETUP_PYTHON}\n",
    )


@violation("requirements are in a folder that the bot does not know")
def _(edit: Edit) -> None:
    edit.sub(".github/dependabot.yml", r'"/src/\*/\*"', f'"/src/*/{edit.function().name}x"')


@good("actions of one's own are where the bot looks, or use no other")
def _(edit: Edit) -> None:
    head = "name: tools\ndescription: Tools\nruns:\n  using: composite\n  steps:\n"
    edit.write(".github/actions/tools/action.yml", f"{head}    - uses: {SETUP_PYTHON}\n")
    edit.write("ci/tools/action.yml", f"{head}    - shell: bash\n      run: make changes\n")


@good("the folders are listed one by one")
def _(edit: Edit) -> None:
    folders = [path.rpartition("/")[0] for path in edit.glob("src/*/*/requirements.txt")]
    listed = "".join(f'\n      - "/{folder}/"' for folder in ["", *folders])
    edit.replace(".github/dependabot.yml", ' ["/", "/src/*/*"]', listed.replace('"//"', '"/"'))


@good("Renovate does it")
def _(edit: Edit) -> None:
    edit.delete(".github/dependabot.yml")
    edit.write(
        "renovate.json",
        '{"extends": ["config:recommended", "group:allNonMajor"], "minimumReleaseAge": "7 days"}\n',
    )
