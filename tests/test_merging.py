"""Edits stay where they are, whatever line of whatever shared file they are in."""

from __future__ import annotations

import random
import re
import shutil
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import settings

from conftest import KIT, check, commit, render, run
from kit.errors import KitError
from kit.functions.lines import Line, key, located
from kit.functions.merging import Merge, changes, merge, name_changes
from kit.functions.proof import misplaced, need_everything_in_place

FUNCTIONS = "app:api, sender:queue, nightly:schedule"
RENDERS: dict[str, dict[str, Any]] = {
    "start": {},
    "add api": {"functions": f"{FUNCTIONS}, admin:api"},
    "add stream": {"functions": f"{FUNCTIONS}, watcher:stream"},
    "remove first": {"functions": "sender:queue, nightly:schedule"},
    "remove queue": {"functions": "app:api, nightly:schedule"},
    "rename": {"functions": "app:api, mailer:queue, nightly:schedule"},
    "chat": {"alarm_chat_webhook": "chat-webhook"},
    "tokens": {"jwt_issuer": "https://login.example.com/"},
    "no table": {"table": False},
}
OWNED = re.compile(r"(src/orders|events|tests/unit|tests/integration)/(app|sender|nightly)/")
MARK = re.compile(r" ?# Mine\d+| *Mine\d+: x\n")


@pytest.fixture(scope="module")
def renders(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("merging")
    return {
        name: render(
            template, folder / name, **{"service_name": "orders", "functions": FUNCTIONS, **answers}
        )
        for name, answers in RENDERS.items()
    }


def shared_files(before: Path, after: Path) -> list[tuple[str, str, str]]:
    """The files that both have and that differ, and that are not a user's: path, before, after."""
    found = []
    for path in sorted(item for item in before.rglob("*") if item.is_file()):
        name = path.relative_to(before).as_posix()
        other = after / name
        if OWNED.match(name) or name == ".copier-answers.yml" or not other.is_file():
            continue
        if path.read_bytes() != other.read_bytes():
            found.append((name, path.read_text("utf-8"), other.read_text("utf-8")))
    return found


def gone(text: str, name: str, other: str) -> str:
    """template.yaml without the resources and outputs that the other version lacks."""
    if name != "template.yaml":
        return text
    ids = set(re.findall(r"^  (\w+):", text, re.MULTILINE))
    ids -= set(re.findall(r"^  (\w+):", other, re.MULTILINE))
    return "".join(
        line.text for line in located(text, name) if not ids & {*line.place[1:2], key(line.text)}
    )


def edited(path: str, lines: list[str], kept: set[str], chosen: list[int]) -> str:
    """A text with a mark at some lines: beside what is in it, or in a line of its own above it."""
    new = list(lines)
    for count, number in enumerate(chosen):
        line, mark = lines[number], f"Mine{number}"
        indentation = line[: len(line) - len(line.lstrip())]
        if not line.strip():
            continue
        if count % 3 == 0 and line in kept:
            new[number] = f"{line.rstrip()} # {mark}\n"
        elif path.endswith(".md") or (count % 3 == 1 and re.match(r" *[A-Z]\w*:( |$)", line)):
            new[number] = f"{indentation}{mark}: x\n{line}"
        else:
            new[number] = f"{indentation}# {mark}\n{line}"
    return "".join(new)


def sections(lines: list[str]) -> list[str]:
    """The resource or section of each line: the last line that begins one."""
    found, section = [], ""
    for line in lines:
        if (
            re.match(r"(  )?[A-Z]\w*:|#+ |\[[^]]+\](\s|$)", line)
            and "Mine" not in line.split(" #")[0]
        ):
            section = re.sub(r" # Mine\d+", "", line).strip()
        found.append(section)
    return found


def places(text: str) -> dict[str, tuple[str, str]]:
    """Each mark with its section, and the line below it."""
    lines = [line for line in text.splitlines() if line.strip()]
    below = [*(MARK.sub("", f"{line}\n").strip() for line in lines[1:]), ""]
    return {
        mark: (section, after)
        for line, section, after in zip(lines, sections(lines), below, strict=True)
        for mark in re.findall(r"Mine\d+", line)
    }


@pytest.mark.parametrize("name", [name for name in RENDERS if name != "start"])
def test_edits_at_every_line_stay_in_their_place(renders: dict[str, Path], name: str) -> None:
    """Some at a time. Without them the merged file is what the template renders, and each is in
    the resource or section where it was."""
    deep = settings.default is not None and settings.default.max_examples > 100
    chance = random.Random(name)  # noqa: S311
    tried = 0
    for path, was, becomes in shared_files(renders["start"], renders[name]):
        base = gone(was, path, becomes) if name.startswith("remove") else was
        lines, kept = base.splitlines(keepends=True), set(becomes.splitlines(keepends=True))
        there = {line.strip() for line in kept} if name != "rename" else set(sections(lines))
        pairs = enumerate(zip(sections(lines), ["", *sections(lines)], strict=False))
        # What is inside of something that the template takes away has no place to stay in: the
        # command stops.
        stay = {line.place for line in located(becomes, path)}
        lines_in_place = located(base, path)
        numbers = [
            n
            for n, pair in pairs
            if {*pair} <= {"", *there} and (name == "rename" or lines_in_place[n].place in stay)
        ]
        chance.shuffle(numbers)
        size = 3 if deep else 12
        for start in range(0, len(numbers) if deep else 240, size):
            ours = edited(path, lines, kept, numbers[start : start + size])
            sides = [located(item, path) for item in (base, ours, becomes)]
            its = (name_changes if name == "rename" else changes)(sides[0], sides[2])
            done = merge(
                sides[0],
                changes(sides[0], sides[1]),
                its,
                path,
                removing=name.startswith("remove"),
                renaming=name == "rename",
            )
            assert not done.conflicts, path
            clean = [line for line in MARK.sub("", done.text).splitlines() if line.strip()]
            assert clean == [line for line in becomes.splitlines() if line.strip()], path
            if name != "rename":
                assert not misplaced(sides[0], sides[1], sides[2], done, path), path
                before, after = places(ours), places(done.text)
                moved = [
                    (before[mark], after[mark])
                    for mark in after
                    if not {*before[mark]} & {*after[mark]}
                ]
                assert moved == [], path
                assert before.keys() == after.keys() or name.startswith("remove")
            tried += len(numbers[start : start + size])
    assert tried > 100


def merged(base: str, mine: str, theirs: str, path: str = "template.yaml") -> Merge:
    sides = [located(text, path) for text in (base, mine, theirs)]
    return merge(sides[0], changes(sides[0], sides[1]), changes(sides[0], sides[2]), path)


@pytest.mark.parametrize(
    ("mine", "theirs", "order"),
    [
        ("  Mine:\n    A: 1\n", "  Its:\n    A: 1\n", "  Mine:\n    A: 1\n  Its:\n    A: 1\n"),
        # What belongs to the line below stays above it, and what belongs above stays there.
        ("  # Mine.\n", "  Its:\n    A: 1\n", "  Its:\n    A: 1\n  # Mine.\n"),
        ("  Mine:\n    A: 1\n", "    Its: 1\n", "    Its: 1\n  Mine:\n    A: 1\n"),
    ],
)
def test_what_both_add_in_one_place_is_in_order(mine: str, theirs: str, order: str) -> None:
    above, below = "Resources:\n  First:\n    Type: x\n", "  Last:\n    Type: x\n"
    result = merged(above + below, above + mine + below, above + theirs + below)
    assert result.text == above + order + below


def test_comments_of_both_on_one_line_are_both_kept() -> None:
    base, line = "A:\n  B: 1\n", "  B: 1\n"
    result = merged(base, f"A:\n  # Mine.\n{line}", f"A:\n  # Its.\n{line}")
    assert result.text == f"A:\n  # Mine.\n  # Its.\n{line}"


@pytest.mark.parametrize(
    ("base", "mine", "theirs", "counts"),
    [
        (1, 1, 1, {1}),
        (0, 1, 0, {1}),
        (0, 0, 2, {2}),
        (1, 0, 1, {0}),
        (1, 2, 0, {1}),
        (0, 1, 1, {1, 2}),  # of both, or of each
        (2, 1, 1, {0, 1}),
        (1, 0, 0, {0}),
    ],
)
def test_a_line_is_there_as_often_as_both_make_it(
    base: int, mine: int, theirs: int, counts: set[int]
) -> None:
    def lines(count: int) -> list[Line]:
        return located("Key:\n" + "  line\n" * count, "file")

    sides = lines(base), lines(mine), lines(theirs)
    accepted = {n for n in range(4) if not misplaced(*sides, Merge(lines(n)), "file")}
    assert accepted == counts


# ── The commands ─────────────────────────────────────────────────────────────


@pytest.fixture
def service(renders: dict[str, Path], tmp_path: Path) -> Path:
    shutil.copytree(renders["start"], tmp_path / "orders")
    commit(tmp_path / "orders")
    return tmp_path / "orders"


def command(service: Path, *arguments: str) -> str:
    done = run(*KIT, "functions", *arguments, cwd=service)
    assert done.returncode == 0, done.stdout
    assert check("git", "ls-files", "-u", cwd=service) == ""
    return done.stdout


def refused(service: Path, *arguments: str) -> str:
    """What a command says that leaves everything as it was."""
    before = {path: path.read_bytes() for path in service.rglob("*") if path.is_file()}
    done = run(*KIT, "functions", *arguments, cwd=service)
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stdout
    assert check("git", "status", "--porcelain", cwd=service) == ""
    kept = {path: path.read_bytes() for path in before if ".git" not in path.parts}
    assert kept == {path: text for path, text in before.items() if path in kept}
    return done.stdout


def edit(service: Path, old: str, new: str, path: str = "template.yaml") -> None:
    text = (service / path).read_text("utf-8")
    assert old in text
    (service / path).write_text(text.replace(old, new, 1), "utf-8")


def edit_resource(service: Path, label: str, old: str, new: str) -> None:
    edit(service, resource(service, label), resource(service, label).replace(old, new, 1))


def resource(service: Path, label: str) -> str:
    text = (service / "template.yaml").read_text("utf-8")
    found = re.search(rf"^  {label}:\n(?:(?:    .*)?\n)*", text, re.MULTILINE)
    assert found, label
    return found[0]


def test_an_edit_does_not_move_to_another_resource(service: Path) -> None:
    """Alarms are alike, and a new function brings more of them."""
    edit_resource(service, "Api5xxAlarm", "Threshold: ", "Threshold: 77 # was ")
    edit_resource(
        service, "AppFunction", "          Statement:\n",
        "          Statement:\n            - Effect: Allow\n              Action: ses:SendEmail\n"
        "              Resource: '*'\n",
    )  # fmt: skip
    alarm, function = resource(service, "Api5xxAlarm"), resource(service, "AppFunction")
    commit(service)
    command(service, "add", "--name=admin", "--trigger=api")
    assert resource(service, "Api5xxAlarm") == alarm
    commit(service)
    command(service, "remove", "--name=sender", "--yes=1")
    assert (resource(service, "Api5xxAlarm"), resource(service, "AppFunction")) == (alarm, function)
    assert resource(service, "AdminErrorsAlarm").count("77") == 0


def test_what_stands_beside_a_removed_function_stays_whole(service: Path) -> None:
    edit(service, "      StageName: ", "      # ours\n      StageName: ")
    table = resource(service, "Table")
    line = '                  ["Mine", "Orders", {"label": "mine"}],\n'
    text = (service / "template.yaml").read_text("utf-8")
    metric = next(item for item in text.splitlines(keepends=True) if '{"label": "app",' in item)
    edit(service, metric, metric + line)
    edit_resource(
        service, "TrafficCheckFunction", "          NEW_FUNCTION_VERSIONS:",
        "          MINE: 1\n          NEW_FUNCTION_VERSIONS:",
    )  # fmt: skip
    arrow = next(
        item
        for item in (service / "README.md").read_text("utf-8").splitlines(keepends=True)
        if 'fn_sender["sender"]' in item
    )
    edit(service, arrow, f"  mine --> bus\n{arrow}", "README.md")
    commit(service)
    command(service, "remove", "--name=app", "--yes=1")
    command_text = (service / "template.yaml").read_text("utf-8")
    assert line in command_text
    assert resource(service, "Table") == table
    assert "          MINE: 1\n" in resource(service, "TrafficCheckFunction")
    assert "  mine --> bus\n" in (service / "README.md").read_text("utf-8")


def test_a_conflict_is_left_and_reported(service: Path) -> None:
    """Both want another text in one place: git has it unmerged, and the command fails."""
    readme = "src/orders/traffic_check/README.md"
    text = (service / readme).read_text("utf-8")
    line = next(item for item in text.splitlines(keepends=True) if "`sender`" in item)
    edit(service, line, f"Tried are some.{line}", readme)
    commit(service)
    done = run(*KIT, "functions", "add", "--name=admin", "--trigger=api", cwd=service)
    assert done.returncode == 1
    assert f"  {readme}" in done.stdout.split("Conflicts to resolve")[1]
    assert "<<<<<<< " in (service / readme).read_text("utf-8")
    assert len(check("git", "ls-files", "-u", cwd=service).splitlines()) == 3
    assert "AdminFunction" in (service / "template.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    ("label", "kind", "arguments"),
    [
        ("AdminQueue", "AWS::SQS::Queue", ("add", "--name=admin", "--trigger=queue")),
        ("ApiAccessLogs", "AWS::Logs::LogGroup", ("add", "--name=admin", "--trigger=api")),
        ("ChatNotifierFunction", "AWS::SNS::Topic", ("answer", "--name=alarm_chat_webhook", "--value=hook")),
        ("AdminLogGroup", "AWS::Logs::LogGroup", ("rename", "--name=app", "--to=admin")),
    ],
)  # fmt: skip
def test_ids_that_are_there_are_in_the_way(
    template: Path, tmp_path: Path, label: str, kind: str, arguments: tuple[str, ...]
) -> None:
    functions = "worker:schedule" if arguments[0] == "add" else "app:api"
    service = render(template, tmp_path / "orders", service_name="orders", functions=functions)
    edit(service, "  # ── What the functions share ──\n", f"  {label}:\n    Type: {kind}\n\n  # ── What the functions share ──\n")  # fmt: skip
    commit(service)
    assert label in refused(service, *arguments)


def test_an_answer_that_was_changed_by_hand_is_followed(service: Path) -> None:
    edit(service, "alarm_email: ''", "alarm_email: oncall@example.com", ".copier-answers.yml")
    edit_resource(service, "Api5xxAlarm", "Threshold: ", "Threshold: 77 # was ")
    commit(service)
    given = ("answer", "--name=alarm_email", "--value=oncall@example.com")
    said = command(service, *given)
    assert "was changed in .copier-answers.yml, and nothing followed" in said
    text = (service / "template.yaml").read_text("utf-8")
    assert 'Default: "oncall@example.com"' in text
    assert "Threshold: 77" in text
    commit(service)
    assert "already. Nothing is changed." in command(service, *given)
    assert check("git", "status", "--porcelain", cwd=service) == ""


def test_an_edited_file_does_not_vanish(service: Path) -> None:
    command(service, "answer", "--name=alarm_chat_webhook", "--value=chat-webhook")
    chat = next(
        path.relative_to(service).as_posix()
        for path in service.glob("src/orders/chat_notifier/**/chat.py")
    )
    (service / chat).write_text((service / chat).read_text("utf-8") + "# mine\n", "utf-8")
    commit(service)
    said = refused(service, "answer", "--name=alarm_chat_webhook", "--value=")
    assert chat in said
    check("git", "rm", "--quiet", chat, cwd=service)
    commit(service)
    command(service, "answer", "--name=alarm_chat_webhook", "--value=")
    assert not (service / "src/orders/chat_notifier").exists()


def test_an_ignored_file_is_not_overwritten(service: Path) -> None:
    path = service / "src/orders/chat_notifier/README.md"
    path.parent.mkdir(parents=True)
    path.write_text("mine\n", "utf-8")
    (service / ".gitignore").write_text("src/orders/chat_notifier/\n", "utf-8")
    commit(service)
    said = refused(service, "answer", "--name=alarm_chat_webhook", "--value=chat-webhook")
    assert "src/orders/chat_notifier/README.md" in said
    assert path.read_text("utf-8") == "mine\n"


GIT_SETTINGS = {
    "apply.whitespace": "error",
    "apply.ignoreWhitespace": "change",
    "color.ui": "always",
    "commit.gpgSign": "true",
    "core.autocrlf": "true",
    "core.quotePath": "true",
    "core.safecrlf": "true",
    "diff.external": "false",
    "diff.mnemonicPrefix": "true",
    "diff.noprefix": "true",
    "diff.renames": "copies",
    "gpg.program": "false",
    "merge.conflictStyle": "zdiff3",
    "merge.renames": "false",
    "status.showUntrackedFiles": "no",
}


def test_no_setting_of_git_changes_what_a_command_does(
    service: Path, renders: dict[str, Path], tmp_path: Path
) -> None:
    """The user's configuration, all at once: hooks that fail, and new files that are ignored."""
    edit(service, "ENV ?= dev\n", "ENV ?= dev  \n# mine: \t\n", "Makefile")
    edit_resource(service, "Api5xxAlarm", "Threshold: ", "Threshold: 77   # was ")
    commit(service)
    expected = (service / "Makefile").read_bytes()
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "post-index-change", "pre-commit", "reference-transaction"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n", "utf-8")
        (hooks / name).chmod(0o755)
    (tmp_path / "ignored").write_text("events/\n*.md\n", "utf-8")
    paths = {"core.hooksPath": str(hooks), "core.excludesFile": str(tmp_path / "ignored")}
    for name, value in {**GIT_SETTINGS, **paths}.items():
        check("git", "config", "--file", tmp_path / "config", name, value, cwd=service)
    check(
        *(sys.executable, ".kit", "functions", "add", "--name=admin", "--trigger=api"),
        cwd=service,
        GIT_CONFIG_GLOBAL=str(tmp_path / "config"),
    )
    tracked = set(check("git", "ls-files", "-z", cwd=service).split("\0")) - {""}
    after = renders["add api"]
    wanted = {path.relative_to(after).as_posix() for path in after.rglob("*") if path.is_file()}
    assert tracked == wanted
    for path in tracked - {"Makefile", "template.yaml"}:
        assert (service / path).read_bytes() == (after / path).read_bytes(), path
    assert (service / "Makefile").read_bytes() == expected
    assert "Threshold: 77   # was" in resource(service, "Api5xxAlarm")
    assert "AdminFunction" in (service / "template.yaml").read_text("utf-8")


def test_a_rename_changes_every_name(service: Path, renders: dict[str, Path]) -> None:
    """With edits elsewhere, and in the function's own lines."""
    edits = [
        ("Api5xxAlarm", "Threshold: ", "Threshold: 7 # was "),
        (
            "AppFunction",
            "      Timeout: ",
            "      ReservedConcurrentExecutions: 5\n      Timeout: ",
        ),
        ("AppErrorsAlarm", "      Period: ", "      Period: 60 # was "),
        ("NightlyFunction", "      MemorySize: ", "      MemorySize: 512 # was "),
        ("NightlyDeadLettersAlarm", "      Threshold: ", "      Threshold: 3 # was "),
        ("Table", "      BillingMode: ", "      # mine\n      BillingMode: "),
        ("SenderFunction", "${EnvironmentName}\n", "${EnvironmentName} # the mail\n"),
        ("SenderDeadLetterQueue", "      QueueName: !Sub ", "      QueueName: !Sub  "),
    ]
    for label, old, new in edits:
        edit_resource(service, label, old, new)
    place = "          TABLE_NAME: !Ref Table\n"
    own = f"{place}          QUEUE: !Sub orders-sender-dead-letters-${{EnvironmentName}}\n"
    edit(service, place, own)
    (service / "notes.txt").write_text("orders-sender-special-queue\norders-senders\n", "utf-8")
    commit(service)
    said = command(service, "rename", "--name=sender", "--to=mailer")
    text = (service / "template.yaml").read_text("utf-8")
    assert not re.search("sender", text, re.IGNORECASE)
    for _, _, new in edits:
        assert new.strip() in text
    assert "QUEUE: !Sub orders-mailer-dead-letters-${EnvironmentName}" in text
    assert "notes.txt:1: orders-sender-special-queue" in said
    assert "notes.txt:2" not in said
    assert yaml.compose(text)


def test_a_rename_stops_where_a_name_can_not_follow(service: Path) -> None:
    edit_resource(
        service, "SenderQueue", "      QueueName: !Sub orders-sender-${EnvironmentName}\n",
        "      QueueName:\n        Fn::Sub: 'orders-sender-x${EnvironmentName}'\n",
    )  # fmt: skip
    commit(service)
    said = refused(service, "rename", "--name=sender", "--to=mailer")
    assert "could not follow" in said
    assert "orders-sender-x" in said


ALARM = "  {}:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      Threshold: {}\n"


@pytest.mark.parametrize("moved", [True, False], ids=["moved", "where it was"])
def test_an_update_that_moves_an_edit_is_noticed(moved: bool) -> None:
    """As git did with three lines of context: the threshold of one alarm came out in another's."""

    def lines(*alarms: tuple[str, int]) -> list[Line]:
        text = "Resources:\n" + "".join(ALARM.format(*alarm) for alarm in alarms)
        return located(text, "template.yaml")

    base, mine = lines(("Api5xxAlarm", 1)), lines(("Api5xxAlarm", 77))
    theirs = lines(("AdminErrorsAlarm", 1), ("Api5xxAlarm", 1))
    thresholds = (77, 1) if moved else (1, 77)
    merged = lines(*zip(("AdminErrorsAlarm", "Api5xxAlarm"), thresholds, strict=True))
    text = "".join(line.text for line in mine)
    expected = pytest.raises(KitError, match="line 5: Threshold: 77") if moved else nullcontext()
    with expected:
        need_everything_in_place("template.yaml", (base, mine, theirs), Merge(merged), text)
