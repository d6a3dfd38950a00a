"""STR-08: Each function has a README with its purpose, trigger, input and output with examples,
variables, dependencies and how to run it locally; its variables are those that `template.yaml`
passes.

Why: Nobody could operate functions without documents, and tables that were out of date were worse
than none.

Here: `src/<package>/<function>/README.md`.

Fix: Let the README have each of these sections, and its table of variables what `template.yaml`
passes, Globals included, and nothing else.

Defended by: gate.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from kit.gate.findings import Finding
from kit.gate.folders import branches, folder_of
from kit.gate.lesson import Lesson
from kit.gate.parsers import Section
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# What a README tells, and words by one of which the title of that section is known.
TOLD = {
    "what triggers it": {
        *(
            "call",
            "called",
            "endpoint",
            "endpoints",
            "event",
            "events",
            "invocation",
            "invoked",
            "route",
            "routes",
        ),
        *("schedule", "source", "sources", "trigger", "triggered", "triggers"),
    },
    "its input and output": {
        *("answer", "answers", "example", "examples", "input", "inputs", "output", "outputs"),
        *("payload", "payloads", "request", "requests", "response", "responses", "usage"),
    },
    "its environment variables": {"configuration", "environment", "settings", "variables"},
    "its dependencies": {
        *("dependencies", "depends", "libraries", "needs", "permissions", "requirements", "uses"),
    },
    "how to run it locally": {"develop", "developing", "development", "local", "locally", "run"},
}


# How the READMEs that the template writes call these sections.
TITLES = {
    "what triggers it": "Trigger",
    "its input and output": "Input and output",
    "its environment variables": "Environment variables",
    "its dependencies": "Dependencies",
    "how to run it locally": "Locally",
}


VARIABLES = "its environment variables"


EXAMPLES = "its input and output"


# Lambda sets these itself; a README may explain them.
OF_LAMBDA = ("AWS_", "LAMBDA_", "_")


VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]+")


def _functions(service: Service) -> Iterator[tuple[str, str, tuple[Section, ...]]]:
    """The folder of each function, its README's path and sections. Without a README: STR-03."""
    for folder in service.function_folders:
        path = f"{folder}/README.md"
        if path in service.files and service.has(f"{folder}/lambda_pkg"):
            yield folder, path, service.document(path)


def _below(sections: Sequence[Section], place: int) -> list[Section]:
    """A section with those below it."""
    found = [sections[place]]
    for each in sections[place + 1 :]:
        if each.level <= sections[place].level:
            break
        found.append(each)
    return found


def _about(sections: Sequence[Section], what: str) -> list[Section]:
    """The sections that tell something, with those below them."""
    return [
        section
        for place, each in enumerate(sections)
        if each.level > 1 and TOLD[what] & set(re.findall(r"\w+", each.title.lower()))
        for section in _below(sections, place)
    ]


@LESSON.check
def readmes_tell_all(service: Service) -> Iterator[Finding]:
    """Each README says what its function is for, and has each section with something in it."""
    for folder, path, sections in _functions(service):
        first = [each for each in sections if each.level <= 1]
        if not any(text.strip() for each in first for text in each.text) and not any(
            re.search(r"(?i)purpose|overview|about|what", each.title) and not each.is_empty
            for each in sections
        ):
            found = "does not say below its title what the function is for"
            fix = "Write in a sentence or two below the title what the function is for."
            yield LESSON.finding(path, 1, found, fix=fix)
        for what in TOLD:
            about = _about(sections, what)
            if not about:
                titles = ", ".join(f"“{each.title}”" for each in sections if each.level > 1)
                found = f"has no section on {what}" + (f", but these: {titles}" if titles else "")
                fix = f"Write the section `## {TITLES[what]}`."
                yield LESSON.finding(path, 0, found, fix=fix)
            elif all(each.is_empty for each in about):
                found = f"says nothing on {what}: “{about[0].title}” is empty"
                fix = f"Write {what} into “{about[0].title}”."
                yield LESSON.finding(path, about[0].line, found, fix=fix)
            elif what == EXAMPLES and not _has_example(folder, about):
                found = f"has no example of {what} in “{about[0].title}”"
                events = f"events/{PurePosixPath(folder).name}/"
                fix = f"Show an example in a block of code, or link to one in `{events}`."
                yield LESSON.finding(path, about[0].line, found, fix=fix)


def _has_example(folder: str, sections: list[Section]) -> bool:
    """Whether there is a block of code, or where one is: the events in events/<function>."""
    events = f"events/{PurePosixPath(folder).name}"
    return any(
        each.fences or any(events in text for text in [*each.code, *each.links])
        for each in sections
    )


@LESSON.check
def variables_are_those_passed(service: Service) -> Iterator[Finding]:
    """A README's variables are what template.yaml passes, by the function itself or Globals."""
    for folder, path, sections in _functions(service):
        functions = [each for each in service.functions if folder_of(each) == folder]
        about = _about(sections, VARIABLES)
        if not functions or not about:
            continue
        passed = {
            str(name)
            for function in functions
            for variables in branches(function.get("Environment", "Variables"))
            if isinstance(variables, dict)
            for name in variables
        }
        listed = _listed(about, passed)
        owner = functions[0].logical_id
        for name in sorted(passed - listed.keys()):
            found = f"does not list `{name}`, which `template.yaml` passes to `{owner}`"
            fix = f"Add `{name}` to the table in “{about[0].title}”."
            yield LESSON.finding(path, about[0].line, found, fix=fix)
        for name in sorted(listed.keys() - passed):
            if not name.startswith(OF_LAMBDA):
                found = f"lists `{name}`, which `template.yaml` does not pass to `{owner}`"
                fix = f"Take `{name}` out of “{about[0].title}”, or pass it to `{owner}`."
                yield LESSON.finding(path, listed[name], found, fix=fix)


def _listed(sections: list[Section], passed: set[str]) -> dict[str, int]:
    """The variables in the first cells of tables; without any, those in `backticks`."""
    cells = [(row.cells[0], row.line) for each in sections for row in each.rows if row.cells]
    cells = cells or [(text, each.line) for each in sections for text in each.code]
    return {
        word: line
        for cell, line in cells
        for word in re.findall(r"\w+", cell)
        if word in passed or VARIABLE.fullmatch(word)
    }
