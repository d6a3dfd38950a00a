"""What the cases of several lessons share: infrastructure."""

from edits import Edit

ENV = "${EnvironmentName}"


def rename(edit: Edit, name: str) -> None:
    function = edit.function()
    old = f"FunctionName: !Sub {edit.service}-{function.kebab}-{ENV}"
    edit.in_resource(function.logical_id, old, f"FunctionName: {name}")
