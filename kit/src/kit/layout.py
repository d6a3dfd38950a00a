"""Where a service has what, from its folder on. Any Python from 3.9 on reads it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = "template.yaml"
INFRA = "infra/environment.yaml"
ANSWERS = ".copier-answers.yml"
# The sections of samconfig.toml.
ENVIRONMENTS = ("dev", "prod")
