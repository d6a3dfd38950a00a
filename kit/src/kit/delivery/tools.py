"""git and gh, the GitHub CLI."""

import subprocess
from pathlib import Path

from kit.errors import KitError

TIMEOUT = 60  # seconds


def output(*command: str, root: Path | None = None, remedy: str = "") -> str:
    """What a command prints.

    Args:
        root: where it runs (default: here).
        remedy: what to do when it fails.

    Raises:
        KitError: it is missing, fails, or times out.
    """
    shown = " ".join(command)
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, timeout=TIMEOUT, check=True)
    except OSError as error:
        raise KitError(
            f"{command[0]} does not run here: {error.strerror}.", f"Is {command[0]} installed?"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise KitError(
            f"{shown} timed out after {TIMEOUT} seconds.", "Look at the network, and try again."
        ) from error
    except subprocess.CalledProcessError as error:
        message = error.stderr.decode(errors="replace").strip()
        raise KitError(f"{shown} failed: {message}", *filter(None, [remedy])) from error
    return done.stdout.decode("utf-8", "replace")


def git(root: Path, *arguments: str) -> str:
    """What git prints about a folder; KitError when it fails."""
    return output("git", "--literal-pathspecs", *arguments, root=root)


def gh(*arguments: str, remedy: str = "") -> str:
    """What the GitHub CLI prints; KitError when it fails, or is not signed in."""
    return output("gh", *arguments, remedy=remedy)
