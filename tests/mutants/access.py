"""Edits that break IAM lessons, and innocent ones."""

from __future__ import annotations

from kit.delivery.spelling import pascal

from .edits import CONFIG, Edit, innocent, mutant

INFRA = "infra/environment.yaml"
# A workflow of one's own, as somebody adds it beside those of the template.
WORKFLOW = """name: reports

on:
  workflow_dispatch:

permissions: {{}}

jobs:
{jobs}"""
JOB = """  {name}:
    name: {name}
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    environment: {environment}
    permissions:
      contents: read
      id-token: write # sign in to AWS
    steps:
      - name: Sign in to AWS
        uses: aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3
        with:
{given}
          aws-region: ${{{{ vars.AWS_REGION }}}}
"""
ACCOUNT = "arn:aws:iam::${{ vars.AWS_ACCOUNT_ID }}"


def job(name: str, environment: str, *given: str) -> str:
    lines = "\n".join(f"          {each}" for each in given)
    return JOB.format(name=name, environment=environment, given=lines)


def workflow(edit: Edit, *jobs: str) -> None:
    edit.write(".github/workflows/reports.yml", WORKFLOW.format(jobs="\n".join(jobs)))


def in_infra(edit: Edit, logical_id: str, old: str, new: str) -> None:
    edit.in_resource(logical_id, old, new, path=INFRA)


# ── IAM-01: no long-lived keys ───────────────────────────────────────────────


@mutant("IAM-01", "a workflow signs in with keys of a user")
def _(edit: Edit) -> None:
    workflow(
        edit,
        job(
            "report",
            "dev",
            "aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}",
            "aws-secret-access-key: ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
        ),
    )


@mutant("IAM-01", "the CLI gets a key in the environment of a step")
def _(edit: Edit) -> None:
    given = [f"role-to-assume: {ACCOUNT}:role/Reports-${{{{ vars.ROLE }}}}"]
    text = job("report", "dev", *given)
    text += (
        "      - name: Report\n        run: aws s3 ls\n        env:\n"
        "          AWS_SECRET_ACCESS_KEY: ${{ secrets.REPORTER }}\n"
    )
    workflow(edit, text)


@mutant("IAM-01", "a key is in a note")
def _(edit: Edit) -> None:
    edit.document("notes.md", "# Notes\n\nFor the old account: AKIA" + "QYLPMN5HHHFPZAM2\n")


@mutant("IAM-01", "a user for a partner is made with a key")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerKey:
  Type: AWS::IAM::AccessKey
  Properties:
    UserName: partner"""
    )


@mutant("IAM-01", "a client gets a key from the environment")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.pass_variable(function, "PARTNER_ID", "reporter")
    edit.pass_variable(function, "PARTNER_VALUE", "set-by-hand")
    edit.write(
        f"{function.code}/services/partner.py",
        "import os\n\nimport boto3\n\n\ndef session() -> boto3.Session:\n"
        "    return boto3.Session(\n"
        '        aws_access_key_id=os.environ["PARTNER_ID"],\n'
        '        aws_secret_access_key=os.environ["PARTNER_VALUE"],\n'
        "    )\n",
    )


@innocent("IAM-01", "tests have credentials that are none, a document AWS's example of a key")
def _(edit: Edit) -> None:
    text = job("report", "dev", f"role-to-assume: {ACCOUNT}:role/Reports-${{{{ vars.ROLE }}}}")
    text += (
        "      - name: Test\n        run: make test\n        env:\n"
        "          AWS_ACCESS_KEY_ID: testing\n          AWS_SECRET_ACCESS_KEY: testing\n"
    )
    workflow(edit, text)
    edit.document("notes.md", "# Notes\n\nA key looks like AKIAIOSFODNN7EXAMPLE.\n")


@innocent("IAM-01", "a client gets the temporary keys of another role")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/partner.py",
        "import boto3\n\n\ndef session(keys: dict[str, str]) -> boto3.Session:\n"
        "    return boto3.Session(\n"
        '        aws_access_key_id=keys["AccessKeyId"],\n'
        '        aws_secret_access_key=keys["SecretAccessKey"],\n'
        '        aws_session_token=keys["SessionToken"],\n'
        "    )\n",
    )


# ── IAM-02: a role for each environment ──────────────────────────────────────


@mutant("IAM-02", "the role for deployments is called the same everywhere")
def _(edit: Edit) -> None:
    old = edit.resource("DeployRole", INFRA).split("RoleName:")[1].split("      Description")[0]
    in_infra(
        edit, "DeployRole", f"RoleName:{old}", f"RoleName: {pascal(edit.service)}-Deploy-Role\n"
    )


@mutant("IAM-02", "both environments are spelled the same")
def _(edit: Edit) -> None:
    edit.replace(INFRA, "      Title: Prod\n", "      Title: Dev\n")


@mutant("IAM-02", "a workflow of one's own deploys both environments as one role")
def _(edit: Edit) -> None:
    role = f"role-to-assume: {ACCOUNT}:role/Reports-Deploy-Dev-Role"
    workflow(edit, job("dev", "dev", role), job("prod", "prod", role))


@innocent("IAM-02", "a workflow of one's own has a role for each environment")
def _(edit: Edit) -> None:
    role = f"role-to-assume: {ACCOUNT}:role/Reports-Deploy"
    workflow(edit, job("dev", "dev", f"{role}-Dev"), job("prod", "prod", f"{role}-Prod"))


@innocent("IAM-02", "the role for deployments has a name that CloudFormation makes")
def _(edit: Edit) -> None:
    old = edit.resource("DeployRole", INFRA).split("RoleName:")[1].split("      Description")[0]
    in_infra(edit, "DeployRole", f"      RoleName:{old}", "")


# ── IAM-03: trust ────────────────────────────────────────────────────────────

SUBJECT = "- !Sub repo:${GitHubOwner}/${GitHubRepository}:environment:${EnvironmentName}\n"


@mutant("IAM-03", "every branch of the repository is trusted")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", SUBJECT, "- !Sub repo:${GitHubOwner}/${GitHubRepository}:*\n")


@mutant("IAM-03", "the trust is compared by patterns")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "StringEquals:", "StringLike:")


@mutant("IAM-03", "an operator for sets lets a token without the claims through")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "StringEquals:", '"ForAllValues:StringEquals":')


@mutant("IAM-03", "the other environment is trusted too")
def _(edit: Edit) -> None:
    other = SUBJECT.replace("${EnvironmentName}", "dev")
    in_infra(edit, "DeployRole", SUBJECT, f"{SUBJECT}                  {other}")


@mutant("IAM-03", "no subject is compared")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index("                token.actions.githubusercontent.com:sub:")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    in_infra(edit, "DeployRole", text[start:end], "")


WORKFLOW_REF = "                token.actions.githubusercontent.com:job_workflow_ref: "


@mutant("IAM-03", "any workflow of the branch may sign in")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index(WORKFLOW_REF)
    in_infra(edit, "DeployRole", text[start : text.index("\n", start) + 1], "")


@mutant("IAM-03", "the workflow is trusted on every branch")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "deploy.yml@refs/heads/${Branch}", "deploy.yml@*")


@mutant("IAM-03", "the trust names a workflow that is not there")
def _(edit: Edit) -> None:
    in_infra(edit, "DeployRole", "/deploy.yml@", "/release.yml@")


@mutant("IAM-03", "a developer may become the role to debug it")
def _(edit: Edit) -> None:
    first = "        Statement:\n          - Effect: Allow\n"
    mine = (
        "        Statement:\n          - Effect: Allow\n            Principal:\n"
        "              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:user/jo\n"
        "            Action: sts:AssumeRole\n"
        "          - Effect: Allow\n"
    )
    in_infra(edit, "DeployRole", first, mine)


@innocent("IAM-03", "only the older format of the subject is trusted, of one branch")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index(f"                  {SUBJECT}")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    branch = "                  - !Sub repo:${GitHubOwner}/${GitHubRepository}:ref:refs/heads/${Branch}\n"
    in_infra(edit, "DeployRole", text[start:end], branch)


@innocent("IAM-03", "only the immutable format of the subject is trusted, as a text")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index("                token.actions.githubusercontent.com:sub:")
    end = text.index("                token.actions.githubusercontent.com:repository_id")
    subject = "repo:${GitHubOwner}@${GitHubOwnerId}/shop@42:environment:${EnvironmentName}"
    line = f"                token.actions.githubusercontent.com:sub: !Sub {subject}\n"
    in_infra(edit, "DeployRole", text[start:end], line)


# ── IAM-04: scope ────────────────────────────────────────────────────────────


@mutant("IAM-04", "after an evening of refusals queues are every queue")
def _(edit: Edit) -> None:
    old = "!Sub arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:"
    old += f"{edit.service}-*-${{EnvironmentName}}\n"
    in_infra(edit, "EventsPolicy", old, '"*"\n')


@mutant("IAM-04", "tables of both environments")
def _(edit: Edit) -> None:
    old = f"table/{edit.service}-*-${{EnvironmentName}}\n"
    in_infra(edit, "DataPolicy", old, f"table/{edit.service}-*\n")


@mutant("IAM-04", "everything of a service of AWS")
def _(edit: Edit) -> None:
    in_infra(edit, "OperationsPolicy", "- cloudwatch:PutDashboard\n", "- cloudwatch:*\n")


@mutant("IAM-04", "the boundary lets functions read each secret of the account")
def _(edit: Edit) -> None:
    in_infra(edit, "Boundary", f"secret:{edit.service}/*-${{EnvironmentName}}-??????", "secret:*")


def allow(edit: Edit, *lines: str) -> None:
    """Put a statement of these lines before that of the dashboard."""
    text = "".join(f"            {line}\n" for line in lines)
    mine = f"          - Sid: Mine\n            Effect: Allow\n{text}"
    dashboard = "          - Sid: Dashboard\n"
    in_infra(edit, "OperationsPolicy", dashboard, mine + dashboard)


@mutant("IAM-04", "every bucket and table, as long as it is over TLS")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: [s3:PutObject, dynamodb:DeleteTable]",
        'Resource: "*"',
        "Condition:",
        "  Bool:",
        '    aws:SecureTransport: "true"',
    )


@mutant("IAM-04", "a condition that holds for every table of the account")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: dynamodb:DeleteTable",
        'Resource: "*"',
        "Condition:",
        "  StringEquals:",
        "    aws:ResourceAccount: !Ref AWS::AccountId",
    )


@mutant("IAM-04", "a condition on a tag that any value fulfils, and that a resource may lack")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: dynamodb:DeleteTable",
        'Resource: "*"',
        "Condition:",
        "  StringLike:",
        '    aws:ResourceTag/Service: "*"',
        "  StringEqualsIfExists:",
        f"    aws:ResourceTag/Owner: {edit.service}",
    )


@mutant("IAM-04", "a comment tells what is allowed, and no reason")
def _(edit: Edit) -> None:
    allow(edit, "Action: dynamodb:UpdateItem", 'Resource: "*" # for all items')


@mutant("IAM-04", "roles by a pattern")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: iam:*Role*",
        "Resource: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/"
        f"{edit.service}-${{EnvironmentName}}-*",
    )


@mutant("IAM-04", "everything but IAM")
def _(edit: Edit) -> None:
    allow(edit, "NotAction: iam:*", "Resource: '*' # No narrower scope: it deploys everything")


@innocent("IAM-04", "a list of everything, with its reason")
def _(edit: Edit) -> None:
    in_infra(
        edit,
        "OperationsPolicy",
        "          - Sid: Dashboard\n",
        "          - Sid: Certificates\n            Effect: Allow\n"
        "            Action: acm:ListCertificates\n"
        '            Resource: "*" # No narrower scope: certificates are listed as a whole\n'
        "          - Sid: Dashboard\n",
    )


@innocent("IAM-04", "one resource whose name has a random id, and everything with a tag")
def _(edit: Edit) -> None:
    in_infra(
        edit,
        "OperationsPolicy",
        "          - Sid: Dashboard\n",
        "          - Sid: Zone\n            Effect: Allow\n"
        "            Action: route53:ChangeResourceRecordSets\n"
        "            Resource: !Sub arn:${AWS::Partition}:route53:::hostedzone/Z0123456789ABCDEFGHIJ\n"
        "          - Sid: Keys\n            Effect: Allow\n"
        "            Action: kms:DescribeKey\n"
        '            Resource: "*"\n            Condition:\n              StringEquals:\n'
        f"                aws:ResourceTag/Service: {edit.service}\n"
        "          - Sid: Dashboard\n",
    )


@innocent("IAM-04", "everything that a function of the service is for, and reading by a prefix")
def _(edit: Edit) -> None:
    allow(
        edit,
        "Action: [lambda:UpdateEventSourceMapping, lambda:GetFunction*]",
        'Resource: "*"',
        "Condition:",
        "  ArnLike:",
        "    lambda:FunctionArn: !Sub arn:${AWS::Partition}:lambda:*:${AWS::AccountId}:function:"
        f"{edit.service}-*-${{EnvironmentName}}",
    )


# ── IAM-05: who changes resources ────────────────────────────────────────────

PIPELINE = "              - Sid: SeeTheBudget\n"


@mutant("IAM-05", "the pipeline updates a function's code itself")
def _(edit: Edit) -> None:
    mine = (
        "              - Sid: QuickFix\n                Effect: Allow\n"
        "                Action: lambda:UpdateFunctionCode\n                Resource: !Sub "
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
        f"{edit.service}-*-${{EnvironmentName}}\n"
    )
    in_infra(edit, "DeployRole", PIPELINE, mine + PIPELINE)


@mutant("IAM-05", "the pipeline changes the stack with whatever role")
def _(edit: Edit) -> None:
    text = edit.resource("DeployRole", INFRA)
    start = text.index("                Condition:\n                  StringEquals:\n"
                       "                    cloudformation:RoleArn")  # fmt: skip
    end = text.index("              - Sid: FollowTheStack")
    in_infra(edit, "DeployRole", text[start:end], "")


@mutant("IAM-05", "the pipeline is an administrator")
def _(edit: Edit) -> None:
    mine = "ManagedPolicyArns: [arn:aws:iam::aws:policy/AdministratorAccess]\n      Policies:\n"
    in_infra(edit, "DeployRole", "Policies:\n", mine)


@mutant("IAM-05", "people may become CloudFormation's role")
def _(edit: Edit) -> None:
    service = "              Service: cloudformation.amazonaws.com\n"
    people = "              AWS: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:root\n"
    in_infra(edit, "ExecutionRole", service, service + people)


@mutant("IAM-05", "CloudFormation makes roles without the boundary")
def _(edit: Edit) -> None:
    text = edit.resource("FunctionsPolicy", INFRA)
    start = text.index("            Condition:\n              StringEquals:\n"
                       "                iam:PermissionsBoundary")  # fmt: skip
    end = text.index("          # The managed policies that SAM attaches")
    in_infra(edit, "FunctionsPolicy", text[start:end], "")


@mutant("IAM-05", "the roles of functions lose the boundary")
def _(edit: Edit) -> None:
    edit.sub("template.yaml", r"^    PermissionsBoundary: .*\n", "")


@mutant("IAM-05", "a schedule's role has no boundary")
def _(edit: Edit) -> None:
    function = edit.function("schedule")
    text = edit.resource(function.logical_id)
    (line,) = [each for each in text.splitlines(keepends=True) if "PermissionsBoundary:" in each]
    edit.in_resource(function.logical_id, line, "")


@mutant("IAM-05", "a function sends mail, which the boundary does not know")
def _(edit: Edit) -> None:
    function = edit.function("api", "queue")
    edit.write(
        f"{function.code}/utils/mail.py",
        f'"""Mail to customers."""\n\nimport boto3\n{CONFIG}\n'
        'MAIL = boto3.client("sesv2", config=CONFIG)\n\n\n'
        "def send(**message: object) -> None:\n    MAIL.send_email(**message)\n",
    )
    policies(
        edit,
        function.logical_id,
        "Policies:\n        - Version: '2012-10-17'\n          Statement:\n"
        "            - Effect: Allow\n              Action: ses:SendEmail\n"
        "              Resource: !Sub arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}"
        ":identity/example.com\n",
    )


@mutant("IAM-05", "a stream of Kinesis, which CloudFormation's role does not know")
def _(edit: Edit) -> None:
    edit.declare(
        """Readings:
  Type: AWS::Kinesis::Stream
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    StreamEncryption: {EncryptionType: KMS, KeyId: alias/aws/kinesis}"""
    )


@mutant("IAM-05", "a role is handed to Pipes, which nobody may do")
def _(edit: Edit) -> None:
    edit.declare(ROLE.format(name="PipeRole", service=edit.service, to="pipes"))


@mutant("IAM-05", "a role has the boundary of another service")
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


@innocent(
    "IAM-05", "what the roles were extended for, and what has a name that CloudFormation makes up"
)
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
        "logs:PutRetentionPolicy\n",
        "logs:PutMetricFilter\n              - logs:PutRetentionPolicy\n",
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


@innocent("IAM-05", "tests of the live service send a message, and a role of one's own is bounded")
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


# ── IAM-06: roles of functions ───────────────────────────────────────────────


@mutant("IAM-06", "a function has the role of another team")
def _(edit: Edit) -> None:
    function = edit.function()
    role = "Role: !Sub arn:aws:iam::${AWS::AccountId}:role/shared-lambda\n      "
    edit.in_resource(function.logical_id, "CodeUri:", f"{role}CodeUri:")


@mutant("IAM-06", "a function may still delete items, which it did once")
def _(edit: Edit) -> None:
    edit.resource("Table")
    function = edit.function("api")
    edit.in_resource(
        function.logical_id, "[dynamodb:GetItem,", "[dynamodb:DeleteItem, dynamodb:GetItem,"
    )


@mutant("IAM-06", "a function may read objects that its code knows nothing of")
def _(edit: Edit) -> None:
    policies(
        edit,
        edit.function("api", "queue").logical_id,
        "Policies:\n        - Version: '2012-10-17'\n          Statement:\n"
        "            - Effect: Allow\n              Action: s3:GetObject\n"
        "              Resource: !Sub arn:${AWS::Partition}:s3:::"
        f"{edit.service}-reports-${{EnvironmentName}}/*\n",
    )


@mutant("IAM-06", "a function reads objects, and nobody thought of the permission")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function('api', 'queue').code}/services/reports.py",
        f'import boto3\n{CONFIG}\nbucket = boto3.client("s3", config=CONFIG)\n',
    )


@innocent("IAM-06", "a function writes in batches, and may send what it fails at to a queue")
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


@innocent("IAM-06", "what a function does with its table is in a layer")
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


@mutant("IAM-06", "two functions share a role of the template")
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


@mutant("IAM-06", "a function may do everything with tables")
def _(edit: Edit) -> None:
    function = edit.function()
    more = "Policies:\n        - AmazonDynamoDBFullAccess\n"
    policies(edit, function.logical_id, more)


def policies(edit: Edit, logical_id: str, text: str) -> None:
    """Put that in place of `Policies:` of a function, or give it some."""
    key = "      Policies:\n"
    if key in edit.resource(logical_id):
        edit.in_resource(logical_id, key, f"      {text}")
    else:
        edit.in_resource(logical_id, "      CodeUri:", f"      {text}      CodeUri:")


@mutant("IAM-06", "a function may take messages of every queue")
def _(edit: Edit) -> None:
    policies(
        edit,
        edit.function().logical_id,
        "Policies:\n        - Version: '2012-10-17'\n          Statement:\n"
        "            - Effect: Allow\n              Action: [sqs:ReceiveMessage, sqs:DeleteMessage]\n"
        "              Resource: '*'\n",
    )


@mutant("IAM-06", "a function may do whatever there is with its table")
def _(edit: Edit) -> None:
    edit.resource("Table")
    policies(
        edit,
        edit.function().logical_id,
        "Policies:\n        - Version: '2012-10-17'\n          Statement:\n"
        "            - Effect: Allow\n              Action: dynamodb:*\n"
        "              Resource: !GetAtt Table.Arn\n",
    )


def allowed(edit: Edit, *lines: str) -> None:
    """Allow the first function what a statement of these lines says."""
    text = "".join(f"              {line}\n" for line in lines)
    statement = f"          Statement:\n            - Effect: Allow\n{text}"
    more = f"Policies:\n        - Version: '2012-10-17'\n{statement}"
    policies(edit, edit.function().logical_id, more)


@mutant("IAM-06", "a function may do whatever there is, spelled otherwise")
def _(edit: Edit) -> None:
    edit.resource("Table")
    allowed(edit, 'Action: "dynamodb:?*"', "Resource: !GetAtt Table.Arn")


@mutant("IAM-06", "a function may do everything but change permissions")
def _(edit: Edit) -> None:
    allowed(edit, "NotAction: iam:*", "Resource: '*'")


@mutant("IAM-06", "a function may delete every table, if the call is encrypted")
def _(edit: Edit) -> None:
    allowed(
        edit,
        "Action: [s3:PutObject, dynamodb:DeleteTable]",
        "Resource: '*'",
        "Condition:",
        "  Bool:",
        '    aws:SecureTransport: "true"',
    )


@innocent("IAM-06", "a function measures in its own namespace")
def _(edit: Edit) -> None:
    allowed(
        edit,
        "Action: cloudwatch:PutMetricData",
        "Resource: '*'",
        "Condition:",
        "  StringEquals:",
        f"    cloudwatch:namespace: {edit.service}",
    )


@innocent("IAM-06", "a function has a role that is written out, for itself")
def _(edit: Edit) -> None:
    function = edit.function()
    role = "Role: !GetAtt WorkersRole.Arn\n      "
    edit.in_resource(function.logical_id, "CodeUri:", f"{role}CodeUri:")
    edit.declare(role_of_functions(edit))


@innocent("IAM-06", "a policy template of SAM for one table, and an action without narrower scope")
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


# ── IAM-07: names of roles ───────────────────────────────────────────────────


def called(edit: Edit, name: str) -> None:
    """Give CodeDeploy's role a name."""
    properties = "    Properties:\n"
    edit.in_resource("CodeDeployRole", properties, f"{properties}      RoleName: {name}\n")


@mutant("IAM-07", "a role's name is too long")
def _(edit: Edit) -> None:
    middle = "that-moves-the-traffic-of-all-functions-to-their-new-versions"
    called(edit, f"!Sub {edit.service}-{middle}-${{EnvironmentName}}")


@mutant("IAM-07", "a role's name has no environment")
def _(edit: Edit) -> None:
    called(edit, f"{edit.service}-codedeploy")


@mutant("IAM-07", "CloudFormation's role does not name the service")
def _(edit: Edit) -> None:
    name = f"!Sub {edit.service}-cloudformation-${{EnvironmentName}}"
    in_infra(edit, "ExecutionRole", name, "!Sub cloudformation-execution-${EnvironmentName}")


@innocent("IAM-07", "a role is called after its stack")
def _(edit: Edit) -> None:
    called(edit, "!Sub ${AWS::StackName}-codedeploy")


@innocent("IAM-07", "a role's name spells the service in its own way")
def _(edit: Edit) -> None:
    called(edit, f"!Join ['-', [{pascal(edit.service)}, CodeDeploy, !Ref EnvironmentName]]")
