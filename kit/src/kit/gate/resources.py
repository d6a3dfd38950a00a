"""Templates of this service other than template.yaml, and what several lessons ask of resources."""

import os
from collections.abc import Iterator
from typing import Any

from kit.layout import INFRA, TEMPLATE
from kit.template import at, mapping_of

from .findings import BrokenFileError
from .service import Resource, Service

# Folders in which templates and tools create nothing.
ELSEWHERE = ("tests/", "docs/", "events/", ".github/")
TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable")
# Where a nested stack says which template it is made of.
NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


def other_templates(service: Service) -> dict[str, dict[str, Any]]:
    """The resources of each further CloudFormation template that is no nested stack, by path."""
    templates = {TEMPLATE: mapping_of(service.template, "Resources"), **dict(_templates(service))}
    parts = [TEMPLATE]
    for part in parts:
        for body in templates.get(part, {}).values():
            location = at(body, "Properties", NESTED.get(str(at(body, "Type")), ""))
            path = os.path.normpath(os.path.join(os.path.dirname(part), str(location)))
            if path in templates and path not in parts:
                parts.append(path)
    return {path: resources for path, resources in templates.items() if path not in parts}


def _templates(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in service.files_in("", ".yaml", ".yml", ".json", ".template"):
        if path in (TEMPLATE, INFRA) or path.startswith(ELSEWHERE):
            continue
        try:
            text = service.text(path)
            if "Resources" not in text or "AWS::" not in text:
                continue  # most files need no parser
            template = service.json(path) if path.endswith(".json") else service.yaml(path)
        except BrokenFileError:
            continue  # CloudFormation would not take it either
        resources = mapping_of(template, "Resources")
        if any(str(at(body, "Type")).startswith("AWS::") for body in resources.values()):
            yield path, resources


def is_true(value: Any) -> bool:
    """Whether a property says yes: YAML has true, and CloudFormation also takes "true"."""
    return str(value).lower() == "true"


def is_idempotency_table(resource: Resource) -> bool:
    """Whether a table is what Powertools remembers of the last day, by its name."""
    name = f"{resource.logical_id} {resource.get('TableName')}"
    return resource.type in TABLES and "idempotency" in name.lower()
