"""What the cases of several lessons share: secrets."""

from edits import Edit, Function
from kit.gate.findings import Finding

PROVIDER = (
    "from aws_lambda_powertools.utilities import parameters\n\nfrom ..utils.aws import CONFIG\n\n"
    "provider = parameters.SecretsProvider(boto_config=CONFIG)\n\n\n"
)


def reader(edit: Edit) -> Function:
    """A function that reads a secret."""
    for function in edit.functions:
        if edit.has(f"{function.code}/services/secret_values.py"):
            return function
    edit.skip()
    raise AssertionError


def module(edit: Edit, text: str) -> Function:
    """Add a module to the first function that calls AWS."""
    for function in edit.functions:
        if edit.has(f"{function.code}/utils/aws.py"):
            edit.write(f"{function.code}/services/partner.py", text)
            return function
    edit.skip()
    raise AssertionError


def given(edit: Edit, **variables: str) -> None:
    """Pass variables to the first function, whose code reads them."""
    for name, value in variables.items():
        edit.pass_variable(edit.function(), name, value)
    read = "".join(f'        environ["{name}"],\n' for name in variables)
    edit.write(
        f"{edit.function().code}/services/partner_variables.py",
        "from os import environ\n\n\ndef variables() -> list[str]:\n"
        f'    """What the partner needs."""\n    return [\n{read}    ]\n',
    )


def secret(edit: Edit) -> str:
    """The function that reads a secret, in services/secret_values.py."""
    text = edit.read(f"{reader(edit).code}/services/secret_values.py")
    return text.split("def _value")[1].split("\ndef ")[1].split("(")[0]


def as_name(edit: Edit, finding: Finding) -> None:
    """Pass the name of a secret in place of the value that a line of template.yaml passes."""
    variable = edit.line(finding).split(":")[0].strip()
    name = f"PARTNER_SECRET: !Sub {edit.service}/partner-key-${{EnvironmentName}}"
    edit.in_line(finding, rf"{variable}:.*", name)
    folder = edit.function().folder
    for path in (f"{folder}/README.md", f"{folder}/lambda_pkg/services/partner_variables.py"):
        edit.replace_all(path, variable, "PARTNER_SECRET")


def forget(edit: Edit, function: Function, *names: str) -> None:
    """Delete variables of a function, in template.yaml and in its README."""
    for name in names:
        edit.sub("template.yaml", rf"^ +{name}: .*\n", "")
        edit.sub(f"{function.folder}/README.md", rf"^\| `{name}` .*\n", "")
