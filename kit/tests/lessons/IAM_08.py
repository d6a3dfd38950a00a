"""Cases of IAM-08."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding

QUEUE = """InboxQueue:
  Type: AWS::SQS::Queue
  Properties:
    QueueName: !Sub {service}-inbox-${{EnvironmentName}}
    SqsManagedSseEnabled: true
    MessageRetentionPeriod: 345600
"""
POLICY = """InboxPolicy:
  Type: AWS::{type}
  Properties:
    {of}: {target}
    PolicyDocument:
      Version: "2012-10-17"
      Statement:
"""
CORS = "        Cors: {AllowOrigins: ['*']}\n"
ACCOUNT = "!Ref AWS::AccountId"


def policy(edit: Edit, *statement: str, kind: str = "SQS::QueuePolicy", remark: str = "") -> None:
    """Add a policy with one statement for the alarm topic, or for a queue of one's own."""
    if kind == "SNS::TopicPolicy":
        head = POLICY.format(type=kind, of="Topics", target="[!Ref AlarmTopic]")
    else:
        edit.declare(QUEUE.format(service=edit.service))
        head = POLICY.format(type=kind, of="Queues", target="[!Ref InboxQueue]")
    first, *others = statement
    lines = [f"        - {first}", *(f"          {line}" for line in others)]
    edit.declare(head + remark + "\n".join(lines))


def send(principal: str, *condition: str) -> list[str]:
    """A statement that lets somebody send messages."""
    target = "Resource: !GetAtt InboxQueue.Arn"
    return [
        "Effect: Allow",
        f"Principal: {principal}",
        "Action: sqs:SendMessage",
        target,
        *condition,
    ]


@violation("a queue takes messages from everybody")
def _(edit: Edit) -> None:
    policy(edit, *send('"*"'))


@violation("a queue takes messages from every principal of AWS, in a list")
def _(edit: Edit) -> None:
    policy(edit, *send('{AWS: ["*"]}', "Condition: {Bool: {aws:SecureTransport: true}}"))


@violation("a queue takes messages from any topic of anybody")
def _(edit: Edit) -> None:
    condition = "Condition: {ArnLike: {aws:SourceArn: !Sub 'arn:${AWS::Partition}:sns:*:*:*'}}"
    policy(edit, *send('"*"', condition))


@violation("a queue takes messages of organizations, whichever they are")
def _(edit: Edit) -> None:
    policy(edit, *send('"*"', "Condition:", "  StringLike:", "    aws:PrincipalOrgID: ['*']"))


@violation("a condition holds only if somebody says where they come from")
def _(edit: Edit) -> None:
    same = f"Condition: {{StringEqualsIfExists: {{aws:SourceAccount: {ACCOUNT}}}}}"
    policy(edit, *send('"*"', same))


for key, condition in {
    "aws:PrincipalTag": "StringEquals: {aws:PrincipalTag/team: orders}",
    "aws:username": "StringLike: {aws:username: orders-*}",
    "aws:VpcSourceIp": "IpAddress: {aws:VpcSourceIp: 10.0.0.0/16}",
}.items():

    @violation(f"the only condition is on {key}, which callers of any account can meet")
    def _(edit: Edit, condition: str = condition) -> None:
        policy(edit, *send('{AWS: "*"}', f"Condition: {{{condition}}}"))


@violation("a topic can be read by everybody but one account")
def _(edit: Edit) -> None:
    lines = ["Sid: Readers", "Effect: Allow", "NotPrincipal: {AWS: !Ref AWS::AccountId}"]
    lines += ["Action: sns:Subscribe", "Resource: !Ref AlarmTopic"]
    policy(edit, *lines, kind="SNS::TopicPolicy")


@violation("a reason is none")
def _(edit: Edit) -> None:
    policy(edit, *send('"*"'), remark="        # Public:\n")


@violation("every account may call the function")
def _(edit: Edit) -> None:
    edit.declare(
        "PartnerPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    FunctionName: !Ref {edit.function().logical_id}\n    Principal: '*'\n"
        "    Action: lambda:InvokeFunction"
    )


@violation("every account may publish on the bus")
def _(edit: Edit) -> None:
    edit.resource("EventBus")
    edit.declare(
        "PartnerBusPolicy:\n  Type: AWS::Events::EventBusPolicy\n  Properties:\n"
        "    EventBusName: !Ref EventBus\n    StatementId: partners\n"
        "    Action: events:PutEvents\n    Principal: '*'"
    )


@violation("a queue takes messages from buckets of every account")
def _(edit: Edit) -> None:
    policy(edit, *send("{Service: s3.amazonaws.com}"))


@violation("buckets of every account may call the function")
def _(edit: Edit) -> None:
    edit.declare(
        "BucketPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    FunctionName: !Ref {edit.function().logical_id}\n"
        "    Action: lambda:InvokeFunction\n    Principal: s3.amazonaws.com"
    )


@fix("Name who may call under `Principal`", "buckets of every account may call the function")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"( *)Principal:.*", rf"\g<0>\n\1SourceAccount: {ACCOUNT}")


@violation("everybody may call the URL of the function")
def _(edit: Edit) -> None:
    url = f"      FunctionUrlConfig:\n        AuthType: NONE\n{CORS}"
    edit.in_resource(edit.function().logical_id, "      CodeUri:", f"{url}      CodeUri:")


@violation("everybody may call the URL, which is a resource of its own")
def _(edit: Edit) -> None:
    function = edit.function().logical_id
    edit.declare(
        "AppUrl:\n  Type: AWS::Lambda::Url\n  Properties:\n"
        f"    TargetFunctionArn: !GetAtt {function}.Arn\n    AuthType: NONE\n"
    )
    edit.declare(
        f"AppUrlPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    FunctionName: !Ref {function}\n    Action: lambda:InvokeFunctionUrl\n"
        "    Principal: '*'\n    FunctionUrlAuthType: NONE"
    )


@fix("Name who may call under `Principal`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"(Not)?Principal:.*", "Principal: {AWS: !Ref AWS::AccountId}")


@fix("Name who may call under `Principal`", "every account may call the function",
     "every account may publish on the bus")  # fmt: skip
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "Principal:.*", f"Principal: {ACCOUNT}")


@fix("Set `AuthType: AWS_IAM`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "NONE", "AWS_IAM")


@fix("Set `AuthType: AWS_IAM`", "everybody may call the URL, which is a resource of its own")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(
        finding,
        "    AuthType",
        "    # Public: partners without an account call it.\n      AuthType",
    )


@good("everybody is denied what does not come over TLS, and every caller has a condition")
def _(edit: Edit) -> None:
    policy(edit, "Effect: Deny", "Principal: '*'", "Action: sqs:*",
           "Resource: !GetAtt InboxQueue.Arn", "Condition: {Bool: {aws:SecureTransport: 'false'}}")  # fmt: skip
    bucket = f"{edit.service}-uploads-*"
    conditions = [
        f"{{StringEquals: {{AWS:SourceOwner: {ACCOUNT}}}}}",
        f"{{ArnLike: {{aws:SourceArn: !Sub 'arn:${{AWS::Partition}}:s3:::{bucket}'}}}}",
        "{ArnEquals: {aws:SourceArn: !Ref AlarmTopic}}",
        "{ForAnyValue:StringLike: {aws:PrincipalOrgPaths: o-a1b2c3d4e5/*}}",
        "{IpAddress: {aws:SourceIp: [192.0.2.0/24]}}",
        "{StringEquals: {aws:SourceVpc: vpc-0a1b2c3d}, IpAddress: {aws:VpcSourceIp: 10.0.0.0/16}}",
    ]
    for number, condition in enumerate(conditions):
        text = "\n".join(
            f"          {line}" for line in send('{AWS: "*"}', f"Condition: {condition}")
        )
        head = POLICY.format(type="SQS::QueuePolicy", of="Queues", target="[!Ref InboxQueue]")
        edit.declare(
            head.replace("Inbox", f"Inbox{number}", 1) + text.replace("  Effect", "- Effect", 1)
        )


@good("what is public says why, in the statement, above its resource, or above a URL")
def _(edit: Edit) -> None:
    policy(edit, *send('"*" # Public: devices without an account report here.'))
    url = (
        "      # Public: the partner's webhook, which signs its calls.\n      FunctionUrlConfig:\n"
    )
    url += f"        AuthType: NONE\n{CORS}"
    edit.in_resource(edit.function().logical_id, "      CodeUri:", f"{url}      CodeUri:")
    edit.declare(
        "# Public: the layer is open source.\nLayerPermission:\n"
        "  Type: AWS::Lambda::LayerVersionPermission\n  Properties:\n"
        "    Action: lambda:GetLayerVersion\n    LayerVersionArn: !ImportValue tools-layer\n"
        "    Principal: '*'"
    )


@good("a URL is public with a reason, and has both permissions that it needs")
def _(edit: Edit) -> None:
    function = edit.function().logical_id
    edit.declare(
        "AppUrl:\n  Type: AWS::Lambda::Url\n  Properties:\n"
        f"    TargetFunctionArn: !GetAtt {function}.Arn\n"
        "    # Public: partners without an account call it.\n    AuthType: NONE\n"
    )
    for name, action, limit in (
        ("AppUrlPermission", "lambda:InvokeFunctionUrl", "FunctionUrlAuthType: NONE"),
        ("AppInvokePermission", "lambda:InvokeFunction", "InvokedViaFunctionUrl: true"),
    ):
        edit.declare(
            f"{name}:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
            f"    FunctionName: !Ref {function}\n    Action: {action}\n"
            f"    Principal: '*'\n    {limit}"
        )


@good("a service, an organization and a key's own account are somebody")
def _(edit: Edit) -> None:
    function = edit.function().logical_id
    edit.declare(
        "TopicPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    FunctionName: !Ref {function}\n    Action: lambda:InvokeFunction\n"
        "    Principal: sns.amazonaws.com\n    SourceArn: !Ref AlarmTopic"
    )
    edit.declare(
        "TeamPermission:\n  Type: AWS::Lambda::Permission\n  Properties:\n"
        f"    FunctionName: !Ref {function}\n    Action: lambda:InvokeFunction\n"
        "    Principal: '*'\n    PrincipalOrgID: o-a1b2c3d4e5"
    )
