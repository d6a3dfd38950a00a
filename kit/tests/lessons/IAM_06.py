"""Cases of IAM-06."""

import re
from dataclasses import replace

from cases import fix, good, violation
from edits import CONFIG, Edit
from edits.access import allow, list_actions, policies
from kit.gate.findings import Finding

CRUD = "Policies:\n        - DynamoDBCrudPolicy:\n            TableName: !Ref Table\n"


@violation("a function has the role of another team")
def _(edit: Edit) -> None:
    function = edit.function()
    role = "Role: !Sub arn:aws:iam::${AWS::AccountId}:role/shared-lambda\n      "
    edit.in_resource(function.logical_id, "CodeUri:", f"{role}CodeUri:")


@violation("a function may still delete items, which it did once")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    edit.in_resource(
        function.logical_id, "[dynamodb:GetItem,", "[dynamodb:DeleteItem, dynamodb:GetItem,"
    )


@violation("a function may read objects that its code knows nothing of")
def _(edit: Edit) -> None:
    arn = f"arn:${{AWS::Partition}}:s3:::{edit.service}-reports-${{EnvironmentName}}/*"
    allow(edit, edit.function("api", "queue"), "Action: s3:GetObject", f"Resource: !Sub {arn}")


@violation("a function may look at roles, stacks and sessions, which its code never does")
def _(edit: Edit) -> None:
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/partners"
    actions = "Action: [iam:GetRole, cloudformation:DescribeStacks, sts:GetFederationToken]"
    allow(edit, edit.function("api", "queue"), actions, f"Resource: !Sub {arn}")


@good("a function becomes another role, and passes one to what it starts")
def _(edit: Edit) -> None:
    arn = f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{edit.service}-partners"
    actions = "Action: [iam:PassRole, sts:AssumeRole, sts:TagSession]"
    allow(edit, edit.function("api", "queue"), actions, f"Resource: !Sub {arn}")


PARAMETERS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"


def reads(edit: Edit, actions: str, code: str) -> None:
    """Let a function read parameters by that code, with these actions."""
    function = edit.function("api", "queue")
    arn = f"{PARAMETERS}/{edit.service}/${{EnvironmentName}}/*"
    allow(edit, function, f"Action: {actions}", f"Resource: !Sub {arn}")
    edit.write(f"{function.code}/services/options.py", code)


BY_BOTO3 = f"""import boto3
{CONFIG}

SSM = boto3.client("ssm", config=CONFIG)


def options(names: list[str]) -> object:
    below = SSM.get_parameters_by_path(Path="/orders")["Parameters"]
    return [*below, *SSM.get_parameters(Names=names)["Parameters"]]
"""
BY_POWERTOOLS = """from aws_lambda_powertools.utilities import parameters


def options() -> object:
    return parameters.get_parameters("/orders")
"""


@violation("boto3 gets parameters by their names, and the function may only do so by a path")
def _(edit: Edit) -> None:
    reads(edit, "ssm:GetParametersByPath", BY_BOTO3)


@violation("Powertools gets parameters by a path, and the function may only do so by their names")
def _(edit: Edit) -> None:
    reads(edit, "ssm:GetParameters", BY_POWERTOOLS)


@good("boto3 gets parameters by their names and by a path, and may")
def _(edit: Edit) -> None:
    reads(edit, "[ssm:GetParameters, ssm:GetParametersByPath]", BY_BOTO3)


@good("Powertools gets parameters by a path, and may")
def _(edit: Edit) -> None:
    reads(edit, "ssm:GetParametersByPath", BY_POWERTOOLS)


@violation("a function reads objects, and nobody thought of the permission")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function('api', 'queue').code}/services/reports.py",
        f'import boto3\n{CONFIG}\nSTORES = {{"eu": boto3.client("s3", config=CONFIG)}}\n\n\n'
        "def read(region: str, **what: str) -> bytes:\n"
        '    return bytes(STORES[region].get_object(**what)["Body"].read())\n',
    )


def in_code(edit: Edit, code: str) -> None:
    """Add a module to a function that has a table."""
    edit.resource("Table")
    path = f"{edit.function('api').code}/services/more.py"
    edit.write(path, f"import boto3\n{CONFIG}\n{code}\n")


NAMED = 'TABLE = boto3.resource("dynamodb", config=CONFIG).Table("orders")\n\n\n'


@violation("a function updates items, and may only put and get them")
def _(edit: Edit) -> None:
    in_code(
        edit,
        f"{NAMED}def touch(key: dict[str, str]) -> None:\n"
        '    TABLE.update_item(Key=key, UpdateExpression="ADD seen :one")',
    )


TRANSACTION = (
    'CLIENT = boto3.client("dynamodb", config=CONFIG)\n\n\ndef store(part: dict) -> None:\n'
    '    CLIENT.transact_write_items(TransactItems=[{"Put": part}, {"ConditionCheck": part}])\n'
)


@violation("a transaction checks a condition, and may only put items")
def _(edit: Edit) -> None:
    in_code(edit, TRANSACTION)


@good("a transaction puts items, and may")
def _(edit: Edit) -> None:
    in_code(edit, TRANSACTION.replace(', {"ConditionCheck": part}', ""))


@violation("a table is passed on, and deleted from where it arrives")
def _(edit: Edit) -> None:
    in_code(
        edit,
        "from typing import Any\n\n\ndef forget(table: Any, key: dict[str, str]) -> None:\n"
        f"    table.delete_item(Key=key)\n\n\n{NAMED}def run(key: dict[str, str]) -> None:\n"
        "    forget(TABLE, key)",
    )


@violation("a function may query its table, and queries an index of it")
def _(edit: Edit) -> None:
    edit.resource("Table")
    name = edit.function("api").logical_id
    edit.in_resource(name, "[dynamodb:GetItem,", "[dynamodb:GetItem, dynamodb:Query,")
    in_code(
        edit,
        f"{NAMED}def of_owner(owner: str) -> object:\n"
        '    return TABLE.query(IndexName="by-owner", KeyConditionExpression=owner)["Items"]',
    )


@violation("clients of several services are made in a class and by a function that caches them")
def _(edit: Edit) -> None:
    in_code(
        edit,
        "from functools import cache\nfrom typing import Any\n\n\n@cache\ndef model() -> Any:\n"
        '    return boto3.client("bedrock-runtime", config=CONFIG)\n\n\nclass Users:\n'
        '    _users = boto3.client("cognito-idp", config=CONFIG)\n'
        '    _ways = boto3.client("firehose", config=CONFIG)\n\n'
        "    def add(self, name: str) -> None:\n"
        "        self._users.admin_create_user(Username=name)\n"
        "        self._ways.put_record(Record=dict())\n        model().converse(messages=[])",
    )


@violation("a reader has the policy template of SAM that writes, too")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    edit.replace(f"{function.code}/services/items.py", "self._table.put_item(", "dict(")
    both = "[dynamodb:GetItem, dynamodb:PutItem]"
    edit.in_resource(function.logical_id, both, "dynamodb:GetItem")
    policies(edit, function.logical_id, CRUD)


@good("actions that are called otherwise, and clients of which nothing is known")
def _(edit: Edit) -> None:
    function = edit.function("api")
    arn = f"arn:${{AWS::Partition}}:s3:::{edit.service}-reports-${{EnvironmentName}}"
    allow(
        edit,
        function,
        "Action: [s3:GetObject, s3:ListBucket, s3:PutObject]",
        f"Resource: [!Sub '{arn}', !Sub '{arn}/*']",
    )
    in_code(
        edit,
        'STORE = boto3.client("s3", config=CONFIG)\n\n\n'
        "def copy(partner: object, name: str) -> None:\n"
        '    for page in STORE.get_paginator("list_objects_v2").paginate(Bucket=name):\n'
        '        STORE.copy({"Bucket": name, "Key": page["Key"]}, name, "copy")\n'
        "    partner.delete_item(Key=name)  # type: ignore[attr-defined]",
    )


@good("an index is queried and allowed, and another account's credentials are used")
def _(edit: Edit) -> None:
    edit.resource("Table")
    name = edit.function("api").logical_id
    edit.in_resource(
        name,
        "Action: [dynamodb:GetItem, dynamodb:PutItem]\n              Resource: !GetAtt Table.Arn\n",
        "Action: [dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query]\n"
        '              Resource: [!GetAtt Table.Arn, !Sub "${Table.Arn}/index/by-owner"]\n',
    )
    in_code(
        edit,
        "from functools import cache\nfrom typing import Any\n\n"
        f"{NAMED}@cache\ndef theirs(**keys: str) -> Any:\n"
        '    return boto3.Session(**keys).client("s3", config=CONFIG)\n\n\n'
        "def of_owner(owner: str) -> object:\n"
        '    theirs(owner=owner).put_object(Bucket=owner, Key="seen")\n'
        '    return TABLE.query(IndexName="by-owner", KeyConditionExpression=owner)["Items"]',
    )


@fix("Replace `Role` by `Policies`")
@fix("Replace it by a statement")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)  # the function has a statement with what it calls


@fix("Remove `")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, f"{str(finding.fix).split('`')[1]}, ", "")


@fix("Remove this statement")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(replace(finding, line=finding.line - 3))  # with its policy


@fix("Use `DynamoDBReadPolicy`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "DynamoDBCrudPolicy", "DynamoDBReadPolicy")


@fix("Add `")
def _(edit: Edit, finding: Finding) -> None:
    """To the line of template.yaml that the advice names."""
    _, added, *_, rest = str(finding.fix).split("`")
    line = re.search(r"line (\d+) of template.yaml", rest)
    assert line
    there = replace(finding, path="template.yaml", line=int(line[1]))
    edit.in_line(there, r": \[?([^\]\n]*)\]?", rf": [\1, {added}]")


@fix("Allow `")
def _(edit: Edit, finding: Finding) -> None:
    action = str(finding.fix).split("`")[1].replace("…", "GetObject")
    arn = f"arn:${{AWS::Partition}}:{action.split(':')[0]}:*:*:{edit.service}/${{EnvironmentName}}"
    function = edit.function("api", "queue")
    allow(edit, function, f"Action: {action}", f"Resource: !Sub {arn}")


@fix("Name a single resource")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"""["']\*["']""", "!GetAtt Table.Arn")


@fix("List the single actions")
def _(edit: Edit, finding: Finding) -> None:
    list_actions(edit, finding, "dynamodb:GetItem")


@fix("Write `Action` with the single actions")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "NotAction: .*", "Action: dynamodb:GetItem")


@good("a function writes in batches, and may send what it fails at to a queue")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    both = "[dynamodb:BatchWriteItem, dynamodb:DeleteItem, dynamodb:Query, dynamodb:GetItem,"
    edit.in_resource(function.logical_id, "[dynamodb:GetItem,", both)
    edit.write(
        f"{function.code}/services/archive.py",
        "from typing import Any\n\n\ndef archive(table: Any, keys: list[dict[str, Any]]) -> int:\n"
        "    with table.batch_writer() as batch:\n        for key in keys:\n"
        "            batch.delete_item(Key=key)\n"
        '    return int(table.query(Select="COUNT")["Count"])\n',
    )


@good("what a function does with its table is in a layer")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    more = "[dynamodb:DeleteItem, dynamodb:GetItem,"
    edit.in_resource(function.logical_id, "[dynamodb:GetItem,", more)
    edit.in_resource(function.logical_id, "CodeUri:", "Layers: [!Ref TablesLayer]\n      CodeUri:")
    folder = f"src/{edit.package}/tables"
    edit.declare(
        "TablesLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    LayerName: !Sub {edit.service}-tables-${{EnvironmentName}}\n    ContentUri: {folder}/\n"
        "    RetentionPolicy: Delete\n"
    )
    edit.write(f"{folder}/python/tables/__init__.py", "")
    edit.write(
        f"{folder}/python/tables/items.py",
        "from typing import Any\n\n\ndef forget(table: Any, key: dict[str, Any]) -> None:\n"
        "    table.delete_item(Key=key)\n",
    )


@good("a connector of SAM allows what a function does with its table")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    edit.write(
        f"{function.code}/services/archive.py",
        "from typing import Any\n\n\ndef everything(table: Any) -> list[dict[str, Any]]:\n"
        '    return list(table.scan()["Items"])\n',
    )
    edit.declare(
        "ReadsTable:\n  Type: AWS::Serverless::Connector\n  Properties:\n"
        f"    Source:\n      Id: {function.logical_id}\n    Destination:\n      Id: Table\n"
        "    Permissions: [Read]"
    )


@violation("two functions share a role of the template")
def _(edit: Edit) -> None:
    for function in edit.two():
        role = "Role: !GetAtt WorkersRole.Arn\n      "
        edit.in_resource(function.logical_id, "CodeUri:", f"{role}CodeUri:")
    edit.declare(role_of_functions(edit))


def role_of_functions(edit: Edit) -> str:
    return f"""WorkersRole:
  Type: AWS::IAM::Role
  Properties:
    PermissionsBoundary: !Sub arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:policy/{edit.service}-boundary-${{EnvironmentName}}
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal:
            Service: lambda.amazonaws.com
          Action: sts:AssumeRole"""


@violation("a function may do everything with tables")
def _(edit: Edit) -> None:
    function = edit.function()
    more = "Policies:\n        - AmazonDynamoDBFullAccess\n"
    policies(edit, function.logical_id, more)


@violation("a function may take messages of every queue")
def _(edit: Edit) -> None:
    action = "Action: [sqs:ReceiveMessage, sqs:DeleteMessage]"
    allow(edit, edit.function(), action, "Resource: '*'")


@violation("a function may do whatever there is with its table")
def _(edit: Edit) -> None:
    edit.resource("Table")
    allow(edit, edit.function(), "Action: dynamodb:*", "Resource: !GetAtt Table.Arn")


@violation("a function may do whatever there is, spelled otherwise")
def _(edit: Edit) -> None:
    edit.resource("Table")
    allow(edit, edit.function(), 'Action: "dynamodb:?*"', "Resource: !GetAtt Table.Arn")


@violation("a function may do everything but change permissions")
def _(edit: Edit) -> None:
    allow(edit, edit.function(), "NotAction: iam:*", "Resource: '*'")


@violation("a function may delete every table, if the call is encrypted")
def _(edit: Edit) -> None:
    allow(
        edit,
        edit.function(),
        "Action: [s3:PutObject, dynamodb:DeleteTable]",
        "Resource: '*'",
        "Condition:",
        "  Bool:",
        '    aws:SecureTransport: "true"',
    )


@violation("a function publishes on every bus, as this service")
def _(edit: Edit) -> None:
    function = edit.function("queue", "bucket", "topic", "schedule", "stream")
    edit.in_resource(function.logical_id, "Resource: !GetAtt EventBus.Arn", "Resource: '*'")


@fix("Name a single resource", "a function publishes on every bus, as this service")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"'\*'", "!GetAtt EventBus.Arn")


@good("a function measures in its own namespace")
def _(edit: Edit) -> None:
    allow(
        edit,
        edit.function(),
        "Action: cloudwatch:PutMetricData",
        "Resource: '*'",
        "Condition:",
        "  StringEquals:",
        f"    cloudwatch:namespace: {edit.service}",
    )


@good("a function has a role that is written out, for itself")
def _(edit: Edit) -> None:
    function = edit.function()
    role = "Role: !GetAtt WorkersRole.Arn\n      "
    edit.in_resource(function.logical_id, "CodeUri:", f"{role}CodeUri:")
    edit.declare(role_of_functions(edit))


@good("a policy template of SAM for one table, and an action without narrower scope")
def _(edit: Edit) -> None:
    edit.resource("Table")
    policies(
        edit,
        edit.function().logical_id,
        "Policies:\n        - DynamoDBReadPolicy:\n            TableName: !Ref Table\n"
        "        - Version: '2012-10-17'\n          Statement:\n"
        "            - Effect: Allow\n              Action: cloudwatch:PutMetricData\n"
        "              Resource: '*' # No narrower scope: metrics are no resources\n",
    )
