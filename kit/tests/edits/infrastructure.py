"""What the cases of several lessons share: infrastructure."""

import re

from edits import Edit, Function

ENV = "${EnvironmentName}"


def rename(edit: Edit, name: str) -> None:
    function = edit.function()
    old = f"FunctionName: !Sub {edit.service}-{function.kebab}-{ENV}"
    edit.in_resource(function.logical_id, old, f"FunctionName: {name}")


def require_variable(edit: Edit, function: Function, name: str) -> None:
    """Let the settings of a function require a variable."""
    settings, field = f"{function.code}/settings.py", name.lower()
    edit.replace(settings, "    stage: str\n", f"    stage: str\n    {field}: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        {field}=required("{name}"),\n')


def unlist_variable(edit: Edit, name: str) -> None:
    """Delete a variable from the READMEs of functions."""
    for path in edit.glob("src/*/*/README.md"):
        edit.write(path, re.sub(rf"^\| `{name}` .*\n", "", edit.read(path), flags=re.MULTILINE))
