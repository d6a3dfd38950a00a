"""Edits that break IAC lessons, and innocent ones."""

from __future__ import annotations

import re

from .edits import Edit, innocent, mutant

ENV = "${EnvironmentName}"

# ── IAC-01: one template has every resource ──────────────────────────────────

QUEUE = """AWSTemplateFormatVersion: "2010-09-09"

Resources:
  ReportsQueue:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
"""


@mutant("IAC-01", "a queue is in a template of its own")
def _(edit: Edit) -> None:
    edit.write("infra/reports.yaml", QUEUE)


@mutant("IAC-01", "a script makes a table with the CLI")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/first-time.sh",
        "#!/bin/sh\nset -e\naws --output text dynamodb \\\n"
        f"  create-table --table-name {edit.service}-jobs --billing-mode PAY_PER_REQUEST\n",
    )


@mutant("IAC-01", "a target of make keeps the address of a topic that it makes")
def _(edit: Edit) -> None:
    edit.write(
        "local.mk", 'topic:\n\t@arn="$$(aws sns create-topic --name orders)"; echo "$$arn"\n'
    )


@mutant("IAC-01", "a script makes a log group before the first deployment")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/first-time.sh",
        "#!/bin/sh\nset -e\n"
        f"timeout 60 python -m awscli logs create-log-group --log-group-name /{edit.service}/jobs\n",
    )


@innocent("IAC-01", "scripts export logs, restore data and take pictures of it")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/archive.sh",
        "#!/bin/sh\nset -e\n"
        'aws logs create-export-task --log-group-name "$1" --from 0 --to 1 --destination archive\n'
        'aws dynamodb create-backup --table-name "$1" --backup-name monthly\n'
        'aws ec2 create-snapshot --volume-id "$2"\n'
        'aws glacier create-vault-lock-policy "$3" || aws support create-case --subject archive\n',
    )


@mutant("IAC-01", "a script makes a bucket with boto3")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/reports.py",
        'import boto3\n\nboto3.client("s3").create_bucket(Bucket="reports")\n',
    )


@mutant("IAC-01", "a table is Terraform's")
def _(edit: Edit) -> None:
    edit.write("infra/jobs.tf", 'resource "aws_dynamodb_table" "jobs" {}\n')


@innocent("IAC-01", "scripts make a table on this machine, and tell what somebody else would do")
def _(edit: Edit) -> None:
    edit.write(
        "scripts/local-table.sh",
        "aws dynamodb create-table --endpoint-url http://localhost:8000 --table-name jobs\n"
        "aws cloudfront create-invalidation --distribution-id E1 --paths '/*' # no resource\n"
        'echo "aws sqs create-queue is what nobody should call"\n'
        "aws sqs list-queues --queue-name-prefix create-queue\n",
    )


@innocent("IAC-01", "a test has a template to read, and tools have YAML with a key Resources")
def _(edit: Edit) -> None:
    edit.write("tests/unit/templates/queue.yaml", QUEUE)
    edit.write("scripts/labels.yaml", "Resources: [AWS::SQS::Queue]\n")


# ── IAC-02: parameters, not copies ───────────────────────────────────────────


@mutant("IAC-02", "prod has a copy of the template")
def _(edit: Edit) -> None:
    edit.write("template-prod.yaml", edit.read("template.yaml"))


@mutant("IAC-02", "samconfig.toml builds another template for prod")
def _(edit: Edit) -> None:
    head = "[prod.build.parameters]\n"
    edit.replace("samconfig.toml", head, f'{head}template_file = "prod/template-prod.yaml"\n')


@mutant("IAC-02", "prod is not told that it is prod")
def _(edit: Edit) -> None:
    edit.replace("samconfig.toml", '"EnvironmentName=prod", ', "")


@innocent("IAC-02", "prod has more memory, by a parameter")
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


# ── IAC-03: parameters ───────────────────────────────────────────────────────


@mutant("IAC-03", "a parameter does not say what it is")
def _(edit: Edit) -> None:
    edit.parameter("PageSize:\n  Type: Number\n  Default: 50\n")


@mutant("IAC-03", "a parameter may be anything, and is nothing unless it is passed")
def _(edit: Edit) -> None:
    edit.parameter("PartnerUrl:\n  Type: String\n  Description: Where the partner's API is.\n")
    edit.replace_all(
        "samconfig.toml",
        '["EnvironmentName=',
        '["PartnerUrl=https://example.com", "EnvironmentName=',
    )


@innocent("IAC-03", "a parameter has no default, but values to choose from; another is empty")
def _(edit: Edit) -> None:
    edit.parameter(
        "Plan:\n  Type: String\n  Description: What was bought.\n  AllowedValues: [small, large]\n\n"
        'Note:\n  Type: String\n  Description: Shown to people.\n  Default: ""\n'
    )
    edit.replace_all("samconfig.toml", '["EnvironmentName=', '["Plan=small", "EnvironmentName=')


# ── IAC-04: names end in the environment, and fit ────────────────────────────


RULE = """StartedRule:
  Type: AWS::Events::Rule
  Properties:
    Name: {name}
    EventBusName: {bus}
    EventPattern:
      source: [aws.ec2]"""


def rename(edit: Edit, name: str) -> None:
    function = edit.function()
    old = f"FunctionName: !Sub {edit.service}-{function.kebab}-{ENV}"
    edit.in_resource(function.logical_id, old, f"FunctionName: {name}")


@mutant("IAC-04", "a function has one name in all environments")
def _(edit: Edit) -> None:
    rename(edit, f"{edit.service}-{edit.function().kebab}")


@mutant("IAC-04", "a function's name is longer than Lambda allows")
def _(edit: Edit) -> None:
    words = "that-says-everything-that-it-does-in-one-single-very-long-name"
    rename(edit, f"!Sub {edit.service}-{edit.function().kebab}-{words}-{ENV}")


@mutant("IAC-04", "the name of an alarm ends in what it is about")
def _(edit: Edit) -> None:
    name = f"{edit.service}-{edit.function().kebab}-errors"
    logical_id = f"{edit.function().pascal}ErrorsAlarm"
    edit.in_resource(logical_id, f"!Sub {name}-{ENV}", f"!Sub {name}-{ENV}-alarm")


@mutant("IAC-04", "a rule on the account's bus has one name in all environments")
def _(edit: Edit) -> None:
    edit.declare(RULE.format(name=f"{edit.service}-started", bus="default"))


@innocent("IAC-04", "a rule on a bus of the service has a short name")
def _(edit: Edit) -> None:
    name = f"!Sub {edit.service}-machines-{ENV}"
    edit.declare(f"MachinesBus:\n  Type: AWS::Events::EventBus\n  Properties:\n    Name: {name}")
    edit.declare(RULE.format(name="started", bus="!Ref MachinesBus"))


@innocent("IAC-04", "a name is put together from the stack's, which ends in the environment")
def _(edit: Edit) -> None:
    old = f"DashboardName: !Sub {edit.service}-{ENV}"
    edit.in_resource("Dashboard", old, 'DashboardName: !Join ["", [!Ref AWS::StackName]]')


@innocent("IAC-04", "the path of a parameter has the environment as a folder")
def _(edit: Edit) -> None:
    edit.declare(
        "LimitParameter:\n  Type: AWS::SSM::Parameter\n  Properties:\n    Type: String\n"
        f'    Value: "3"\n    Name: !Sub /{edit.service}/{ENV}/limit\n'
    )


# ── IAC-05: names carry the service ──────────────────────────────────────────


@mutant("IAC-05", "a function is called like those of other services")
def _(edit: Edit) -> None:
    rename(edit, f"!Sub handler-{edit.function().kebab}-{ENV}")


@mutant("IAC-05", "a bucket's name lacks the account")
def _(edit: Edit) -> None:
    function = edit.function("bucket")
    edit.in_resource(f"{function.pascal}Bucket", "-${AWS::AccountId}", "")


@mutant("IAC-05", "a policy within a role has the name of the environment")
def _(edit: Edit) -> None:
    edit.in_resource(
        "CodeDeployRole", "PolicyName: MoveTraffic", f"PolicyName: !Sub move-traffic-{ENV}"
    )


@innocent("IAC-05", "a rule of the service's own bus has a short name")
def _(edit: Edit) -> None:
    logical_id = edit.function("event").logical_id
    bus = "            EventBusName: !Ref EventBus\n"
    edit.in_resource(logical_id, bus, f"{bus}            RuleName: !Sub items-{ENV}\n")


# ── IAC-06: references ───────────────────────────────────────────────────────


@mutant("IAC-06", "an ARN has the Region and the account that it was copied from")
def _(edit: Edit) -> None:
    pseudo = "${AWS::Region}:${AWS::AccountId}:function:"
    edit.in_resource("TrafficCheckFunction", pseudo, "us-east-1:111122223333:function:")


@mutant("IAC-06", "an address in an output names the Region")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "https://${AWS::Region}.console", "https://eu-central-1.console")


@mutant("IAC-06", "an output has the Region")
def _(edit: Edit) -> None:
    address = "https://us-east-1.console.aws.amazon.com/"
    edit.output(f"Home:\n  Description: The console\n  Value: {address}")


@mutant("IAC-06", "a policy allows an account by its number")
def _(edit: Edit) -> None:
    account = "aws:SourceAccount: !Ref AWS::AccountId"
    edit.in_resource("AlarmTopicPolicy", account, "aws:SourceAccount: 111122223333")


@mutant("IAC-06", "a function gets the name of its table as text")
def _(edit: Edit) -> None:
    function = edit.function("api")
    if "TABLE_NAME: !Ref Table" not in edit.resource(function.logical_id):
        edit.skip()
    name = f"TABLE_NAME: !Sub {edit.service}-{ENV}"
    edit.in_resource(function.logical_id, "TABLE_NAME: !Ref Table", name)


@mutant("IAC-06", "a mapping has the account of each environment")
def _(edit: Edit) -> None:
    accounts = "  Accounts:\n    dev:\n      Id: 111122223333\n    prod:\n      Id: 444455556666\n"
    edit.replace("template.yaml", "Conditions:\n", f"Mappings:\n{accounts}\nConditions:\n")


@mutant("IAC-06", "a parameter would compute the account")
def _(edit: Edit) -> None:
    edit.parameter(
        "Archive:\n  Type: String\n  Description: Where old files go.\n"
        "  Default: archive-${AWS::AccountId}"
    )


@innocent("IAC-06", "an alarm is raised at a number as long as an account")
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


@innocent("IAC-06", "what is of AWS and of others is named as they name it")
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


# ── IAC-07: variables ────────────────────────────────────────────────────────

READS = 'import os\n\nLIMIT = int(os.environ.get("ITEM_LIMIT", "5"))\n'


@mutant("IAC-07", "a new module reads a variable that nobody passes")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/services/limits.py", READS)


@mutant("IAC-07", "the settings want a variable that nobody passes")
def _(edit: Edit) -> None:
    settings = f"{edit.function().code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=required("ITEM_LIMIT"),\n')


@mutant("IAC-07", "a variable is passed that no code reads")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')


@mutant("IAC-07", "all functions get a variable that no code reads")
def _(edit: Edit) -> None:
    stage = "        STAGE: !Ref EnvironmentName\n"
    edit.replace("template.yaml", stage, f'{stage}        ITEM_LIMIT: "5"\n')
    for path in edit.glob(f"src/{edit.package}/*/README.md"):
        edit.sub(path, r"^(\| `STAGE` .*\n)", r"\1| `ITEM_LIMIT` | the most items | `5` |\n")


@innocent("IAC-07", "a variable is passed and read; others are Lambda's and Powertools'")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')
    edit.pass_variable(edit.function(), "POWERTOOLS_LOGGER_SAMPLE_RATE", '"0.1"')
    more = 'REGION = os.environ["AWS_REGION"]\n'
    edit.write(f"{edit.function().code}/services/limits.py", READS + more)


@innocent("IAC-07", "variables are read in a loop over their names")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "ITEM_LIMIT", '"5"')
    edit.write(
        f"{edit.function().code}/services/limits.py",
        'from os import environ\n\nNAMES = ("STAGE", "ITEM_LIMIT")\n'
        "VALUES = {name: environ[name] for name in NAMES}\n",
    )


LIMITS = """import os


def required(name: str) -> str:
    return os.environ[name]


VALUES = {side: int(required(f"LIMIT_{side}") or 0) for side in ("MIN", "MAX")}
OF_ITEMS = [int(os.environ["ITEM_" + size.upper()]) for size in ("small", "large")]
"""


@innocent("IAC-07", "names of variables are put together")
def _(edit: Edit) -> None:
    for name in ("LIMIT_MIN", "LIMIT_MAX", "ITEM_SMALL", "ITEM_LARGE"):
        edit.pass_variable(edit.function(), name, '"5"')
    edit.write(f"{edit.function().code}/services/limits.py", LIMITS)


@mutant("IAC-07", "a variable is passed that is none of those whose names are put together")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "MAX_LIMIT", '"5"')
    edit.write(f"{edit.function().code}/services/limits.py", LIMITS)


@mutant("IAC-07", "a name is put together of two constants, and nobody passes it")
def _(edit: Edit) -> None:
    text = 'import os\n\nPREFIX = "ITEM"\nLIMIT = int(os.environ[f"{PREFIX}_LIMIT"])\n'
    edit.write(f"{edit.function().code}/services/limits.py", text)


# ── IAC-08: STAGE ────────────────────────────────────────────────────────────


@mutant("IAC-08", "a function is told its environment twice")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DEPLOYED_TO", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nDEPLOYED_TO = os.environ["DEPLOYED_TO"]\n',
    )


@mutant("IAC-08", "code asks for ENV, as other services do")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/where.py",
        'import os\n\nIS_PROD = os.getenv("ENV", "dev") == "prod"\n',
    )


@mutant("IAC-08", "STAGE is prod everywhere")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", "STAGE: !Ref EnvironmentName", "STAGE: prod")


@mutant("IAC-08", "a function is told its environment by a variable of its service")
def _(edit: Edit) -> None:
    name = f"{edit.package.upper()}_ENV"
    edit.pass_variable(edit.function(), name, "!If [HasBudget, production, production]")
    edit.write(
        f"{edit.function().code}/services/where.py",
        f'import os\n\nIS_PROD = os.environ["{name}"] == "production"\n',
    )


@innocent("IAC-08", "a function is told which environment of AppConfig it reads")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "APPCONFIG_ENVIRONMENT", "!Ref EnvironmentName")
    edit.write(
        f"{edit.function().code}/services/flags.py",
        'import os\n\nENVIRONMENT_OF_FLAGS = os.environ["APPCONFIG_ENVIRONMENT"]\n',
    )


@innocent("IAC-08", "a library is told the environment under the name that it knows")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "DD_ENV", "!Ref EnvironmentName")
    edit.pass_variable(edit.function(), "POWERTOOLS_METRICS_NAMESPACE", edit.service)


# ── IAC-10: sizes and time-outs ──────────────────────────────────────────────


def without(edit: Edit, key: str) -> str:
    """Take a size from the function; what it was."""
    logical_id = edit.function().logical_id
    line = re.findall(rf"      {key}: .*\n", edit.resource(logical_id))[0]
    edit.in_resource(logical_id, line, "")
    return str(re.findall(r"\d+", line)[0])


@mutant("IAC-10", "a function has no timeout")
def _(edit: Edit) -> None:
    without(edit, "Timeout")


@mutant("IAC-10", "a function's memory is text with a unit")
def _(edit: Edit) -> None:
    logical_id = edit.function().logical_id
    size = re.findall(r"MemorySize: \d+", edit.resource(logical_id))[0]
    edit.in_resource(logical_id, size, 'MemorySize: "512 MB"')


@mutant("IAC-10", "an HTTP call may take for ever")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "from urllib.request import urlopen\n\n\ndef rates(url: str) -> bytes:\n"
        "    with urlopen(url) as answer:\n        return bytes(answer.read())\n",
    )


@mutant("IAC-10", "calls of AWS may take longer than the function")
def _(edit: Edit) -> None:
    path = f"{edit.function().code}/utils/aws.py"
    if not edit.has(path):
        edit.skip()
    edit.replace(path, "read_timeout=2", "read_timeout=300")


@mutant("IAC-10", "the chat may take for ever")
def _(edit: Edit) -> None:
    for path in edit.glob("src/*/chat_notifier/lambda_pkg/services/chat.py"):
        edit.replace(path, "timeout=TIMEOUT_SECONDS", "timeout=None")
        return
    edit.skip()


@mutant("IAC-10", "a client of AWS waits as long as botocore likes")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/objects_of_reports.py",
        'import boto3\n\nsts = boto3.client("sts")\n',
    )


@innocent("IAC-10", "the timeout stands in Globals, and calls end before it")
def _(edit: Edit) -> None:
    seconds = without(edit, "Timeout")
    head = "Globals:\n  Function:\n"
    edit.replace("template.yaml", head, f"{head}    Timeout: {seconds}\n")
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "from urllib.request import urlopen\n\nSECONDS = 2.5\n\n\ndef rates(url: str) -> bytes:\n"
        "    with urlopen(url, timeout=SECONDS) as answer:\n        return bytes(answer.read())\n",
    )


@mutant("IAC-10", "a pool of connections has no timeout, and neither have its calls")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/rates.py",
        "import urllib3\n\nhttp = urllib3.PoolManager(maxsize=2)\n\n\ndef rates(url: str) -> bytes:\n"
        '    return bytes(http.request("GET", url).data)\n',
    )


@mutant("IAC-10", "one client of AWS may read for longer than the function lives")
def _(edit: Edit) -> None:
    aws = f"{edit.function().code}/utils/aws.py"
    if not edit.has(aws) or "CONFIG = Config(" not in edit.read(aws):
        edit.skip()
    edit.write(
        f"{edit.function().code}/services/reports.py",
        "import boto3\nfrom botocore.config import Config\n\nfrom ..utils.aws import CONFIG\n\n"
        'sts = boto3.client("sts", config=CONFIG.merge(Config(read_timeout=900)))\n',
    )


@innocent("IAC-10", "a client reads a little longer, and an adapter of requests has the timeout")
def _(edit: Edit) -> None:
    folder, code = edit.function().folder, edit.function().code
    edit.append(f"{folder}/requirements.in", "requests\n")
    edit.pin(f"{folder}/requirements.txt", "requests", "2.34.0")
    edit.write(
        f"{code}/services/rates.py",
        "from typing import Any\n\nimport requests\nimport urllib3\n"
        "from requests.adapters import HTTPAdapter\n\n\n"
        "class TimeoutAdapter(HTTPAdapter):\n"
        "    def send(self, *arguments: Any, **options: Any) -> requests.Response:\n"
        '        return super().send(*arguments, **{**options, "timeout": 2})\n\n\n'
        "session = requests.Session()\n"
        'session.mount("https://", TimeoutAdapter())\n'
        "pool = urllib3.PoolManager(timeout=2)\n\n\n"
        "def rates(url: str) -> bytes:\n"
        '    return session.get(url).content + bytes(pool.request("GET", url).data)\n',
    )
    aws = f"{code}/utils/aws.py"
    if edit.has(aws) and "CONFIG = Config(" in edit.read(aws):
        edit.write(
            f"{code}/services/reports.py",
            "import boto3\nfrom botocore.config import Config\n\nfrom ..utils.aws import CONFIG\n\n"
            "SLOW = Config(read_timeout=3)\n"
            'sts = boto3.client("sts", config=CONFIG.merge(SLOW))\n',
        )


# ── IAC-11: data that stays ──────────────────────────────────────────────────


@mutant("IAC-11", "the table goes when its resource does")
def _(edit: Edit) -> None:
    edit.in_resource("Table", "    DeletionPolicy: RetainExceptOnCreate\n", "")


@mutant("IAC-11", "the table can't be restored in prod")
def _(edit: Edit) -> None:
    old = "PointInTimeRecoveryEnabled: !If [IsProd, true, false]"
    edit.in_resource("Table", old, "PointInTimeRecoveryEnabled: false")


@mutant("IAC-11", "the table is protected in dev alone")
def _(edit: Edit) -> None:
    old = "DeletionProtectionEnabled: !If [IsProd, true, false]"
    edit.in_resource("Table", old, "DeletionProtectionEnabled: !If [IsProd, false, true]")


@mutant("IAC-11", "a bucket goes when another takes its place")
def _(edit: Edit) -> None:
    name = f"{edit.function('bucket').pascal}Bucket"
    edit.in_resource(name, "UpdateReplacePolicy: Retain", "UpdateReplacePolicy: Delete")


@innocent("IAC-11", "the table is kept and protected in all environments")
def _(edit: Edit) -> None:
    edit.in_resource("Table", "DeletionPolicy: RetainExceptOnCreate", "DeletionPolicy: Retain")
    for key in ("DeletionProtectionEnabled", "PointInTimeRecoveryEnabled"):
        edit.in_resource("Table", f"{key}: !If [IsProd, true, false]", f"{key}: true")


@innocent("IAC-11", "the table has what protects it in prod alone")
def _(edit: Edit) -> None:
    old = "PointInTimeRecoverySpecification:\n        PointInTimeRecoveryEnabled: !If [IsProd, true, false]"
    new = "PointInTimeRecoverySpecification: !If [IsProd, {PointInTimeRecoveryEnabled: true}, !Ref AWS::NoValue]"
    edit.in_resource("Table", old, new)


# ── IAC-12: data that goes ───────────────────────────────────────────────────


@mutant("IAC-12", "a log group keeps everything")
def _(edit: Edit) -> None:
    name = f"{edit.function().pascal}LogGroup"
    edit.in_resource(name, "      RetentionInDays: !Ref LogRetentionDays\n", "")


@mutant("IAC-12", "a function writes to a log group that Lambda makes")
def _(edit: Edit) -> None:
    function = edit.function()
    old = f"LogGroup: !Ref {function.pascal}LogGroup"
    new = f"LogGroup: !Sub /aws/lambda/{edit.service}-shared-{ENV}"
    edit.in_resource(function.logical_id, old, new)


@mutant("IAC-12", "items say when they expire, and the table does not look")
def _(edit: Edit) -> None:
    edit.function("api")
    expiry = (
        "      TimeToLiveSpecification:\n        AttributeName: expires_at\n        Enabled: true\n"
    )
    edit.in_resource("Table", expiry, "")


@mutant("IAC-12", "what is done already is remembered for ever")
def _(edit: Edit) -> None:
    edit.in_resource("IdempotencyTable", "        Enabled: true\n", "        Enabled: false\n")


@innocent(
    "IAC-12", "a function's log group is known by its name, and keeps logs for days of its own"
)
def _(edit: Edit) -> None:
    function = edit.function()
    group = f"{function.pascal}LogGroup"
    own = f"      LoggingConfig:\n        LogGroup: !Ref {group}\n"
    edit.in_resource(function.logical_id, own, "")
    edit.in_resource(group, "RetentionInDays: !Ref LogRetentionDays", "RetentionInDays: 7")


# ── IAC-13: outputs ──────────────────────────────────────────────────────────


def output(edit: Edit, name: str) -> str:
    found = re.search(rf"^  {name}:\n(?:    .*\n)+\n?", edit.read("template.yaml"), re.MULTILINE)
    if not found:
        edit.skip()
    assert found
    return found[0]


@mutant("IAC-13", "the name of a function is told nowhere")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", output(edit, f"{edit.function().logical_id}Name"), "")


@mutant("IAC-13", "the address of the API is told nowhere")
def _(edit: Edit) -> None:
    edit.replace("template.yaml", output(edit, "ApiEndpoint"), "")


@mutant("IAC-13", "an integration test reads an output that there is not")
def _(edit: Edit) -> None:
    edit.write(
        "tests/integration/test_reports.py",
        "def test_reports(outputs: dict[str, str]) -> None:\n    assert outputs['ReportsBucketName']\n",
    )


@mutant("IAC-13", "a test asks for an output that nobody declares")
def _(edit: Edit) -> None:
    text = "def test_it(outputs: dict[str, str]) -> None:\n"
    edit.write("tests/integration/test_more.py", f'{text}    assert outputs["ApiAddress"]\n')


@mutant("IAC-13", "an output does not say what it is")
def _(edit: Edit) -> None:
    edit.output("AlarmTopicName:\n  Value: !GetAtt AlarmTopic.TopicName\n")


@innocent("IAC-13", "the name of a function is told in another way, with more beside it")
def _(edit: Edit) -> None:
    function = edit.function()
    old = output(edit, f"{function.logical_id}Name")
    value = f"!Sub ${{{function.logical_id}}}:live"
    edit.replace("template.yaml", old, old.replace(f"!Ref {function.logical_id}", value))
    edit.output("Owners:\n  Description: Who to ask\n  Value: the team of orders\n")


# ── IAC-14: room to grow ─────────────────────────────────────────────────────


def log_groups(edit: Edit, count: int) -> None:
    group = (
        "  More{}:\n    Type: AWS::Logs::LogGroup\n    Properties:\n      RetentionInDays: 7\n\n"
    )
    marker = "  # ── Your own resources go here ──\n"
    more = "".join(map(group.format, range(count)))
    edit.replace("template.yaml", marker, f"{marker}\n{more}")


@mutant("IAC-14", "the stack has more resources than a stack may have")
def _(edit: Edit) -> None:
    log_groups(edit, 500)


@mutant("IAC-14", "the template is larger than CloudFormation takes")
def _(edit: Edit) -> None:
    edit.append("template.yaml", f"# {'x' * 96}\n" * 11_000)


@innocent("IAC-14", "the stack grows")
def _(edit: Edit) -> None:
    log_groups(edit, 150)
