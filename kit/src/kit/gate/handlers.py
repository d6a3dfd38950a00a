"""handlers"""

from __future__ import annotations

from collections.abc import Iterator

from kit.gate.python_names import (
    Code,
    code_of,
)
from kit.gate.service import Service


def every_code(service: Service) -> Iterator[Code]:
    return (code_of(service, folder) for folder in service.function_folders)
