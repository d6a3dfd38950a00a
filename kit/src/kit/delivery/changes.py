"""Say what a change would do to the stack, in Markdown for the summary of a pull request.

Compares template.yaml, samconfig.toml and the functions' sources with those of the merge base.
Needs no AWS, and runs nothing of what it reads: files, and what git has stored. So it says what is
written, not what is deployed; and of an API it knows events and routes, not OpenAPI definitions.
In a workflow: --base HEAD^1 with fetch-depth: 2, into $GITHUB_STEP_SUMMARY.
"""

from __future__ import annotations

import contextlib
import os
import re
import tomllib
from argparse import Namespace
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any

from kit.errors import KitError
from kit.gate.grants import Environment, Gap, gaps, is_comparable
from kit.layout import ENVIRONMENTS, INFRA
from kit.template import Template, references, statements

from .cloudformation import (
    Content,
    Keys,
    differences,
    flat,
    holds_data,
    open_endpoints,
    outcome,
    own_name,
    pair,
    parsed,
    permissions,
    resources,
    short,
    values,
)
from .markdown import block, code, table
from .service import Service
from .tools import git

OPTIONS = {"--base": {"default": "", "help": "where the change goes: origin/develop"}}
ORDER = ("replaced", "removed", "perhaps replaced", "added", "changed")


@dataclass(frozen=True)
class Change:
    """What becomes of a resource, and the value whose change is the reason.

    `because` says what else changes when the value is written as it was."""

    name: str
    kind: str
    what: str
    keys: Keys = ()
    old: Any = None
    new: Any = None
    because: str = ""

    @property
    def row(self) -> Keys:
        path = ".".join(self.keys).removeprefix("Properties.")
        before, after = pair(self.old, self.new)
        return self.what, self.name, self.kind, path, before, self.because or after


# ── Reading ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Base:
    """Where a branch began: what the work tree is compared with.

    Args:
        root: the folder of the service.
        commit: the newest one that HEAD and the branch that it goes into have both.
    """

    root: Path
    commit: str

    @classmethod
    def of(cls, root: Path, name: str) -> Base:
        """That of HEAD and a branch or commit. KitError: there is none."""
        try:
            git(root, "rev-parse", "--is-inside-work-tree")
        except KitError as error:
            raise KitError(f"{root} is in no git repository: nothing to compare with.") from error
        if not name:
            raise KitError(
                "Where does the change go? BASE is empty.", "make changes BASE=origin/develop"
            )
        try:
            commit = git(root, "rev-parse", "--verify", "--end-of-options", name + "^{commit}")
        except KitError as error:
            raise KitError(f"There is no BASE={name} here.", *_another(root, name)) from error
        try:
            return cls(root, git(root, "merge-base", commit.strip(), "HEAD").strip())
        except KitError as error:
            raise KitError(
                f"HEAD and {name} have no commit in common that is here.",
                error.problem,
                "Was all of it fetched? In a workflow, fetch-depth: 2 and BASE=HEAD^1 compare a pull",
                "request with the branch that it goes into.",
            ) from error

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def text(self, path: str) -> str:
        """A file's text in the commit; empty when it was not there."""
        exists = self.git("ls-tree", "--name-only", self.commit, "--", path)
        return self.git("show", f"{self.commit}:./{path}") if exists else ""

    def read(self, path: str, parse: Callable[[str], Content]) -> tuple[Content, Content]:
        """A file's content in the commit, {} when it was not there, and in the work tree."""
        where = f"in {self.commit[:12]}"
        try:
            text = self.text(path)
            old = parse(text) if text else {}
            where = "in the work tree"
            return old, parse((self.root / path).read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise KitError(f"{path} {where} can't be read: {error}") from error


def _another(root: Path, base: str) -> list[str]:
    """What to do about a base that is not there. In a workflow only the newest commits are."""
    remote, slash, branch = base.partition("/")
    if slash and remote not in git(root, "remote").split():
        return [f"There is no remote {remote} either: make changes BASE={branch}, the branch here."]
    return [
        "git fetch, or another one: make changes BASE=origin/develop, or BASE=develop.",
        "In a workflow: BASE=HEAD^1, with fetch-depth: 2.",
    ]


# ── Comparing ────────────────────────────────────────────────────────────────


def compared(old: Content, new: Content, moved: set[str]) -> list[Change]:
    """The changes of resources, the gravest first. The resources are given by their logical ids;
    `moved` are the parameters that have another value now."""
    changes = []
    for name in dict.fromkeys([*new, *old]):
        if name in old and name in new:
            kind = old[name]["Type"]
            for keys, was, becomes in differences(old[name], new[name]):
                changes.append(Change(name, kind, outcome(kind, keys), keys, was, becomes))
        else:
            where, what = (new, "added") if name in new else (old, "removed")
            changes.append(Change(name, where[name]["Type"], what))
    while True:  # what can't change may be the name of a parameter, or of what is replaced
        gone = {change.name for change in changes if "replaced" in change.what}
        follow = [
            Change(name, kind, "perhaps replaced", keys, value, value, f"as {names} changes")
            for name, kind in ((name, new[name]["Type"]) for name in new if name in old)
            if name not in gone
            for keys, value in flat(new[name])
            if (names := ", ".join(sorted(_targets(value) & (moved | gone))))
            and outcome(kind, keys) != "changed"
        ]
        if not follow:
            return sorted(changes, key=lambda item: ORDER.index(item.what))
        changes += follow


# ── What a reviewer must see ─────────────────────────────────────────────────


def kept(key: str, *resource: Content) -> str:
    """What becomes of data by the DeletionPolicy or UpdateReplacePolicy, before and after."""
    policies = sorted({short(item.get(key, "Delete")) for item in resource})
    note = f"({key}: {code(', '.join(policies))})"
    if all(policy.startswith("Retain") for policy in policies):
        return f"its data is kept, outside of the stack {note}"
    if set(policies) <= {"Retain", "Snapshot"}:
        return f"a snapshot of its data is kept {note}"
    return f"**its data is lost** {note}"


def risks(old: Content, new: Content, changes: list[Change], moved: set[str]) -> Iterator[str]:
    """What may lose data or fail, in Markdown. The arguments are those of compared()."""
    away = {change.name: change.what for change in reversed(changes) if change.what in ORDER[:3]}
    for name, what in reversed(away.items()):
        if holds_data(old[name]["Type"]):
            both = [item[name] for item in (old, new) if name in item]
            policy = "UpdateReplacePolicy" if name in new else "DeletionPolicy"
            yield f"{code(name)} is {what}: {kept(policy, *both)}."
    for change in changes:
        if change.what == "changed" and holds_data(change.kind):
            if change.keys == ("Condition",) and change.new:
                yield f"{code(change.name)} is removed where {code(short(change.new))} does not hold."
            elif change.keys[0].endswith("Policy") and short(change.old).startswith("Retain"):
                policy = change.keys[0]
                yield f"{code(change.name)} has another {policy}: {kept(policy, new[change.name])}."
    for name, resource in new.items():
        wanted = own_name(resource) if name in away or name not in old else None
        for holder in away if wanted and not _targets(wanted[1]) & moved else ():
            if wanted == own_name(old[holder]) and wanted:
                yield (
                    f"{code(name)} is {away.get(name, 'added')} with the name {code(short(wanted[1]))}, "
                    f"which {'it' if holder == name else code(holder)} has already. CloudFormation "
                    "makes the new one first, so **the deployment fails**: choose another name, or "
                    "import what is there."
                )


def widened(old: Content, new: Content) -> Iterator[str]:
    """The permissions that are new and the limits that are gone, in full, in Markdown."""
    for name in dict.fromkeys([*new, *old]):
        allowed, denied = permissions(new[name]) if name in new else ([], [])
        had_allowed, had_denied = permissions(old[name]) if name in old else ([], [])
        more = [entry for entry in allowed if entry not in had_allowed]
        less = [entry for entry in had_denied if entry not in denied]
        if more or (less and (name in new or any(statements(less)))):
            less += [entry for entry in had_allowed if entry not in allowed and entry not in less]
            more += [entry for entry in denied if entry not in had_denied and entry not in more]
            lines = [
                f"{sign} {'  ' if number else '- '}{short(key)}: {short(value)}"
                for sign, items in (("-", less), ("+", more))
                for item in items
                for number, (key, value) in enumerate(item.items())
            ]
            yield f"{code(name)}\n\n{block(lines)}"


def sources(declared: Content, base: Base) -> Iterator[Keys]:
    """The resources whose files changed: the folder, how many files, and which requirements."""
    folders = [
        (name, path)
        for name, resource in declared.items()
        for keys, path in flat(resource)
        if keys[-1] in ("CodeUri", "ContentUri", "DefinitionUri")
        if isinstance(path, str) and path.isprintable()
        if (base.root / path).resolve().is_relative_to(base.root)
    ]
    for name, path in folders:
        files = base.git("diff", "--name-only", base.commit, "--", path).splitlines()
        files += base.git("ls-files", "--others", "--exclude-standard", "--", path).splitlines()
        if files:
            pins = os.path.normpath(f"{path}/requirements.txt")
            file = base.root / pins
            pinned = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
            lines = unified_diff(base.text(pins).splitlines(), pinned, n=0, lineterm="")
            # A pin stands on one line, its hashes on those that follow.
            changed = [
                line.rstrip(" \\")
                for line in lines
                if re.match(r"[-+](?![-+])\s*[^#\s]", line) and "--hash=" not in line
            ]
            yield name, path, str(len(files)), " ".join(changed)


# ── The report ───────────────────────────────────────────────────────────────


def cells(old: Content, new: Content, *without: str) -> list[Keys]:
    """What differs, for a table."""
    found = differences(old, new)
    return [(".".join(keys), *pair(*both)) for keys, *both in found if keys[0] not in without]


def refused(root: Path, environments: list[str]) -> Iterator[str]:
    """What template.yaml asks for and infra/environment.yaml does not allow, in Markdown."""
    unique: dict[tuple[str, str], Gap] = {}
    for environment in environments if (root / INFRA).is_file() else ():
        with contextlib.suppress(KitError):  # no whole section in samconfig.toml
            both = environment_of(Service(root, environment))
            unique |= {(gap.resource, gap.asks): gap for gap in gaps(both)}
    for gap in unique.values():
        yield f"- ⚠️ {gap.found}. {gap.fix}"


def report(base: Base, environment: str) -> str:
    """The whole report, in Markdown."""
    old, new = base.read("template.yaml", parsed)
    was, settings = base.read("samconfig.toml", tomllib.loads)
    if environment and environment not in settings:
        known = ", ".join(name for name in settings if name != "version")
        raise KitError(f"samconfig.toml has no [{environment}.*]. It has: {known}")
    if environment:
        was, settings = ({environment: item.get(environment, {})} for item in (was, settings))
    moved = {
        keys[0]
        for key in settings.keys() - {"version"}
        if was.get(key)
        for keys, *_ in differences(values(old, was[key]), values(new, settings[key]))
    }
    first, second = resources(old), resources(new)
    changes = compared(first, second, moved)
    worst = Counter({change.name: change.what for change in reversed(changes)}.values())
    dangers = [
        f"{code('.'.join(keys))} changes: another stack is made, and the old one stays."
        for keys, value, _ in differences(was, settings)
        if keys[-1] in ("stack_name", "region") and value is not None
    ]
    dangers += risks(first, second, changes, moved)
    opened = [endpoint for endpoint in open_endpoints(new) if endpoint not in open_endpoints(old)]
    sections = {
        "Look at this": "\n".join(f"- ⚠️ {danger}" for danger in dangers),
        "The deployment would be refused": "\n".join(
            refused(
                base.root,
                [environment] if environment else [*(settings.keys() & {*ENVIRONMENTS})],
            )
        ),
        "Permissions that widen": "\n\n".join(widened(first, second)),
        "Open to anybody who knows the address": "\n".join(f"- {code(item)}" for item in opened),
        f"Resources: {', '.join(f'{worst[what]} {what}' for what in ORDER if worst[what])}": table(
            "What | Resource | Type | Property | Before | After", [change.row for change in changes]
        ),
        "Parameters, outputs and the rest": table(
            "What | Before | After", cells(old, new, "Resources", "Globals")
        ),
        "samconfig.toml": table("Setting | Before | After", cells(was, settings)),
        "Code": table("Resource | Files of | Changed | Requirements", [*sources(second, base)]),
    }
    parts = [f"### {title}\n\n{text}" for title, text in sections.items() if text]
    title = f"## What changes{f' in {environment}' if environment else ''}"
    since = f"Since {code(base.commit[:12])}, as it is written; what is deployed is not looked at."
    return "\n\n".join([title, since, *(parts or ["Nothing changes."])]) + "\n"


def _targets(node: Any) -> set[str]:
    """The names that a part of a template refers to."""
    return {reference.target for reference in references(node)}


def main(service: Service, options: Namespace) -> int:
    """Print the report."""
    print(report(Base.of(service.root, options.base), options.env or ""), end="")
    return 0


def environment_of(service: Service) -> Environment:
    """Both templates of a service in an account that is made up.

    Raises:
        KitError: a file is missing, or can't be read.
    """
    if not is_comparable():
        raise KitError(
            "What template.yaml asks of AWS can't be compared: cfn-lint is not installed.",
            "make setup",
        )
    template = service.template("111122223333")
    data = service.infra_data
    values = {name: str(body.get("Default", name)) for name, body in data["Parameters"].items()}
    values["EnvironmentName"] = service.environment
    return Environment(template, Template(data, values, template.pseudo))
