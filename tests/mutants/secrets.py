"""Edits that break SEC lessons, and innocent ones."""

from __future__ import annotations

from .edits import Edit, Function, innocent, mutant

PROVIDER = (
    "from aws_lambda_powertools.utilities import parameters\n\nfrom ..utils.aws import CONFIG\n\n"
    "provider = parameters.SecretsProvider(boto_config=CONFIG)\n\n\n"
)


def reader(edit: Edit) -> Function:
    """A function that reads a secret."""
    for each in edit.functions:
        if edit.has(f"{each.code}/services/secret_values.py"):
            return each
    edit.skip()
    raise AssertionError


def module(edit: Edit, text: str) -> Function:
    """Add a module to the first function that calls AWS."""
    for each in edit.functions:
        if edit.has(f"{each.code}/utils/aws.py"):
            edit.write(f"{each.code}/services/partner.py", text)
            return each
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


# ── SEC-01: where secrets are ────────────────────────────────────────────────


@mutant("SEC-01", "a key is in a variable")
def _(edit: Edit) -> None:
    given(edit, PARTNER_API_KEY="9f8a7c6b5d4e3f2a")


@mutant("SEC-01", "an address with its password is in a variable")
def _(edit: Edit) -> None:
    given(edit, DATABASE_URL="postgres://app:hunter2@db.internal/app")


@mutant("SEC-01", "a hidden parameter has a value all the same")
def _(edit: Edit) -> None:
    edit.parameter(
        """PartnerPassword:
  Type: String
  Description: What the partner gave us.
  NoEcho: true
  Default: correct-horse-battery"""
    )


@mutant("SEC-01", "a password is in the code")
def _(edit: Edit) -> None:
    module(edit, 'PARTNER_PASSWORD = "correct-horse-battery"\n')


@mutant("SEC-01", "the address of a database has its password")
def _(edit: Edit) -> None:
    module(edit, 'DATABASE = "postgresql://orders:s3cr3tPw@db.example.com/orders"\n')


@mutant("SEC-01", "the address of a chat's webhook is in the code")
def _(edit: Edit) -> None:
    module(edit, f'CHAT = "https://hooks.slack.com/services/T{8 * "0"}/B{8 * "0"}/{24 * "x"}"\n')


@mutant("SEC-01", "a database gets its password from the template")
def _(edit: Edit) -> None:
    edit.declare(
        "Cache:\n  Type: AWS::ElastiCache::ReplicationGroup\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    ReplicationGroupDescription: sessions\n"
        "    TransitEncryptionEnabled: true\n    AuthToken: Passw0rd123456789\n"
    )


@innocent("SEC-01", "names of what is about a secret, and a password that is generated")
def _(edit: Edit) -> None:
    module(
        edit,
        'TOKEN_URL = "https://login.example.com/oauth/token"\nSECRET_HEADER = "X-Signature"\n',
    )
    edit.declare(
        "Cache:\n  Type: AWS::ElastiCache::ReplicationGroup\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    ReplicationGroupDescription: sessions\n"
        "    TransitEncryptionEnabled: true\n"
        f"    AuthToken: !Sub '{{{{resolve:secretsmanager:{edit.service}/cache-token-${{EnvironmentName}}}}}}'\n"
    )


@innocent("SEC-01", "a cache gets its token from a hidden parameter")
def _(edit: Edit) -> None:
    edit.parameter(
        'CacheAuthToken:\n  Type: String\n  NoEcho: true\n  Description: The cache\'s.\n  Default: ""'
    )
    edit.declare(
        "Cache:\n  Type: AWS::ElastiCache::ReplicationGroup\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    ReplicationGroupDescription: sessions\n"
        "    TransitEncryptionEnabled: true\n    AuthToken: !Ref CacheAuthToken\n"
    )


@mutant("SEC-01", "a header has a token")
def _(edit: Edit) -> None:
    module(edit, 'HEADERS = {"Accept": "text/csv", "Authorization": "Bearer 9f8a7c6b5d4e3f2a"}\n')


@innocent("SEC-01", "a header has a token that is asked for, and a scheme")
def _(edit: Edit) -> None:
    module(
        edit,
        "def headers(key: str) -> dict[str, str]:\n"
        '    found = {"Authorization": f"Bearer {key}", "WWW-Authenticate": "Bearer"}\n'
        '    found["x-api-key"] = key\n    return found\n',
    )


@mutant("SEC-01", "a key of a service is in an example")
def _(edit: Edit) -> None:
    key = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    edit.document("payments.md", f"# Payments\n\nTry it with {key}.\n")


@mutant("SEC-01", "samconfig.toml passes a password")
def _(edit: Edit) -> None:
    edit.parameter(
        'PartnerPassword:\n  Type: String\n  Description: What the partner gave us.\n  Default: ""'
    )
    edit.replace("samconfig.toml", '"LogLevel=', '"PartnerPassword=correct-horse", "LogLevel=')


@mutant("SEC-01", "a secret is made under a name of its own")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerSecret:
  Type: AWS::SecretsManager::Secret
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    Name: !Sub partner-key-${EnvironmentName}"""
    )


@mutant("SEC-01", "a variable has the name that a secret has in dev")
def _(edit: Edit) -> None:
    given(edit, PARTNER_SECRET=f"{edit.service}/partner-dev")


@innocent("SEC-01", "variables with keys of tables and headers, and the name of a secret")
def _(edit: Edit) -> None:
    given(
        edit,
        SORT_KEY="created_at_2024",
        TOKEN_HEADER="x-partner-token",
        PARTNER_URL="https://partner.example.com:8443/v1",
        PARTNER_SECRET=f"!Join ['', [{edit.service}/partner-key-, !Ref EnvironmentName]]",
    )


@innocent("SEC-01", "a secret that is generated, with a name as all have, and noqa with a reason")
def _(edit: Edit) -> None:
    edit.declare(
        f"""PartnerSecret:
  Type: AWS::SecretsManager::Secret
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    Name: !Sub {edit.service}/partner-key-${{EnvironmentName}}
    GenerateSecretString:
      PasswordLength: 32"""
    )
    text = 'TOKEN_URL = "https://partner.example.com/token"  # noqa: S105 (an address)\n'
    module(edit, text)


# ── SEC-02: code gets a name ─────────────────────────────────────────────────


@mutant("SEC-02", "CloudFormation puts the value into a variable")
def _(edit: Edit) -> None:
    value = f'"{{{{resolve:secretsmanager:{edit.service}/partner-key-dev}}}}"'
    given(edit, PARTNER_KEY=value)


@mutant("SEC-02", "a hidden parameter is passed on")
def _(edit: Edit) -> None:
    edit.parameter(
        "PartnerPassword:\n  Type: String\n  Description: What the partner gave us.\n"
        '  NoEcho: true\n  Default: ""'
    )
    given(edit, PARTNER_PASSWORD="!Ref PartnerPassword")


@mutant("SEC-02", "the code names a secret")
def _(edit: Edit) -> None:
    module(
        edit,
        "from aws_lambda_powertools.utilities import parameters\n\n\ndef key() -> str:\n"
        '    return str(parameters.get_secret("partner-key", max_age=300))\n',
    )


@mutant("SEC-02", "the code puts a name together")
def _(edit: Edit) -> None:
    module(
        edit,
        PROVIDER + "def key(stage: str) -> str:\n"
        f'    return str(provider.get(f"{edit.service}/partner-key-{{stage}}", max_age=300))\n',
    )


@mutant("SEC-02", "the name of a secret is a constant")
def _(edit: Edit) -> None:
    module(edit, f'KEY_SECRET = "{edit.service}/partner-key-prod"\n')


@innocent("SEC-02", "the code takes the name from its caller, or from the environment")
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


@innocent("SEC-02", "a database gets its password from Secrets Manager, a function an address")
def _(edit: Edit) -> None:
    value = f'"{{{{resolve:ssm:/{edit.service}/partner-address}}}}"'
    given(edit, PARTNER_ADDRESS=value)


# ── SEC-03: which secrets ────────────────────────────────────────────────────


def more(edit: Edit, action: str, resource: str, *, is_told: bool = True) -> None:
    """Allow the first function something with secrets, and tell it of one of its own."""
    function = edit.function()
    text = edit.resource(function.logical_id)
    statement = (
        "        - Version: '2012-10-17'\n          Statement:\n            - Effect: Allow\n"
        f"              Action: {action}\n              Resource: {resource}\n"
    )
    key = "      Policies:\n"
    start = key if key in text else "      CodeUri:"
    new = f"{key}{statement}" + ("" if key in text else start)
    edit.in_resource(function.logical_id, start, new)
    if is_told:
        given(edit, PARTNER_SECRET=f"!Sub {edit.service}/partner-${{EnvironmentName}}")


ARN = "!Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
READ = "secretsmanager:GetSecretValue"


@mutant("SEC-03", "all secrets of the service")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/*-${{EnvironmentName}}-??????")


@mutant("SEC-03", "its secret in prod, whatever the environment")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/partner-prod-??????")


@mutant("SEC-03", "every secret of the account")
def _(edit: Edit) -> None:
    more(edit, READ, '"*"')


@mutant("SEC-03", "everything with its secret")
def _(edit: Edit) -> None:
    more(edit, "'secretsmanager:*'", f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????")


@mutant("SEC-03", "a secret of another function")
def _(edit: Edit) -> None:
    _first, second = edit.two()
    name = f"{edit.service}/partner-${{EnvironmentName}}"
    edit.pass_variable(second, "PARTNER_SECRET", f"!Sub {name}")
    text = 'from os import environ\n\n\ndef name() -> str:\n    return environ["PARTNER_SECRET"]\n'
    edit.write(f"{second.code}/services/partner.py", text)
    more(edit, READ, f"{ARN}{name}-??????", is_told=False)


@mutant("SEC-03", "whatever gets a value of its secret")
def _(edit: Edit) -> None:
    more(
        edit, "'secretsmanager:*Value'", f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????"
    )


@innocent("SEC-03", "its secret, which it also describes, by each way to end an ARN")
def _(edit: Edit) -> None:
    arn = f"{ARN}{edit.service}/partner-${{EnvironmentName}}"
    arns = f"\n                - {arn}-??????\n                - {arn}-*"
    more(edit, f"[{READ}, secretsmanager:DescribeSecret]", arns)


@innocent("SEC-03", "its secret by a policy template of SAM")
def _(edit: Edit) -> None:
    more(edit, READ, f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????")
    arn = f"{ARN}{edit.service}/partner-${{EnvironmentName}}-??????"
    template = f"AWSSecretsManagerGetSecretValuePolicy:\n            SecretArn: {arn}\n        - "
    old = "        - Version: '2012-10-17'\n"
    function = edit.function()
    edit.in_resource(function.logical_id, old, f"        - {template}Version: '2012-10-17'\n")


# ── SEC-04: for how long ─────────────────────────────────────────────────────


@mutant("SEC-04", "a value is kept by lru_cache")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/secret_values.py"
    edit.replace(path, "def _value(", "@lru_cache\ndef _value(")
    edit.replace(path, "from aws_lambda", "from functools import lru_cache\n\nfrom aws_lambda")


@mutant("SEC-04", "whoever asks for a value keeps it")
def _(edit: Edit) -> None:
    edit.write(
        f"{reader(edit).code}/services/partner.py",
        "from functools import cache\n\nfrom ..settings import Settings\nfrom . import secret_values\n\n\n"
        "@cache\ndef headers(settings: Settings) -> dict[str, str]:\n"
        f'    return {{"x-key": secret_values.{secret(edit)}(settings)}}\n',
    )


def secret(edit: Edit) -> str:
    """The function that reads a secret, in services/secret_values.py."""
    text = edit.read(f"{reader(edit).code}/services/secret_values.py")
    return text.split("def _value")[1].split("\ndef ")[1].split("(")[0]


@mutant("SEC-04", "a value is read when the module is imported")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/index.py"
    name = secret(edit)
    edit.replace(
        path, "from .settings", f"from .services.secret_values import {name}\nfrom .settings"
    )
    edit.replace(
        path,
        "settings = load_settings()\n",
        f"settings = load_settings()\nkey = {name}(settings)\n",
    )


@mutant("SEC-04", "values are kept for a year")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/secret_values.py"
    edit.replace(path, "MAX_AGE_SECONDS = 300", "MAX_AGE_SECONDS = 365 * 24 * 3600")


@mutant("SEC-04", "boto3 is asked at each call")
def _(edit: Edit) -> None:
    module(
        edit,
        "import boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n\n\ndef key(name: str) -> str:\n'
        '    return client.get_secret_value(SecretId=name)["SecretString"]\n',
    )


@mutant("SEC-04", "a value is kept in a global variable")
def _(edit: Edit) -> None:
    module(
        edit,
        PROVIDER + '_KEY = ""\n\n\ndef key(name: str) -> str:\n    global _KEY\n    if not _KEY:\n'
        "        _KEY = str(provider.get(name))\n    return _KEY\n",
    )


@mutant("SEC-04", "a value is kept in a global variable, beside what measures time")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\n" + PROVIDER + '_KEY = ""\n\n\ndef key(name: str) -> str:\n'
        "    global _KEY\n    if not _KEY:\n        _KEY = str(provider.get(name))\n    return _KEY\n"
        "\n\ndef took(start: float) -> float:\n    return time.monotonic() - start\n",
    )


@mutant("SEC-04", "boto3 is asked at each call, beside what measures time")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\nimport boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n\n\ndef key(name: str) -> str:\n'
        '    return client.get_secret_value(SecretId=name)["SecretString"]\n'
        "\n\ndef took(start: float) -> float:\n    return time.monotonic() - start\n",
    )


@innocent("SEC-04", "a class that keeps values for a while, read by a function beside it")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\nimport boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n\n\ndef _read(name: str) -> str:\n'
        '    return client.get_secret_value(SecretId=name)["SecretString"]\n\n\n'
        "class Key:\n    def __init__(self, name: str) -> None:\n        self._name = name\n"
        "        self._until = 0.0\n        self._value = ''\n\n    def value(self) -> str:\n"
        "        if time.monotonic() > self._until:\n            self._value = _read(self._name)\n"
        "            self._until = time.monotonic() + 300\n        return self._value\n",
    )


@innocent("SEC-04", "a value by the default of Powertools, and settings that are kept for ever")
def _(edit: Edit) -> None:
    module(
        edit,
        "from functools import cache\n\n" + PROVIDER + "def key(name: str) -> str:\n"
        "    return str(provider.get(name))\n\n\n@cache\ndef power(of: int) -> int:\n"
        "    return of * of\n",
    )


@innocent("SEC-04", "a cache of one's own, with an end")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\nimport boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n'
        "known: dict[str, tuple[float, str]] = {}\n\n\ndef key(name: str) -> str:\n"
        "    until, value = known.get(name, (0.0, ''))\n    if time.monotonic() > until:\n"
        '        value = client.get_secret_value(SecretId=name)["SecretString"]\n'
        "        known[name] = (time.monotonic() + 300, value)\n    return value\n",
    )


# ── SEC-05: what is logged ───────────────────────────────────────────────────

LOGGER = "from aws_lambda_powertools import Logger\n\nlogger = Logger(child=True)\n\n\n"


@mutant("SEC-05", "Powertools logs each event")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().code}/index.py", "clear_state=True", "clear_state=True, log_event=True"
    )


@mutant("SEC-05", "a variable lets Powertools log each event")
def _(edit: Edit) -> None:
    edit.pass_variable(edit.function(), "POWERTOOLS_LOGGER_LOG_EVENT", '"true"')


@mutant("SEC-05", "the event is logged while somebody looks for a mistake")
def _(edit: Edit) -> None:
    path = f"{edit.function('queue', 'event', 'schedule').code}/index.py"
    edit.sub(path, r"^    once\.register_lambda_context\(context\)\n",
             '    once.register_lambda_context(context)\n    logger.debug("got", event=event)\n')  # fmt: skip


@mutant("SEC-05", "the event is logged under another name")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(event: dict[str, Any]) -> None:\n"
        '    whole = event\n    logger.info("got", data=whole)\n',
    )


@mutant("SEC-05", "an address of a customer is logged as something else")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(customer: dict[str, Any]) -> None:\n"
        '    to = customer["email"]\n    logger.info("mail sent", to=to)\n',
    )


@mutant("SEC-05", "a loop over parts of an event logs them")
def _(edit: Edit) -> None:
    module(
        edit,
        "import json\nfrom typing import Any\n\n" + LOGGER
        + "def trace(event: dict[str, Any]) -> None:\n"
        '    for payload in event["Records"]:\n        logger.info("got", data=json.dumps(payload))\n',
    )  # fmt: skip


@innocent("SEC-05", "what is masked is logged, what is there, and names of events")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def mask(text: str) -> str:\n"
        '    return text[:1] + "***"\n\n\ndef trace(customer: dict[str, Any], token: str) -> None:\n'
        '    email = mask(customer["email"])\n    has_token = bool(token)\n'
        '    logger.info("mail sent", email=email, has_token=has_token, is_token=True)\n'
        '    for event in ("created", "deleted"):\n        logger.info("listening", to=event)\n'
        '    logger.info("kinds", all=[event for event in customer["kinds"]])\n',
    )


@mutant("SEC-05", "headers are logged as JSON")
def _(edit: Edit) -> None:
    module(
        edit,
        "import json\nfrom typing import Any\n\n" + LOGGER + "def trace(request: Any) -> None:\n"
        '    logger.info(f"called with {json.dumps(dict(request.headers))}")\n',
    )


@mutant("SEC-05", "a secret is logged")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/partner.py"
    edit.write(
        path,
        "from aws_lambda_powertools import Logger\n\nfrom ..settings import Settings\n"
        "from . import secret_values\n\nlogger = Logger(child=True)\n\n\n"
        "def trace(settings: Settings) -> None:\n"
        f"    found = secret_values.{secret(edit)}(settings)\n"
        '    logger.debug("the key is %s", found)\n',
    )


@mutant("SEC-05", "an address of a customer is logged")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER + "def trace(customer: dict[str, Any]) -> None:\n"
        '    logger.info("mail sent", to=customer["email"])\n',
    )


@mutant("SEC-05", "what keeps botocore from logging secrets is gone")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/utils/aws.py"
    text = edit.read(path)
    start, end = text.index("# At DEBUG these log"), text.index("# Two attempts")
    edit.write(path, text[:start] + text[end:])


@mutant("SEC-05", "botocore logs whole requests")
def _(edit: Edit) -> None:
    module(edit, 'import boto3\n\nboto3.set_stream_logger("")\n')


@innocent("SEC-05", "ids are logged, lengths, and the names of secrets")
def _(edit: Edit) -> None:
    module(
        edit,
        "from typing import Any\n\n" + LOGGER
        + "def trace(event: dict[str, Any], settings: Any, token: str) -> None:\n"
        '    logger.info("got", event_id=event["id"], kind=event.get("detail-type"))\n'
        '    logger.info("reading", secret=settings.partner_secret, length=len(token))\n'
        '    logger.warning("no %s", "password", extra={"page": event["next_token"]})\n',
    )  # fmt: skip


@innocent("SEC-05", "Powertools is told not to log events, and a catalog is asked for one")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().code}/index.py", "clear_state=True", "clear_state=True, log_event=False"
    )
    text = "from typing import Any\n\n\ndef find(catalog: Any, event: Any) -> Any:\n"
    module(edit, text + "    return catalog.info(event)\n")
