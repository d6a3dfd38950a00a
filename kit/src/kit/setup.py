"""Make the development environment; `make setup` calls this, and it can be repeated.

    .venv         the Python of .python-version, the functions' requirements and the tools
    .venv-sam     the AWS SAM CLI, only when the machine has none (or with --own-sam)
    .venv-copier  Copier, when a command first needs it (with --copier)
    .venv-local   the emulator of make up, when that first needs it (with --local)

Runs on any Python from 3.9 on, with nothing but the standard library. pyenv, where it is installed,
decides which interpreter .venv gets; uv installs, where it is installed, and otherwise pip.

An interrupted installation leaves packages that look installed and are not complete. So an
environment gets the file .ready at the end, and one without it is made again.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from kit.errors import KitError
from kit.layout import ROOT
from kit.pins import development, disagreements, has_hashes

KIT = ROOT / ".kit"
READY = ".ready"
# By the end of an environment's name.
TOOLS = {"copier": "Copier", "local": "the emulator MiniStack"}
# Variables of the caller's shell that make Python, pip and uv use another environment, or other
# packages; but not those that say where an index is and how to reach it.
LEADING_AWAY = re.compile(r"PYTHON|PIP_|UV_|VIRTUAL_ENV|CONDA_|__PYVENV_LAUNCHER__")
REACHING = re.compile(
    r"(PIP|UV)_.*(INDEX|FIND_LINKS|CONFIG_FILE|CERT|PROXY|HOST|HTTP|TLS|TIMEOUT|RETRIES|OFFLINE"
    r"|KEYRING|CREDENTIALS|NO_INPUT|CACHE|LINK_MODE|EXCLUDE_NEWER|UPLOADED_PRIOR|PYTHON_INSTALL)"
)


def say(message: str) -> None:
    print(message, flush=True)


# ── Programs ─────────────────────────────────────────────────────────────────


def own_environment() -> dict[str, str]:
    """The caller's environment without what leads away from this service."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if REACHING.match(name) or not LEADING_AWAY.match(name)
    }
    # PIP_USER: also against `user = true` in a pip.conf.
    return {**kept, "UV_PYTHON_DOWNLOADS": "never", "PIP_USER": "0"}


def run(*command: object) -> bool:
    """Run a command in the service's folder, and show the seconds on a terminal. True on success.

    What the command prints is shown only when it fails.
    """
    start = time.monotonic()
    with tempfile.TemporaryFile() as printed:
        # Ctrl-C waits until there is a process to terminate: otherwise it could go on unnoticed.
        interrupts(signal.SIG_BLOCK)
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=own_environment(),
                stdout=printed,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: interrupts(signal.SIG_UNBLOCK),
            )
        except OSError as error:
            interrupts(signal.SIG_UNBLOCK)
            say(f"{command[0]}: {error}")
            return False
        try:
            interrupts(signal.SIG_UNBLOCK)
            failed = wait(process, start)
        except KeyboardInterrupt:
            process.terminate()  # it must not go on installing beside the next `make setup`
            process.wait()
            raise
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        if failed:
            printed.seek(0)
            say(printed.read().decode(errors="replace").strip())
    return not failed


def interrupts(how: int) -> None:
    """Block Ctrl-C, or let it through again."""
    signal.pthread_sigmask(how, {signal.SIGINT})


def wait(process: subprocess.Popen[bytes], start: float) -> int:
    """The exit code of a process, with the seconds on the terminal as long as it runs."""
    while True:
        try:
            return process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            if sys.stdout.isatty():
                print(f"\r  {time.monotonic() - start:.0f} s ", end="", flush=True)


def output(*command: object) -> str:
    """What a command prints; nothing when it fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=ROOT,
            env=own_environment(),
            capture_output=True,
            text=True,
            timeout=60,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.strip()


def uv() -> str | None:
    """uv, where it is installed. `uvx` passes on where it is, also when it is not on the path."""
    return shutil.which(os.environ.get("UV", "uv")) or shutil.which("uv")


# ── The interpreter ──────────────────────────────────────────────────────────


def wanted_version() -> str:
    """The Python version of this service, such as 3.13."""
    return (ROOT / ".python-version").read_text("utf-8").strip()


def version_of(python: object) -> str:
    """The minor version of an interpreter; nothing when it does not start, as a shim may not."""
    return output(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])")


def pyenv_interpreter(version: str) -> str | None:
    """The newest interpreter of that minor version which pyenv has installed."""
    pattern = re.compile(re.escape(version) + r"(\.\d+)?")
    installed = filter(pattern.fullmatch, output("pyenv", "versions", "--bare").split())
    newest = max(installed, key=lambda name: [int(part) for part in name.split(".")], default="")
    if not newest:
        return None
    python = Path(output("pyenv", "prefix", newest)) / "bin" / "python"
    return str(python) if version_of(python) == version else None


def find_interpreter(version: str) -> str | None:
    """An interpreter of that minor version, or None."""

    def candidates() -> Iterator[str | None]:
        yield pyenv_interpreter(version)
        yield shutil.which(f"python{version}")
        yield sys.executable
        yield shutil.which("python3")
        yield output(uv() or "uv", "python", "find", "--no-python-downloads", version)

    return next((path for path in candidates() if path and version_of(path) == version), None)


def need_interpreter(version: str) -> str:
    """An interpreter of that minor version.

    Raises:
        KitError: there is none.
    """
    interpreter = find_interpreter(version)
    if interpreter:
        return interpreter
    ways = []
    if shutil.which("pyenv"):
        ways.append(f"pyenv install {version}")
    if uv():
        ways.append(f"uv python install {version}")
    raise KitError(
        f"There is no Python {version} on this machine, and Lambda will run this service on it.",
        "Install it with:",
        *(f"  {way}" for way in ways),
        *([] if ways else [f"  pyenv (https://github.com/pyenv/pyenv): pyenv install {version}"]),
        *([] if ways else [f"  uv (https://docs.astral.sh/uv): uv python install {version}"]),
    )


# ── The environments ─────────────────────────────────────────────────────────


def need_usable_path() -> None:
    """KitError where the folder's path is one that tools read as a pattern, or can't quote."""
    wrong = [char for char in str(ROOT) if char in '"$`\\:*?[]{}' or not char.isprintable()]
    if wrong:
        raise KitError(
            f"The path of this folder has characters that its tools can't work with: {ROOT}",
            f"Rename the folder, without {' '.join(map(repr, dict.fromkeys(wrong)))}.",
        )


def make_venv(folder: Path, interpreter: str, version: str) -> None:
    """Make a virtual environment, unless a finished one of that version is there. It is unfinished
    until `finish`.

    Raises:
        KitError: the interpreter can't make one.
    """
    python = folder / "bin" / "python"
    finished = folder / READY
    if finished.exists():
        finished.unlink()
        if version_of(python) == version and (uv() or output(python, "-m", "pip", "--version")):
            return
    # Without --seed, which takes the newest pip: requirements-dev.txt has one, for `sam build`.
    if uv() and run(uv(), "venv", "--clear", "--python", interpreter, folder):
        return
    if run(interpreter, "-m", "venv", "--clear", folder):
        return
    raise KitError(
        f"{interpreter} could not make {folder.name}; its reason is above.",
        f"On Debian and Ubuntu: sudo apt install python{version}-venv",
    )


def finish(folder: Path) -> None:
    """Mark a virtual environment as one in which everything is installed."""
    (folder / READY).touch()


def install(folder: Path, *lists: str) -> None:
    """Install requirements files into a virtual environment.

    Lists with hashes are installed together, and compared with them. pip would want hashes of
    everything that it installs at once, so lists without (from git there are none) follow.

    Raises:
        KitError: neither uv nor pip can install them.
    """
    hashed = [path for path in lists if has_hashes((ROOT / path).read_text("utf-8"))]
    others = [path for path in lists if path not in hashed]
    for options, paths in ((["--require-hashes"], hashed), ([], others)):
        if paths:
            _install(folder, *options, *(part for path in paths for part in ("-r", path)))


def _install(folder: Path, *arguments: str) -> None:
    python = folder / "bin" / "python"
    if uv():
        if run(uv(), "pip", "install", "--python", python, *arguments):
            return
        say("uv could not install them. Trying pip.")
    if not run(python, "-m", "pip", "install", "--retries", "1", *arguments):
        raise KitError(
            "The requirements could not be installed; the reason is above.",
            "Without a network, connect and try again. Behind a proxy or with your own index, set it for",
            "pip (pip config) and uv (UV_DEFAULT_INDEX). Where a hash does not match, the package is not",
            "the one that was reviewed: look at `git log` of that list before you run make lock.",
        )


def has_private_index() -> bool:
    """Whether pyproject.toml names an index of internal packages."""
    return "[tool.private-index]" in (ROOT / "pyproject.toml").read_text("utf-8")


def private_packages(python: object, command: str) -> None:
    """Check or install what comes from the private index, where the service has one."""
    if has_private_index() and not run(python, KIT, "private-packages", command):
        raise KitError("The private packages are not installed; the reason is above.")


def install_requirements(interpreter: str) -> None:
    """Install the tools and what the functions need into .venv."""
    private_packages(interpreter, "check")
    lists = development(ROOT)
    texts = {path: (ROOT / path).read_text("utf-8") for path in lists}
    for name, versions in disagreements(texts):
        raise KitError(
            f"{name} is pinned to different versions:",
            *(f"{path}: {' and '.join(sorted(pinned))}" for path, pinned in versions.items()),
            "All functions are tested in one environment. make lock pins them together; where their",
            "requirements.in ask for versions that exclude each other, change one of them.",
        )
    install(ROOT / ".venv", *lists)
    private_packages(ROOT / ".venv" / "bin" / "python", "install")


def install_tool(folder: str, requirements: str, interpreter: str, version: str) -> None:
    """Install a tool into an environment of its own."""
    make_venv(ROOT / folder, interpreter, version)
    install(ROOT / folder, requirements)
    finish(ROOT / folder)


def set_up_tool(name: str) -> None:
    """Make the environment of a tool that few commands need, such as .venv-copier."""
    need_usable_path()
    say(f"Installing {TOOLS[name]} into .venv-{name}, once")
    version = wanted_version()
    install_tool(*(f".venv-{name}", f"requirements-{name}.txt", need_interpreter(version), version))


def set_up(own_sam: bool, deploy: bool) -> None:
    """Make what is missing; for a deployment only what that needs."""
    need_usable_path()
    version = wanted_version()
    interpreter = need_interpreter(version)
    say(f"Python {version}: {interpreter}")
    make_venv(ROOT / ".venv", interpreter, version)
    say("Installing the requirements into .venv")
    if deploy:
        install(ROOT / ".venv", "requirements-deploy.txt")
    else:
        install_requirements(interpreter)
    finish(ROOT / ".venv")
    sam = shutil.which("sam")
    if sam and not own_sam:
        say(f"AWS SAM CLI: {sam}")
    else:
        say("Installing the AWS SAM CLI into .venv-sam")
        install_tool(".venv-sam", "requirements-sam.txt", interpreter, version)


def main() -> int:
    """Run `make setup`; 1 when something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for option, meaning in (
        ("--own-sam", "install the pinned SAM CLI even if one is on the path"),
        ("--deploy", "install only what a deployment needs: requirements-deploy.txt"),
        ("--copier", "install Copier, and nothing else"),
        ("--local", "install the emulator of make up, and nothing else"),
    ):
        parser.add_argument(option, action="store_true", help=meaning)
    options = parser.parse_args()
    start = time.monotonic()
    try:
        for name in TOOLS:
            if getattr(options, name):
                set_up_tool(name)
                return 0
        set_up(options.own_sam, options.deploy)
    except KitError as error:
        again = "make up" if options.local else "make setup"
        print(f"\n{error}\nThen: {again}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. To continue: make setup", file=sys.stderr)
        return 130
    if not options.deploy and not (ROOT / ".git" / "hooks" / "pre-commit").exists():
        say(
            "Optional: `pre-commit install` or `prek install` checks what is quick before each commit."
        )
    next_step = "" if options.deploy else " Next: make check"
    say(f"Ready in {time.monotonic() - start:.0f} s.{next_step}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
