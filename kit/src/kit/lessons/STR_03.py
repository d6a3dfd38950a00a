"""STR-03: A function is one folder, `src/<package>/<function>/`, with `README.md` and
`requirements.txt` in it and all its Python in its `lambda_pkg/`.

Why: Tests and Lambda disagreed for weeks about what an import means, as each saw another folder as
the top.

Here: Each folder in `src/<package>/` has this form; `make add-function` makes one.

Fix: Move the Python of a function into its `lambda_pkg/`, and write what is missing beside it. Move
shared code into the `utils/` of each function that uses it, or into a package (STR-07).

Defended by: gate.

See: docs/decisions/0002-lambda-pkg.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import is_stray, python_folders
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def one_folder_per_function(service: Service) -> Iterator[Finding]:
    """Each folder has what a function has, and all Python is in the lambda_pkg of one."""
    folders = python_folders(service)
    with_code = [each for each in folders if service.files_in(f"{each}/lambda_pkg", ".py")]
    for folder in folders:
        if folder not in with_code:
            if service.files_in(folder, ".py") or service.has(f"{folder}/requirements.txt"):
                found = "has no `lambda_pkg` with Python in it"
                yield LESSON.finding(folder, 0, found)
            continue
        for name in ("README.md", "requirements.txt"):
            if f"{folder}/{name}" not in service.files:
                yield LESSON.finding(f"{folder}/{name}", 0, "is not there")
    others = tuple(f"{each}/" for each in service.function_folders if each not in with_code)
    for path in service.files_in("src", ".py"):
        inside = any(path.startswith(f"{each}/lambda_pkg/") for each in with_code)
        if not inside and not path.startswith(others) and not is_stray(service, path):
            found = "is Python outside of the `lambda_pkg` of a function"
            yield LESSON.finding(path, 0, found)
