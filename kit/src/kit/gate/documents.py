"""What the Markdown documents of a service say."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from .parsers import Section
from .service import Service

EVENT_FILE = re.compile(r"(?<![\w/.])events/[\w./-]+\.json\b")


def chapter(sections: Sequence[Section], title: Section) -> list[Section]:
    """A section with all sections below it."""
    start = sections.index(title)
    inner = [title]
    for section in sections[start + 1 :]:
        if section.level <= title.level:
            break
        inner.append(section)
    return inner


def links(service: Service, path: str) -> Iterator[tuple[str, int]]:
    """The paths in the service that a document refers to, with the lines: by links, and by the
    names of example events."""
    lines = list(enumerate(service.text(path).splitlines(), 1))
    for number, text in lines:
        yield from ((name, number) for name in EVENT_FILE.findall(text) if "events/" in text)
    for section in service.document(path):
        for link in section.links:
            address = urlsplit(link)
            if address.scheme or address.netloc or not address.path:
                continue
            base = "" if address.path.startswith("/") else PurePosixPath(path).parent
            target = os.path.normpath(os.path.join(base, unquote(address.path).lstrip("/")))
            line = next((n for n, text in lines[section.line - 1 :] if link in text), section.line)
            yield target, line
