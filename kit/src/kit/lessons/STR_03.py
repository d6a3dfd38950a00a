"""STR-03: A function is one folder, `src/<package>/<function>/`, with `README.md` and
`requirements.txt` in it and all its Python in its `lambda_pkg/`.

Why: Tests and Lambda disagreed for weeks about what an import means, as each started from another
folder.

Here: Each folder in `src/<package>/` has this form; `make add-function` makes one.

Fix: Move the Python of a function into its `lambda_pkg/`, and write the missing file. Move shared
code into the `utils/` of each function that uses it, or into a package (STR-07).

Defended by: gate.

See: docs/decisions/0002-lambda-pkg.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.folders import python_folders, stray
from kit.gate.lesson import Lesson
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def one_folder_per_function(service: Service) -> Iterator[Finding]:
    """Each folder has what a function has, and all Python is in a lambda_pkg."""
    folders = python_folders(service)
    packages = [f for f in folders if service.files_in(f"{f}/lambda_pkg", ".py")]
    for folder in folders:
        if folder in packages:
            for name in ("README.md", "requirements.txt"):
                if f"{folder}/{name}" not in service.files:
                    fix = "Write it: `make lock` makes a `requirements.txt`, STR-08 says what a README has."
                    yield LESSON.finding(f"{folder}/{name}", 0, "is missing", fix=fix)
        elif service.files_in(folder, ".py") or service.has(f"{folder}/requirements.txt"):
            fix = "Move the Python of a function into its `lambda_pkg/`; move code that functions share"
            fix += " into the `utils/` of each that uses it, or into a package (STR-07)."
            yield LESSON.finding(folder, 0, "has no `lambda_pkg` with Python in it", fix=fix)
    inside = tuple(f"{folder}/lambda_pkg/" for folder in packages)
    others = tuple(f"{folder}/" for folder in service.function_folders if folder not in packages)
    for path in service.files_in("src", ".py"):
        if not path.startswith(inside + others) and not stray(service, path):
            fix = "Move it into the `lambda_pkg/` of the function that uses it; code of tools goes into"
            fix += " `scripts/`."
            message = "is Python outside the `lambda_pkg` of a function"
            yield LESSON.finding(path, 0, message, fix=fix)
