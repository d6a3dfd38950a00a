"""What changes with the name of a function: paths, logical ids, names in AWS, imports."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from kit.errors import KitError
from kit.layout import ROOT, TEMPLATE

from .git import tracked
from .lines import located
from .merging import changes, merge, name_changes
from .service import Function, answers, functions, new_ids, package, text


def renamed_texts(
    old: Function, new: Function, moves: dict[str, str], before: Path, after: Path
) -> dict[str, str]:
    """The files that change: the path that each has afterwards, and its text.

    Args:
        moves: the folders that are moved: old path → new path.
        before: the service, rendered with the old name.
        after: the same with the new name.
    """
    changed = {}
    patterns = [*_patterns(old, new, before, after)]
    for path in tracked():
        target = _moved(path, moves)
        mine, base, theirs = text(ROOT / path), text(before / path), text(after / target)
        if mine is None:
            continue
        result = mine
        if base is not None and theirs is not None and base != theirs:
            sides = [located(version, path) for version in (base, mine, theirs)]
            names = name_changes(sides[0], sides[2])
            own = changes(sides[0], sides[1])
            result = merge(sides[0], own, names, path, renaming=True).text
        if path != "CHANGELOG.md":  # what it says of the past stays true
            rendered = {*(theirs or "").splitlines(keepends=True)}
            result = "".join(
                line if line in rendered else _with_new_name(line, patterns)
                for line in result.splitlines(keepends=True)
            )
        if result != mine:
            changed[target] = result
    return changed


def _moved(path: str, moves: dict[str, str]) -> str:
    for source, target in moves.items():
        if path.startswith(f"{source}/"):
            return target + path.removeprefix(source)
    return path


def _patterns(old: Function, new: Function, before: Path, after: Path) -> Iterator[tuple[str, str]]:
    """How the user's own lines follow: what is replaced, and by what."""
    for suffix in _suffixes(old, before):
        stage = r"-(?:\$[{]|<env>|dev\b|prod\b)"
        service = re.escape(answers()["service_name"])
        yield rf"(?<![\w-])({service}-){old.kebab}(?={suffix}{stage})", rf"\g<1>{new.kebab}"
    yield (
        rf"(?<![\w.])({package()}\.){old.name}(?=\.lambda_pkg\b| import\b)",
        rf"\g<1>{new.name}",
    )
    slash = r"""(?:/|["'] ?/ ?["'])"""  # also "events" / "app", as in the tests
    parents = (
        rf"src{slash}{package()}",
        rf"tests{slash}(?:unit|integration)",
        r"(?<![\w./-])(?:\.\.?/)*events",
    )
    yield rf"(?<![\w-])((?:{'|'.join(parents)}){slash}){old.name}(?![\w-])", rf"\g<1>{new.name}"
    for logical_id in new_ids(after, before):
        # SAM makes more resources of a function, such as AppFunctionRole.
        end = r"(?![a-z])" if logical_id == f"{old.pascal}Function" else r"\b"
        yield rf"\b{logical_id}{end}", new.pascal + logical_id.removeprefix(old.pascal)


def _suffixes(old: Function, service: Path) -> set[str]:
    """What follows a function's name in the names of its resources in AWS: -dead-letters."""
    template = (service / TEMPLATE).read_text("utf-8")
    name = re.escape(f"{answers()['service_name']}-{old.kebab}")
    others = [function.kebab for function in functions() if function != old]
    return {
        suffix
        for suffix in re.findall(rf"(?<![\w-]){name}((?:-[a-z0-9]+)*)-\$", template)
        if not any(f"{old.kebab}{suffix}-".startswith(f"{other}-") for other in others)
    }


def _with_new_name(line: str, patterns: list[tuple[str, str]]) -> str:
    for pattern, replacement in patterns:
        line = re.sub(pattern, replacement, line)
    return line


def aws_names(old: Function, known: list[Function]) -> str:
    """A pattern of the names that resources of a function have in AWS, and no others': orders-app is
    not in orders-app-admin, where there is a function app_admin."""
    longer = [function.kebab.removeprefix(old.kebab) for function in known]
    others = "".join(rf"(?!{re.escape(end)}(?!\w))" for end in longer if end.startswith("-"))
    name = re.escape(f"{answers()['service_name']}-{old.kebab}")
    return rf"(?<![\w-]){name}(?!\w){others}"


def need_new_names(old: Function, known: list[Function], template: str, ids: set[str]) -> None:
    """KitError where a resource keeps the old name in AWS.

    Args:
        old: the function with its old name.
        known: the functions with the new name.
        template: template.yaml after the rename.
        ids: the logical ids that the rename brings.
    """
    pattern = aws_names(old, known)
    left = [
        f"{TEMPLATE}:{number}: {line.text.strip()}"
        for number, line in enumerate(located(template, TEMPLATE), 1)
        if {*line.place[1:2]} & ids and not line.is_comment and re.search(pattern, line.text)
    ]
    if left:
        raise KitError(
            f"These names of {old.name} have changes of yours, and could not follow:",
            *left[:10],
            "Set them to what the template has, commit that, and try again.",
        )


def changed_paths(before: Path, after: Path) -> list[tuple[str, str]]:
    """The HTTP paths of a function before and after."""
    old, new = (
        re.findall(
            r"^ +Path: (/[^\s{]*[^\s{/])", (root / TEMPLATE).read_text("utf-8"), re.MULTILINE
        )
        for root in (before, after)
    )
    return sorted({pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]})


def reformat(paths: list[str]) -> None:
    """Format Python files: other names and lines make lines longer, and sort imports differently."""
    ruff = ROOT / ".venv" / "bin" / "ruff"
    if paths and ruff.exists():
        for arguments in (["check", "--select", "I", "--fix-only"], ["format"]):
            subprocess.run([ruff, *arguments, *paths], cwd=ROOT, capture_output=True)
