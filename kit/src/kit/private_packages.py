"""Install what only the private index has; `make setup` and `make build` call this.

A function's requirements.private pins such packages, one `name==version` on a line. Each list is
installed from one index only: requirements.private from the CodeArtifact repository in
pyproject.toml, requirements.txt from the public one. So no public package can take the place of an
internal one (DEP-06, docs/private-packages.md).

    check      whether each line is a pin, of a name that no public list has
    install    them into .venv, all functions' together
    build      them into the packages that `sam build` made, each function's its own
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

from kit.errors import KitError
from kit.layout import ROOT
from kit.pins import canonical

BUILT = ROOT / ".aws-sam" / "build"
# Options would open other indexes, and ranges the newest version that somebody uploads.
PIN = re.compile(r"([A-Za-z0-9][\w.-]*)==[\w.!+-]+(?: +--hash=sha256:[0-9a-f]{64})*")
# Of pip's settings, those that say how to connect: others could add an index.
CONNECTION = {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_DEFAULT_TIMEOUT", "PIP_CACHE_DIR"}


# ── The lists ────────────────────────────────────────────────────────────────


def private_lists() -> list[Path]:
    """The requirements.private of all functions."""
    return sorted(ROOT.glob("src/*/*/requirements.private"))


def lines(paths: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """The lines of files without their comments, each with its place: path:number."""
    for path in paths:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            if text:
                yield f"{path.relative_to(ROOT)}:{number}", text


def internal() -> dict[str, str]:
    """The names of the private packages, and where each is pinned."""
    pins = ((place, PIN.fullmatch(text)) for place, text in lines(private_lists()))
    return {canonical(pin[1]): place for place, pin in pins if pin}


def check() -> None:
    """Accept lists of pins, of names that no public list has.

    Raises:
        KitError: a line is another, or a public list has such a name.
    """
    problems = [
        f"{place}: {text!r} is not a pin such as acme-tools==1.4.2, with or without --hash"
        for place, text in lines(private_lists())
        if not PIN.fullmatch(text)
    ]
    names = internal()
    candidates = [*ROOT.glob("requirements*"), *ROOT.glob("src/*/*/requirements*")]
    public = sorted(path for path in candidates if path.suffix in (".in", ".txt"))
    for place, text in lines(public):
        name = re.match(r"[A-Za-z0-9][\w.-]*", text)
        if name and canonical(name[0]) in names:
            pinned = names[canonical(name[0])]
            problems.append(f"{place}: {name[0]} is private ({pinned}): remove it here")
    if problems:
        raise KitError("Not installed: the public index could decide what is (DEP-06):", *problems)


# ── The index ────────────────────────────────────────────────────────────────


def index_url() -> str:
    """The private index, with a token that is valid for 15 minutes.

    Raises:
        KitError: AWS gives none.
    """
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
    repository = settings["repository"]
    try:
        client = boto3.client("codeartifact", region_name=region)
        token = client.get_authorization_token(**domain, durationSeconds=900)
        endpoint = client.get_repository_endpoint(**domain, repository=repository, format="pypi")
    except (BotoCoreError, ClientError) as error:
        raise KitError(
            f"AWS gives no token for {domain['domain']}/{repository} in {region}: {error}",
            "Sign in (aws sso login, AWS_PROFILE) as somebody who may read it. Who may, and what to",
            "do without AWS, is in docs/private-packages.md.",
        ) from None
    scheme, rest = endpoint["repositoryEndpoint"].split("://", 1)
    return f"{scheme}://aws:{token['authorizationToken']}@{rest}simple/"


def pip(url: str, lists: Iterable[Path], *options: object) -> None:
    """Install lists from that index only, however this machine is set up.

    The address is in the environment of pip alone: a file would keep the token, and everybody on the
    machine can read the arguments of a command. Wheels only: building one would run its code, and
    need tools that the index may not have.

    Raises:
        KitError: pip fails.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PIP_") or name in CONNECTION
    }
    own = {"PIP_INDEX_URL": url, "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INPUT": "1"}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", *map(str, options)]
    command += [part for path in lists for part in ("--requirement", str(path))]
    if subprocess.run(command, cwd=ROOT, env=inherited | own).returncode:
        raise KitError(
            "The private packages could not be installed; pip's reason is above.",
            "Does the private index have that version, as a wheel for this Python and processor? An",
            "expired token looks the same to pip.",
        )


# ── The commands ─────────────────────────────────────────────────────────────


def install() -> None:
    """Install the private packages into this Python, and see that they have what they need."""
    check()
    if not internal():
        return
    # Each time: what is installed already may come from elsewhere.
    pip(index_url(), private_lists(), "--force-reinstall")
    # --no-deps installs nothing else, so what a private package needs must be listed too.
    command = [sys.executable, "-m", "pip", "check", "--disable-pip-version-check"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout
    missing = [line for line in output.splitlines() if canonical(line.split()[0]) in internal()]
    if missing:
        raise KitError(
            "A private package lacks what it needs:",
            *missing,
            "Add internal packages to requirements.private; others to requirements.in, then: make lock",
        )


def build() -> None:
    """Complete what `sam build` made. When that fails, its template is removed: half of it must not
    be deployed."""
    lists = [path for path in BUILT.glob("*/requirements.private") if [*lines([path])]]
    try:
        check()
        url = index_url() if lists else ""
        for path in lists:
            pip(url, [path], "--upgrade", "--no-compile", "--target", path.parent, *platform())
    except BaseException:
        (BUILT / "template.yaml").unlink(missing_ok=True)
        raise


def platform() -> list[str]:
    """Options with which pip takes wheels for Lambda, and not for this machine."""
    template = (ROOT / "template.yaml").read_text("utf-8")
    processor = "x86_64" if "Architectures: [x86_64]" in template else "aarch64"
    version = (ROOT / ".python-version").read_text("utf-8").strip()
    return [
        f"--python-version={version}",
        "--implementation=cp",
        f"--platform=manylinux2014_{processor}",
        f"--platform=manylinux_2_17_{processor}",
    ]


def main() -> int:
    """Run a command; 1 when it fails."""
    commands = {"check": check, "install": install, "build": build}
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=commands)
    command = commands[parser.parse_args().command]
    try:
        command()
    except KitError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
