"""Before an update: rewrite answers whose format has changed, so that the new version can read them.

Copier drops an answer that a stricter question refuses, and takes the default. Runs in Copier's interpreter,
in the service's folder, at each update; answers in the new format stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml


def secrets_with_functions(secrets: str, functions: str) -> str:
    """A list of secrets with the functions that read each: all of them where none is named."""
    names = [item.split(":")[0].strip() for item in functions.split(",")]
    pairs = []
    for item in filter(None, map(str.strip, secrets.split(","))):
        pairs += [item] if ":" in item else [f"{item}:{name}" for name in names]
    return ", ".join(pairs)


def main(path: Path) -> None:
    text = path.read_text("utf-8")
    answers = yaml.safe_load(text)
    was = answers.get("secrets") or ""
    becomes = secrets_with_functions(was, answers["functions"])
    if was != becomes:
        answers["secrets"] = becomes
        path.write_text(yaml.safe_dump(answers, allow_unicode=True, sort_keys=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
