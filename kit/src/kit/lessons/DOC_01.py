"""DOC-01: Documents are in `docs/`: architecture, CI/CD, access, operations, decisions. Links lead
to all of them, and to what is there.

Why: Notes were scattered, and nobody found the one that mattered at night.

Here: `docs/README.md` lists them; the README of each function is beside its code, and linked.

Fix: Bring the document back, or move it to `docs/`, and list it in `docs/README.md`.

Defended by: gate.

See: docs/README.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Section
from kit.gate.pytest_config import TESTS_README
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)


# What must be told, and the names that a file or a folder may have for it.
TOLD = {
    "architecture": {"architecture"},
    "CI/CD": {"cicd", "ci", "pipeline", "pipelines"},
    "access": {"access"},
    "operations": {"operations", "runbook"},
    "decisions": {"decisions", "adr"},
}


SUFFIXES = (".md", ".rst", ".adoc")


# Documents of GitHub and of tools, and those that lie beside what they are about.
ELSEWHERE_TOO = {"contributing", "security", "support", "code_of_conduct", "governance", "license"}


ELSEWHERE_TOO |= {"changelog", "readme", "claude", "agents", "gemini", "codeowners", "notice"}


# Folders in which a document is no document: what the code reads, what tests and tools use.
NO_DOCUMENTS = (".github/", "events/", "tests/", "scripts/", ".claude/", ".cursor/")


INDEX = "docs/README.md"


@LESSON.check
def documents_are_there(service: Service) -> Iterator[Finding]:
    """docs/ has each document, and none of them is empty or unlisted."""
    for what, names in TOLD.items():
        found = [path for path in service.files_in("docs", ".md") if _told_by(path) in names]
        if not found:
            yield LESSON.finding("docs/", 0, f"has no document about {what}")
        elif all(_is_empty(service.document(path)) for path in found):
            yield LESSON.finding(found[0], 1, f"says nothing about {what}")
    if INDEX not in service.files:
        yield LESSON.finding(INDEX, 0, "is not there, and lists no document")
        return
    listed = _listed(service)
    for path in service.files_in("docs", ".md"):
        if path not in listed:
            yield LESSON.finding(path, 1, f"no way of links leads from {INDEX} to it")
    # README.md is where people begin; the table there may list the functions, too.
    listed |= _targets(service, "README.md") if "README.md" in service.files else set()
    for folder in service.function_folders:
        readme = f"{folder}/README.md"
        if readme in service.files and readme not in listed:
            fix = "Link it where the functions are listed: in README.md or docs/architecture.md."
            yield LESSON.finding(readme, 1, "no document links to it", fix=fix)


def _told_by(path: str) -> str:
    """What a document is about by its name: docs/ci-cd.md and docs/cicd/README.md are about cicd."""
    return re.sub(r"[^a-z]", "", path.split("/")[1].lower().removesuffix(".md"))


def _is_empty(sections: tuple[Section, ...]) -> bool:
    return all(each.is_empty for each in sections)


def _targets(service: Service, path: str) -> set[str]:
    return {target for target, _line in _links(service, path)}


def _links(service: Service, path: str) -> Iterator[tuple[str, int]]:
    """What a document links to in this service, with the lines of the links."""
    lines = service.text(path).splitlines()
    for section in service.document(path):
        for link in section.links:
            address = urlsplit(link)
            if address.scheme or address.netloc or not address.path:
                continue
            base = "" if address.path.startswith("/") else str(PurePosixPath(path).parent)
            target = os.path.normpath(os.path.join(base, unquote(address.path).lstrip("/")))
            written = (n for n, line in enumerate(lines, 1) if n >= section.line and link in line)
            yield target, next(written, section.line)


def _listed(service: Service) -> set[str]:
    """What one comes to from docs/README.md through documents of docs/."""
    found, ahead = {INDEX}, [INDEX]
    while ahead:
        for target in _targets(service, ahead.pop()):
            each = f"{target}/README.md" if f"{target}/README.md" in service.files else target
            if each not in found:
                found.add(each)
                if each.startswith("docs/") and each.endswith(".md") and each in service.files:
                    ahead.append(each)
    return found


@LESSON.check
def documents_are_in_one_place(service: Service) -> Iterator[Finding]:
    """No document lies alone somewhere."""
    for path in service.files_in("", *SUFFIXES):
        name = PurePosixPath(path)
        if path.startswith(("docs/", *NO_DOCUMENTS)) or "/lambda_pkg/" in path:
            continue
        if name.stem.lower().replace("-", "_") not in ELSEWHERE_TOO:
            fix = f"Move it to docs/, and list it in {INDEX}."
            yield LESSON.finding(path, 1, "is a document outside docs/", fix=fix)


@LESSON.check
def links_lead_somewhere(service: Service) -> Iterator[Finding]:
    """What documents link to is there. Missing READMEs are told by STR-08 and TST-03."""
    told_elsewhere = {TESTS_README, *(f"{folder}/README.md" for folder in service.function_folders)}
    for path in service.files_in("", ".md"):
        if (path.startswith(NO_DOCUMENTS) or "/lambda_pkg/" in path) and path != TESTS_README:
            continue
        for target, line in _links(service, path):
            # What is above the service may be there: it can be a folder of a larger repository.
            # What is in the kit is the template's.
            if target in told_elsewhere or target.startswith(("..", ".kit/")) or target == ".":
                continue
            if not service.has(target):
                fix = "Link to what is there, or bring it back."
                yield LESSON.finding(path, line, f"links to {target}, which is not there", fix=fix)
