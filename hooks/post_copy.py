"""After a copy: a first commit, the interpreter, the environment. Called by `_tasks` in copier.yml.

Copier deletes the service that it just rendered when a task fails. So this always exits with 0, and prints
what is left to do. The work itself is the service's own `make setup`.

Runs in Copier's interpreter, in the new service's folder.
"""

from __future__ import annotations

import contextlib
import os
import runpy
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


# ── git ──────────────────────────────────────────────────────────────────────


def git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], capture_output=True, text=True)


def first_commit(service: str, branch: str) -> None:
    """Put the service under git, unless it already is in a repository."""
    if not shutil.which("git"):
        say(
            "git is not installed, so nothing is committed yet. Later: git init, git add, git commit"
        )
        return
    if git("rev-parse", "--is-inside-work-tree").returncode == 0:
        top = git("rev-parse", "--show-toplevel").stdout.strip()
        say(f"This is in the repository {top}, so nothing is committed here.")
        if Path(top) != Path.cwd():
            say("GitHub runs only the workflows in the .github of a repository's top folder.")
        return
    for arguments in (
        ("init", "--quiet", f"--initial-branch={branch}"),
        ("add", "--all"),
        ("commit", "--quiet", "--message", f"Start {service} from its template"),
    ):
        done = git(*arguments)
        if done.returncode:
            say(f"git {arguments[0]} failed; the service is complete, but not committed yet:")
            say("".join(f"  {line}\n" for line in done.stderr.strip().splitlines()[-6:]).rstrip())
            say(f"Fix that, then: git add --all && git commit --message 'Start {service}'")
            return
    say(f"Committed on {branch}.")


# ── The interpreter ──────────────────────────────────────────────────────────


def offer_interpreter() -> None:
    """Where pyenv lacks the service's Python and a person is there, offer to install it."""
    sys.path.insert(0, ".kit")
    setup = runpy.run_module("kit.setup")
    version = setup["wanted_version"]()
    if not shutil.which("pyenv") or setup["pyenv_interpreter"](version) or not sys.stdin.isatty():
        return
    import questionary  # Copier brings it; were it gone, nothing else here would need it

    question = f"pyenv has no Python {version}. Install it now? It takes some minutes."
    if not questionary.confirm(question, default=not setup["find_interpreter"](version)).ask():
        return
    if subprocess.run(["pyenv", "install", "--skip-existing", version]).returncode:
        say(f"pyenv could not install Python {version}; its reason is above.")


# ── The environment ──────────────────────────────────────────────────────────


def make_setup() -> bool:
    """Run the service's own `make setup`. True on success."""
    # Without what a calling make left in the environment: its variables are not for this one.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    command = (
        ["make", "setup", f"PYTHON={sys.executable}"]
        if shutil.which("make")
        else [sys.executable, ".kit", "setup"]
    )
    return subprocess.run(command, env=environment).returncode == 0


@contextlib.contextmanager
def own_foreground() -> Iterator[None]:
    """Let Ctrl-C end the set-up and not Copier, which would exit with an error."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
        before = os.tcgetpgrp(terminal)
    except OSError:
        yield  # no terminal, no Ctrl-C
        return
    if before != os.getpgrp():
        yield  # in the background: another process group has the terminal
        return
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # Ctrl-Z would stop this group and leave Copier waiting, with no shell to go on from.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    # A handler that does nothing, and not SIG_IGN: commands that are run would inherit that.
    signal.signal(signal.SIGINT, lambda *_: None)
    os.setpgid(0, 0)
    os.tcsetpgrp(terminal, os.getpgrp())
    try:
        yield
    finally:
        os.tcsetpgrp(terminal, before)


def main(service: str, branch: str) -> None:
    """Set up the service in this folder, with its first commit on that branch."""
    with own_foreground():
        first_commit(service, branch)
        offer_interpreter()
        done = make_setup()
    if not done:
        say("\nThe service is complete, but its environment is not: the reason is above.\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:  # noqa: BLE001 — whatever it is, the service must stay
        say(
            f"\nThe set-up failed: {error!r}\nThe service is complete; for its environment: make setup\n"
        )
