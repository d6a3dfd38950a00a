"""DOC-02: The picture of the architecture shows what is declared.

Why: The picture on the wall was of last year.

Here: The picture in `README.md`, made from the same answers as `template.yaml`.

Fix: Let the picture have every function by its name, and nothing that `template.yaml` does not
declare.

Defended by: gate.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Fence
from kit.gate.service import Service, bring_back

LESSON = Lesson.read(__doc__)


# Functions of the template that watch over the others: no request and no event of the service passes
# them. The questions let no other function have their names.
NOT_DRAWN = {"traffic_check", "chat_notifier"}


PICTURES = ("README.md", "docs/architecture.md")


# A node with its text, as Mermaid writes them: fn_app["app"], table[("DynamoDB table")], topic>"topic"].
NODE = re.compile(r"""\b(\w+)(?:\[|\(|>|\{)[\[\](){}\\/]*"?([^"\[\](){}]*)""")


# Nodes of the template's picture that stand for resources; those of one function have its name: queue_worker.
DRAWN = {
    "api": ("AWS::Serverless::HttpApi", "AWS::Serverless::Api", "AWS::ApiGateway"),
    "bus": ("AWS::Events::EventBus",),
    "table": ("AWS::DynamoDB::",),
    "queue": ("AWS::SQS::Queue",),
    "bucket": ("AWS::S3::Bucket",),
    "topic": ("AWS::SNS::Topic",),
}


@LESSON.check
def the_picture_is_true(service: Service) -> Iterator[Finding]:
    """The picture has each function of template.yaml, and nothing that is not declared."""
    pictures = [
        (path, fence)
        for path in PICTURES
        if path in service.files
        for section in service.document(path)
        for fence in section.fences
        if fence.language.split()[:1] == ["mermaid"]
    ]
    if not pictures:
        is_there = PICTURES[0] in service.files
        found = "has no picture of the architecture (```mermaid)" if is_there else "is not there"
        fix = f"Draw the picture in a block ```mermaid in `{PICTURES[0]}` or `{PICTURES[1]}`."
        if not is_there:
            fix = bring_back(PICTURES[0])
        yield LESSON.finding(PICTURES[0], 1 if is_there else 0, found, fix=fix)
        return
    path, first = pictures[0]
    places: dict[tuple[str, str], tuple[str, int]] = {}
    for each, fence in pictures:
        for place in _nodes(fence):
            places.setdefault(place[:2], (each, place[2]))
    drawn = {_plain(part) for node in places for part in node}
    names = {
        each.name: each for each in service.functions if each.folder in service.function_folders
    }
    for name, function in names.items():
        wanted = {_plain(name), _plain(f"fn_{name}"), _plain(function.logical_id)}
        if name not in NOT_DRAWN and not wanted & drawn:
            found = f"the picture lacks the function `{name}`"
            yield LESSON.finding(path, first.line, found)
    # A function whose CodeUri is wrong is there all the same: STR-01 and STR-06 tell.
    known = {_plain(folder.rpartition("/")[2]) for folder in service.function_folders}
    known |= {_plain(each.logical_id) for each in service.functions}
    for (node, text), (path, line) in sorted(places.items()):
        if node.startswith("fn_") and not {_plain(node.removeprefix("fn_")), _plain(text)} & known:
            found = f"the picture has the function `{text or node}`, which `template.yaml` does not declare"
            yield LESSON.finding(path, line, found)
        kind, _, of_function = node.partition("_")
        if (
            kind in DRAWN
            and of_function in ("", *names)
            and not any(each.type.startswith(DRAWN[kind]) for each in service.resources.values())
        ):
            found = f"the picture has `{text or node}`, and `template.yaml` declares nothing of the kind"
            yield LESSON.finding(path, line, found)


def _nodes(picture: Fence) -> Iterator[tuple[str, str, int]]:
    """The nodes of a picture: their names, their texts and their lines."""
    for number, line in enumerate(picture.content.splitlines(), picture.line + 1):
        if not line.lstrip().startswith("%%"):
            yield from ((name, text, number) for name, text in NODE.findall(line))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
