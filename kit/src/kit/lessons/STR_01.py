"""STR-01: All code that is deployed is below `src/`, once, and no path names an environment.

Why: With `src_dev` beside `src` each change had to be made twice, the trees drifted, and pipelines
needed another path for each branch.

Here: `src/<package>/<function>/` and, for the modules of layers, `src/<package>/<layer>/python/`
are the only tree; dev and prod differ by parameters in `samconfig.toml`.

Fix: Move the code below `src/<package>/`, and say what differs between environments by a parameter
of `template.yaml`.

Defended by: gate.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.folders import CODE, FUNCTIONS, code_elsewhere, code_of_resource
from kit.gate.lesson import Lesson
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def deployed_from_src(service: Service) -> Iterator[Finding]:
    """Whatever template.yaml deploys comes from src."""
    for resource in service.of_type(*CODE):
        for key, value in code_of_resource(resource):
            if said := code_elsewhere(resource, key, value):
                name = resource.logical_id
                found = f"`{name}` {said}"
                line = resource.line_of(key)
                fix = _mend_of_layer(service, key) if resource.type not in FUNCTIONS else None
                yield LESSON.finding(TEMPLATE, line, found, resource=name, fix=fix)


def _mend_of_layer(service: Service, key: str) -> str:
    place = f"src/{service.package}/<layer>/"
    return f"Move the layer to `{place}`, its modules to `python/` there, and set `{key}: {place}`."


# By these an environment is always meant …
ENVIRONMENT = {"dev", "prod"}


# … and by these when the same path is there without them: orders_staging beside orders.
MAYBE = {"develop", "development", "live", "production", "qa", "stage", "staging", "uat"}


@LESSON.check
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
                    yield LESSON.finding(prefix, 0, f"names an environment: {word}")
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


@LESSON.check
def one_tree(service: Service) -> Iterator[Finding]:
    """No lambda_pkg is anywhere else."""
    folders = {
        path[: path.index("lambda_pkg/") + len("lambda_pkg")]
        for path in service.files_in("", ".py")
        if "lambda_pkg" in path.split("/")[1:-1] and "src" not in _words(path.split("/")[0])
    }
    for folder in sorted(folders):
        yield LESSON.finding(folder, 0, "is code of a function, and not below src/")
