"""Cases of STR-01."""

from __future__ import annotations

from cases import good, violation
from edits import Edit


@violation("the code is deployed from a folder beside src")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(function.logical_id, f"CodeUri: {function.folder}/", "CodeUri: lambdas/app/")


@violation("a copy of src is kept for dev")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{edit.function().code}/**/*.py"):
        edit.write(path.replace("src/", "src_dev/", 1), edit.read(path))


@violation("a function has another copy of its code for prod")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services_prod/__init__.py", "")
    edit.write(f"{code}/services_prod/prices.py", "FACTOR = 2\n")


@violation("a module has a twin for staging")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/utils/limits.py", "MOST = 10\n")
    edit.write(f"{code}/utils/limits_staging.py", "MOST = 100\n")


@violation("a small function is written into the template")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id,
        f"CodeUri: {function.folder}/",
        "InlineCode: |\n        def lambda_handler(event, context):\n          return event",
    )


@violation("a layer has its code beside src")
def _(edit: Edit) -> None:
    edit.write("layers/shared/python/money.py", "CENT = 0.01\n")
    edit.declare(
        "SharedLayer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        "    ContentUri: layers/shared/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-shared-${{EnvironmentName}}\n"
    )


@good("a layer has its modules below src")
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


@good("words that only look like environments, and data called after one elsewhere")
def _(edit: Edit) -> None:
    code = edit.function().code
    edit.write(f"{code}/services/products.py", "AGE = 3\n")
    edit.write(f"{code}/services/device_developers.py", "AGE = 3\n")
    edit.write(f"{code}/services/production.py", '"""Of goods."""\n')
    edit.write("docs/runbooks/prod.md", "# Prod\n\nCall somebody.\n")
    edit.append("docs/README.md", "\nSee [what is special in prod](runbooks/prod.md).\n")


@good("the path of the code is written another way")
def _(edit: Edit) -> None:
    function = edit.function()
    edit.in_resource(
        function.logical_id, f"CodeUri: {function.folder}/", f"CodeUri: ./{function.folder}"
    )
