"""Cases of IAC-13."""

import re

from cases import good, violation
from edits import Edit


def output(edit: Edit, name: str) -> str:
    found = re.search(rf"^  {name}:\n(?:    .*\n)+\n?", edit.read("template.yaml"), re.MULTILINE)
    if not found:
        edit.skip()
    assert found
    return found[0]


@violation("no output has the name of a function")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", output(edit, f"{edit.function().logical_id}Name"), "")


@violation("no output has the address of the API")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", output(edit, "ApiEndpoint"), "")


@violation("an integration test reads an output that does not exist")
def _(edit: Edit) -> None:
    edit.write(
        "tests/integration/test_reports.py",
        "def test_reports(outputs: dict[str, str]) -> None:\n    assert outputs['ReportsBucketName']\n",
    )


@violation("a test asks for an output that nobody declares")
def _(edit: Edit) -> None:
    text = "def test_it(outputs: dict[str, str]) -> None:\n"
    edit.write("tests/integration/test_more.py", f'{text}    assert outputs["ApiAddress"]\n')


@violation("an output has no description")
def _(edit: Edit) -> None:
    edit.output("AlarmTopicName:\n  Value: !GetAtt AlarmTopic.TopicName\n")


@good("an output has the name of a function with its alias")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    value = "\n    Value: "  # as deep as that of an output
    edit.replace("template.yaml", f"{value}!Ref {name}\n", f"{value}!Sub ${{{name}}}:live\n")
    edit.output("Owners:\n  Description: Who to ask\n  Value: the team of orders\n")
