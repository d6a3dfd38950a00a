"""Refuse arguments of make that would silently do nothing; the Makefile calls this.

    python .kit arguments Makefile local.mk -- ENV=dev NAM=nightly

It prints what is wrong with the first bad one, or nothing. Any Python from 3.9 on runs it.
"""

from __future__ import annotations

import difflib
import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path

# What tools read from the environment, whichever way it came there.
PASSED_ON = (
    *("AWS_*", "BOTO*", "CI", "DOCKER_*", "FORCE_COLOR", "GIT*", "HOME", "HTTP*", "LANG", "LC_*"),
    *("NO_*", "PATH", "PIP_*", "PY*", "SAM_*", "SHELL", "SSL_*", "TERM", "TMPDIR", "UV_*"),
)
# Another word would silently mean no.
SWITCHES = ("BUILT", "CONTAINER", "IMPORT", "JSON", "KEEP", "UPGRADE", "YES")
# $(NAME), $$NAME, $(call option,NAME,...), NAME ?= value, and make help NAME=value.
VARIABLE = re.compile(r"\$\$?[({]?(?:call \w+,)?(\w+)|\b(\w+) *[?:]?=")


def _variables(path: Path) -> set[str]:
    """The variables that a makefile reads or sets; in the Makefile itself all are in capitals."""
    names = {name for names in VARIABLE.findall(path.read_text("utf-8")) for name in names if name}
    return {name for name in names if name.isupper() or path.name != "Makefile"}


def problem(makefiles: list[Path], arguments: list[str]) -> str:
    """What is wrong with the arguments, NAME=VALUE, of a call of make; empty if nothing is.

    Args:
        makefiles: those that make has read.
    """
    known = {name for path in makefiles for name in _variables(path)}
    for argument in arguments:
        name, _equals, value = argument.partition("=")
        is_switch = name in SWITCHES and argument not in ("KEEP=1", "YES=1")
        if is_switch and name in known and value not in ("yes", "no", ""):
            return f'{name} is yes or no, and not "{value}"'
        if name not in known and not any(fnmatchcase(name, pattern) for pattern in PASSED_ON):
            names = [name for name in sorted(known) if name.isupper() and name != "ARGUMENTS"]
            near = difflib.get_close_matches(name.upper(), names, 1, cutoff=0.7)
            hint = f" Did you mean {near[0]}?" if near else ""
            return (
                f"{argument} has no effect: nothing here reads {name}.{hint}"
                " `make` lists what each command takes"
            )
    return ""


if __name__ == "__main__":
    if "--" not in sys.argv:
        print(__doc__)
        sys.exit()
    split = sys.argv.index("--")
    print(problem([Path(path) for path in sys.argv[1:split]], sys.argv[split + 1 :]))
