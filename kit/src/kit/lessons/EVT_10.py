"""EVT-10: A custom domain says where its certificate is: in the Region of the API, or in us-east-1
for CloudFront.

Why: Certificates were in the wrong Region, and the deployment failed after twenty minutes.

Here: Nothing yet; it holds for the domain that you add.

Fix: Take the certificate's ARN from a parameter whose `AllowedPattern` names the Region, or make the
certificate in this stack, if it is in that Region.

Defended by: gate.
"""

from collections.abc import Iterator
from typing import Any

from kit.gate.environments import environments, exists, resolved
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import referenced_ids
from kit.gate.service import Service
from kit.template import Template, at

LESSON = Lesson.read(__doc__)

EDGE = "us-east-1"
# Where each type has its certificate, and whether CloudFront stands behind it.
CERTIFICATES: list[tuple[str, tuple[str | int, ...], bool]] = [
    ("AWS::ApiGateway::DomainName", ("CertificateArn",), True),
    ("AWS::ApiGateway::DomainName", ("RegionalCertificateArn",), False),
    ("AWS::ApiGatewayV2::DomainName", ("DomainNameConfigurations", 0, "CertificateArn"), False),
    (
        "AWS::CloudFront::Distribution",
        ("DistributionConfig", "ViewerCertificate", "AcmCertificateArn"),
        True,
    ),
    ("AWS::Cognito::UserPoolDomain", ("CustomDomainConfig", "CertificateArn"), True),
    ("AWS::Serverless::Api", ("Domain", "CertificateArn"), False),
    ("AWS::Serverless::HttpApi", ("Domain", "CertificateArn"), False),
]


@LESSON.check
def certificates_name_their_region(service: Service) -> Iterator[Finding]:
    """A custom domain's certificate is, and is said to be, in the Region that AWS looks in."""
    for kind, keys, at_edge in CERTIFICATES:
        for resource in service.of_type(kind):
            for template in environments(service).values():
                endpoint = resolved(template, resource.get("Domain", "EndpointConfiguration"))
                is_at_edge = at_edge or endpoint == "EDGE"  # SAM's own domains are Regional else
                region = EDGE if is_at_edge else template.pseudo["AWS::Region"]
                problem = _problem(service, template, resource.get(*keys), region)
                if problem and exists(template, resource):
                    message = f"`{resource.logical_id}` needs a certificate of {region}: {problem}"
                    fix = f"Take its ARN from a parameter with `AllowedPattern: arn:aws:acm:{region}:.+`"
                    fix += f", and pass one of {region}."
                    yield LESSON.finding_in(resource, resource.line_of(*keys), message, fix)
                    break


def _problem(service: Service, template: Template, node: Any, region: str) -> str:
    """Why a certificate is not one of that Region for sure; empty if it is."""
    arn = str(resolved(template, node) or "")
    declared = [service.resources.get(name) for name in referenced_ids(node)]
    actual = ""
    if arn.startswith("arn:"):
        actual = arn.split(":")[3]
    elif any(
        resource and resource.type == "AWS::CertificateManager::Certificate"
        for resource in declared
    ):
        actual = template.pseudo["AWS::Region"]
    if node is None or actual:
        return "" if actual in ("", region) else f"this one is in {actual}"
    patterns = [
        at(service.template, "Parameters", name, "AllowedPattern") for name in referenced_ids(node)
    ]
    is_said = any(region in str(pattern) for pattern in patterns)
    return "" if is_said else "no `AllowedPattern` of its parameter names the Region"
