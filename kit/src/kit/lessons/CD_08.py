"""CD-08: Nothing is configured by replacing text in files; what needs a deployed value is made from
it, and no placeholder is left over.

Why: `YOUR_API_ENDPOINT_HERE` reached production.

Here: Values come from parameters, variables and outputs of the stack; `make preflight` and `make
lessons` look for words that somebody was to replace.

Fix: Take the value from the outputs of the stack or from a variable; delete the step that replaces
text, and fill in what is left.

Defended by: gate, deploy.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.runs import all_commands, steps
from kit.gate.samconfig import SAMCONFIG, line_of_setting, settings_in
from kit.gate.service import INFRA, TEMPLATE, Service
from kit.template import PLACEHOLDER, leaves, line_of, strings

LESSON = Lesson.read(__doc__)


# Actions that replace text in files.
REPLACING_ACTIONS = re.compile(
    r"replace-tokens|find-(?:and-)?replace|variable-substitution|envsubst"
)


# Files that are no configuration: a release writes its version there.
NOT_CONFIGURATION = (".md", "pyproject.toml")


@LESSON.check
def nothing_is_replaced_in_files(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if how := _replaces(command):
            yield LESSON.finding(path, command.line, f"`{command.text[:100]}` {how}")
    for step in steps(service):
        if REPLACING_ACTIONS.search(step.uses.lower()):
            line, found = line_of(step.body, "uses"), f"{step.action} replaces text in files"
            yield LESSON.finding(step.path, line, found)


def _replaces(command: Command) -> str:
    """How a command configures by replacing text."""
    words = command.words[1:]
    if command.program == "envsubst" and command.writes:
        return f"fills variables into {command.writes[0]}"
    if command.program in ("sed", "gsed", "perl"):
        if any(PLACEHOLDER.search(word) for word in words):
            return "replaces a placeholder"
        in_place = r"-i.*|--in-place.*|-[nErsz]+i.*" if "sed" in command.program else r"-[a-z0]*i.*"
        if any(re.fullmatch(in_place, word) for word in words):
            return "" if words[-1].endswith(NOT_CONFIGURATION) else f"replaces text in {words[-1]}"
    return ""


@LESSON.check
def no_placeholder_is_left(service: Service) -> Iterator[Finding]:
    """Nothing that is deployed, or decides how, has a word that somebody was to replace."""
    for path, text, line in _deployed_texts(service):
        if found := PLACEHOLDER.search(text):
            yield LESSON.finding(path, line, f"{found[0]} is still to be filled in")


def _deployed_texts(service: Service) -> Iterator[tuple[str, str, int]]:
    """The texts of what is deployed and of what deploys, without comments and documents."""
    for path in (TEMPLATE, INFRA):
        yield from ((path, text, line) for text, line in strings(service.cloudformation(path)))
    for path, workflow in service.workflows.items():
        for key, text, line in leaves(workflow):
            if key != "run":
                yield path, text, line
    for path, command in all_commands(service):
        # Replacing one is told above.
        if not _replaces(command):
            yield path, " ".join([*command.words, *command.variables.values()]), command.line
    for environment, command_name, name, value in settings_in(service):
        line = line_of_setting(service, f"{environment}.{command_name}.parameters", name)
        yield SAMCONFIG, str(value), line
    for module in (*service.modules("src"), *service.modules("scripts")):
        yield from _texts_of(module)
    for path in service.files_in("src"):
        if not path.endswith((".py", ".md")):
            yield from _lines_of(service, path)


def _texts_of(module: Module) -> Iterator[tuple[str, str, int]]:
    """The texts of a module, but for what it says of itself, and what it compares with."""
    silent: set[int] = set()
    for statement in module.nodes(ast.Expr):
        silent.add(id(statement.value))
    for compared in module.nodes(ast.Compare):
        silent |= {id(each) for each in ast.walk(compared)}
    for text in module.nodes(ast.Constant):
        if isinstance(text.value, str) and id(text) not in silent:
            yield module.path, text.value, text.lineno


def _lines_of(service: Service, path: str) -> Iterator[tuple[str, str, int]]:
    try:
        lines = (service.root / path).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):  # a picture, a font
        return
    for number, line in enumerate(lines, 1):
        if not line.lstrip().startswith("#"):
            yield path, line, number
