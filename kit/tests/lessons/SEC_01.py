"""Cases of SEC-01."""

from cases import good, violation
from edits import Edit
from edits.secrets import given, module


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
