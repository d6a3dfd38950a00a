"""What is known of AWS: its clients by botocore's and boto3's models, actions of IAM by cfn-lint's
data, and policy templates by SAM's."""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from shutil import which
from typing import Any

from kit.layout import ROOT

# How actions begin, where neither botocore's signing name says so nor the name of a type.
PREFIXES = {
    "apigatewayv2": "apigateway",
    "certificatemanager": "acm",
    "cloudcontrolapi": "cloudformation",
    "cognito": "cognito-idp",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "eventschemas": "schemas",
    "iotdata": "iot",
    "kinesisfirehose": "firehose",
    "monitoring": "cloudwatch",
    "mturk-requester": "mechanicalturk",
    "opensearchservice": "es",
    "stepfunctions": "states",
    "tagging": "tag",
}
_ANY_ITEM = "PutItem|UpdateItem|DeleteItem|ConditionCheckItem"
_PARTIQL = "PartiQLSelect|PartiQLInsert|PartiQLUpdate|PartiQLDelete"
_READ, _WRITE = "GetObject|GetObjectVersion", "PutObject"
# The actions of what has none of its name: operations, what boto3 adds to them, and Powertools.
# `powertools.` marks a function of Powertools that calls another operation than boto3's of its name.
# https://docs.aws.amazon.com/service-authorization/latest/reference/
NEEDS = {
    "appconfig:getappconfig": "StartConfigurationSession GetLatestConfiguration",
    "appconfig:appconfigprovider": "StartConfigurationSession GetLatestConfiguration",
    "appconfig:appconfigstore": "StartConfigurationSession GetLatestConfiguration",
    "bedrock:converse": "InvokeModel",
    "bedrock:conversestream": "InvokeModelWithResponseStream",
    "bedrock:retrieveandgeneratestream": "RetrieveAndGenerate",
    "bedrock:startasyncinvoke": "InvokeModel",
    "dynamodb:batchexecutestatement": _PARTIQL,
    "dynamodb:batchwriter": "BatchWriteItem",
    "dynamodb:dynamodbpersistencelayer": "GetItem PutItem UpdateItem DeleteItem",
    "dynamodb:dynamodbprovider": "GetItem|Query",
    "dynamodb:executestatement": _PARTIQL,
    "dynamodb:executetransaction": _PARTIQL,
    "dynamodb:transactgetitems": "GetItem",
    "dynamodb:transactwriteitems": _ANY_ITEM,
    "execute-api:deleteconnection": "ManageConnections",
    "execute-api:getconnection": "ManageConnections",
    "execute-api:posttoconnection": "ManageConnections",
    "kms:reencrypt": "ReEncryptFrom ReEncryptTo",
    "lambda:invoke": "InvokeFunction",
    "lambda:invokeasync": "InvokeFunction",
    "lambda:invokewithresponsestream": "InvokeFunction",
    "s3:completemultipartupload": _WRITE,
    "s3:copy": f"{_READ} {_WRITE}",
    "s3:copyfrom": f"{_READ} {_WRITE}",
    "s3:copyobject": f"{_READ} {_WRITE}",
    "s3:createmultipartupload": _WRITE,
    "s3:deleteobject": "DeleteObject|DeleteObjectVersion",
    "s3:deleteobjects": "DeleteObject|DeleteObjectVersion",
    "s3:deleteobjecttagging": "DeleteObjectTagging|DeleteObjectVersionTagging",
    "s3:downloadfile": _READ,
    "s3:downloadfileobj": _READ,
    "s3:generatepresignedpost": _WRITE,
    "s3:getobject": _READ,
    "s3:getobjecttagging": "GetObjectTagging|GetObjectVersionTagging",
    "s3:headbucket": "ListBucket",
    "s3:headobject": _READ,
    "s3:listbuckets": "ListAllMyBuckets",
    "s3:listmultipartuploads": "ListBucketMultipartUploads",
    "s3:listobjects": "ListBucket",
    "s3:listobjectsv2": "ListBucket",
    "s3:listobjectversions": "ListBucketVersions",
    "s3:listparts": "ListMultipartUploadParts",
    "s3:putobjecttagging": "PutObjectTagging|PutObjectVersionTagging",
    "s3:selectobjectcontent": _READ,
    "s3:uploadfile": _WRITE,
    "s3:uploadfileobj": _WRITE,
    "s3:uploadpart": _WRITE,
    "s3:uploadpartcopy": f"{_READ} {_WRITE}",
    "ses:sendbulkemail": "SendEmail|SendBulkTemplatedEmail|SendBulkEmail",
    "ses:sendemail": "SendEmail|SendRawEmail|SendTemplatedEmail",
    "ssm:getparameter": "GetParameter",
    "ssm:getparametersbyname": "GetParameter|GetParameters",
    "ssm:powertools.getparameters": "GetParametersByPath",
    "ssm:ssmprovider": "GetParameter|GetParameters|GetParametersByPath",
    "ssm:setparameter": "PutParameter",
    "sts:getcalleridentity": "",  # everybody may
    "timestream:query": "Select",
}


def data(package: str, *path: str) -> Any:
    """A JSON file of an installed package: the newest file that matches, also gzipped; {} if there is
    none."""
    spec = importlib.util.find_spec(package)
    folders = [Path(item) for item in (spec and spec.submodule_search_locations) or ()]
    # SAM is in an environment of its own, or wherever somebody has put it.
    for environment in (
        ROOT / ".venv-sam",
        *(Path(sam).parents[1] for sam in [which("sam")] if sam),
    ):
        folders += environment.glob(f"lib/python*/site-packages/{package}")
    for folder in folders:
        for file in sorted(folder.glob("/".join(path)), reverse=True):
            content = file.read_bytes()
            return json.loads(gzip.decompress(content) if file.suffix == ".gz" else content)
    return {}


@cache
def actions() -> Any:
    """The actions of each service and the ARNs that they know, by prefix."""
    return data("cfnlint", "data", "AdditionalSpecs", "Policies.json")


def actions_of(prefix: str) -> Any:
    """The actions of one service, by their names in lower case."""
    return actions().get(prefix, {}).get("Actions", {})


@cache
def policy_templates() -> Any:
    """The policy templates of SAM, by name."""
    path = ("policy_templates_data", "policy_templates.json")
    return data("samtranslator", *path).get("Templates", {})


def expanded(policy: Any) -> Any:
    """A policy, or what a policy template of SAM comes to with its parameters."""
    if not isinstance(policy, dict) or len(policy) != 1:
        return policy
    ((name, values),) = policy.items()
    template = policy_templates().get(name)
    return _filled(template["Definition"], values or {}) if template else policy


def _filled(node: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_filled(item, values) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("Ref") in values:
        return values[node["Ref"]]
    return {key: _filled(value, values) for key, value in node.items()}


@cache
def _model(client: str) -> Any:
    return data("botocore", "data", client, "*", "service-2.json*")


@cache
def resource_model(client: str, kind: str) -> Any:
    """What boto3 knows of a kind of resource: `Table`, or `ServiceResource` for the first one."""
    model = data("boto3", "data", client, "*", "resources-1.json")
    kinds = model.get("resources", {}) | {"ServiceResource": model.get("service", {})}
    return kinds.get(kind, {})


@cache
def waiters(client: str) -> dict[str, str]:
    """The operations that waiters call, by the waiters' names in lower case."""
    known = data("botocore", "data", client, "*", "waiters-2.json*").get("waiters", {})
    return {name.lower(): waiter["operation"] for name, waiter in known.items()}


@cache
def operations(client: str) -> dict[str, str]:
    """The operations that need a permission, by their methods' names without underscores."""
    known = _model(client).get("operations", {})
    signed = (name for name, operation in known.items() if operation.get("authtype") != "none")
    return {name.lower(): name for name in signed}


def prefix_of_client(client: str) -> str:
    """How the actions of a client of boto3 begin; empty if there is no such client."""
    metadata = _model(client).get("metadata", {})
    name = str(metadata.get("signingName") or metadata.get("endpointPrefix", ""))
    return PREFIXES.get(name, name)


def needed(prefix: str, operation: str) -> list[list[str]]:
    """The actions that an operation needs, each with alternatives; none if that is not known."""
    written = NEEDS.get(f"{prefix}:{operation}".lower())
    if written is None:
        known = actions_of(prefix)
        single = operation.removesuffix("Batch").removesuffix("batch")
        written = next((name for name in (operation, single) if name.lower() in known), "")
    return [[f"{prefix}:{name}" for name in item.split("|")] for item in written.split()]
