"""Cases of IAM-06."""

from cases import good, violation
from edits import CONFIG, Edit
from edits.access import allow, policies


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


@violation("a function reads objects, and nobody thought of the permission")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function('api', 'queue').code}/services/reports.py",
        f'import boto3\n{CONFIG}\nbucket = boto3.client("s3", config=CONFIG)\n',
    )


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
