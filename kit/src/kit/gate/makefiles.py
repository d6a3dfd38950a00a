"""Makefiles: their rules, with the commands of the recipes. What functions compute stays unknown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from .commands import Command, logical_lines, script

VARIABLE = re.compile(r"(?:export )?([\w.-]+)\s*([?+]|:{1,3})?=\s*(.*)")
RULE = re.compile(r"([^\s:=#$][^:=#]*?)\s*::?(?!=)([^;#]*)")
REFERENCE = re.compile(r"\$\(([^()]*)\)")
# The value of a variable that names other variables and calls no function.
SIMPLE = re.compile(r"(?:[^$]|\$\([\w.-]+\))+")


@dataclass
class Rule:
    """A target, and where its recipe is."""

    target: str
    path: str
    line: int
    needs: list[str] = field(default_factory=list)
    recipe: list[tuple[int, str]] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)


@lru_cache(maxsize=256)
def makefile(files: tuple[tuple[str, str], ...]) -> dict[str, Rule]:
    """The rules of Makefiles by target; files as (path, text), in the order in which make reads them."""
    rules: dict[str, Rule] = {}
    variables: dict[str, str] = {}
    for path, text in files:
        opened, head_line = list[Rule](), 0
        for number, line in logical_lines(text):
            if line.startswith("\t"):
                for rule in opened:
                    if head_line:  # the last recipe counts
                        rule.path, rule.line, rule.recipe = path, head_line, []
                    rule.recipe.append((number, line))
                head_line = 0
            elif assigned := VARIABLE.fullmatch(line):
                name, operator, value = assigned.groups()
                if operator == "+" and name in variables:
                    variables[name] += f" {value}"
                elif operator != "?" or name not in variables:
                    variables[name] = value
            elif head := RULE.match(line):
                opened = [rules.setdefault(t, Rule(t, path, number)) for t in head[1].split()]
                head_line = number
                for rule in opened:
                    rule.needs += head[2].split()
    for rule in rules.values():
        rule.commands = list(_commands(rule, variables))
    return rules


def _commands(rule: Rule, variables: Mapping[str, str]) -> Iterator[Command]:
    for number, line in rule.recipe:
        text = line.lstrip("@-+ \t")
        prefix = line.removesuffix(text)
        for command in script(_expanded(text, variables)):
            ignored = "its line begins with `-`" if "-" in prefix else command.ignored
            yield replace(command, line=number, ignored=ignored)


def _expanded(text: str, variables: Mapping[str, str]) -> str:
    """A line of a recipe as the shell gets it, with ${NAME} for what only make can compute."""

    def value(reference: re.Match[str]) -> str:
        text = variables.get(reference[1], "")
        unknown = "${" + re.sub(r"[^\w.,/-]", "_", reference[1]) + "}"
        return text if SIMPLE.fullmatch(text) else unknown

    text = text.replace("$$", "\0")
    for _depth in range(10):  # a variable may refer to itself
        text = REFERENCE.sub(value, text)
    return text.replace("\0", "$")
