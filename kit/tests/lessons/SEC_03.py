"""Cases of SEC-03."""

from cases import fix, good, violation
from edits import Edit
from edits.access import allow
from edits.secrets import given
from kit.gate.findings import Finding


def more(edit: Edit, action: str, resource: str, *, has_name: bool = True) -> None:
    """Allow the first function something with secrets, and pass it the name of one."""
    allow(edit, edit.function(), f"Action: {action}", f"Resource: {resource}")
    if has_name:
        given(edit, PARTNER_SECRET=f"!Sub {edit.service}/partner-${{EnvironmentName}}")


ARN = "!Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"


READ = "secretsmanager:GetSecretValue"


@violation("all secrets of the service")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/*-${{EnvironmentName}}-??????")


@violation("its secret in prod, whatever the environment")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/partner-prod-??????")


@violation("every secret of the account")
def _(edit: Edit) -> None:
    more(edit, READ, '"*"')


@violation("everything with its secret")
def _(edit: Edit) -> None:
    more(edit, "'secretsmanager:*'", f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????")


@violation("a secret of another function")
def _(edit: Edit) -> None:
    _first, second = edit.two()
    name = f"{edit.service}/partner-${{EnvironmentName}}"
    edit.pass_variable(second, "PARTNER_SECRET", f"!Sub {name}")
    text = 'from os import environ\n\n\ndef name() -> str:\n    return environ["PARTNER_SECRET"]\n'
    edit.write(f"{second.code}/services/partner.py", text)
    more(edit, READ, f"{ARN}{name}-??????", has_name=False)


@violation("whatever gets a value of its secret")
def _(edit: Edit) -> None:
    more(
        edit, "'secretsmanager:*Value'", f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????"
    )


@good("its secret, which it also describes, by each way to end an ARN")
def _(edit: Edit) -> None:
    arn = f"{ARN}{edit.service}/partner-${{EnvironmentName}}"
    arns = f"\n                - {arn}-??????\n                - {arn}-*"
    more(edit, f"[{READ}, secretsmanager:DescribeSecret]", arns)


@good("its secret by a policy template of SAM")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????")
    arn = f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????"
    template = f"AWSSecretsManagerGetSecretValuePolicy:\n            SecretArn: {arn}\n        - "
    old = "        - Version: '2012-10-17'\n"
    function = edit.function()
    edit.in_resource(function.logical_id, old, f"        - {template}Version: '2012-10-17'\n")


@fix("Let `Resource` name")
def _(edit: Edit, finding: Finding) -> None:
    own = f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????"
    edit.in_line(finding, "Resource: .*", f"Resource: {own}")


@fix("Let `Resource` name", "a secret of another function")
def _(edit: Edit, _finding: Finding) -> None:
    given(edit, PARTNER_SECRET=f"!Sub {edit.service}/partner-${{EnvironmentName}}")


@fix("Allow `secretsmanager:GetSecretValue` alone")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "Action: .*", f"Action: {READ}")
