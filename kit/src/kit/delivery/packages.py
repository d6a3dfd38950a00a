"""Old packages are removed from the artifact bucket; those that a rollback may need stay.

CloudFormation fetches a function's last package again when an update is rolled back, however old it
is. So age alone says nothing: what the stack no longer names is tagged, and the bucket's lifecycle
(infra/environment.yaml) removes what has the tag.
"""

import json
from datetime import timedelta

from .account import Account
from .service import Service

SUPERSEDED = {"TagSet": [{"Key": "superseded", "Value": "true"}]}
# What a deployment of that age or younger uploaded may never have been live.
RECENT = timedelta(days=2)


def named(service: Service, account: Account) -> str:
    """The template that the stack runs with, as text: it has the keys of its packages."""
    template = account.client("cloudformation").get_template(
        StackName=service.stack, TemplateStage="Processed"
    )
    return json.dumps(template["TemplateBody"], default=str)


def retire(service: Service, account: Account, before: str) -> list[str]:
    """Tag the packages that the stack no longer names, and untag those that it names again.

    Args:
        before: what `named` returned before the deployment, or "".

    Returns:
        The keys that are tagged now.
    """
    s3, bucket = account.client("s3"), service.bucket(account.identity()["Account"])
    after, since = named(service, account), account.now() - RECENT
    retired = []
    for item in account.pages(
        "s3", "list_objects_v2", "Contents", Bucket=bucket, Prefix=f"{service.stack}/"
    ):
        key = item["Key"]
        if key in after and key not in before:
            s3.delete_object_tagging(Bucket=bucket, Key=key)
        elif key not in after and (key in before or item["LastModified"] > since):
            s3.put_object_tagging(Bucket=bucket, Key=key, Tagging=SUPERSEDED)
            retired.append(key)
    return retired
