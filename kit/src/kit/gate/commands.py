"""What shells and make run: the commands of a script, and the rules of a Makefile.

No parser of either is at hand. This reads what people write in workflows and recipes: words and
quotes, lists and pipes; not functions, `case` or `eval`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import pairwise, takewhile
from pathlib import PurePosixPath

TOKEN = re.compile(
    r"""
    (?P<space>(?:[ \t\r]|\\\n)+)
    |(?P<comment>(?<![^\s;|&])\#[^\n]*)
    |(?P<redirect>(?:&>>?|\d*(?:<<<|<<-?|>>|>\||>&|<&|<>|>|<))[ \t]*)
    |(?P<end>;;?|&&|\|\|?|&|\n|\(|\))
    |(?P<word>(?:
        \\. | '[^']*' | "(?:\\.|[^"\\])*" | \$\{\{.*?\}\} | \$\$?\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)
        | \$?\{[^{}\s;]*\} | `[^`]*` | [^\s;&|()<>'"\\`]
    )+)
    |(?P<odd>.)
    """,
    re.VERBOSE | re.DOTALL,
)
HEREDOC = re.compile(
    r"""<<-?[ \t]*(['"]?)(\w+)\1[^\n]*\n.*?^[ \t]*\2[ \t]*$""", re.MULTILINE | re.DOTALL
)
QUOTED = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)""", re.DOTALL)
INNER = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)|`([^`]+)`", re.DOTALL)
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
# What stands before a command and does not change what it does.
BEFORE = {"!", "{", "do", "elif", "else", "export", "if", "then", "until", "while"}
ASKS = {"!", "elif", "if", "until", "while"}
# What runs another command: its options that a value follows, and how many words stand before
# that command (the seconds of `timeout`).
_UV = "--directory --env-file --extra --from --group --index --project --python --with"
_UV += " --with-editable --with-requirements -p"
_NPX = "--call --package -c -p"
RUNNERS: dict[tuple[str, ...], tuple[str, int]] = {
    ("bunx",): ("--package -p", 0),
    ("env",): ("--chdir --unset -C -u", 0),
    ("exec",): ("-a", 0),
    ("flock",): ("--timeout --wait -w", 1),
    ("ionice",): ("--class --classdata -c -n", 0),
    ("nice",): ("--adjustment -n", 0),
    ("nohup",): ("", 0),
    ("npm", "exec"): (_NPX, 0),
    ("npx",): (_NPX, 0),
    ("pdm", "run"): ("--project -p", 0),
    ("pipenv", "run"): ("", 0),
    ("pipx", "run"): ("--python --spec", 0),
    ("pnpm", "dlx"): ("--package", 0),
    ("pnpm", "exec"): ("", 0),
    ("poetry", "run"): ("", 0),
    ("setsid",): ("", 0),
    ("stdbuf",): ("-e -i -o", 0),
    ("sudo",): ("--group --user -g -u", 0),
    ("time",): ("--format --output -f -o", 0),
    ("timeout",): ("--kill-after --signal -k -s", 1),
    ("uv", "run"): (_UV, 0),
    ("uv", "tool", "run"): (_UV, 0),
    ("uvx",): (_UV, 0),
    ("xargs",): ("--max-args --max-procs --arg-file -I -L -P -a -d -n -s", 0),
    ("yarn", "dlx"): ("--package -p", 0),
    ("yarn", "exec"): ("", 0),
}
# Modules of Python that are programs: `python -m samcli` is sam.
PROGRAMS = {"awscli": "aws", "samcli": "sam"}
# Options of a program that a value follows, and that may stand before what it is called for.
WITH_VALUE = {
    "aws": "--ca-bundle --cli-connect-timeout --cli-read-timeout --color --endpoint-url --output"
    " --profile --query --region",
    "cdk": "--app --context --output --profile --role-arn -a -c -o -r",
    "make": "--directory --eval --file --include-dir --makefile -C -I -f",
    "pulumi": "--color --cwd --stack -C -s",
    "serverless": "--config --region --stage -c -r -s",
    "sls": "--config --region --stage -c -r -s",
}


@dataclass(frozen=True)
class Command:
    """A command.

    Args:
        words: the program and its arguments, without quotes; what is only known later as it is written: $ENV.
        variables: what is set for it alone.
        line: its line in the text, from 1.
        unnoticed: why its failure does not end the script; empty when it does.
        writes: the files that its output goes into.
        runner: what runs it: timeout 600, uv run.
    """

    words: tuple[str, ...]
    variables: Mapping[str, str]
    line: int
    unnoticed: str = ""
    writes: tuple[str, ...] = ()
    runner: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The command as it is written, on one line."""
        return " ".join((*self.runner, *self.words))

    @property
    def program(self) -> str:
        """The program without its folder; $(SAM) is sam."""
        return _name(self.words[0]) if self.words else ""

    @property
    def module(self) -> str:
        """What `python -m` runs."""
        return _module(self.words)[0]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the program, or after the module that `python -m` runs."""
        return _module(self.words)[1] if self.module else self.words[1:]

    @property
    def plain(self) -> tuple[str, ...]:
        """The arguments that are no options, nor values of those that are known."""
        with_value = WITH_VALUE.get(self.program, "").split()
        before = ("", *self.arguments)
        return tuple(
            word for last, word in pairwise(before) if word[:1] != "-" and last not in with_value
        )

    def option(self, *names: str) -> str | None:
        """The value of an option, however it is written; empty when it has none, None when it is not there."""
        for place, word in enumerate(self.words):
            name, equals, value = word.partition("=")
            if name in names:
                following = self.words[place + 1 : place + 2]
                return value if equals else "".join(each for each in following if each[:1] != "-")
        return None


def _name(word: str) -> str:
    """A program without its folder; $(SAM) is sam."""
    return PurePosixPath(word.strip("$(){}")).name.lower()


def _module(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The module that `python -m` runs, and its arguments; `python .kit` runs kit."""
    if ".kit" in words and _name(words[0]).startswith("python"):
        return "kit", words[words.index(".kit") + 1 :]
    place = words.index("-m") if "-m" in words[:-1] else 0
    options = words[1:place]
    if not (place and _name(words[0]).startswith("python") and all(o[:1] == "-" for o in options)):
        return "", ()
    return words[place + 1], words[place + 2 :]


@lru_cache(maxsize=1024)
def script(text: str, stops: bool = True) -> tuple[Command, ...]:
    """The commands of a script.

    Args:
        text: the script.
        stops: whether it ends when a command fails (`bash -e`, as GitHub calls it).
    """
    return tuple(_commands(text, stops))


@dataclass
class _Piece:
    """A command as it stands in a list: what ends it, and how deep in braces that is."""

    command: Command
    end: str
    depth: int


def _commands(text: str, stops: bool) -> Iterator[Command]:
    text = HEREDOC.sub(lambda match: "\n" * match[0].count("\n"), text)
    pieces = _pieces(text)
    pipefail = False
    for place, piece in enumerate(pieces):
        command = piece.command
        if command.program == "set":
            stops = stops and "+e" not in command.words
            pipefail = pipefail or any("pipefail" in word for word in command.words)
        why = _why_unnoticed(pieces, place, stops, pipefail)
        heard = replace(command, unnoticed=why)
        yield heard
        yield from _within(heard, stops)


def _pieces(text: str) -> list[_Piece]:
    found: list[_Piece] = []
    words: list[str] = []
    writes: list[str] = []
    line, first, depth, target = 1, 1, 0, ""
    for match in TOKEN.finditer(f"{text}\n"):
        kind, part = match.lastgroup, match[0]
        if kind == "word":
            if target:
                writes += [plain(part)] if ">" in target and "&" not in target else []
            else:
                first = first if words else line
                words.append(part)
                depth += (part == "{") - (part == "}")
            target = ""
        elif kind == "redirect":
            target = part
        elif kind == "end" and not (part == "\n" and words == ["{"]):
            if words:
                found.append(_Piece(_command(words, first, tuple(writes)), part, depth))
                words, writes = [], []
            elif found and part not in ("\n", "("):
                found[-1].end = part  # what follows a bracket counts
            depth += (part == "(") - (part == ")")
        line += part.count("\n")
    return found


def _command(words: list[str], line: int, writes: tuple[str, ...]) -> Command:
    asks = ""
    variables = {}
    runner: list[str] = []
    while words:
        if words[0] in BEFORE or ASSIGNMENT.match(words[0]):
            if words[0] in ASKS:
                asks = f"it only decides an `{words[0]}`"
            name, equals, value = words.pop(0).partition("=")
            if equals:
                variables[name.rstrip("+")] = plain(value)
        elif count := _runner(words):
            runner += words[:count]
            words = words[count:]
        else:
            break
    found = tuple(map(plain, words))
    return Command(_unversioned(found, runner), variables, line, asks, writes, tuple(runner))


def _runner(words: list[str]) -> int:
    """How many words run the command after them; 0 when there is none."""
    first = _name(plain(words[0]))
    for start, (with_value, between) in RUNNERS.items():
        if (first, *words[1 : len(start)]) != start:
            continue
        place = len(start)
        while place < len(words) and words[place][:1] == "-":
            if words[place] in ("-m", "--module"):  # uv run -m samcli
                break
            place += 2 if words[place] in with_value.split() else 1
        place += between
        return place if place < len(words) else 0
    return 0


def _unversioned(words: tuple[str, ...], runner: list[str]) -> tuple[str, ...]:
    """A command as its program is called: cdk for cdk@2, sam for the module samcli."""
    if runner and words[:1] in (("-m",), ("--module",)):
        words = ("python", "-m", *words[1:])
    name, arguments = _module(words)
    if name in PROGRAMS:
        return (PROGRAMS[name], *arguments)
    package = words[0].partition("@")[0] if runner and words else ""
    return (package, *words[1:]) if package else words


def _ends(command: Command) -> bool:
    """Whether a command ends its script as a failure."""
    words = command.words
    return words[:1] in (("false",), ("return",)) or (
        words[:1] == ("exit",) and words[1:] != ("0",)
    )


def _why_unnoticed(pieces: list[_Piece], place: int, stops: bool, pipefail: bool) -> str:
    """Why nobody notices the failure of a command."""
    piece, rest = pieces[place], pieces[place + 1 :]
    if piece.command.unnoticed:
        # if ! make check; then … exit 1; fi
        branch = takewhile(lambda each: each.command.words != ("fi",), rest)
        negated = "!" in piece.command.unnoticed
        return (
            ""
            if negated and any(_ends(each.command) for each in branch)
            else piece.command.unnoticed
        )
    if piece.end == "||" and rest:
        # make check || code=$?, and then `exit $code`
        kept = [name for name, value in rest[0].command.variables.items() if value == "$?"]
        if any(f"${name}" in " ".join(each.command.words) for name in kept for each in rest):
            return ""
        # One command, or a group in brackets: it must end the script.
        group = [rest[0]]
        for following in rest[1:] if rest[0].depth > piece.depth else ():
            if following.depth <= piece.depth:
                break
            group.append(following)
        if any(_ends(each.command) for each in group):
            return ""
        return f"`|| {' '.join(rest[0].command.words) or '…'}` follows"
    if piece.end == "|" and not pipefail:
        return "its output goes into a pipe, whose end alone counts"
    if piece.end == "&":
        return "it runs in the background"
    if piece.end in (";", "\n") and not stops and rest:
        return "the script goes on when it fails"
    return ""


def _within(command: Command, stops: bool) -> Iterator[Command]:
    """The commands in `bash -c "…"`, $(…) and backticks."""
    texts = [*command.words, *command.variables.values()]
    if command.program in ("bash", "sh"):
        texts += [
            f"$({command.words[place + 1]})"
            for place, word in enumerate(command.words[:-1])
            if re.fullmatch(r"-[a-z]*c", word)
        ]
    for text in texts:
        for match in INNER.finditer(text):
            for each in script(match[1] or match[2], stops):
                yield replace(
                    each, line=command.line, unnoticed=each.unnoticed or command.unnoticed
                )


def plain(word: str) -> str:
    """A word without its quotes."""
    return QUOTED.sub(lambda match: match[1] or match[2] or match[3] or "", word)


# ── make ─────────────────────────────────────────────────────────────────────


@dataclass
class Rule:
    """A target of a Makefile."""

    target: str
    path: str
    line: int
    needs: list[str] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    """What its recipe runs; the line of each is the Makefile's."""


@dataclass
class Makefile:
    """All Makefiles together."""

    rules: dict[str, Rule] = field(default_factory=dict)
    variables: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    """Variables: value, path and line."""
    exported: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Variables that every recipe, or one, finds in its environment: path and line."""


SET = re.compile(
    r"(?P<words>(?:export |override )*)(?P<name>[\w.-]+)\s*(?:\?|\+|::?)?=\s*(?P<value>.*)",
    re.DOTALL,
)
HEAD = re.compile(r"(?P<targets>[^\s:=#\t][^:=#]*?)\s*::?(?!=)(?P<rest>.*)", re.DOTALL)
SIMPLE = re.compile(r"\$[({](\w+)[)}]")


@lru_cache(maxsize=256)
def makefile(files: tuple[tuple[str, str], ...]) -> Makefile:
    """Makefiles, in the order in which make reads them: (path, text)."""
    made = Makefile()
    recipes: list[tuple[list[Rule], str, int]] = []
    for path, text in files:
        open_rules: list[Rule] = []
        for number, line in _logical(text):
            if line.startswith("\t") and open_rules:
                recipes.append((open_rules, line[1:], number))
            elif line.strip() and not line.startswith((" ", "#", "\t")):
                open_rules = _read(made, path, number, line)
    begun: set[int] = set()
    for rules, line, number in recipes:
        for rule in rules:
            if id(rule) not in begun:  # the last recipe of a target counts
                begun.add(id(rule))
                rule.commands = []
            rule.commands += _recipe(made, line, number)
    return made


def _read(made: Makefile, path: str, number: int, line: str) -> list[Rule]:
    """Take in a line that is no recipe; the rules that it opens."""
    if found := SET.fullmatch(line):
        name = found["name"]
        made.variables[name] = (found["value"], path, number)
        if "export" in found["words"]:
            made.exported[name] = (path, number)
        return []
    if line.startswith("export "):
        made.exported |= dict.fromkeys(line.split()[1:], (path, number))
        return []
    head = HEAD.fullmatch(line)
    if not head:
        return []
    rest = head["rest"].split("#")[0].strip()
    if own := SET.fullmatch(rest):  # test: export PYTHONPATH = src
        made.exported[own["name"]] = (path, number)
        return []
    needs, _semicolon, command = rest.partition(";")
    rules = []
    for target in head["targets"].split():
        before = made.rules.get(target)
        rule = Rule(
            target,
            path,
            number,
            [*(before.needs if before else []), *needs.replace("|", " ").split()],
        )
        made.rules[target] = rule
        if command.strip():
            rule.commands += _recipe(made, command, number)
        elif before:
            # More prerequisites for a rule; a recipe that follows comes in place of the one before.
            rule.commands = before.commands
        rules.append(rule)
    return rules


def _recipe(made: Makefile, line: str, number: int) -> Iterator[Command]:
    ignores = "-" in line[: len(line) - len(line.lstrip("@-+ "))]
    text = _expanded(line.lstrip("@-+ "), made.variables).replace("$$", "$")
    for each in script(text, stops=False):
        why = each.unnoticed or ("its line begins with `-`" if ignores else "")
        yield replace(each, line=number + each.line - 1, unnoticed=why)


def _expanded(text: str, variables: Mapping[str, tuple[str, str, int]], depth: int = 0) -> str:
    """A text with the values of variables that are plain."""

    def value(match: re.Match[str]) -> str:
        found = variables.get(match[1], (match[0], "", 0))[0]
        whole = _expanded(found, variables, depth + 1) if depth < 5 else found
        return match[0] if "$(" in whole or not whole else whole

    return SIMPLE.sub(value, text)


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a Makefile, with those that continue them."""
    whole: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), 1):
        start = start if whole else number
        whole.append(line)
        if not line.endswith("\\"):
            yield start, "\n".join(whole)
            whole = []
    if whole:
        yield start, "\n".join(whole)


def targets(command: Command) -> Iterable[str]:
    """The targets that a call of make names."""
    return [word for word in command.plain if "=" not in word and word[:1] != "$"]
