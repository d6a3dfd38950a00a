"""Cases of TST-04."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


def integration(edit: Edit, text: str) -> None:
    edit.write("tests/integration/test_more.py", text)


@violation("a test calls the address that somebody copied from the console")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import httpx\n\n\ndef test_it() -> None:\n"
        '    url = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/app/health"\n'
        "    assert httpx.get(url).is_success\n",
    )


@violation("a test falls back to a domain of one's own")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import os\n\nimport httpx\n\n\ndef test_it() -> None:\n"
        '    base = os.environ.get("API_URL", "https://api.acme-orders.com")\n'
        '    assert httpx.get(f"{base}/app/health").is_success\n',
    )


@violation("a test names the table of dev")
def _(edit: Edit) -> None:
    integration(
        edit,
        "import boto3\n\n\ndef test_it() -> None:\n"
        f'    table = boto3.resource("dynamodb").Table("{edit.service}-dev")\n'
        '    assert table.get_item(Key={"pk": "A", "sk": "B"})\n',
    )


@good("a test takes its address from an output, and says from where it comes")
def _(edit: Edit) -> None:
    edit.output("OwnAddress:\n  Description: Where own things are.\n  Value: !Ref AWS::StackName")
    integration(
        edit,
        '"""As https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com once did."""\n\n'
        "import boto3\nimport httpx\n\n"
        'HEADERS = {"Origin": "https://www.acme-orders.com"}\n'
        'TOKEN_URL = "https://login.acme-orders.com/oauth/token"\n\n\n'
        "def test_it(outputs: dict[str, str]) -> None:\n"
        '    boto3.client("sts", endpoint_url="https://sts.eu-central-1.amazonaws.com")\n'
        '    answer = httpx.get(outputs["OwnAddress"], headers=HEADERS)\n'
        '    assert answer.json()["issuer"] != "https://login.acme-orders.com/"\n',
    )
