"""`make lock` and the lists that it writes, against an index on loopback that knows the days of its releases."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from conftest import ROOT
from kit import setup
from kit.errors import KitError
from kit.pins import disagreements, has_hashes, pins

# How many days ago each release of the index was made.
RELEASES = {
    "apples": {"1.0": 90, "1.1": 30, "2.0": 1},
    "pears": {"3.0": 60, "3.1": 20},
}


def wheel(name: str, version: str) -> bytes:
    found = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(found, "w") as archive:
        for path, text in {
            f"{name}.py": "",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": "",
        }.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return found.getvalue()


class Index(BaseHTTPRequestHandler):
    """A simple repository as PyPI is one: the page of a package, and its files."""

    def do_GET(self) -> None:
        name = self.path.strip("/").rpartition("/")[2]
        kind, body = "application/vnd.pypi.simple.v1+json", b""
        if name.endswith(".whl"):
            kind, body = "application/octet-stream", wheel(*name.split("-")[:2])
        elif name in RELEASES:
            body = json.dumps(page(name)).encode()
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Nothing."""


def page(name: str) -> dict[str, object]:
    now = datetime.now(UTC)
    files = [
        {
            "filename": (file := f"{name}-{version}-py3-none-any.whl"),
            "url": f"/files/{file}",
            "hashes": {"sha256": hashlib.sha256(wheel(name, version)).hexdigest()},
            "upload-time": (now - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for version, days in RELEASES[name].items()
    ]
    return {"meta": {"api-version": "1.1"}, "name": name, "files": files}


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Index)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/simple/"
    server.shutdown()


class Service:
    """The requirements of a service with two functions, and what locks them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT / "kit/src", root / ".kit")
        self.app, self.worker = root / "src/orders/app", root / "src/orders/worker"
        for folder in (self.app, self.worker):
            folder.mkdir(parents=True)
            self.ask(folder, "apples")
        (root / "requirements-dev.in").write_text(
            "-c src/orders/app/requirements.txt\n-c src/orders/worker/requirements.txt\npears\n",
            "utf-8",
        )

    def ask(self, folder: Path, *lines: str) -> None:
        (folder / "requirements.in").write_text("\n".join([*lines, ""]), "utf-8")

    def lock(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, ".kit", "lock", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=60)

    def pinned(self, *arguments: str) -> dict[str, str]:
        """What the lists have after a run: app's apples, worker's apples, the tools' pears."""
        done = self.lock(*arguments)
        assert done.returncode == 0, done.stderr
        lists = [self.app / "requirements.txt", self.worker / "requirements.txt"]
        found = {}
        for path in [*lists, self.root / "requirements-dev.txt"]:
            text = path.read_text("utf-8")
            assert has_hashes(text)
            assert "--generate-hashes" in text.splitlines()[1]  # which Dependabot reads
            found[path.parent.name if path in lists else "dev"] = " ".join(
                f"{name}={version}" for name, each in pins(text).items() for version in each
            )
        return found


@pytest.fixture
def service(tmp_path: Path, index: str, monkeypatch: pytest.MonkeyPatch) -> Service:
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS", "UV_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_DEFAULT_INDEX", index)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "örders at work").mkdir()
    return Service(tmp_path / "örders at work")


def test_a_release_waits_for_a_week(service: Service) -> None:
    assert service.pinned() == {"app": "apples=1.1", "worker": "apples=1.1", "dev": "pears=3.1"}


def test_pins_stay_until_they_are_to_be_upgraded(service: Service) -> None:
    service.ask(service.app, "apples<1.1")
    (service.root / "requirements-dev.in").write_text("pears<3.1\n", "utf-8")
    old = {"app": "apples=1.0", "worker": "apples=1.0", "dev": "pears=3.0"}
    assert service.pinned() == old
    service.ask(service.app, "apples")
    (service.root / "requirements-dev.in").write_text("pears\n", "utf-8")
    assert service.pinned() == old
    assert service.pinned("--package=Apples") == {
        **{"app": "apples=1.1", "worker": "apples=1.1", "dev": "pears=3.0"}
    }
    assert service.pinned("--upgrade")["dev"] == "pears=3.1"


def test_what_is_new_is_pinned_and_nothing_else_moves(service: Service) -> None:
    service.ask(service.app, "apples<1.1")
    service.pinned()
    service.ask(service.app, "apples", "pears")
    assert service.pinned()["app"] == "apples=1.0 pears=3.1"


def test_a_security_update_does_not_wait_and_is_not_taken_back(service: Service) -> None:
    service.pinned()
    taken = {"app": "apples=2.0", "worker": "apples=2.0", "dev": "pears=3.1"}
    assert service.pinned("--package=apples", "--cooldown=0 days") == taken
    assert service.pinned() == taken
    service.ask(service.worker, "apples<2")
    assert service.pinned()["app"] == "apples=1.1"


def test_functions_that_can_agree_do(service: Service) -> None:
    service.pinned()
    service.ask(service.worker, "apples<1.1")
    assert service.pinned() == {"app": "apples=1.0", "worker": "apples=1.0", "dev": "pears=3.1"}


def test_functions_that_can_not_agree_are_named(service: Service) -> None:
    service.ask(service.app, "apples>=1.1")
    service.ask(service.worker, "apples<1.1")
    done = service.lock()
    assert done.returncode == 1
    assert "src/orders/app/requirements.in asks for apples>=1.1" in done.stderr
    assert "src/orders/worker/requirements.in asks for apples<1.1" in done.stderr
    assert "one environment: they must agree" in done.stderr


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("--package=plums", 'No requirements.txt here pins "plums"'),
        ("--package=apples; touch here", "No requirements.txt here pins"),
        ("--cooldown=tomorrow", "not a time such as"),
    ],
)
def test_what_is_asked_for_is_looked_at(service: Service, argument: str, said: str) -> None:
    service.pinned()
    done = service.lock(argument)
    assert (done.returncode, said in done.stderr) == (1, True)
    assert not (service.root / "here").exists()


# ── Set-up ──


def test_setup_names_lists_that_differ(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does not speak of networks."""
    service.pinned()
    (service.worker / "requirements.txt").write_text("apples==1.0\n", "utf-8")
    monkeypatch.setattr(setup, "ROOT", service.root)
    monkeypatch.setattr(setup, "has_private_index", lambda: False)
    with pytest.raises(KitError) as raised:
        setup.install_requirements(sys.executable)
    assert "apples is pinned to different versions" in str(raised.value)
    assert "src/orders/app/requirements.txt: 1.1" in str(raised.value)
    assert "src/orders/worker/requirements.txt: 1.0" in str(raised.value)
    assert "network" not in str(raised.value)


@pytest.mark.parametrize("right", [True, False])
def test_setup_installs_nothing_else_than_what_has_the_hash(
    service: Service, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    service.pinned()
    if not right:
        path = service.app / "requirements.txt"
        path.write_text(
            path.read_text("utf-8").replace("sha256:", "sha256:0000")[:-5] + "\n", "utf-8"
        )
    monkeypatch.setattr(setup, "ROOT", service.root)
    monkeypatch.setenv("UV", str(Path(sys.executable).with_name("uv")))
    environment = service.root / ".venv"
    setup.make_venv(environment, sys.executable, "{}.{}".format(*sys.version_info[:2]))
    if right:
        setup.install(environment, "src/orders/app/requirements.txt")
    else:
        with pytest.raises(KitError, match="a hash does not match"):
            setup.install(environment, "src/orders/app/requirements.txt")
    assert bool([*environment.rglob("apples.py")]) == right


def test_versions_by_markers_agree_with_one_of_them() -> None:
    both = "trees==1.0 ; python_version < '3.12'\ntrees==2.0 ; python_version >= '3.12'\n"
    assert not [*disagreements({"a": both, "b": "Trees==2.0 \\\n    --hash=sha256:00\n"})]
    assert [name for name, _ in disagreements({"a": both, "b": "trees==3.0\n"})] == ["trees"]
