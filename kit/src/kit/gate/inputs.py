"""What functions listen to: buckets, queues, topics, streams, buses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from kit.template import at, strings

from .flows import globs
from .policies import listed, referenced_ids
from .service import Function, Service
from .wiring import sources

RULES = ("CloudWatchEvent", "EventBridgeRule")


@dataclass(frozen=True)
class Input:
    """What a function listens to, by logical id: of a bucket the keys of its objects, as globs, of
    a topic the values that its filter lets through, of a bus the pattern of the rule."""

    ids: set[str]
    keys: tuple[str, ...] = ("*",)
    texts: frozenset[str] = frozenset()
    pattern: Any = None


def inputs_of(service: Service, function: Function) -> Iterator[Input]:
    """What a function listens to, without streams and queues that have a filter."""
    me = function.logical_id
    for source in sources(service):
        if source.function is function and "FilterCriteria" not in source.settings:
            named = [source.settings.get(key) for key in ("EventSourceArn", "Queue", "Stream")]
            yield Input(referenced_ids(named))
    events = [(event["Type"], event.get("Properties")) for event in function.events.values()]
    for rule in service.of_type("AWS::Events::Rule", "AWS::SNS::Subscription"):
        if me in referenced_ids([rule.get("Targets"), rule.get("Endpoint")]):
            events.append((RULES[0] if "Targets" in rule.properties else "SNS", rule.properties))
    for bucket in service.of_type("AWS::S3::Bucket"):
        for config in listed(bucket.get("NotificationConfiguration", "LambdaConfigurations")):
            if me in referenced_ids(at(config, "Function")):
                name = {"Bucket": {"Ref": bucket.logical_id}, "Events": at(config, "Event")}
                events.append(("S3", {**config, **name}))
    for kind, settings in events:
        pattern = at(settings, "Pattern") or at(settings, "EventPattern")
        if kind == "SNS":
            topic = [at(settings, "Topic"), at(settings, "TopicArn")]
            texts = frozenset(text for text, _line in strings(at(settings, "FilterPolicy")))
            yield Input(referenced_ids(topic), texts=texts)
        elif kind == "S3" and "ObjectCreated" in str(at(settings, "Events")):
            rules = listed(at(settings, "Filter", "S3Key", "Rules"))
            ends = {str(at(rule, "Name")).lower(): at(rule, "Value") for rule in rules}
            key = f"{ends.get('prefix', '')}*{ends.get('suffix', '')}"
            yield Input(referenced_ids(at(settings, "Bucket")), (key,))
        elif kind in RULES and "aws.s3" in listed(at(pattern, "source")):
            kinds = globs(at(pattern, "detail-type"))
            if any(fnmatchcase("Object Created", kind) for kind in kinds):
                keys = globs(at(pattern, "detail", "object", "key"))
                yield Input(referenced_ids(at(pattern, "detail", "bucket", "name")), keys)
        elif kind in RULES and isinstance(pattern, dict) and "detail" not in pattern:
            yield Input(referenced_ids(at(settings, "EventBusName")), pattern=pattern)
