"""Files as data. What was parsed once is kept by its content; nobody may change it."""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import yaml

from kit.pins import lines
from kit.template import Loader

if TYPE_CHECKING:
    from markdown_it.token import Token
    from packaging.requirements import Requirement

Node = TypeVar("Node", bound=ast.AST)
KEPT = lru_cache(maxsize=4096)


class UnparsedError(ValueError):
    """A text is not what it should be; says where, from line 1."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line


# ── YAML, TOML, JSON ─────────────────────────────────────────────────────────


class PlainLoader(Loader):
    """YAML in which only true and false are, as GitHub reads it: `on:` is text."""

    yaml_implicit_resolvers = {  # noqa: RUF012
        first: [
            (tag, re.compile(r"true|false|True|False|TRUE|FALSE") if tag.endswith("bool") else rule)
            for tag, rule in resolvers
        ]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }


@KEPT
def cloudformation(text: str) -> Any:
    """A template; `!Sub x` is {"Fn::Sub": "x"}."""
    return _yaml(text, Loader)


@KEPT
def plain_yaml(text: str) -> Any:
    """Any other YAML."""
    return _yaml(text, PlainLoader)


def _yaml(text: str, loader: type[Loader]) -> Any:
    try:
        return yaml.load(text, loader)  # noqa: S506 (a SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise UnparsedError(
            mark.line + 1 if mark else 1, f"is not valid YAML: {error.problem}"
        ) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise UnparsedError(1, f"is not valid YAML: {' '.join(str(error).split())}") from error


@KEPT
def toml(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise UnparsedError(int(found[1]) if found else 1, f"is not valid TOML: {error}") from error


@KEPT
def json_data(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UnparsedError(error.lineno, f"is not valid JSON: {error.msg}") from error


# ── Python ───────────────────────────────────────────────────────────────────


class Parsed:
    """A module's syntax tree, with its nodes by their kind."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree

    @cached_property
    def by_kind(self) -> dict[type[ast.AST], list[Any]]:
        found = defaultdict(list)
        for node in ast.walk(self.tree):
            found[type(node)].append(node)
        return found


@KEPT
def python(text: str) -> Parsed:
    try:
        with warnings.catch_warnings(action="ignore"):
            return Parsed(ast.parse(text))
    except SyntaxError as error:
        raise UnparsedError(error.lineno or 1, f"is not valid Python: {error.msg}") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise UnparsedError(1, f"is not valid Python: {error}") from error


@dataclass(frozen=True, eq=False)
class Module:
    """A Python file."""

    path: str
    parsed: Parsed

    @property
    def tree(self) -> ast.Module:
        return self.parsed.tree

    def nodes(self, kind: type[Node]) -> list[Node]:
        """All nodes of exactly that kind, wherever they are: module.nodes(ast.ImportFrom)."""
        return self.parsed.by_kind.get(kind, [])

    @property
    def texts(self) -> list[ast.Constant]:
        """The constants without docstrings."""
        docstrings = {id(statement.value) for statement in self.nodes(ast.Expr)}
        return [text for text in self.nodes(ast.Constant) if id(text) not in docstrings]

    @property
    def functions(self) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """All functions and methods."""
        return [*self.nodes(ast.FunctionDef), *self.nodes(ast.AsyncFunctionDef)]


def dotted(node: ast.AST) -> str:
    """What an expression is called: os.environ.get → "os.environ.get"; otherwise empty."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = dotted(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


# ── Requirements ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pin:
    """A line of a requirements file that is neither empty nor a comment.

    Args:
        line: its number, from 1.
        text: the line, with lines that continue it, without comments.
        requirement: what it requires; None for an option, or what pip would not understand.
    """

    line: int
    text: str
    requirement: Requirement | None


@KEPT
def requirements(text: str) -> tuple[Pin, ...]:
    from packaging.requirements import InvalidRequirement, Requirement  # takes 80 ms

    pins = []
    for number, line in lines(text):
        try:
            found = (
                None if line.startswith("-") else Requirement(re.sub(r" --hash[ =].*", "", line))
            )
        except InvalidRequirement:
            found = None
        pins.append(Pin(number, line, found))
    return tuple(pins)


# ── Markdown ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Row:
    """A row of a table: the text of its cells, without marks."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Fence:
    """A block of code."""

    line: int
    language: str
    content: str


@dataclass
class Section:
    """What is below a heading, up to the next heading of any level."""

    title: str
    level: int
    line: int
    text: list[str] = field(default_factory=list)
    """Its paragraphs and items of lists, without marks."""
    rows: list[Row] = field(default_factory=list)
    """The rows of its tables, without their heads."""
    fences: list[Fence] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    """What stands in `backticks`."""
    links: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.text or self.rows or self.fences)


@KEPT
def markdown(text: str) -> tuple[Section, ...]:
    """The sections of a document; the first, of level 0, is what stands before any heading."""
    from markdown_it import MarkdownIt  # takes 60 ms

    sections = [Section("", 0, 1)]
    cells: list[str] = []
    in_head, row_line = False, 0
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for place, token in enumerate(tokens):
        line = token.map[0] + 1 if token.map else sections[-1].line
        if token.type == "heading_open":
            sections.append(Section(_words(tokens[place + 1]), int(token.tag[1]), line))
        elif token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            cells, row_line = [], line
        elif token.type == "tr_close" and not in_head:
            sections[-1].rows.append(Row(row_line, tuple(cells)))
        elif token.type in ("fence", "code_block"):
            sections[-1].fences.append(Fence(line, token.info.strip(), token.content))
        elif token.type == "inline":
            _inline(token, tokens[place - 1].type, sections[-1], cells)
    return tuple(sections)


def _inline(token: Token, around: str, section: Section, cells: list[str]) -> None:
    if around in ("td_open", "th_open"):
        cells.append(_words(token))
    elif around != "heading_open":
        section.text.append(_words(token))
    for child in token.children or []:
        if child.type == "code_inline":
            section.code.append(child.content)
        elif child.type == "link_open":
            section.links.append(str(child.attrs.get("href", "")))


def _words(token: Token) -> str:
    """The text of a line, without marks."""
    children = token.children or []
    words = (" " if child.type.endswith("break") else child.content for child in children)
    return "".join(words).strip()
