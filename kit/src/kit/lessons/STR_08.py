"""STR-08: Each function has a README with its purpose, trigger, input and output with examples,
variables, dependencies and how to run it locally. Its variables are those that `template.yaml`
passes; its examples are DOC-01's and DOC-02's.

Why: Nobody could operate functions without documents, and tables that were out of date were worse
than none.

Here: `src/<package>/<function>/README.md`.

Fix: Give the README each of these sections, and list in its table of variables what `template.yaml`
passes, Globals included, and nothing else.

Defended by: gate.
"""

import re
from collections.abc import Iterator

from kit.gate.documents import chapter
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Section
from kit.gate.service import Function, Service
from kit.gate.variables import is_known
from kit.layout import TEMPLATE

LESSON = Lesson.read(__doc__)

VARIABLES = "Environment variables"
EXAMPLES = "Input and output"
# The sections by the titles that the template's READMEs have, with words that others use.
SECTIONS = {
    "Trigger": r"trigger|events?\b|schedule|source|call|endpoint|route|invo",
    EXAMPLES: r"inputs?\b|output|request|response|answer|payload|example|usage",
    VARIABLES: r"variables|environment|configuration|settings",
    "Dependencies": r"depend|librar|needs|uses|permissions|requirements",
    "Locally": r"local|run\b|develop",
}
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+")
# Capitals of a paragraph that have no underscore are just a word.
IN_PROSE = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")
# Lambda sets these itself; a README may explain them.
OF_LAMBDA = ("AWS_", "LAMBDA_", "_")


@LESSON.check
def readmes_are_complete(service: Service) -> Iterator[Finding]:
    """Each README says what its function is for, and has each section with something in it."""
    for path, sections in _readmes(service):
        if not any(section.text for section in sections if section.level <= 1):
            fix = "Write in a sentence or two below the title what the function is for."
            message = "does not say below its title what the function is for"
            yield LESSON.finding(path, 1, message, fix=fix)
        for title in SECTIONS:
            about = _about(sections, title)
            if not about:
                fix = f"Write the section `## {title}`."
                yield LESSON.finding(path, 0, f"has no section like “{title}”", fix=fix)
            elif all(section.is_empty for section in about):
                message = f"has nothing in the section “{about[0].title}”"
                yield LESSON.finding(path, about[0].line, message, fix="Write it below its title.")
            elif title == EXAMPLES and not any(s.fences or s.links or s.code for s in about):
                fix = "Show an example in a block of code, or link to one in `events/`."
                message = f"has no example in the section “{about[0].title}”"
                yield LESSON.finding(path, about[0].line, message, fix=fix)


@LESSON.check
def variables_are_those_passed(service: Service) -> Iterator[Finding]:
    """A README lists the variables that template.yaml passes, and no others."""
    functions = _functions(service)
    for path, sections in _readmes(service):
        about = _about(sections, VARIABLES)
        if not about or path not in functions:
            continue
        function, title = functions[path].logical_id, about[0].title
        passed = {str(name) for name in functions[path].variables}
        listed = _listed(about, passed) | _strange(service, path, about)
        for name in sorted(passed - listed.keys()):
            message = f"does not list `{name}`, which `template.yaml` passes to `{function}`"
            fix = f"Add `{name}` to the table in “{title}”."
            yield LESSON.finding(path, about[0].line, message, fix=fix)
        for name in sorted(listed.keys() - passed):
            if not name.startswith(OF_LAMBDA):
                message = f"lists `{name}`, which `template.yaml` does not pass to `{function}`"
                fix = f"Delete `{name}` from “{title}”, or pass it to `{function}`."
                yield LESSON.finding(path, listed[name], message, fix=fix)


def _strange(service: Service, path: str, about: list[Section]) -> dict[str, int]:
    """What paragraphs call like a variable, and neither template.yaml nor the code knows."""
    files = (TEMPLATE, *service.files_in(path.removesuffix("/README.md"), ".py"))
    words = {word for s in about for text in s.text for word in IN_PROSE.findall(text)}
    return {
        word: service.line_with(path, word)
        for word in words
        if not is_known(word) and not any(word in service.text(file) for file in files)
    }


def _functions(service: Service) -> dict[str, Function]:
    """The functions of template.yaml by their READMEs."""
    return {f"{function.folder}/README.md": function for function in service.functions}


def _readmes(service: Service) -> Iterator[tuple[str, tuple[Section, ...]]]:
    """The READMEs of functions with their sections. A missing one is for STR-03."""
    for folder in service.function_folders:
        if f"{folder}/README.md" in service.files and service.has(f"{folder}/lambda_pkg"):
            yield f"{folder}/README.md", service.document(f"{folder}/README.md")


def _about(sections: tuple[Section, ...], title: str) -> list[Section]:
    """The sections whose titles are like that, with those below them."""
    words = re.compile(rf"\b(?:{SECTIONS[title]})", re.IGNORECASE)
    titles = [section for section in sections if section.level > 1 and words.search(section.title)]
    return [inner for section in titles for inner in chapter(sections, section)]


def _listed(sections: list[Section], passed: set[str]) -> dict[str, int]:
    """The variables in the first cells of tables, with their lines; without tables, in code."""
    texts = [(row.cells[0], row.line) for s in sections for row in s.rows]
    texts = texts or [(code, s.line) for s in sections for code in s.code]
    words = {word: line for text, line in texts for word in re.findall(r"\w+", text)}
    return {w: line for w, line in words.items() if w in passed or VARIABLE.fullmatch(w)}
