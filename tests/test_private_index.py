"""Private packages: from the private index and nowhere else, and its token in no file."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from jinja2_ansible_filters import AnsibleCoreFiltersExtension

from conftest import ROOT, check, render, run, tree
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
    metadata += [f"Requires-Dist: {need}" for need in needs]
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
            self.send(
                json.dumps({"repositoryEndpoint": f"{self.server.address}/private/"}).encode()
            )
        elif index == "private" and self.headers.get("Authorization") != AUTHORIZATION:
            self.send(b"who are you?", 401)
        elif (file := self.server.folder / index / rest).is_file():
            self.send(file.read_bytes())
        elif wheels := sorted((self.server.folder / index / rest.strip("/")).glob("*.whl")):
            links = "".join(
                f'<a href="{item.name}#sha256={hashlib.sha256(item.read_bytes()).hexdigest()}">{item.name}</a>'
                for item in wheels
            )
            self.send(
                f"<!DOCTYPE html><html><body>{links}</body></html>".encode(), kind="text/html"
            )
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
    wanted = re.findall(r"^(?:boto3|pip)==\S+", pins, re.MULTILINE)
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
    folders = [word for word in os.environ["PATH"].split(":") if not Path(word, "uv").exists()]
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
        and any(item in path.read_bytes() for item in (TOKEN.encode(), encoded))
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
    assert [item for item in indexes.asked if "/public/" in item and "acme" in item] == []
    assert [item for item in indexes.asked if "/private/" in item and "acme" not in item] == []

    assert TOKEN not in said
    assert keepers(tmp_path) == []  # the caches of uv and pip are there as well
    (service / "note.txt").write_text(TOKEN, "utf-8")
    assert keepers(service) == [str(service / "note.txt")]


def test_that_machine_would_install_the_wrong_one(
    service: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    """So the tests can fail: without the private list both tools take what is public."""
    for tool in (["uv", "pip"], ["python", "-m", "pip"]):
        target = tmp_path / "target" / tool[0]  # tmp_path / "uv" is its cache, which it locks
        options = ("install", "--no-deps", "--target", target, "acme-tools")
        check(*tool, *options, cwd=service, **machine)
        assert (target / "acme_tools-99.0.dist-info").is_dir()


def test_sam_writes_down_what_it_gives_to_containers(orders: Callable[..., Path]) -> None:
    """Why the container gets no token (docs/decisions/0016): when this fails, think again."""
    service = orders(private_index="acme/python")
    (service / "src/orders/app/requirements.txt").write_text("", "utf-8")
    options = ("--no-use-container", "--container-env-var", f"PIP_INDEX_URL=http://{TOKEN}@x")
    run("sam", "build", "--config-env", "dev", *options, cwd=service)
    assert keepers(service) == [str(service / ".aws-sam" / "build.toml")]


# ── The script on its own ────────────────────────────────────────────────────


def private_packages(
    service: Path, command: str, python: object = sys.executable, **environment: str
) -> subprocess.CompletedProcess[str]:
    return run(python, ".kit", "private-packages", command, cwd=service, **environment)


def url(indexes: Indexes) -> dict[str, str]:
    """The index as somebody gives it who has a token and no AWS."""
    return {"PRIVATE_INDEX_URL": f"http://aws:{TOKEN}@{indexes.address[7:]}/private/simple/"}


@pytest.fixture
def built(service: Path) -> Path:
    """What `sam build` would have made of the function."""
    folder = service / ".aws-sam" / "build" / "AppFunction"
    folder.mkdir(parents=True)
    shutil.copy(service / LIST, folder)
    (folder.parent / "template.yaml").touch()
    return folder


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_wheels_are_for_lambda(
    service: Path, built: Path, indexes: Indexes, architecture: str
) -> None:
    """Whatever this machine is."""
    for processor in ("aarch64", "x86_64"):
        folder = indexes.folder / "private" / "acme-fast"
        wheel(folder, "acme-fast", "2.0", processor, tag=f"manylinux2014_{processor}")
    (built / Path(LIST).name).write_text("acme-fast==2.0\n", "utf-8")
    template = (service / "template.yaml").read_text("utf-8")
    changed = template.replace("Architectures: [arm64]", f"Architectures: [{architecture}]")
    (service / "template.yaml").write_text(changed, "utf-8")
    done = private_packages(service, "build", **url(indexes))
    assert done.returncode == 0, done.stdout
    processor = {"arm64": "aarch64"}.get(architecture, architecture)
    assert (built / "acme_fast.py").read_text("utf-8") == f"ORIGIN = {processor!r}\n"
    assert keepers(service) == []


@pytest.mark.parametrize(
    ("pin", "environment", "said"),
    [
        (
            "acme-tools==1.0",
            {},
            "AWS gives no token for acme/python in us-east-1: Unable to locate",
        ),
        (
            "acme-tools==1.0",
            {"PRIVATE_INDEX_URL": "http://aws:old-token@{}/private/simple/"},
            "expired token looks the same to pip",
        ),
        ("acme-tools==2.0", None, "No matching distribution found for acme-tools==2.0"),
        (
            "boto3==1.0",
            None,
            "is private (src/orders/app/requirements.private:1): remove it here",
        ),
    ],
)
def test_what_is_built_halfway_cannot_be_deployed(
    service: Path,
    built: Path,
    indexes: Indexes,
    pin: str,
    environment: dict[str, str] | None,
    said: str,
) -> None:
    for folder in (built, service / "src/orders/app"):
        (folder / "requirements.private").write_text(f"{pin}\n", "utf-8")
    given = url(indexes) if environment is None else environment
    given = {name: value.format(indexes.address[7:]) for name, value in given.items()}
    machine = {name: value for name, value in NO_AWS.items() if name != "AWS_PROFILE"}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        machine.pop(name)
    done = private_packages(service, "build", **machine, **given)
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert TOKEN not in done.stdout
    assert "old-token" not in done.stdout
    # Without it `make deploy BUILT=yes` says that nothing is built.
    assert not (service / ".aws-sam/build/template.yaml").exists()


def test_what_a_private_package_needs_is_listed_too(service: Path, indexes: Indexes) -> None:
    """It is told, and not taken from anywhere."""
    needs = ("acme-tools", "acme-secret", "no-such-package")
    wheel(indexes.folder / "private" / "acme-app", "acme-app", "3.0", "private", *needs)
    wheel(indexes.folder / "public" / "acme-secret", "acme-secret", "1.0", "public")
    with (service / LIST).open("a", encoding="utf-8") as file:
        file.write("acme-app==3.0\n")
    check("uv", "venv", "--quiet", "--seed", ".venv", cwd=service)
    done = private_packages(service, "install", ".venv/bin/python", **url(indexes))
    assert done.returncode == 1
    assert "acme-app 3.0 requires acme-secret, which is not installed." in done.stdout
    assert "acme-app 3.0 requires no-such-package, which is not installed." in done.stdout
    assert "requires acme-tools" not in done.stdout
    assert [item for item in indexes.asked if "secret" in item or "such" in item] == []


def test_without_private_packages_nobody_is_asked(service: Path, built: Path) -> None:
    (service / LIST).write_text("# none yet\n", "utf-8")
    (built / "requirements.private").write_text("# none yet\n", "utf-8")
    for command in ("check", "install", "build"):
        done = private_packages(service, command, AWS_PROFILE="nobody")
        assert (done.returncode, done.stdout) == (0, "")
    assert (built.parent / "template.yaml").exists()


@pytest.mark.parametrize(
    "line",
    [
        *("acme-tools", "acme-tools>=1.0", "acme-tools==1.*", "acme-tools==1.0 --pre"),
        *("--extra-index-url https://example.com/simple", "-r requirements.txt", "-e ."),
        *("acme-tools @ https://example.com/a.whl", "https://example.com/a.whl", "acme-tools==1;x"),
    ],
)
def test_only_pins_are_private(service: Path, line: str) -> None:
    (service / LIST).write_text(f"\n{line}\n", "utf-8")
    done = private_packages(service, "check")
    assert done.returncode == 1
    assert f"{LIST}:2: {line!r} is not a pin such as acme-tools==1.4.2" in done.stdout


def test_pins_may_have_hashes_and_comments(service: Path) -> None:
    line = f"Acme.Tools==1.0+local.1 --hash=sha256:{'a' * 64}  # ours\n"
    (service / LIST).write_text(line, "utf-8")
    assert private_packages(service, "check").returncode == 0


@pytest.mark.parametrize("file", ["src/orders/app/requirements.in", "requirements-dev.txt"])
def test_no_name_is_private_and_public(service: Path, file: str) -> None:
    """By the names that indexes compare, and before anything is installed; `make check` says it too."""
    with (service / file).open("a", encoding="utf-8") as list_:
        list_.write("ACME_tools[all]>=2\n")
    done = run("make", "setup", cwd=service)
    assert done.returncode != 0
    assert re.search(
        rf"{file}:\d+: ACME_tools is private \({LIST}:2\): remove it here", done.stdout
    )
    assert not [*service.glob(".venv/lib/*/site-packages/boto3")]
    gate = (sys.executable, ".kit", "lessons")
    said = run(*gate, cwd=service).stdout
    assert re.search(
        rf"{file}:\d+  acme-tools is private \({LIST}\), and this list is public", said
    )


# ── What is rendered ─────────────────────────────────────────────────────────


def test_without_the_answer_there_is_no_trace(template: Path, tmp_path: Path) -> None:
    """But for what the kit and the Makefile know, which are the same in every service."""
    bare = tree(render(template, tmp_path / "bare", service_name="orders"))
    with_it = tree(render(template, tmp_path / "with", **SET))
    assert with_it.keys() - bare.keys() == {"docs/private-packages.md"}
    trace = re.compile(
        rb"codeartifact|private.?(index|packages)|requirements\.private", re.IGNORECASE
    )
    lessons = ("docs/lessons.md", ".kit/")
    traces = {
        path
        for path, content in bare.items()
        if trace.search(content) and not path.startswith(lessons)
    }
    assert traces == {".copier-answers.yml", "Makefile"}
    workflows = {
        f".github/workflows/{n}.yml" for n in ("checks", "deploy", "dev_cicd", "prod_cicd")
    }
    assert {path for path in bare if bare[path] != with_it[path]} == {
        *(".copier-answers.yml", "docs/access.md", "docs/cicd.md", "docs/first-deployment.md"),
        "infra/environment.yaml",
        *("pyproject.toml", *workflows),
    }


def test_its_workflows_lint(orders: Callable[..., Path]) -> None:
    service = orders(private_index="acme/python")
    assert actionlint([*(service / ".github" / "workflows").glob("*.yml")]) == []
    zizmor = ("zizmor", "--offline", "--quiet", "--persona=auditor")
    check(*zizmor, "--config", ".github/zizmor.yml", ".github", cwd=service)


def sign_ins(job: dict[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """The steps of a job that sign in to AWS, and where they stand."""
    return [
        (number, step)
        for number, step in enumerate(job["steps"])
        if "configure-aws-credentials" in step.get("uses", "")
    ]


def statements() -> list[dict[str, Any]]:
    jinja = Environment(  # noqa: S701 — nothing of it is HTML
        loader=FileSystemLoader(ROOT),
        extensions=[AnsibleCoreFiltersExtension],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = (
        "Statement:\n"
        "    {% from 'macros/private_index.jinja' import private_index_statements with context %}\n"
        "    {{ private_index_statements() | indent(4) }}\n"
        "After: 1\n"
    )
    data = load(jinja.from_string(text).render(private_index="acme/python"))
    assert data["After"] == 1
    found: list[dict[str, Any]] = data["Statement"]
    return found


def test_statements_name_one_repository() -> None:
    token, read, bearer = statements()
    arn = "arn:${AWS::Partition}:codeartifact:${AWS::Region}:${AWS::AccountId}:"
    assert token["Action"] == "codeartifact:GetAuthorizationToken"
    assert token["Resource"] == {"Fn::Sub": f"{arn}domain/acme"}
    assert read["Resource"] == {"Fn::Sub": f"{arn}repository/acme/python"}
    assert bearer["Action"] == "sts:GetServiceBearerToken"
    assert bearer["Condition"] == {
        "StringEquals": {"sts:AWSServiceName": "codeartifact.amazonaws.com"}
    }


def test_jobs_install_with_no_more_than_reading_packages(orders: Callable[..., Path]) -> None:
    """Checks and builds sign in as a role for nothing else, and the job that deploys needs none of it."""
    service = orders(private_index="acme/python")
    (checks,) = workflow(service, "checks")["jobs"].values()
    build, deploy = workflow(service, "deploy")["jobs"].values()
    ((_, full),) = sign_ins(deploy)
    for job in (checks, build):
        ((at, step),) = sign_ins(job)
        assert job["steps"][at + 1]["name"] == "Set up"
        assert job["environment"] == "packages"
        assert step["uses"] == full["uses"]
        assert step["with"]["role-to-assume"].endswith(":role/Orders-GitHubActions-Packages-Role")
    assert "Packages" not in full["with"]["role-to-assume"]
    documented = (service / "docs/private-packages.md").read_text("utf-8")
    assert "`Orders-GitHubActions-Packages-Role`" in documented

    assert checks["permissions"] == {"contents": "read", "id-token": "write"}
    assert build["permissions"] == {**checks["permissions"], "actions": "read"}
    for environment in ("dev", "prod"):
        calls = workflow(service, f"{environment}_cicd")["jobs"]["pr_checks"]
        assert calls["permissions"] == checks["permissions"]


def test_only_one_role_reads_packages(orders: Callable[..., Path]) -> None:
    service = orders(private_index="acme/python")
    resources = load((service / "infra/environment.yaml").read_text("utf-8"))["Resources"]
    role = resources.pop("PackagesRole")["Properties"]
    assert role["RoleName"] == "Orders-GitHubActions-Packages-Role"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    claims = {
        claim.split(":")[1]: value for claim, value in trust["Condition"]["StringEquals"].items()
    }
    # For pull requests and for both branches: which may, says a rule of GitHub's environment.
    assert claims["environment"] == "packages"
    assert "ref" not in claims
    (policy,) = role["Policies"]
    assert policy["PolicyDocument"]["Statement"] == statements()
    assert "codeartifact" not in json.dumps(resources)


def test_without_it_pull_requests_cannot_sign_in(orders: Callable[..., Path]) -> None:
    service = orders()
    (checks,) = workflow(service, "checks")["jobs"].values()
    assert sign_ins(checks) == []
    assert checks["permissions"] == {"contents": "read"}
    assert "environment" not in checks
    build, deploy = workflow(service, "deploy")["jobs"].values()
    assert sign_ins(build) == []
    assert len(sign_ins(deploy)) == 1


def test_the_answer_is_settings_of_the_script(orders: Callable[..., Path]) -> None:
    service = orders(private_index="acme-packages/Py.internal_1")
    project = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    assert project["tool"]["private-index"] == {
        "domain": "acme-packages",
        "repository": "Py.internal_1",
    }
