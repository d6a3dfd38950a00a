"""STR-02: No folder or module is named after a keyword of Python. None that is imported by its bare
name is named after a module of the standard library or of the Lambda runtime.

Why: `import lambda` is a syntax error. A module called `json` that lies directly in a folder on
Python's path hides the real one, for libraries as well.

Here: `src/`, the folders of functions and `python/` of layers are on the path, and `scripts/`, if
you have one. Inside a package a module hides nothing: `services/email.py` in a `lambda_pkg` is a
good name.

Fix: Rename the folder or module after what it holds, and its imports.

Defended by: prompt, gate.
"""

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.folders import with_folders
from kit.gate.imports import RUNTIME_MODULES
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)

# The folders on Python's path, in tests or in Lambda, and those that questions name.
ON_THE_PATH = re.compile(r"scripts|src(/[^/]+){0,2}|src/[^/]+/[^/]+/python")
# `test` has the tests of Python itself.
PLATFORM = RUNTIME_MODULES | {"aws_lambda_powertools", "bootstrap", "test"}


@LESSON.check
def names_that_hide_nothing(service: Service) -> Iterator[Finding]:
    """No name is a keyword, and none on the path hides a module."""
    for path in with_folders(
        [*service.files_in("src", ".py"), *service.files_in("scripts", ".py")]
    ):
        name, folder = PurePosixPath(path).stem, str(PurePosixPath(path).parent)
        if keyword.iskeyword(name):
            yield LESSON.finding(path, 0, f"is named after a keyword of Python: `{name}`")
        elif ON_THE_PATH.fullmatch(folder) and not name.startswith("_"):
            if name.lower() in sys.stdlib_module_names:
                yield LESSON.finding(path, 0, f"hides the module `{name}` of Python")
            elif name.lower() in PLATFORM:
                yield LESSON.finding(path, 0, f"hides the module `{name}` of the Lambda runtime")
