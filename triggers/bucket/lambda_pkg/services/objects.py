"""Objects of a bucket, read piece by piece. Knows nothing of events."""

from __future__ import annotations

import hashlib
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import GetObjectOutputTypeDef

CHUNK_BYTES = 1024 * 1024
NOT_THERE = (KeyError, TypeError)


class InvalidObjectError(ValueError):
    """The event names no version of an object."""


@dataclass(frozen=True)
class Version:
    """A version of an object: what was written when the event was made, whatever came later."""

    bucket: str
    key: str
    version_id: str


@dataclass(frozen=True)
class Summary:
    """What is in an object."""

    key: str
    size: int
    lines: int
    sha256: str


def read(detail: Any) -> Version:
    """Read an event's detail. The key is as the event has it.

    Raises:
        InvalidObjectError: it does not name a bucket, a key and a version.
    """
    try:
        version = Version(
            detail["bucket"]["name"], detail["object"]["key"], detail["object"]["version-id"]
        )
    except NOT_THERE:
        version = None
    if version is None or not all(isinstance(each, str) for each in astuple(version)):
        raise InvalidObjectError("the event names no version of an object")
    return version


def summarise(client: S3Client, version: Version) -> Summary:
    """Read an object through, however large: no more than CHUNK_BYTES are in memory at a time."""
    key, answer = fetch(client, version)
    size, lines, digest, last = 0, 0, hashlib.sha256(), b"\n"
    for chunk in answer["Body"].iter_chunks(CHUNK_BYTES):
        size += len(chunk)
        lines += chunk.count(b"\n")
        digest.update(chunk)
        last = chunk[-1:]
    return Summary(key, size, lines + (last != b"\n"), digest.hexdigest())


def fetch(client: S3Client, version: Version) -> tuple[str, GetObjectOutputTypeDef]:
    """Open an object, and say what its key is.

    S3 encodes keys in its notifications (`a b` is `a+b`), and documents no such thing for
    EventBridge. The version says which reading is right: another key does not have it.
    """
    decoded = unquote_plus(version.key)
    if decoded != version.key:
        try:
            return decoded, get(client, version, decoded)
        except ClientError as error:
            # Without the permission to list, S3 says 403 of what is not there.
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in (400, 403, 404):
                raise
    return version.key, get(client, version, version.key)


def get(client: S3Client, version: Version, key: str) -> GetObjectOutputTypeDef:
    return client.get_object(Bucket=version.bucket, Key=key, VersionId=version.version_id)
