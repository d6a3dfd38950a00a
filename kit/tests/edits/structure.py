"""What the cases of several lessons share: the code of functions, layers and builds."""

from edits import Edit

AGE = "AGE = 3\n"


def in_code(edit: Edit, path: str, text: str = AGE) -> None:
    """Write a file into the lambda_pkg of the first function."""
    edit.write(f"{edit.function().code}/{path}", text)


def fresh(edit: Edit, text: str) -> None:
    """Write a new module of the first function."""
    in_code(edit, "services/fresh.py", text)


def code_uri(edit: Edit, new: str) -> None:
    """Put that in place of the CodeUri of the first function."""
    function = edit.function()
    edit.in_resource(function.logical_id, f"CodeUri: {function.folder}/", new)


def in_handler(edit: Edit, line: str) -> None:
    """Let the handler of the first function begin with that line."""
    head = r"^(def lambda_handler\((?:.|\n)*?:\n)(?=    \S)"
    edit.sub(f"{edit.function().code}/index.py", head, rf"\1    {line}\n\n")


def before_settings(edit: Edit, line: str) -> None:
    """Add an import to the entry point of the first function, where it imports the settings."""
    old = "from .settings import load_settings\n"
    edit.replace(f"{edit.function().code}/index.py", old, f"{line}\n{old}")


def layer(edit: Edit, name: str, folder: str) -> None:
    """Declare a layer that is deployed from that folder."""
    edit.declare(
        f"{name.title()}Layer:\n  Type: AWS::Serverless::LayerVersion\n  Properties:\n"
        f"    ContentUri: {folder}/\n    RetentionPolicy: Delete\n"
        f"    LayerName: !Sub {edit.service}-{name}-${{EnvironmentName}}\n"
    )


def built(edit: Edit, path: str, text: str = "def lambda_handler() -> None: ...\n") -> None:
    """Put a file into what `make build` made of the first function."""
    edit.write(f".aws-sam/build/{edit.function().logical_id}/{path}", text)
    edit.write(".aws-sam/build/template.yaml", edit.read("template.yaml"))


def require(edit: Edit, name: str, version: str) -> None:
    """Let the first function require a package, with `make lock`."""
    folder = edit.function().folder
    edit.append(f"{folder}/requirements.in", f"{name}\n")
    edit.pin(f"{folder}/requirements.txt", name, version)
