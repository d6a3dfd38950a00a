"""What the environment must say: `template.yaml` passes it, and the README lists it."""

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """The environment of this function."""

    stage: str
    new_function_versions: list[str]


def load_settings() -> Settings:
    """Read the environment; a missing variable is a KeyError, which names it."""
    versions = os.environ["NEW_FUNCTION_VERSIONS"].split(",")
    return Settings(stage=os.environ["STAGE"], new_function_versions=versions)
