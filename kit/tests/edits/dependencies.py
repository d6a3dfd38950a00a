"""What the cases of several lessons share: dependencies, and workflows that install them."""

from edits import Edit

CHECKS = ".github/workflows/checks.yml"
CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
SETUP_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
DEPENDABOT = ".github/dependabot.yml"


def requirements(edit: Edit) -> str:
    """The pins of the first function."""
    return f"{edit.function().folder}/requirements.txt"


def shared_list(edit: Edit, text: str, path: str = "shared.pip", option: str = "-r") -> None:
    """Let the pins of the first function name another list, at the top."""
    edit.write(path, text)
    edit.append(requirements(edit), f"{option} ../../../{path}\n")


def make_target(edit: Edit, name: str, *lines: str) -> None:
    """Add a target of one's own, which runs these lines."""
    recipe = "".join(f"\t{line}\n" for line in lines)
    edit.write("local.mk", f"{name}: ## Own\n{recipe}")


def own_action(edit: Edit, path: str, steps: str) -> None:
    """Add an action with these steps, in YAML that is indented by four spaces."""
    head = "name: tools\ndescription: Tools\nruns:\n  using: composite\n  steps:\n"
    edit.write(f"{path}/action.yml", f"{head}{steps}")


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


def setup_python(version: str = "") -> str:
    """A step that installs Python, in that version if there is one."""
    options = f"        with:\n          python-version: {version}\n" if version else ""
    return f"      - uses: {SETUP_PYTHON}\n{options}"


def lock(edit: Edit, path: str, line: int, name: str) -> None:
    """Name a package in the .in file beside a list in place of that line, as `make lock` pins it."""
    lines = edit.read(path).splitlines(keepends=True)
    edit.write(path, "".join(lines[: line - 1] + lines[line:]))
    edit.append(path.replace(".txt", ".in"), f"{name}\n")
    edit.pin(path, name, "8.0.4")
