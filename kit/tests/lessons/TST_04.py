"""Cases of TST-04."""

from cases import fix, good, violation
from edits import Edit
from kit.gate.findings import Finding

ADDRESS = "https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/app/health"


def integration(edit: Edit, *lines: str, top: str = "") -> None:
    """Write an integration test of these lines, with `top` above it."""
    body = "".join(f"    {line}\n" for line in lines)
    imports = "import os\n\nimport boto3\nimport httpx\n\n"
    test = f"def test_it(outputs: dict[str, str]) -> None:\n{body}"
    edit.write("tests/integration/test_more.py", f"{top}{imports}{test}")


@violation("a test calls an address that was copied from the console")
def _(edit: Edit) -> None:
    integration(edit, f'url = "{ADDRESS}"', "assert httpx.get(url).is_success")


@violation("a test falls back to an own domain")
def _(edit: Edit) -> None:
    base = 'base = os.environ.get("API_URL", "https://api.acme-orders.com")'
    integration(edit, base, 'assert httpx.get(f"{base}/app/health").is_success')


@violation("a test names the table of dev")
def _(edit: Edit) -> None:
    table = f'table = boto3.resource("dynamodb").Table("{edit.service}-dev")'
    integration(edit, table, 'assert table.get_item(Key={"pk": "A", "sk": "B"})')


@fix("Take it from the fixture `outputs`")
def _(edit: Edit, finding: Finding) -> None:
    value = "!Ref Table" if "Table(" in edit.line(finding) else "!Ref AWS::StackName"
    edit.output(f"TestedName:\n  Description: What a test asks for.\n  Value: {value}")
    pattern = r"\"https[^\"]*\"|os\.environ\.get\(.*\)|(?<=Table\()[^)]*"
    edit.in_line(finding, pattern, 'outputs["TestedName"]')


@good("a test takes its address from an output, and has the addresses of others")
def _(edit: Edit) -> None:
    edit.output("OwnAddress:\n  Description: Where own things are.\n  Value: !Ref AWS::StackName")
    integration(
        edit,
        'headers = {"Origin": "https://www.acme-orders.com"}',
        'token_url = "https://login.acme-orders.com/oauth/token"',
        'boto3.client("sts", endpoint_url="https://sts.eu-central-1.amazonaws.com")',
        'answer = httpx.get(outputs["OwnAddress"], headers=headers)',
        'assert answer.json()["issuer"] != "https://login.acme-orders.com/", token_url',
        top=f'"""As {ADDRESS} once did."""\n\n',
    )
