"""resources"""

from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments, exists, resolved
from kit.gate.findings import BrokenFileError
from kit.gate.names import Name, names
from kit.gate.service import INFRA, TEMPLATE, Resource, Service
from kit.template import at

# Folders in which templates make nothing of this service.
ELSEWHERE = ("tests/", "docs/", "events/", ".github/")


def other_templates(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of each further template of CloudFormation."""
    for path in service.files_in("", ".yaml", ".yml", ".json", ".template"):
        if path in (TEMPLATE, INFRA) or path.startswith(ELSEWHERE):
            continue
        try:
            if not {"Resources", "AWS::"} <= words_of(service.text(path)):
                continue
            found = service.json(path) if path.endswith(".json") else service.yaml(path)
        except BrokenFileError:
            continue  # nothing that CloudFormation would take
        resources = at(found, "Resources")
        if isinstance(resources, dict):
            bodies = resources.values()
            if any(str(at(body, "Type")).startswith("AWS::") for body in bodies):
                yield path, resources


def mapping_of(template: dict[str, Any], section: str) -> dict[str, Any]:
    """A section of a template; empty where there is none that could be read."""
    found = template.get(section)
    return found if isinstance(found, dict) else {}


def words_of(text: str) -> set[str]:
    """Which of the words that every template has are in a text: most files need no parser."""
    return {word for word in ("Resources", "AWS::") if word in text}


def is_copy(service: Service, resources: dict[str, Any]) -> bool:
    """Whether another template has resources that template.yaml has."""
    return any(name in service.resources for name in resources)


# Whose names are another lesson's: IAM-07's, and SEC-01's.
NAMED_ELSEWHERE = ("AWS::IAM::Role", "AWS::SecretsManager::Secret")


def resolved_names(service: Service) -> Iterator[tuple[Name, str, str]]:
    """Every physical name that can be told, in each environment that has it."""
    for environment, template in environments(service).items():
        for name in names(service):
            if name.resource.type in NAMED_ELSEWHERE:
                continue
            text = resolved(template, name.node)
            if isinstance(text, str | int) and exists(template, name.resource):
                yield name, environment, str(text)


TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable")


def is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def is_of_idempotency(resource: Resource) -> bool:
    """Whether a table is what Powertools remembers of the last hour, by what it is called."""
    called = f"{resource.logical_id} {resource.get('TableName')}"
    return resource.type in TABLES and "idempotency" in called.lower()
