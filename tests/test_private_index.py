"""Private packages: from the private index and nowhere else, and its token in no file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, check, render, run, tree
from jinja2 import Environment, FileSystemLoader
from jinja2_ansible_filters import AnsibleCoreFiltersExtension
from test_commands import NO_AWS
from test_render import load
from test_workflows import actionlint, workflow

TOKEN = "eyJ2ZXIiOjEsImlzdSI6MTV9-a-token-that-nobody-may-keep"
AUTHORIZATION = "Basic " + base64.b64encode(f"aws:{TOKEN}".encode()).decode()
LIST = "src/orders/app/requirements.private"
SET = {"service_name": "orders", "private_index": "acme/python"}


# ── Two indexes on loopback ──────────────────────────────────────────────────


def wheel(folder: Path, name: str, version: str, says: str, *needs: str, tag: str = "any") -> None:
    """A tiny package that says where it comes from."""
    module = name.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in needs]
    files = {
        f"{module}.py": f"ORIGIN = {says!r}\n",
        f"{info}/METADATA": "\n".join(metadata) + "\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-{tag}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-{tag}.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)


class Indexes(ThreadingHTTPServer):
    """CodeArtifact's two calls, its index behind a token, and a public index for everybody."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.folder = folder
        self.asked: list[str] = []
        self.address = f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Indexes

    def do_POST(self) -> None:
        self.server.asked.append(self.path)
        assert self.path.startswith("/v1/authorization-token?domain=acme")
        self.send(json.dumps({"authorizationToken": TOKEN, "expiration": 1}).encode())

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        index, _, rest = self.path.lstrip("/").partition("/simple/")
        if self.path.startswith("/v1/repository/endpoint?"):
            self.send(json.dumps({"repositoryEndpoint": f"{self.server.address}/private/"}).encode())
        elif index == "private" and self.headers.get("Authorization") != AUTHORIZATION:
            self.send(b"who are you?", 401)
        elif (file := self.server.folder / index / rest).is_file():
            self.send(file.read_bytes())
        elif wheels := sorted((self.server.folder / index / rest.strip("/")).glob("*.whl")):
            links = "".join(
                f'<a href="{each.name}#sha256={hashlib.sha256(each.read_bytes()).hexdigest()}">{each.name}</a>'
                for each in wheels
            )
            self.send(f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), kind="text/html")
        else:
            self.send(b"", 404)

    def send(self, body: bytes, status: int = 200, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def indexes(tmp_path: Path) -> Iterator[Indexes]:
    """acme-tools 1.0 is private. The public index has it too: 99.0, and another 1.0."""
    folder = tmp_path / "indexes"
    wheel(folder / "private" / "acme-tools", "acme-tools", "1.0", "private")
    wheel(folder / "public" / "acme-tools", "acme-tools", "1.0", "public")
    wheel(folder / "public" / "acme-tools", "acme-tools", "99.0", "public")
    with Indexes(folder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


# ── A service that uses it ───────────────────────────────────────────────────


@pytest.fixture
def service(template: Path, tmp_path: Path) -> Path:
    """A service with a private package, and of the tools only what these tests need."""
    folder = render(template, tmp_path / "orders", **SET)
    pins = (folder / "requirements-dev.txt").read_text("utf-8")
    wanted = re.findall(r"^boto3==.*$", pins, re.MULTILINE)
    (folder / "requirements-dev.txt").write_text("\n".join(wanted) + "\n", "utf-8")
    (folder / LIST).write_text("# internal\nacme-tools==1.0\n", "utf-8")
    return folder


@pytest.fixture
def machine(tmp_path: Path, indexes: Indexes) -> dict[str, str]:
    """A machine that asks the poisoned public index as well, by every setting that adds one."""
    public = f"{indexes.address}/public/simple/"
    config = tmp_path / "pip.conf"
    config.write_text(f"[global]\nextra-index-url = {public}\n", "utf-8")
    caches = {"UV_CACHE_DIR": str(tmp_path / "uv"), "PIP_CACHE_DIR": str(tmp_path / "pip")}
    for variable in caches:
        shutil.copytree(os.environ[variable], caches[variable]) if variable in os.environ else None
    return {
        **{name: value for name, value in NO_AWS.items() if name != "AWS_PROFILE"},
        **caches,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_ENDPOINT_URL_CODEARTIFACT": indexes.address,
        "PIP_CONFIG_FILE": str(config),
        "PIP_EXTRA_INDEX_URL": " ".join([public, os.environ.get("PIP_EXTRA_INDEX_URL", "")]),
        "UV_INDEX": " ".join([public, os.environ.get("UV_INDEX", "")]),
        "HOME": str(tmp_path),
    }


def without_uv() -> str:
    """PATH without uv, and still with a SAM CLI."""
    sam = shutil.which("sam")
    assert sam
    folders = [each for each in os.environ["PATH"].split(":") if not Path(each, "uv").exists()]
    return ":".join([str(Path(sam).parent), *folders])


def origin(service: Path, *path: object) -> str:
    """Which index acme-tools came from."""
    code = "import sys; sys.path[:0] = sys.argv[1:]; import acme_tools; print(acme_tools.ORIGIN)"
    return check(service / ".venv/bin/python", "-c", code, *path, cwd=service).strip()


def keepers(folder: Path) -> list[str]:
    """The files with the token in them, plain or as HTTP encodes it."""
    encoded = AUTHORIZATION.removeprefix("Basic ").encode()
    return [
        str(path)
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and any(each in path.read_bytes() for each in (TOKEN.encode(), encoded))
    ]


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_installed_and_built_from_the_private_index_alone(
    service: Path, indexes: Indexes, machine: dict[str, str], tmp_path: Path, installer: str
) -> None:
    path = {} if installer == "uv" else {"PATH": without_uv(), "UV": "no-uv"}
    said = check("make", "setup", cwd=service, **machine, **path)
    assert origin(service) == "private"
    # Again, after somebody else's package of the same version came in another way.
    wrong = indexes.folder / "public/acme-tools/acme_tools-1.0-py3-none-any.whl"
    pip = (service / ".venv/bin/python", "-m", "pip", "install", "--no-index", "--force-reinstall")
    check(*pip, wrong, cwd=service)
    assert origin(service) == "public"
    said += check("make", "setup", cwd=service, **machine, **path)
    assert origin(service) == "private"

    said += check("make", "build", "CONTAINER=no", cwd=service, **machine, **path)
    said += check("make", "build", "CONTAINER=no", cwd=service, **machine, **path)  # from its cache
    built = service / ".aws-sam" / "build" / "AppFunction"
    assert origin(service, built) == "private"
    assert (built / "acme_tools-1.0.dist-info").is_dir()
    assert [each for each in indexes.asked if "/public/" in each and "acme" in each] == []
    assert [each for each in indexes.asked if "/private/" in each and "acme" not in each] == []

    assert TOKEN not in said
    assert keepers(tmp_path) == []  # the caches of uv and pip are there as well
    (service / "note.txt").write_text(TOKEN, "utf-8")
    assert keepers(service) == [str(service / "note.txt")]
