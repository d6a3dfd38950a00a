"""Write the parts of README.md that come from elsewhere: `make docs`.

Between `<!-- begin NAME -->` and `<!-- end NAME -->` stand the questions (from copier.yml), and the tree, the picture
and the terminal's words of a default service that is really rendered, set up and checked.

    python docs/generate.py            writes them
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
README = ROOT / "README.md"
QUESTION = "\U0001f3a4"  # the microphone that Copier puts before a question
TREE_NOTES = {
    "README.md": "what it is, its picture, its commands",
    "CHANGELOG.md": "",
    "Makefile": "every command: make",
    "template.yaml": "every resource, both environments",
    "samconfig.toml": "how each environment is built and deployed",
    "pyproject.toml": "the tools",
    "requirements-dev.txt": "pinned",
    "requirements-sam.txt": "the SAM CLI, where there is none",
    ".github/": "dev_cicd.yml, prod_cicd.yml, dependabot.yml",
    "docs/": "architecture, CI/CD, access, operations, decisions",
    "events/app/": "example events",
    "scripts/": "what the Makefile calls",
    "src/orders/app/": "a function: one folder, one deployment unit",
    "src/orders/app/lambda_pkg/": "all its code, imported relatively",
    "tests/unit/": "with moto, no network; its README explains the paths",
    "tests/integration/": "against what is deployed",
}


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
    if check:
        if after != before:
            sys.exit(
                "README.md is not what copier.yml and a default service say. Mend it: make docs"
            )
        return
    with tempfile.TemporaryDirectory() as folder:
        after = replaced(after, "terminal", terminal(Path(folder).resolve()))
    README.write_text(after, "utf-8")


if __name__ == "__main__":
    main()
