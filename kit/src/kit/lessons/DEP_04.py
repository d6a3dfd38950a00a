"""DEP-04: One version of Python holds everywhere: in `.python-version`, in `Runtime`, in the
workflows and for the tools.

Why: Compiled packages for the laptop's 3.14 met Lambda's 3.12, and the build ended with "binary
validation failed".

Here: `.python-version`, `Globals` of `template.yaml`, `pyproject.toml`; the workflows read
`.python-version`.

Fix: Let the one that differs follow `.python-version`; to change the version everywhere, use `make
answer NAME=python_version VALUE=…`.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from kit.gate.findings import Finding, and_more
from kit.gate.runs import Step, steps
from kit.gate.service import TEMPLATE, Service
from kit.template import at, line_of

if TYPE_CHECKING:
    pass
from kit.gate.folders import FUNCTIONS
from kit.gate.lesson import Lesson
from kit.gate.requirements import runtimes_of, wanted_python

LESSON = Lesson.read(__doc__)


@LESSON.check
def runtimes(service: Service) -> Iterator[Finding]:
    """Functions, and layers that say for which they are, have the Python of .python-version."""
    wanted = f"python{wanted_python(service)}"
    others: dict[tuple[str, int], list[str]] = {}
    for function in service.of_type(*FUNCTIONS):
        for runtime in sorted({*runtimes_of(service, function)}):
            if runtime.startswith("python") and runtime != wanted:
                # Those that Globals give it have one line.
                place = runtime, function.line_of("Runtime")
                others.setdefault(place, []).append(function.logical_id)
    for (runtime, line), names in others.items():
        run = "runs" if len(names) == 1 else "run"
        found = f"{and_more(names)} {run} on `{runtime}`, `.python-version` says {wanted[6:]}"
        about = names[0] if len(names) == 1 else None
        yield LESSON.finding(TEMPLATE, line, found, resource=about)
    for layer in service.of_type("AWS::Serverless::LayerVersion", "AWS::Lambda::LayerVersion"):
        listed = layer.get("CompatibleRuntimes")
        known = [str(each) for each in listed] if isinstance(listed, list) else []
        if any(each.startswith("python") for each in known) and wanted not in known:
            what = f"{layer.logical_id} is for {', '.join(known)}"
            found = f"{what}, `.python-version` says {wanted[6:]}"
            line, name = layer.line_of("CompatibleRuntimes"), layer.logical_id
            yield LESSON.finding(TEMPLATE, line, found, resource=name)


@LESSON.check
def python_of_workflows(service: Service) -> Iterator[Finding]:
    """No job installs, runs in, or calls another Python."""
    wanted = wanted_python(service)
    for job in service.jobs:
        container = job.body.get("container")
        image = at(container, "image") or container
        if isinstance(image, str) and _of_image(image) not in ("", wanted):
            text = f"the job {job.id} runs in {image}, `.python-version` says {wanted}"
            yield LESSON.finding(job.path, line_of(job.body, "container"), text)
    for step in steps(service):
        for key in ("python-version", "python-version-file"):
            for version in _versions(service, step, at(step.body, "with", key)):
                is_file = key.endswith("file")
                if is_file and version in (".python-version", "pyproject.toml"):
                    continue
                if is_file or not re.match(rf"[=v^~]*{re.escape(wanted)}(\D|$)", version):
                    text = f"a step installs Python {version}, `.python-version` says {wanted}"
                    line = line_of(step.body, "with", key)
                    yield LESSON.finding(step.path, line, text)
        for command in step.commands:
            named = re.match(r"python(3\.\d+)\b", command.text)
            if named and named[1] != wanted:
                text = f"a step runs {named[0]}, `.python-version` says {wanted}"
                yield LESSON.finding(step.path, command.line, text)


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


@LESSON.check
def python_of_tools(service: Service) -> Iterator[Finding]:
    """Tools work for the Python of .python-version."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # takes 60 ms

    wanted = wanted_python(service)
    for path, keys, form in SETTINGS:
        if path not in service.files:
            continue
        found = at(service.toml(path), *keys)
        values = found if isinstance(found, list) else [] if found is None else [found]
        if values and form.format(*wanted.split(".")) not in map(str, values):
            text = f"{'.'.join(keys)} is {', '.join(map(str, values))}, `.python-version` says {wanted}"
            yield LESSON.finding(path, service.line_with(path, keys[-1]), text)
    required = at(service.pyproject, "project", "requires-python")
    try:
        specifiers = SpecifierSet(str(required or ""))
        allows = any(specifiers.contains(f"{wanted}.{patch}") for patch in range(30))
    except InvalidSpecifier:
        allows = False
    if not allows:
        text = f"requires-python is {required}, `.python-version` says {wanted}"
        line = service.line_with("pyproject.toml", "requires-python")
        yield LESSON.finding("pyproject.toml", line, text)
