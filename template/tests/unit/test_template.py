"""What neither the linters nor the gate look at: handlers."""

import ast
from pathlib import Path
from typing import Any

import pytest

from delivery.template import read

ROOT = Path(__file__).parents[2]


TEXT = (ROOT / "template.yaml").read_text("utf-8")
TEMPLATE = read(TEXT)
FUNCTIONS: dict[str, Any] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_handler_is_there(name: str) -> None:
    module, function = FUNCTIONS[name]["Handler"].rsplit(".", 1)
    file = ROOT / FUNCTIONS[name]["CodeUri"] / (module.replace(".", "/") + ".py")
    assert file.is_file(), f"{name} in template.yaml has a Handler in {file}, which is not there"
    defined = {getattr(node, "name", None) for node in ast.parse(file.read_text("utf-8")).body}
    assert function in defined, f"{name} in template.yaml: {file} defines no {function}"
