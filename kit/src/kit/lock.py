"""Pin what requirements.in files ask for, with hashes; `make lock` calls this.

A pin stays unless its requirements.in says otherwise, or it is to be upgraded. No release is taken
before its cooldown is over: what is malicious is mostly found in its first days.

All functions are tested in one environment, so they are resolved together before each gets its own
list.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.version import Version

from kit.pins import canonical, pins, requirements

ROOT = Path(__file__).resolve().parents[2]
UV = Path(sys.executable).with_name("uv")
# Dependabot reads the options in the head of a list.
OPTIONS = ("--universal", "--no-annotate", "--generate-hashes")


class LockError(Exception):
    """Why nothing can be pinned, and what to do about it."""


class Lock:
    """One run.

    Args:
        cooldown: how old a release has to be.
        upgrade: what uv shall not keep: --upgrade, --upgrade-package=NAME, or nothing.
    """

    def __init__(self, cooldown: str, upgrade: list[str]) -> None:
        self.options = ["--exclude-newer", cooldown, *upgrade]

    def pin(self, output: Path, sources: list[str], *options: object) -> None:
        """Write a list.

        A pin may be younger than the cooldown, after a security update: that it is filtered out
        is no reason to go back to the release before.
        """
        before = output.read_text("utf-8") if output.exists() else ""
        self._compile(output, sources, *options)
        old, new = pins(before), pins(output.read_text("utf-8"))
        lower = [
            name for name in old.keys() & new.keys() if _newest(new[name]) < _newest(old[name])
        ]
        if lower:
            self.options += [f"--exclude-newer-package={name}=false" for name in sorted(lower)]
            output.write_text(before, "utf-8")
            self._compile(output, sources, *options)

    def _compile(self, output: Path, sources: list[str], *options: object) -> None:
        command = [UV, "pip", "compile", "--quiet", "--python", sys.executable, *OPTIONS]
        command += ["--custom-compile-command", " ".join(("uv pip compile", *OPTIONS))]
        command += [*self.options, *options, *sources, "--output-file", output]
        done = subprocess.run(
            [str(each) for each in command], cwd=ROOT, capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            raise LockError("\n".join([done.stderr.strip(), *_advice(done.stderr, sources)]))


def _newest(versions: set[str]) -> Version:
    return max(map(Version, versions))


def _advice(problem: str, sources: list[str]) -> list[str]:
    """Which file asks for what, of the packages that uv speaks of; and how to go on."""
    if "unsatisfiable" not in problem:
        return []
    told = {canonical(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", problem)}
    asked = [
        f"  {source} asks for {line}"
        for source in sources
        for line in requirements((ROOT / source).read_text("utf-8"))
        if canonical(re.split(r"[^\w.-]", line)[0]) in told
    ]
    if "exclude-newer" in problem:
        asked.append("  For a release that can't wait: make lock PACKAGE=NAME COOLDOWN='0 days'")
    elif len(sources) > 1:
        asked.append("  All functions are tested in one environment: they must agree on a version.")
    return asked


def lock(root: Path, cooldown: str, upgrade: list[str]) -> None:
    """Pin the functions' requirements, then the tools'."""
    functions = sorted(
        each.relative_to(root).as_posix() for each in root.glob("src/*/*/requirements.in")
    )
    run = Lock(cooldown, upgrade)
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder, "together.txt")
        lists = [root / each.replace(".in", ".txt") for each in functions]
        text = "\n".join(each.read_text("utf-8") for each in lists if each.exists())
        together.write_text(text, "utf-8")
        if functions:
            run.pin(together, functions)
        for source in functions:
            run.pin(root / source.replace(".in", ".txt"), [source], "--constraint", together)
    # The development tools first: others are to have the same versions.
    tools = sorted(
        root.glob("requirements-*.in"), key=lambda each: (each.stem != "requirements-dev", each)
    )
    for each in tools:
        run.pin(each.with_suffix(".txt"), [each.name])


def upgrades(root: Path, package: str | None, everything: bool) -> list[str]:
    """What uv is asked to upgrade.

    Raises:
        LockError: nothing here pins that package.
    """
    if package is None:
        return ["--upgrade"] if everything else []
    lists = [*root.glob("src/*/*/requirements.txt"), *root.glob("requirements-*.txt")]
    known = {name for each in lists for name in pins(each.read_text("utf-8"))}
    if canonical(package) not in known:
        raise LockError(
            f'No requirements.txt here pins "{package}".\n'
            "  A new one goes into the requirements.in of the function that imports it, then: make lock"
        )
    return [f"--upgrade-package={canonical(package)}"]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make lock", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions of all")
    parser.add_argument("--package", help="take the newest version of this one")
    parser.add_argument("--cooldown", default="7 days", help="how old a release has to be: 7 days")
    given = parser.parse_args(arguments)
    try:
        if not re.fullmatch(r"\d+ (hour|day|week)s?", given.cooldown):
            raise LockError(f'COOLDOWN is "{given.cooldown}", and no time such as "7 days".')
        lock(ROOT, given.cooldown, upgrades(ROOT, given.package, given.upgrade))
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
