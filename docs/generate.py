"""Write what comes from elsewhere, parts of README.md, rooms.md and the tables of lessons: `make docs`.

Between `<!-- begin NAME -->` and `<!-- end NAME -->` stand the questions (from copier.yml), and the tree, the picture
and the terminal's words of a default service that is really rendered, set up and checked. docs/lessons.md of the service is made from kit/src/kit/lessons/,
docs/lessons-table.md from that and from kit/tests/lessons/. By kit/src/digest.txt the gate of
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
sys.path += [str(ROOT / folder) for folder in ("tests", "kit/src", "kit/tests")]
import places  # noqa: E402
from cases import cases  # noqa: E402
from kit import digest  # noqa: E402
from kit.gate.lesson import Lesson  # noqa: E402
from kit.lessons import SECTIONS  # noqa: E402
from kit.lessons import lessons as catalogue  # noqa: E402

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
    "requirements-copier.txt": "Copier, for updates and functions",
    "requirements-local.txt": "the emulator of make up",
    "requirements-deploy.txt": "what the job that deploys installs",
    "requirements-sam.txt": "the SAM CLI, where there is none",
    "infra/environment.yaml": "roles, boundary and bucket: deployed once per environment by make bootstrap",
    ".github/": "checks.yml, deploy.yml, dev_cicd.yml, prod_cicd.yml, dependabot.yml",
    "docs/": "architecture, CI/CD, access, operations, decisions",
    "events/app/": "example events",
    ".kit/": "the template's own programs, which the Makefile calls",
    "src/orders/app/": "a function: one folder, one deployment unit",
    "src/orders/app/lambda_pkg/": "all its code, imported relatively",
    "tests/unit/": "with moto, no network; its README explains the paths",
    "tests/integration/": "against what is deployed",
}


LESSONS_HEAD = """
# Lessons

What teams that built and ran services like this one learned the hard way, one lesson each. This
service follows every lesson from its first commit. `make lessons`, a part of `make check`, reports
each violation with its file and line, the lesson, and the fix. A lesson's page says what it cost
somebody, where this service follows it, and how it is checked. Ids are for ever.

What defends a lesson: *gate* is `make lessons`; *prompt*, Copier's questions; *preflight* and
*deploy*, those commands; *hook*, `make setup`; *run time*, the function
itself; *guide*, nothing but review.

## Suppressing a violation

Where a lesson does not fit, say so in `lessons.toml` beside the `Makefile`, an entry per violation.
`make lessons` prints an entry to copy:

```toml
[[suppress]]
lesson = "IAC-11"
scope = "CacheTable"   # the file, or the logical id in template.yaml, as the violation names it
message = "`CacheTable` has no `DeletionPolicy`"
reason = "holds nothing that could not be computed again"
until = 2027-01-31     # its last day, at most two years ahead: then somebody looks again
```

An entry holds for that message alone: whatever else is wrong in the same place is reported. One
without a reason, after its last day, or that matches nothing is a violation itself, with the id
`GATE`. So is a file that can't be read as what it is.
"""
LESSONS_COLUMNS = "| lesson | rule | defended by |\n| --- | --- | --- |"
TABLE_HEAD = """
# How each lesson is defended

<!-- Made by `make docs` from kit/src/kit/lessons/, kit/tests/lessons/ and tests/defended.yml. -->

A violation breaks one lesson in a rendered service, as somebody might commit it; good code looks
like it and breaks none. `tests/test_lessons.py` makes each of the {violations} violations and
{good} good edits in the smallest sample that it fits, each night in all that it fits, and fails
unless the gate reports exactly that lesson, or none. A lesson that the gate defends has at least
two violations and one good edit.
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
    function = next(item for item in places.functions() if item["name"] == "queue")
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
    """docs/lessons.md of a service: every lesson, and where to read more."""
    rows = [LESSONS_COLUMNS]
    for family, section in SECTIONS.items():
        rows.append(f"| | **{section}** | |")
        rows += [
            f"| [{lesson.id}](../.kit/kit/lessons/{module(lesson)}) | {cell(lesson.rule)}"
            f" | {', '.join(lesson.defended_by)} |"
            for lesson in catalogue().values()
            if lesson.family == family
        ]
    return "\n\n".join([LESSONS_HEAD.strip(), "## Every lesson", "\n".join(rows)]) + "\n"


def module(lesson: Lesson) -> str:
    """STR_05.py, which has the lesson; its cases are in a module of the same name."""
    return f"{lesson.id.replace('-', '_')}.py"


def cell(text: str) -> str:
    """A text as a cell of a Markdown table."""
    return text.replace("|", "&#124;")


def lessons_table() -> str:
    """docs/lessons-table.md: who defends each lesson, and which cases show it."""
    elsewhere = yaml.safe_load((ROOT / "tests" / "defended.yml").read_text("utf-8"))
    lines = [
        TABLE_HEAD.strip().format(
            violations=sum(not case.is_good for case in cases()),
            good=sum(case.is_good for case in cases()),
        ),
        "",
        "| lesson | defended by | violations | good code | also tested in |",
        "| --- | --- | --- | --- | --- |",
    ]
    for lesson in catalogue().values():
        own = [case for case in cases() if case.lesson == lesson.id]
        tests = [f"`{test.removeprefix('tests/')}`" for test in elsewhere.get(lesson.id, [])]
        cells = (
            f"[{lesson.id}](../kit/src/kit/lessons/{module(lesson)})",
            ", ".join(lesson.defended_by),
            "<br>".join(case.title for case in own if not case.is_good),
            "<br>".join(case.title for case in own if case.is_good),
            "<br>".join(tests) or lesson.no_check,
        )
        lines.append(f"| {' | '.join(map(cell, cells))} |")
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
    text = re.sub(r"^.*DirtyLocalWarning.*\n(.*automatically\.\n)?", "", text, flags=re.MULTILINE)
    text = re.sub(r"^.*warn\(.*\n", "", text, flags=re.MULTILINE)
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
