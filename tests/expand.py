"""Print what CloudFormation gets of a template.yaml, as JSON: SAM's own transform, offline.

Run by the SAM CLI's Python: .venv-sam/bin/python tests/expand.py template.yaml
"""

import json
import sys
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The services name none of SAM's."""

    def load(self) -> dict[str, str]:
        return {}


def main() -> None:
    template: dict[str, Any] = yaml_parse(Path(sys.argv[1]).read_text("utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"  # as after an upload
    json.dump(transform(template, {}, NoManagedPolicies()), sys.stdout)


if __name__ == "__main__":
    main()
