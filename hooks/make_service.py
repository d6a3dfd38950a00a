"""What `make service` runs: Copier, after a check of what it would silently ignore.

    python hooks/make_service.py TEMPLATE DESTINATION [OPTION...]

Copier renders although --data answers a question that does not exist, and reports an answer that the
template refuses with a traceback. Here both end with a sentence, before anything is rendered.

Runs in Copier's interpreter.
"""

from __future__ import annotations

import argparse
import difflib
import re
import runpy
import sys
from pathlib import Path

import yaml

CLONE = Path(__file__).parents[1]


def questions(template: str) -> list[str]:
    """The questions of a template in a folder; of one elsewhere, as this clone has them."""
    path = Path(template, "copier.yml")
    text = (path if path.is_file() else CLONE / "copier.yml").read_text("utf-8")
    return [
        name
        for name, question in yaml.safe_load(text).items()
        if not name.startswith("_") and question.get("when") is not False and name != "seen"
    ]


def answered(options: list[str]) -> list[str]:
    """The names of the questions that Copier's options answer."""
    parser = argparse.ArgumentParser(prog="make service", add_help=False, allow_abbrev=False)
    parser.add_argument("-d", "--data", action="append", default=[])
    parser.add_argument("--data-file", type=Path, action="append", default=[])
    known, _others = parser.parse_known_args(options)
    names = []
    for pair in known.data:
        name, equals, _value = pair.partition("=")
        if not equals:
            sys.exit(f'--data takes NAME=VALUE, and got "{pair}": --data aws_region=eu-west-1')
        names.append(name)
    for path in known.data_file:
        try:
            names += yaml.safe_load(path.read_text("utf-8")) or {}
        except (OSError, TypeError, UnicodeDecodeError, yaml.YAMLError) as error:
            sys.exit(f"--data-file {path} can't be read as answers, NAME: VALUE in YAML: {error}")
    return names


def nearest(name: str, known: list[str]) -> str:
    """A hint: the questions that were probably meant, or all of them."""
    close = [question for question in known if name in question]
    close = close or difflib.get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    return f"Its questions are: {', '.join(known)}"


def main(template: str, destination: str, *options: str) -> None:
    if Path(destination).resolve().is_relative_to(CLONE.resolve()):
        sys.exit(f"{destination} is in this clone. Where else to? make service DEST=../orders")
    known = questions(template)
    for name in answered(list(options)):
        if name not in known:
            sys.exit(f'The template asks no question "{name}". {nearest(name, known)}')
    if Path(template).resolve() == CLONE.resolve():
        print(
            f"Updates will come from this clone, {CLONE}. Does your team reach it?",
            "For another place: make service TEMPLATE=https://example.com/platform/template.git",
            sep="\n",
            flush=True,
        )
    sys.argv[1:] = ["copy", "--trust", *options, template, destination]
    try:
        runpy.run_module("copier", run_name="__main__", alter_sys=True)
    except ValueError as error:
        if re.match(
            "Validation error|Invalid choice", str(error)
        ):  # the template refuses an answer
            # Copier repeats the answer, however long it is.
            sys.exit(str(error) if len(str(error)) < 1000 else f"{str(error)[:200]} …")
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])
