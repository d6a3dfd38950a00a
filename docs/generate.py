"""Write what comes from elsewhere, parts of README.md, rooms.md and the tables of lessons: `make docs`.

Between `<!-- begin NAME -->` and `<!-- end NAME -->` stand the questions (from copier.yml), and the tree, the picture
and the terminal's words of a default service that is really rendered, set up and checked. docs/lessons.md of the service is made from the registry of its gate,
docs/lessons-table.md from that and from tests/mutants/. By kit/src/digest.txt the gate of
a service tells whether its kit was changed.

    python docs/generate.py            writes them
    python docs/generate.py --quick    all but the terminal, which takes a minute
    python docs/generate.py --check    fails when one has to be written anew; skips the terminal, which
                                       changes with every run
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path

import pexpect
import pyte
import yaml
from copier import run_copy

ROOT = Path(__file__).parents[1]
sys.path += [str(ROOT / folder) for folder in ("tests", "kit/src")]
import places  # noqa: E402

from kit import digest  # noqa: E402

README = ROOT / "README.md"
LESSONS = ROOT / "template" / "docs" / "lessons.md"
TABLE = ROOT / "docs" / "lessons-table.md"
ROOMS = ROOT / "docs" / "rooms.md"
KIT = ROOT / "kit" / "src"
DIGEST = KIT / "digest.txt"
QUESTION = "\U0001f3a4"  # the microphone that Copier puts before a question
TREE_NOTES = {
    "README.md": "what it is, its picture, its commands",
    "AGENTS.md": "commands, layout, owners on one screen",
    "CHANGELOG.md": "",
    "Makefile": "every command: make",
    "template.yaml": "every resource, both environments",
    "samconfig.toml": "how each environment is built and deployed",
    "pyproject.toml": "the tools",
    "requirements-dev.txt": "pinned, with hashes",
    "requirements-deploy.txt": "what the job that deploys installs",
    "requirements-sam.txt": "the SAM CLI, where there is none",
    ".github/": "dev_cicd.yml, prod_cicd.yml, dependabot.yml",
    "docs/": "architecture, CI/CD, access, operations, decisions",
    "events/app/": "example events",
    ".kit/": "the template's own programs, which the Makefile calls",
    "src/orders/app/": "a function: one folder, one deployment unit",
    "src/orders/app/lambda_pkg/": "all its code, imported relatively",
    "tests/unit/": "with moto, no network; its README explains the paths",
    "tests/integration/": "against what is deployed",
}


# Who notices a violation, as a document says it.
WORDS = {
    "gate": "`make lessons` (part of `make check`)",
    "preflight": "`make preflight`",
    "prompt": "the questions of `make add-function` and `make update`",
    "run time": "the code itself, when it runs",
    "deploy": "`make deploy`",
    "hook": "`make setup`",
    "guide": "people, as no machine can tell",
}
LESSONS_HEAD = """
# Lessons

What teams have learned who built and ran services like this one, each of them the hard way. This service follows them
from its first commit, and `make lessons`, which `make check` and pull requests run, names the id when somebody breaks one.
Ids are for ever.

A violation is told with its file and line, the lesson, and what fixes it. `make lessons` lists all of them. What
defends them is in `.kit/`: it belongs to the template, and `make update` brings more.

## Opting out

Where a lesson does not fit, say so in `lessons.toml` beside the `Makefile`, an entry for each place:

```toml
[[opt-out]]
lesson = "IAC-11"
scope = "CacheTable"   # the file, or the logical id in template.yaml, as the violation names it
reason = "holds nothing that could not be computed again"
until = 2027-01-31     # its last day, at most two years ahead: then somebody looks again
```

An entry without a reason, after its date, with a date more than two years ahead, or that matches nothing any more fails
itself: with the id `GATE`, as does a file that can't be read as what it is.
"""
TABLE_HEAD = """
# How each lesson is defended

<!-- Made by `make docs` from kit/src/kit/lessons/registry.yml, tests/mutants/ and tests/defended.yml. -->

A mutant breaks one lesson in a rendered service, as somebody might commit it; an innocent looks like it and breaks none.
`tests/test_lessons.py` makes each of the {mutants} mutants and {innocents} innocents to the smallest sample that it fits, each night to
all that it fits, and fails unless the service's gate names exactly that lesson, or none. A lesson that the gate defends has at least two mutants and one innocent.
"""


def questions() -> str:
    """The questions as a table: what each decides, its default, when it is asked."""
    rows = ["| question | decides | default |", "| --- | --- | --- |"]
    declared = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
    triggers = ", ".join(declared["triggers"]["default"])
    for name, question in declared.items():
        if name.startswith("_") or question.get("when") is False or name == "seen":
            continue
        text = " ".join(question["help"].split())
        text = re.sub(r"\{\{ triggers.*?\}\}", triggers, text)
        default = str(question["default"])
        if "service_name_problem" in default:
            default = "the folder's name"
        default = re.sub(r"\{\{ service_name \}\}", "<service_name>", default)
        some = "regex_search" in str(question.get("ask")) and " ¹"
        details = "more_questions" in str(question.get("ask")) and " ²"
        never = question.get("ask") is False and " ³"
        rows.append(
            f"| `{name}`{some or details or never or ''} | {text} | {f'`{default}`' if default else ''} |"
        )
    return "\n".join(rows)


def tree(service: Path) -> str:
    """The folders of a service, with what each is for."""
    lines = ["```", f"{service.name}/"]
    paths = sorted(
        path.relative_to(service)
        for path in service.rglob("*")
        if not {".git", "__pycache__"} & set(path.relative_to(service).parts)
    )
    for path in paths:
        name = path.as_posix() + ("/" if (service / path).is_dir() else "")
        if name in TREE_NOTES:
            lines.append(f"  {name:<28} {TREE_NOTES[name]}".rstrip())
    missing = TREE_NOTES.keys() - {line.split()[0] for line in lines[2:]}
    if missing:
        raise SystemExit(f"docs/generate.py: no such files in a service any more: {missing}")
    return "\n".join([*lines, "```"])


def picture(service: Path) -> str:
    """The picture in a service's README."""
    (found,) = re.findall(
        r"```mermaid\n.*?```", (service / "README.md").read_text("utf-8"), re.DOTALL
    )
    return str(found)


def rooms_picture() -> str:
    """From which rooms a function of the kind `queue` is filled."""
    function = next(each for each in places.functions() if each["name"] == "queue")
    edges: dict[tuple[str, str], None] = {}  # a set in order
    for kind, folder in places.slots().items():
        for source in reversed(function[kind].values()):
            room = next(path for path in places.ROOMS if path in (ROOT / source).parents)
            edges[room.relative_to(ROOT).as_posix(), folder] = None
    for source, place in places.places().items():
        if source.startswith("triggers/queue/") and re.fullmatch(r"(docs/)?[\w.]+", place):
            edges["triggers/queue", place] = None
    lines = ["```mermaid", "flowchart LR"]
    for start, end in edges:
        name = end.replace("<package>", "orders").replace("<function>", "worker")
        lines.append(f'  {_id(start)}["{start}"] --> {_id(end)}(["{name}"])')
    return "\n".join([*lines, "```"])


def _id(name: str) -> str:
    return re.sub(r"\W", "_", name)


def rooms() -> str:
    """Each room as a tree, with the place of each file."""
    lines = []
    for room in places.ROOMS:
        lines += ["```", f"{room.relative_to(ROOT).as_posix()}/"]
        for path in places.files_of(room):
            name = path.relative_to(ROOT).as_posix()
            if name not in places.places():
                raise SystemExit(
                    f"docs/generate.py: {name} gets nowhere; docs/rooms.md says what does"
                )
            lines.append(f"  {path.relative_to(room).as_posix():<42} {places.places()[name]}")
        lines += ["```", ""]
    return "\n".join(lines).strip()


def lessons() -> str:
    """docs/lessons.md of a service: what whoever meets an id in a red build wants to know."""
    from kit.lessons.registry import lessons as registry

    lines = [LESSONS_HEAD.strip()]
    section = ""
    for lesson in registry().values():
        if lesson.section != section:
            section = lesson.section
            lines += [f"## {section}"]
        see = [f"[{path}]({os.path.relpath(path, 'docs')})" for path in lesson.see]
        noticed = "; ".join(WORDS[each] for each in lesson.defended_by)
        lines += [
            f"### {lesson.id}",
            f"**{lesson.rule}**",
            f"- Without it: {lesson.why}\n"
            f"- Here: {lesson.here}\n"
            f"- To fix a violation: {lesson.fix}\n"
            f"- Noticed by: {noticed}{': ' if lesson.no_check else ''}{lesson.no_check}."
            + (f' Opt out: `lesson = "{lesson.id}"`.' if "gate" in lesson.defended_by else "")
            + (f"\n- More: {', '.join(see)}" if see else ""),
        ]
    return "\n\n".join(lines) + "\n"


def lessons_table() -> str:
    """docs/lessons-table.md: who defends each lesson, and which edits show it."""
    from kit.lessons.registry import lessons as registry
    from mutants import CASES

    elsewhere = yaml.safe_load((ROOT / "tests" / "defended.yml").read_text("utf-8"))
    lines = [
        TABLE_HEAD.strip().format(
            mutants=sum(not each.innocent for each in CASES),
            innocents=sum(each.innocent for each in CASES),
        ),
        "",
    ]
    lines += [
        "| lesson | defended by | mutants | innocents | else tested in |",
        "| --- | --- | --- | --- | --- |",
    ]
    for lesson in registry().values():
        cases = [each for each in CASES if each.lesson == lesson.id]
        cells = (
            f"[{lesson.id}](../template/docs/lessons.md#{lesson.id.lower()})",
            ", ".join(lesson.defended_by),
            "<br>".join(each.title for each in cases if not each.innocent),
            "<br>".join(each.title for each in cases if each.innocent),
            "<br>".join(f"`{each.removeprefix('tests/')}`" for each in elsewhere.get(lesson.id, []))
            or lesson.no_check,
        )
        lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def screen(command: list[str], cwd: Path, keys: str = "") -> list[str]:
    """The lines that a terminal shows in the end, after a key was pressed at each question."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    environment["PATH"] = os.pathsep.join(
        part for part in os.environ["PATH"].split(os.pathsep) if str(ROOT) not in part
    )
    shown = pyte.Screen(100, 400)
    stream = pyte.Stream(shown)
    process = pexpect.spawn(
        command[0],
        command[1:],
        cwd=str(cwd),
        dimensions=(400, 100),
        encoding="utf-8",
        timeout=600,
        env={**environment, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
    )
    for key in keys:
        process.expect(QUESTION)
        stream.feed(f"{process.before}{QUESTION}")
        process.send(key)
    process.expect(pexpect.EOF)
    stream.feed(str(process.before))
    process.close()
    lines = [line.rstrip() for line in shown.display]
    if process.exitstatus:
        raise SystemExit(f"{command} failed:\n" + "\n".join(lines).rstrip())
    return lines


def terminal(folder: Path) -> str:
    """What a person sees: `make service` with Enter at each question, then `make check`."""
    said = screen(["make", "service", f"DEST={folder / 'orders'}", "ALLOW_DIRTY=1"], ROOT, "\r" * 6)
    files = [line for line in said if re.match(r" +create ", line)]
    first = said.index(files[0])
    said = [line for line in said if line not in files]
    said.insert(first, f"    create  … {len(files)} files and folders")
    checked = screen(["make", "check"], folder / "orders")
    text = "\n".join(
        ["$ make service DEST=../orders", *said, "$ cd ../orders", "$ make check", *checked]
    )
    for path, name in (
        (f"{folder}/orders/", ""),
        (folder, ".."),
        (ROOT, "~/template"),
        (Path.home(), "~"),
    ):
        text = text.replace(str(path), str(name))
    # Copier's notes on the task that it runs, with paths that differ in every run, and on this
    # working tree.
    text = re.sub(r"^ > Running task[^]]*\]\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"^.*(DirtyLocalWarning|warn\().*\n", "", text, flags=re.MULTILINE)
    return "```console\n" + re.sub(r"\n{3,}", "\n\n", text).strip() + "\n```"


def replaced(text: str, name: str, content: str) -> str:
    """The text with that part replaced."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    head, rest = text.split(begin)
    return f"{head}{begin}\n\n{content}\n\n{end}{rest.split(end)[1]}"


def main() -> None:
    check = "--check" in sys.argv
    before = README.read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        service = Path(folder, "orders")
        run_copy(str(ROOT), service, defaults=True, skip_tasks=True, quiet=True, vcs_ref="HEAD")
        after = replaced(before, "questions", questions())
        after = replaced(after, "tree", tree(service))
        after = replaced(after, "picture", picture(service))
    page = replaced(ROOMS.read_text("utf-8"), "picture", rooms_picture())
    made = {
        LESSONS: lessons(),
        TABLE: lessons_table(),
        ROOMS: replaced(page, "rooms", rooms()),
        DIGEST: f"{digest.digest(KIT)}\n",
    }
    if check:
        old = [path for path, text in made.items() if path.read_text("utf-8") != text]
        old += [README] if after != before else []
        if old:
            names = ", ".join(path.relative_to(ROOT).as_posix() for path in old)
            sys.exit(f"Not what its sources say: {names}. Fix it: make docs")
        return
    for path, text in made.items():
        path.write_text(text, "utf-8")
    if "--quick" in sys.argv:
        README.write_text(after, "utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        after = replaced(after, "terminal", terminal(Path(folder).resolve()))
    README.write_text(after, "utf-8")


if __name__ == "__main__":
    main()
