"""Cases of IAM-01."""

from cases import fix, good, violation
from edits import Edit
from edits.access import ACCOUNT, job, workflow
from edits.pipelines import delete_step
from edits.secrets import forget
from kit.gate.findings import Finding


@violation("a workflow signs in with keys of a user")
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


@violation("the CLI gets a key in the environment of a step")
def _(edit: Edit) -> None:
    given = [f"role-to-assume: {ACCOUNT}:role/Reports-${{{{ vars.ROLE }}}}"]
    text = job("report", "dev", *given)
    text += (
        "      - name: Report\n        run: aws s3 ls\n        env:\n"
        "          AWS_SECRET_ACCESS_KEY: ${{ secrets.REPORTER }}\n"
    )
    workflow(edit, text)


def configure(edit: Edit, text: str) -> None:
    given = f"role-to-assume: {ACCOUNT}:role/Reports-${{{{ vars.ROLE }}}}"
    workflow(edit, f"{job('report', 'dev', given)}      - name: Configure\n{text}")


@violation("a step configures the CLI with a key that GitHub stores")
def _(edit: Edit) -> None:
    configure(
        edit, "        run: aws configure set aws_secret_access_key ${{ secrets.REPORTER }}\n"
    )


@violation("a step configures the CLI with a key from its environment")
def _(edit: Edit) -> None:
    command = 'aws configure set aws_access_key_id "$REPORTER" --profile reports'
    variable = "        env:\n          REPORTER: ${{ secrets.REPORTER }}\n"
    configure(edit, f"        run: {command}\n{variable}")


@violation("a step gets a key in brackets, under another name")
def _(edit: Edit) -> None:
    configure(edit, "        run: ./report.sh ${{ secrets['AWS_SECRET_KEY'] }}\n")


@violation("a script configures the CLI with a key")
def _(edit: Edit) -> None:
    edit.write("scripts/login.sh", 'set -e\naws configure set aws_access_key_id "$1"\n')


@fix("Delete this command")
def _(edit: Edit, finding: Finding) -> None:
    if finding.path.endswith(".sh"):
        edit.delete_line(finding)
    else:
        delete_step(edit, finding)


@fix(
    "Delete the key in AWS",
    "a step configures the CLI with a key that GitHub stores",
    "a step gets a key in brackets, under another name",
)
def _(edit: Edit, finding: Finding) -> None:
    delete_step(edit, finding)


@good("the CLI is configured for a local emulator, and with temporary keys")
def _(edit: Edit) -> None:
    configure(edit, "        run: aws configure set aws_access_key_id testing\n")
    edit.write(
        "scripts/login.sh",
        'set -e\nkeys=$(aws sts assume-role --role-arn "$1" --role-session-name x)\n'
        'aws configure set aws_access_key_id "$(echo "$keys" | jq -r .Credentials.AccessKeyId)"\n'
        'aws configure set aws_session_token "$(echo "$keys" | jq -r .Credentials.SessionToken)"\n',
    )


@violation("a key is in a note")
def _(edit: Edit) -> None:
    edit.document("notes.md", "# Notes\n\nFor the old account: AKIA" + "QYLPMN5HHHFPZAM2\n")


@violation("a user for a partner is made with a key")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerKey:
  Type: AWS::IAM::AccessKey
  Properties:
    UserName: partner"""
    )


@violation("a client gets a key from the environment")
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


LOCAL = """import os

import boto3

from ..utils.aws import CONFIG

dynamodb = boto3.resource(
    "dynamodb",
    config=CONFIG,
    endpoint_url=os.environ.get("DYNAMODB_ENDPOINT", "http://localhost:8000"),
    aws_access_key_id="local",
    aws_secret_access_key={key},
)
"""


@good("DynamoDB Local gets a key that is made up")
def _(edit: Edit) -> None:
    path = "scripts/{}.py"
    edit.write(
        path.format("fill"), LOCAL.format(key='"local"').replace("from ..utils.aws", "from aws")
    )
    text = LOCAL.format(key='os.environ["LOCAL_KEY"]').replace("from ..utils.aws", "from aws")
    edit.write(
        path.format("empty"),
        text.replace(
            'os.environ.get("DYNAMODB_ENDPOINT", "http://localhost:8000")', '"http://dynamodb:8000"'
        ),
    )


@violation("a script gets a key from the environment for AWS itself")
def _(edit: Edit) -> None:
    text = LOCAL.format(key='os.environ["REPORTER_KEY"]').replace("from ..utils.aws", "from aws")
    edit.write("scripts/fill.py", text.replace("http://localhost:8000", "https://db.example.com"))


@good("tests have credentials that are none, a document AWS's example of a key")
def _(edit: Edit) -> None:
    text = job("report", "dev", f"role-to-assume: {ACCOUNT}:role/Reports-${{{{ vars.ROLE }}}}")
    text += (
        "      - name: Test\n        run: make test\n        env:\n"
        "          AWS_ACCESS_KEY_ID: testing\n          AWS_SECRET_ACCESS_KEY: testing\n"
    )
    workflow(edit, text)
    edit.document("notes.md", "# Notes\n\nA key looks like AKIAIOSFODNN7EXAMPLE.\n")


@good("a client gets the temporary keys of another role")
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


@fix("Delete this line, and the key in AWS and in GitHub")
def _(edit: Edit, finding: Finding) -> None:
    if "access-key-id" in edit.line(finding):
        edit.in_line(finding, r"aws-access-key-id:.*", f"role-to-assume: {ACCOUNT}:role/Reports")
    else:
        edit.delete_line(finding)


@fix("Delete it here")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Delete the resource")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_block(finding)


@fix("Leave the keys out")
def _(edit: Edit, finding: Finding) -> None:
    for key in ("aws_access_key_id", "aws_secret_access_key"):
        edit.sub(finding.path, rf"^ +{key}=.*\n", "")


@fix("Leave the keys out", "a client gets a key from the environment")
def _(edit: Edit, finding: Finding) -> None:
    edit.write(finding.path, "import boto3\n\nSESSION = boto3.Session()\n")
    forget(edit, edit.function(), "PARTNER_ID", "PARTNER_VALUE")
