"""Pin what requirements.in files ask for, with hashes; `make lock` calls this.

A pin stays unless its requirements.in says otherwise, or it is to be upgraded. No release is taken
before its cooldown is over: most malicious releases are found in their first days.

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

from kit.errors import KitError
from kit.layout import ROOT
from kit.pins import canonical, pins, requirements

UV = Path(sys.executable).with_name("uv")
# Dependabot reads these options in the head of a list.
OPTIONS = ("--universal", "--no-annotate", "--generate-hashes")


def pin(output: Path, sources: list[str], options: list[str], *constraint: str) -> list[str]:
    """Write a list; the options for the next one.

    A pin may be younger than the cooldown, after a security update. That uv may not see its release
    now is no reason to downgrade, so the cooldown doesn't count for it.
    """
    before = output.read_text("utf-8") if output.exists() else ""
    _compile(output, sources, [*options, *constraint])
    old, new = pins(before), pins(output.read_text("utf-8"))
    lower = sorted(
        name for name in old.keys() & new.keys() if _newest(new[name]) < _newest(old[name])
    )
    if lower:
        options = [*options, *(f"--exclude-newer-package={name}=false" for name in lower)]
        output.write_text(before, "utf-8")
        _compile(output, sources, [*options, *constraint])
    return options


def _compile(output: Path, sources: list[str], options: list[str]) -> None:
    header = " ".join(("uv pip compile", *OPTIONS))
    command = [str(UV), "pip", "compile", "--quiet", "--python", sys.executable, *OPTIONS]
    command += [
        "--custom-compile-command",
        header,
        *options,
        *sources,
        "--output-file",
        str(output),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise KitError(done.stderr.strip(), *_advice(done.stderr, sources))


def _newest(versions: set[str]) -> Version:
    return max(map(Version, versions))


def _advice(problem: str, sources: list[str]) -> list[str]:
    """Which file asks for what, of the packages that uv mentions; and what to do."""
    if "unsatisfiable" not in problem:
        return []
    mentioned = {canonical(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", problem)}
    advice = [
        f"{source} asks for {line}"
        for source in sources
        for line in requirements((ROOT / source).read_text("utf-8"))
        if canonical(re.split(r"[^\w.-]", line)[0]) in mentioned
    ]
    if "exclude-newer" in problem:
        advice.append("For a release that can't wait: make lock PACKAGE=NAME COOLDOWN='0 days'")
    elif len(sources) > 1:
        advice.append("All functions are tested in one environment: they must agree on a version.")
    return advice


def lock(options: list[str]) -> None:
    """Pin the functions' requirements, then the tools'.

    Args:
        options: for uv: how old a release has to be, and what to upgrade.

    Raises:
        KitError: no versions satisfy what is asked for.
    """
    functions = sorted(ROOT.glob("src/*/*/requirements.in"))
    sources = [path.relative_to(ROOT).as_posix() for path in functions]
    with tempfile.TemporaryDirectory() as folder:
        together = Path(folder, "together.txt")
        lists = [path.with_suffix(".txt") for path in functions]
        text = "\n".join(path.read_text("utf-8") for path in lists if path.exists())
        together.write_text(text, "utf-8")
        if functions:
            options = pin(together, sources, options)
        for source, output in zip(sources, lists, strict=True):
            options = pin(output, [source], options, "--constraint", str(together))
    # The development tools first: others are to have the same versions.
    tools = ROOT.glob("requirements-*.in")
    for path in sorted(tools, key=lambda path: (path.stem != "requirements-dev", path)):
        options = pin(path.with_suffix(".txt"), [path.name], options)


def upgrades(package: str | None, everything: bool) -> list[str]:
    """The options with which uv upgrades a package, everything or nothing.

    Raises:
        KitError: nothing here pins that package.
    """
    if package is None:
        return ["--upgrade"] if everything else []
    lists = [*ROOT.glob("src/*/*/requirements.txt"), *ROOT.glob("requirements-*.txt")]
    known = {name for path in lists for name in pins(path.read_text("utf-8"))}
    if canonical(package) not in known:
        raise KitError(
            f'No requirements.txt here pins "{package}".',
            "Add a new one to the requirements.in of the function that imports it, then: make lock",
        )
    return [f"--upgrade-package={canonical(package)}"]


def main() -> int:
    """Run `make lock`; 1 when nothing can be pinned."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions of all")
    parser.add_argument("--package", help="take the newest version of this one")
    parser.add_argument("--cooldown", default="7 days", help="how old a release has to be: 7 days")
    options = parser.parse_args()
    try:
        if not re.fullmatch(r"\d+ (hour|day|week)s?", options.cooldown):
            raise KitError(f'COOLDOWN is "{options.cooldown}", and not a time such as "7 days".')
        upgrade = upgrades(options.package, options.upgrade)
        lock(["--exclude-newer", options.cooldown, *upgrade])
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
