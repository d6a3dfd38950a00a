"""Cases of STR-01."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import code_uri, fresh, in_code, layer
from kit.gate.findings import Finding


@violation("the code is deployed from a folder beside src")
def _(edit: Edit) -> None:
    code_uri(edit, "CodeUri: lambdas/app/")


@violation("a copy of src is kept for dev")
def _(edit: Edit) -> None:
    for path in edit.glob(f"{edit.function().code}/**/*.py"):
        edit.write(path.replace("src/", "src_dev/", 1), edit.read(path))


@violation("a function has another copy of its code for prod")
def _(edit: Edit) -> None:
    in_code(edit, "services_prod/__init__.py", "")
    in_code(edit, "services_prod/prices.py")


@violation("a module has a twin for staging")
def _(edit: Edit) -> None:
    in_code(edit, "utils/limits.py")
    in_code(edit, "utils/limits_staging.py")


@violation("a small function is written into the template")
def _(edit: Edit) -> None:
    code_uri(edit, "InlineCode: |\n        def lambda_handler(event, context):\n          return 1")


@violation("a layer has its code beside src")
def _(edit: Edit) -> None:
    edit.write("layers/shared/python/money.py", "CENT = 0.01\n")
    layer(edit, "shared", "layers/shared")


@good("a layer has its modules below src")
def _(edit: Edit) -> None:
    edit.write(f"src/{edit.package}/shared/python/money.py", "CENT = 0.01\n")
    layer(edit, "shared", f"src/{edit.package}/shared")
    code_uri(edit, f"CodeUri: {edit.function().folder}/\n      Layers: [!Ref SharedLayer]")
    fresh(edit, "from money import CENT\n\nEURO = 100 * CENT\n")


@good("words only look like environments, or name one outside the code")
def _(edit: Edit) -> None:
    for name in ("products", "device_developers", "production"):
        in_code(edit, f"services/{name}.py")
    edit.write("docs/runbooks/prod.md", "# Prod\n\nCall somebody.\n")
    edit.append("docs/README.md", "\nSee [what is special in prod](runbooks/prod.md).\n")


@good("the path of the code is written another way")
def _(edit: Edit) -> None:
    code_uri(edit, f"CodeUri: ./{edit.function().folder}")


@fix("Move its code to")
def _(edit: Edit, finding: Finding) -> None:
    folder = f"CodeUri: {edit.function().folder}/\n"
    edit.sub("template.yaml", r"(InlineCode: \|\n(?: {8}.*\n)+|CodeUri: lambdas/app/\n)", folder)


@fix("Move its modules to")
def _(edit: Edit, finding: Finding) -> None:
    folder = f"src/{edit.package}/shared"
    edit.move("layers/shared/python", f"{folder}/python")
    edit.in_resource(str(finding.resource or "SharedLayer"), "layers/shared", folder)


@fix("Merge it with the code without")
def _(edit: Edit, finding: Finding) -> None:
    edit.delete(finding.path)
