"""Fixtures: the template as a released repository, and services rendered from it."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from pytest_copie.plugin import Copie

from renders import CACHE, run_copy

pytest_plugins = ["world"]

ROOT = Path(__file__).parents[1]
SAMPLES = sorted((ROOT / "tests" / "samples").glob("*.yml"))
QUESTIONS: dict[str, Any] = {
    name: question
    for name, question in yaml.safe_load((ROOT / "copier.yml").read_text("utf-8")).items()
    if not name.startswith("_")
}
# `python .kit` with a Copier that renders the same once.
KIT = (sys.executable, ROOT / "tests" / "renders.py", ".kit")
COMPUTED = {name for name, question in QUESTIONS.items() if question.get("when") is False}

# The same examples in every run, so that a red build can be repeated; `--hypothesis-profile=deep` roams.
# An example is a whole service, too slow to shrink; `deep` does.
settings.register_profile(
    "ci",
    derandomize=True,
    report_multiple_bugs=False,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
settings.register_profile(
    "deep", max_examples=200, deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ci")

# Commits of the tests need an identity, and none of this machine's settings.
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Test",
    "GIT_AUTHOR_EMAIL": "test@example.com",
    "GIT_COMMITTER_NAME": "Test",
    "GIT_COMMITTER_EMAIL": "test@example.com",
}
os.environ.update(GIT_ENVIRONMENT)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-sample",
        action="store_true",
        help="try each case of a lesson in every sample that it fits, not in the smallest alone",
    )


@pytest.fixture(scope="session")
def every_sample(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("every_sample"))


def run(
    *command: object, cwd: Path, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command without a terminal; its output, both streams together, is in `stdout`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, **environment},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=900,
    )


def check(*command: object, cwd: Path, stdin: str = "", **environment: str) -> str:
    """Run a command that must succeed, and return what it prints."""
    done = run(*command, cwd=cwd, stdin=stdin, **environment)
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def declared(answers: dict[str, Any]) -> dict[str, Any]:
    """The answers, which must be to questions that exist: Copier ignores others silently."""
    assert not answers.keys() - (QUESTIONS.keys() - COMPUTED), answers
    return answers


def sample(path: Path) -> dict[str, Any]:
    """The answers in a file under tests/samples/."""
    return declared(yaml.safe_load(path.read_text("utf-8")))


def make_template(folder: Path) -> Path:
    """A repository with this working tree as release 1.0.0, as users of the template meet it."""
    listed = check("git", "ls-files", "-z", "-co", "--exclude-standard", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() or (ROOT / name).is_symlink():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    check("git", "init", "--quiet", "--initial-branch=main", cwd=folder)
    release(folder, "1.0.0")
    return folder


def release(template: Path, version: str) -> None:
    """Commit what is there, and tag it."""
    check("git", "add", "--all", cwd=template)
    check("git", "commit", "--quiet", "--allow-empty", "--message", version, cwd=template)
    check("git", "tag", version, cwd=template)


def render(template: Path, destination: Path, **answers: Any) -> Path:
    """Render a service without its set-up, as `copier copy --skip-tasks --defaults --data …` does."""
    run_copy(
        str(template),
        destination,
        data=declared(answers),
        defaults=True,
        skip_tasks=True,
        quiet=True,
    )
    return destination


def commit(service: Path, message: str = "work") -> None:
    """Commit everything in a service."""
    if not (service / ".git").exists():
        check("git", "init", "--quiet", "--initial-branch=develop", cwd=service)
    check("git", "add", "--all", cwd=service)
    check("git", "commit", "--quiet", "--allow-empty", "--message", message, cwd=service)


def tree(folder: Path) -> dict[str, bytes]:
    """The files of a folder that git would keep: path → content."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.fixture(scope="session", autouse=True)
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this session share."""
    folder = tmp_path_factory.getbasetemp()
    folder = folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder
    os.environ[CACHE] = str(folder / "renders")
    (folder / "renders").mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def template(session_folder: Path) -> Path:
    """The template, released as 1.0.0. Only read; whoever changes it calls make_template."""
    folder = session_folder / "template"
    with (session_folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.exists() else make_template(folder)


@pytest.fixture
def orders(template: Path, tmp_path: Path) -> Callable[..., Path]:
    """Render a service named orders into a new folder."""

    def rendered(**answers: Any) -> Path:
        return render(template, tmp_path / "orders", **{"service_name": "orders", **answers})

    return rendered


@pytest.fixture(scope="session")
def rendered_samples(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every sample, rendered once without set-up. Only read."""
    folder = tmp_path_factory.mktemp("rendered")
    return {path.stem: render(template, folder / path.stem, **sample(path)) for path in SAMPLES}


@pytest.fixture
def set_up(template: Path, copie: Copie) -> Callable[..., Path]:
    """Render a service with everything that `copier copy --trust` does, its environment included."""

    def rendered(**answers: Any) -> Path:
        result = copie.copy(extra_answers=declared(answers), template_dir=template)
        assert result.exception is None, result.exception
        assert result.project_dir is not None
        assert {name: result.answers[name] for name in answers} == answers
        return result.project_dir

    return rendered


def long_lines(text: str, columns: int = 100) -> list[str]:
    """The lines of Markdown prose that are wider; tables, code and targets of links may be."""
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"\]\([^)]*\)", "]", line) for line in prose.splitlines()]
    return [line for line in lines if len(line) > columns and not line.startswith("|")]
