"""Cases of DEP-02."""

from cases import good, violation
from edits import Edit
from edits.dependencies import DEPENDABOT, SETUP_PYTHON, own_action


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
