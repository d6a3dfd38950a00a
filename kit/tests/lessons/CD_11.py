"""Cases of CD-11."""

from cases import fix, good, violation
from edits import CONFIG, Edit
from edits.delivery import SAMCONFIG, advised, other_region, region, write_region
from edits.pipelines import DEPLOY
from kit.gate.findings import Finding


@violation("a workflow repeats the Region")
def _(edit: Edit) -> None:
    edit.sub(DEPLOY, r"aws-region: \$\{\{ steps.facts.*", f"aws-region: {region(edit)}")


@violation("a client of boto3 names the Region")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f'import boto3\n{CONFIG}\nsts = boto3.client("sts", region_name="{region(edit)}", config=CONFIG)\n',
    )


@violation("code has the Region for when no variable is set")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'import os\n\nREGION = os.getenv("AWS_REGION", "{region(edit)}")\n',
    )


@violation("code has a queue's address")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f'QUEUE = "https://sqs.{other_region(edit)}.amazonaws.com/123456789012/jobs"\n',
    )


@violation("a parameter repeats the Region")
def _(edit: Edit) -> None:
    edit.parameter(
        f"HomeRegion:\n  Type: String\n  Description: Where it is.\n  Default: {region(edit)}"
    )


@violation("a parameter would compute the Region")
def _(edit: Edit) -> None:
    edit.parameter(
        "HomeRegion:\n  Type: String\n  Description: Where it is.\n  Default: ${AWS::Region}"
    )


@violation("code falls back to the Region")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'import os\n\nHOME = os.environ.get("AWS_REGION") or "{region(edit)}"\n',
    )


@violation("a function of code has the Region as its default")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'def host(name: str, *, region: str = "{region(edit)}") -> str:\n'
        '    """The address of a service."""\n    return f"{name}.{region}"\n',
    )


@violation("a queue of the service is passed by its ARN")
def _(edit: Edit) -> None:
    edit.parameter('JobsArn:\n  Type: String\n  Description: Where jobs wait.\n  Default: ""')
    arn = f"arn:aws:sqs:{region(edit)}:123456789012:{edit.service}-jobs-dev"
    edit.replace("samconfig.toml", '"LogLevel=', f'"JobsArn={arn}", "LogLevel=')


@violation("a target repeats the Region")
def _(edit: Edit) -> None:
    edit.write("local.mk", f"tables:\n\taws dynamodb list-tables --region {region(edit)}\n")


@fix("Write `$")
def _(edit: Edit, finding: Finding) -> None:
    write_region(edit, finding)


@fix("Write `os.environ")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.line(finding)
    for old, new in {
        rf'region_name="{region(edit)}", ': "",
        rf'os.getenv("AWS_REGION", "{region(edit)}")': 'os.environ["AWS_REGION"]',
        rf'os.environ.get("AWS_REGION") or "{region(edit)}"': 'os.environ["AWS_REGION"]',
        rf' = "{region(edit)}"': "",
    }.items():
        text = text.replace(old, new)
    edit.in_line(finding, r"^.*\n", text)


@fix("Pass the address")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'= ".*"', '= os.environ["QUEUE_URL"]')
    edit.write(finding.path, f"import os\n\n{edit.read(finding.path)}")
    edit.pass_variable(edit.function(), "QUEUE_URL", "!Ref AlarmTopic")


@fix("Delete the parameter")
def _(edit: Edit, finding: Finding) -> None:
    name = str(finding.resource)
    edit.sub("template.yaml", rf"^  {name}:\n(    .*\n)+", "")


@fix("Take `")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, f'"{advised(finding)}", ', "")


@good("documentation and comments name Regions in links")
def _(edit: Edit) -> None:
    link = f"https://{region(edit)}.console.aws.amazon.com/sqs"
    docs = (
        f"https://docs.aws.amazon.com/general/latest/gr/sqs-service.{region(edit)}.amazonaws.html"
    )
    edit.write(
        f"{edit.function().code}/utils/fresh.py",
        f'"""Queues: {link}, {docs}."""\n\nAGE = 3  # {link}\n\n\n'
        f'def age() -> int:\n    """As in {docs}: sqs.{region(edit)}.amazonaws.com."""\n    return AGE\n',
    )
    edit.write("local.mk", f"# {docs}\nqueues: ## {link}\n\t@echo queues # {link}\n")


@good("certificates of CloudFront, costs and time zones are where they are")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"import os\n\nimport boto3\n{CONFIG}\n"
        'ZONES = {"eu-west-1": "Europe/Dublin", "us-east-1": "America/New_York"}\n'
        'costs = boto3.client("ce", region_name="us-east-1", config=CONFIG)\n\n\n'
        'def zone() -> str:\n    return ZONES[os.environ["AWS_REGION"]]\n',
    )
    edit.parameter(
        'CertificateArn:\n  Type: String\n  Description: Certificate of CloudFront.\n  Default: ""'
    )
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/1f2e3d4c-aaaa-bbbb-cccc-1234567890ab"
    passed = f'["CertificateArn={arn}", "EnvironmentName='
    edit.replace_all(SAMCONFIG, '["EnvironmentName=', passed)
    edit.write("local.mk", "certificates:\n\taws acm list-certificates --region us-east-1\n")
