"""Cases of SEC-04."""

from cases import fix, good, violation
from edits import Edit
from edits.secrets import PROVIDER, module, reader, secret
from kit.gate.findings import Finding


@violation("a value is kept by lru_cache")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/secret_values.py"
    edit.replace(path, "def _value(", "@lru_cache\ndef _value(")
    edit.replace(path, "from aws_lambda", "from functools import lru_cache\n\nfrom aws_lambda")


@violation("whoever asks for a value keeps it")
def _(edit: Edit) -> None:
    edit.write(
        f"{reader(edit).code}/services/partner.py",
        "from functools import cache\n\nfrom ..settings import Settings\nfrom . import secret_values\n\n\n"
        "@cache\ndef headers(settings: Settings) -> dict[str, str]:\n"
        f'    return {{"x-key": secret_values.{secret(edit)}(settings)}}\n',
    )


@violation("a value is read when the module is imported")
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


@violation("values are kept for a year")
def _(edit: Edit) -> None:
    path = f"{reader(edit).code}/services/secret_values.py"
    edit.replace(path, "MAX_AGE_SECONDS = 300", "MAX_AGE_SECONDS = 365 * 24 * 3600")


@violation("boto3 is asked at each call")
def _(edit: Edit) -> None:
    module(
        edit,
        "import boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n\n\ndef key(name: str) -> str:\n'
        '    return client.get_secret_value(SecretId=name)["SecretString"]\n',
    )


@violation("a value is kept in a global variable")
def _(edit: Edit) -> None:
    module(
        edit,
        PROVIDER + '_KEY = ""\n\n\ndef key(name: str) -> str:\n    global _KEY\n    if not _KEY:\n'
        "        _KEY = str(provider.get(name))\n    return _KEY\n",
    )


@violation("a value is kept in a global variable, beside what measures time")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\n" + PROVIDER + '_KEY = ""\n\n\ndef key(name: str) -> str:\n'
        "    global _KEY\n    if not _KEY:\n        _KEY = str(provider.get(name))\n    return _KEY\n"
        "\n\ndef took(start: float) -> float:\n    return time.monotonic() - start\n",
    )


@violation("boto3 is asked at each call, beside what measures time")
def _(edit: Edit) -> None:
    module(
        edit,
        "import time\n\nimport boto3\n\nfrom ..utils.aws import CONFIG\n\n"
        'client = boto3.client("secretsmanager", config=CONFIG)\n\n\ndef key(name: str) -> str:\n'
        '    return client.get_secret_value(SecretId=name)["SecretString"]\n'
        "\n\ndef took(start: float) -> float:\n    return time.monotonic() - start\n",
    )


@good("a class that keeps values for a while, read by a function beside it")
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


@good("a value by the default of Powertools, and settings that are kept for ever")
def _(edit: Edit) -> None:
    module(
        edit,
        "from functools import cache\n\n" + PROVIDER + "def key(name: str) -> str:\n"
        "    return str(provider.get(name))\n\n\n@cache\ndef power(of: int) -> int:\n"
        "    return of * of\n",
    )


@good("a cache of one's own, with an end")
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


@fix("Delete that decorator")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^@(?:lru_)?cache\n", "")


@fix("Move the call")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete_line(finding)


@fix("Set `max_age`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, "MAX_AGE_SECONDS = .*", "MAX_AGE_SECONDS = 300")


@fix("Make `SecretsProvider(boto_config=CONFIG)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"client.get_secret_value.*", "str(provider.get(name, max_age=300))")
    edit.sub(finding.path, r"^client = .*\n", PROVIDER.splitlines(keepends=True)[4])
    edit.sub(finding.path, "^import boto3\n", PROVIDER.splitlines(keepends=True)[0])


@fix("Return what is read")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"^ +_KEY =", "    return")
    edit.sub(finding.path, r"^    global _KEY\n    if not _KEY:\n", "")
    edit.sub(finding.path, r"^    return _KEY\n", "")
