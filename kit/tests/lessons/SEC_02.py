"""Cases of SEC-02."""

from cases import fix, good, violation
from edits import Edit
from edits.secrets import PROVIDER, as_name, given, module
from kit.gate.findings import Finding


@violation("CloudFormation puts the value into a variable")
def _(edit: Edit) -> None:
    value = f'"{{{{resolve:secretsmanager:{edit.service}/partner-key-dev}}}}"'
    given(edit, PARTNER_KEY=value)


@violation("a hidden parameter is passed on")
def _(edit: Edit) -> None:
    edit.parameter(
        "PartnerPassword:\n  Type: String\n  Description: What the partner gave us.\n"
        '  NoEcho: true\n  Default: ""'
    )
    given(edit, PARTNER_PASSWORD="!Ref PartnerPassword")


@violation("the code names a secret")
def _(edit: Edit) -> None:
    module(
        edit,
        "from aws_lambda_powertools.utilities import parameters\n\n\ndef key() -> str:\n"
        '    return str(parameters.get_secret("partner-key", max_age=300))\n',
    )


@violation("the code puts a name together")
def _(edit: Edit) -> None:
    module(
        edit,
        PROVIDER + "def key(stage: str) -> str:\n"
        f'    return str(provider.get(f"{edit.service}/partner-key-{{stage}}", max_age=300))\n',
    )


@violation("the name of a secret is a constant")
def _(edit: Edit) -> None:
    module(edit, f'KEY_SECRET = "{edit.service}/partner-key-prod"\n')


@good("the code takes the name from its caller, or from the environment")
def _(edit: Edit) -> None:
    function = module(
        edit,
        "import os\n\nfrom aws_lambda_powertools.utilities import parameters\n\n"
        'VARIABLE = "PARTNER_SECRET"\nPATHS = {"a": "b"}\n\n\ndef key(name: str) -> str:\n'
        '    """As orders/partner-key-dev, from Secrets Manager."""\n'
        "    return str(parameters.get_secret(name or os.environ[VARIABLE]) + PATHS.get('a'))\n",
    )
    name = f"!Sub {edit.service}/partner-key-${{EnvironmentName}}"
    edit.pass_variable(function, "PARTNER_SECRET", name)


@good("a database gets its password from Secrets Manager, a function an address")
def _(edit: Edit) -> None:
    value = f'"{{{{resolve:ssm:/{edit.service}/partner-address}}}}"'
    given(edit, PARTNER_ADDRESS=value)


@fix("Pass the name")
def _(edit: Edit, finding: Finding) -> None:
    if finding.path == "template.yaml":
        as_name(edit, finding)
        return
    edit.in_line(finding, r'f?"[\w/-]+(\{stage\})?"', 'os.environ["PARTNER_SECRET"]')
    edit.write(finding.path, f"import os\n\n{edit.read(finding.path)}")
    name = f"!Sub {edit.service}/partner-key-${{EnvironmentName}}"
    functions = [item for item in edit.functions if finding.path.startswith(f"{item.folder}/")]
    edit.pass_variable(functions[0], "PARTNER_SECRET", name)
