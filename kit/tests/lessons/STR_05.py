"""Cases of STR-05."""

from cases import fix, good, violation
from edits import Edit
from edits.structure import fresh, in_code, require
from kit.gate.findings import Finding


@violation("a new module imports a neighbour by the path that tests use")
def _(edit: Edit) -> None:
    package = f"{edit.package}.{edit.function().name}.lambda_pkg"
    fresh(edit, f"from {package}.settings import Settings\n\nNAME = Settings\n")


@violation("the entry point imports its settings as Lambda would find them")
def _(edit: Edit) -> None:
    edit.replace(f"{edit.function().code}/index.py", "from .settings", "from lambda_pkg.settings")


@violation("a module imports the folder services as if it were on the path")
def _(edit: Edit) -> None:
    fresh(edit, "AGE = 3\n")
    in_code(edit, "utils/more.py", "import services.fresh as fresh\n\nAGE = fresh.AGE\n")


@violation("a module imports the one beside it as if it were run alone")
def _(edit: Edit) -> None:
    in_code(edit, "services/fresh_prices.py")
    in_code(edit, "services/more.py", "from fresh_prices import AGE\n\nOLD = AGE\n")


@violation("a module is imported by its name at run time")
def _(edit: Edit) -> None:
    fresh(edit, "import importlib\n\nX = importlib.import_module('lambda_pkg.settings')\n")


@violation("a relative import goes one folder too far")
def _(edit: Edit) -> None:
    fresh(edit, "from ...settings import Settings\n")


@fix("Write the import relatively")
def _(edit: Edit, finding: Finding) -> None:
    dots = "." * (1 + finding.path.partition("/lambda_pkg/")[2].count("/"))
    edit.in_line(finding, r"from \S*\bsettings import", f"from {dots}settings import")


@fix(
    "Write the import relatively", "a module imports the folder services as if it were on the path"
)
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "import services.fresh as fresh", "from ..services import fresh")


@fix("Write the import relatively", "a module imports the one beside it as if it were run alone")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "from fresh_prices", "from .fresh_prices")


@fix("Write the import relatively", "a module is imported by its name at run time")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"^.*\n", "from .. import settings as X\n")


@good("a new module imports a neighbour relatively, and libraries by their names")
def _(edit: Edit) -> None:
    fresh(
        edit,
        "import importlib\nimport json\n\nimport boto3\n\nfrom ..settings import Settings\n\n"
        "NAMES = (json, boto3, Settings, importlib.import_module('.items', __package__))\n",
    )


@good("a library has the name of an own module")
def _(edit: Edit) -> None:
    require(edit, "stripe", "14.0.1")
    in_code(edit, "services/stripe.py", "import stripe\n\nCHARGE = stripe.Charge\n")


@violation(
    "the error helper is imported as if utils were on the path, which RUN-02 knows all the same"
)
def _(edit: Edit) -> None:
    path = f"{edit.function('api').code}/index.py"
    edit.replace(path, "from .utils.errors import", "from utils.errors import")


@fix(
    "Write the import relatively",
    "the error helper is imported as if utils were on the path, which RUN-02 knows all the same",
)
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, "from utils.errors", "from .utils.errors")
