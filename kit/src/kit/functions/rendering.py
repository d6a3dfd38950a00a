"""The service as the template renders it."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit.errors import KitError
from kit.layout import ANSWERS, ROOT

from .service import answers

# What git must not take from its user's configuration while Copier calls it.
PLAIN_GIT = {
    "apply.whitespace": "nowarn",
    "commit.gpgSign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "init.templateDir": "",
    "tag.gpgSign": "false",
}
# What Copier says of an answer that the template refuses.
REFUSAL = re.compile(r"(?:Validation error for question|Invalid choice for) '\w+': (.*)", re.DOTALL)


@contextlib.contextmanager
def _copier() -> Iterator[Any]:
    """Copier, to be called inside; KitError where it refuses an answer or can't get the template."""
    count = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    for number, (name, value) in enumerate(PLAIN_GIT.items(), count):
        os.environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    os.environ["GIT_CONFIG_COUNT"] = str(count + len(PLAIN_GIT))
    import copier  # not above: `list` does without; and it keeps the environment that it is imported in

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield copier
    except Exception as error:
        refusal = REFUSAL.match(str(error))
        if refusal:
            raise KitError(" ".join(refusal[1].split())) from error
        reasons = [line.strip(" |") for line in str(error).splitlines() if line.strip(" |")]
        source, version = answers()["_src_path"], answers()["_commit"]
        raise KitError(
            f"The template could not be rendered: {source}, version {version}.",
            *reasons[-3:],
            "Can you reach it from here, and does it have that version? If it has moved,",
            f"change _src_path in {ANSWERS} and commit that.",
        ) from error


def render(folder: Path, **changed: Any) -> None:
    """Render the service, with these answers changed, into a folder."""
    data = {name: value for name, value in answers().items() if not name.startswith("_")}
    with _copier() as copier:
        copier.run_copy(
            answers()["_src_path"],
            folder,
            data={**data, **changed},
            vcs_ref=answers()["_commit"],
            defaults=True,
            skip_tasks=True,
            quiet=True,
        )


@contextlib.contextmanager
def rendered(**changed: Any) -> Iterator[tuple[Path, Path]]:
    """The service, rendered with the answers that it has and with these changed."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        render(after, **changed)
        render(before)
        yield before, after


def update_to(version: str) -> None:
    """Let Copier merge a version of the template into this service, or the newest."""
    with _copier() as copier:
        copier.run_update(
            ROOT,
            vcs_ref=version or None,
            defaults=True,
            overwrite=True,
            unsafe=True,  # the template's own tasks and migrations
            quiet=True,
            # With fewer, git may take one alarm for another that looks like it.
            context_lines=100_000,
        )
