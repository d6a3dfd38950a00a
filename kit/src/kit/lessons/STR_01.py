"""STR-01: All deployed code is below `src/`, once, and no path names an environment.

Why: With `src_dev` beside `src` every change had to be made twice, the trees drifted apart, and
pipelines needed another path for each branch.

Here: `src/<package>/<function>/`, and `src/<package>/<layer>/python/` for the modules of layers,
are the only tree. dev and prod differ by parameters in `samconfig.toml`.

Fix: Move the code below `src/<package>/`, and make a parameter of `template.yaml` of what differs
between environments.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.folders import CODE, folder_of, with_folders
from kit.gate.lesson import Lesson
from kit.gate.service import Function, Service
from kit.layout import TEMPLATE

LESSON = Lesson.read(__doc__)

# These words always mean an environment …
ENVIRONMENT = re.compile(r"(?:.*[-_.])?(dev|prod)(?:[-_.].*)?", re.IGNORECASE)
# … and these where the same path exists without them: limits_staging.py beside limits.py.
SUFFIX = re.compile(r"[-_.](develop|development|live|production|qa|stage|staging|uat)$")


@LESSON.check
def deployed_from_src(service: Service) -> Iterator[Finding]:
    """Functions and layers of template.yaml are deployed from src."""
    for resource in service.of_type(*CODE):
        key, folder = CODE[resource.type], f"src/{service.package}/<function>/"
        code = resource.get("InlineCode") or resource.get(key)
        fix = f"Move its code to `{folder}lambda_pkg/`, and set `{key}: {folder}`."
        if not isinstance(resource, Function):
            if not isinstance(code, str) or code.startswith("s3://"):
                continue  # a layer may be an archive of somebody else
            folder = f"src/{service.package}/<layer>/"
            fix = f"Move its modules to `{folder}python/`, and set `{key}: {folder}`."
        if code and not folder_of(resource).startswith("src/"):
            message = f"`{resource.logical_id}` is not deployed from a folder below `src/`"
            yield LESSON.finding(TEMPLATE, resource.line_of(key), message, fix=fix)


@LESSON.check
def no_environment_in_paths(service: Service) -> Iterator[Finding]:
    """No folder or file of the code is for one environment."""
    reported: list[str] = []
    for path in with_folders([path for path in service.files if _is_code(path)]):
        is_inside = path.startswith(tuple(f"{folder}/" for folder in reported))
        if (name := _environment(service, PurePosixPath(path))) and not is_inside:
            reported.append(path)
            fix = f"Merge it with the code without `{name}`; what differs comes as a variable."
            yield LESSON.finding(path, 0, f"names an environment: {name}", fix=fix)


def _environment(service: Service, path: PurePosixPath) -> str:
    """The environment that a folder or a file is named after; empty if it is after none."""
    if named := ENVIRONMENT.fullmatch(path.stem):
        return named[1]
    named = SUFFIX.search(path.stem)
    twin = path.with_name(SUFFIX.sub("", path.stem) + path.suffix)
    return named[1] if named and service.has(str(twin)) else ""


def _is_code(path: str) -> bool:
    """Whether a path is in src, or in a copy of it such as src_dev."""
    top, below, _ = path.partition("/")
    return bool(below) and "src" in re.split(r"[-_.]", top)
