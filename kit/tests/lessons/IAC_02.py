"""Cases of IAC-02."""

import re

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding


@violation("prod has a copy of the template")
def _(edit: Edit) -> None:
    edit.write("template-prod.yaml", edit.read("template.yaml"))


@violation("samconfig.toml builds another template for prod")
def _(edit: Edit) -> None:
    head = "[prod.build.parameters]\n"
    edit.replace("samconfig.toml", head, f'{head}template_file = "prod/template-prod.yaml"\n')


@violation("samconfig.toml passes no EnvironmentName to prod")
def _(edit: Edit) -> None:
    edit.replace("samconfig.toml", '"EnvironmentName=prod", ', "")


@good("prod has more memory, by a parameter")
def _(edit: Edit) -> None:
    edit.parameter("AppMemory:\n  Type: Number\n  Description: Memory in MB.\n  Default: 512\n")
    edit.replace(
        "samconfig.toml", '["EnvironmentName=prod"', '["EnvironmentName=prod", "AppMemory=1024"'
    )
    logical_id = edit.function().logical_id
    size = re.findall(r"MemorySize: \d+", edit.resource(logical_id))[0]
    edit.in_resource(logical_id, size, "MemorySize: !Ref AppMemory")
    head = "[prod.deploy.parameters]\n"
    edit.replace("samconfig.toml", head, f'{head}template_file = ".aws-sam/build/template.yaml"\n')


@good("a nested stack has resources that are called like those of the template")
def _(edit: Edit) -> None:
    edit.write("infra/copy.yaml", edit.read("template.yaml"))
    edit.declare(
        "Copy:\n  Type: AWS::CloudFormation::Stack\n  Properties:\n    TemplateURL: infra/copy.yaml"
    )


@fix("Delete the copy")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)


@fix("Delete `template_file` here")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Pass `EnvironmentName=prod` in `parameter_overrides`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\[", '["EnvironmentName=prod", ')
