"""Edits that break DEP lessons, and innocent ones."""

from __future__ import annotations

from .edits import Edit, innocent, mutant

DEV = ".github/workflows/dev_cicd.yml"
CHECKS = ".github/workflows/checks.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SETUP_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"


def own_workflow(edit: Edit, *steps: str, name: str = "nightly", more: str = "") -> None:
    """Add a workflow as a developer would, with these steps and `more` for its job."""
    checkout = f"      - uses: {CHECKOUT}\n        with:\n          persist-credentials: false\n"
    edit.write(
        f".github/workflows/{name}.yml",
        f"name: {name}\n\non:\n  workflow_dispatch:\n\npermissions: {{}}\n\n"
        f"concurrency:\n  group: {name}\n  cancel-in-progress: false\n\n"
        f"jobs:\n  {name}:\n    name: {name}\n    runs-on: ubuntu-24.04\n    timeout-minutes: 5\n{more}"
        f"    permissions:\n      contents: read\n    steps:\n{checkout}" + "".join(steps),
    )


def run_step(*lines: str) -> str:
    """A step that runs these lines."""
    return "      - run: |\n" + "".join(f"          {line}\n" for line in lines)


def python_everywhere(edit: Edit, version: str) -> None:
    """Change the version of Python by hand, wherever it is said."""
    old = edit.answers["python_version"]
    edit.write(".python-version", f"{version}\n")
    edit.replace("template.yaml", f"Runtime: python{old}", f"Runtime: python{version}")
    edit.replace("pyproject.toml", f'"=={old}.*"', f'"=={version}.*"')
    edit.replace("pyproject.toml", f'python_version = "{old}"', f'python_version = "{version}"')
    tag, new = (f"py{each.replace('.', '')}" for each in (old, version))
    edit.replace("pyproject.toml", f'target-version = "{tag}"', f'target-version = "{new}"')
    edit.replace(".copier-answers.yml", f"python_version: '{old}'", f"python_version: '{version}'")


# ── DEP-01: pins ─────────────────────────────────────────────────────────────


@mutant("DEP-01", "a function requires any version of a library from some on")
def _(edit: Edit) -> None:
    edit.append(f"{edit.function().folder}/requirements.txt", "python-slugify>=8\n")


@mutant("DEP-01", "a new library is not locked")
def _(edit: Edit) -> None:
    edit.append(f"{edit.function().folder}/requirements.in", "python-slugify\n")


@mutant("DEP-01", "a tool is pinned to a range, at the top")
def _(edit: Edit) -> None:
    edit.sub("requirements-dev.txt", r"^pytest==\S+", "pytest==9.*")


@mutant("DEP-01", "a library comes from a branch")
def _(edit: Edit) -> None:
    line = "slugs @ git+https://github.com/example/slugs@main\n"
    edit.append(f"{edit.function().folder}/requirements.txt", line)


@mutant("DEP-01", "a bound is added and the pin is not renewed")
def _(edit: Edit) -> None:
    edit.replace(
        f"{edit.function().folder}/requirements.in",
        "aws-lambda-powertools\n",
        "aws-lambda-powertools>=99\n",
    )


@mutant("DEP-01", "code uses a library that only tools have")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py", "import requests\n\nGET = requests.get\n"
    )


@mutant("DEP-01", "a function pins another version than what else is in .venv")
def _(edit: Edit) -> None:
    digest = "0" * 64
    edit.append(
        f"{edit.function().folder}/requirements.txt",
        f"requests==2.31.0 \\\n    --hash=sha256:{digest}\n",
    )


@innocent("DEP-01", "pins with markers, digests, extras and a commit")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()  # there the job that checks can become a role, and a commit has no hash
    folder = edit.function().folder
    commit = "0123456789012345678901234567890123456789"
    edit.append(f"{folder}/requirements.in", "Python_Slugify[unidecode]>=8,<9\n")
    edit.append(
        f"{folder}/requirements.txt",
        "python-slugify==8.0.4 ; python_full_version < '4' \\\n    --hash=sha256:"
        + "a" * 64
        + f"\nslugs @ git+https://github.com/example/slugs@{commit}\n",
    )


@innocent("DEP-01", "a library is used where it is there, and its types where they are")
def _(edit: Edit) -> None:
    edit.write(
        f"{edit.function().code}/services/fresh.py",
        "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\n"
        "if TYPE_CHECKING:\n    from types_boto3_dynamodb import DynamoDBClient\n\n"
        "try:\n    import regex as expressions\nexcept ImportError:\n    import re as expressions\n\n"
        "def name(client: DynamoDBClient) -> object:\n    return expressions\n",
    )


# ── DEP-02: a bot proposes updates ───────────────────────────────────────────


@mutant("DEP-02", "the bot's file is deleted")
def _(edit: Edit) -> None:
    edit.delete(".github/dependabot.yml")


@mutant("DEP-02", "the bot looks at the top only")
def _(edit: Edit) -> None:
    edit.replace(".github/dependabot.yml", 'directories: ["/", "/src/*/*"]', "directory: /")


@mutant("DEP-02", "updates of actions are taken out")
def _(edit: Edit) -> None:
    edit.sub(".github/dependabot.yml", r"  - package-ecosystem: github-actions\n(?:.*\n?)*", "")


@mutant("DEP-02", "each update is a pull request of its own")
def _(edit: Edit) -> None:
    edit.sub(
        ".github/dependabot.yml", r'    groups:\n      python:\n        patterns: \["\*"\]\n', ""
    )


@mutant("DEP-02", "an action of one's own lies where the bot does not look")
def _(edit: Edit) -> None:
    edit.write(
        "ci/tools/action.yml",
        "name: tools\ndescription: Tools\nruns:\n  using: composite\n  steps:\n"
        f"    - uses: {SETUP_PYTHON}\n",
    )


@mutant("DEP-02", "requirements are in a folder that the bot does not know")
def _(edit: Edit) -> None:
    edit.sub(".github/dependabot.yml", r'"/src/\*/\*"', f'"/src/*/{edit.function().name}x"')


@innocent("DEP-02", "actions of one's own are where the bot looks, or use no other")
def _(edit: Edit) -> None:
    head = "name: tools\ndescription: Tools\nruns:\n  using: composite\n  steps:\n"
    edit.write(".github/actions/tools/action.yml", f"{head}    - uses: {SETUP_PYTHON}\n")
    edit.write("ci/tools/action.yml", f"{head}    - shell: bash\n      run: make changes\n")


@innocent("DEP-02", "the folders are listed one by one")
def _(edit: Edit) -> None:
    folders = [path.rpartition("/")[0] for path in edit.glob("src/*/*/requirements.txt")]
    listed = "".join(f'\n      - "/{folder}/"' for folder in ["", *folders])
    edit.replace(".github/dependabot.yml", ' ["/", "/src/*/*"]', listed.replace('"//"', '"/"'))


@innocent("DEP-02", "Renovate does it")
def _(edit: Edit) -> None:
    edit.delete(".github/dependabot.yml")
    edit.write(
        "renovate.json",
        '{"extends": ["config:recommended", "group:allNonMajor"], "minimumReleaseAge": "7 days"}\n',
    )


# ── DEP-04: one Python ───────────────────────────────────────────────────────


@mutant("DEP-04", "one function has another runtime")
def _(edit: Edit) -> None:
    other = "3.12" if edit.answers["python_version"] != "3.12" else "3.13"
    edit.in_resource(
        edit.function().logical_id,
        "    Properties:\n",
        f"    Properties:\n      Runtime: python{other}\n",
    )


@mutant("DEP-04", "all functions have another runtime")
def _(edit: Edit) -> None:
    old = edit.answers["python_version"]
    other = "3.12" if old != "3.12" else "3.13"
    edit.replace("template.yaml", f"Runtime: python{old}", f"Runtime: python{other}")


@mutant("DEP-04", "a workflow installs another Python")
def _(edit: Edit) -> None:
    edit.replace(CHECKS, "python-version-file: .python-version", 'python-version: "3.10"')


@mutant("DEP-04", "a new workflow tests on several")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    own_workflow(
        edit,
        f"      - uses: {SETUP_PYTHON}\n        with:\n          python-version: ${{{{ matrix.python }}}}\n",
        run_step("make setup check"),
        more=f'    strategy:\n      matrix:\n        python: ["{version}", "3.9"]\n',
    )


@mutant("DEP-04", "mypy checks for another Python")
def _(edit: Edit) -> None:
    old = edit.answers["python_version"]
    edit.replace("pyproject.toml", f'python_version = "{old}"', 'python_version = "3.10"')


@mutant("DEP-04", ".python-version follows the laptop")
def _(edit: Edit) -> None:
    edit.write(".python-version", "3.15\n")


@innocent("DEP-04", "the same version, said in other ways")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.write(".python-version", f"{version}.2\n")
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}.1"')
    edit.replace("template.yaml", f"Runtime: python{version}", f"Runtime: !Sub python{version}")
    own_workflow(
        edit,
        f'      - uses: {SETUP_PYTHON}\n        with:\n          python-version: "{version}"\n',
        run_step("make setup check"),
    )


@innocent("DEP-04", "a tool works for all versions from this one on")
def _(edit: Edit) -> None:
    version = edit.answers["python_version"]
    edit.replace("pyproject.toml", f'"=={version}.*"', f'">={version}"')
    edit.sub("pyproject.toml", r"^target-version = .*\n", "")
    own_workflow(edit, f"      - uses: {SETUP_PYTHON}\n", run_step("make setup check"))


# ── DEP-05: a runtime that AWS supports ──────────────────────────────────────


@mutant("DEP-05", "the service stays on a Python that AWS has given up")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.9")


@mutant("DEP-05", "the service takes a Python that AWS does not have yet")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.15")


@innocent("DEP-05", "the service takes another Python that AWS supports")
def _(edit: Edit) -> None:
    python_everywhere(edit, "3.12" if edit.answers["python_version"] != "3.12" else "3.13")


# ── DEP-06: internal packages from the private index alone ───────────────────


@mutant("DEP-06", "a list adds the private index to the public one")
def _(edit: Edit) -> None:
    edit.append(
        f"{edit.function().folder}/requirements.txt",
        "--extra-index-url https://packages.example.com/simple/\n",
    )


@mutant("DEP-06", "a workflow adds an index for every package")
def _(edit: Edit) -> None:
    edit.replace(
        CHECKS,
        "run: make setup",
        "env:\n          PIP_EXTRA_INDEX_URL: https://packages.example.com/simple/\n        run: make setup",
    )


@mutant("DEP-06", "a private package is on a public list, too")
def _(edit: Edit) -> None:
    with_private_index(edit)
    folder = edit.function().folder
    edit.write(f"{folder}/requirements.private", "acme-tools==1.4.2\n")
    edit.append(f"{folder}/requirements.in", "Acme_Tools\n")
    edit.pin(f"{folder}/requirements.txt", "acme-tools", "1.4.2")


@mutant("DEP-06", "a private package is not pinned")
def _(edit: Edit) -> None:
    with_private_index(edit)
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools>=1.4\n")


@mutant("DEP-06", "a job builds without signing in to the private index")
def _(edit: Edit) -> None:
    with_private_index(edit)
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools==1.4.2\n")
    own_workflow(edit, run_step("make setup SETUP_ARGS=--own-sam", "make build CONTAINER=yes"))


@mutant("DEP-06", "a private list is written where there is no private index")
def _(edit: Edit) -> None:
    if edit.has("docs/private-packages.md"):
        edit.skip()
    edit.write(f"{edit.function().folder}/requirements.private", "acme-tools==1.4.2\n")


@innocent("DEP-06", "private packages are pinned, one with its digest, and used")
def _(edit: Edit) -> None:
    with_private_index(edit)
    folder = edit.function().folder
    digest = "a" * 64
    edit.write(
        f"{folder}/requirements.private",
        f"# Ours.\nacme-tools==1.4.2\nacme.money==2.0 --hash=sha256:{digest}\n",
    )
    edit.write(f"{folder}/lambda_pkg/services/fresh.py", "import acme_tools\n\nX = acme_tools\n")


@innocent("DEP-06", "all packages come from a mirror of the company")
def _(edit: Edit) -> None:
    edit.append("pyproject.toml", '\n[tool.uv]\nindex-url = "https://mirror.example.com/simple/"\n')


def with_private_index(edit: Edit) -> None:
    """Skip samples whose answers name no private index."""
    if not edit.has("docs/private-packages.md"):
        edit.skip()


# ── DEP-07: CI runs what developers run ──────────────────────────────────────


@mutant("DEP-07", "CI runs the linter by itself")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", ".venv/bin/ruff check src"))


@mutant("DEP-07", "CI installs the tools in its own way")
def _(edit: Edit) -> None:
    own_workflow(
        edit,
        run_step("# quicker than make setup", "python -m pip install -r requirements-dev.txt"),
    )


@mutant("DEP-07", "CI validates with whatever SAM CLI is there")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", 'if test -n "$X"; then sam validate --lint; fi'))


@mutant("DEP-07", "CI uses an action that brings its own linter")
def _(edit: Edit) -> None:
    commit = "0123456789012345678901234567890123456789"
    own_workflow(edit, f"      - uses: astral-sh/ruff-action@{commit} # v3.0.0\n")


@mutant("DEP-07", "CI gives the tests ten minutes, and runs them with Poetry")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("make setup", "timeout -k 10 600 poetry run pytest tests/unit"))


@mutant("DEP-07", "an action of one's own runs type checks through uv")
def _(edit: Edit) -> None:
    edit.write(
        ".github/actions/types/action.yml",
        "name: types\ndescription: Check types\nruns:\n  using: composite\n  steps:\n"
        "    - shell: bash\n      run: uv run --frozen mypy src\n",
    )


@innocent("DEP-07", "CI runs commands of the Makefile, and scripts that speak of tools")
def _(edit: Edit) -> None:
    own_workflow(
        edit,
        run_step(
            "# pytest and ruff: see the Makefile",
            "make setup check # and not pytest",
            'echo "run pytest or pip install yourself; then mypy"',
            "cat <<EOF >> report.md",
            "it's what the tests say:",
            "pytest is well",
            "EOF",
            "uvx copier --version && git status | cat",
            ".venv/bin/python .kit delivery facts",
        ),
    )


# ── DEP-08: what is installed is what was reviewed ───────────────────────────

SIGNS_IN = "    permissions:\n      contents: read\n      id-token: write\n"


def signing_job(edit: Edit, *lines: str) -> None:
    """Add a job that can become a role and runs these lines."""
    own_workflow(edit, run_step(*lines, "cosign sign-blob --yes CHANGELOG.md"), name="report")
    edit.replace(
        ".github/workflows/report.yml", "    permissions:\n      contents: read\n", SIGNS_IN
    )


@mutant("DEP-08", "the SAM CLI is installed by its name alone")
def _(edit: Edit) -> None:
    edit.write("requirements-sam.txt", "aws-sam-cli==1.170.0\n")


@mutant("DEP-08", "a package is pinned by hand for the job that deploys")
def _(edit: Edit) -> None:
    edit.append("requirements-deploy.txt", "python-slugify==8.0.4\n")


@mutant("DEP-08", "a job that can become a role runs the newest release of a tool")
def _(edit: Edit) -> None:
    signing_job(edit, "uvx cowsay hello")


@mutant("DEP-08", "a job that can become a role installs from npm without a lock")
def _(edit: Edit) -> None:
    signing_job(edit, "npm install --global left-pad")


@mutant("DEP-08", "the bot proposes releases of the same day")
def _(edit: Edit) -> None:
    edit.sub(".github/dependabot.yml", r"    cooldown:\n      default-days: 7\n", "")


@mutant("DEP-08", "lock takes releases of the same day")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN = 0 days")


@innocent("DEP-08", "a job without a role takes what it likes, one with a role what is locked")
def _(edit: Edit) -> None:
    own_workflow(edit, run_step("npx cowsay hello"))
    signing_job(edit, "npm ci --ignore-scripts", "make setup SETUP_ARGS=--deploy")


@innocent("DEP-08", "the cooldown is longer")
def _(edit: Edit) -> None:
    edit.replace("Makefile", "COOLDOWN = 7 days", "COOLDOWN ?= 2 weeks")
    edit.sub(".github/dependabot.yml", r"default-days: 7", "default-days: 14")
