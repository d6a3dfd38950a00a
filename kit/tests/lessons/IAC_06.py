"""Cases of IAC-06."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.infrastructure import ENV
from edits.structure import in_code
from kit.gate.findings import Finding


@violation("an ARN has the Region and the account that it was copied from")
def _(edit: Edit) -> None:
    pseudo = "${AWS::Region}:${AWS::AccountId}:function:"
    edit.in_resource("TrafficCheckFunction", pseudo, "us-east-1:111122223333:function:")


@violation("an address in an output names the Region")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "https://${AWS::Region}.console", "https://eu-central-1.console")


@violation("an output has the Region")
def _(edit: Edit) -> None:
    address = "https://us-east-1.console.aws.amazon.com/"
    edit.output(f"Home:\n  Description: The console\n  Value: {address}")


@violation("a policy allows an account by its number")
def _(edit: Edit) -> None:
    account = "aws:SourceAccount: !Ref AWS::AccountId"
    edit.in_resource("AlarmTopicPolicy", account, "aws:SourceAccount: 111122223333")


@violation("a function gets the name of its table as text")
def _(edit: Edit) -> None:
    function = edit.function("api")
    if "TABLE_NAME: !Ref Table" not in edit.resource(function.logical_id):
        edit.skip()
    name = f"TABLE_NAME: !Sub {edit.service}-{ENV}"
    edit.in_resource(function.logical_id, "TABLE_NAME: !Ref Table", name)


@violation("a mapping has the account of each environment")
def _(edit: Edit) -> None:
    accounts = "  Accounts:\n    dev:\n      Id: 111122223333\n    prod:\n      Id: 444455556666\n"
    edit.replace("template.yaml", "Conditions:\n", f"Mappings:\n{accounts}\nConditions:\n")


@violation("a parameter would compute the account")
def _(edit: Edit) -> None:
    edit.parameter(
        "Archive:\n  Type: String\n  Description: Where old files go.\n"
        "  Default: archive-${AWS::AccountId}"
    )


@good("an alarm is raised at a number as long as an account")
def _(edit: Edit) -> None:
    edit.declare(
        f"LargeAlarm:\n  Type: AWS::CloudWatch::Alarm\n  Properties:\n"
        f"    AlarmName: !Sub {edit.service}-large-{ENV}\n"
        "    AlarmDescription: More than 100 GiB.\n"
        "    Namespace: AWS/S3\n    MetricName: BucketSizeBytes\n    Statistic: Maximum\n"
        "    Period: 86400\n    EvaluationPeriods: 1\n"
        "    ComparisonOperator: GreaterThanThreshold\n    Threshold: 107374182400\n"
        "    TreatMissingData: notBreaching\n    AlarmActions: [!Ref AlarmTopic]"
    )


@good("what is of AWS and of others is named as they name it")
def _(edit: Edit) -> None:
    arn = (
        "arn:${AWS::Partition}:lambda:${AWS::Region}:580247275435:layer:LambdaInsightsExtension:53"
    )
    memory = "      MemorySize:"
    logical_id = edit.function().logical_id
    edit.in_resource(logical_id, memory, f"      Layers: [!Sub '{arn}']\n{memory}")
    head = "Conditions:\n"
    edit.replace("template.yaml", head, f"{head}  IsHome: !Equals [!Ref AWS::Region, us-east-1]\n")
    edit.output(
        "CachePolicy:\n  Description: One of CloudFront's own\n"
        "  Value: 658327ea-f89d-4fab-a63d-012345678901\n"
    )


@violation("a function gets the address of its queue, put together")
def _(edit: Edit) -> None:
    function = edit.function("queue")
    queue = f"{function.pascal}Queue"
    edit.resource(queue)
    address = "https://sqs.${AWS::Region}.${AWS::URLSuffix}/${AWS::AccountId}"
    edit.pass_variable(
        function, "QUEUE_URL", f"!Sub {address}/{edit.service}-{function.kebab}-{ENV}"
    )
    in_code(edit, "services/again.py", 'import os\n\nQUEUE_URL = os.environ["QUEUE_URL"]\n')


@good("the ARN of somebody's bucket is put together of a parameter")
def _(edit: Edit) -> None:
    edit.parameter(
        "PartnerBucket:\n  Type: String\n  Description: Where the partner's files are.\n"
        "  Default: example-bucket"
    )
    arn = '!Join ["", ["arn:aws:s3:::", !Ref PartnerBucket, "/*"]]'
    edit.output(f"PartnerFiles:\n  Description: The partner's files\n  Value: {arn}")


@good("a function starts the workflow that calls it")
def _(edit: Edit) -> None:
    function = edit.function()
    name = f"{edit.service}-flow-{ENV}"
    edit.declare(
        "Flow:\n  Type: AWS::Serverless::StateMachine\n  Properties:\n"
        f"    Name: !Sub {name}\n    Definition: {{StartAt: Work, States: {{}}}}\n"
        "    Role: !GetAtt CodeDeployRole.Arn\n"
        f"    DefinitionSubstitutions: {{Work: !GetAtt {function.logical_id}.Arn}}"
    )
    arn = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:stateMachine"
    edit.pass_variable(function, "STATE_MACHINE_ARN", f"!Sub {arn}:{name}")
    in_code(edit, "services/flow.py", 'import os\n\nARN = os.environ["STATE_MACHINE_ARN"]\n')


@fix("Write `${AWS::")
def _(edit: Edit, finding: Finding) -> None:
    for literal, pseudo in (r"(us-east|eu-central)-1", "Region"), (r"\b\d{12}\b", "AccountId"):
        if re.search(literal, edit.line(finding)):
            edit.in_line(finding, literal, f"${{AWS::{pseudo}}}")
    if "!Sub" not in edit.line(finding):
        edit.in_line(finding, r": (?=\S+$)", ": !Sub ")


@fix("Delete it here")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read("template.yaml")
    edit.write("template.yaml", re.sub(r"^Mappings:\n(?: +.*\n)*\n", "", text, flags=re.MULTILINE))


@fix("Delete the parameter")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub("template.yaml", r"^  Archive:\n(?:    .*\n)+", "")


@fix("Pass `!Ref ")
def _(edit: Edit, finding: Finding) -> None:
    reference = str(finding.fix).split("`")[1]
    edit.in_line(finding, r": .*", f": {reference}")
