"""What git knows of the service, and brings back."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

from kit.errors import KitError
from kit.layout import ROOT


def git(*arguments: str, stdin: bytes = b"") -> str:
    """What git prints, without the user's hooks; KitError when it fails."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, input=stdin)
    if done.returncode:
        raise KitError(f"git {arguments[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout.decode()


def tracked(*paths: str) -> list[str]:
    """The files that git has, of all or below these paths."""
    return [path for path in git("ls-files", "-z", "--", *paths).split("\0") if path]


def conflicts() -> list[str]:
    """The files in which conflicts are left."""
    entries = git("ls-files", "-u", "-z").split("\0")
    return sorted({entry.split("\t")[1] for entry in entries if entry})


def mark_conflict(path: str, *versions: bytes) -> None:
    """Let git's index have a file as after a conflict in `git merge`.

    Args:
        versions: the base, the user's and the template's.
    """
    mode = git("ls-files", "--stage", "--", path).split()[0]
    name = git("ls-files", "--full-name", "--", path).strip()
    entries = [f"0 {'0' * 40}\t{name}"]
    for stage, version in enumerate(versions, 1):
        blob = git("hash-object", "-w", "--stdin", stdin=version).strip()
        entries.append(f"{mode} {blob} {stage}\t{name}")
    git("update-index", "--index-info", stdin="\n".join(entries).encode())


def need_clean_tree() -> None:
    """KitError unless git has everything that is here."""
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD")
    except KitError as error:
        raise KitError(
            "This service is in no git repository, or nothing is committed yet.",
            "git shows what a command changes, and can revert it. So first:",
            "git init && git add --all && git commit",
        ) from error
    changed = git("status", "--porcelain", "--untracked-files=normal").splitlines()
    if changed:
        raise KitError(
            "There are changes that are not committed:",
            *changed[:10],
            *(["…"] if len(changed) > 10 else []),
            "Mixed with the template's, nobody could tell them apart, and git could not restore",
            "them. Commit or stash them first.",
        )


@contextlib.contextmanager
def all_or_nothing(moves: dict[str, str]) -> Iterator[None]:
    """Stage what is done inside; after any exception, restore what was committed.

    Args:
        moves: folders that are moved inside: old path → new path.
    """
    try:
        yield
        kept = [f":(exclude){path}" for path in conflicts()]
        git("add", "--all", "--", ".", *kept)
    except BaseException:
        for old, new in moves.items():
            if (ROOT / new).exists() and not (ROOT / old).exists():
                (ROOT / new).rename(ROOT / old)
        git("reset", "--hard", "--quiet")
        git("clean", "--force", "--quiet", "-d", "--", ".")
        raise


def remove_empty(folder: str) -> None:
    """Remove a folder with nothing in it but Python's caches and empty folders."""
    for cache in [*(ROOT / folder).rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)
    for path in [*sorted((ROOT / folder).rglob("*"), reverse=True), ROOT / folder]:
        with contextlib.suppress(OSError):  # a file, or a folder that is not empty
            path.rmdir()
