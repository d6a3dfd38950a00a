"""Which permissions a function's code needs, as far as its calls and its names say."""

from __future__ import annotations

import ast
import re

from .aws import NEEDS, needed
from .aws_calls import uses
from .policies import listed, referenced_ids
from .python_names import Code
from .service import Function, Service
from .wiring import sources

# How code names a service, where that is not how its actions begin.
WORDS = {
    "dynamodb": "dynamo",
    "s3": r"s3(?-i:(?![a-z]))",  # but no function `s3sync`
    "ssm": "ssm|parameter",
    "states": "stepfunctions|sfn",
    "sts": "(?<![a-z])sts(?![a-z])",  # but not `requests`
}
# Services whose methods no package hides; others with a client of boto3 in sight.
BY_NAME = {"dynamodb", "events", "sns", "sqs", "states"}
HIDES = re.compile(r"awswrangler|pandas|pyarrow|pynamodb|s3fs|smart_open")
# Services that are used without a call in code: by AWS, by drivers, by extensions. Secrets are SEC-03's.
SILENT = re.compile(
    "aoss|appconfig|appsync|cassandra|cloudwatch|dax|ec2|ecr|elasticache"
    "|elasticfilesystem|es|execute-api|glue|kafka|kafka-cluster|kms|lakeformation|logs|mq"
    "|rds|rds-db|redshift|secretsmanager|xray"
)
# What goes with the calls of a service: errors that say more, long uploads, arguments of other calls.
BESIDE = re.compile(
    r"s3:(AbortMultipartUpload|GetBucketLocation|List(Bucket|MultipartUploadParts)"
    r"|\w+(Acl|LegalHold|Retention|Tagging))|\w+:DescribeEndpoints|dynamodb:PartiQL\w+"
    r"|iam:(CreateServiceLinkedRole|PassRole)|sts:(AssumeRole\w*|GetCallerIdentity|TagSession)"
)
# What Lambda does with the role of a function that a queue or a stream invokes.
OF_SOURCES = re.compile(
    r"(dynamodb|kinesis):(DescribeStream\w*|GetRecords|GetShardIterator|List\w+|SubscribeToShard)"
    r"|sqs:(ChangeMessageVisibility|DeleteMessage|GetQueueAttributes|ReceiveMessage)"
)


class Needs:
    """What a function's code needs, as far as its calls and its names say."""

    def __init__(self, service: Service, function: Function, code: Code) -> None:
        names = _names_in_code(service, function)
        used = [use for use in uses(code) if use.operation]
        self.text = " ".join(names)
        # The services that code calls in a way that can be followed, and what may be operations.
        self.called = BY_NAME | {use.prefix for use in used}
        self.operations = {name.replace("_", "").lower() for name in names}
        self.operations |= {use.operation.lower() for use in used}
        self.reads = any(source.function is function for source in sources(service))

    def has(self, action: str) -> bool:
        """Whether an action is needed, or may be."""
        prefix, _, verb = action.partition(":")
        if not self.text or SILENT.fullmatch(prefix) or "*" in verb or BESIDE.fullmatch(action):
            return True
        if self.reads and OF_SOURCES.fullmatch(action):
            return True
        if not re.search(WORDS.get(prefix, prefix.partition("-")[0]), self.text, re.IGNORECASE):
            return False
        if prefix not in self.called or HIDES.search(self.text):
            return True
        keys = (key.partition(":") for key in NEEDS)
        operations = {name for start, _, name in keys if start == prefix} | {
            verb.lower(),
            f"{verb.lower()}batch",
        }
        return any(
            action.lower() in map(str.lower, alternatives)
            for operation in operations & self.operations
            for alternatives in needed(prefix, operation)
        )


def _names_in_code(service: Service, function: Function) -> set[str]:
    """The names and texts of a function's code; none where code that is elsewhere may call AWS."""
    layers = [service.resources.get(name) for name in referenced_ids(function.get("Layers"))]
    elsewhere = len(listed(function.get("Layers"))) > len(layers) or None in layers
    if not function.folder or elsewhere or service.has(f"{function.folder}/requirements.private"):
        return set()
    names: set[str] = set()
    for folder in [function.folder, *(str(layer.get("ContentUri")) for layer in layers if layer)]:
        for module in service.modules(folder.strip("./")):
            names |= {node.attr for node in module.nodes(ast.Attribute)}
            names |= {node.id for node in module.nodes(ast.Name)}
            names |= {node.name for node in module.nodes(ast.alias)}
            names |= {str(node.module) for node in module.nodes(ast.ImportFrom)}
            names |= {text.value for text in module.texts if isinstance(text.value, str)}
    return names
