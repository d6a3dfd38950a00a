"""Cases of IAC-13."""

import re

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


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


@violation("a test looks for an output that is not declared")
def _(edit: Edit) -> None:
    text = "def test_it(outputs: dict[str, str]) -> None:\n"
    edit.write("tests/integration/test_more.py", f'{text}    assert outputs.get("QueueUrl")\n')


@fix("Add below `Outputs` one with a `Description`")
def _(edit: Edit, finding: Finding) -> None:
    value = str(finding.fix).split("`")[5]
    name = "ApiEndpoint" if "execute-api" in value else "Function"
    edit.output(f"{name}:\n  Description: What is needed\n  {value}")


@fix("Write the name of an output")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"""(["'])\w+\1""", r"\1AlarmTopicArn\1")


@fix("Add a `Description` to the output AlarmTopicName")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", "\n    Description: The topic\n")
