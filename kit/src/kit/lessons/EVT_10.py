"""EVT-10: A custom domain says where its certificate is: in the Region of the API, or in us-east-1
for CloudFront.

Why: Certificates were in the wrong Region, and the deployment failed after twenty minutes.

Here: Nothing yet; it holds for the domain that you add.

Fix: Take the certificate's ARN from a parameter whose `Description` and `AllowedPattern` name the
Region, or make the certificate in this stack, if it is in that Region.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import Any

from kit.gate.environments import all_deployed, deployed, exists, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import listed, targets
from kit.gate.service import TEMPLATE, Resource, Service
from kit.template import at, strings

LESSON = Lesson.read(__doc__)


# CloudFront takes certificates from here only; so does what stands on it.
EDGE = "us-east-1"


@LESSON.check
def certificates_name_their_region(service: Service) -> Iterator[Finding]:
    """A custom domain's certificate is, and is said to be, in the Region that AWS looks in."""
    templates = all_deployed(service, TEMPLATE)
    for resource in service.resources.values():
        for certificate, at_edge, line in _certificates(resource):
            for environment, template in templates.items():
                region = EDGE if at_edge else str(template.pseudo["AWS::Region"])
                problem = _region_problem(service, environment, certificate, region)
                if problem and exists(template, resource):
                    found = f"`{resource.logical_id}` needs a certificate of {region}: {problem}"
                    yield resource.finding(LESSON.id, line, found)
                    break


def _certificates(resource: Resource) -> Iterator[tuple[Any, bool, int]]:
    """The certificates of a resource: what is written, whether CloudFront has it, and where."""
    places: list[tuple[tuple[str | int, ...], bool]] = []
    edge = "EDGE" in str(resource.get("EndpointConfiguration"))
    match resource.type:
        case "AWS::ApiGatewayV2::DomainName":
            given = listed(resource.get("DomainNameConfigurations"))
            places = [
                (("DomainNameConfigurations", number, "CertificateArn"), False)
                for number in range(len(given))
            ]
        case "AWS::ApiGateway::DomainName":
            places = [(("CertificateArn",), True), (("RegionalCertificateArn",), False)]
        case "AWS::Serverless::HttpApi" | "AWS::Serverless::Api":
            edge = "EDGE" in str(resource.get("Domain", "EndpointConfiguration"))
            places = [(("Domain", "CertificateArn"), edge)]
        case "AWS::CloudFront::Distribution":
            viewer = ("DistributionConfig", "ViewerCertificate", "AcmCertificateArn")
            places = [(viewer, True)]
        case "AWS::Cognito::UserPoolDomain":
            places = [(("CustomDomainConfig", "CertificateArn"), True)]
    for keys, at_edge in places:
        written = resource.get(*keys)
        if written:
            yield written, at_edge, resource.line_of(*keys)


def _region_problem(service: Service, environment: str, written: Any, region: str) -> str:
    """Why a certificate is not one of that Region for sure; empty if it is."""
    template = deployed(service, TEMPLATE, environment)
    for name in sorted(targets(written)):
        parameter = at(service.template, "Parameters", name)
        declared = service.resources.get(name)
        if declared and declared.type == "AWS::CertificateManager::Certificate":
            here = str(template.pseudo["AWS::Region"])
            return "" if here == region else f"`{name}` is made in {here}"
        if isinstance(parameter, dict) and at(written, "Ref") == name:
            given = service.parameters(environment).get(name, str(parameter.get("Default") or ""))
            if given.startswith("arn:") or region in given:
                return _other_region(given, region) if given.startswith("arn:") else ""
            pattern = str(parameter.get("AllowedPattern") or "")
            return (
                ""
                if region in pattern
                else f"the `AllowedPattern` of `{name}` does not name the Region"
            )
    value = resolved(template, written)
    if isinstance(value, str) and value.startswith("arn:"):
        return _other_region(value, region)
    said = [text for text, _line in strings(written)]
    return "" if any(region in text for text in said) else "it is not told where this one is"


def _other_region(arn: str, region: str) -> str:
    here = (arn.split(":") + [""] * 4)[3]
    return "" if here == region else f"this one is in {here or 'none'}"
