"""TST and DOC: tests and documents."""

from __future__ import annotations

import ast
import configparser
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ..findings import Finding, check
from ..parsers import Fence, Module, Section, at, dotted
from ..python_names import Code, Definition, constant, last, scopes
from ..service import Service, bring_back
from ..tested import UNIT, tests_in, tests_of

PYPROJECT = "pyproject.toml"
INTEGRATION = "tests/integration"
TESTS_README = f"{UNIT}/README.md"

# ── TST-01: unit tests ───────────────────────────────────────────────────────

# Files that pytest and coverage read in place of pyproject.toml, with the section that counts.
PYTEST_FILES = {"pytest.ini": "pytest", ".pytest.ini": "pytest"}
COVERAGE_FILE = ".coveragerc"
CONFTESTS = ("conftest.py", "tests/conftest.py", f"{UNIT}/conftest.py")
LEAST_COVERAGE = 80
# What lets a test out into the network; and hosts that are this machine.
OPENERS = {"enable_socket", "socket_enabled"}
LOCAL = {"127.0.0.1", "::1", "localhost"}
# Arguments with which a run forgets what pyproject.toml says.
UNDOES = {"--force-enable-socket", "no:socket", "-pno:socket"}


@check("TST-01")
def sockets_are_closed(service: Service) -> Iterator[Finding]:
    """pytest refuses connections, whoever calls it."""
    path, arguments = _pytest_arguments(service)
    line = service.line_with(path, "addopts")
    if "--disable-socket" not in arguments and not _closed_by_a_fixture(service):
        yield Finding("TST-01", path, line, "pytest is not told to --disable-socket")
    for argument in arguments:
        hosts = set(argument.partition("=")[2].split(","))
        if argument.startswith("--allow-hosts") and not hosts <= LOCAL:
            found = f"unit tests may connect to {', '.join(sorted(hosts - LOCAL))}"
            yield Finding("TST-01", path, line, found)
    for path in ("Makefile", "local.mk"):
        if path in service.files:
            for number, text in enumerate(service.text(path).splitlines(), 1):
                if "pytest" in text and UNDOES & {*text.split()} and _runs_units(text):
                    found = "the unit tests are run with the network open"
                    yield Finding("TST-01", path, number, found)


def _runs_units(command: str) -> bool:
    """Whether pytest runs the unit tests: by their path, one above it, or without any path."""
    paths = [each.rstrip("/") for each in command.split() if each.startswith(("tests", "./"))]
    paths = [os.path.normpath(each) for each in paths]
    return (
        not paths
        or any(f"{UNIT}/".startswith(f"{each}/") for each in paths)
        or any(each.startswith(f"{UNIT}/") for each in paths)
    )


def _closed_by_a_fixture(service: Service) -> bool:
    """Whether the conftest.py of all tests closes them."""
    modules = [service.module(path) for path in CONFTESTS if path in service.files]
    names = {node.id for module in modules for node in module.nodes(ast.Name)}
    names |= {node.attr for module in modules for node in module.nodes(ast.Attribute)}
    names |= {node.arg for module in modules for node in module.nodes(ast.arg)}
    return bool(names & {"disable_socket", "socket_disabled"})


def _pytest_arguments(service: Service) -> tuple[str, list[str]]:
    """The arguments that pytest always gets, and the file that says so."""
    for path, section in PYTEST_FILES.items():
        if path in service.files:
            return path, shlex.split(_ini(service, path).get(section, "addopts", fallback=""))
    tool = at(service.pyproject, "tool", "pytest")
    found = at(tool, "ini_options", "addopts") or at(tool, "addopts") or []
    return PYPROJECT, shlex.split(found) if isinstance(found, str) else [str(e) for e in found]


def _ini(service: Service, path: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parsed.read_string(service.text(path))
    except configparser.Error:
        return configparser.ConfigParser()  # says nothing, then
    return parsed


@check("TST-01")
def no_test_opens_them(service: Service) -> Iterator[Finding]:
    """No unit test lets itself out into the network."""
    for module in service.modules(UNIT):
        nodes: list[ast.Attribute | ast.arg | ast.Call] = [*module.nodes(ast.Attribute)]
        nodes += [*module.nodes(ast.arg), *module.nodes(ast.Call)]
        opening = {node.lineno: opened for node in nodes if (opened := _opened(node))}
        for line, opened in opening.items():
            found = f"{opened} lets a unit test out into the network"
            fix = "Use moto or a stub; a stub on this machine is let in by allow_hosts."
            yield Finding("TST-01", module.path, line, found, fix=fix)


def _opened(node: ast.AST) -> str:
    """What opens the network there; empty if nothing does."""
    if isinstance(node, ast.Attribute) and node.attr in OPENERS:
        return node.attr
    if isinstance(node, ast.arg) and node.arg in OPENERS:
        return node.arg
    name = last(dotted(node.func)) if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or name not in OPENERS | {"usefixtures", "allow_hosts"}:
        return ""
    values = (constant(each) for part in node.args for each in ast.walk(part))
    texts = {value for value in values if isinstance(value, str)}
    if name in OPENERS:
        return name
    if name == "usefixtures" and texts & OPENERS:
        return next(iter(texts & OPENERS))
    hosts = {host for each in texts for host in each.split(",")}
    return "allow_hosts" if name == "allow_hosts" and not hosts <= LOCAL else ""


@check("TST-01")
def functions_are_tested(service: Service) -> Iterator[Finding]:
    """Each function has unit tests, and a fall of their coverage is noticed."""
    for folder in service.function_folders:
        if not service.files_in(f"{folder}/lambda_pkg", ".py"):
            continue  # STR-03 tells
        if not any(tests_in(module) for module in tests_of(service, folder)):
            name = folder.rpartition("/")[2]
            fix = f"Write `{UNIT}/{name}/test_index.py`."
            yield Finding("TST-01", folder, 0, "has no unit tests", fix=fix)
    path, floor = _floor(service)
    if not isinstance(floor, int | float) or floor < LEAST_COVERAGE:
        found = f"the unit tests may cover less than {LEAST_COVERAGE} %: fail_under is {floor}"
        fix = "Set fail_under under [tool.coverage.report] in pyproject.toml, and test what lacks."
        yield Finding("TST-01", path, service.line_with(path, "fail_under"), found, fix=fix)


def _floor(service: Service) -> tuple[str, Any]:
    """The percentage that the tests must cover, and the file that says so."""
    path, arguments = _pytest_arguments(service)
    given = [each.partition("=")[2] for each in arguments if each.startswith("--cov-fail-under=")]
    if given and given[-1].isdigit():
        return path, int(given[-1])
    if COVERAGE_FILE in service.files:
        text = _ini(service, COVERAGE_FILE).get("report", "fail_under", fallback="")
        return COVERAGE_FILE, float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None
    return PYPROJECT, at(service.pyproject, "tool", "coverage", "report", "fail_under")


# ── TST-02: the path of the deployed package ─────────────────────────────────

# What changes where Python looks for modules, or reads a module by its file.
PATH_CALLS = {"site.addsitedir", "runpy.run_path", "importlib.util.spec_from_file_location"}
PATH_CALLS |= {"importlib.machinery.SourceFileLoader", "imp.load_source"}
PATH_CALLS |= {f"sys.path.{each}" for each in ("append", "extend", "insert")}
PATH_METHODS = {"syspath_prepend"}
# What takes the name of a module, or of something in one, as text.
NAMED_BY_TEXT = {"import_module", "__import__", "patch", "setattr", "delattr", "run_module"}
NAMED_BY_TEXT |= {"importorskip"}


@check("TST-02")
def tests_import_the_deployed_package(service: Service) -> Iterator[Finding]:
    """Tests import <package>.<function>.lambda_pkg, and leave the path alone.

    That src is on it, and that nothing outside the tests changes it, is for CI-03.
    """
    for folder in (UNIT, INTEGRATION):
        for module in service.modules(folder):
            if module.path == f"{UNIT}/test_template.py":
                continue  # the template's: it speaks of Handler, which is lambda_pkg.index.…
            yield from _imports(module, service.package)
            yield from _paths(module)
    if _pytest_arguments(service)[0] != PYPROJECT:
        return
    paths = at(service.pyproject, "tool", "pytest", "ini_options", "pythonpath")
    paths = paths.split() if isinstance(paths, str) else paths or []
    line = service.line_with(PYPROJECT, "pythonpath")
    for path in paths:
        if os.path.normpath(str(path)).startswith("src/"):
            found = f"pythonpath has {path}, so that tests can import what Lambda calls otherwise"
            yield Finding("TST-02", PYPROJECT, line, found, fix="Leave only src and scripts.")


def _imports(module: Module, package: str) -> Iterator[Finding]:
    for name, line in _imported(module, package):
        if name.split(".")[0] in ("src", "lambda_pkg"):
            found = f"imports {name}, which is not how the deployed package is called"
            yield Finding("TST-02", module.path, line, found)


def _imported(module: Module, package: str) -> Iterator[tuple[str, int]]:
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            yield alias.name, plain.lineno
    for each in module.nodes(ast.ImportFrom):
        if not each.level and each.module:
            yield each.module, each.lineno
    for call in module.nodes(ast.Call):
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        given = _text(call.args[0]) if call.args else ""
        if name in NAMED_BY_TEXT and re.match(r"(src|lambda_pkg)\.\w", given):
            yield given, call.lineno
    for node in module.nodes(ast.Constant):
        if isinstance(node.value, str) and node.value.startswith(f"src.{package}."):
            yield node.value, node.lineno


def _text(node: ast.AST) -> str:
    """A text, or how an f-string begins."""
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    value = constant(node)
    return value if isinstance(value, str) else ""


def _is_of_a_script(call: ast.Call, where: Definition) -> bool:
    """Whether it runs a script, which is no part of a package."""
    ahead: list[ast.AST] = [call]
    parts = set()
    for node in ahead:
        for each in ast.walk(node):
            parts.add(constant(each))
            if isinstance(each, ast.Name):
                bound = where.scope.bindings.get(each.id) or scopes(where.module.parsed)[
                    0
                ].bindings.get(each.id)
                if bound is not None and bound not in ahead:
                    ahead.append(bound)
    return "scripts" in parts


def _paths(module: Module) -> Iterator[Finding]:
    names = {each.rpartition(".")[2] for each in PATH_CALLS} | PATH_METHODS
    written = (
        last(dotted(call.func)) or getattr(call.func, "attr", "") for call in module.nodes(ast.Call)
    )
    # What follows takes longer, and hardly any test needs it.
    code = Code({"": module}) if names & set(written) else Code({})
    for where, call, name in code.calls:
        runs_script = not name.startswith("sys.path") and _is_of_a_script(call, where)
        if (name in PATH_CALLS or last(name) in PATH_METHODS) and not runs_script:
            found = f"{dotted(call.func) or last(name)} changes where modules are looked for"
            yield Finding("TST-02", where.module.path, call.lineno, found)
    targets = [target for node in module.nodes(ast.Assign) for target in node.targets]
    targets += [node.target for node in module.nodes(ast.AugAssign)]
    for target in targets:
        if dotted(target.value if isinstance(target, ast.Subscript) else target) == "sys.path":
            found = "sys.path is changed, where modules are looked for"
            yield Finding("TST-02", module.path, target.lineno, found)


# ── TST-03: the README of the tests ──────────────────────────────────────────


@check("TST-03")
def tests_are_explained(service: Service) -> Iterator[Finding]:
    """tests/unit/README.md says by which path tests import, and how to run what CI runs."""
    if TESTS_README not in service.files:
        yield Finding("TST-03", TESTS_README, 0, "is not there")
        return
    sections = service.document(TESTS_README)
    spoken = [*_code(sections), *(fence.content for each in sections for fence in each.fences)]
    functions = {folder.rpartition("/")[2] for folder in service.function_folders}
    named = {
        (found[1], service.line_with(TESTS_README, found[0]))
        for text in spoken
        for found in re.finditer(rf"\b{re.escape(service.package)}\.(\w+)\.lambda_pkg", text)
    }
    if not named:
        yield Finding("TST-03", TESTS_README, 1, "shows no import of a function's lambda_pkg")
    words = {word.strip("/") for text in spoken for word in re.split(r"[^\w./-]+", text)}
    if not {"pythonpath", "src"} <= words:
        yield Finding(
            "TST-03", TESTS_README, 1, "does not say what puts src on the path (pythonpath)"
        )
    for name, line in sorted(named):
        if name not in functions:
            found = f"shows an import of the function {name}, which is not there"
            yield Finding("TST-03", TESTS_README, line, found, fix="Name a function that there is.")
    if not any(re.search(r"\bmake check\b", text) for text in spoken):
        yield Finding(
            "TST-03", TESTS_README, 1, "does not say how to run what CI runs (make check)"
        )


def _code(sections: tuple[Section, ...]) -> list[str]:
    """What stands in backticks; in tables as well."""
    return [text for each in sections for text in each.code]


# ── TST-04: integration tests ────────────────────────────────────────────────

# Hosts of what a stack has made.
STACK_HOSTS = ("amazonaws.com", "on.aws", "cloudfront.net", "awsapprunner.com")
# Hosts that stand for any (RFC 2606), and this machine.
ANY_HOST = re.compile(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$|^127\.|^$")
# Names under which one keeps an address, and what they are called if it is of somebody else.
ADDRESS = re.compile(r"(?i)(url|endpoint|host|base|api)")
ELSEWHERE = re.compile(r"(?i)(origin|referer|token|issuer|auth|login|jwks|audience)")
REQUESTS = {"get", "post", "put", "patch", "delete", "head", "options", "request", "stream"}
REQUESTS |= {"Client", "AsyncClient", "Session", "urlopen", "Request", "getenv"}


@check("TST-04")
def addresses_come_from_outputs(service: Service) -> Iterator[Finding]:
    """No address, ARN or physical name of a stack stands in an integration test.

    That the outputs which they read are there is for IAC-13.
    """
    for module in service.modules(INTEGRATION):
        addresses = {id(node) for node in _addresses(module)}
        documented = {id(each.value) for each in module.nodes(ast.Expr)}
        for node in module.nodes(ast.Constant):
            if isinstance(node.value, str) and id(node) not in documented:
                what = _of_a_stack(node.value, service.name, id(node) in addresses)
                if what:
                    found = f"{node.value} is {what}"
                    yield Finding("TST-04", module.path, node.lineno, found)


def _of_a_stack(text: str, service: str, is_address: bool) -> str:
    """What a text names of a stack; empty if it names nothing of one."""
    if re.match(r"arn:[\w-]*:[\w-]+:[\w-]*:\d{12}:", text):
        return "the ARN of one stack's resource"
    if re.fullmatch(rf"{re.escape(service)}(-[\w.-]+)?-(dev|prod)", text):
        return "the name of something in one environment"
    address = urlsplit(text) if re.match(r"(https?|wss?)://", text) else None
    host = (address.hostname or "") if address else ""
    bare = text if re.fullmatch(r"[\w.-]+", text) else ""
    if (host or bare).endswith(STACK_HOSTS) and _is_made(
        host or bare, address.path if address else ""
    ):
        return "the address of one stack"
    if is_address and host and not ANY_HOST.search(host):
        return "an address that is written out"
    return ""


def _is_made(host: str, path: str) -> bool:
    """Whether it is of something that was made: sts.eu-central-1.amazonaws.com is of AWS itself."""
    labels = host.removesuffix(".amazonaws.com").split(".")
    return not host.endswith(".amazonaws.com") or len(labels) > 2 or bool(path.strip("/"))


def _addresses(module: Module) -> Iterator[ast.AST]:
    """Texts by which a test finds what it calls."""
    for call in module.nodes(ast.Call):
        name = last(dotted(call.func)) or getattr(call.func, "attr", "")
        if name in REQUESTS:
            given = [
                *call.args[:2],
                *(k.value for k in call.keywords if k.arg in ("base_url", "url")),
            ]
            key = constant(call.args[0]) if call.args else None
            if not (isinstance(key, str) and ELSEWHERE.search(key) and "://" not in key):
                yield from (each for part in given for each in _parts(part))
    for scope in scopes(module.parsed):
        for name, value in scope.bindings.items():
            if ADDRESS.search(name) and not ELSEWHERE.search(name):
                yield from _parts(value)


def _parts(node: ast.AST) -> list[ast.AST]:
    """A text, or the parts of an f-string."""
    return list(node.values) if isinstance(node, ast.JoinedStr) else [node]


# ── DOC-01: documents ────────────────────────────────────────────────────────

# What must be told, and the names that a file or a folder may have for it.
TOLD = {
    "architecture": {"architecture"},
    "CI/CD": {"cicd", "ci", "pipeline", "pipelines"},
    "access": {"access"},
    "operations": {"operations", "runbook"},
    "decisions": {"decisions", "adr"},
}
SUFFIXES = (".md", ".rst", ".adoc")
# Documents of GitHub and of tools, and those that lie beside what they are about.
ELSEWHERE_TOO = {"contributing", "security", "support", "code_of_conduct", "governance", "license"}
ELSEWHERE_TOO |= {"changelog", "readme", "claude", "agents", "gemini", "codeowners", "notice"}
# Folders in which a document is no document: what the code reads, what tests and tools use.
NO_DOCUMENTS = (".github/", "events/", "tests/", "scripts/", ".claude/", ".cursor/")
INDEX = "docs/README.md"


@check("DOC-01")
def documents_are_there(service: Service) -> Iterator[Finding]:
    """docs/ has each document, and none of them is empty or unlisted."""
    for what, names in TOLD.items():
        found = [path for path in service.files_in("docs", ".md") if _told_by(path) in names]
        if not found:
            yield Finding("DOC-01", "docs/", 0, f"has no document about {what}")
        elif all(_is_empty(service.document(path)) for path in found):
            yield Finding("DOC-01", found[0], 1, f"says nothing about {what}")
    if INDEX not in service.files:
        yield Finding("DOC-01", INDEX, 0, "is not there, and lists no document")
        return
    listed = _listed(service)
    for path in service.files_in("docs", ".md"):
        if path not in listed:
            yield Finding("DOC-01", path, 1, f"no way of links leads from {INDEX} to it")
    # README.md is where people begin; the table there may list the functions, too.
    listed |= _targets(service, "README.md") if "README.md" in service.files else set()
    for folder in service.function_folders:
        readme = f"{folder}/README.md"
        if readme in service.files and readme not in listed:
            fix = "Link it where the functions are listed: in README.md or docs/architecture.md."
            yield Finding("DOC-01", readme, 1, "no document links to it", fix=fix)


def _told_by(path: str) -> str:
    """What a document is about by its name: docs/ci-cd.md and docs/cicd/README.md are about cicd."""
    return re.sub(r"[^a-z]", "", path.split("/")[1].lower().removesuffix(".md"))


def _is_empty(sections: tuple[Section, ...]) -> bool:
    return all(each.is_empty for each in sections)


def _targets(service: Service, path: str) -> set[str]:
    return {target for target, _line in _links(service, path)}


def _links(service: Service, path: str) -> Iterator[tuple[str, int]]:
    """What a document links to in this service, with the lines of the links."""
    lines = service.text(path).splitlines()
    for section in service.document(path):
        for link in section.links:
            address = urlsplit(link)
            if address.scheme or address.netloc or not address.path:
                continue
            base = "" if address.path.startswith("/") else str(PurePosixPath(path).parent)
            target = os.path.normpath(os.path.join(base, unquote(address.path).lstrip("/")))
            written = (n for n, line in enumerate(lines, 1) if n >= section.line and link in line)
            yield target, next(written, section.line)


def _listed(service: Service) -> set[str]:
    """What one comes to from docs/README.md through documents of docs/."""
    found, ahead = {INDEX}, [INDEX]
    while ahead:
        for target in _targets(service, ahead.pop()):
            each = f"{target}/README.md" if f"{target}/README.md" in service.files else target
            if each not in found:
                found.add(each)
                if each.startswith("docs/") and each.endswith(".md") and each in service.files:
                    ahead.append(each)
    return found


@check("DOC-01")
def documents_are_in_one_place(service: Service) -> Iterator[Finding]:
    """No document lies alone somewhere."""
    for path in service.files_in("", *SUFFIXES):
        name = PurePosixPath(path)
        if path.startswith(("docs/", *NO_DOCUMENTS)) or "/lambda_pkg/" in path:
            continue
        if name.stem.lower().replace("-", "_") not in ELSEWHERE_TOO:
            fix = f"Move it to docs/, and list it in {INDEX}."
            yield Finding("DOC-01", path, 1, "is a document outside docs/", fix=fix)


@check("DOC-01")
def links_lead_somewhere(service: Service) -> Iterator[Finding]:
    """What documents link to is there. Missing READMEs are told by STR-08 and TST-03."""
    told_elsewhere = {TESTS_README, *(f"{folder}/README.md" for folder in service.function_folders)}
    for path in service.files_in("", ".md"):
        if (path.startswith(NO_DOCUMENTS) or "/lambda_pkg/" in path) and path != TESTS_README:
            continue
        for target, line in _links(service, path):
            # What is above the service may be there: it can be a folder of a larger repository.
            if target in told_elsewhere or target.startswith("..") or target == ".":
                continue
            if not service.has(target):
                fix = "Link to what is there, or bring it back."
                yield Finding(
                    "DOC-01", path, line, f"links to {target}, which is not there", fix=fix
                )


# ── DOC-02: the picture ──────────────────────────────────────────────────────

# Functions of the template that watch over the others: no request and no event of the service passes
# them. The questions let no other function have their names.
NOT_DRAWN = {"traffic_check", "chat_notifier"}
PICTURES = ("README.md", "docs/architecture.md")
# A node with its text, as Mermaid writes them: fn_app["app"], table[("DynamoDB table")], topic>"topic"].
NODE = re.compile(r"""\b(\w+)(?:\[|\(|>|\{)[\[\](){}\\/]*"?([^"\[\](){}]*)""")
# Nodes of the template's picture that stand for resources; those of one function have its name: queue_worker.
DRAWN = {
    "api": ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::ApiGateway"),
    "bus": ("AWS::Events::EventBus",),
    "table": ("AWS::DynamoDB::",),
    "queue": ("AWS::SQS::Queue",),
    "bucket": ("AWS::S3::Bucket",),
    "topic": ("AWS::SNS::Topic",),
}


@check("DOC-02")
def the_picture_is_true(service: Service) -> Iterator[Finding]:
    """The picture has each function of template.yaml, and nothing that is not declared."""
    pictures = [
        (path, fence)
        for path in PICTURES
        if path in service.files
        for section in service.document(path)
        for fence in section.fences
        if fence.language.split()[:1] == ["mermaid"]
    ]
    if not pictures:
        is_there = PICTURES[0] in service.files
        found = "has no picture of the architecture (```mermaid)" if is_there else "is not there"
        fix = f"Draw the picture in a block ```mermaid in `{PICTURES[0]}` or `{PICTURES[1]}`."
        if not is_there:
            fix = bring_back(PICTURES[0])
        yield Finding("DOC-02", PICTURES[0], 1 if is_there else 0, found, fix=fix)
        return
    path, first = pictures[0]
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for each, fence in pictures:
        for place in _nodes(fence):
            places.setdefault(place[:2], (each, place[2]))
    drawn = {_plain(part) for node in places for part in node}
    names = {
        each.name: each for each in service.functions if each.folder in service.function_folders
    }
    for name, function in names.items():
        wanted = {_plain(name), _plain(f"fn_{name}"), _plain(function.logical_id)}
        if name not in NOT_DRAWN and not wanted & drawn:
            found = f"the picture lacks the function `{name}`"
            yield Finding("DOC-02", path, first.line, found)
    # A function whose CodeUri is wrong is there all the same: STR-01 and STR-06 tell.
    known = {_plain(folder.rpartition("/")[2]) for folder in service.function_folders}
    known |= {_plain(each.logical_id) for each in service.functions}
    for (node, text), (path, line) in sorted(places.items()):
        if node.startswith("fn_") and not {_plain(node.removeprefix("fn_")), _plain(text)} & known:
            found = f"the picture has the function `{text or node}`, which `template.yaml` does not declare"
            yield Finding("DOC-02", path, line, found)
        kind, _, of_function = node.partition("_")
        if (
            kind in DRAWN
            and of_function in ("", *names)
            and not any(each.type.startswith(DRAWN[kind]) for each in service.resources.values())
        ):
            found = f"the picture has `{text or node}`, and `template.yaml` declares nothing of the kind"
            yield Finding("DOC-02", path, line, found)


def _nodes(picture: Fence) -> Iterator[tuple[str, str, int]]:
    """The nodes of a picture: their names, their texts and their lines."""
    for number, line in enumerate(picture.content.splitlines(), picture.line + 1):
        if not line.lstrip().startswith("%%"):
            yield from ((name, text, number) for name, text in NODE.findall(line))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


# ── DOC-03: the changelog ────────────────────────────────────────────────────

CHANGELOG = "CHANGELOG.md"


@check("DOC-03")
def changes_are_written_down(service: Service) -> Iterator[Finding]:
    """CHANGELOG.md has a place for what comes, and tells what came with each version."""
    if CHANGELOG not in service.files:
        yield Finding("DOC-03", CHANGELOG, 0, "is not there")
        return
    sections = service.document(CHANGELOG)
    coming = [each for each in sections if _title(each).startswith("unreleased")]
    versions = [each for each in sections if each.level <= 2 and re.search(r"\d", each.title)]
    if not coming:
        yield Finding("DOC-03", CHANGELOG, 1, "has no section Unreleased for what comes next")
    elif versions and versions[0].line < coming[0].line:
        found = f"has Unreleased below {versions[0].title}: the newest comes first"
        fix = "Move the section Unreleased to the top."
        yield Finding("DOC-03", CHANGELOG, coming[0].line, found, fix=fix)
    titles = [_title(each) for each in (*coming, *versions)]
    for place, section in enumerate([*coming, *versions]):
        if titles[place] in titles[:place]:
            found = f"has {section.title} twice"
            fix = "Merge the two sections."
            yield Finding("DOC-03", CHANGELOG, section.line, found, fix=fix)
    for section in versions:
        if not _says(service, section) and "yanked" not in _title(section):
            found = f"does not say what {section.title} brought"
            fix = "Write what a caller or an operator would notice, or take the version out."
            yield Finding("DOC-03", CHANGELOG, section.line, found, fix=fix)


def _title(section: Section) -> str:
    return section.title.strip("[] ").lower()


def _says(service: Service, section: Section) -> bool:
    """Whether something is told in a section, or in those below it: Added, Fixed."""
    after = [each for each in service.document(CHANGELOG) if each.line >= section.line]
    for each in after[1:]:
        if each.level <= section.level:
            break
        if not each.is_empty:
            return True
    return not section.is_empty
