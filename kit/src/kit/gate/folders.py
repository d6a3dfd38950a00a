"""Where the code of functions is: their folders, what is deployed from them, and what was built."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from kit.layout import TEMPLATE

from .service import Function, Resource, Service
from .tested import tests_in

# The property with the code that is deployed as a resource.
CODE = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Lambda::Function": "Code",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Lambda::LayerVersion": "Content",
}
# What a function's folder should not have, by the path in it. `services/build/` is a fine name.
BUILD_OUTPUT = re.compile(r"(build|dist|(?:.*/)?(?:node_modules|site-packages))/.*|.*\.(?:whl|egg)")


def with_folders(paths: Collection[str]) -> list[str]:
    """The paths and all folders above them, folders before what is in them."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    return sorted({*paths, *folders} - {"."})


def folder_of(resource: Resource) -> str:
    """The folder that a resource is deployed from, as src/orders/app; empty if it is none."""
    code = resource.get(CODE[resource.type])
    return PurePosixPath(os.path.normpath(code)).as_posix() if isinstance(code, str) else ""


def is_python(function: Resource) -> bool:
    """Whether Lambda runs a function with its own Python. Images bring theirs."""
    runtime = function.get("Runtime")
    is_other = isinstance(runtime, str) and not runtime.startswith("python")
    return not is_other and function.get("PackageType") != "Image"


def python_folders(service: Service) -> list[str]:
    """The folders of functions, without those of layers and of functions in other languages."""
    others = {
        "/".join(folder_of(resource).split("/")[:3])
        for resource in service.of_type(*CODE)
        if not isinstance(resource, Function) or not is_python(resource)
    }
    return [folder for folder in service.function_folders if folder not in others]


def built_functions(service: Service) -> Iterator[tuple[Function, Path]]:
    """The Python functions with what `make build` built, if it is newer than their sources."""
    template = service.root / ".aws-sam" / "build" / "template.yaml"
    for function in filter(is_python, service.functions if template.is_file() else ()):
        artifact = template.with_name(function.logical_id)
        sources = [service.root / path for path in (TEMPLATE, *service.files_in(function.folder))]
        is_newer = all(path.stat().st_mtime <= template.stat().st_mtime for path in sources)
        if is_newer and artifact.is_dir():
            yield function, artifact


def stray(service: Service, path: str) -> tuple[str, str] | None:
    """What does not belong into a function's folder: the file or its whole folder, and why."""
    folder, inner = "/".join(path.split("/")[:3]), "/".join(path.split("/")[3:])
    if output := BUILD_OUTPUT.fullmatch(inner):
        return (f"{folder}/{output[1]}" if output[1] else path), "is build output"
    above, has_folder, _ = f"/{inner}".partition("/tests/")
    if has_folder:
        return f"{folder}{above}/tests", "is for tests, whose place is tests/"
    if path.endswith("/conftest.py") or (path.endswith(".py") and tests_in(service.module(path))):
        return path, "is for tests, whose place is tests/"
    return None
