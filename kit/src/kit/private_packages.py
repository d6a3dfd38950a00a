"""Install what only the private index has; `make setup` and `make build` call this.

A function's requirements.private pins such packages, one `name==version` on a line. Each list is
installed from one index and no other: requirements.private from the CodeArtifact repository in
pyproject.toml, requirements.txt from the public one. So no public package can take the place of an
internal one (DEP-06, docs/private-packages.md).

    check      whether each line is a pin, of a name that no public list has
    install    them into .venv, all functions' together
    build      them into the packages that `sam build` made, each function's its own
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build"
# Options would open other indexes, and ranges the newest version that somebody uploads.
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==[\w.!+-]+(?: +--hash=sha256:[0-9a-f]{64})*")
# Of pip's settings, those that say how to connect: others could add an index.
CONNECTION = {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_DEFAULT_TIMEOUT", "PIP_CACHE_DIR"}


class PrivateError(Exception):
    """What stands in the way of the private packages, and what to do about it."""

    def __init__(self, problem: str, *remedy: str) -> None:
        super().__init__("\n".join([problem, *(f"  {line}" for line in remedy)]))


# ── The lists ────────────────────────────────────────────────────────────────


def lines(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """Where each line stands, and what it says without its comment."""
    for file in sorted(files):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            if text:
                yield f"{file.relative_to(ROOT)}:{number}", text


def normal(name: str) -> str:
    """A name as indexes compare it: Acme_Tools is acme-tools."""
    return re.sub(r"[-_.]+", "-", name).lower()


def internal() -> dict[str, str]:
    """The names of the private packages, and where each is pinned."""
    pins = ((place, PIN.fullmatch(text)) for place, text in lines(private_lists()))
    return {normal(pin[1]): place for place, pin in pins if pin}


def private_lists() -> list[Path]:
    return [*ROOT.glob("src/*/*/requirements.private")]


def problems() -> Iterator[str]:
    """What is wrong with the lists."""
    for place, text in lines(private_lists()):
        if not PIN.fullmatch(text):
            yield f"{place}: {text!r} is not a pin such as acme-tools==1.4.2, with or without --hash"
    names = internal()
    public = [
        file
        for pattern in ("requirements*", "src/*/*/requirements*")
        for file in ROOT.glob(pattern)
        if file.suffix in (".in", ".txt")
    ]
    for place, text in lines(public):
        name = re.match(r"[A-Za-z0-9][\w.-]*", text)
        if name and normal(name[0]) in names:
            yield f"{place}: {name[0]} is private ({names[normal(name[0])]}): take it out here"


def check() -> None:
    found = [*problems()]
    if found:
        raise PrivateError("Not installed, for the public index could get a say (DEP-06):", *found)


# ── The index ────────────────────────────────────────────────────────────────


def index_url() -> str:
    """The private index, with a token that is good for a quarter of an hour."""
    if "PRIVATE_INDEX_URL" in os.environ:
        return os.environ["PRIVATE_INDEX_URL"]
    # Not above: `check` runs before .venv has it.
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["private-index"]
    sam = tomllib.loads((ROOT / "samconfig.toml").read_text("utf-8"))
    region = settings.get("region", sam["dev"]["global"]["parameters"]["region"])
    domain = {"domain": settings["domain"]}
    if "domain-owner" in settings:
        domain["domainOwner"] = settings["domain-owner"]
    try:
        client = boto3.client("codeartifact", region_name=region)
        token = client.get_authorization_token(**domain, durationSeconds=900)
        endpoint = client.get_repository_endpoint(
            **domain, repository=settings["repository"], format="pypi"
        )
    except (BotoCoreError, ClientError) as error:
        raise PrivateError(
            f"AWS gives no token for {domain['domain']}/{settings['repository']} in {region}: {error}",
            "Sign in (aws sso login, AWS_PROFILE) as somebody who may read it; who may, and what to",
            "do without AWS, is in docs/private-packages.md.",
        ) from None
    scheme, rest = endpoint["repositoryEndpoint"].split("://", 1)
    return f"{scheme}://aws:{token['authorizationToken']}@{rest}simple/"


def pip(url: str, lists: Iterable[Path], *options: object) -> None:
    """Install lists from that index and no other, however this machine is set up.

    The address is in the environment of pip alone: a file would keep the token, and the arguments
    of a command can be read by everybody on the machine. Wheels only: building one would run its
    code, and ask for tools that the index may not have.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PIP_") or name in CONNECTION
    }
    own = {"PIP_INDEX_URL": url, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1"}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", *map(str, options)]
    command += [part for each in lists for part in ("--requirement", str(each))]
    if subprocess.run(command, cwd=ROOT, env=inherited | own).returncode:
        raise PrivateError(
            "The private packages could not be installed; the reason stands above.",
            "Is that version in the private index, as a wheel for this Python and processor? To pip,",
            "a token that is no longer good looks the same.",
        )


# ── The commands ─────────────────────────────────────────────────────────────


def install() -> None:
    check()
    if not internal():
        return
    # Anew each time: what is there already may have come from elsewhere.
    pip(index_url(), private_lists(), "--force-reinstall")
    # --no-deps installs nothing else, so what a private package needs must be listed too.
    command = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    missing = [line for line in said.splitlines() if normal(line.split()[0]) in internal()]
    if missing:
        raise PrivateError(
            "A private package lacks what it needs:",
            *missing,
            "What is internal goes into requirements.private; the rest into requirements.in, then: make lock",
        )


def build() -> None:
    """Complete what `sam build` made. Halfway it could not be deployed: the template is gone then."""
    lists = [each for each in BUILT.glob("*/requirements.private") if [*lines([each])]]
    try:
        check()
        url = index_url() if lists else ""
        for each in lists:
            pip(url, [each], "--upgrade", "--no-compile", "--target", each.parent, *platform())
    except BaseException:
        (BUILT / "template.yaml").unlink(missing_ok=True)
        raise


def platform() -> list[str]:
    """What tells pip to choose wheels for Lambda, and not for this machine."""
    template = (ROOT / "template.yaml").read_text("utf-8")
    processor = "x86_64" if "Architectures: [x86_64]" in template else "aarch64"
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    return [
        f"--python-version={version}",
        "--implementation=cp",
        f"--platform=manylinux2014_{processor}",
        f"--platform=manylinux_2_17_{processor}",
    ]


def main(command: str) -> int:
    try:
        {"check": check, "install": install, "build": build}[command]()
    except PrivateError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
