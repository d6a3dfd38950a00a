"""IAC-11: Whatever holds data is kept when it leaves the template (`DeletionPolicy`,
`UpdateReplacePolicy`); in prod it is protected and can be restored to any second.

Why: A renamed logical id deleted a table with everything in it.

Here: Tables and buckets in `template.yaml`, if the service has any; `DeletionProtectionEnabled` and
`PointInTimeRecoveryEnabled` of tables hold in prod.

Fix: Add `DeletionPolicy: RetainExceptOnCreate` (or `Retain`) and `UpdateReplacePolicy: Retain` to
the resource; to a table also both properties with `!If [IsProd, true, false]`. What holds nothing
of worth is suppressed with that reason.

Defended by: gate.

See: docs/decisions/0005-retained-data.md.
"""

from collections.abc import Callable, Iterator
from typing import Any

from kit.gate.environments import environments, exists, in_prod, resolved, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import is_of_idempotency, is_true
from kit.gate.service import Resource, Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)


KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")


Holds = Callable[[Any], bool]


def _is_positive(value: Any) -> bool:
    return str(value).isdecimal() and int(value) > 0


_PROTECTED: tuple[tuple[str, Holds], ...] = (("DeletionProtection", is_true),)


# What holds data, with what must hold in prod. Queues, topics, streams and log groups only hold
# what is on its way, or goes by itself.
STATEFUL: dict[str, tuple[tuple[str, Holds], ...]] = {
    "AWS::Backup::BackupVault": (),
    "AWS::Cassandra::Table": (),
    "AWS::Cognito::UserPool": (("DeletionProtection", lambda value: value == "ACTIVE"),),
    "AWS::DSQL::Cluster": (("DeletionProtectionEnabled", is_true),),
    "AWS::DocDB::DBCluster": _PROTECTED,
    "AWS::DynamoDB::GlobalTable": (
        ("Replicas.*.DeletionProtectionEnabled", is_true),
        ("Replicas.*.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", is_true),
    ),
    "AWS::DynamoDB::Table": (
        ("DeletionProtectionEnabled", is_true),
        ("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", is_true),
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
        ("PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled", is_true),
    ),
    "AWS::Timestream::Table": (),
}


@LESSON.check
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
                yield resource.finding(LESSON.id, line, what)


@LESSON.check
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
                yield resource.finding(LESSON.id, resource.line_of(path[0]), what)


def _is_of_cluster(resource: Resource) -> bool:
    return "Instance" in resource.type and resource.get("DBClusterIdentifier") is not None


def _stateful(service: Service) -> Iterator[Resource]:
    """What holds data that somebody would miss."""
    for resource in service.of_type(*STATEFUL):
        if not is_of_idempotency(resource):
            yield resource
