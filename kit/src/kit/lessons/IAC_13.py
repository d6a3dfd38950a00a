"""IAC-13: Outputs tell what people and tests need: the addresses of APIs, if the service has any,
and the names of functions.

Why: Addresses were copied by hand into tests and pages, and were those of a stack that was gone.

Here: `Outputs` of `template.yaml`; `make smoke`, `make integration` and `make logs` use them.

Fix: Add the output below `Outputs`, with a `Description`; tests read it by its name there.

Defended by: gate.
"""

import ast
from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import dotted
from kit.gate.resources import mapping_of
from kit.gate.service import TEMPLATE, Resource, Service
from kit.template import at, line_of, references

LESSON = Lesson.read(__doc__)


APIS = {
    *("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Serverless::Api"),
    *("AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi", "AWS::AppSync::GraphQLApi"),
}


DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", "AWS::CloudFront::")


@LESSON.check
def outputs_tell_addresses_and_names(service: Service) -> Iterator[Finding]:
    outputs = mapping_of(service.template, "Outputs")
    told = {each.target.split(".")[0] for each in references(outputs)}
    domains = {each.logical_id for each in service.of_type(*DOMAINS)}
    wanted: list[tuple[Resource, str, set[str]]] = [
        (api, "the address of", {api.logical_id, *_domain(api), *domains})
        for api in service.of_type(*APIS)
    ]
    wanted += [(each, "the name of", {each.logical_id}) for each in service.functions]
    for resource, what, by in wanted:
        if not by & told:
            line = line_of(service.template, "Outputs") or resource.line
            yield resource.finding(LESSON.id, line, f"no output tells {what} {resource.logical_id}")
    for name, body in outputs.items():
        if not at(body, "Description"):
            line = line_of(outputs, name)
            yield LESSON.finding(TEMPLATE, line, f"the output {name} has no Description")


def _domain(api: Resource) -> set[str]:
    """What the domain of an API is named by."""
    return {each.target for each in references(api.get("Domain"))}


@LESSON.check
def tests_read_outputs_that_there_are(service: Service) -> Iterator[Finding]:
    """What integration tests take from the fixture `outputs` is an output."""
    declared = mapping_of(service.template, "Outputs")
    for module in service.modules("tests/integration"):
        for item in module.nodes(ast.Subscript):
            key = item.slice
            if dotted(item.value) != "outputs" or not isinstance(key, ast.Constant):
                continue
            if isinstance(key.value, str) and key.value not in declared:
                what = f"reads the output {key.value}, which template.yaml does not have"
                fix = "Write the name of an output as template.yaml has it, or declare it there."
                yield LESSON.finding(module.path, item.lineno, what, fix=fix)
