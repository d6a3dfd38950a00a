"""folders"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from kit.gate import parsers
from kit.gate.parsers import UnparsedError
from kit.gate.service import TEMPLATE, Function, Resource, Service
from kit.template import at

# The properties that say which code is deployed with a resource.
CODE = {
    "AWS::Serverless::Function": ("CodeUri", "InlineCode"),
    "AWS::Lambda::Function": ("Code",),
    "AWS::Serverless::LayerVersion": ("ContentUri",),
    "AWS::Lambda::LayerVersion": ("Content",),
}


FUNCTIONS = ("AWS::Serverless::Function", "AWS::Lambda::Function")


def branches(node: Any) -> Iterator[Any]:
    """What a property may come to: both sides of !If, or what is there."""
    options = at(node, "Fn::If")
    if isinstance(options, list):
        for option in options[1:]:
            yield from branches(option)
    elif node is not None:
        yield node


def code_of_resource(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Each place of its code that is written in the template, with the key that has it."""
    for key in CODE.get(resource.type, ()):
        for value in branches(resource.get(key)):
            yield key, value


def folder_of(resource: Resource) -> str:
    """The folder that it is deployed from, as src/orders/app; empty when it can't be told."""
    for key, value in code_of_resource(resource):
        if isinstance(value, str) and key != "InlineCode":
            return PurePosixPath(os.path.normpath(value)).as_posix()
    return ""


def is_python(function: Resource) -> bool:
    """Whether Lambda runs it with Python, as far as can be told. Images bring their own."""
    runtime = function.get("Runtime")
    is_other = isinstance(runtime, str) and not runtime.startswith("python")
    return not is_other and function.get("PackageType") != "Image"


def python_folders(service: Service) -> list[str]:
    """The folders of functions, without those of layers and of functions in other languages."""
    others = {
        folder_of(each)
        for each in service.of_type(*CODE)
        if each.type not in FUNCTIONS or not is_python(each)
    }
    tops = {"/".join(folder.split("/")[:3]) for folder in others}
    return [folder for folder in service.function_folders if folder not in tops]


def code_elsewhere(resource: Resource, key: str, value: Any) -> str:
    """Where its code comes from, unless that is src. A layer may be somebody else's archive."""
    if key == "InlineCode" or at(value, "ZipFile"):
        return "has its code in `template.yaml`"
    is_function = resource.type in FUNCTIONS
    if isinstance(value, str) and not value.startswith("s3://"):
        inside = os.path.normpath(value).split(os.sep)[0] == "src"
        return "" if inside else f"is deployed from `{value}`, which is not below `src/`"
    if is_function and (isinstance(value, str) or at(value, "Bucket") or at(value, "S3Bucket")):
        return "is deployed from an archive in S3, not from `src/`"
    return ""


def built_functions(service: Service) -> Iterator[tuple[Function, Path]]:
    """The Python functions that are built, but for those that have changed since then."""
    folder = service.root / ".aws-sam" / "build"
    try:
        built = parsers.cloudformation((folder / "template.yaml").read_text("utf-8"))
        time = (folder / "template.yaml").stat().st_mtime
    except (OSError, UnicodeDecodeError, UnparsedError):
        return
    for function in filter(is_python, service.functions):
        place = at(built, "Resources", function.logical_id, "Properties", "CodeUri")
        sources = [TEMPLATE, *service.files_in(function.folder)] if function.folder else []
        if not isinstance(place, str) or not (folder / place).is_dir():
            continue
        if all((service.root / path).stat().st_mtime <= time for path in sources):
            yield function, folder / place


# What bundlers and editors leave in a folder, and SAM ships; directly in it, more than below.
LEFT_OVER = {".ipynb_checkpoints", "node_modules", "site-packages"}


LEFT_ABOVE = LEFT_OVER | {"build", "dist"}


ARCHIVES = (".egg", ".whl")


ARCHIVES_ABOVE = (*ARCHIVES, ".tar", ".tar.gz", ".tgz", ".zip")


IN_RUNTIME = {"boto3", "botocore", "awslambdaric"}


def is_stray(service: Service, path: str) -> tuple[str, str] | None:
    """What does not belong into a function's folder: the file or all of its folder, and why."""
    parts = path.split("/")
    for count, part in enumerate(parts[3:-1], 4):
        if part in (LEFT_ABOVE if count == 4 else LEFT_OVER):
            return "/".join(parts[:count]), "is build output"
        if part == "tests":
            return "/".join(parts[:count]), "is for tests, whose place is tests/"
    if path.endswith(ARCHIVES_ABOVE if len(parts) == 4 else ARCHIVES):
        return path, "is an archive"
    return (path, "is for tests, whose place is tests/") if is_test(service, path) else None


def is_test(service: Service, path: str) -> bool:
    """Whether a file has tests: its name is not enough, as test_results.py may be of a laboratory."""
    name = path.rsplit("/", 1)[1]
    if not re.fullmatch(r"test_.*\.py|.*_test\.py", name):
        return name == "conftest.py"
    module = service.module(path)
    imported = {each.name for plain in module.nodes(ast.Import) for each in plain.names}
    imported |= {str(each.module) for each in module.nodes(ast.ImportFrom)}
    defined = {getattr(node, "name", "").lower() for node in module.tree.body}
    return bool({"pytest", "unittest"} & imported) or any(
        each.startswith("test") for each in defined
    )
