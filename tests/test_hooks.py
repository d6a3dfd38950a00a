"""The set-up after a copy, with everything going wrong: the service stays, and the reason is told."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pexpect
import pytest

from conftest import ROOT, check, render, run
from test_samples import interpreter

# What of the system's tools these tests bring themselves, or do without.
OWN = re.compile(r"python|pip|pyenv|uv|sam")
HOOK = (sys.executable, ROOT / "hooks" / "post_copy.py", "orders", "develop")
Copy = Callable[..., tuple[int, str, Path]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that is the whole PATH: the system's tools, without any Python. Put more into it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in [*Path("/bin").iterdir(), *Path("/usr/bin").iterdir()]:
        if not OWN.match(tool.name) and not (folder / tool.name).exists():
            link(folder, tool.name, str(tool))
    return folder


def link(folder: Path, name: str, target: str) -> None:
    (folder / name).symlink_to(target)


def which(name: str) -> str:
    found = shutil.which(name)
    assert found
    return found


def script(folder: Path, name: str, text: str) -> None:
    """Put a shell script on the path."""
    (folder / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    (folder / name).chmod(0o755)


def python(folder: Path, version: str) -> str:
    """Put an interpreter of that version on the path, and return where it really is."""
    found = interpreter(version)
    assert found
    script(folder, f"python{version}", f'exec "{found}" "$@"')
    return found


@pytest.fixture
def available() -> str:
    """A Python version that this machine has and the tests do not run on."""
    running = "{}.{}".format(*sys.version_info)
    return next(v for v in ("3.13", "3.12", "3.14", "3.11") if v != running and interpreter(v))


@pytest.fixture
def missing() -> str:
    """A Python version that a machine without pyenv and uv lacks: any but the tests' own."""
    running = "{}.{}".format(*sys.version_info)
    return next(version for version in ("3.14", "3.13") if version != running)


@pytest.fixture
def copy(template: Path, tmp_path: Path, path: Path) -> Copy:
    """Run `copier copy --trust` with that path: its exit code, what it said, the service."""

    def copied(
        version: str, destination: str = "orders", **environment: str
    ) -> tuple[int, str, Path]:
        service = tmp_path / destination
        done = run(
            *(sys.executable, "-m", "copier", "copy", "--trust", "--defaults"),
            *("--data", "service_name=orders", "--data", f"python_version={version}"),
            *(template, service),
            cwd=tmp_path,
            PATH=str(path),
            HOME=str(tmp_path),
            **environment,
        )
        return done.returncode, done.stdout, service

    return copied


@pytest.fixture
def hook(template: Path, tmp_path: Path, path: Path) -> Copy:
    """Run what Copier runs after it rendered a service, with that path: the same as `copy`."""

    def ran(version: str, **environment: str) -> tuple[int, str, Path]:
        service = tmp_path / "orders"
        if not service.exists():
            render(template, service, service_name="orders", python_version=version)
        done = run(*HOOK, cwd=service, PATH=str(path), HOME=str(tmp_path), **environment)
        return done.returncode, done.stdout, service

    return ran


def assert_whole(service: Path) -> None:
    """Every file that a render without hooks has is there."""
    for file in ("template.yaml", "Makefile", "src/orders/app/lambda_pkg/index.py"):
        assert (service / file).is_file()


def assert_told(said: str, *reasons: str) -> None:
    """The reason, that the service is complete, and how to go on; no traceback."""
    for reason in reasons:
        assert reason in said
    assert "make setup" in said
    assert "Traceback" not in said


# ── It works ─────────────────────────────────────────────────────────────────


def test_without_pyenv_another_interpreter_is_found(copy: Copy, path: Path, available: str) -> None:
    python(path, available)
    link(path, "uv", which("uv"))
    link(path, "sam", which("sam"))
    code, said, service = copy(available)
    assert code == 0, said
    assert f"Python {available}: {path / ('python' + available)}" in said
    version = check(service / ".venv/bin/python", "--version", cwd=service)
    assert version.startswith(f"Python {available}.")
    assert not (service / ".venv-sam").exists()
    check(service / ".venv/bin/pytest", "-q", "tests/unit/app/test_settings.py", cwd=service)


def test_pyenv_decides(hook: Copy, path: Path, tmp_path: Path, available: str) -> None:
    """Its newest installed release of the version is taken, and its shims are not."""
    real = interpreter(available)
    prefix = tmp_path / "versions" / f"{available}.10"
    (prefix / "bin").mkdir(parents=True)
    script(prefix / "bin", "python", f'exec "{real}" "$@"')
    script(
        path,
        "pyenv",
        f'case "$1" in versions) printf "2.7.18\\n{available}.9\\n{available}.10\\n";;'
        f' prefix) echo "{tmp_path}/versions/$2";; esac',
    )
    for shim in ("python3", f"python{available}"):
        script(path, shim, "echo 'pyenv: version not installed' >&2; exit 127")
    script(path, "uv", "exit 1")
    code, said, service = hook(available, UV_OFFLINE="1", **no_network(tmp_path))
    assert code == 0
    assert f"Python {available}: {prefix}/bin/python" in said
    assert_whole(service)


def test_a_repository_is_begun_on_the_branch_for_dev(copy: Copy, missing: str) -> None:
    code, _, service = copy(missing)
    assert code == 0
    assert check("git", "log", "--format=%s", "develop", cwd=service) == (
        "Start orders from its template\n"
    )
    assert check("git", "status", "--porcelain", cwd=service) == ""


def test_inside_a_repository_none_is_begun(hook: Copy, tmp_path: Path, missing: str) -> None:
    check("git", "init", "--quiet", cwd=tmp_path)
    _, said, service = hook(missing)
    assert not (service / ".git").exists()
    assert f"This is in the repository {tmp_path}, so nothing is committed here" in said


def test_a_destination_with_spaces_and_other_letters(
    copy: Copy, path: Path, available: str
) -> None:
    python(path, available)
    link(path, "uv", which("uv"))
    link(path, "sam", which("sam"))
    code, said, service = copy(
        available, destination="mein Dienst ü 注文/it's 100% #1 (a&b;c) orders"
    )
    assert code == 0, said
    check("make", "test", cwd=service, PYTEST_ADDOPTS="--no-cov -k settings")
    check("make", "build", "CONTAINER=no", cwd=service)


# ── It does not ──────────────────────────────────────────────────────────────


def no_network(folder: Path) -> dict[str, str]:
    """Nothing answers, and nothing is cached."""
    proxy = "http://127.0.0.1:9"
    return {
        **dict.fromkeys(
            ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), proxy
        ),
        "UV_CACHE_DIR": str(folder / "empty-uv"),
        "PIP_CACHE_DIR": str(folder / "empty-pip"),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": "",
        "UV_HTTP_TIMEOUT": "5",
        "UV_HTTP_RETRIES": "0",
    }


def test_no_interpreter_and_no_pyenv(copy: Copy, missing: str) -> None:
    code, said, service = copy(missing)
    assert code == 0
    assert_whole(service)
    assert_told(said, f"There is no Python {missing} on this machine", f"pyenv install {missing}")
    assert said.count("make setup") <= 3


def test_version_not_installed_in_pyenv_and_no_terminal(
    hook: Copy, path: Path, missing: str
) -> None:
    script(path, "pyenv", 'test "$1" = versions && echo 2.7.18')
    code, said, service = hook(missing)
    assert code == 0
    assert_whole(service)
    assert_told(said, f"There is no Python {missing}", f"  pyenv install {missing}")


def test_no_network(hook: Copy, path: Path, tmp_path: Path, available: str) -> None:
    python(path, available)
    link(path, "uv", which("uv"))
    code, said, service = hook(available, **no_network(tmp_path))
    assert code == 0
    assert_whole(service)
    assert_told(said, "could not be installed", "Without a network, connect and try again")


def test_no_git_identity(hook: Copy, missing: str) -> None:
    nobody = {
        **{
            f"GIT_{who}_{what}": "" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        },
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "user.useConfigOnly",
        "GIT_CONFIG_VALUE_0": "true",
    }
    code, said, service = hook(missing, **nobody)
    assert code == 0
    assert_whole(service)
    assert_told(said, "git commit failed", "not committed yet", "git add --all && git commit")


def test_no_git(copy: Copy, path: Path, missing: str) -> None:
    """Copier itself needs git for a repository, not for a folder."""
    _, _, service = copy(missing)
    (path / "git").unlink()
    done = run(*HOOK, cwd=service, PATH=str(path))
    assert done.returncode == 0
    assert "git is not installed" in done.stdout


def test_a_cache_that_cannot_be_written(
    hook: Copy, template: Path, path: Path, tmp_path: Path, available: str
) -> None:
    """uv needs its cache; pip goes on without."""
    python(path, available)
    link(path, "uv", which("uv"))
    link(path, "sam", which("sam"))
    service = render(template, tmp_path / "orders", service_name="orders", python_version=available)
    for requirements in [*service.glob("requirements-dev.txt"), *service.glob("src/*/*/*.txt")]:
        # One of them is enough, and pip has to download it each time.
        pin = re.search(r"^(pip|typing-extensions)==.*\n( .*\n)+", requirements.read_text(), re.M)
        requirements.write_text(pin[0] if pin else "", "utf-8")
    file = tmp_path / "file"
    file.touch()
    code, said, _ = hook(available, UV_CACHE_DIR=str(file / "uv"), PIP_CACHE_DIR=str(file / "pip"))
    assert code == 0
    assert_whole(service)
    assert "uv could not install them. Trying pip." in said
    assert "Ready in" in said


def test_no_make(hook: Copy, path: Path, missing: str) -> None:
    (path / "make").unlink()
    code, said, service = hook(missing)
    assert code == 0
    assert_whole(service)
    assert_told(said, f"There is no Python {missing}")


def test_whatever_breaks_the_hook_does_not_fail(hook: Copy, missing: str) -> None:
    _, _, service = hook(missing)
    (service / ".kit/kit/setup.py").write_text("raise RuntimeError('broken')\n", "utf-8")
    for arguments in (HOOK, HOOK[:2]):
        done = run(*arguments, cwd=service)
        assert done.returncode == 0
        assert "The set-up failed" in done.stdout
        assert "make setup" in done.stdout
    assert_whole(service)


def test_git_that_fails(hook: Copy, path: Path, missing: str) -> None:
    real = os.readlink(path / "git")
    (path / "git").unlink()
    script(path, "git", f'case "$1" in init) echo "no room" >&2; exit 3;; esac; exec {real} "$@"')
    code, said, service = hook(missing)
    assert code == 0
    assert_whole(service)
    assert_told(said, "git init failed", "no room")


def test_a_destination_that_is_not_empty(copy: Copy, tmp_path: Path, missing: str) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "notes.txt").write_text("mine\n", "utf-8")
    code, said, service = copy(missing)
    assert code == 0
    assert_whole(service)
    assert (service / "notes.txt").read_text("utf-8") == "mine\n"
    assert_told(said, f"There is no Python {missing}")


def test_without_hooks_no_trust_is_needed(template: Path, tmp_path: Path) -> None:
    check(
        *(sys.executable, "-m", "copier", "copy", "--defaults", "--skip-tasks"),
        *("--data", "service_name=orders", template, tmp_path / "orders"),
        cwd=tmp_path,
    )
    assert_whole(tmp_path / "orders")
    assert not (tmp_path / "orders" / ".venv").exists()


# ── A person is there ────────────────────────────────────────────────────────


def terminal(template: Path, service: Path, path: Path, version: str) -> pexpect.spawn[str]:
    return pexpect.spawn(
        sys.executable,
        ["-m", "copier", "copy", "--trust", "--defaults", "--data", "service_name=orders"]
        + ["--data", f"python_version={version}", str(template), str(service)],
        encoding="utf-8",
        timeout=60,
        dimensions=(40, 100),
        env={**os.environ, "PATH": str(path), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
    )


def test_an_interrupted_install(template: Path, tmp_path: Path, path: Path, available: str) -> None:
    """Ctrl-C ends the set-up, not Copier."""
    python(path, available)
    script(path, "uv", 'case "$1" in pip) exec sleep 600;; *) exit 1;; esac')
    screen = terminal(template, tmp_path / "orders", path, available)
    screen.expect("Installing the requirements")
    screen.expect("1 s")
    screen.sendcontrol("z")  # is ignored: nobody could bring it back
    screen.expect("2 s")
    screen.sendcontrol("c")
    screen.expect("Interrupted. To continue: make setup")
    screen.expect("The service is complete")
    screen.expect("make check")  # Copier's own last words
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    assert_whole(tmp_path / "orders")


@pytest.mark.parametrize(("answer", "installed"), [("y", True), ("n", False)])
def test_pyenv_offers_to_install(
    template: Path, tmp_path: Path, path: Path, missing: str, answer: str, installed: bool
) -> None:
    script(
        path,
        "pyenv",
        f'case "$1" in versions) echo 2.7.18;; install) touch "{tmp_path}/installed-$3";; esac',
    )
    screen = terminal(template, tmp_path / "orders", path, missing)
    screen.expect(f"pyenv has no Python {missing}. Install it now")
    screen.send(answer)
    screen.expect(f"There is no Python {missing}")  # this pyenv only pretends
    screen.expect(pexpect.EOF)
    screen.close()
    assert screen.exitstatus == 0
    assert (tmp_path / f"installed-{missing}").exists() is installed
    assert_whole(tmp_path / "orders")


# ── By hand ──────────────────────────────────────────────────────────────────


def test_setup_can_be_repeated(set_up: Callable[..., Path]) -> None:
    service = set_up()
    said = check("make", "setup", cwd=service)
    assert "Ready in" in said
    (service / ".venv" / "bin" / "python").unlink()
    check("make", "setup", cwd=service)
    assert check(service / ".venv/bin/python", "--version", cwd=service).startswith("Python 3.13")


def test_without_sam_a_pinned_one_is_installed(copy: Copy, path: Path, available: str) -> None:
    python(path, available)
    link(path, "uv", which("uv"))
    code, said, service = copy(available)
    assert code == 0, said
    pinned = (service / "requirements-sam.in").read_text("utf-8").strip().rsplit("==", 1)[1]
    assert pinned in check(service / ".venv-sam/bin/sam", "--version", cwd=service)
    (service / "local.mk").write_text('sam:\n\t@echo "$$SAM"\n', "utf-8")
    used = check("make", "sam", cwd=service, PATH=f"{path}:/usr/bin:/bin")
    assert used.strip() == ".venv-sam/bin/sam"


def test_commands_before_setup_say_what_to_do(template: Path, tmp_path: Path) -> None:
    service = render(template, tmp_path / "orders", service_name="orders")
    done = run("make", "check", cwd=service)
    assert done.returncode != 0
    assert "There is no .venv yet, or it is not finished. Make it: make setup" in done.stdout


def test_the_setup_runs_on_old_pythons() -> None:
    """The system's Python of macOS is 3.9: nothing newer is used."""
    check(
        *("ruff", "check", "--isolated", "--target-version=py39", "--select=F,UP"),
        *(
            ROOT / "kit/src" / name
            for name in (
                "__main__.py",
                "kit/__init__.py",
                "kit/__main__.py",
                "kit/errors.py",
                "kit/pins.py",
                "kit/setup.py",
            )
        ),
        cwd=ROOT,
    )


# ── Interrupted ──────────────────────────────────────────────────────────────

# Signals everybody in its process group, as Ctrl-C does, and goes on until it is ended.
INTERRUPTING = """
case "$*" in
*"$INTERRUPT_AT"*)
  mkdir -p "$FOLDER" && touch "$FOLDER/half"
  trap '' INT
  kill -INT 0
  exec tail -f /dev/null;;
esac
case "$1" in pip) exit 0;; esac
exec "$REAL_UV" "$@"
"""


def make_setup(service: Path, path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make setup` in a process group of its own, as from a terminal."""
    return subprocess.run(
        ["make", "setup"],
        cwd=service,
        env={"HOME": str(service.parent), "PATH": str(path), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        start_new_session=True,
        # Whoever runs the tests in the background has Ctrl-C ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.parametrize(
    ("at", "folder"),
    [
        ("venv --clear", ".venv"),
        ("requirements-dev.txt", ".venv"),
        ("-r requirements-sam.txt", ".venv-sam"),
    ],
)
def test_an_interrupted_environment_is_made_anew(
    template: Path, tmp_path: Path, path: Path, available: str, at: str, folder: str
) -> None:
    service = render(template, tmp_path / "orders", service_name="orders", python_version=available)
    link(path, "python3", sys.executable)
    python(path, available)
    script(path, "uv", INTERRUPTING)
    where = {"REAL_UV": which("uv"), "FOLDER": folder}
    done = make_setup(service, path, INTERRUPT_AT=at, **where)
    assert done.returncode
    assert "Interrupted. To continue: make setup" in done.stdout
    assert "Ready" not in done.stdout
    half = service / folder / "half"
    assert half.exists()
    if folder == ".venv":
        said = run("make", "check", cwd=service).stdout
        assert "There is no .venv yet, or it is not finished. Make it: make setup" in said
    done = make_setup(service, path, INTERRUPT_AT="nothing", **where)
    assert "Ready in" in done.stdout, done.stdout
    assert not half.exists()
    half.touch()
    assert "Ready in" in make_setup(service, path, INTERRUPT_AT="nothing", **where).stdout
    assert half.exists()  # what is finished stays


def test_pip_interrupted_is_begun_anew(
    template: Path, tmp_path: Path, path: Path, available: str
) -> None:
    """At pip's first request, whether or not it has installed something by then."""
    service = render(template, tmp_path / "orders", service_name="orders", python_version=available)
    link(path, "python3", sys.executable)
    python(path, available)
    half = service / ".venv" / "half"

    seen: list[bool] = []

    class Index(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(half.exists())
            half.touch()
            self.send_error(404)
            if group:
                os.killpg(group.pop(), signal.SIGINT)

        def log_message(self, *_: object) -> None:
            pass

    group: list[int] = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Index) as index:
        threading.Thread(target=index.serve_forever, daemon=True).start()
        environment = {
            "HOME": str(tmp_path),
            "PATH": str(path),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": f"http://127.0.0.1:{index.server_port}/simple",
        }
        process = subprocess.Popen(
            ["sh", "-c", "read start; exec make setup"],
            cwd=service,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # Whoever runs the tests in the background has Ctrl-C ignored.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        group.append(process.pid)
        said, _ = process.communicate("\n", timeout=120)
        assert "Interrupted. To continue: make setup" in said
        assert half.exists()
        seen.clear()
        again = make_setup(service, path, **environment)
        assert "could not be installed" in again.stdout
        assert not seen[0]  # it was made anew before the first request
        index.shutdown()


# ── What the caller's shell is set up for ────────────────────────────────────

LEADING_AWAY = {
    "CONDA_PREFIX": "/elsewhere",
    "PIP_CONSTRAINT": "/elsewhere/constraints.txt",
    "PIP_PREFIX": "/elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_TARGET": "/elsewhere",
    "PYTHONHOME": "/elsewhere",
    "PYTHONPATH": "/elsewhere",
    "PYTHONUSERBASE": "/elsewhere",
    "UV_PROJECT_ENVIRONMENT": "/elsewhere",
    "UV_PYTHON": "3.10",
    "UV_SYSTEM_PYTHON": "1",
    "VIRTUAL_ENV": "/elsewhere",
    "__PYVENV_LAUNCHER__": "/elsewhere",
}
REACHING = {
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "PIP_CERT": "/certificates.pem",
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "https://pypi.example.com/simple",
    "SSL_CERT_FILE": "/certificates.pem",
    "UV_DEFAULT_INDEX": "https://pypi.example.com/simple",
    "UV_INDEX_ACME_PASSWORD": "secret",
    "UV_INDEX_URL": "https://pypi.example.com/simple",
}


def variables(text: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in text.splitlines())


def test_no_other_environment_of_the_caller_leaks_in(
    template: Path, tmp_path: Path, path: Path, available: str
) -> None:
    service = render(template, tmp_path / "orders", service_name="orders", python_version=available)
    link(path, "python3", sys.executable)
    python(path, available)
    link(path, "sam", "/bin/true")
    script(
        path, "uv", f'env > "{tmp_path}/env"; case "$1" in venv) exec "{which("uv")}" "$@";; esac'
    )
    hostile = {**LEADING_AWAY, **REACHING, "PIP_USER": "1"}
    for command in (["make", "setup"], [sys.executable, "-E", "-s", ".kit", "setup"]):
        done = run(*command, cwd=service, PATH=str(path), HOME=str(tmp_path), **hostile)
        assert "Ready in" in done.stdout, done.stdout
        given = variables((tmp_path / "env").read_text("utf-8"))
        assert not LEADING_AWAY.keys() & given.keys()
        assert given["PIP_USER"] == "0"
        assert REACHING.items() <= given.items()


def test_make_leaves_out_other_environments(template: Path, tmp_path: Path) -> None:
    """Of `make check`, `make build` and whatever else."""
    service = render(template, tmp_path / "orders", service_name="orders")
    (service / "local.mk").write_text("show:\n\t@env\n", "utf-8")
    hostile = {**LEADING_AWAY, **REACHING, "PIP_USER": "1"}
    given = variables(check("make", "show", cwd=service, **hostile))
    assert not (LEADING_AWAY.keys() | {"PIP_USER"}) & given.keys()
    assert REACHING.items() <= given.items()


@pytest.mark.parametrize("folder", ['a "quoted" one', "a $HOME", "a`b", "a[b]"])
def test_a_folder_that_no_tool_works_in_is_refused(
    template: Path, tmp_path: Path, folder: str
) -> None:
    service = render(template, tmp_path / folder / "orders", service_name="orders")
    done = run("make", "setup", cwd=service)
    assert done.returncode
    assert_told(done.stdout, "has characters that its tools can't work with", "Rename the folder")
    assert not (service / ".venv").exists()
