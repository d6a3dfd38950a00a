"""STR-02: No folder or module is called like a word of Python, and none that is imported by its
name alone like a module of the standard library or of the Lambda runtime.

Why: `import lambda` is a syntax error, and a module called `json` that lies directly in a folder on
Python's path (a function's folder, `src/`, `scripts/`) hides the real one, for libraries as well.
Inside a package it hides nothing.

Here: `src/<package>/`, the functions and what lies directly in their folders, `python/` of layers,
and `scripts/`; `services/email.py` in a `lambda_pkg` is a good name.

Fix: Rename the folder or module after what it holds, and the imports of it.

Defended by: prompt, gate.
"""

import keyword
import sys
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import is_stray
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


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


@LESSON.check
def names_that_hide_nothing(service: Service) -> Iterator[Finding]:
    """No name is a word of Python, and none that is looked up by itself hides a module.

    Inside a package a module may be called `email`: it is imported as `.services.email`.
    """
    told: set[str] = set()
    for path in [*service.files_in("src", ".py"), *service.files_in("scripts", ".py")]:
        if is_stray(service, path):
            continue
        parts = path.split("/")
        for count, part in enumerate(parts[1:], 1):
            prefix = "/".join(parts[: count + 1])
            name = part.removesuffix(".py")
            in_layer = count == 4 and parts[3] == LAYER
            kind = _taken(name, at_top=in_layer or count in TOPS[parts[0]])
            if kind and prefix not in told:
                told.add(prefix)
                yield LESSON.finding(prefix, 0, f"is called like {kind}: `{name}`")


def _taken(name: str, *, at_top: bool) -> str:
    """What has that name already, if it matters there."""
    if keyword.iskeyword(name):
        return "a word of Python"
    if not at_top or name.startswith("_"):
        return ""
    return next((kind for kind, taken in KINDS if name.lower() in taken), "")
