"""Cases of EVT-10."""

import re

from cases import fix, good, violation
from edits import Edit, NotHereError
from kit.gate.findings import Finding


def domain(edit: Edit, certificate: str, parameter: str = "") -> None:
    """Give the API a domain of its own."""
    edit.resource("Api")
    if parameter:
        edit.parameter(parameter)
    edit.declare(
        f"""Domain:
  Type: AWS::ApiGatewayV2::DomainName
  Properties:
    DomainName: !Sub api.${{EnvironmentName}}.example.com
    DomainNameConfigurations:
      - EndpointType: REGIONAL
        SecurityPolicy: TLS_1_2
        CertificateArn: {certificate}"""
    )


def region(edit: Edit) -> str:
    """Where the service is."""
    return edit.answers["aws_region"]


PARAMETER = """CertificateArn:
  Type: String
  Description: The certificate of the domain.
  Default: ""
  AllowedPattern: (arn:aws:acm:{regions}:[0-9]{{12}}:certificate/.+)?"""


def passed(edit: Edit, region: str) -> None:
    """Pass a certificate of that Region in each environment."""
    given = f"CertificateArn=arn:aws:acm:{region}:123456789012:certificate/0a1b2c3d"
    edit.replace_all("samconfig.toml", '"LogLevel=', f'"{given}", "LogLevel=')


EDGE_OPTIMIZED = """RestApi:
  Type: AWS::Serverless::Api
  Properties:
    StageName: live
    Cors:
      AllowOrigin: "'*'"
    TracingEnabled: true
    Domain:
      DomainName: !Sub rest.${EnvironmentName}.example.com
      EndpointConfiguration: EDGE
      CertificateArn: !Ref CertificateArn
    GatewayResponses:
      DEFAULT_4XX:
        ResponseParameters:
          Headers:
            Access-Control-Allow-Origin: "'*'"
      DEFAULT_5XX:
        ResponseParameters:
          Headers:
            Access-Control-Allow-Origin: "'*'"
"""


def edge_optimized(edit: Edit, regions: str) -> None:
    """Declare a REST API with a domain at CloudFront, and where its certificate may be."""
    edit.parameter(PARAMETER.format(regions=regions))
    edit.declare(EDGE_OPTIMIZED)
    edit.output(
        "RestEndpoint:\n  Description: The address of the REST API\n"
        "  Value: !Sub https://rest.${EnvironmentName}.example.com\n"
    )


@violation("an API's certificate is in the Region of CloudFront")
def _(edit: Edit) -> None:
    other = "us-east-1" if region(edit) != "us-east-1" else "eu-west-1"
    both = f"({region(edit)}|{other})"
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=both))
    passed(edit, other)


@violation("a parameter allows certificates of any Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=".+"))


@violation("CloudFront gets a certificate of another Region")
def _(edit: Edit) -> None:
    edit.parameter(PARAMETER.format(regions="(eu-central-1|us-east-1)"))
    passed(edit, "eu-central-1")
    edit.declare(
        """Site:
  Type: AWS::CloudFront::Distribution
  Properties:
    DistributionConfig:
      Enabled: true
      ViewerCertificate:
        AcmCertificateArn: !Ref CertificateArn
        SslSupportMethod: sni-only"""
    )


@violation("an edge-optimized domain gets a certificate of the API's Region")
def _(edit: Edit) -> None:
    if region(edit) == "us-east-1":
        raise NotHereError("the API's Region is CloudFront's")
    edge_optimized(edit, region(edit))


@good("an edge-optimized domain gets a certificate of us-east-1")
def _(edit: Edit) -> None:
    edge_optimized(edit, "us-east-1")


@good("a parameter takes certificates of the API's Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=region(edit)))


@good("each environment passes a certificate of the API's Region")
def _(edit: Edit) -> None:
    domain(edit, "!Ref CertificateArn", PARAMETER.format(regions=region(edit)))
    passed(edit, region(edit))


@good("the certificate has AWS::Region in its ARN")
def _(edit: Edit) -> None:
    domain(edit, "!Sub arn:aws:acm:${AWS::Region}:${AWS::AccountId}:certificate/0a1b2c3d")


@fix("Take its ARN from a parameter with `AllowedPattern: arn:aws:acm:")
def _(edit: Edit, finding: Finding) -> None:
    pattern, region = (
        str(finding.fix).split("`")[1],
        str(finding.fix).rpartition(" ")[2].rstrip("."),
    )
    edit.sub(
        "template.yaml",
        r"^    AllowedPattern: \(arn:aws:acm.*",
        f"    {pattern.replace(':.+', '')}:.+",
    )
    text = edit.read("samconfig.toml")
    edit.write("samconfig.toml", re.sub(r"arn:aws:acm:[\w-]+", f"arn:aws:acm:{region}", text))
