"""STR-09: A function's package stays small: no tests, tools or build output in it, nothing that the
Lambda runtime has already, and less than its budget in all.

Why: SAM ships whatever lies in the folder. Packages grew until cold starts and deployments took too
long.

Here: Each function has its own `requirements.txt`, without boto3; tests are in `tests/`, tools in
`requirements-dev.txt`. The budget of a folder is 5 MiB, that of what `make build` makes of it 50
MiB: `checks.yml` measures both.

Fix: Delete from the function's folder and its `requirements.in` what its code does not need to run,
then `make lock`. What has to stay needs its reason in `lessons.toml`.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import built_functions, stray
from kit.gate.lesson import Lesson
from kit.gate.parsers import Pin
from kit.gate.requirements import required
from kit.gate.service import Service
from kit.layout import TEMPLATE

LESSON = Lesson.read(__doc__)

MIB = 1 << 20
# In MiB: what a folder may hold beside libraries, and what a package may come to with them. Lambda
# takes 250; a function with Powertools comes to 4, with FastAPI to 14.
SOURCES, PACKAGE = 5, 50
IN_RUNTIME = {"awslambdaric", "boto3", "botocore"}
# Packages that no function runs with.
TOOLS = re.compile(
    r"aws-sam-cli|awscli|black|cfn-lint|coverage|debugpy|flake8|gunicorn|hypothesis|ipython|isort|"
    r"jupyter.*|moto|mypy.*|pip|pip-tools|pre-commit|pylint|pyright|pytest.*|responses|ruff|tox|"
    r"twine|types-.*|.*-stubs|uv|uvicorn|wheel"
)


@LESSON.check
def nothing_else_in_the_folder(service: Service) -> Iterator[Finding]:
    """A function's folder has no tests and no build output, and is small."""
    for folder in service.function_folders:
        paths = service.files_in(folder)
        strays = dict.fromkeys(filter(None, (stray(service, path) for path in paths)))
        for path, problem in strays:
            is_test = "tests" in problem
            fix = (
                "Move it to `tests/unit/`." if is_test else "Delete it, and add it to `.gitignore`."
            )
            message = f"{problem}, and is deployed with the function"
            yield LESSON.finding(path, 0, message, fix=fix)
        sizes = {path: (service.root / path).stat().st_size for path in paths}
        size = sum(sizes.values()) / MIB
        if size > SOURCES and not strays:
            message = f"is the largest file of {folder}: {size:.1f} MiB in all, over {SOURCES} MiB"
            fix = "Put it into a bucket or a layer, and load it from there."
            yield LESSON.finding(max(paths, key=sizes.__getitem__), 0, message, fix=fix)


@LESSON.check
def nothing_else_in_requirements(service: Service) -> Iterator[Finding]:
    """No function is deployed with tools, or with packages of the runtime."""
    for folder in service.function_folders:
        pins: dict[str, tuple[str, Pin]] = {}
        for path in (f"{folder}/requirements.txt", f"{folder}/requirements.in"):
            pins |= {name: (path, pin) for name, pin in required(service, path).items()}
        for name, (path, pin) in pins.items():
            if name in IN_RUNTIME:
                message = f"{name} is in the Lambda runtime already"
                fix = f"Delete {name} from `{folder}/requirements.in`, then `make lock`."
                yield LESSON.finding(path, pin.line, message, fix=fix)
            elif TOOLS.fullmatch(name):
                fix = f"Move {name} from `{folder}/requirements.in` to `requirements-dev.in`, then"
                fix += " `make lock`."
                message = f"{name} is a tool that no function runs with"
                yield LESSON.finding(path, pin.line, message, fix=fix)


@LESSON.check
def built_packages_fit(service: Service) -> Iterator[Finding]:
    """The packages that `make build` made are within their budget."""
    for function, artifact in built_functions(service):
        size = sum(f.lstat().st_size for f in artifact.rglob("*") if f.is_file()) / MIB
        if size > PACKAGE:
            message = f"`{function.logical_id}` is built to {size:.1f} MiB, over {PACKAGE} MiB"
            fix = f"Take what is large out of `{function.folder}/requirements.in`, `make lock` and"
            fix += " `make build`; what it can't do without may come as an image."
            yield LESSON.finding(TEMPLATE, function.line, message, fix=fix)
