"""Cases of SEC-01."""

from cases import fix, good, violation
from edits import Edit
from edits.secrets import as_name, given, module
from kit.gate.findings import Finding


@violation("a key is in a variable")
def _(edit: Edit) -> None:
    given(edit, PARTNER_API_KEY="9f8a7c6b5d4e3f2a")


@violation("an address with its password is in a variable")
def _(edit: Edit) -> None:
    given(edit, DATABASE_URL="postgres://app:hunter2@db.internal/app")


@violation("a hidden parameter has a value all the same")
def _(edit: Edit) -> None:
    edit.parameter(
        """PartnerPassword:
  Type: String
  Description: What the partner gave us.
  NoEcho: true
  Default: correct-horse-battery"""
    )


@violation("a password is in the code")
def _(edit: Edit) -> None:
    module(edit, 'PARTNER_PASSWORD = "correct-horse-battery"\n')


@violation("the address of a database has its password")
def _(edit: Edit) -> None:
    module(edit, 'DATABASE = "postgresql://orders:s3cr3tPw@db.example.com/orders"\n')


@violation("the address of a chat's webhook is in the code")
def _(edit: Edit) -> None:
    module(edit, f'CHAT = "https://hooks.slack.com/services/T{8 * "0"}/B{8 * "0"}/{24 * "x"}"\n')


@violation("a database gets its password from the template")
def _(edit: Edit) -> None:
    edit.declare(
        "Cache:\n  Type: AWS::ElastiCache::ReplicationGroup\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    ReplicationGroupDescription: sessions\n"
        "    TransitEncryptionEnabled: true\n    AuthToken: Passw0rd123456789\n"
    )


@violation("a parameter of SSM has a password")
def _(edit: Edit) -> None:
    edit.declare(
        "Database:\n  Type: AWS::SSM::Parameter\n  Properties:\n    Type: String\n"
        f"    Name: !Sub /{edit.service}/${{EnvironmentName}}/db-password\n    Value: correct-horse\n"
    )


@fix("Delete it here, and change it", "a parameter of SSM has a password")
def _(edit: Edit, _finding: Finding) -> None:
    edit.sub("template.yaml", r"^  Database:\n(    .*\n)+", "")


@violation("keys of several partners are in a variable, as JSON")
def _(edit: Edit) -> None:
    given(edit, PARTNERS='\'{"stripe": "live_9f8a7c6b5d4e3f2a", "region": "eu"}\'')


@violation("a key of a partner is in a variable, as JSON with names")
def _(edit: Edit) -> None:
    given(edit, PARTNERS='\'[{"name": "post", "apiKey": "correct-horse"}]\'')


@violation("a test has the key of a partner")
def _(edit: Edit) -> None:
    text = 'API_KEY = "9f8a7c6b5d4e3f2a"\n\n\ndef test_key() -> None:\n    assert API_KEY\n'
    edit.write(f"tests/unit/{edit.function().name}/test_partner.py", text)


@violation("a test sets a variable to the token of a partner")
def _(edit: Edit) -> None:
    text = "import pytest\n\n\ndef test_key(monkeypatch: pytest.MonkeyPatch) -> None:\n"
    text += '    monkeypatch.setenv("PARTNER_TOKEN", "Zx81kQp4VbT7mN2w")\n    assert monkeypatch\n'
    edit.write(f"tests/unit/{edit.function().name}/test_partner.py", text)


@good("tests have keys and tokens that are made up, and a page")
def _(edit: Edit) -> None:
    text = 'API_KEY = "test-key-0123456789abcdef"\nTOKEN = "eyJhbGciOiJIUzI1NiJ9.e30.x9y8z7w6"\n'
    text += 'PAGE = {"next_token": "9f8a7c6b5d4e3f2a", "id": "01J8Z9X7C6V5B4N3"}\n'
    text += "\n\ndef test_key() -> None:\n    assert API_KEY and TOKEN and PAGE\n"
    edit.write(f"tests/unit/{edit.function().name}/test_partner.py", text)


@good("the name of a secret comes from SSM")
def _(edit: Edit) -> None:
    path = f"/{edit.service}/partner-secret-name"
    edit.parameter(
        "PartnerName:\n  Type: AWS::SSM::Parameter::Value<String>\n"
        f"  Description: Where the name of the secret is.\n  Default: {path}"
    )
    value = f'"{{{{resolve:ssm:{path}}}}}"'
    given(
        edit,
        PARTNER_SECRET=value,
        OTHER_SECRET="!Ref PartnerName",
        LIMITS="'{\"token_limit\": 4000}'",
    )


@good("names of what is about a secret, and a password that is generated")
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


@good("a cache gets its token from a hidden parameter")
def _(edit: Edit) -> None:
    edit.parameter(
        'CacheAuthToken:\n  Type: String\n  NoEcho: true\n  Description: The cache\'s.\n  Default: ""'
    )
    edit.declare(
        "Cache:\n  Type: AWS::ElastiCache::ReplicationGroup\n  DeletionPolicy: Retain\n"
        "  UpdateReplacePolicy: Retain\n  Properties:\n    ReplicationGroupDescription: sessions\n"
        "    TransitEncryptionEnabled: true\n    AuthToken: !Ref CacheAuthToken\n"
    )


@violation("a header has a token")
def _(edit: Edit) -> None:
    module(edit, 'HEADERS = {"Accept": "text/csv", "Authorization": "Bearer 9f8a7c6b5d4e3f2a"}\n')


@good("a header has a token that is asked for, and a scheme")
def _(edit: Edit) -> None:
    module(
        edit,
        "def headers(key: str) -> dict[str, str]:\n"
        '    found = {"Authorization": f"Bearer {key}", "WWW-Authenticate": "Bearer"}\n'
        '    found["x-api-key"] = key\n    return found\n',
    )


@violation("a key of a service is in an example")
def _(edit: Edit) -> None:
    key = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    edit.document("payments.md", f"# Payments\n\nTry it with {key}.\n")


@violation("samconfig.toml passes a password")
def _(edit: Edit) -> None:
    edit.parameter(
        'PartnerPassword:\n  Type: String\n  Description: What the partner gave us.\n  Default: ""'
    )
    edit.replace("samconfig.toml", '"LogLevel=', '"PartnerPassword=correct-horse", "LogLevel=')


@violation("a secret is made under a name of its own")
def _(edit: Edit) -> None:
    edit.declare(
        """PartnerSecret:
  Type: AWS::SecretsManager::Secret
  DeletionPolicy: Retain
  UpdateReplacePolicy: Retain
  Properties:
    Name: !Sub partner-key-${EnvironmentName}"""
    )


@violation("a variable has the name that a secret has in dev")
def _(edit: Edit) -> None:
    given(edit, PARTNER_SECRET=f"{edit.service}/partner-dev")


@good("variables with keys of tables and headers, and the name of a secret")
def _(edit: Edit) -> None:
    given(
        edit,
        SORT_KEY="created_at_2024",
        TOKEN_HEADER="x-partner-token",
        PARTNER_URL="https://partner.example.com:8443/v1",
        PARTNER_SECRET=f"!Join ['', [{edit.service}/partner-key-, !Ref EnvironmentName]]",
    )


@good("a secret that is generated, with a name as all have, and noqa with a reason")
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


@fix("Delete it here, and change it")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Delete it here, and change it", "a key is in a variable",
     "an address with its password is in a variable", "keys of several partners are in a variable, as JSON",
     "a key of a partner is in a variable, as JSON with names")  # fmt: skip
def _(edit: Edit, finding: Finding) -> None:
    as_name(edit, finding)


@fix("Delete it here, and change it", "a database gets its password from the template")
def _(edit: Edit, finding: Finding) -> None:
    name = f"{edit.service}/cache-token-${{EnvironmentName}}"
    edit.in_line(finding, "Token: .*", f"Token: !Sub '{{{{resolve:secretsmanager:{name}}}}}'")


@fix("Delete it here, and change it", "samconfig.toml passes a password")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, '"PartnerPassword=[^"]*", ', "")


@fix("Set it to")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "Default: .*", 'Default: ""')


@fix("Write a text that says that it is none")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r'"\w+"(?=\)?$)', '"test-key"')


@fix("Set its `Name`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "Name: .*", f"Name: !Sub {edit.service}/partner-${{EnvironmentName}}")


@fix("Pass the name of a secret")
def _(edit: Edit, finding: Finding) -> None:
    name = f"!Sub {edit.service}/partner-${{EnvironmentName}}"
    edit.in_line(finding, "PARTNER_SECRET: .*", f"PARTNER_SECRET: {name}")
