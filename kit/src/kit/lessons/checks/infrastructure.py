"""IAC: infrastructure as code."""

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from kit.delivery.spelling import pascal

from ..aws_calls import aws_calls
from ..environments import environments, exists, in_prod, resolved, values
from ..findings import BrokenFileError, Finding, check
from ..names import Name, names
from ..outbound import calls
from ..parsers import Module, at, dotted, line_of
from ..service import (
    A_REGION,
    ENVIRONMENTS,
    INFRA,
    TEMPLATE,
    Function,
    Resource,
    Service,
    is_intrinsic,
    references,
)
from ..variables import Read, read_among, reads

# ── IAC-01, IAC-02: one template ─────────────────────────────────────────────

# Folders in which templates make nothing of this service.
ELSEWHERE = ("tests/", "docs/", "events/", ".github/")
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


@check("IAC-01")
def nothing_is_made_beside_the_template(service: Service) -> Iterator[Finding]:
    """No other template and no other tool makes resources."""
    for path, resources in _other_templates(service):
        if not _is_copy(service, resources):
            first = next(iter(resources))
            line = line_of(resources, first)
            yield Finding("IAC-01", path, line, f"declares {first} in a template of its own")
    for path in sorted(service.files):
        name = path.rpartition("/")[2]
        tool = "Terraform" if name.endswith((".tf", ".tf.json")) else OTHER_TOOLS.get(name)
        if tool and not path.startswith(ELSEWHERE):
            yield Finding("IAC-01", path, 0, f"makes resources with {tool}")


@check("IAC-01")
def no_script_makes_resources(service: Service) -> Iterator[Finding]:
    """Neither scripts nor workflows create resources, but for ones on this machine."""
    for call in aws_calls(service):
        words = (call.service, call.operation)
        verb, _, made = call.operation.partition("-")
        makes = verb == "create" and made in CREATES.get(call.service, "").split()
        if (makes or words in MAKES) and not call.is_local:
            yield Finding("IAC-01", call.path, call.line, f"calls `aws {' '.join(words)}`")
    for module in service.modules():
        if not module.path.startswith(ELSEWHERE):
            for node, method in _boto3_makes(module):
                yield Finding("IAC-01", module.path, node.lineno, f"calls {method}() of boto3")


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


@check("IAC-02")
def no_copy_of_the_template(service: Service) -> Iterator[Finding]:
    """No other template has resources of template.yaml, and no environment has its own."""
    for path, resources in _other_templates(service):
        if _is_copy(service, resources):
            same = next(name for name in resources if name in service.resources)
            line = line_of(resources, same)
            yield Finding("IAC-02", path, line, f"is another template with {same}")
    for environment, commands in service.samconfig.items():
        for command, body in commands.items() if isinstance(commands, dict) else ():
            for key in ("template", "template_file"):
                found = at(body, "parameters", key)
                if isinstance(found, str) and not _is_built_from_the_template(found):
                    line = service.line_with("samconfig.toml", found)
                    what = f"[{environment}.{command}] takes {found} instead of {TEMPLATE}"
                    yield Finding("IAC-02", "samconfig.toml", line, what)


def _is_built_from_the_template(path: str) -> bool:
    """Whether it is template.yaml, or what `sam build` or `sam package` makes of it."""
    name = path.rpartition("/")[2]
    return name == TEMPLATE or name.startswith("packaged") or path.startswith(".aws-sam/")


@check("IAC-02")
def environments_are_a_parameter(service: Service) -> Iterator[Finding]:
    """One parameter says which environment it is, and each environment passes its name."""
    declared = at(service.template, "Parameters", "EnvironmentName")
    if not isinstance(declared, dict):
        line = line_of(service.template, "Parameters")
        yield Finding("IAC-02", TEMPLATE, line, "there is no parameter EnvironmentName")
        return
    for environment in ENVIRONMENTS:
        found = service.parameters(environment).get("EnvironmentName", at(declared, "Default"))
        if environment in service.samconfig and found != environment:
            line = service.line_with("samconfig.toml", f"[{environment}.deploy.parameters]")
            what = f"EnvironmentName comes to {found} in {environment}"
            fix = f"Pass EnvironmentName={environment} in parameter_overrides."
            yield Finding("IAC-02", "samconfig.toml", line, what, fix=fix)


def _other_templates(service: Service) -> Iterator[tuple[str, dict[str, Any]]]:
    """The resources of each further template of CloudFormation."""
    for path in service.files_in("", ".yaml", ".yml", ".json", ".template"):
        if path in (TEMPLATE, INFRA) or path.startswith(ELSEWHERE):
            continue
        try:
            if not {"Resources", "AWS::"} <= _words(service.text(path)):
                continue
            found = service.json(path) if path.endswith(".json") else service.yaml(path)
        except BrokenFileError:
            continue  # nothing that CloudFormation would take
        resources = at(found, "Resources")
        if isinstance(resources, dict):
            bodies = resources.values()
            if any(str(at(body, "Type")).startswith("AWS::") for body in bodies):
                yield path, resources


def _mapping(template: dict[str, Any], section: str) -> dict[str, Any]:
    """A section of a template; empty where there is none that could be read."""
    found = template.get(section)
    return found if isinstance(found, dict) else {}


def _words(text: str) -> set[str]:
    """Which of the words that every template has are in a text: most files need no parser."""
    return {word for word in ("Resources", "AWS::") if word in text}


def _is_copy(service: Service, resources: dict[str, Any]) -> bool:
    """Whether another template has resources that template.yaml has."""
    return any(name in service.resources for name in resources)


# ── IAC-03: parameters ───────────────────────────────────────────────────────


@check("IAC-03")
def parameters_are_whole(service: Service) -> Iterator[Finding]:
    """Those of infra/environment.yaml have no values: `make bootstrap` passes them all."""
    for path in (TEMPLATE, INFRA):
        parameters = _mapping(service.cloudformation(path), "Parameters")
        for name, body in parameters.items():
            missing = [key for key in ("Type", "Description") if not at(body, key)]
            values = at(body, "Default") is not None or at(body, "AllowedValues")
            if path == TEMPLATE and not values:
                missing.append("Default or AllowedValues")
            if missing:
                what = f"the parameter {name} has no {' and no '.join(missing)}"
                yield Finding("IAC-03", path, line_of(parameters, name), what, resource=name)


# ── IAC-04, IAC-05: names ────────────────────────────────────────────────────

# What may come before the service: folders of log groups and aliases, and CodeDeploy's own rule.
BEFORE = re.compile(
    r"^(?:/aws/(?:vendedlogs/)?[a-z-]+/|alias/|aws-waf-logs-|/)?(?:CodeDeployHook_)?"
)
# Whose names are another lesson's: IAM-07's, and SEC-01's.
NAMED_ELSEWHERE = ("AWS::IAM::Role", "AWS::SecretsManager::Secret")
# Names within something else: the type that has them, and where.
LOCAL_NAMES: dict[str, tuple[tuple[str, ...], ...]] = {
    "AWS::IAM::Role": (("Policies", "*", "PolicyName"),),
    "AWS::IAM::RolePolicy": (("PolicyName",),),
    "AWS::Logs::MetricFilter": (("FilterName",),),
    "AWS::Logs::SubscriptionFilter": (("FilterName",),),
    "AWS::DynamoDB::Table": (
        ("GlobalSecondaryIndexes", "*", "IndexName"),
        ("LocalSecondaryIndexes", "*", "IndexName"),
    ),
    "AWS::S3::Bucket": (("LifecycleConfiguration", "Rules", "*", "Id"),),
}


@check("IAC-04")
def names_end_in_the_environment_and_fit(service: Service) -> Iterator[Finding]:
    found: dict[int, Finding] = {}
    for name, environment, text in _resolved_names(service):
        told = f"{name.property} comes to {text} in {environment}"
        # A FIFO queue or topic must end so.
        # The path of a parameter may have the environment as one of its folders.
        in_path = name.resource.type == "AWS::SSM::Parameter" and environment in text.split("/")
        ends = in_path or text.removesuffix(".fifo").endswith(f"-{environment}")
        if not name.local and not ends:
            told += f", without -{environment} at its end"
        elif len(text) > name.kind.limit:
            told += f": {len(text)} characters, and may have {name.kind.limit}"
        else:
            continue
        about = name.resource.logical_id
        found[name.line] = Finding("IAC-04", TEMPLATE, name.line, told, resource=about)
    yield from found.values()


@check("IAC-05")
def names_carry_the_service(service: Service) -> Iterator[Finding]:
    found: dict[int, Finding] = {}
    for name, environment, text in _resolved_names(service):
        if not name.kind.within or name.local:
            continue
        start = BEFORE.sub("", text)
        missing = [] if _begins_with_service(service, start) else [f"{service.name} at its start"]
        if name.kind.within == "world" and "123456789012" not in text:
            missing.append("the account")
        if missing:
            what = f"{name.property} comes to {text} in {environment}, without"
            what += f" {' and without '.join(missing)}"
            about = name.resource.logical_id
            found[name.line] = Finding("IAC-05", TEMPLATE, name.line, what, resource=about)
    yield from found.values()


def _begins_with_service(service: Service, text: str) -> bool:
    """orders-jobs-dev, orders/key-dev, orders_jobs-dev, OrdersJobs-dev."""
    if not service.name:
        return True  # the answers are gone, which is told
    plain = (service.name, service.package)
    return any(
        text == each or (text.startswith(each) and not text[len(each)].isalnum()) for each in plain
    ) or bool(re.match(rf"{re.escape(pascal(service.name))}(?![a-z])", text))


@check("IAC-05")
def names_within_a_parent_are_short(service: Service) -> Iterator[Finding]:
    template = in_prod(service)
    for resource in service.resources.values():
        for path in LOCAL_NAMES.get(resource.type, ()):
            for keys in _paths(resource.properties, path):
                text = resolved(template, resource.get(*keys))
                if isinstance(text, str) and text.endswith("-prod"):
                    what = (
                        f"{keys[-1]} comes to {text} in prod, and is only known within its parent"
                    )
                    fix = "Leave out the environment: the name of its parent has it."
                    yield resource.finding("IAC-05", resource.line_of(*keys), what, fix)


def _paths(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str | int, ...]]:
    """The places in a node that a path with `*` for items of a list leads to."""
    if not path:
        yield ()
    elif path[0] == "*":
        for number, item in enumerate(node) if isinstance(node, list) else ():
            for rest in _paths(item, path[1:]):
                yield (number, *rest)
    elif at(node, path[0]) is not None:
        for rest in _paths(at(node, path[0]), path[1:]):
            yield (path[0], *rest)


def _resolved_names(service: Service) -> Iterator[tuple[Name, str, str]]:
    """Every physical name that can be told, in each environment that has it."""
    for environment, template in environments(service).items():
        for name in names(service):
            if name.resource.type in NAMED_ELSEWHERE:
                continue
            text = resolved(template, name.node)
            if isinstance(text, str | int) and exists(template, name.resource):
                yield name, environment, str(text)


# ── IAC-06: references ───────────────────────────────────────────────────────

REGION = re.compile(rf"(?<![\w-]){A_REGION}[a-f]?(?!\w)")
ACCOUNT = re.compile(r"(?<![\w.])\d{12}(?![\w.])")
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ARN = re.compile(r"arn:[^\s\"',]+")
# What a parameter's default can't have; of the Region CD-11 tells.
PSEUDO = re.compile(r"\$\{AWS::\w+\}")
NO_PARAMETER = "Delete the parameter, and use `!Ref` or `!Sub` where it is referred to."
# Services whose ARNs of no account name what AWS can do: arn:aws:states:::sqs:sendMessage. What
# the Serverless Application Repository has is named by its publisher's account everywhere.
OF_AWS = ("scheduler", "states")
# Text for people, in which anything may stand.
PROSE = {"AlarmDescription", "Comment", "Description", "GroupDescription", "Metadata"}
# Keys below which numbers are accounts, beside those that say so.
OF_ACCOUNTS = {"AWS", "CatalogId", "Owner", "Owners", "Principal", "RegistryId"}
# What a variable is called that has the name of a resource of that type.
NAMED_BY_VARIABLES = {
    "AWS::DynamoDB::Table": "TABLE",
    "AWS::Events::EventBus": "BUS",
    "AWS::Kinesis::Stream": "STREAM",
    "AWS::S3::Bucket": "BUCKET",
    "AWS::SNS::Topic": "TOPIC",
    "AWS::SQS::Queue": "QUEUE",
}


@check("IAC-06")
def nothing_is_written_out(service: Service) -> Iterator[Finding]:
    """No ARN, account or Region is literal. Conditions may compare with a Region."""
    for path in (TEMPLATE, INFRA):
        template = service.cloudformation(path)
        for section in ("Globals", "Mappings", "Resources", "Outputs"):
            for text, line in _scalars(template.get(section), 0):
                if found := _written_out(text):
                    told = "" if found.endswith(f" {text}") else f": `{_short(text)}`"
                    yield Finding("IAC-06", path, line, f"{found} is written out{told}")
        for name, body in _mapping(template, "Parameters").items():
            default = str(at(body, "Default"))
            if found := next(filter(None, map(_of_arn, ARN.findall(default))), ""):
                line = line_of(template, "Parameters", name, "Default")
                fix = "Pass it in `samconfig.toml`, for each environment its own."
                what = f"{found} is in the default of {name}: `{_short(default)}`"
                yield Finding("IAC-06", path, line, what, fix=fix)
            elif (pseudo := PSEUDO.search(default)) and "${AWS::Region}" not in default:
                line = line_of(template, "Parameters", name, "Default")
                what = (
                    f"the default of {name} has `{pseudo[0]}`, which CloudFormation keeps as text"
                )
                yield Finding("IAC-06", path, line, what, fix=NO_PARAMETER)


@check("IAC-06")
def variables_refer_to_resources(service: Service) -> Iterator[Finding]:
    """A function gets the name of a resource of this stack by a reference to it."""
    prod = in_prod(service)
    known = {
        (word, resolved(prod, name.node)): name.resource.logical_id
        for name in names(service)
        if (word := NAMED_BY_VARIABLES.get(name.resource.type))
    }
    for function in service.functions:
        for variable, node in function.variables.items():
            text = str(resolved(prod, node)) if _is_text(node) else ""
            for (word, name), logical_id in known.items():
                if word in str(variable).split("_") and text == name:
                    line = function.line_of("Environment", "Variables", variable)
                    what = f"`{variable}` of {function.logical_id} is the name of {logical_id}"
                    fix = f"Pass `!Ref {logical_id}`, or its attribute by `!GetAtt`."
                    yield function.finding("IAC-06", line, f"{what}, written out", fix)


def _is_text(node: Any) -> bool:
    """Whether a value is text, or !Sub with nothing but parameters in it."""
    targets = [each.target for each in references(node)]
    plain = isinstance(node, str) or (is_intrinsic(node) and "Fn::Sub" in node)
    return plain and all("::" in target or target == "EnvironmentName" for target in targets)


def _scalars(node: Any, line: int, of_account: bool = False) -> Iterator[tuple[str, int]]:
    """Every text with its line, and numbers where accounts are; not what is meant for people."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in PROSE:
                inner = of_account or "account" in str(key).lower() or key in OF_ACCOUNTS
                yield from _scalars(value, line_of(node, key) or line, inner)
    elif isinstance(node, list):
        for number, item in enumerate(node):
            yield from _scalars(item, line_of(node, number) or line, of_account)
    elif isinstance(node, str) or (type(node) is int and of_account):
        yield str(node), line


def _written_out(text: str) -> str:
    """What of a text should be a reference, in words."""
    for arn in ARN.findall(text):
        if found := _of_arn(arn):
            return found
    rest = UUID.sub("", ARN.sub("", text))
    if match := REGION.search(rest):
        return f"the Region {match[0]}"
    if match := ACCOUNT.search(rest):
        return f"the account {match[0]}"
    return ""


def _of_arn(arn: str) -> str:
    """What of an ARN is literal that should not be. Of what is AWS's own, anything may be."""
    protected = re.sub(r"\$\{[^}]*\}", "${}", arn)  # ${AWS::Region} has colons, too
    parts = protected.split(":", 5)
    if len(parts) < 6:
        return ""
    _arn, _partition, of, region, account, resource = parts
    if account == "aws" or of == "serverlessrepo" or (of in OF_AWS and not account):
        return ""
    if REGION.fullmatch(region):
        return f"the Region {region}"
    # Layers belong to those who publish them, in accounts of theirs.
    if ACCOUNT.fullmatch(account) and not resource.startswith("layer:"):
        return f"the account {account}"
    if "${}" not in protected and not re.fullmatch(r"[*/:]*", resource):
        return "an ARN"
    return ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"


# ── IAC-07, IAC-08: variables ────────────────────────────────────────────────

# Variables that Lambda itself sets, and those that libraries and extensions read.
OF_THE_PLATFORM = (
    *("AWS_", "LAMBDA_", "_HANDLER", "_X_AMZN_", "LANG", "LC_", "PATH", "PYTHON", "TZ", "HOME"),
    *("TMPDIR", "LD_LIBRARY_PATH"),
)
OF_LIBRARIES = (
    *("POWERTOOLS_", "LOG_LEVEL", "OTEL_", "OPENTELEMETRY_", "DD_", "DATADOG_", "SENTRY_"),
    *("NEW_RELIC_", "LUMIGO_", "DT_", "ELASTIC_", "HONEYCOMB_", "XRAY_"),
    *("PARAMETERS_SECRETS_EXTENSION_", "SECRETS_MANAGER_TTL", "SSM_PARAMETER_STORE_TTL"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "MPLCONFIGDIR"),
)
KNOWN = OF_THE_PLATFORM + OF_LIBRARIES
ONLY_A_LIBRARY = "Opt out where only a library reads it."
# Variables that say where code runs are made of such words: DEPLOY_ENV, APP_STAGE. APPCONFIG_ENVIRONMENT
# says something else.
STAGES = {"ENV", "ENVIRONMENT", "STAGE"}
SWITCHES = STAGES | {
    *(
        "APP",
        "APPLICATION",
        "AWS",
        "CURRENT",
        "DEPLOY",
        "DEPLOYED",
        "DEPLOYMENT",
        "FLASK",
        "LAMBDA",
    ),
    *("NAME", "PYTHON", "RUN", "RUNNING", "RUNTIME", "SAM", "SERVICE", "TYPE"),
}
# The same when its value is the name of the environment.
WHERE = {"IN", "IS", "RUNS", "TARGET", "TO", "WHERE"}


@dataclass(frozen=True)
class Code:
    """A folder of code with the functions that run it."""

    functions: list[Function]
    modules: list[Module]
    reads: list[Read]


def _code(service: Service) -> Iterator[Code]:
    """The Python of functions whose variables can be told."""
    by_folder: dict[str, list[Function]] = defaultdict(list)
    for function in service.functions:
        by_folder[function.folder].append(function)
    for folder, functions in by_folder.items():
        modules = list(service.modules(folder)) if folder else []
        told = all(
            not is_intrinsic(each.get("Environment")) and not is_intrinsic(each.variables)
            for each in functions
        )
        if modules and told:
            yield Code(functions, modules, reads(modules))


@check("IAC-07")
def what_is_read_is_passed(service: Service) -> Iterator[Finding]:
    for code in _code(service):
        passed = {name for function in code.functions for name in function.variables}
        for read in code.reads:
            if read.name in passed or _is_stage(service, read.name) or _is_of_others(read.name):
                continue
            named = ", ".join(f"`{function.logical_id}`" for function in code.functions)
            found = f"reads `{read.name}`, which `template.yaml` does not pass to {named}"
            about = code.functions[0].logical_id
            fix = f"Pass `{read.name}` under `Environment` → `Variables` of {named} and list it in the"
            fix += " README there, or read it no more."
            yield Finding("IAC-07", read.path, read.line, found, resource=about, fix=fix)


@check("IAC-07")
def what_is_passed_is_read(service: Service) -> Iterator[Finding]:
    stages = _stages(service)
    shared = set(at(service.template, "Globals", "Function", "Environment", "Variables") or {})
    read_somewhere: set[str] = set()
    codes = list(_code(service))
    for code in codes:
        passed = {name for function in code.functions for name in function.variables}
        known = read_among(passed | shared, code.modules)
        read_somewhere |= known
        for function in code.functions:
            for name in function.variables:
                if name in known or name in shared or _is_of_others(name) or name in stages:
                    continue
                line = function.line_of("Environment", "Variables", name)
                found = f"passes `{name}` to `{function.logical_id}`, whose code does not read it"
                fix = f"Read `{name}` in `{function.folder}/lambda_pkg/settings.py`, or take it"
                fix += f" out here and in the function's README. {ONLY_A_LIBRARY}"
                yield function.finding("IAC-07", line, found, fix)
    for name in sorted(shared - read_somewhere - stages) if codes else ():
        if not _is_of_others(name):
            line = line_of(
                service.template, "Globals", "Function", "Environment", "Variables", name
            )
            found = f"passes `{name}` to all functions, and no code reads it"
            fix = f"Take `{name}` out here and in the functions' READMEs, or read it."
            fix += f" {ONLY_A_LIBRARY}"
            yield Finding("IAC-07", TEMPLATE, line, found, fix=fix)


def _is_of_others(name: Any) -> bool:
    return str(name).startswith(KNOWN)


@check("IAC-08")
def stage_is_the_only_word(service: Service) -> Iterator[Finding]:
    for code in _code(service):
        for read in code.reads:
            if _is_stage(service, read.name):
                found = f"reads `{read.name}`, not `STAGE`"
                yield Finding("IAC-08", read.path, read.line, found)
    stages = _stages(service)
    for function in service.functions:
        for name in function.variables:
            if name in stages:
                line = function.line_of("Environment", "Variables", name)
                found = f"passes `{name}` to say where the code runs, beside `STAGE`"
                yield Finding("IAC-08", TEMPLATE, line, found)


@check("IAC-08")
def stage_is_the_environment(service: Service) -> Iterator[Finding]:
    for environment, template in environments(service).items():
        for function in service.functions:
            if "STAGE" not in function.variables:
                continue
            found = resolved(template, function.variables["STAGE"])
            if found != environment:
                line = function.line_of("Environment", "Variables", "STAGE")
                comes = "can't be told" if found is None else f"comes to {found}"
                what = f"`STAGE` {comes} in {environment}"
                fix = "Pass `STAGE: !Ref EnvironmentName`, in `Globals`."
                yield Finding("IAC-08", TEMPLATE, line, what, fix=fix)


def _stages(service: Service) -> set[str]:
    """The variables that say where code runs and are not called STAGE."""
    found: set[str] = set()
    templates = environments(service)
    for function in service.functions:
        for name, node in function.variables.items():
            if str(name) == "STAGE" or _is_of_others(name):
                continue
            is_name = all(resolved(each, node) == stage for stage, each in templates.items())
            words = {*str(name).split("_")}
            if _is_stage(service, str(name)) or (is_name and words <= SWITCHES | WHERE):
                found.add(str(name))
    return found


def _is_stage(service: Service, name: str) -> bool:
    """Whether a variable says by its name where code runs, and is not called STAGE."""
    words = {*name.split("_")} - {*service.package.upper().split("_")}
    is_switch = bool(words & STAGES) and words <= SWITCHES
    return is_switch and name != "STAGE" and not _is_of_others(name)


# ── IAC-10: sizes and time-outs ──────────────────────────────────────────────


@check("IAC-10")
def sizes_are_numbers(service: Service) -> Iterator[Finding]:
    templates = environments(service)
    functions = [*service.functions, *service.of_type("AWS::Lambda::Function")]
    for function in functions:
        for key in ("MemorySize", "Timeout"):
            node = function.get(key)
            found = [resolved(each, node) for each in templates.values()]
            # Parameters come as text, and what only a deployment knows can't be told.
            plain = is_intrinsic(node) and all(str(n).isdecimal() or n is None for n in found)
            if type(node) is not int and not plain:
                told = "has no" if node is None else f"has {node!r} as its"
                what = f"{function.logical_id} {told} {key}, which should be a number"
                yield function.finding("IAC-10", function.line_of(key), what)


@check("IAC-10")
def calls_end_before_the_function(service: Service) -> Iterator[Finding]:
    templates = environments(service)
    for code in _code(service):
        found = [
            int(number)
            for function in code.functions
            for template in templates.values()
            if str(number := resolved(template, function.get("Timeout"))).isdecimal()
        ]
        for call in calls(code.modules):
            if call.seconds is None:
                yield Finding("IAC-10", call.path, call.line, call.what)
            elif found and call.seconds >= min(found):
                named = code.functions[0].logical_id
                what = f"{call.what}, and {named} lives for {min(found)} s"
                yield Finding("IAC-10", call.path, call.line, what, resource=named)


@check("IAC-10")
def calls_have_an_end(service: Service) -> Iterator[Finding]:
    for told in service.tools.ruff:
        if told.rule == "S113":
            yield Finding("IAC-10", told.path, told.line, "an HTTP call has no `timeout`")


# ── IAC-11: data that stays ──────────────────────────────────────────────────

TABLES = ("AWS::DynamoDB::GlobalTable", "AWS::DynamoDB::Table", "AWS::Serverless::SimpleTable")
KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
Holds = Callable[[Any], bool]


def _is_true(value: Any) -> bool:
    return str(value).lower() == "true"


def _is_positive(value: Any) -> bool:
    return str(value).isdecimal() and int(value) > 0


_PROTECTED: tuple[tuple[str, Holds], ...] = (("DeletionProtection", _is_true),)
# What holds data, with what must hold in prod. Queues, topics, streams and log groups only hold
# what is on its way, or goes by itself.
STATEFUL: dict[str, tuple[tuple[str, Holds], ...]] = {
    "AWS::Backup::BackupVault": (),
    "AWS::Cassandra::Table": (),
    "AWS::Cognito::UserPool": (("DeletionProtection", lambda value: value == "ACTIVE"),),
    "AWS::DSQL::Cluster": (("DeletionProtectionEnabled", _is_true),),
    "AWS::DocDB::DBCluster": _PROTECTED,
    "AWS::DynamoDB::GlobalTable": (
        ("Replicas.*.DeletionProtectionEnabled", _is_true),
        ("Replicas.*.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", _is_true),
    ),
    "AWS::DynamoDB::Table": (
        ("DeletionProtectionEnabled", _is_true),
        ("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", _is_true),
    ),
    "AWS::ECR::Repository": (),
    "AWS::EFS::FileSystem": (("BackupPolicy.Status", lambda value: value == "ENABLED"),),
    "AWS::KMS::Key": (),
    "AWS::Neptune::DBCluster": _PROTECTED,
    "AWS::OpenSearchService::Domain": (),
    "AWS::RDS::DBCluster": (*_PROTECTED, ("BackupRetentionPeriod", _is_positive)),
    "AWS::RDS::DBInstance": (*_PROTECTED, ("BackupRetentionPeriod", _is_positive)),
    "AWS::Redshift::Cluster": (),
    "AWS::S3::Bucket": (),
    "AWS::SecretsManager::Secret": (),
    "AWS::Serverless::SimpleTable": (
        ("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", _is_true),
    ),
    "AWS::Timestream::Table": (),
}


@check("IAC-11")
def data_is_kept(service: Service) -> Iterator[Finding]:
    templates = environments(service)
    for resource in _stateful(service):
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            # Prod decides; what is only in dev is kept there.
            there = [each for each in templates.values() if exists(each, resource)]
            found = resolved(there[-1], resource.body.get(key)) if there else "Retain"
            if found not in KEPT:
                told = f"has {key}: {found}" if found else f"has no {key}"
                line = line_of(resource.body, key) or resource.line
                what = f"{resource.logical_id} holds data and {told}"
                yield resource.finding("IAC-11", line, what)


@check("IAC-11")
def data_is_protected_in_prod(service: Service) -> Iterator[Finding]:
    prod = in_prod(service)
    for resource in _stateful(service):
        # An instance of a cluster has its data there.
        if not exists(prod, resource) or _is_of_cluster(resource):
            continue
        for dots, holds in STATEFUL[resource.type]:
            path = dots.split(".")
            found = values(prod, resource.properties, *path)
            if not found or not all(map(holds, found)):
                what = f"{resource.logical_id} has no `{path[-1]}` in prod"
                yield resource.finding("IAC-11", resource.line_of(path[0]), what)


def _is_of_cluster(resource: Resource) -> bool:
    return "Instance" in resource.type and resource.get("DBClusterIdentifier") is not None


def _stateful(service: Service) -> Iterator[Resource]:
    """What holds data that somebody would miss."""
    for resource in service.of_type(*STATEFUL):
        if not _is_of_idempotency(resource):
            yield resource


def _is_of_idempotency(resource: Resource) -> bool:
    """Whether a table is what Powertools remembers of the last hour, by what it is called."""
    called = f"{resource.logical_id} {resource.get('TableName')}"
    return resource.type in TABLES and "idempotency" in called.lower()


# ── IAC-12: data that goes ───────────────────────────────────────────────────

# What tables are called whose items go out of date.
PASSING = {"Cache", "Idempotency", "Lock", "Locks", "Nonces", "Otp", "Session", "Sessions"}
# What an item calls the time at which it goes.
EXPIRY = {
    *("expiration", "expiration_time", "expire_at", "expires", "expires_at", "expires_on"),
    *("expiresAt", "expireAt", "expiry", "time_to_live", "ttl", "TTL"),
}
WRITES = {"batch_write_item", "batch_writer", "put_item", "transact_write_items", "update_item"}
# What piles up in other stores, and the property that lets it go.
PILES = {
    "AWS::ECR::Repository": ("LifecyclePolicy",),
    "AWS::S3::Bucket": ("LifecycleConfiguration", "Rules"),
}


@check("IAC-12")
def logs_go(service: Service) -> Iterator[Finding]:
    prod = in_prod(service)
    groups = service.of_type("AWS::Logs::LogGroup")
    for group in groups:
        if not group.get("RetentionInDays"):
            what = f"{group.logical_id} has no `RetentionInDays`: it keeps logs for ever"
            fix = "Set `RetentionInDays: !Ref LogRetentionDays` on it."
            yield group.finding("IAC-12", group.line, what, fix)
    declared = {group.logical_id for group in groups}
    by_name = {str(resolved(prod, group.get("LogGroupName"))) for group in groups}
    for function in [*service.functions, *service.of_type("AWS::Lambda::Function")]:
        node = function.get("LoggingConfig", "LogGroup")
        if any(each.target in declared for each in references(node)):
            continue
        name = resolved(prod, function.get("FunctionName"))
        own = resolved(prod, node) if node else f"/aws/lambda/{name}"
        if str(own) not in by_name:
            what = f"{function.logical_id} writes to a log group that is not declared"
            yield function.finding("IAC-12", function.line_of("LoggingConfig"), what)


@check("IAC-12")
def passing_data_goes(service: Service) -> Iterator[Finding]:
    wanted = {
        table.logical_id: "by its name, it holds what goes out of date"
        for table in service.of_type(*TABLES)
        if PASSING & set(re.findall(r"[A-Z][a-z]+", table.logical_id))
    }
    wanted |= _tables_of_items_that_expire(service)
    prod = in_prod(service)
    for table in service.of_type(*TABLES):
        specification = table.get("TimeToLiveSpecification")
        (enabled,) = values(prod, specification, "Enabled")
        because = wanted.get(table.logical_id, "")
        # A simple table of SAM can't have one; another type can.
        if specification is not None and not _is_true(enabled):
            because = "it is switched off"
        if because and not _is_true(enabled):
            line = table.line_of("TimeToLiveSpecification")
            what = f"{table.logical_id} has no `TimeToLiveSpecification` that is enabled: {because}"
            yield table.finding("IAC-12", line, what)
    for resource in service.of_type(*PILES):
        path = PILES[resource.type]
        (rules,) = values(prod, resource.properties, *path)
        disabled = isinstance(rules, list) and all(at(r, "Status") == "Disabled" for r in rules)
        if not rules or disabled:
            what = f"{resource.logical_id} has no `{path[0]}`: what is left behind stays for ever"
            yield resource.finding("IAC-12", resource.line_of(path[0]), what)


def _tables_of_items_that_expire(service: Service) -> dict[str, str]:
    """Tables of functions whose items say when they go, where none of their tables lets them."""
    found: dict[str, str] = {}
    tables = {table.logical_id: table for table in service.of_type(*TABLES)}
    for code in _code(service):
        path = next((module.path for module in code.modules if _writes_expiry(module)), "")
        used = {
            each.target
            for function in code.functions
            for each in references(function.variables)
            if each.target in tables and not _is_of_idempotency(tables[each.target])
        }
        specified = [tables[name].get("TimeToLiveSpecification") for name in used]
        if path and not any(specified):
            found |= dict.fromkeys(used, f"items of {path} say when they expire")
    return found


def _writes_expiry(module: Module) -> bool:
    """Whether a module writes items of a table, and speaks of when they expire."""
    if not any(each.attr in WRITES for each in module.nodes(ast.Attribute)):
        return False
    words = {str(each.value) for each in module.nodes(ast.Constant)}
    words |= {each.arg or "" for each in module.nodes(ast.keyword)}
    words |= {dotted(each.target) for each in module.nodes(ast.AnnAssign)}
    return bool(words & EXPIRY)


# ── IAC-13: outputs ──────────────────────────────────────────────────────────

APIS = {
    *("AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api", "AWS::Serverless::Api"),
    *("AWS::Serverless::HttpApi", "AWS::Serverless::WebSocketApi", "AWS::AppSync::GraphQLApi"),
}
DOMAINS = ("AWS::ApiGateway::DomainName", "AWS::ApiGatewayV2::DomainName", "AWS::CloudFront::")


@check("IAC-13")
def outputs_tell_addresses_and_names(service: Service) -> Iterator[Finding]:
    outputs = _mapping(service.template, "Outputs")
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
            yield resource.finding("IAC-13", line, f"no output tells {what} {resource.logical_id}")
    for name, body in outputs.items():
        if not at(body, "Description"):
            line = line_of(outputs, name)
            yield Finding("IAC-13", TEMPLATE, line, f"the output {name} has no Description")


def _domain(api: Resource) -> set[str]:
    """What the domain of an API is named by."""
    return {each.target for each in references(api.get("Domain"))}


@check("IAC-13")
def tests_read_outputs_that_there_are(service: Service) -> Iterator[Finding]:
    """What integration tests take from the fixture `outputs` is an output."""
    declared = _mapping(service.template, "Outputs")
    for module in service.modules("tests/integration"):
        for item in module.nodes(ast.Subscript):
            key = item.slice
            if dotted(item.value) != "outputs" or not isinstance(key, ast.Constant):
                continue
            if isinstance(key.value, str) and key.value not in declared:
                what = f"reads the output {key.value}, which template.yaml does not have"
                fix = "Write the name of an output as template.yaml has it, or declare it there."
                yield Finding("IAC-13", module.path, item.lineno, what, fix=fix)


# ── IAC-14: room to grow ─────────────────────────────────────────────────────

# CloudFormation's limits of a stack, and from where on a warning is told.
LIMITS = {"resources": (400, 500), "parameters": (160, 200), "outputs": (160, 200)}
LIMITS |= {"bytes": (800_000, 1_000_000)}
# What SAM makes of an event beside the function; of kinds that are not here, at most two.
RESOURCES_OF_EVENTS = {"HttpApi": 1, "EventBridgeRule": 2, "ScheduleV2": 2, "SNS": 2}
# What it makes of a resource beside the one that is named.
RESOURCES_OF_TYPES = {"AWS::Serverless::Api": 2, "AWS::Serverless::HttpApi": 1}
RESOURCES_OF_TYPES |= {"AWS::Serverless::StateMachine": 1}


@check("IAC-14")
def the_stack_fits(service: Service) -> Iterator[Finding]:
    sizes = {
        "resources": resources_after_sam(service),
        "parameters": len(_mapping(service.template, "Parameters")),
        "outputs": len(_mapping(service.template, "Outputs")),
        "bytes": len(service.text(TEMPLATE).encode()),
    }
    for what, size in sizes.items():
        near, most = LIMITS[what]
        if size > most:
            told = f"the stack has {size} {what}, and may have {most}"
            yield Finding("IAC-14", TEMPLATE, 0, told)
        elif size >= near:
            told = f"the stack has {size} of {most} {what}: split the service soon"
            yield Finding("IAC-14", TEMPLATE, 0, told, warning=True)


def resources_after_sam(service: Service) -> int:
    """How many resources CloudFormation gets: SAM makes several of some."""
    count = len(service.resources)
    shifting = False
    for function in service.functions:
        preference = function.get("DeploymentPreference")
        shifts = isinstance(preference, dict) and preference.get("Enabled", True) is not False
        shifting = shifting or shifts
        count += function.get("Role") is None
        count += 2 * (function.get("AutoPublishAlias") is not None)  # version and alias
        count += shifts
        count += function.get("EventInvokeConfig") is not None
        count += 2 * (function.get("FunctionUrlConfig") is not None)
        count += sum(
            RESOURCES_OF_EVENTS.get(event["Type"], 2) for event in function.events.values()
        )
    count += sum(RESOURCES_OF_TYPES.get(each.type, 0) for each in service.resources.values())
    return count + shifting  # the application of CodeDeploy
