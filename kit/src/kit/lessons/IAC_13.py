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
from kit.gate.policies import referenced_ids
from kit.gate.python_names import constant
from kit.gate.service import Service
from kit.layout import TEMPLATE
from kit.template import at, line_of, mapping_of

LESSON = Lesson.read(__doc__)

APIS = (
    *("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::AppSync::GraphQLApi"),
    *("AWS::Serverless::Api", "AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi"),
)
ADDRESS = "!Sub https://${ID}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
# What has the address of an API instead of it.
DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", "AWS::CloudFront::")


@LESSON.check
def outputs_tell_addresses_and_names(service: Service) -> Iterator[Finding]:
    """Each API and each function is in an output, and each output says what it is."""
    outputs = mapping_of(service.template, "Outputs")
    shown = referenced_ids(outputs)
    domains = {domain.logical_id for domain in service.of_type(*DOMAINS)}
    for resource in [*service.of_type(*APIS), *service.functions]:
        is_api = resource.type in APIS
        others = domains | referenced_ids(resource.get("Domain")) if is_api else set()
        if not shown & {resource.logical_id, *others}:
            line = line_of(service.template, "Outputs") or resource.line
            what = "address" if is_api else "name"
            message = f"no output has the {what} of {resource.logical_id}"
            value = (ADDRESS if is_api else "!Ref ID").replace("ID", resource.logical_id)
            fix = f"Add below `Outputs` one with a `Description` and `Value: {value}`."
            yield LESSON.finding_in(resource, line, message, fix)
    for name, body in outputs.items():
        if not at(body, "Description"):
            message = f"the output {name} has no Description"
            fix = f"Add a `Description` to the output {name}."
            yield LESSON.finding(TEMPLATE, line_of(outputs, name), message, fix=fix)


@LESSON.check
def tests_read_outputs_that_there_are(service: Service) -> Iterator[Finding]:
    """What integration tests take from the fixture `outputs` is an output."""
    declared = mapping_of(service.template, "Outputs")
    for module in service.modules("tests/integration"):
        reads = [(dotted(item.value), item.slice) for item in module.nodes(ast.Subscript)]
        calls = [call for call in module.nodes(ast.Call) if call.args]
        reads += [(dotted(call.func).removesuffix(".get"), call.args[0]) for call in calls]
        for what, key in reads:
            name = constant(key)
            if what == "outputs" and isinstance(name, str) and name not in declared:
                message = f"reads the output {name}, which template.yaml does not have"
                fix = "Write the name of an output as template.yaml has it, or declare it there."
                yield LESSON.finding(module.path, key.lineno, message, fix=fix)
