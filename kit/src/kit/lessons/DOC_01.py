"""DOC-01: Documents are in `docs/`: architecture, CI/CD, access, operations, decisions. Links lead
to all of them, and to nothing that is missing.

Why: Notes were scattered, and nobody found the one that mattered at night.

Here: `docs/README.md` lists them; the README of each function is beside its code, and linked.

Fix: Restore the document, or move it to `docs/`, and list it in `docs/README.md`.

Defended by: gate.

See: docs/README.md.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from kit.gate.documents import links
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.gate.tested import TESTS_README

LESSON = Lesson.read(__doc__)

INDEX = "docs/README.md"
# The topics that docs/ must have, with the names that a file or folder may have for one.
TOPICS = {
    "architecture": ["architecture"],
    "CI/CD": ["cicd", "ci", "pipeline", "pipelines"],
    "access": ["access"],
    "operations": ["operations", "runbook"],
    "decisions": ["decisions", "adr"],
}
# Documents of GitHub and of tools, and those that lie beside what they are about.
ELSEWHERE = {
    *("agents", "changelog", "claude", "code_of_conduct", "codeowners", "contributing", "gemini"),
    *("governance", "license", "notice", "readme", "security", "support"),
}
# What the code, tests and tools read is no document.
NO_DOCUMENTS = re.compile(r"(\.github|\.claude|\.cursor|events|scripts|tests)/|.*/lambda_pkg/")


@LESSON.check
def documents_exist(service: Service) -> Iterator[Finding]:
    """docs/ has a document about each topic."""
    documents = service.files_in("docs", ".md")
    for topic, names in TOPICS.items():
        paths = [path for path in documents if _topic(path) in names]
        if not paths:
            fix = f"Write docs/{names[0]}.md, and list it in {INDEX}."
            yield LESSON.finding("docs/", 0, f"has no document about {topic}", fix=fix)
        elif all(section.is_empty for path in paths for section in service.document(path)):
            yield LESSON.finding(paths[0], 1, f"says nothing about {topic}", fix="Write it.")


def _topic(path: str) -> str:
    """docs/ci-cd.md and docs/cicd/README.md are about cicd."""
    return re.sub(r"[^a-z]", "", path.split("/")[1].lower().removesuffix(".md"))


@LESSON.check
def documents_are_linked(service: Service) -> Iterator[Finding]:
    """Links lead from docs/README.md to all documents, and to the READMEs of functions."""
    if INDEX not in service.files:
        fix = "Write it, with a link to each document in docs/."
        yield LESSON.finding(INDEX, 0, "is missing, and lists no document", fix=fix)
        return
    documents, linked = service.files_in("docs", ".md"), [INDEX]
    for path in linked:  # grows as documents are reached
        for target, _ in links(service, path):
            readme = f"{target}/README.md"
            document = readme if readme in service.files else target
            if document in documents and document not in linked:
                linked.append(document)
    for path in documents:
        if path not in linked:
            fix = f"List it in {INDEX}."
            yield LESSON.finding(path, 1, f"is not reached by links from {INDEX}", fix=fix)
    sources = filter(service.files.__contains__, ["README.md", *linked])
    targets = {target for path in sources for target, _ in links(service, path)}
    for folder in service.function_folders:
        readme = f"{folder}/README.md"
        if readme in service.files and readme not in targets:
            fix = "Link it where the functions are listed: in README.md or docs/architecture.md."
            yield LESSON.finding(readme, 1, "no document links to it", fix=fix)


@LESSON.check
def documents_are_in_one_place(service: Service) -> Iterator[Finding]:
    """No document lies outside docs/."""
    for path in service.files_in("", ".md", ".rst", ".adoc"):
        is_known = PurePosixPath(path).stem.lower().replace("-", "_") in ELSEWHERE
        if not is_known and not path.startswith("docs/") and not NO_DOCUMENTS.match(path):
            fix = f"Move it to docs/, and list it in {INDEX}."
            yield LESSON.finding(path, 1, "is a document outside docs/", fix=fix)


@LESSON.check
def links_lead_somewhere(service: Service) -> Iterator[Finding]:
    """The targets of links exist."""
    # Missing READMEs are for STR-03 and TST-03. What is above the service may be there: it can be a
    # folder of a larger repository. The kit is the template's.
    others = {".", TESTS_README, *(f"{folder}/README.md" for folder in service.function_folders)}
    for path in service.files_in("", ".md"):
        if NO_DOCUMENTS.match(path) and path != TESTS_README:
            continue
        for target, line in links(service, path):
            is_other = target in others or target.startswith(("..", ".kit/"))
            if not is_other and not service.has(target):
                fix = "Name a file that exists, or restore this one."
                message = f"refers to {target}, which does not exist"
                yield LESSON.finding(path, line, message, fix=fix)
