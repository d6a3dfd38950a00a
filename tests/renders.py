"""Copier for the tests: what it renders once from the same commits with the same answers is copied after that.

As a program it runs another one with this Copier: `python tests/renders.py .kit functions add ...`.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib
import json
import os
import runpy
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

# The folder of what is rendered already; conftest.py sets it for the session.
CACHE = "TEST_RENDERS"


def run_copy(source: str, destination: Path, **options: Any) -> None:
    """Copier's run_copy of a template in a repository that has no changes."""
    key = _key(source, options)
    if not key or (os.path.isdir(destination) and os.listdir(destination)):
        _copier().run_copy(source, destination, **options)
        return
    rendered = Path(os.environ[CACHE], key)
    with rendered.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not rendered.exists():
            partial = rendered.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            _copier().run_copy(source, partial, **options)
            partial.rename(rendered)
    shutil.copytree(rendered, destination, symlinks=True, dirs_exist_ok=True)


def _key(source: str, options: dict[str, Any]) -> str:
    """What decides the result; empty when something else could: then nothing is kept."""
    if CACHE not in os.environ or "service_name" not in options.get("data", {}):
        return ""
    git = ["git", "-c", f"core.hooksPath={os.devnull}", "-C", source]
    refs = subprocess.run([*git, "show-ref", "--head"], capture_output=True, text=True)
    changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True)
    if refs.returncode or changes.returncode or changes.stdout:
        return ""
    parts = json.dumps([source, refs.stdout, options], sort_keys=True, default=str)
    return hashlib.sha256(parts.encode()).hexdigest()


def _copier() -> Any:
    if isinstance(sys.modules.get("copier"), _Copier):
        del sys.modules["copier"]
    copier = importlib.import_module("copier")
    _do_once()
    return copier


@functools.cache
def _do_once() -> None:
    """Let Copier do once in a process what it does for every file of every render.

    It compiles each expression and file anew, and asks git each time whether executable bits have to
    be kept in its index, which nobody's git does here.
    """
    from copier._main import Worker
    from jinja2 import Environment

    compiled: dict[tuple[Any, ...], Any] = {}
    compile_anew = Environment.compile

    def compile_once(
        self: Environment, source: Any, name: Any = None, filename: Any = None, **options: Any
    ) -> Any:
        is_of_copier = "copier._jinja_ext.YieldExtension" in self.extensions
        if not (is_of_copier and isinstance(source, str)):
            return compile_anew(self, source, name, filename, **options)
        self.preprocess(source, name, filename)  # Copier's extensions begin anew there
        key = (source, name, filename, *sorted(options.items()))
        if key not in compiled:
            compiled[key] = compile_anew(self, source, name, filename, **options)
        return compiled[key]

    Environment.compile = compile_once  # type: ignore[method-assign,assignment]
    Worker._sync_git_index_executable_bit = lambda *_arguments: None  # type: ignore[method-assign]


class _Copier(types.ModuleType):
    """Is imported as `copier`; the real one only where it has to work."""

    def __getattr__(self, name: str) -> Any:
        return run_copy if name == "run_copy" else getattr(_copier(), name)


if __name__ == "__main__":
    sys.modules["copier"] = _Copier("copier")
    sys.argv, sys.path = sys.argv[1:], sys.path[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")
