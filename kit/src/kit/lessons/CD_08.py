"""CD-08: Nothing is configured by replacing text in files; what needs a deployed value is made from
it, and no placeholder is left over.

Why: `YOUR_API_ENDPOINT_HERE` reached production.

Here: Values come from parameters, variables and outputs of the stack; `make preflight` and `make
lessons` look for words that somebody was to replace.

Fix: Take the value from the outputs of the stack or from a variable; delete the step that replaces
text, and fill in what is left.

Defended by: gate, preflight, deploy.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.commands import Command
from kit.gate.findings import BrokenFileError, Finding
from kit.gate.lesson import Lesson
from kit.gate.runs import all_commands, steps
from kit.gate.samconfig import SAMCONFIG
from kit.gate.service import Service
from kit.layout import INFRA, TEMPLATE
from kit.template import PLACEHOLDER, line_of

LESSON = Lesson.read(__doc__)

REPLACING_ACTIONS = re.compile(
    r"replace-tokens|find-(?:and-)?replace|variable-substitution|envsubst"
)
IN_PLACE = {
    "sed": re.compile(r"-[nErsz]*i.*|--in-place.*"),
    "gsed": re.compile(r"-[nErsz]*i.*|--in-place.*"),
    "perl": re.compile(r"-[a-z0]*i.*"),
    "yq": re.compile(r"-i|--inplace"),
}
READ = (
    "Delete this step or line. What needs the value reads it: an output of the stack, a parameter or"
    " a variable of its build."
)
# No configuration: a release writes its version there.
OTHER_FILES = (".md", "pyproject.toml")


@LESSON.check
def nothing_is_replaced_in_files(service: Service) -> Iterator[Finding]:
    for path, command in all_commands(service):
        if _replaces(command):
            message = f"`{command.text}` replaces text in files"
            yield LESSON.finding(path, command.line, message, fix=READ)
    for step in steps(service):
        if REPLACING_ACTIONS.search(step.uses.lower()):
            line, message = line_of(step.body, "uses"), f"{step.action} replaces text in files"
            yield LESSON.finding(step.path, line, message, fix=READ)


def _replaces(command: Command) -> bool:
    option = IN_PLACE.get(command.program)
    in_place = option and any(map(option.fullmatch, command.arguments))
    fills = command.program == "envsubst"
    return fills or (bool(in_place) and not command.words[-1].endswith(OTHER_FILES))


@LESSON.check
def no_placeholder_is_left(service: Service) -> Iterator[Finding]:
    """Nothing that is deployed, or decides how, has a word that somebody was to replace."""
    for path, line, text in _deployed_texts(service):
        if placeholder := PLACEHOLDER.search(text):
            fix = (
                f"Write the value in place of `{placeholder[0]}`, or read it from a variable or a"
                " parameter; delete the command that replaces it."
            )
            message = f"{placeholder[0]} is still to be filled in"
            yield LESSON.finding(path, line, message, fix=fix)


def _deployed_texts(service: Service) -> Iterator[tuple[str, int, str]]:
    """What is deployed and what deploys: the path, line and text, without comments and documents."""
    paths = [TEMPLATE, INFRA, SAMCONFIG, *service.workflows]
    paths += service.files_in("", "Makefile", ".mk", ".sh")
    paths += [p for p in service.files_in("src") if not p.endswith((".py", ".md"))]
    for path in paths:
        try:
            lines = service.text(path).splitlines()
        except BrokenFileError:  # a picture, a font
            continue
        yield from ((path, n, line) for n, line in enumerate(lines, 1) if line.lstrip()[:1] != "#")
    for module in (*service.modules("src"), *service.modules("scripts")):
        compared = {id(node) for test in module.nodes(ast.Compare) for node in ast.walk(test)}
        texts = (text for text in module.texts if id(text) not in compared)
        yield from ((module.path, text.lineno, str(text.value)) for text in texts)
