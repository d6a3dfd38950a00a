"""IAC-12: Data that should go away has an expiry, and each function's log group is declared with a
retention.

Why: Lambda makes log groups that keep everything for ever, and the bill crept up for years.

Here: `TimeToLiveSpecification` of tables, `MessageRetentionPeriod` of queues, `RetentionInDays` of
log groups.

Fix: Declare an `AWS::Logs::LogGroup` with `RetentionInDays: !Ref LogRetentionDays` and name it in
`LoggingConfig`; give tables of items that expire a `TimeToLiveSpecification`, and buckets a
`LifecycleConfiguration`.

Defended by: gate.
"""

import ast
import re
from collections.abc import Iterator

from kit.gate.environments import in_prod, resolved, values
from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.parsers import Module, dotted
from kit.gate.resources import TABLES, is_of_idempotency, is_true
from kit.gate.service import Service
from kit.gate.stages import code_with_reads
from kit.template import at, references

LESSON = Lesson.read(__doc__)


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


@LESSON.check
def logs_go(service: Service) -> Iterator[Finding]:
    prod = in_prod(service)
    groups = service.of_type("AWS::Logs::LogGroup")
    for group in groups:
        if not group.get("RetentionInDays"):
            what = f"{group.logical_id} has no `RetentionInDays`: it keeps logs for ever"
            fix = "Set `RetentionInDays: !Ref LogRetentionDays` on it."
            yield group.finding(LESSON.id, group.line, what, fix)
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
            yield function.finding(LESSON.id, function.line_of("LoggingConfig"), what)


@LESSON.check
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
        if specification is not None and not is_true(enabled):
            because = "it is switched off"
        if because and not is_true(enabled):
            line = table.line_of("TimeToLiveSpecification")
            what = f"{table.logical_id} has no `TimeToLiveSpecification` that is enabled: {because}"
            yield table.finding(LESSON.id, line, what)
    for resource in service.of_type(*PILES):
        path = PILES[resource.type]
        (rules,) = values(prod, resource.properties, *path)
        disabled = isinstance(rules, list) and all(at(r, "Status") == "Disabled" for r in rules)
        if not rules or disabled:
            what = f"{resource.logical_id} has no `{path[0]}`: what is left behind stays for ever"
            yield resource.finding(LESSON.id, resource.line_of(path[0]), what)


def _tables_of_items_that_expire(service: Service) -> dict[str, str]:
    """Tables of functions whose items say when they go, where none of their tables lets them."""
    found: dict[str, str] = {}
    tables = {table.logical_id: table for table in service.of_type(*TABLES)}
    for code in code_with_reads(service):
        path = next((module.path for module in code.modules if _writes_expiry(module)), "")
        used = {
            each.target
            for function in code.functions
            for each in references(function.variables)
            if each.target in tables and not is_of_idempotency(tables[each.target])
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
