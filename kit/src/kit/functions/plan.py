"""What the difference between two renders makes of the files here: first as a plan, then carried out."""

from __future__ import annotations

import difflib
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from kit.errors import KitError
from kit.layout import ANSWERS, ROOT, TEMPLATE

from .git import conflicts, git, mark_conflict, remove_empty, tracked
from .lines import Line, key, located, with_commas
from .merging import Merge, changes, merge
from .proof import need_everything_in_place
from .service import content, files, user_paths


@dataclass
class Plan:
    """Paths with what becomes of them."""

    files: dict[str, bytes | None] = field(default_factory=dict)  # None: the file goes
    conflicts: dict[str, tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)  # edits of lines that the template removed
    by_hand: dict[str, list[str]] = field(default_factory=dict)  # what a user's file lacks

    def leave(self, folders: list[str]) -> bool:
        """Leave folders as they are, if a file in them needs changes by hand; whether it does."""
        inside = tuple(f"{folder}/" for folder in folders)
        if not any(path.startswith(inside) for path in self.by_hand):
            return False
        for paths in (self.files, self.by_hand):
            for path in [path for path in paths if path.startswith(inside)]:
                del paths[path]
        return True


def plan(
    before: Path,
    after: Path,
    offer: bool = False,
    removing: bool = False,
    gone: frozenset[str] = frozenset(),
) -> Plan:
    """What to do with each file; nothing is touched yet. KitError where something of the user's would
    be lost or be in another place.

    Args:
        before: the service, rendered with its answers.
        after: the same with other answers.
        offer: whether files that are the user's change too, where the change fits.
        removing: whether edits of lines that the template removes go with them.
        gone: logical ids that go with all that was changed in them.
    """
    result = Plan()
    known, own = {*tracked()}, user_paths()
    in_the_way, edited = [], []
    for path in sorted(files(before) | files(after)):
        base, mine, theirs = (content(root / path) for root in (before, ROOT, after))
        if base == theirs:
            continue
        if path.startswith(own):
            if offer and path != "CHANGELOG.md":
                _offer(result, path, base, mine, theirs)
        elif base is not None and path not in known:
            continue  # its user deleted it
        elif mine == base or path == ANSWERS:
            result.files[path] = theirs
        elif base is None:
            in_the_way += [path] if mine != theirs or path not in known else []
        elif theirs is None:
            edited.append(path)
        elif mine is not None and mine != theirs:
            merged = _merge(path, base, mine, theirs, removing, gone)
            result.files[path] = _encoded(merged)
            result.dropped += [f"{path}: {line.text.strip()}" for line in merged.dropped]
            if merged.conflicts:
                result.conflicts[path] = base, mine, theirs
    if in_the_way:
        raise KitError(
            "The template brings files that exist already, and are not the template's:",
            *in_the_way,
            "Rename or delete yours, commit that, and try again.",
        )
    if edited:
        raise KitError(
            "These files would be deleted, and have changes of yours:",
            *edited,
            "Move what you need elsewhere, delete them with git rm, commit that, and try again.",
        )
    return result


def _offer(
    result: Plan, path: str, base: bytes | None, mine: bytes | None, theirs: bytes | None
) -> None:
    """Change a file that is the user's where the change fits. Otherwise it stays as it is."""
    if mine == theirs:
        return
    if mine == base:
        result.files[path] = theirs
        return
    if base is not None and mine is not None and theirs is not None:
        try:
            merged = _merge(path, base, mine, theirs)
        except KitError:
            merged = Merge(conflicts=1)
        if not merged.conflicts:
            result.files[path] = _encoded(merged)
            return
    was, becomes = [(text or b"").decode(errors="replace").splitlines() for text in (base, theirs)]
    differences = difflib.unified_diff(was, becomes, n=0, lineterm="")
    result.by_hand[path] = [line for line in differences if not re.match(r"---|\+\+\+|@@", line)]


def _merge(
    path: str,
    base: bytes,
    mine: bytes,
    theirs: bytes,
    removing: bool = False,
    gone: frozenset[str] = frozenset(),
) -> Merge:
    """Merge one file. KitError where an edit would end up somewhere else."""

    def lines(text: bytes) -> list[Line]:
        all_lines = located(_decoded(text), path)
        if path != TEMPLATE:
            return all_lines
        return [line for line in all_lines if not gone & {*line.place[1:2], key(line.text)}]

    sides = lines(base), lines(mine), lines(theirs)
    own, new = changes(sides[0], sides[1]), changes(sides[0], sides[2])
    merged = merge(sides[0], own, new, path, removing)
    if not merged.conflicts:
        merged.lines = located(with_commas(merged.text), path)
        need_everything_in_place(path, sides, merged, _decoded(mine), removing)
    return merged


def need_places_after_update(before: Path, mine: dict[str, bytes], after: Path) -> None:
    """KitError where Copier, in an update, put an edit of the user's into another place.

    Args:
        before: the service as the old version rendered it.
        mine: the user's files before the update.
        after: the service as the new version renders it.
    """
    own = (*user_paths(), *conflicts(), ANSWERS)
    for path in sorted(mine.keys() & files(before) & files(after)):
        base, theirs, merged = (content(root / path) or b"" for root in (before, after, ROOT))
        if path.startswith(own) or base == theirs or mine[path] in (base, theirs):
            continue
        base_lines, own_lines, new_lines, merged_lines = (
            located(_decoded(text), path) for text in (base, mine[path], theirs, merged)
        )
        sides = base_lines, own_lines, new_lines
        need_everything_in_place(path, sides, Merge(merged_lines), _decoded(mine[path]))


def _decoded(text: bytes) -> str:
    return text.decode(errors="surrogateescape")


def _encoded(merged: Merge) -> bytes:
    return merged.text.encode(errors="surrogateescape")


def carry_out(plan: Plan, modes: Path) -> None:
    """Write what is planned, and stage it.

    Args:
        modes: a render from which new files get their permissions.
    """
    for path, text in plan.files.items():
        if text is None:
            (ROOT / path).unlink(missing_ok=True)
            remove_empty(os.path.dirname(path))
            continue
        is_new = not (ROOT / path).exists()
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(text)
        if is_new:
            shutil.copymode(modes / path, ROOT / path)
    written = [path for path, text in plan.files.items() if text is not None]
    if written:  # --force: also what the user lets git ignore everywhere
        git("add", "--force", "--", *written)
    for path, versions in plan.conflicts.items():
        mark_conflict(path, *versions)
