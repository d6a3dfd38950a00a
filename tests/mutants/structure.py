"""Edits that break STR lessons, and innocent ones."""

from __future__ import annotations

import os

from .edits import Edit, NotHereError, innocent, mutant


def second(edit: Edit) -> str:
    """The folder of another function than the first; a sample without one gets one, by hand."""
    try:
        return edit.two()[1].name
    except NotHereError:
        return "traffic_check"


# ── STR-01: one tree ─────────────────────────────────────────────────────────


@mutant("STR-01", "the code is deployed from a folder beside src")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(function.logical_id, f"CodeUri: {function.folder}/", "CodeUri: lambdas/app/")


@mutant("STR-01", "a copy of src is kept for dev")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{edit.function().code}/**/*.py"):
        edit.write(path.replace("src/", "src_dev/", 1), edit.read(path))


@mutant("STR-01", "a function has another copy of its code for prod")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services_prod/__init__.py", "")
    edit.write(f"{code}/services_prod/prices.py", "FACTOR = 2\n")


@mutant("STR-01", "a module has a twin for staging")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/utils/limits.py", "MOST = 10\n")
    edit.write(f"{code}/utils/limits_staging.py", "MOST = 100\n")


@mutant("STR-01", "a small function is written into the template")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id,
        f"CodeUri: {function.folder}/",
        "InlineCode: |\n        def lambda_handler(event, context):\n          return event",
    )


@mutant("STR-01", "a layer has its code beside src")
def _(edit: Edit) -> None:
    edit.write("layers/shared/python/money.py", "CENT = 0.01\n")
    edit.declare(
        "SharedLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        "    ContentUri: layers/shared/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-shared-${{EnvironmentName}}\n"
    )


@innocent("STR-01", "a layer has its modules below src")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/shared/python/money.py", "CENT = 0.01\n")
    edit.declare(
        "SharedLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: src/{edit.package}/shared/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-shared-${{EnvironmentName}}\n"
    )
    function = edit.function()
    edit.in_resource(
        function.logical_id,
        f"      CodeUri: {function.folder}/\n",
        f"      CodeUri: {function.folder}/\n      Layers: [!Ref SharedLayer]\n",
    )
    text = "from money import CENT\n\nEURO = 100 * CENT\n"
    edit.write(f"{function.code}/services/prices.py", text)


@innocent("STR-01", "words that only look like environments, and data called after one elsewhere")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/products.py", "AGE = 3\n")
    edit.write(f"{code}/services/device_developers.py", "AGE = 3\n")
    edit.write(f"{code}/services/production.py", '"""Of goods."""\n')
    edit.write("docs/runbooks/prod.md", "# Prod\n\nCall somebody.\n")
    edit.append("docs/README.md", "\nSee [what is special in prod](runbooks/prod.md).\n")


@innocent("STR-01", "the path of the code is written another way")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: ./{function.folder}"
    )


# ── STR-02: names that are taken ─────────────────────────────────────────────


@mutant("STR-02", "a folder of scripts is called like a module of the standard library")
def _(edit: Edit) -> None:
    edit.write("scripts/types/__init__.py", "")
    edit.write("scripts/types/orders.py", "AGE = 3\n")


@mutant("STR-02", "a layer hides a module from every function that has it")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/clients/python/queue.py", "AGE = 3\n")
    edit.declare(
        "ClientsLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: src/{edit.package}/clients/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-clients-${{EnvironmentName}}\n"
    )


@mutant("STR-02", "a module is called like a word of Python")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/utils/async.py", "AGE = 3\n")


@mutant("STR-02", "a package is called like a word of Python")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/lambda/__init__.py", "")
    edit.write(f"{code}/services/lambda/work.py", "AGE = 3\n")


@mutant("STR-02", "a script hides a module from every command")
def _(edit: Edit) -> None:
    edit.write("scripts/calendar.py", "print(3)\n")


@innocent("STR-02", "modules inside a package are called as nothing that they could hide")
def _(edit: Edit) -> None:
    code = edit.function().code
    for name in ("calendar", "email", "json", "match", "queue", "type"):
        edit.write(f"{code}/utils/{name}.py", "AGE = 3\n")
    edit.write(f"{code}/services/email/__init__.py", "")
    edit.write(f"{code}/services/email/send.py", "from email import message\n\nKIND = message\n")
    edit.write("scripts/delivery/secrets.py", "AGE = 3\n")
    edit.write("scripts/match.py", "AGE = 3\n")


@innocent("STR-02", "names that only begin like taken ones, and a folder of data")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/utils/json_lines.py", "AGE = 3\n")
    edit.write(f"{code}/services/__main__.py", "AGE = 3\n")
    edit.write(f"{code}/templates/email/welcome.html", "<p>Welcome</p>\n")


# ── STR-03: a function is one folder ─────────────────────────────────────────


@mutant("STR-03", "a helper is put beside lambda_pkg")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/helpers.py", "AGE = 3\n")


@mutant("STR-03", "what functions share is in a folder of its own")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/shared/__init__.py", "")
    edit.write(f"src/{edit.package}/shared/money.py", "CENT = 0.01\n")


@mutant("STR-03", "the README is deleted")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().folder}/README.md")


@innocent("STR-03", "more documents and data lie in the function's folder")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/CHANGELOG.md", "# Changes\n\nNone.\n")
    edit.write(f"{edit.function().code}/schemas/item.json", "{}\n")


@innocent("STR-03", "a layer below src has the form of a layer")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/fonts/python/fonts/__init__.py", "SIZE = 3\n")
    edit.declare(
        "FontsLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: src/{edit.package}/fonts/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-fonts-${{EnvironmentName}}\n"
    )


# ── STR-04: packages ─────────────────────────────────────────────────────────


@mutant("STR-04", "a new folder of modules has no __init__.py")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/models/order.py", "AGE = 3\n")


@mutant("STR-04", "the __init__.py of lambda_pkg is deleted, as it is empty")
def _(edit: Edit) -> None:
    edit.delete(f"{edit.function().code}/__init__.py")


@mutant("STR-04", "a folder has packages below it, and is none")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/clients/chat/__init__.py", "")
    edit.write(f"{edit.function().code}/clients/chat/posts.py", "AGE = 3\n")


@innocent("STR-04", "a folder without Python is no package")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/sql/orders.sql", "SELECT 1\n")
    edit.write(f"{edit.function().code}/models/__init__.py", "")
    edit.write(f"{edit.function().code}/models/order.py", "AGE = 3\n")


# ── STR-05: relative imports ─────────────────────────────────────────────────


@mutant("STR-05", "a new module imports a neighbour by the path that tests use")
def _(edit: Edit) -> None:
    code = edit.function().code
    path = f"{edit.package}.{edit.function().name}.lambda_pkg.settings"
    edit.write(f"{code}/services/fresh.py", f"from {path} import Settings\n\nNAME = Settings\n")


@mutant("STR-05", "the entry point imports its settings as Lambda would find them")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "from .settings", "from lambda_pkg.settings")


@mutant("STR-05", "a module imports the folder services as if it were on the path")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/fresh.py", "AGE = 3\n")
    edit.write(f"{code}/utils/more.py", "import services.fresh as fresh\n\nAGE = fresh.AGE\n")


@mutant("STR-05", "a module imports the one beside it as if it were run alone")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/fresh_prices.py", "AGE = 3\n")
    edit.write(f"{code}/services/more.py", "from fresh_prices import AGE\n\nOLD = AGE\n")


@mutant("STR-05", "a module is imported by its name at run time")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "import importlib\n\nSETTINGS = importlib.import_module('lambda_pkg.settings')\n",
    )


@mutant("STR-05", "a relative import goes one folder too far")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/services/fresh.py", "from ...settings import Settings\n")


@innocent("STR-05", "a new module imports a neighbour relatively, and libraries by their names")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/fresh.py",
        "import importlib\nimport json\n\nimport boto3\n\nfrom ..settings import Settings\n\n"
        "NAMES = (json, boto3, Settings, importlib.import_module('.items', __package__))\n",
    )


@innocent("STR-05", "a library is called like a module of one's own")
def _(edit: Edit) -> None:
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", "stripe\n")
    edit.pin(f"{folder}/requirements.txt", "stripe", "14.0.1")
    edit.write(
        f"{folder}/lambda_pkg/services/stripe.py", "import stripe\n\nCHARGE = stripe.Charge\n"
    )


# ── STR-06: what Lambda starts ───────────────────────────────────────────────


@mutant("STR-06", "the handler is a module in the folder itself")
def _(edit: Edit) -> None:
    edit.in_resource(
        edit.function().logical_id,
        "Handler: lambda_pkg.index.lambda_handler",
        "Handler: index.lambda_handler",
    )


@mutant("STR-06", "the code is what is in lambda_pkg")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: {function.code}/"
    )


@mutant("STR-06", "the handler's function is renamed in the code alone")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "def lambda_handler(", "def handle_event(")


@mutant("STR-06", "the name of the folder is misspelt")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: {function.folder}s/"
    )


@mutant("STR-06", "the build leaves the package out")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/index.py", "def lambda_handler() -> None: ...\n")
    edit.write(
        ".aws-sam/build/template.yaml",
        edit.read("template.yaml").replace(edit.function().folder + "/", name),
    )


@innocent("STR-06", "the handler is an object that another module made")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.move(f"{code}/index.py", f"{code}/entry.py")
    edit.write(f"{code}/index.py", "from .entry import lambda_handler as lambda_handler\n")


@innocent("STR-06", "what was built is older than the sources")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/index.py", "def lambda_handler() -> None: ...\n")
    template = edit.read("template.yaml").replace(edit.function().folder + "/", name)
    edit.write(".aws-sam/build/template.yaml", template)
    os.utime(edit.root / ".aws-sam/build/template.yaml", (0, 0))


# ── STR-07: functions alone ──────────────────────────────────────────────────


@mutant("STR-07", "a function imports a helper of another by the path that tests use")
def _(edit: Edit) -> None:
    path = f"{edit.package}.{second(edit)}.lambda_pkg.settings"
    edit.write(f"{edit.function().code}/services/fresh.py", f"from {path} import Settings\n")


@mutant("STR-07", "a function imports the code of another relatively")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"from ....{second(edit)}.lambda_pkg import settings\n",
    )


@mutant("STR-07", "a function imports another one as a package of the service")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        f"from {edit.package} import {second(edit)}\n\nOTHER = {second(edit)}\n",
    )


@innocent("STR-07", "two functions have a helper of the same name, each its own")
def _(edit: Edit) -> None:
    for name in (edit.function().name, second(edit)):
        code = f"src/{edit.package}/{name}/lambda_pkg"
        edit.write(f"{code}/utils/money.py", "CENT = 0.01\n")
        edit.write(f"{code}/services/prices.py", "from ..utils.money import CENT\n\nEURO = CENT\n")


# ── STR-08: READMEs ──────────────────────────────────────────────────────────


@mutant("STR-08", "a section of the README is deleted")
def _(edit: Edit) -> None:
    path = f"{edit.function().folder}/README.md"
    text = edit.read(path)
    start = text.index("## Dependencies")
    end = text.find("\n## ", start)
    edit.write(path, text[:start] + text[end + 1 :])


@mutant("STR-08", "a variable is missing in the table")
def _(edit: Edit) -> None:
    edit.sub(f"{edit.function().folder}/README.md", r"^\| `STAGE` .*\n", "")


@mutant("STR-08", "the table still has a variable that nobody passes any more")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^(\| `STAGE` .*\n)",
        r"\1| `API_KEY_NAME` | the key | `x` |\n",
    )


@mutant("STR-08", "a new variable is passed and read, and not told")
def _(edit: Edit) -> None:
    function = edit.function()
    readme = edit.read(f"{function.folder}/README.md")
    edit.pass_variable(function, "ITEM_LIMIT", '"20"')
    edit.write(f"{function.folder}/README.md", readme)
    settings = f"{function.code}/settings.py"
    edit.replace(settings, "    stage: str\n", "    stage: str\n    item_limit: str\n")
    stage = '        stage=required("STAGE"),\n'
    edit.replace(settings, stage, f'{stage}        item_limit=required("ITEM_LIMIT"),\n')


@mutant("STR-08", "the README is begun and never finished")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^## Trigger\n(?:.*\n)*?(?=## )",
        "## Trigger\n\n",
    )


@innocent("STR-08", "the README says the same in other words and another order")
def _(edit: Edit) -> None:
    path = f"{edit.function().folder}/README.md"
    text = edit.read(path)
    start = text.index("## Environment variables")
    end = text.index("\n## ", start) + 1
    section = text[start:end].replace("Environment variables", "Configuration")
    text = text[:start] + text[end:] + "\n" + section
    text = text.replace("## Locally", "## How to run it on a laptop: locally")
    edit.write(path, text.replace("## Dependencies", "## What it needs"))


@innocent("STR-08", "the README explains a variable that Lambda itself sets")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().folder}/README.md",
        r"^(\| `STAGE` .*\n)",
        r"\1| `AWS_REGION` | set by Lambda | `eu-west-1` |\n",
    )


# ── STR-09: small packages ───────────────────────────────────────────────────


def require(edit: Edit, name: str, version: str) -> None:
    """Let the first function require something, with make lock."""
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", f"{name}\n")
    edit.pin(f"{folder}/requirements.txt", name, version)


@mutant("STR-09", "boto3 is bundled, though the runtime has it")
def _(edit: Edit) -> None:
    require(edit, "boto3", "1.44.5")


@mutant("STR-09", "the local server is among what the function needs")
def _(edit: Edit) -> None:
    require(edit, "uvicorn", "0.41.0")


@mutant("STR-09", "tests are beside what they test")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/test_more.py", "def test_more() -> None:\n    assert True\n")


@mutant("STR-09", "the function has a folder of tests")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().folder}/tests/test_more.py", "import pytest\n\nX = pytest\n")
    edit.write(f"{edit.function().folder}/tests/data.json", "{}\n")


@mutant("STR-09", "a model of eight megabytes is committed with the code")
def _(edit: Edit) -> None:
    edit.write(f"{edit.function().code}/model.bin", "x" * (8 << 20))


@mutant("STR-09", "what was built is committed")
def _(edit: Edit) -> None:
    folder = f"{edit.function().folder}/build/lib/app"
    edit.write(f"{folder}/index.py", "AGE = 3\n")


@mutant("STR-09", "libraries make the package larger than its budget")
def _(edit: Edit) -> None:
    name = edit.function().logical_id
    edit.write(f".aws-sam/build/{name}/lambda_pkg/index.py", "def lambda_handler() -> None: ...\n")
    edit.write(f".aws-sam/build/{name}/torch/libtorch.so", "")
    with (edit.root / f".aws-sam/build/{name}/torch/libtorch.so").open("wb") as file:
        file.truncate(80 << 20)  # of no blocks on the disk
    template = edit.read("template.yaml").replace(edit.function().folder + "/", name)
    edit.write(".aws-sam/build/template.yaml", template)


@innocent("STR-09", "a small library, some data and results of tests of a laboratory")
def _(edit: Edit) -> None:
    require(edit, "python-slugify", "8.0.4")
    code = edit.function().code
    edit.write(f"{code}/services/test_results.py", "class Result: ...\n")
    edit.write(f"{code}/services/build/__init__.py", "ORDER = 1\n")
    edit.write(f"{code}/data/rates.csv", "eur,1\n" * 1000)


# ── STR-10: once per container ───────────────────────────────────────────────


@mutant("STR-10", "the handler imports what it needs")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    import decimal\n\n",
    )


@mutant("STR-10", "a route of its own module imports a service when it is called")
def _(edit: Edit) -> None:
    code = edit.function("api").code
    edit.write(f"{code}/routes/__init__.py", "")
    edit.write(
        f"{code}/routes/reports.py",
        "from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter\n\n"
        "router = APIGatewayHttpRouter()\n\n\n"
        '@router.get("/reports")\n'
        "def reports() -> dict[str, str]:\n    return made()\n\n\n"
        "def made() -> dict[str, str]:\n    from ..settings import load_settings\n\n"
        "    return vars(load_settings())\n",
    )


@mutant("STR-10", "the handler looks a module up by its name")
def _(edit: Edit) -> None:
    path = f"{edit.function().code}/index.py"
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r'\1    numbers = import_module("decimal")\n    assert numbers\n\n',
    )
    edit.sub(path, r"^(from typing import )", r"from importlib import import_module\n\1")


@mutant("STR-10", "a method that the handler calls imports what it needs")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/report.py",
        "class Report:\n    def text(self) -> str:\n        return self._table()\n\n"
        "    def _table(self) -> str:\n        from decimal import Decimal\n\n"
        '        return str(Decimal("1.0"))\n',
    )
    path = f"{code}/index.py"
    old = "from .settings import load_settings\n"
    edit.replace(path, old, f"from .services.report import Report\n{old}")
    edit.sub(path, r"^(logger = )", r"report = Report()\n\1")
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    assert report.text()\n\n",
    )


@innocent("STR-10", "a module is looked up once, and an import is left where no handler comes")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(
        f"{code}/services/fresh.py",
        "from functools import cache\nfrom importlib import import_module\n"
        "from types import ModuleType\n\n\n"
        '@cache\ndef numbers() -> ModuleType:\n    return import_module("decimal")\n\n\n'
        "def main() -> None:\n    import argparse\n\n    argparse.ArgumentParser().parse_args()\n",
    )
    path = f"{code}/index.py"
    old = "from .settings import load_settings\n"
    edit.replace(path, old, f"from .services import fresh\n{old}")
    edit.sub(
        path,
        r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        r"\1    assert fresh.numbers()\n\n",
    )


@innocent("STR-10", "a library that is large is imported once, when it is needed")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "from functools import cache\nfrom types import ModuleType\n"
        "from typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from decimal import Decimal\n\n\n"
        "@cache\ndef parser() -> ModuleType:\n    import xml.etree.ElementTree as tree\n\n"
        "    return tree\n\n\n"
        "def text(number: 'Decimal') -> str:\n    return str(parser()) + str(number)\n",
    )


@innocent("STR-10", "what the handler calls keeps what it imports")
def _(edit: Edit) -> None:
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(@logger[^\n]*\n(?:[^\n]*\n)*?def lambda_handler\((?:.|\n)*?:\n)(?=    \S)",
        "@lru_cache(maxsize=1)\ndef numbers() -> Any:\n    import decimal\n\n    return decimal\n\n\n"
        r"\1    numbers()\n",
    )
    edit.sub(
        f"{edit.function().code}/index.py",
        r"^(from typing import )",
        r"from functools import lru_cache\n\1",
    )
