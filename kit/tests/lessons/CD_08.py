"""Cases of CD-08."""

from cases import fix, good, violation
from edits import Edit
from edits.delivery import SAMCONFIG, advised
from edits.pipelines import DEPLOY, OWN, delete_step, workflow
from kit.gate.findings import Finding


@violation("a workflow writes the address into a page")
def _(edit: Edit) -> None:
    edit.replace(
        DEPLOY,
        "      - name: Deploy\n",
        '      - name: Configure\n        run: sed -i "s|API_URL|$URL|" site/config.js\n      - name: Deploy\n',
    )


@violation("a target fills variables into a file")
def _(edit: Edit) -> None:
    edit.write("local.mk", "page:\n\tenvsubst < page.html.in > page.html\n")


@violation("an action replaces tokens")
def _(edit: Edit) -> None:
    steps = "- uses: cschleiden/replace-tokens@6a7b2b0a3d1f4b0b3c9a8c8a5d8e6f7a9b0c1d2e # v1.3\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


@violation("a step writes the address into a file of YAML")
def _(edit: Edit) -> None:
    steps = "- run: yq -i '.api.url = strenv(URL)' site/config.yaml\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))


@violation("a script replaces a placeholder")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/page.sh",
        '#!/bin/sh\nset -e\nsed "s/YOUR_API_ENDPOINT_HERE/$1/" page.html.in > page.html\n',
    )


@violation("a variable of a function is still to be filled in")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py", 'PARTNER = "https://YOUR_API_ENDPOINT_HERE/"\n'
    )


@violation("a parameter is still to be filled in")
def _(edit: Edit) -> None:
    edit.replace(SAMCONFIG, '"LogLevel=INFO"', '"LogLevel=INFO", "AlarmEmail=CHANGE_ME"')


@fix("Delete this step or line")
def _(edit: Edit, finding: Finding) -> None:
    if finding.path.endswith(".yml"):
        delete_step(edit, finding)
    else:
        edit.delete_line(finding)


@fix("Write the value in place of", "a script replaces a placeholder")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Write the value in place of")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, advised(finding), "help@example.com")


@good("a release writes its version, and code refuses placeholders")
def _(edit: Edit) -> None:
    steps = "- run: sed -i \"s/^version = .*/version = '$V'/\" pyproject.toml\n- run: sed -n 's/^version//p' pyproject.toml\n"
    edit.write(OWN, workflow("workflow_dispatch:", steps))
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        '"""Refuses YOUR_API_ENDPOINT_HERE."""\n\n\ndef is_set(value: str) -> bool:\n'
        '    """Whether a value is no placeholder like CHANGE_ME."""\n    return value != "CHANGE_ME"\n',
    )
