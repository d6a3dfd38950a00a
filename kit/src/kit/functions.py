"""Functions come and go, and later versions of the template come; the Makefile calls this.

A function is what the `functions` answer in .copier-answers.yml says. Each command lets Copier render
the service twice, at the template's version in use: with the answers as they are, and with the new
ones. What differs is merged into the files here (merging.py), and `rename` moves the folders with git.
Nothing is committed, and what fails leaves everything as it was.

`list` needs no Copier and no network.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kit import merging
from kit.delivery.spelling import kebab, pascal, snake
from kit.template import read

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ROOT / ".copier-answers.yml"
TEMPLATE = ROOT / "template.yaml"
# A resource, parameter or output of template.yaml, or the line above those of a function.
ENTRY = re.compile(r"^  (?:([A-Za-z]\w*):|# ── (.*?) ──)", re.MULTILINE)
# Answers that are recorded and not for `answer`: what was asked, and what the template notes.
HIDDEN = ("more_questions", "seen")
# Those for which there is something else.
OTHERWISE = {
    "functions": (
        "The functions come and go with their files:",
        "make add-function, make rename-function, make remove-function",
    ),
    "service_name": (
        "A service keeps its name, which is that of its stacks and everything in them.",
        "Under another name it is another service: render one, and move your files.",
    ),
}
# What git must not take from its user's configuration while Copier calls it.
PLAIN_GIT = {
    "apply.whitespace": "nowarn",
    "commit.gpgSign": "false",
    "core.autocrlf": "false",
    "core.hooksPath": os.devnull,
    "core.safecrlf": "false",
    "init.templateDir": "",
    "tag.gpgSign": "false",
}
# Those that change what functions get or who may call them: their files follow.
FOLLOWED = ("jwt_issuer", "secrets", "table")
# What bootstrap tells the account or GitHub.
PREPARED = ("aws_region", "dev_branch", "github_repository", "prod_branch")


class FunctionError(Exception):
    """What stands in the way, and what to do about it."""

    def __init__(self, problem: str, *remedy: str) -> None:
        super().__init__("\n".join([problem, *(f"  {line}" for line in remedy)]))


def say(*lines: str) -> None:
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:  # `| head`: nobody reads on, and the work goes on all the same
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115


def git(*arguments: str, given: bytes = b"") -> str:
    """What git prints. FunctionError when it fails."""
    command = ["git", "-c", f"core.hooksPath={os.devnull}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, input=given)
    if done.returncode:
        raise FunctionError(f"git {arguments[0]} failed: {done.stderr.decode().strip()}")
    return done.stdout.decode()


# ── The functions, as the answers name them ──────────────────────────────────


@dataclass(frozen=True)
class Function:
    name: str
    trigger: str

    @property
    def pascal(self) -> str:
        """How its resources begin: orders_api → OrdersApi."""
        return pascal(self.name)

    @property
    def kebab(self) -> str:
        return kebab(self.name)


def answers(root: Path = ROOT) -> dict[str, Any]:
    """The answers from which this service was rendered, or one in another folder. FunctionError
    when they can't be read."""
    try:
        found: dict[str, Any] = yaml.safe_load((root / ANSWERS.name).read_text("utf-8"))
        _ = found["service_name"], found["functions"], found["_src_path"], found["_commit"]
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise FunctionError(
            f"{ANSWERS.name} can't be read: {error!r}",
            "It says how this service was made. Bring it back with git.",
        ) from error
    return found


def functions() -> list[Function]:
    items = [item.split(":") for item in answers()["functions"].split(",")]
    return [Function(name.strip(), trigger.strip()) for name, trigger in items]


def function(name: str) -> Function:
    """The function of that name. FunctionError when there is none."""
    for each in functions():
        if each.name == name:
            return each
    known = ", ".join(each.name for each in functions())
    raise FunctionError(f'There is no function "{name}" here. The functions are: {known}')


def secrets() -> list[tuple[str, str]]:
    """The secrets that functions read: secret and function, as the answer pairs them."""
    pairs = (item.partition(":") for item in answers()["secrets"].split(",") if item.strip())
    return [(secret.strip(), name.strip()) for secret, _, name in pairs]


def answer_with(items: list[Function], called: dict[str, str] | None = None) -> dict[str, str]:
    """The answers with these functions. Secrets go with functions that go, and follow those that
    are `called` something else."""
    names = {each.name for each in items}
    pairs = [(secret, (called or {}).get(name, name)) for secret, name in secrets()]
    return {
        "functions": ", ".join(f"{each.name}:{each.trigger}" for each in items),
        "secrets": ", ".join(f"{secret}:{name}" for secret, name in pairs if name in names),
    }


def package() -> str:
    return snake(str(answers()["service_name"]))


def folders(name: str) -> list[str]:
    """Where the files of a function are."""
    return [
        f"src/{package()}/{name}",
        f"tests/unit/{name}",
        f"tests/integration/{name}",
        f"events/{name}",
    ]


def of_its_user() -> set[str]:
    """What is declared below the heading for one's own resources."""
    text = TEMPLATE.read_text("utf-8")
    own = re.search(r"^  # ── Your own.*?(?=^Outputs:|\Z)", text, re.MULTILINE | re.DOTALL)
    return {match[1] for match in ENTRY.finditer(own[0]) if match[1]} if own else set()


def resources(
    known: list[Function], shared: Iterable[str] = ()
) -> Iterator[tuple[str, str | None]]:
    """Each resource in template.yaml with the function to which it belongs: by the line above its
    block, which ends at the latest where something `shared` begins; otherwise by the longest name
    with which it begins."""
    text = TEMPLATE.read_text("utf-8")
    block = ""
    for match in ENTRY.finditer(
        re.split(r"^Outputs:", text.split("\nResources:")[1], flags=re.MULTILINE)[0]
    ):
        if match[2]:
            block = match[2]
            continue
        if match[1] in shared:
            block = ""
        named = [each for each in known if block == f"{each.name} ({each.trigger})"]
        if not named and "Your own" in block:
            named = [each for each in known if re.match(rf"{each.pascal}(?![a-z])", match[1])]
        longest = max(named, key=lambda each: len(each.pascal), default=None)
        yield match[1], longest.name if longest else None


class CloudFormation(yaml.SafeLoader):
    """Reads `!Sub x` as {"Sub": "x"}, and takes no key twice."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key.value, str)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            line = node.start_mark.line + 1
            raise yaml.YAMLError(f"{', '.join(twice)} is there twice below line {line}")
        return super().construct_mapping(node, deep)


def tagged(loader: CloudFormation, tag: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.MappingNode):
        return {tag: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_scalar(node)}


CloudFormation.add_multi_constructor("!", tagged)


def parsed(text: str, name: str) -> Any:
    """What is in a file, or nothing where the format is none that is read here. FunctionError when
    it can't be read."""
    try:
        if re.search(r"\.ya?ml\b", name):
            return yaml.load(text, Loader=CloudFormation)  # noqa: S506
        return tomllib.loads(text) if ".toml" in name else None
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        raise FunctionError(f"{name} can't be read:", *str(error).splitlines()) from error


def loaded(service: Path = ROOT) -> dict[str, Any]:
    """The template.yaml of a service."""
    found: dict[str, Any] = parsed((service / TEMPLATE.name).read_text("utf-8"), TEMPLATE.name)
    return found


def kinds(labels: Iterable[str]) -> dict[str, str]:
    """Those that are resources of template.yaml: logical id → type, and whether its data stays."""
    found = loaded()["Resources"]
    return {
        label: found[label]["Type"]
        + (" (stays)" if str(found[label].get("DeletionPolicy", "")).startswith("Retain") else "")
        for label in labels
        if label in found
    }


def of(name: str, shared: Iterable[str] = ()) -> dict[str, str]:
    """The resources of a function, as kinds() gives them, but for those that are `shared`."""
    return kinds(label for label, owner in resources(functions(), shared) if owner == name)


# ── Copier ───────────────────────────────────────────────────────────────────


def copier(call: Callable[[Any], object]) -> None:
    """Call Copier. FunctionError with what it says, when an answer is refused or the template is
    out of reach."""
    given = int(os.environ.get("GIT_CONFIG_COUNT") or 0)
    for number, (name, value) in enumerate(PLAIN_GIT.items(), given):
        os.environ |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    os.environ["GIT_CONFIG_COUNT"] = str(given + len(PLAIN_GIT))
    import copier as library  # `list` does without; it keeps the environment that it meets

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call(library)
    except Exception as error:
        refused = re.match(
            r"(?:Validation error for question|Invalid choice for) '\w+': (.*)",
            str(error),
            re.DOTALL,
        )
        if refused:
            raise FunctionError(" ".join(refused[1].split())) from error
        why = [line.strip(" |") for line in str(error).splitlines() if line.strip(" |")]
        source, version = answers()["_src_path"], answers()["_commit"]
        raise FunctionError(
            f"The template could not be rendered: {source}, version {version}.",
            *why[-3:],
            "Is it reachable from here, and is that version in it? If it has moved, change _src_path",
            f"in {ANSWERS.name} and commit that.",
        ) from error


def render(changed: dict[str, Any], folder: Path) -> None:
    """Render the service with these answers changed into a folder."""
    given = {name: value for name, value in answers().items() if not name.startswith("_")}
    copier(
        lambda library: library.run_copy(
            answers()["_src_path"],
            folder,
            data={**given, **changed},
            vcs_ref=answers()["_commit"],
            defaults=True,
            skip_tasks=True,
            quiet=True,
        )
    )


@contextlib.contextmanager
def rendered(changed: dict[str, str]) -> Iterator[tuple[Path, Path]]:
    """The service as it is rendered with the answers that it has, and with these changed."""
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before"), Path(folder, "after")
        render(changed, after)
        render({}, before)
        yield before, after


# ── Merging ──────────────────────────────────────────────────────────────────


@dataclass
class Plan:
    """What becomes of the files here: path → text, or None for a file that goes."""

    files: dict[str, bytes | None] = field(default_factory=dict)
    conflicts: dict[str, tuple[bytes, bytes, bytes]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)  # edits of lines that the template took away
    by_hand: dict[str, list[str]] = field(default_factory=dict)  # what a file of the user's lacks


def plan(
    before: Path,
    after: Path,
    leave: Iterable[str] = (),
    removing: bool = False,
    gone: frozenset[str] = frozenset(),
) -> Plan:
    """What the difference between two renders makes of the files here. Nothing is touched yet.
    FunctionError when it would cost something that is the user's.

    Args:
        leave: folders and files that are the user's.
        removing: edits of lines that go are let go with them.
        gone: logical ids that go with all that was changed in them.
    """
    made = Plan()
    kept, there = tuple(leave), set(tracked("."))
    own = tuple(f"{folder}/" for folder in of_users())
    in_the_way, edited = [], []
    for path in sorted(files_of(before) | files_of(after)):
        if path in kept or path.startswith(tuple(f"{each}/" for each in kept)):
            continue
        base, theirs = bytes_of(before / path), bytes_of(after / path)
        ours = bytes_of(ROOT / path)
        if base == theirs:
            continue
        if path.startswith(own):
            hand_over(made, path, (base, ours, theirs))
            continue
        if base is not None and path not in there:  # its user deleted it
            continue
        if ours == base or path == ANSWERS.name:
            made.files[path] = theirs
        elif base is None:
            in_the_way += [path] if ours != theirs or path not in there else []
        elif theirs is None:
            edited.append(path)
        elif ours is not None and ours != theirs:
            merge(made, path, (base, ours, theirs), removing, gone)
    if in_the_way:
        raise FunctionError(
            "The template brings files that are here already, and not from it:",
            *in_the_way,
            "Rename or delete yours, commit that, and try again.",
        )
    if edited:
        raise FunctionError(
            "These files would go, and have changes of yours:",
            *edited,
            "Bring what you need to another place, delete them with git rm, commit that, and try again.",
        )
    return made


def hand_over(
    made: Plan, path: str, texts: tuple[bytes | None, bytes | None, bytes | None]
) -> None:
    """Change a file that is the user's where the change fits. Otherwise it stays as it is."""
    base, ours, theirs = texts
    if ours == base:
        made.files[path] = theirs
        return
    if ours == theirs:
        return
    if base is not None and ours is not None and theirs is not None:
        with contextlib.suppress(FunctionError):
            trial = Plan()
            merge(trial, path, (base, ours, theirs), False, frozenset())
            if not trial.conflicts:
                made.files |= trial.files
                return
    was, becomes = [(text or b"").decode(errors="replace") for text in (base, theirs)]
    differences = difflib.unified_diff(was.splitlines(), becomes.splitlines(), n=0, lineterm="")
    made.by_hand[path] = [each for each in differences if not re.match(r"---|\+\+\+|@@", each)]


def leave_halves(made: Plan) -> list[str]:
    """Leave functions alone of which some file can't follow; their names."""
    left = []
    for each in functions():
        own = tuple(f"{folder}/" for folder in folders(each.name))
        if any(path.startswith(own) for path in made.by_hand):
            left.append(each.name)
            made.files = {
                path: text for path, text in made.files.items() if not path.startswith(own)
            }
            made.by_hand = {
                path: of for path, of in made.by_hand.items() if not path.startswith(own)
            }
    return left


def merge(
    made: Plan, path: str, texts: tuple[bytes, bytes, bytes], removing: bool, gone: frozenset[str]
) -> None:
    """Merge one file. FunctionError when an edit would end up somewhere else."""
    base, ours, theirs = (
        [
            line
            for line in merging.located(text.decode(errors="surrogateescape"), path)
            if path != TEMPLATE.name or not gone & {*line.place[1:2], merging.key(line.text)}
        ]
        for text in texts
    )
    mine, its = merging.changes(base, ours), merging.changes(base, theirs)
    done = merging.merged(base, mine, its, removing)
    if not done.conflicts:
        done.lines = merging.located(merging.with_commas(done.text), path)
    made.files[path] = done.text.encode(errors="surrogateescape")
    made.dropped += [f"{path}: {line.text.strip()}" for line in done.dropped]
    if done.conflicts:
        made.conflicts[path] = texts
        return
    need_places(path, (base, ours, theirs), done, texts[1], removing)


def need_places(
    path: str,
    sides: tuple[list[merging.Line], list[merging.Line], list[merging.Line]],
    done: merging.Merged,
    text: bytes,
    removing: bool = False,
) -> None:
    """FunctionError when a line of a merged file is not where its user or the template has it.

    Args:
        sides: what the template had, what the user has, and what the template has.
        text: the user's file, for the numbers of its lines.
    """
    base, ours, theirs = sides
    wrong = [
        f"line {number_of(line, text)}: {line.text.strip()}"
        for line in merging.misplaced(base, ours, theirs, done, path)
    ]
    if not merging.broken(text.decode(errors="surrogateescape")):
        wrong += [f"{key}: no JSON any more" for key in merging.broken(done.text)]
    values = [
        parsed("".join(line.text for line in lines), name)
        for name, lines in (
            (f"the template's {path}", base),
            (path, ours),
            (f"the template's {path}", theirs),
            (f"{path}, as merged,", done.lines),
        )
    ]
    wrong += [" / ".join(map(str, keys)) for keys in merging.strange(values, removing)]
    if wrong:
        raise FunctionError(
            f"{path} can't be merged so that every line stays in its place:",
            *wrong[:5],
            "Nothing is changed. Take back what you changed there, commit that, try again, and put",
            "it in again.",
        )


def number_of(wanted: merging.Line, text: bytes) -> str:
    """The number of a line in the user's file, or `?` for one that only the template has."""
    for number, line in enumerate(text.decode(errors="surrogateescape").splitlines(), 1):
        if merging.without_comma(line) == wanted.text:
            return str(number)
    return "?"


def carry_out(made: Plan, modes: Path) -> None:
    """Write what is planned, and stage it; a conflict is unmerged in git's index, as after a merge.

    Args:
        modes: a render from which new files get their permissions.
    """
    for path, text in made.files.items():
        if text is None:
            (ROOT / path).unlink(missing_ok=True)
            tidy(os.path.dirname(path))
            continue
        new = not (ROOT / path).exists()
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_bytes(text)
        if new:
            shutil.copymode(modes / path, ROOT / path)
    written = [path for path, text in made.files.items() if text is not None]
    if written:  # also what its user lets git ignore everywhere
        git("add", "--force", "--", *written)
    for path, texts in made.conflicts.items():
        mode = git("ls-files", "--stage", "--", path).split()[0]
        name = git("ls-files", "--full-name", "--", path).strip()
        stages = [f"0 {'0' * 40}\t{name}"]
        for stage, text in enumerate(texts, 1):
            blob = git("hash-object", "-w", "--stdin", given=text).strip()
            stages.append(f"{mode} {blob} {stage}\t{name}")
        git("update-index", "--index-info", given="\n".join(stages).encode())


def conflicts() -> list[str]:
    """The files in which conflicts are left."""
    lines = git("ls-files", "-u", "-z").split("\0")
    return sorted({line.split("\t")[1] for line in lines if line})


def of_users() -> list[str]:
    """Folders and files that are the user's from the first day (_exclude in the template)."""
    return ["CHANGELOG.md", *(folder for each in functions() for folder in folders(each.name))]


def files_of(service: Path) -> set[str]:
    """The files of a rendered service."""
    return {path.relative_to(service).as_posix() for path in service.rglob("*") if path.is_file()}


def bytes_of(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


# ── What must hold, and what is brought back ─────────────────────────────────


def tracked(*paths: str) -> list[str]:
    return [path for path in git("ls-files", "-z", "--", *paths).split("\0") if path]


def need_clean_tree() -> None:
    """FunctionError unless git has everything that is here."""
    try:
        git("rev-parse", "--verify", "--quiet", "HEAD")
    except FunctionError as error:
        raise FunctionError(
            "This service is in no git repository, or nothing is committed yet.",
            "git shows what a command changes, and can take it back. So first:",
            "git init && git add --all && git commit",
        ) from error
    changed = git("status", "--porcelain", "--untracked-files=normal").splitlines()
    if changed:
        raise FunctionError(
            "There are changes that are not committed:",
            *changed[:10],
            *(["…"] if len(changed) > 10 else []),
            "Mixed with the template's, nobody could tell them apart, and git could not bring them",
            "back. Commit or stash them first.",
        )


def need_free(new: Function, others: list[Function]) -> None:
    """FunctionError when something of a function of that name is here already."""
    for folder in folders(new.name):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file()]
        if [path for path in files if "__pycache__" not in path.parts]:
            raise FunctionError(
                f"{folder} is still there, and would be mixed with the new function's files.",
                "Rename or delete it, commit that, and try again.",
            )
        shutil.rmtree(ROOT / folder, ignore_errors=True)  # nothing but caches
    for label, owner in resources([*others, new]):
        if owner == new.name:
            raise FunctionError(
                f"template.yaml has a resource {label} already, which reads as one of {new.name}.",
                "Choose another name for the function, or rename the resource.",
            )


def need_new_ids(before: Path, after: Path) -> None:
    """FunctionError when something that the template adds to template.yaml is there already."""
    was, becomes, here = (
        {
            (section, label)
            for section, entries in loaded(each).items()
            if isinstance(entries, dict)
            for label in entries
        }
        for each in (before, after, ROOT)
    )
    taken = sorted((becomes - was) & here)
    if taken:
        raise FunctionError(
            "template.yaml has already what the template would add:",
            *(f"{section}: {label}" for section, label in taken),
            "Rename yours, commit that, and try again.",
        )


def need_one(**given: str) -> None:
    """FunctionError when a value would be more than one item of the `functions` answer."""
    for name, value in given.items():
        if set(value) & set(",:"):
            raise FunctionError(f'{name} is a single one, and "{value}" has a comma or a colon.')


@contextlib.contextmanager
def all_or_nothing(moves: dict[str, str]) -> Iterator[None]:
    """Bring back what was, whatever goes wrong. Nothing but commits was there before."""
    try:
        yield
        kept = [f":(exclude){path}" for path in conflicts()]
        git("add", "--all", "--", ".", *kept)
    except BaseException:
        for old, new in moves.items():
            if (ROOT / new).exists() and not (ROOT / old).exists():
                (ROOT / new).rename(ROOT / old)
        git("reset", "--hard", "--quiet")
        git("clean", "--force", "--quiet", "-d", "--", ".")
        raise


# ── The commands ─────────────────────────────────────────────────────────────


def list_functions() -> None:
    for each in functions():
        say(f"{each.name} ({each.trigger})  {folders(each.name)[0]}")
        say(f"  {', '.join(of(each.name)) or 'nothing in template.yaml'}")


def add(name: str, trigger: str) -> None:
    if not name or not trigger:
        raise FunctionError(
            "Which function, and what invokes it?",
            "make add-function NAME=nightly TRIGGER=schedule",
            "TRIGGER=help lists the triggers.",
        )
    need_one(NAME=name, TRIGGER=trigger)
    need_clean_tree()
    new = Function(name, trigger)
    items = [*functions(), new]
    with rendered(answer_with(items)) as (before, after):  # says no before anything is touched
        need_free(new, functions())
        need_new_ids(before, after)
        made = plan(before, after, of_users())
        with all_or_nothing({}):
            carry_out(made, after)
    say(f"{name} ({trigger}) is added, at version {answers()['_commit']} of the template.", "")
    say("New:", *(f"  {each}/" for each in folders(name) if (ROOT / each).exists()))
    say_changed(folders(name))
    say(
        "",
        "Next:",
        f"  {'edit its code':<24} {folders(name)[0]}/lambda_pkg/",
        f"  {'make setup check':<24} its requirements, and every check",
    )
    say_review()


def answer(name: str, value: str | None) -> None:
    known = [each for each in answers() if not each.startswith("_") and each not in HIDDEN]
    if not name or value is None:
        raise FunctionError(
            "Which question of the template, and what is the answer?",
            "make answer NAME=alarm_email VALUE=oncall@example.com",
            "VALUE= takes an answer away.",
            f"The questions are: {', '.join(each for each in known if each not in OTHERWISE)}",
        )
    if name in OTHERWISE:
        raise FunctionError(*OTHERWISE[name])
    if name not in known:  # Copier would do nothing, and not say so
        nearest = difflib.get_close_matches(name, known, 1)
        raise FunctionError(
            f'The template asks no question "{name}".',
            *(f"Did you mean {each}?" for each in nearest),
            f"Its questions are: {', '.join(each for each in known if each not in OTHERWISE)}",
        )
    was = answers()[name]
    if isinstance(was, bool) and value.lower() not in ("yes", "no", "true", "false"):
        raise FunctionError(f'{name} is yes or no, and not "{value}".')  # to Copier, all is true
    need_clean_tree()
    with rendered({name: value}) as (before, after):  # says no before anything is touched
        was, becomes = answers(before)[name], answers(after)[name]
        if was == becomes:
            was = earlier(name)
            if was != becomes:
                render({name: was}, before := Path(before.parent, "earlier"))
            if was == becomes or followed_already(before, after):
                say(f"{name} is {shown(becomes)} already. Nothing is changed.")
                return
            say(f"{name} was changed in {ANSWERS.name}, and nothing followed. It does now.")
        need_new_ids(before, after)
        made = plan(before, after, ["CHANGELOG.md"] if name in FOLLOWED else of_users())
        left = leave_halves(made) if name == "table" else []
        with all_or_nothing({}):
            carry_out(made, after)
            reformat(
                [path for path in made.files if path.endswith(".py") and (ROOT / path).exists()]
            )
    say(f"{name} is {shown(becomes)} now; it was {shown(was)}.", "")
    say_changed([])
    if name not in FOLLOWED:
        say("What is in the functions' own folders is yours, and as it was.")
    for each in left:
        say(f"{each} is as it was: you have changed its example, of which no half would work.")
        say("  make check says what its code and template.yaml do not share now.")
    say_by_hand(made)
    if name == "jwt_issuer":
        say_public()
    say("", "Next:")
    say(f"  {'make setup check':<24} the requirements, and every check")
    if name in PREPARED:
        say(f"  {'make bootstrap ENV=dev':<24} and ENV=prod, where the account was prepared before")
    say_review()


def earlier(name: str) -> Any:
    """What an answer was before it was what it is, as far as git knows."""
    now = answers()[name]
    for commit in git("log", "--format=%H", "--", ANSWERS.name).split():
        with contextlib.suppress(FunctionError, yaml.YAMLError, AttributeError):
            was = yaml.safe_load(git("show", f"{commit}:./{ANSWERS.name}")).get(name, now)
            if was != now:
                return was
    return now


def followed_already(before: Path, after: Path) -> bool:
    """Whether something is here that the template has with the one answers and not with the others."""
    own = of_users()
    for path in files_of(after) - {ANSWERS.name, *own}:
        if path.startswith(tuple(f"{each}/" for each in own)):
            continue
        was, becomes, here = (
            set((bytes_of(each / path) or b"").splitlines()) for each in (before, after, ROOT)
        )
        if (becomes - was) & here:
            return True
    return False


def shown(value: object) -> str:
    return "empty" if value == "" else str(value)


def is_sure(yes: str) -> bool:
    """What YES says. FunctionError where it says neither."""
    if yes.lower() not in ("", "0", "1", "n", "no", "y", "yes"):
        raise FunctionError(f'YES is yes or no, and not "{yes}".')
    return yes.lower() in ("1", "y", "yes")


def remove(name: str, sure: bool) -> None:
    if not name:
        raise FunctionError(
            "Which function? make functions lists them.", "make remove-function NAME=app"
        )
    old = function(name)
    items = [each for each in functions() if each != old]
    if not items:
        raise FunctionError(f"{name} is the only function, and a service has at least one.")
    if not sure and not sys.stdin.isatty():
        raise FunctionError(
            "There is no terminal to ask at. To remove it without a question:",
            f"make remove-function NAME={name} YES=1",
        )
    need_clean_tree()
    with rendered(answer_with(items)) as (before, after):
        said = lines_of(after)
        shared = labels(before) - labels(after)
        named = of(name, labels(after))
        ids = {label: kind for label, kind in named.items() if label not in of_its_user()}
        made = plan(before, after, of_users(), removing=True, gone=frozenset(shared | ids.keys()))
        unneeded = kinds(sorted(shared - ids.keys()))
        say(f"Removing {name} ({old.trigger}) takes away:")
        say(*(f"  {each}/" for each in folders(name) if tracked(each)))
        say("and from template.yaml:", *(f"  {label:<32} {kind}" for label, kind in ids.items()))
        if unneeded:
            say("and what no other function needs:")
            say(*(f"  {label:<32} {kind}" for label, kind in unneeded.items()))
        if made.dropped:
            say("and with the template's lines what you changed in them:")
            say(*(f"  {line}" for line in made.dropped))
        stays = [label for label, kind in [*ids.items(), *unneeded.items()] if "(stays)" in kind]
        if stays:
            say(
                f"What is deployed of these stays in the account, with its data: {', '.join(stays)}"
            )
        for secret in [secret for secret, reader in secrets() if reader == name]:
            say(f"It reads the secret {secret}, whose value stays in Secrets Manager.")
        say("Messages that still wait in its queues are lost at the next deployment.")
        if not sure and input("Remove it? [y/N] ").strip().lower() not in ("y", "yes"):
            say("Nothing is changed.")
            return
        with all_or_nothing({}):
            carry_out(made, after)
            for each in folders(name):
                if tracked(each):
                    git("rm", "-r", "--quiet", "--", each)
                tidy(each)
    say("", f"{name} is removed.")
    say_changed(folders(name))
    left = [each for each in folders(name) if (ROOT / each).exists()]
    if left:
        say("Still there, as git does not keep it and could not bring it back:")
        say(*(f"  {each}/" for each in left))
    say_left(old, named, said, "These lines speak of it. Does something of them have to go too?")
    say("", "Next:", f"  {'make check':<24} every check")
    say_review()


def rename(name: str, new_name: str) -> None:
    if not name or not new_name:
        raise FunctionError(
            "Which function, and what shall it be called?",
            "make rename-function NAME=app TO=orders_api",
        )
    need_one(TO=new_name)
    old = function(name)
    if name == new_name:
        raise FunctionError(f"It is called {name} already.")
    need_clean_tree()
    new = Function(new_name, old.trigger)
    items = [new if each == old else each for each in functions()]
    pairs = zip(folders(name), folders(new_name), strict=True)
    moves = {source: target for source, target in pairs if tracked(source)}
    with rendered(answer_with(items, {name: new_name})) as (before, after):
        need_free(new, items[: items.index(new)] + items[items.index(new) + 1 :])
        need_new_ids(before, after)
        made_anew = labels(before) - labels(after)
        ids = {label: kind for label, kind in of(name).items() if label in made_anew}
        texts = renamed_texts(old, new, moves, before, after)
        need_new_names(old, items, texts.get(TEMPLATE.name, ""), labels(after) - labels(before))
        paths = changed_paths(before, after)
        said = lines_of(after)
    with all_or_nothing(moves):
        for source, target in moves.items():
            (ROOT / target).parent.mkdir(parents=True, exist_ok=True)
            git("mv", source, target)
        for path, text in texts.items():
            (ROOT / path).write_text(text, "utf-8")
        reformat([path for path in texts if path.endswith(".py")])
    for source in moves:
        tidy(source)
    say(f"{name} is called {new_name} now.", "", "Moved:")
    say(*(f"  {source}/ → {target}/" for source, target in moves.items()))
    say_changed([*moves.values()])
    say_left(old, ids, said, f"These lines still say {name}. Do they mean the function?")
    stays = [label for label, kind in ids.items() if kind.endswith("(stays)")]
    queues = [label for label, kind in ids.items() if kind == "AWS::SQS::Queue"]
    say(
        "",
        "Where it is deployed, the next deployment replaces it:",
        "  CloudFormation makes the function anew, with a new name and log group, and deletes the",
        "  old one. Other resources of its own are made anew too.",
    )
    if stays:
        say(
            "  These stay in the account under their old name, with their data: "
            + ", ".join(stays),
            "  The new ones are empty.",
        )
    if queues:
        say(f"  Messages that still wait are lost with their queue: {', '.join(queues)}")
    for was, path in paths:
        say(f"  Callers must follow: its path was {was} and is {path}")
    say("", "Next:", f"  {'make check':<24} every check")
    say_review()


def update(version: str) -> None:
    """Merge what is new in the template, up to a version of it or to the newest."""
    need_clean_tree()
    was = answers()["_commit"]
    ours = {path: text for path in tracked(".") if (text := bytes_of(ROOT / path)) is not None}
    with tempfile.TemporaryDirectory() as folder, all_or_nothing({}):
        before, after = Path(folder, "before"), Path(folder, "after")
        render({}, before)
        copier(
            lambda library: library.run_update(
                ROOT,
                vcs_ref=version or None,
                defaults=True,
                overwrite=True,
                unsafe=True,  # the template's own tasks and migrations
                quiet=True,
                # With fewer, git may take one alarm for another that looks like it.
                context_lines=100_000,
            )
        )
        if was != answers()["_commit"]:
            render({}, after)
            need_updated_places(before, ours, after)
    if was == answers()["_commit"]:
        say(f"This is {was}, the newest version of the template. Nothing is changed.")
        return
    say(f"Updated from {was} to {answers()['_commit']} of the template.", "")
    say_changed([])
    say("", "Next:", f"  {'make setup check':<24} what is required now, and every check")
    say_review()


def need_updated_places(before: Path, ours: dict[str, bytes], after: Path) -> None:
    """FunctionError when an update put an edit of a file into another place."""
    left = {*conflicts(), ANSWERS.name}
    for path in sorted(ours.keys() & files_of(before) & files_of(after) - left):
        base, theirs, done = (bytes_of(each / path) or b"" for each in (before, after, ROOT))
        if base == theirs or ours[path] in (base, theirs) or path.startswith(tuple(of_users())):
            continue
        sides = [
            merging.located(text.decode(errors="surrogateescape"), path)
            for text in (base, ours[path], theirs, done)
        ]
        need_places(path, (sides[0], sides[1], sides[2]), merging.Merged(sides[3]), ours[path])


def renamed_texts(
    old: Function, new: Function, moves: dict[str, str], before: Path, after: Path
) -> dict[str, str]:
    """What changes with a name: the files' new paths with their new texts."""
    changed = {}
    ids = labels(before) - labels(after)
    ends = given_names(old, before)
    for path in tracked("."):
        target = moved(path, moves)
        ours = text_of(ROOT / path)
        if ours is None:
            continue
        base, theirs = text_of(before / path), text_of(after / target)
        text = ours
        if base is not None and theirs is not None and base != theirs:
            lines, mine, its = (merging.located(each, path) for each in (base, ours, theirs))
            names = merging.renamed(lines, its)
            text = merging.merged(lines, merging.changes(lines, mine), names, renaming=True).text
        if path != "CHANGELOG.md":  # what was said of it in the past stays true
            rendered_lines = set((theirs or "").splitlines(keepends=True))
            text = "".join(
                line if line in rendered_lines else followed(line, old, new, ids, ends)
                for line in text.splitlines(keepends=True)
            )
        if text != ours:
            changed[target] = text
    return changed


def need_new_names(old: Function, known: list[Function], text: str, ours: set[str]) -> None:
    """FunctionError when a resource of the template's would keep a name with the old function's."""
    pattern = physical(old, known)
    lines = merging.located(text, TEMPLATE.name)
    left = [
        f"template.yaml:{number}: {line.text.strip()}"
        for number, line in enumerate(lines, 1)
        if {*line.place[1:2]} & ours and line.place[-1] != "#" and re.search(pattern, line.text)
    ]
    if left:
        raise FunctionError(
            f"These names of {old.name} have changes of yours, and could not follow:",
            *left[:10],
            "Give them the names that the template would, commit that, and try again.",
        )


def physical(old: Function, known: list[Function]) -> str:
    """A pattern of the names that resources of a function have in AWS, and no others': orders-app is
    not in orders-app-admin, where there is a function app_admin."""
    longer = [each.kebab.removeprefix(old.kebab) for each in known]
    others = "".join(rf"(?!{re.escape(each)}(?!\w))" for each in longer if each.startswith("-"))
    name = re.escape(f"{answers()['service_name']}-{old.kebab}")
    return rf"(?<![\w-]){name}(?!\w){others}"


def moved(path: str, moves: dict[str, str]) -> str:
    for source, target in moves.items():
        if path.startswith(f"{source}/"):
            return target + path.removeprefix(source)
    return path


def text_of(path: Path) -> str | None:
    """A file's text, or None when there is none."""
    try:
        return path.read_bytes().decode() if path.is_file() else None
    except UnicodeDecodeError:
        return None


def labels(service: Path) -> set[str]:
    """What is declared in the template.yaml of a rendered service."""
    text = (service / "template.yaml").read_text("utf-8")
    return {match[1] for match in ENTRY.finditer(text) if match[1]}


def given_names(old: Function, service: Path) -> set[str]:
    """What comes after a function's name in the names of its resources in AWS: -dead-letters."""
    text = (service / TEMPLATE.name).read_text("utf-8")
    name = re.escape(f"{answers()['service_name']}-{old.kebab}")
    known = [each for each in functions() if each != old]
    return {
        end
        for end in re.findall(rf"(?<![\w-]){name}((?:-[a-z0-9]+)*)-\$", text)
        if not any(f"{old.kebab}{end}-".startswith(f"{each.kebab}-") for each in known)
    }


def followed(text: str, old: Function, new: Function, ids: set[str], ends: set[str]) -> str:
    """Let imports, paths, logical ids and names in AWS in one's own lines follow a new name."""
    service = re.escape(answers()["service_name"])
    for end in ends:
        stage = r"(?:\$[{]|<env>|dev\b|prod\b)"
        given = rf"(?<![\w-])({service}-){old.kebab}(?={end}-{stage})"
        text = re.sub(given, rf"\g<1>{new.kebab}", text)
    between = r"""(?:/|["'] ?/ ?["'])"""  # also "events" / "app", as in the tests
    above = rf"(?:src{between}{package()}|tests{between}(?:unit|integration)|(?<![\w./-])(?:\.\.?/)*events)"
    text = re.sub(
        rf"(?<![\w.])({package()})\.{old.name}(?=\.lambda_pkg\b| import\b)", rf"\1.{new.name}", text
    )
    text = re.sub(rf"(?<![\w-])({above}{between}){old.name}(?![\w-])", rf"\g<1>{new.name}", text)
    for label in ids:
        # SAM makes more of a function, and calls it AppFunctionRole.
        more = r"(?![a-z])" if label == f"{old.pascal}Function" else r"\b"
        text = re.sub(rf"\b{label}{more}", new.pascal + label.removeprefix(old.pascal), text)
    return text


def changed_paths(before: Path, after: Path) -> list[tuple[str, str]]:
    """The HTTP paths of a function before and after its new name."""
    was, becomes = (
        re.findall(
            r"^ +Path: (/[^\s{]*[^\s{/])", (each / TEMPLATE.name).read_text("utf-8"), re.MULTILINE
        )
        for each in (before, after)
    )
    return sorted({pair for pair in zip(was, becomes, strict=True) if pair[0] != pair[1]})


def reformat(paths: list[str]) -> None:
    """A new name makes lines longer, and gives imports another order."""
    ruff = ROOT / ".venv" / "bin" / "ruff"
    if paths and ruff.exists():
        for arguments in (["check", "--select", "I", "--fix-only"], ["format"]):
            subprocess.run([ruff, *arguments, *paths], cwd=ROOT, capture_output=True)


def tidy(folder: str) -> None:
    """Remove what Python left in a folder, and folders that are empty then."""
    for cache in [*(ROOT / folder).rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)
    for each in sorted((ROOT / folder).rglob("*"), reverse=True):
        if each.is_dir() and not any(each.iterdir()):
            each.rmdir()
    with contextlib.suppress(OSError):
        (ROOT / folder).rmdir()


# ── What is said afterwards ──────────────────────────────────────────────────


def lines_of(service: Path) -> set[str]:
    """Every line of a rendered service."""
    texts = (text_of(path) for path in service.rglob("*"))
    return {line for text in texts if text for line in text.splitlines()}


def say_changed(own: list[str]) -> None:
    """The files that changed, but for those in the function's folders, and the conflicts."""
    paths = git("diff", "--staged", "--name-only", "--relative", "-z").split("\0")
    own_files = tuple(f"{folder}/" for folder in own)
    say("Changed:", *(f"  {path}" for path in paths if path and not path.startswith(own_files)))
    if conflicts():
        say("Conflicts to settle, your text against the template's (git ls-files -u):")
        say(*(f"  {path}" for path in conflicts()))


def say_by_hand(made: Plan) -> None:
    """What could not be put into files that are the user's."""
    if made.by_hand:
        say("", "These are yours, and you have changed them where the answer does. Do it by hand:")
    for path, lines in made.by_hand.items():
        say(f"  {path}", *(f"    {line}" for line in lines[:40]))
        say(*([f"    … and {len(lines) - 40} more lines"] if lines[40:] else []))


def say_public() -> None:
    """Each route that needs no token, with the reason; EVT-08 in the gate wants it said there, too."""
    if TEMPLATE.name in conflicts():
        say(
            "",
            f"Which routes are public can be told once the conflicts in {TEMPLATE.name} are settled.",
        )
        return
    found = list(public_routes(read(TEMPLATE.read_text("utf-8"))))
    say("", "Public, so that whoever knows the address can call them without a token:")
    say(*(f"  {route:<32} {reason}" for route, reason in found or [("none", "")]))


def public_routes(template: dict[str, Any]) -> Iterator[tuple[str, str]]:
    resources = template["Resources"]
    shared = template.get("Globals", {})
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        for event in (properties.get("Events") or {}).values():
            api = {"HttpApi": "ApiId", "Api": "RestApiId"}.get(event["Type"])
            route = event.get("Properties", {})
            if not api:
                continue
            said = (route.get("Auth") or {}).get("Authorizer")
            at = (route.get(api) or {}).get("Ref")
            auth = resources[at].get("Properties", {}).get("Auth") if at in resources else None
            default = (auth or shared.get(event["Type"], {}).get("Auth") or {}).get(
                "DefaultAuthorizer"
            )
            if said == "NONE" or (not said and not default):
                address = (
                    f"{str(route.get('Method', 'ANY')).upper()} {route.get('Path', 'any path')}"
                )
                why = "says Authorizer: NONE" if said else f"{at or 'its API'} asks for no token"
                yield address, f"{name}: {why}"
        url = properties.get("FunctionUrlConfig") or (
            properties if resource["Type"] == "AWS::Lambda::Url" else {}
        )
        if url.get("AuthType") == "NONE":
            yield "its URL", f"{name}: says AuthType: NONE"
        if (
            resource["Type"] == "AWS::ApiGatewayV2::Route"
            and properties.get("AuthorizationType", "NONE") == "NONE"
        ):
            yield str(properties.get("RouteKey")), f"{name}: has no authorizer"


def say_left(old: Function, ids: dict[str, str], said: set[str], question: str) -> None:
    """Lines that may still mean a function by its old name, but for what the template `said`."""
    names = "|".join(map(re.escape, {old.name, old.kebab, *ids}))
    pattern = rf"(?<![\w-])(?:{names})(?![\w-])|{physical(old, functions())}"
    found = []
    for path in tracked("."):
        text = "" if path in ("CHANGELOG.md", ANSWERS.name) else text_of(ROOT / path) or ""
        for number, line in enumerate(text.splitlines(), 1):
            if line not in said and re.search(pattern, line):
                found.append(f"  {path}:{number}: {line.strip()}")
    if found:
        say(question, *found[:30], *([f"  … and {len(found) - 30} more"] if found[30:] else []))


def say_review() -> None:
    say(
        f"  {'git diff --staged':<24} review it, then: git commit",
        f"  {'git reset --hard':<24} or take it back",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("command", choices=["add", "rename", "remove", "list", "answer", "update"])
    for option in ("--name", "--trigger", "--to", "--yes"):
        parser.add_argument(option, default="", type=str.strip)
    parser.add_argument("--value", type=str.strip)
    given = parser.parse_args()
    try:
        if given.command == "add":
            add(given.name, given.trigger)
        elif given.command == "rename":
            rename(given.name, given.to)
        elif given.command == "remove":
            remove(given.name, is_sure(given.yes))
        elif given.command == "answer":
            answer(given.name, given.value)
        elif given.command == "update":
            update(given.to)
        else:
            list_functions()
            return 0
        return 1 if conflicts() else 0
    except FunctionError as error:
        print(error, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\nInterrupted. Nothing is changed.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
