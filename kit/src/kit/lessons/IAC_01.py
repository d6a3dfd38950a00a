"""IAC-01: Every resource of the service is in `template.yaml`, from the first day.

Why: What had been clicked together by hand had to be found and rebuilt when the second environment
came.

Here: One `template.yaml` for both environments; the only other one, `infra/environment.yaml`, is
what has to be there before it. No script, Makefile or workflow makes resources, but for ones on the
machine that it runs on.

Fix: Declare the resource in `template.yaml`; what exists already can be taken over with `make
deploy IMPORT=yes`.

Defended by: gate, preflight.

See: docs/decisions/0001-one-template.md.
"""

import ast
from collections.abc import Iterator

from kit.gate.aws_calls import aws_calls
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module
from kit.gate.resources import ELSEWHERE, is_copy, other_templates
from kit.gate.service import (
    Service,
)
from kit.template import line_of

LESSON = Lesson.read(__doc__)


# Files of tools that make resources, too.
OTHER_TOOLS = {
    "Pulumi.yaml": "Pulumi",
    "cdk.json": "the CDK",
    "serverless.yml": "the Serverless Framework",
    "serverless.yaml": "the Serverless Framework",
}


# What `aws <service> create-…` makes that has a type in CloudFormation and belongs into a template:
# all else, as an export, a snapshot or an invalidation, is work. Not the values of secrets.
CREATES = {
    "apigateway": "api-key authorizer base-path-mapping domain-name model resource rest-api"
    " stage usage-plan usage-plan-key vpc-link",
    "amplify": "app branch domain-association",
    "apigatewayv2": "api api-mapping authorizer domain-name integration route stage vpc-link",
    "appconfig": "application configuration-profile deployment-strategy environment",
    "appsync": "api api-key data-source domain-name function graphql-api resolver",
    "apprunner": "service",
    "athena": "data-catalog named-query work-group",
    "autoscaling": "auto-scaling-group launch-configuration",
    "backup": "backup-plan backup-selection backup-vault",
    "batch": "compute-environment job-queue",
    "bedrock": "guardrail",
    "bedrock-agent": "agent agent-alias data-source flow knowledge-base prompt",
    "budgets": "budget",
    "cloudformation": "stack-set",
    "cloudfront": "cache-policy distribution function key-group origin-access-control"
    " origin-request-policy public-key response-headers-policy",
    "cloudtrail": "trail",
    "codeartifact": "domain repository",
    "codebuild": "project",
    "codecommit": "repository",
    "codedeploy": "application deployment-config deployment-group",
    "codepipeline": "pipeline",
    "cognito-identity": "identity-pool",
    "cognito-idp": "group identity-provider resource-server user-pool user-pool-client"
    " user-pool-domain",
    "docdb": "db-cluster db-instance",
    "dsql": "cluster",
    "dynamodb": "global-table table",
    "ec2": "internet-gateway key-pair launch-template nat-gateway network-acl route route-table"
    " security-group subnet volume vpc vpc-endpoint",
    "ecr": "repository",
    "ecs": "cluster service",
    "efs": "access-point file-system mount-target",
    "eks": "addon cluster fargate-profile nodegroup",
    "elasticache": "cache-cluster cache-subnet-group replication-group serverless-cache user",
    "elbv2": "listener load-balancer rule target-group",
    "events": "api-destination archive connection endpoint event-bus",
    "firehose": "delivery-stream",
    "glue": "crawler database job table trigger",
    "iam": "access-key group instance-profile open-id-connect-provider policy role saml-provider"
    " service-linked-role user",
    "iot": "policy thing thing-group thing-type topic-rule",
    "kafka": "cluster cluster-v2",
    "kinesis": "stream",
    "kms": "alias key",
    "lambda": "alias code-signing-config event-source-mapping function function-url-config",
    "logs": "delivery log-group log-stream",
    "mq": "broker configuration",
    "neptune": "db-cluster db-instance",
    "opensearch": "domain",
    "opensearchserverless": "access-policy collection security-policy",
    "pipes": "pipe",
    "rds": "db-cluster db-instance db-parameter-group db-proxy db-subnet-group",
    "redshift": "cluster",
    "route53": "health-check hosted-zone",
    "s3api": "bucket",
    "s3control": "access-point",
    "sagemaker": "domain endpoint endpoint-config model notebook-instance pipeline",
    "scheduler": "schedule schedule-group",
    "schemas": "discoverer registry schema",
    "servicediscovery": "http-namespace private-dns-namespace service",
    "ses": "configuration-set receipt-rule receipt-rule-set template",
    "sesv2": "configuration-set contact-list email-identity email-template",
    "sns": "topic",
    "sqs": "queue",
    "ssm": "association document maintenance-window",
    "stepfunctions": "activity state-machine state-machine-alias",
    "synthetics": "canary",
    "timestream-write": "database table",
    "transfer": "server user workflow",
    "wafv2": "ip-set regex-pattern-set rule-group web-acl",
}


# What makes resources, or parts of them, and is not called create-….
MAKES = {
    ("cloudwatch", "put-metric-alarm"),
    ("events", "put-rule"),
    ("events", "put-targets"),
    ("iam", "attach-role-policy"),
    ("iam", "put-role-policy"),
    ("lambda", "add-permission"),
    ("lambda", "publish-layer-version"),
    ("s3", "mb"),
    ("sns", "subscribe"),
    ("ssm", "put-parameter"),
}


# Methods of boto3 that make what a template should.
BOTO3_MAKES = {
    *("create_api", "create_bucket", "create_event_bus", "create_event_source_mapping"),
    *("create_function", "create_log_group", "create_queue", "create_rest_api", "create_role"),
    *("create_state_machine", "create_table", "create_topic", "create_user_pool", "put_rule"),
}


@LESSON.check
def nothing_is_made_beside_the_template(service: Service) -> Iterator[Finding]:
    """No other template and no other tool makes resources."""
    for path, resources in other_templates(service):
        if not is_copy(service, resources):
            first = next(iter(resources))
            line = line_of(resources, first)
            yield LESSON.finding(path, line, f"declares {first} in a template of its own")
    for path in sorted(service.files):
        name = path.rpartition("/")[2]
        tool = "Terraform" if name.endswith((".tf", ".tf.json")) else OTHER_TOOLS.get(name)
        if tool and not path.startswith(ELSEWHERE):
            yield LESSON.finding(path, 0, f"makes resources with {tool}")


@LESSON.check
def no_script_makes_resources(service: Service) -> Iterator[Finding]:
    """Neither scripts nor workflows create resources, but for ones on this machine."""
    for call in aws_calls(service):
        words = (call.service, call.operation)
        verb, _, made = call.operation.partition("-")
        makes = verb == "create" and made in CREATES.get(call.service, "").split()
        if (makes or words in MAKES) and not call.is_local:
            yield LESSON.finding(call.path, call.line, f"calls `aws {' '.join(words)}`")
    for module in service.modules():
        if not module.path.startswith(ELSEWHERE):
            for node, method in _boto3_makes(module):
                yield LESSON.finding(module.path, node.lineno, f"calls {method}() of boto3")


def _boto3_makes(module: Module) -> Iterator[tuple[ast.Call, str]]:
    """The calls by which a module makes resources in AWS, not on this machine."""
    found = [
        (call, call.func.attr)
        for call in module.nodes(ast.Call)
        if isinstance(call.func, ast.Attribute) and call.func.attr in BOTO3_MAKES
    ]
    if not found:
        return
    imported = {alias.name for each in module.nodes(ast.Import) for alias in each.names}
    imported |= {str(each.module) for each in module.nodes(ast.ImportFrom)}
    local = any(each.arg == "endpoint_url" for each in module.nodes(ast.keyword))
    if "boto3" in imported and not local:
        yield from found
