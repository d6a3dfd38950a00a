"""Cases of IAM-05."""

import re
from dataclasses import replace

from cases import fix, good, violation
from edits import CONFIG, Edit
from edits.access import allow, delete_from_infra, in_infra
from kit.gate.findings import Finding

PIPELINE = "              - Sid: SeeWhatThePreflightReads\n"


@violation("the pipeline updates a function's code itself")
def _(edit: Edit) -> None:
    mine = (
        "              - Sid: QuickFix\n                Effect: Allow\n"
        "                Action: lambda:UpdateFunctionCode\n                Resource: !Sub "
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
        f"{edit.service}-*-${{EnvironmentName}}\n"
    )
    in_infra(edit, "DeployRole", PIPELINE, mine + PIPELINE)


@violation("the pipeline changes the stack with whatever role")
def _(edit: Edit) -> None:
    begin = (
        "                Condition:\n                  StringEquals:\n"
        "                    cloudformation:RoleArn"
    )
    delete_from_infra(edit, "DeployRole", begin, "              - Sid: FollowTheStack")


@violation("the pipeline is an administrator")
def _(edit: Edit) -> None:
    mine = "ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n      Policies:\n"
    in_infra(edit, "DeployRole", "Policies:\n", mine)


@violation("people may become CloudFormation's role")
def _(edit: Edit) -> None:
    service = "              Service: cloudformation.amazonaws.com\n"
    people = "              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root\n"
    in_infra(edit, "ExecutionRole", service, service + people)


@violation("CloudFormation makes roles without the boundary")
def _(edit: Edit) -> None:
    begin = (
        "            Condition:\n              StringEquals:\n"
        "                iam:PermissionsBoundary"
    )
    delete_from_infra(edit, "FunctionsPolicy", begin, "          - Sid: ManagedPolicies")


@violation("the roles of functions lose the boundary")
def _(edit: Edit) -> None:
    edit.sub("template.yaml", r"^    PermissionsBoundary: .*\n", "")


@violation("a schedule's role has no boundary")
def _(edit: Edit) -> None:
    function = edit.function("schedule")
    text = edit.resource(function.logical_id)
    (line,) = [item for item in text.splitlines(keepends=True) if "PermissionsBoundary:" in item]
    edit.in_resource(function.logical_id, line, "")


@violation("a function sends mail, which the boundary does not know")
def _(edit: Edit) -> None:
    function = edit.function("api", "queue")
    edit.write(
        f"{function.code}/utils/mail.py",
        f'"""Mail to customers."""\n\nimport boto3\n{CONFIG}\n'
        'MAIL = boto3.client("sesv2", config=CONFIG)\n\n\n'
        "def send(**message: object) -> None:\n    MAIL.send_email(**message)\n",
    )
    arn = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:identity/example.com"
    allow(edit, function, "Action: ses:SendEmail", f"Resource: !Sub {arn}")


@violation("a stream of Kinesis, which CloudFormation's role does not know")
def _(edit: Edit) -> None:
    edit.declare(
        """Readings:
  Type: AWS::Kinesis::Stream
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}"""
    )


@violation("a role is handed to Pipes, which nobody may do")
def _(edit: Edit) -> None:
    edit.declare(ROLE.format(name="PipeRole", service=edit.service, to="pipes"))


@violation("a role has the boundary of another service")
def _(edit: Edit) -> None:
    edit.declare(ROLE.format(name="TaskRole", service="other", to="scheduler"))


ROLE = """{name}:
  Type: AWS::IAM::Role
  Properties:
    PermissionsBoundary: !Sub arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{service}-boundary-${{EnvironmentName}}
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal:
            Service: {to}.amazonaws.com
          Action: sts:AssumeRole"""


@fix("Remove it from this role")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(replace(finding, line=finding.line - 2))  # the statement, of one action


@fix("Remove it from this role", "the pipeline is an administrator")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Add the condition `StringEquals`")
def _(edit: Edit, finding: Finding) -> None:
    _, operator, _, key, _, value, _ = str(finding.fix).split("`")
    depth = " " * (len(edit.line(finding)) - len(edit.line(finding).lstrip()))
    lines = (f"{depth}Condition:", f"{depth}  {operator}:", f"{depth}    {key}: {value}", "")
    edit.in_line(finding, "^", "\n".join(lines))


@fix("Let `Principal` below")
def _(edit: Edit, finding: Finding) -> None:
    people = "              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root\n"
    in_infra(edit, str(finding.resource), people, "")


@fix("Give every role the boundary")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"\n", f"\n    PermissionsBoundary: {boundary(edit)}\n")


@fix("Give the event the `PermissionsBoundary`")
def _(edit: Edit, finding: Finding) -> None:
    event = edit.read(finding.path).splitlines().index("          Properties:", finding.line) + 1
    there = replace(finding, line=event)
    edit.in_line(there, r"\n", f"\n            PermissionsBoundary: {boundary(edit)}\n")


@fix("Allow `")
def _(edit: Edit, finding: Finding) -> None:
    """In a new statement, with a pattern in place of the end that CloudFormation makes up."""
    _, action, _, name, *_ = str(finding.fix).split("`")
    policy = "Boundary" if "`Boundary`" in str(finding.fix) else "DataPolicy"
    name = re.sub(r"-prod-.*", "-${EnvironmentName}-*", name)
    arn = f"arn:${{AWS::Partition}}:{action.split(':')[0]}:${{AWS::Region}}:${{AWS::AccountId}}:{name}"
    lines = ("Statement:", "- Sid: Mine", "  Effect: Allow", f"  Action: {action}")
    text = "\n          ".join([*lines, f"  Resource: !Sub {arn}", ""])
    in_infra(edit, policy, "Statement:\n", f"{text.rstrip(' ')}")


@fix("Extend `iam:PassedToService`")
def _(edit: Edit, finding: Finding) -> None:
    in_infra(
        edit,
        "FunctionsPolicy",
        "lambda.amazonaws.com, sch",
        "lambda.amazonaws.com, pipes.amazonaws.com, sch",
    )


@fix("Make its `PermissionsBoundary` come to")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "PermissionsBoundary: .*", f"PermissionsBoundary: {boundary(edit)}")


def boundary(edit: Edit) -> str:
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy"
    return f"!Sub {arn}/{edit.service}-boundary-${{EnvironmentName}}"


@good("what the roles were extended for, and what has a name that CloudFormation makes up")
def _(edit: Edit) -> None:
    in_infra(
        edit,
        "FunctionsPolicy",
        "lambda.amazonaws.com, sch",
        "lambda.amazonaws.com, logs.amazonaws.com, sch",
    )
    in_infra(
        edit,
        "OperationsPolicy",
        "logs:PutRetentionPolicy,",
        "logs:PutMetricFilter, logs:PutRetentionPolicy,",
    )
    edit.declare(ROLE.format(name="LogsRole", service=edit.service, to="logs"))
    edit.declare(
        """Trail:
  Type: AWS::Logs::LogGroup
  Properties:
    RetentionInDays: !Ref LogRetentionDays
TrailFilter:
  Type: AWS::Logs::MetricFilter
  Properties:
    LogGroupName: !Ref Trail
    FilterPattern: denied
    MetricTransformations:
      - MetricName: Denied
        MetricNamespace: !Ref AWS::StackName
        MetricValue: "1\""""
    )


@good("tests of the live service send a message, and a role of one's own is bounded")
def _(edit: Edit) -> None:
    mine = (
        "              - Sid: Try\n                Effect: Allow\n"
        "                Action: [events:PutEvents, lambda:InvokeFunction, sqs:ReceiveMessage]\n"
        "                Resource: !Sub "
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
        f"{edit.service}-*-${{EnvironmentName}}\n"
    )
    in_infra(edit, "DeployRole", PIPELINE, mine + PIPELINE)
    edit.declare(ROLE.format(name="TaskRole", service=edit.service, to="scheduler"))


@good("a function may send to a bus of which only a parameter knows the ARN")
def _(edit: Edit) -> None:
    edit.parameter(
        "PartnerBusArn:\n  Type: AWS::SSM::Parameter::Value<String>\n"
        "  Description: The event bus of the partner.\n  AllowedPattern: /.+"
    )
    own = "Resource: !GetAtt EventBus.Arn"
    both = "Resource: [!GetAtt EventBus.Arn, !Ref PartnerBusArn]"
    edit.in_resource(edit.function("queue", "bucket").logical_id, own, both)
