"""DEP: dependencies and the local environment."""

import ast
import configparser
import fnmatch
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kit.delivery.runtimes import SUPPORTED_UNTIL
from kit.pins import canonical, development, disagreements

from ..commands import Command
from ..environments import environments, resolved
from ..findings import BrokenFileError, Finding, and_more, check
from ..parsers import Module, Pin, at, dotted, line_of
from ..runs import Step, steps
from ..service import TEMPLATE, Job, Resource, Service
from .structure import FUNCTIONS, IN_RUNTIME

if TYPE_CHECKING:
    from packaging.requirements import Requirement

# ── DEP-01: pins ─────────────────────────────────────────────────────────────


def _lists(service: Service) -> list[str]:
    """The requirements files that pip installs from, wherever they are."""
    return sorted(path for path in service.files if _is_list(path))


def _is_list(path: str) -> bool:
    return bool(re.fullmatch(r"(.*[-_.])?requirements([-_.].*)?\.txt", PurePosixPath(path).name))


PIN_COMMIT = "Pin the full commit id in place of the branch or tag."


@check("DEP-01")
def pinned(service: Service) -> Iterator[Finding]:
    """Each line of a requirements file names one version."""
    for path in _lists(service):
        for pin in service.requirements(path):
            if problem := _pin_problem(pin):
                fix = PIN_COMMIT if pin.requirement and pin.requirement.url else None
                yield Finding("DEP-01", path, pin.line, f"{problem}: `{pin.text}`", fix=fix)


def _pin_problem(pin: Pin) -> str:
    if pin.requirement is None:
        if re.match(r"(-e|--editable)\b", pin.text) or not pin.text.startswith("-"):
            return "is no pin such as httpx==0.28.1"
        return ""
    if pin.requirement.url:
        is_exact = re.search(r"@[0-9a-f]{40}\b|\.whl\b|sha256[=:]", pin.requirement.url)
        return "" if is_exact else "may be another version tomorrow"
    exact = [
        each
        for each in pin.requirement.specifier
        if each.operator == "===" or (each.operator == "==" and not each.version.endswith("*"))
    ]
    return "" if exact else "is not pinned to one version"


@check("DEP-01")
def pins_are_current(service: Service) -> Iterator[Finding]:
    """What a requirements.in asks for is pinned beside it, in a version that it allows."""
    for path in _lists(service):
        wanted = path.removesuffix(".txt") + ".in"
        if wanted not in service.files:
            continue
        pins: dict[str, list[Requirement]] = {}
        for pin in service.requirements(path):
            if pin.requirement:
                pins.setdefault(canonical(pin.requirement.name), []).append(pin.requirement)
        for line in service.requirements(wanted):
            if line.requirement is None:
                continue
            name = line.requirement.name
            found = pins.get(canonical(name))
            if not found:
                yield Finding("DEP-01", wanted, line.line, f"{name} is not pinned in {path}")
            elif not any(_allows(line, str(each.specifier)) for each in found):
                found_text = f"{name} is pinned in {path} to {found[0].specifier}"
                yield Finding("DEP-01", wanted, line.line, f"{found_text}, not to {line.text}")


@check("DEP-01")
def pins_agree(service: Service) -> Iterator[Finding]:
    """The lists that are installed into one environment pin no package to different versions."""
    lists = [path for path in development(service.root) if path in service.files]
    for name, by_path in disagreements({path: service.text(path) for path in lists}):
        (first, known), *others = by_path.items()
        path, versions = next((each for each in others if not each[1] & known), others[-1])
        line = next(
            (
                pin.line
                for pin in service.requirements(path)
                if pin.requirement and canonical(pin.requirement.name) == name
            ),
            1,
        )
        found = (
            f"{name} is {_or(versions)}, and {_or(known)} in {first}: all are tested in one .venv"
        )
        yield Finding("DEP-01", path, line, found, fix=AGREE)


AGREE = (
    "Let the `requirements.in` of both allow one version, then `make lock`, which resolves all functions"
    " together."
)


def _or(versions: set[str]) -> str:
    return " or ".join(sorted(versions))


def _allows(line: Pin, exact: str) -> bool:
    """Whether a line of a requirements.in allows the version of a pin."""
    version = exact.lstrip("=")
    if line.requirement is None or not re.fullmatch(r"\d[^,*]*", version):
        return True
    return line.requirement.specifier.contains(version, prereleases=True)


# What the Python runtime of Lambda has, as modules.
RUNTIME_MODULES = {"awscrt", "boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six"}
RUNTIME_MODULES |= {"urllib3", *IN_RUNTIME}


@check("DEP-01")
def what_is_imported_is_required(service: Service) -> Iterator[Finding]:
    """No function imports what is pinned for tools or for other functions only."""
    known: set[str] = set()
    for path in _lists(service):
        known |= _modules_of(service, path)
    with_layers = {each.folder for each in service.functions if each.get("Layers")}
    for folder in service.function_folders:
        required = f"{folder}/requirements.txt"
        if required not in service.files or folder in with_layers:
            continue
        own = _modules_of(service, required) | _modules_of(
            service, f"{folder}/requirements.private"
        )
        missing = known - own - RUNTIME_MODULES - sys.stdlib_module_names
        for module in service.modules(f"{folder}/lambda_pkg"):
            for name, line in _needed(module):
                if name in missing and not _is_here(service, module, name):
                    found = f"imports {name}, which {required} does not pin"
                    yield Finding("DEP-01", module.path, line, found)


def _modules_of(service: Service, path: str) -> set[str]:
    """The modules that a list brings, as far as they are called like their distribution."""
    pins = service.requirements(path) if path in service.files else ()
    names = {canonical(pin.requirement.name) for pin in pins if pin.requirement}
    return {name.replace("-", "_") for name in names}


def _is_here(service: Service, module: Module, name: str) -> bool:
    """Whether a module is called like the function's own; STR-05 looks at how it is imported."""
    above = [str(each) for each in PurePosixPath(module.path).parents][:-2]
    return any(service.has(f"{each}/{name}.py") or service.has(f"{each}/{name}") for each in above)


def _needed(module: Module) -> Iterator[tuple[str, int]]:
    """The top names of what a module can't be imported without."""
    blocks: list[ast.If | ast.Try] = [*module.nodes(ast.If), *module.nodes(ast.Try)]
    optional = {id(each) for node in blocks if _is_optional(node) for each in ast.walk(node)}
    for plain in module.nodes(ast.Import):
        for alias in plain.names:
            if id(plain) not in optional:
                yield alias.name.split(".")[0], plain.lineno
    for each in module.nodes(ast.ImportFrom):
        if each.module and not each.level and id(each) not in optional:
            yield each.module.split(".")[0], each.lineno


def _is_optional(node: ast.If | ast.Try) -> bool:
    """Whether it is `if TYPE_CHECKING:`, or what catches that a module is not there."""
    if isinstance(node, ast.If):
        return dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING"
    caught = (dotted(name) for each in node.handlers if each.type for name in ast.walk(each.type))
    return bool({"ImportError", "ModuleNotFoundError"} & {*caught})


# ── DEP-02: a bot proposes updates ───────────────────────────────────────────

DEPENDABOT = (".github/dependabot.yml", ".github/dependabot.yaml")
RENOVATE = (
    *("renovate.json", "renovate.json5", ".github/renovate.json", ".github/renovate.json5"),
    *(".renovaterc", ".renovaterc.json", ".renovaterc.json5"),
)
ECOSYSTEMS = {"requirements": ("uv", "pip"), "actions": ("github-actions",)}


def _folder(path: str) -> str:
    """The folder of a file as Dependabot writes it: /src/orders/app, and / for the top."""
    above = path.rpartition("/")[0]
    return f"/{above}"


def _updated(service: Service) -> Iterator[tuple[str, str, str]]:
    """What a bot has to cover: its kind, the folder (/ for the top), a file in it."""
    for path in _lists(service):
        yield "requirements", _folder(path), path
    for path in list(service.workflows)[:1]:
        yield "actions", "/", path
    # Those that use others'; of an own action by its path there is nothing to update.
    using = {step.path for step in steps(service) if step.job is None and "@" in step.action}
    for path in sorted(using):
        yield "actions", _folder(path), path


@check("DEP-02")
def a_bot_updates(service: Service) -> Iterator[Finding]:
    """Dependabot, or Renovate, covers each requirements file and each action, in groups."""
    dependabot = next((path for path in DEPENDABOT if path in service.files), None)
    renovate = next((path for path in RENOVATE if path in service.files), None)
    if dependabot:
        yield from _dependabot(service, dependabot)
    elif renovate:
        yield from _renovate(service, renovate)
    else:
        yield Finding("DEP-02", DEPENDABOT[0], 0, "is not there, and no other bot is set up")


def _dependabot(service: Service, path: str) -> Iterator[Finding]:
    data = service.yaml(path)
    found = at(data, "updates")
    entries = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    used: dict[int, dict[str, Any]] = {}
    left_out: dict[str, list[str]] = {}
    for kind, folder, file in _updated(service):
        covering = [each for each in entries if _covers(each, ECOSYSTEMS[kind], folder, file)]
        used |= {id(each): each for each in covering}
        if not covering and folder not in left_out.setdefault(kind, []):
            left_out[kind].append(folder)
    for kind, folders in left_out.items():
        if folders:
            names = " or ".join(f"`{each}`" for each in ECOSYSTEMS[kind])
            found = f"no entry of {names} has the folder {and_more(folders)}"
            yield Finding("DEP-02", path, line_of(data, "updates"), found)
    for entry in used.values():
        name = entry.get("package-ecosystem")
        for problem in _entry_problems(entry):
            yield Finding("DEP-02", path, line_of(entry), f"the entry of {name} {problem}")


def _covers(entry: dict[str, Any], ecosystems: tuple[str, ...], folder: str, file: str) -> bool:
    if entry.get("package-ecosystem") not in ecosystems:
        return False
    several = entry.get("directories")
    places = [entry.get("directory"), *(several if isinstance(several, list) else [])]
    excluded = entry.get("exclude-paths")
    if any(fnmatch.fnmatch(file, str(e)) for e in (excluded if isinstance(excluded, list) else [])):
        return False
    return any(_matches(folder, str(place)) for place in places if place)


def _matches(folder: str, pattern: str) -> bool:
    """Whether a pattern of `directories` is for a folder: * is of one name, ** of any number."""
    normal = "/" + pattern.strip("/")
    rule = "".join(
        {"**": ".*", "*": "[^/]*"}.get(part, re.escape(part))
        for part in re.split(r"(\*\*|\*)", normal)
    )
    return re.fullmatch(rule, folder) is not None


def _entry_problems(entry: dict[str, Any]) -> Iterator[str]:
    if not at(entry, "schedule", "interval") and not entry.get("multi-ecosystem-group"):
        yield "has no schedule"
    if not entry.get("groups") and not entry.get("multi-ecosystem-group"):
        yield "has no groups: each update would be a pull request of its own"
    if str(entry.get("open-pull-requests-limit")) == "0":
        yield "is switched off by open-pull-requests-limit: 0"
    ignored = entry.get("ignore")
    for each in ignored if isinstance(ignored, list) else []:
        if at(each, "dependency-name") == "*" and set(each) == {"dependency-name"}:
            yield "ignores every dependency"


def _renovate(service: Service, path: str) -> Iterator[Finding]:
    try:
        data = service.json(path)
    except BrokenFileError:
        return  # JSON5, which Renovate reads and this does not
    managers = at(data, "enabledManagers")
    if isinstance(managers, list):
        for wanted in ("pip_requirements", "github-actions"):
            if not {wanted, "pip-compile" if wanted[0] == "p" else wanted} & {*managers}:
                yield Finding("DEP-02", path, 0, f"enables some managers, and not {wanted}")
    if at(data, "enabled") is False:
        yield Finding("DEP-02", path, 0, "has enabled: false")
    extended = at(data, "extends")
    presets = [str(each) for each in extended] if isinstance(extended, list) else []
    if '"groupName"' not in service.text(path) and not any(
        each.startswith(("config:", "group:", "local>", "github>")) for each in presets
    ):
        told = "groups nothing: it extends no `group:` preset and has no `groupName`"
        yield Finding("DEP-02", path, 0, told)


# ── DEP-04: one Python ───────────────────────────────────────────────────────


def _wanted(service: Service) -> str:
    """The version of this service, as 3.13."""
    found = re.search(r"\d+\.\d+", service.text(".python-version"))
    return found[0] if found else service.text(".python-version").strip()


def _runtimes(service: Service, resource: Resource) -> Iterator[str]:
    """The runtimes of a function in its environments, as far as can be told."""
    written = resource.get("Runtime")
    for template in environments(service).values():
        found = resolved(template, written)
        if isinstance(found, str):
            yield found


@check("DEP-04")
def runtimes(service: Service) -> Iterator[Finding]:
    """Functions, and layers that say for which they are, have the Python of .python-version."""
    wanted = f"python{_wanted(service)}"
    others: dict[tuple[str, int], list[str]] = {}
    for function in service.of_type(*FUNCTIONS):
        for runtime in sorted({*_runtimes(service, function)}):
            if runtime.startswith("python") and runtime != wanted:
                # Those that Globals give it have one line.
                place = runtime, function.line_of("Runtime")
                others.setdefault(place, []).append(function.logical_id)
    for (runtime, line), names in others.items():
        run = "runs" if len(names) == 1 else "run"
        found = f"{and_more(names)} {run} on `{runtime}`, `.python-version` says {wanted[6:]}"
        about = names[0] if len(names) == 1 else None
        yield Finding("DEP-04", TEMPLATE, line, found, resource=about)
    for layer in service.of_type("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"):
        listed = layer.get("CompatibleRuntimes")
        known = [str(each) for each in listed] if isinstance(listed, list) else []
        if any(each.startswith("python") for each in known) and wanted not in known:
            what = f"{layer.logical_id} is for {', '.join(known)}"
            found = f"{what}, `.python-version` says {wanted[6:]}"
            line, name = layer.line_of("CompatibleRuntimes"), layer.logical_id
            yield Finding("DEP-04", TEMPLATE, line, found, resource=name)


@check("DEP-04")
def python_of_workflows(service: Service) -> Iterator[Finding]:
    """No job installs, runs in, or calls another Python."""
    wanted = _wanted(service)
    for job in service.jobs:
        container = job.body.get("container")
        image = at(container, "image") or container
        if isinstance(image, str) and _of_image(image) not in ("", wanted):
            text = f"the job {job.id} runs in {image}, `.python-version` says {wanted}"
            yield Finding("DEP-04", job.path, line_of(job.body, "container"), text)
    for step in steps(service):
        for key in ("python-version", "python-version-file"):
            for version in _versions(service, step, at(step.body, "with", key)):
                is_file = key.endswith("file")
                if is_file and version in (".python-version", "pyproject.toml"):
                    continue
                if is_file or not re.match(rf"[=v^~]*{re.escape(wanted)}(\D|$)", version):
                    text = f"a step installs Python {version}, `.python-version` says {wanted}"
                    line = line_of(step.body, "with", key)
                    yield Finding("DEP-04", step.path, line, text)
        for command in step.commands:
            named = re.fullmatch(r"python(3\.\d+)", command.program)
            if named and named[1] != wanted:
                text = f"a step runs {command.words[0]}, `.python-version` says {wanted}"
                yield Finding("DEP-04", step.path, command.line, text)


def _of_image(image: str) -> str:
    """The Python of a container image that says it: python:3.13-slim, sam/build-python3.13."""
    found = re.search(r"(?:^|/)(?:build-)?python:?(\d+\.\d+)", image)
    return found[1] if found else ""


def _versions(service: Service, step: Step, written: Any) -> Iterator[str]:
    """What a value of a step comes to: each value of a matrix, or of a variable."""
    if isinstance(written, list):
        for each in written:
            yield from _versions(service, step, each)
        return
    text = "" if written is None else str(written)
    named = re.fullmatch(r"\$\{\{\s*(matrix|env)\.([\w-]+)\s*\}\}", text.strip())
    if not named:
        if text and "${{" not in text:
            yield from (line.strip() for line in text.splitlines() if line.strip())
        return
    job = step.job.body if step.job else {}
    whole = service.workflows.get(step.path, {})
    places = {
        "matrix": [at(job, "strategy", "matrix", named[2])],
        "env": [at(job, "env", named[2]), at(whole, "env", named[2])],
    }
    for place in places[named[1]]:
        if place is not None:
            yield from _versions(service, step, place)
            break


# Where tools are told for which Python they work: the file, the keys, and how 3.13 is written there.
SETTINGS = (
    ("pyproject.toml", ("tool", "mypy", "python_version"), "{}.{}"),
    ("pyproject.toml", ("tool", "pyright", "pythonVersion"), "{}.{}"),
    ("pyproject.toml", ("tool", "ruff", "target-version"), "py{}{}"),
    ("pyproject.toml", ("tool", "black", "target-version"), "py{}{}"),
    ("ruff.toml", ("target-version",), "py{}{}"),
    (".ruff.toml", ("target-version",), "py{}{}"),
)


@check("DEP-04")
def python_of_tools(service: Service) -> Iterator[Finding]:
    """Tools work for the Python of .python-version."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # takes 60 ms

    wanted = _wanted(service)
    for path, keys, form in SETTINGS:
        if path not in service.files:
            continue
        found = at(service.toml(path), *keys)
        values = found if isinstance(found, list) else [] if found is None else [found]
        if values and form.format(*wanted.split(".")) not in map(str, values):
            text = f"{'.'.join(keys)} is {', '.join(map(str, values))}, `.python-version` says {wanted}"
            yield Finding("DEP-04", path, service.line_with(path, keys[-1]), text)
    required = at(service.pyproject, "project", "requires-python")
    try:
        specifiers = SpecifierSet(str(required or ""))
        allows = any(specifiers.contains(f"{wanted}.{patch}") for patch in range(30))
    except InvalidSpecifier:
        allows = False
    if not allows:
        text = f"requires-python is {required}, `.python-version` says {wanted}"
        line = service.line_with("pyproject.toml", "requires-python")
        yield Finding("DEP-04", "pyproject.toml", line, text)


# ── DEP-05: a runtime that AWS supports ──────────────────────────────────────


@check("DEP-05")
def supported(service: Service) -> Iterator[Finding]:
    """AWS supports the Python of .python-version. That functions have another is DEP-04."""
    runtime = f"python{_wanted(service)}"
    using = [each for each in service.of_type(*FUNCTIONS) if runtime in {*_runtimes(service, each)}]
    end = SUPPORTED_UNTIL.get(runtime)
    if not using or (end and end >= service.today):
        return
    who = and_more([each.logical_id for each in using])
    found = f"{who}: AWS supported {runtime} until {end}"
    if end is None:
        known = ", ".join(each.removeprefix("python") for each in SUPPORTED_UNTIL)
        found = f"{who}: {runtime} is none of the runtimes whose last day is known ({known})"
    yield Finding("DEP-05", TEMPLATE, using[0].line_of("Runtime"), found)


# ── DEP-06: internal packages from the private index alone ───────────────────

PRIVATE = "requirements.private"
# Options and variables of pip and uv that add an index; one index instead of another is well.
INDEX_OPTIONS = ("--extra-index-url", "--find-links", "--index", "-f")
INDEX_VARIABLES = {
    *("PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX"),
}


def has_private_index(service: Service) -> bool:
    return bool(at(service.pyproject, "tool", "private-index"))


def _private(service: Service) -> list[str]:
    return [path for path in service.files_in("src") if PurePosixPath(path).name == PRIVATE]


@check("DEP-06")
def private_lists(service: Service) -> Iterator[Finding]:
    """What is private is pinned, is installed by somebody, and is on no public list."""
    internal: dict[str, str] = {}
    for path in _private(service):
        if not has_private_index(service):
            told = "is installed by nobody: the service has no private index"
            yield Finding("DEP-06", path, 0, told)
        for pin in service.requirements(path):
            problem = "is no pin such as acme-tools==1.4.2"
            if pin.requirement:
                internal[canonical(pin.requirement.name)] = f"{path}:{pin.line}"
                problem = (
                    "is no pin of the private index" if pin.requirement.url else _pin_problem(pin)
                )
            if problem:
                yield Finding("DEP-06", path, pin.line, f"{problem}: {pin.text}")
    public = _lists(service)
    public += [each.removesuffix(".txt") + ".in" for each in public]
    for path in public:
        for pin in service.requirements(path) if path in service.files else ():
            name = canonical(pin.requirement.name) if pin.requirement else ""
            if name in internal:
                found = f"{name} is private ({internal[name]}), and this list is the public index's"
                yield Finding("DEP-06", path, pin.line, found)


@check("DEP-06")
def no_other_index(service: Service) -> Iterator[Finding]:
    """No list, setting or workflow adds an index: the highest version of any would win."""
    lists = _lists(service)
    for path in [*lists, *(each.removesuffix(".txt") + ".in" for each in lists)]:
        for pin in service.requirements(path) if path in service.files else ():
            option = re.split(r"[ =]", pin.text)[0]
            if option in INDEX_OPTIONS:
                told = f"adds an index for all of the list: {option}"
                yield Finding("DEP-06", path, pin.line, told)
    for keys in (("tool", "uv", "extra-index-url"), ("tool", "uv", "pip", "extra-index-url")):
        if at(service.pyproject, *keys):
            line = service.line_with("pyproject.toml", "extra-index-url")
            found = f"{'.'.join(keys)} adds an index for every package"
            yield Finding("DEP-06", "pyproject.toml", line, found)
    indexes = at(service.pyproject, "tool", "uv", "index")
    for each in indexes if isinstance(indexes, list) else []:
        if not at(each, "explicit"):
            line = service.line_with("pyproject.toml", str(at(each, "url")))
            found = f"tool.uv.index {at(each, 'name') or at(each, 'url')} is not explicit"
            yield Finding("DEP-06", "pyproject.toml", line, found)
    for path in sorted(service.files):
        if PurePosixPath(path).name in ("pip.conf", "pip.ini"):
            settings = configparser.RawConfigParser(strict=False)
            settings.read_string(service.text(path))
            for option in ("extra-index-url", "find-links"):
                if any(settings.has_option(section, option) for section in settings.sections()):
                    line = service.line_with(path, option)
                    told = f"adds an index for every package: {option}"
                    yield Finding("DEP-06", path, line, told)
    yield from _indexes_of_workflows(service)


def _indexes_of_workflows(service: Service) -> Iterator[Finding]:
    bodies = [(path, body) for path, body in service.workflows.items()]
    bodies += [(job.path, job.body) for job in service.jobs]
    bodies += [(step.path, step.body) for step in steps(service)]
    for path, body in bodies:
        variables = body.get("env")
        for name in variables if isinstance(variables, dict) else ():
            if name in INDEX_VARIABLES:
                line = line_of(body, "env", name)
                yield Finding("DEP-06", path, line, f"adds an index for every package: {name}")
    for step in steps(service):
        for command in step.commands:
            for word in command.words[1:]:
                option = word.partition("=")[0]
                if option.startswith("--") and option in INDEX_OPTIONS:
                    found = f"adds an index for every package: {option}"
                    yield Finding("DEP-06", step.path, command.line, found)


@check("DEP-06")
def jobs_sign_in(service: Service) -> Iterator[Finding]:
    """A job that installs or builds signs in before, where there are private packages."""
    if not has_private_index(service) or not _private(service):
        return
    for job in service.jobs:
        places = [job.body, service.workflows[job.path]]
        signed_in = any(at(place, "env", "PRIVATE_INDEX_URL") for place in places)
        for step in (Step(job.path, line_of(body), body, job) for body in job.steps):
            signed_in = signed_in or step.uses == "aws-actions/configure-aws-credentials"
            # An action of one's own may sign in.
            signed_in = signed_in or step.uses.startswith("./")
            if signed_in or at(step.body, "env", "PRIVATE_INDEX_URL"):
                continue
            command = next(filter(_needs_the_index, step.commands), None)
            if command:
                found = f"the job {job.id} runs `{command.text}` without a login to the index"
                yield Finding("DEP-06", job.path, command.line, found, fix=SIGN_IN)
                break


SIGN_IN = (
    "Sign in before it: use `aws-actions/configure-aws-credentials`, or pass `PRIVATE_INDEX_URL`."
)


def _needs_the_index(command: Command) -> bool:
    """Whether it installs or builds functions."""
    needs = command.program == "make" and {"setup", "build"} & {*command.arguments}
    return bool(needs) and not any("--deploy" in word for word in command.words)


# ── DEP-07: CI runs what developers run ──────────────────────────────────────

# What `make` calls, with its target.
WRAPPED = {
    **dict.fromkeys(("pip", "pip3", "pipenv", "poetry", "uv", "virtualenv"), "setup"),
    **dict.fromkeys(("black", "cfn-lint", "check-jsonschema", "flake8", "isort"), "lint"),
    **dict.fromkeys(("mypy", "pylint", "pyright", "ruff", "zizmor"), "lint"),
    **dict.fromkeys(("coverage", "nox", "py.test", "pytest", "tox", "unittest"), "test"),
    "sam": "lint",
}
# Commands of sam that check; how services are built and deployed is for CD-02 and CD-09.
OF_SAM = {"validate"}
# Actions that bring a tool in a version of their own.
TOOL_ACTIONS = {
    "astral-sh/ruff-action": "lint",
    "aws-actions/setup-sam": "setup SETUP_ARGS=--own-sam",
    "chartboost/ruff-action": "lint",
    "jakebailey/pyright-action": "lint",
    "pre-commit/action": "lint",
    "psf/black": "lint",
    "py-actions/flake8": "lint",
    "scottbrenner/cfn-lint-action": "lint",
    "tsuyoshicho/action-mypy": "lint",
}


@check("DEP-07")
def ci_runs_make(service: Service) -> Iterator[Finding]:
    """No step calls a tool that `make` calls: it would be another version, or other options."""
    for step in steps(service):
        if target := TOOL_ACTIONS.get(step.uses.lower()):
            line = line_of(step.body, "uses")
            found = f"a step uses `{step.uses}`, where a developer runs `make {target}`"
            yield Finding("DEP-07", step.path, line, found)
        for command in step.commands:
            if tool := _tool(command):
                text = command.text[:60]
                found = f"a step runs `{text}`, where a developer runs `make {WRAPPED[tool]}`"
                yield Finding("DEP-07", step.path, command.line, found)


def _tool(command: Command) -> str:
    """The tool that a command runs, if `make` has it: pytest, of .venv/bin/python -m pytest."""
    name = command.module or command.program
    if name == "sam" and not OF_SAM & {*command.arguments}:
        return ""
    return name if name in WRAPPED else ""


# ── DEP-08: what is installed is what was reviewed ───────────────────────────

# What takes the newest version there is, whatever a list says.
RUNNERS = {"bunx", "npx", "pipx", "pnpx", "uvx"}
INSTALLERS = ("npm", "pnpm", "yarn")
INSTALLING = {"add", "exec", "i", "install", "update"}
# What `make setup` installs, with SETUP_ARGS=--deploy and without.
OF_SETUP = {True: ("requirements-deploy.txt",), False: ("requirements-dev.txt",)}


def _signs_in(service: Service, job: Job) -> bool:
    """Whether a job may ask for the token that becomes a role."""
    permissions = job.body.get("permissions", service.workflows[job.path].get("permissions"))
    return permissions == "write-all" or at(permissions, "id-token") == "write"


@check("DEP-08")
def hashes_where_a_job_can_become_a_role(service: Service) -> Iterator[Finding]:
    """What a job with `id-token: write` installs is listed with hashes."""
    told: set[str] = set()
    for job in service.jobs:
        if not _signs_in(service, job):
            continue
        for body in job.steps:
            step = Step(job.path, line_of(body), body, job)
            for command in step.commands:
                if _takes_the_newest(command):
                    found = f"the job {job.id}, which can become a role, runs `{command.text[:60]}`"
                    yield Finding("DEP-08", job.path, command.line, found, fix=NO_NEWEST)
                if command.program == "make" and "setup" in command.arguments:
                    for path in _installed(service, command):
                        if path not in told:
                            told.add(path)
                            yield from _without_hash(service, path, job.id)


NO_NEWEST = (
    "Name it in a `requirements*.in` and let `make setup` install it, or move it to a job without"
    " `id-token: write`."
)


def _takes_the_newest(command: Command) -> bool:
    installs = command.program in INSTALLERS and bool(INSTALLING & {*command.arguments})
    return installs or bool(RUNNERS & {*command.runner, command.program})


def _installed(service: Service, command: Command) -> list[str]:
    deploys = any("--deploy" in word for word in command.words)
    lists = [*OF_SETUP[deploys], "requirements-sam.txt"]
    if not deploys:
        lists += [each for each in development(service.root) if each not in lists]
    return [each for each in lists if each in service.files]


def _without_hash(service: Service, path: str, job: str) -> Iterator[Finding]:
    # What is not pinned at all is for DEP-01 to tell.
    pinned_ones = (p for p in service.requirements(path) if p.requirement and not _pin_problem(p))
    bare = [each for each in pinned_ones if not re.search(r"--hash=|#sha256=", each.text)]
    if bare:
        names = and_more([each.requirement.name for each in bare if each.requirement])
        found = f"no hash for {names}, which the job {job} installs where it can become a role"
        yield Finding("DEP-08", path, bare[0].line, found)


@check("DEP-08")
def new_releases_wait(service: Service) -> Iterator[Finding]:
    """The bot and `make lock` take no release before its cooldown is over."""
    for path in (each for each in DEPENDABOT if each in service.files):
        updates = at(service.yaml(path), "updates")
        for entry in updates if isinstance(updates, list) else []:
            days = at(entry, "cooldown", "default-days")
            if isinstance(entry, dict) and not (isinstance(days, int) and days > 0):
                found = f"the entry of {entry.get('package-ecosystem')} has no cooldown"
                yield Finding("DEP-08", path, line_of(entry), found)
        return
    for path in (each for each in RENOVATE if each in service.files):
        if "minimumReleaseAge" not in service.text(path):
            yield Finding("DEP-08", path, 0, "has no `minimumReleaseAge`")


@check("DEP-08")
def lock_waits(service: Service) -> Iterator[Finding]:
    """What `make lock` takes by itself is some days old."""
    text = service.text("Makefile")
    waits = re.search(r"^COOLDOWN *[?:]*= *[1-9]\d* (day|week)", text, re.MULTILINE)
    if not (waits and "$$COOLDOWN" in text):
        line = service.line_with("Makefile", "COOLDOWN")
        yield Finding("DEP-08", "Makefile", line, "`make lock` takes releases of the same day")
