"""STR: structure. Imports are in imports.py, the functions' READMEs in readmes.py."""

import ast
import keyword
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from kit.pins import canonical

from .. import parsers
from ..findings import Finding, check
from ..parsers import Module, UnparsedError, at
from ..service import TEMPLATE, Function, Resource, Service

# ── Where code is ────────────────────────────────────────────────────────────

# The properties that say which code is deployed with a resource.
CODE = {
    "AWS::Serverless::Function": ("CodeUri", "InlineCode"),
    "AWS::Lambda::Function": ("Code",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
    "AWS::Lambda::LayerVersion": ("Content",),
}
FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")
HANDLER = "lambda_pkg.index.lambda_handler"


def branches(node: Any) -> Iterator[Any]:
    """What a property may come to: both sides of !If, or what is there."""
    options = at(node, "Fn::If")
    if isinstance(options, list):
        for option in options[1:]:
            yield from branches(option)
    elif node is not None:
        yield node


def _code(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Each place of its code that is written in the template, with the key that has it."""
    for key in CODE.get(resource.type, ()):
        for value in branches(resource.get(key)):
            yield key, value


def folder_of(resource: Resource) -> str:
    """The folder that it is deployed from, as src/orders/app; empty when it can't be told."""
    for key, value in _code(resource):
        if isinstance(value, str) and key != "InlineCode":
            return PurePosixPath(os.path.normpath(value)).as_posix()
    return ""


def _is_python(function: Resource) -> bool:
    """Whether Lambda runs it with Python, as far as can be told. Images bring their own."""
    runtime = function.get("Runtime")
    is_other = isinstance(runtime, str) and not runtime.startswith("python")
    return not is_other and function.get("PackageType") != "Image"


def _python_folders(service: Service) -> list[str]:
    """The folders of functions, without those of layers and of functions in other languages."""
    others = {
        folder_of(each)
        for each in service.of_type(*CODE)
        if each.type not in FUNCTIONS or not _is_python(each)
    }
    tops = {"/".join(folder.split("/")[:3]) for folder in others}
    return [folder for folder in service.function_folders if folder not in tops]


# ── STR-01: all code is below src, for every environment ─────────────────────


@check("STR-01")
def deployed_from_src(service: Service) -> Iterator[Finding]:
    """Whatever template.yaml deploys comes from src."""
    for resource in service.of_type(*CODE):
        for key, value in _code(resource):
            if said := _elsewhere(resource, key, value):
                name = resource.logical_id
                found = f"`{name}` {said}"
                line = resource.line_of(key)
                fix = _mend_of_layer(service, key) if resource.type not in FUNCTIONS else None
                yield Finding("STR-01", TEMPLATE, line, found, resource=name, fix=fix)


def _mend_of_layer(service: Service, key: str) -> str:
    place = f"src/{service.package}/<layer>/"
    return f"Move the layer to `{place}`, its modules to `python/` there, and set `{key}: {place}`."


def _elsewhere(resource: Resource, key: str, value: Any) -> str:
    """Where its code comes from, unless that is src. A layer may be somebody else's archive."""
    if key == "InlineCode" or at(value, "ZipFile"):
        return "has its code in `template.yaml`"
    is_function = resource.type in FUNCTIONS
    if isinstance(value, str) and not value.startswith("s3://"):
        inside = os.path.normpath(value).split(os.sep)[0] == "src"
        return "" if inside else f"is deployed from `{value}`, which is not below `src/`"
    if is_function and (isinstance(value, str) or at(value, "Bucket") or at(value, "S3Bucket")):
        return "is deployed from an archive in S3, not from `src/`"
    return ""


# By these an environment is always meant …
ENVIRONMENT = {"dev", "prod"}
# … and by these when the same path is there without them: orders_staging beside orders.
MAYBE = {"develop", "development", "live", "production", "qa", "stage", "staging", "uat"}


@check("STR-01")
def no_environment_in_paths(service: Service) -> Iterator[Finding]:
    """No folder or file of the code says for which environment it is."""
    told: set[str] = set()
    tops = {path.split("/")[0] for path in service.files if "/" in path}
    for path in sorted(service.files):
        parts = path.split("/")
        if len(parts) == 1 or "src" not in _words(parts[0]):
            continue
        for count, part in enumerate(parts, 1):
            prefix = "/".join(parts[:count])
            if word := _environment(service, tops, parts[: count - 1], part):
                if prefix not in told:
                    yield Finding("STR-01", prefix, 0, f"names an environment: {word}")
                told.add(prefix)
                break


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]


def _environment(service: Service, tops: set[str], above: list[str], part: str) -> str:
    """The environment that a part of a path names, if it does."""
    words = _words(PurePosixPath(part).stem)
    for word in words:
        if word in ENVIRONMENT:
            return word
        if word in MAYBE and len(words) > 1:
            for twin in (part.replace(f"{s}{word}", "") for s in "_-."):
                path = "/".join([*above, twin])
                if twin != part and (service.has(path) if above else twin in tops):
                    return word
    return ""


@check("STR-01")
def one_tree(service: Service) -> Iterator[Finding]:
    """No lambda_pkg is anywhere else."""
    folders = {
        path[: path.index("lambda_pkg/") + len("lambda_pkg")]
        for path in service.files_in("", ".py")
        if "lambda_pkg" in path.split("/")[1:-1] and "src" not in _words(path.split("/")[0])
    }
    for folder in sorted(folders):
        yield Finding("STR-01", folder, 0, "is code of a function, and not below src/")


# ── STR-02: names that are taken ─────────────────────────────────────────────

# What the Python runtime of Lambda has beside the standard library, and the tests of Python itself.
PLATFORM = {
    *("aws_lambda_powertools", "awscrt", "awslambdaric", "bootstrap", "boto3", "botocore"),
    *("dateutil", "jmespath", "s3transfer", "simplejson", "six", "snapshot_restore_py", "test"),
    "urllib3",
}
KINDS = (
    ("a module of the standard library", sys.stdlib_module_names),
    ("a module of the Lambda runtime", PLATFORM),
)
# How many parts of a path stand before a name that Python looks up by itself, or that a question
# refuses: `src`, a function's folder and `python` of a layer are on its path, as `scripts` is for
# every command of the Makefile.
TOPS = {"src": (1, 2, 3), "scripts": (1,)}
LAYER = "python"


@check("STR-02")
def names_that_hide_nothing(service: Service) -> Iterator[Finding]:
    """No name is a word of Python, and none that is looked up by itself hides a module.

    Inside a package a module may be called `email`: it is imported as `.services.email`.
    """
    told: set[str] = set()
    for path in [*service.files_in("src", ".py"), *service.files_in("scripts", ".py")]:
        if _stray(service, path):
            continue
        parts = path.split("/")
        for count, part in enumerate(parts[1:], 1):
            prefix = "/".join(parts[: count + 1])
            name = part.removesuffix(".py")
            in_layer = count == 4 and parts[3] == LAYER
            kind = _taken(name, at_top=in_layer or count in TOPS[parts[0]])
            if kind and prefix not in told:
                told.add(prefix)
                yield Finding("STR-02", prefix, 0, f"is called like {kind}: `{name}`")


def _taken(name: str, *, at_top: bool) -> str:
    """What has that name already, if it matters there."""
    if keyword.iskeyword(name):
        return "a word of Python"
    if not at_top or name.startswith("_"):
        return ""
    return next((kind for kind, taken in KINDS if name.lower() in taken), "")


# ── STR-03, STR-04: the form of a function's folder ──────────────────────────


@check("STR-03")
def one_folder_per_function(service: Service) -> Iterator[Finding]:
    """Each folder has what a function has, and all Python is in the lambda_pkg of one."""
    folders = _python_folders(service)
    with_code = [each for each in folders if service.files_in(f"{each}/lambda_pkg", ".py")]
    for folder in folders:
        if folder not in with_code:
            if service.files_in(folder, ".py") or service.has(f"{folder}/requirements.txt"):
                found = "has no `lambda_pkg` with Python in it"
                yield Finding("STR-03", folder, 0, found)
            continue
        for name in ("README.md", "requirements.txt"):
            if f"{folder}/{name}" not in service.files:
                yield Finding("STR-03", f"{folder}/{name}", 0, "is not there")
    others = tuple(f"{each}/" for each in service.function_folders if each not in with_code)
    for path in service.files_in("src", ".py"):
        inside = any(path.startswith(f"{each}/lambda_pkg/") for each in with_code)
        if not inside and not path.startswith(others) and not _stray(service, path):
            found = "is Python outside of the `lambda_pkg` of a function"
            yield Finding("STR-03", path, 0, found)


@check("STR-04")
def packages(service: Service) -> Iterator[Finding]:
    """Every folder with Python in a lambda_pkg is a package."""
    for folder in _python_folders(service):
        needed = {
            str(parent)
            for path in service.files_in(f"{folder}/lambda_pkg", ".py")
            if not _stray(service, path)
            for parent in PurePosixPath(path).parents
            if parent.is_relative_to(f"{folder}/lambda_pkg")
        }
        for package in sorted(needed):
            if f"{package}/__init__.py" not in service.files:
                yield Finding("STR-04", package, 0, "has Python and no __init__.py")


# ── STR-06: what Lambda starts ───────────────────────────────────────────────


@check("STR-06")
def handlers(service: Service) -> Iterator[Finding]:
    """CodeUri and Handler of each function say what the layout says, and the handler is there."""
    for function in filter(_is_python, service.of_type(*FUNCTIONS)):
        if any(_elsewhere(function, key, value) for key, value in _code(function)):
            continue  # STR-01
        for key, found in _handler_problems(service, function):
            line = function.line_of(key)
            found = f"`{function.logical_id}` {found}"
            yield Finding("STR-06", TEMPLATE, line, found, resource=function.logical_id)


def _handler_problems(service: Service, function: Resource) -> Iterator[tuple[str, str]]:
    """What is wrong, and with which property."""
    key = CODE[function.type][0]
    folder, handler = folder_of(function), function.get("Handler")
    index = f"{folder}/lambda_pkg/index.py"
    if not folder:
        yield key, f"has no folder as `{key}`"
    elif not service.has(folder):
        yield key, f"has `{folder}` as `{key}`, which is not there"
    elif folder not in service.function_folders:
        wanted = f"src/{service.package}/<function>"
        yield key, f"has `{folder}` as `{key}`, which is no folder of a function (`{wanted}`)"
    elif index not in service.files:
        yield key, f"is deployed from `{folder}`, which has no `lambda_pkg/index.py`"
    elif handler == HANDLER and "lambda_handler" not in _defined(service.module(index)):
        yield "Handler", f"starts with `lambda_handler`, which `{index}` does not define"
    if handler != HANDLER:
        is_text = isinstance(handler, str)
        computed = f"has the `Handler` `{handler}`" if is_text else "has a computed `Handler`"
        yield "Handler", computed if handler else "has no `Handler`"


def _defined(module: Module) -> set[str]:
    """The names that a module has when it is imported."""
    names: set[str] = set()
    waiting: list[ast.AST] = [module.tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue  # what is inside is not the module's
        if isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting += ast.iter_child_nodes(node)
    return names


@check("STR-06")
def built_handlers(service: Service) -> Iterator[Finding]:
    """In what `make build` made, the handler is where Lambda will look for it."""
    for function, artifact in _built(service):
        module = str(function.get("Handler")).rpartition(".")[0].replace(".", "/")
        if function.get("Handler") == HANDLER and not (artifact / f"{module}.py").is_file():
            place = artifact.relative_to(service.root).as_posix()
            found = f"{function.logical_id} was built without {module}.py: {place} lacks it"
            yield Finding(
                "STR-06",
                TEMPLATE,
                function.line,
                found,
                resource=function.logical_id,
                fix=f"Run `make build`; if it stays like that, look for what leaves {module}.py out of"
                f" the build of {function.logical_id} (Metadata, CodeUri, .samignore).",
            )


def _built(service: Service) -> Iterator[tuple[Function, Path]]:
    """The Python functions that are built, but for those that have changed since then."""
    folder = service.root / ".aws-sam" / "build"
    try:
        built = parsers.cloudformation((folder / "template.yaml").read_text("utf-8"))
        time = (folder / "template.yaml").stat().st_mtime
    except (OSError, UnicodeDecodeError, UnparsedError):
        return
    for function in filter(_is_python, service.functions):
        place = at(built, "Resources", function.logical_id, "Properties", "CodeUri")
        sources = [TEMPLATE, *service.files_in(function.folder)] if function.folder else []
        if not isinstance(place, str) or not (folder / place).is_dir():
            continue
        if all((service.root / path).stat().st_mtime <= time for path in sources):
            yield function, folder / place


# ── STR-09: small packages ───────────────────────────────────────────────────

# In MiB: what a folder may hold beside libraries, and what a package may come to with them. Lambda
# takes 250; a function with Powertools comes to 4, with FastAPI to 14.
SOURCES, PACKAGE = 5, 50
# What bundlers and editors leave in a folder, and SAM ships; directly in it, more than below.
LEFT_OVER = {".ipynb_checkpoints", "node_modules", "site-packages"}
LEFT_ABOVE = LEFT_OVER | {"build", "dist"}
ARCHIVES = (".egg", ".whl")
ARCHIVES_ABOVE = (*ARCHIVES, ".tar", ".tar.gz", ".tgz", ".zip")
# Distributions that no function runs with; names that begin or end like these, too.
TOOLS = {
    *("aws-sam-cli", "awscli", "bandit", "black", "build", "cfn-lint", "coverage", "debugpy"),
    *("faker", "flake8", "freezegun", "gunicorn", "hypothesis", "ipdb", "ipython", "isort"),
    *("jupyter", "localstack", "moto", "mypy", "nox", "notebook", "pip", "pip-tools", "pre-commit"),
    *("pylint", "pyright", "pytest", "responses", "ruff", "tox", "twine", "uv", "uvicorn", "wheel"),
}
TOOLS_BEGIN = ("mypy-boto3-", "pytest-", "types-")
TOOLS_END = ("-stubs",)
IN_RUNTIME = {"boto3", "botocore", "awslambdaric"}


@check("STR-09")
def nothing_else_in_the_folder(service: Service) -> Iterator[Finding]:
    """SAM ships what lies in a function's folder: no tests, no build output, nothing large."""
    for folder in service.function_folders:
        paths = service.files_in(folder)
        strays = dict.fromkeys(filter(None, (_stray(service, path) for path in paths)))
        for place, found in strays:
            yield Finding("STR-09", place, 0, f"{found}, and is deployed with the function")
        sizes = {path: (service.root / path).stat().st_size for path in paths}
        whole = sum(sizes.values())
        if whole > SOURCES << 20 and not strays:
            largest = max(paths, key=lambda path: sizes[path])
            found = f"{folder} has {whole >> 20} MiB, and its budget is {SOURCES} MiB"
            yield Finding("STR-09", largest, 0, f"is the largest file of what is deployed: {found}")


def _stray(service: Service, path: str) -> tuple[str, str] | None:
    """What does not belong into a function's folder: the file or all of its folder, and why."""
    parts = path.split("/")
    for count, part in enumerate(parts[3:-1], 4):
        if part in (LEFT_ABOVE if count == 4 else LEFT_OVER):
            return "/".join(parts[:count]), "is build output"
        if part == "tests":
            return "/".join(parts[:count]), "is for tests, whose place is tests/"
    if path.endswith(ARCHIVES_ABOVE if len(parts) == 4 else ARCHIVES):
        return path, "is an archive"
    return (path, "is for tests, whose place is tests/") if _is_test(service, path) else None


def _is_test(service: Service, path: str) -> bool:
    """Whether a file has tests: its name is not enough, as test_results.py may be of a laboratory."""
    name = path.rsplit("/", 1)[1]
    if not re.fullmatch(r"test_.*\.py|.*_test\.py", name):
        return name == "conftest.py"
    module = service.module(path)
    imported = {each.name for plain in module.nodes(ast.Import) for each in plain.names}
    imported |= {str(each.module) for each in module.nodes(ast.ImportFrom)}
    defined = {getattr(node, "name", "").lower() for node in module.tree.body}
    return bool({"pytest", "unittest"} & imported) or any(
        each.startswith("test") for each in defined
    )


@check("STR-09")
def nothing_else_in_requirements(service: Service) -> Iterator[Finding]:
    """No function is deployed with tools, or with what the runtime has."""
    for folder in service.function_folders:
        wanted, pinned = f"{folder}/requirements.in", f"{folder}/requirements.txt"
        named = _required(service, wanted)
        for name, line in _required(service, pinned).items():
            if found := _not_needed(name):
                path, line = (wanted, named[name]) if name in named else (pinned, line)
                yield Finding("STR-09", path, line, f"{name} {found}")
        for name in named.keys() - _required(service, pinned).keys():
            if found := _not_needed(name):
                yield Finding("STR-09", wanted, named[name], f"{name} {found}")


def _required(service: Service, path: str) -> dict[str, int]:
    """The distributions that a list names, as indexes compare names, with their lines."""
    if path not in service.files:
        return {}
    pins = service.requirements(path)
    return {canonical(each.requirement.name): each.line for each in pins if each.requirement}


def _not_needed(name: str) -> str:
    if name in IN_RUNTIME:
        return "is in the Lambda runtime already"
    if name in TOOLS or name.startswith(TOOLS_BEGIN) or name.endswith(TOOLS_END):
        return "is a tool, and no function runs with it: requirements-dev.in is its place"
    return ""


@check("STR-09")
def built_packages_fit(service: Service) -> Iterator[Finding]:
    """What `make build` made is smaller than its budget."""
    for function, artifact in _built(service):
        size = sum(_sizes(artifact))
        if size > PACKAGE << 20:
            found = f"{function.logical_id} is built to {size >> 20} MiB, its budget is {PACKAGE}"
            name = function.logical_id
            yield Finding("STR-09", TEMPLATE, function.line, found, resource=name)


def _sizes(folder: Path) -> Iterator[int]:
    for entry in os.scandir(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _sizes(Path(entry.path))
        else:
            yield entry.stat(follow_symlinks=False).st_size
