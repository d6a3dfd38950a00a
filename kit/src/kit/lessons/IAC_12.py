"""IAC-12: Data that should go away has an expiry, and each function's log group is declared with a
retention.

Why: Lambda makes log groups that keep everything for ever, and the bill crept up for years.

Here: `TimeToLiveSpecification` of tables, `MessageRetentionPeriod` of queues, `RetentionInDays` of
log groups.

Fix: Give log groups a `RetentionInDays`, tables of items that expire a `TimeToLiveSpecification`,
and buckets a `LifecycleConfiguration`.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.environments import all_deployed, chosen, exists, in_prod, resolved, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.policies import referenced_ids
from kit.gate.python_names import constant
from kit.gate.resources import TABLES, is_idempotency_table, is_true
from kit.gate.service import Resource, Service
from kit.gate.variables import packages
from kit.layout import TEMPLATE

LESSON = Lesson.read(__doc__)

# How tables are called whose items go out of date.
PASSING = re.compile("Cache|Idempotency|Lock|Nonce|Otp|Session")
# How an item calls the time at which it expires, and how code writes items.
EXPIRY = re.compile(r"expir(ation|ation_time|e_at|es|es_at|es_on|esAt|eAt|y)|time_to_live|ttl|TTL")
WRITES = {"batch_write_item", "batch_writer", "put_item", "transact_write_items", "update_item"}


@LESSON.check
def logs_go(service: Service) -> Iterator[Finding]:
    """Each function has a log group in the template, and each log group a retention."""
    templates = all_deployed(service, TEMPLATE)
    groups = service.of_type("AWS::Logs::LogGroup")
    for group in groups:
        deployed = [template for template in templates.values() if exists(template, group)]
        if not all(chosen(template, group.get("RetentionInDays")) for template in deployed):
            message = f"{group.logical_id} has no `RetentionInDays`: it keeps logs for ever"
            fix = "Set `RetentionInDays: !Ref LogRetentionDays` on it, in each environment."
            yield LESSON.finding_in(group, group.line_of("RetentionInDays"), message, fix)
    prod = templates["prod"]
    names = {resolved(prod, group.get("LogGroupName")) for group in groups}
    names |= {f"<{group.logical_id}>" for group in groups}
    for function in service.functions:
        default = [f"<{function.logical_id}>", resolved(prod, function.get("FunctionName"))]
        node = function.get("LoggingConfig", "LogGroup")
        used = [resolved(prod, node)] if node else [f"/aws/lambda/{name}" for name in default]
        # What another stack declares comes as a parameter or an import.
        is_of_others = referenced_ids(node) - service.resources.keys() - {"EnvironmentName"}
        if not names & {*used} and not is_of_others and "Fn::ImportValue" not in str(node):
            message = f"{function.logical_id} writes to a log group that is not declared"
            fix = "Declare an `AWS::Logs::LogGroup` with `RetentionInDays: !Ref LogRetentionDays`,"
            fix += f" and refer to it as `LogGroup` of `LoggingConfig` of `{function.logical_id}`."
            yield LESSON.finding_in(function, function.line_of("LoggingConfig"), message, fix)


@LESSON.check
def items_expire(service: Service) -> Iterator[Finding]:
    """Tables of passing things, and of items that say when they expire, let them."""
    reasons = _tables_of_items_that_expire(service)
    for table in service.of_type(*TABLES):
        (enabled,) = values(in_prod(service), table.get("TimeToLiveSpecification"), "Enabled")
        reason = reasons.get(table.logical_id)
        if PASSING.search(table.logical_id):
            reason = "by its name, it holds what goes out of date"
        if reason and not is_true(enabled):
            line = table.line_of("TimeToLiveSpecification")
            message = f"{table.logical_id} has no enabled `TimeToLiveSpecification`: {reason}"
            fix = "Give it a `TimeToLiveSpecification` with `AttributeName` and `Enabled: true`."
            yield LESSON.finding_in(table, line, message, fix)


@LESSON.check
def objects_expire(service: Service) -> Iterator[Finding]:
    """Buckets have rules for what is left behind."""
    prod = in_prod(service)
    for bucket in service.of_type("AWS::S3::Bucket"):
        states = values(prod, bucket.get("LifecycleConfiguration"), "Rules", "*", "Status")
        if "Enabled" not in states:
            message = f"{bucket.logical_id} has no enabled rule in its `LifecycleConfiguration`"
            message += ": old versions and broken uploads stay for ever"
            fix = "Add a rule with `Status: Enabled`, as for `AbortIncompleteMultipartUpload`."
            line = bucket.line_of("LifecycleConfiguration")
            yield LESSON.finding_in(bucket, line, message, fix)


def _tables_of_items_that_expire(service: Service) -> dict[str, str]:
    """Tables of functions that write items with an expiry, if none of their tables looks at it."""
    reasons: dict[str, str] = {}
    tables = [table for table in service.of_type(*TABLES) if not is_idempotency_table(table)]
    for package in packages(service):
        names = referenced_ids(package.function.variables)
        used: list[Resource] = [table for table in tables if table.logical_id in names]
        writers = [module.path for module in package.modules if _writes_expiry(module)]
        if writers and not any(table.get("TimeToLiveSpecification") for table in used):
            reason = f"items of {writers[0]} say when they expire"
            reasons |= {table.logical_id: reason for table in used}
    return reasons


def _writes_expiry(module: Module) -> bool:
    """Whether a module writes items of a table, and has a name for when they expire."""
    names = {str(constant(node)) for node in module.nodes(ast.Constant)}
    names |= {dotted(node.target) for node in module.nodes(ast.AnnAssign)}
    writes = WRITES & {node.attr for node in module.nodes(ast.Attribute)}
    return bool(writes) and any(map(EXPIRY.fullmatch, names))
