"""IAC-11: Whatever holds data is kept when it leaves the template (`DeletionPolicy`,
`UpdateReplacePolicy`); in prod it is protected and can be restored to any second.

Why: A renamed logical id deleted a table with everything in it.

Here: Tables and buckets in `template.yaml`, if the service has any; `DeletionProtectionEnabled` and
`PointInTimeRecoveryEnabled` of tables hold in prod.

Fix: Add `DeletionPolicy: RetainExceptOnCreate` (or `Retain`) and `UpdateReplacePolicy: Retain` to
the resource; to a table also both properties with `!If [IsProd, true, false]`. Suppress the rule for
a resource whose data is worth nothing.

Defended by: gate.

See: docs/decisions/0005-retained-data.md.
"""

from collections.abc import Iterator

from kit.gate.environments import environments, exists, in_prod, resolved, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import is_idempotency_table
from kit.gate.service import Resource, Service
from kit.template import line_of

LESSON = Lesson.read(__doc__)

KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
RECOVERY = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
# What holds data, with the properties that protect it in prod. Queues, topics, streams and log
# groups only hold what is on its way, or goes by itself.
STATEFUL: dict[str, tuple[str, ...]] = {
    "AWS::Backup::BackupVault": (),
    "AWS::Cognito::UserPool": ("DeletionProtection",),
    "AWS::DSQL::Cluster": ("DeletionProtectionEnabled",),
    "AWS::DocDB::DBCluster": ("DeletionProtection",),
    "AWS::DynamoDB::GlobalTable": (
        "Replicas.*.DeletionProtectionEnabled",
        f"Replicas.*.{RECOVERY}",
    ),
    "AWS::DynamoDB::Table": ("DeletionProtectionEnabled", RECOVERY),
    "AWS::ECR::Repository": (),
    "AWS::EFS::FileSystem": ("BackupPolicy.Status",),
    "AWS::KMS::Key": (),
    "AWS::OpenSearchService::Domain": (),
    "AWS::Neptune::DBCluster": ("DeletionProtection", "BackupRetentionPeriod"),
    "AWS::RDS::DBCluster": ("DeletionProtection", "BackupRetentionPeriod"),
    "AWS::RDS::DBInstance": ("DeletionProtection", "BackupRetentionPeriod"),
    "AWS::S3::Bucket": (),
    "AWS::SecretsManager::Secret": (),
    "AWS::Serverless::SimpleTable": (RECOVERY,),
    "AWS::Timestream::Table": (),
}
# What switches them on and off, where that is not true and false.
ON_OFF = {
    "AWS::Cognito::UserPool": "ACTIVE, INACTIVE",
    "AWS::EFS::FileSystem": "ENABLED, DISABLED",
    "BackupRetentionPeriod": "7, 1",
}
WORTHLESS = "Suppress the rule where the data is worth nothing."
OFF = {"0", "disabled", "false", "inactive", "none"}


@LESSON.check
def data_is_kept(service: Service) -> Iterator[Finding]:
    """Prod decides; what is only in dev is kept there."""
    for resource in _stateful(service):
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            templates = [
                template
                for template in environments(service).values()
                if exists(template, resource)
            ]
            policy = resolved(templates[-1], resource.body.get(key)) if templates else "Retain"
            if policy not in KEPT:
                problem = f"has {key}: {policy}" if policy else f"has no {key}"
                line = line_of(resource.body, key) or resource.line
                message = f"{resource.logical_id} holds data and {problem}"
                kept = "RetainExceptOnCreate" if key == "DeletionPolicy" else "Retain"
                fix = f"Set `{key}: {kept}` beside `Type`. {WORTHLESS}"
                yield LESSON.finding_in(resource, line, message, fix)


@LESSON.check
def data_is_protected_in_prod(service: Service) -> Iterator[Finding]:
    """Each property of STATEFUL is on in prod."""
    prod = in_prod(service)
    for resource in _stateful(service):
        # An instance of a database cluster has its data there.
        if exists(prod, resource) and not resource.get("DBClusterIdentifier"):
            for dots in STATEFUL[resource.type]:
                path = dots.split(".")
                settings = values(prod, resource.properties, *path)
                if not settings or any(str(value).lower() in OFF for value in settings):
                    message = f"{resource.logical_id} has no `{path[-1]}` in prod"
                    on_off = ON_OFF.get(resource.type) or ON_OFF.get(path[-1], "true, false")
                    fix = f"Set `{dots}: !If [IsProd, {on_off}]` among `Properties`. {WORTHLESS}"
                    yield LESSON.finding_in(resource, resource.line_of(path[0]), message, fix)


def _stateful(service: Service) -> Iterator[Resource]:
    """What holds data that somebody would miss."""
    for resource in service.of_type(*STATEFUL):
        if not is_idempotency_table(resource):
            yield resource
