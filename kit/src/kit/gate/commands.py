"""The commands of shell scripts, as far as `shlex` tells them apart: words, quotes and operators.

Not functions, `case` and `eval`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise, takewhile
from pathlib import PurePosixPath
from typing import NamedTuple

HEREDOC = re.compile(r"<<-?[ \t]*(['\"]?)(\w+)\1.*?^[ \t]*\2[ \t]*$", re.MULTILINE | re.DOTALL)
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")  # in double quotes; elsewhere brackets are operators
ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)\+?=(.*)", re.DOTALL)
OPERATORS = ";&|()"
BRANCHES = {"elif", "if", "until", "while"}
# What may stand before a command and does not change what it does.
KEYWORDS = {"!", "do", "else", "env", "export", "then", "{", *BRANCHES}
CLOSING = {"{": "}", "if": "fi"}
# What runs the command after it, by itself or with a word such as in `uv run`.
RUNNERS = {
    *("bunx", "exec", "flock", "ionice", "nice", "nohup", "npx", "pipx", "setsid", "stdbuf"),
    *("sudo", "time", "timeout", "uvx", "xargs"),
}
MANAGERS = {"npm", "pdm", "pipenv", "pnpm", "poetry", "uv", "yarn"}
RUN = {"dlx", "exec", "run", "tool"}
# Options that a value follows, of runners and of the programs that lessons ask for.
WITH_VALUE = {
    *("--app", "--config", "--cwd", "--directory", "--endpoint-url", "--extra", "--file", "--from"),
    *("--group", "--makefile", "--output", "--package", "--profile", "--project", "--python"),
    *("--query", "--region", "--spec", "--stack", "--stage", "--user", "--with"),
    *("-C", "-I", "-L", "-P", "-c", "-f", "-k", "-p", "-u"),
}
# Programs by other names.
ALIASES = {".kit": "kit", "aws-cdk": "cdk", "awscli": "aws", "samcli": "sam", "sls": "serverless"}


@dataclass(frozen=True)
class Command:
    """A command: the program and its arguments without quotes, variables as they are written: $ENV."""

    words: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)  # what is set for it alone
    line: int = 1  # in the text
    ignored: str = ""  # why its failure does not end the script; empty when it does
    runner: tuple[str, ...] = ()  # what runs it: timeout 600, uv run, python -m

    @property
    def text(self) -> str:
        """The command on one line, for messages."""
        text = " ".join(" ".join((*self.runner, *self.words)).split())
        return text if len(text) <= 100 else f"{text[:99]}…"

    @property
    def program(self) -> str:
        """The program without its folder: pytest, also of `python -m pytest`; kit of `python .kit`."""
        return program_name(self.words[0]) if self.words else ""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the program."""
        return self.words[1:]

    @property
    def plain(self) -> tuple[str, ...]:
        """The arguments that are neither options nor the values of known options."""
        pairs = pairwise(("", *self.arguments))
        return tuple(word for last, word in pairs if word[:1] != "-" and last not in WITH_VALUE)

    def option(self, *names: str) -> str | None:
        """The value of an option, `-o value` or `--option=value`; None without the option."""
        for word, following in pairwise((*self.words, "")):
            name, equals, value = word.partition("=")
            if name in names:
                return value if equals or following[:1] == "-" else following
        return None


def program_name(word: str) -> str:
    """A program without its folder and version: sam for .venv-sam/bin/sam, $(SAM) and sam@1."""
    name = PurePosixPath(word.strip("$(){}")).name.partition("@")[0].lower()
    return ALIASES.get(name, name)


class _Piece(NamedTuple):
    words: list[str]
    operator: str  # what ends it
    line: int


@lru_cache(maxsize=1024)
def script(text: str, pipefail: bool = False) -> tuple[Command, ...]:
    """The commands of a script; with `pipefail` a pipe fails when any of its commands does."""
    text = HEREDOC.sub(lambda match: "\n" * match[0].count("\n"), text)
    text = EXPRESSION.sub(lambda match: re.sub(r"[^\w.${}=!]", "", match[0]), text)
    pieces = list(_pieces(text))
    pipefail = pipefail or "pipefail" in text
    commands: list[Command] = []
    for place, piece in enumerate(pieces):
        switches = [c.text for c in commands if c.words[:1] == ("set",)]
        goes_on = "`set +e` goes on after it" * (switches[-1:] == ["set +e"])
        ignored = goes_on or _ignored(pieces[place:], pipefail)
        commands.append(_command(piece, ignored))
        for inner in SUBSTITUTION.findall(" ".join(piece.words)):
            commands += [replace(command, line=piece.line) for command in script(inner)]
    return tuple(commands)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text with their numbers; a line and what continues it after `\\` are one."""
    start, whole = 1, ""
    for number, line in enumerate(text.splitlines(), 1):
        if line.endswith("\\"):
            whole += line[:-1] + " "
        else:
            yield start, whole + line
            start, whole = number + 1, ""
    if whole:
        yield start, whole


def _pieces(text: str) -> Iterator[_Piece]:
    start, whole = 0, ""
    for number, line in logical_lines(text):
        start, whole = start or number, whole + line
        lexer = shlex.shlex(whole, posix=True, punctuation_chars=f"{OPERATORS}<>")
        lexer.whitespace_split = True
        try:
            tokens = [*lexer, "\n"]
        except ValueError:  # a quote is still open
            whole += "\n"
            continue
        words: list[str] = []
        for word in tokens:
            if not word or word.strip(f"{OPERATORS}\n"):
                words.append(word)
                continue
            if words:
                yield _Piece(words, word, start)
            words = ["{"] if word.endswith("(") and not words else []
        start, whole = 0, ""


def _ignored(pieces: list[_Piece], pipefail: bool) -> str:
    """Why nobody notices the failure of the first of these commands."""
    first, *rest = pieces
    if first.words[0] in BRANCHES and not _fails(pieces):
        return f"it only decides an `{first.words[0]}`"
    if first.operator == "||" and rest and not _fails(rest):
        return f"`|| {' '.join(rest[0].words)}` follows"
    if first.operator == "|" and not pipefail:
        return "its output goes into a pipe, which succeeds when its last command does"
    return "it runs in the background" if first.operator == "&" else ""


def _fails(pieces: list[_Piece]) -> bool:
    """Whether the first command, or the group or branch that it opens, lets the script fail."""
    closing = CLOSING.get(pieces[0].words[0])
    group = takewhile(lambda piece: piece.words[0] != closing, pieces) if closing else pieces[:1]
    texts = [" ".join(word for word in piece.words if word not in KEYWORDS) for piece in group]
    return any(re.match(r"(exit|false|return)\b(?! 0)", text) for text in texts)


def _command(piece: _Piece, ignored: str) -> Command:
    words, runner = piece.words, []
    variables: dict[str, str] = {}
    while words:
        if assigned := ASSIGNMENT.fullmatch(words[0]):
            variables[assigned[1]] = assigned[2]
        elif words[0] not in KEYWORDS:
            count = _runner(words)
            runner += words[:count]
            words = words[count:]
            if count:
                continue
            break
        words = words[1:]
    return Command(tuple(words), variables, piece.line, ignored, tuple(runner))


def _runner(words: list[str]) -> int:
    """How many words run the command after them; 0 when the command runs by itself."""
    name = program_name(words[0])
    if name.startswith("python"):  # python -E -s .kit, python -m pytest
        place = next((i for i, w in enumerate(words) if w in ("-m", ".kit")), 0)
        plain = [word for word in words[1:place] if word[:1] != "-"]
        return 0 if plain or not place else place + (words[place] == "-m")
    if name not in RUNNERS and not (name in MANAGERS and RUN & set(words[1:2])):
        return 0
    place = 1
    while place < len(words) and (words[place] in RUN or re.match(r"-|\d+[smhd]?$", words[place])):
        place += 2 if words[place] in WITH_VALUE else 1
    return place if place < len(words) else 0
