"""Lessons defend themselves: whoever breaks one in a service is told which, and how to fix it.

Each case of kit/tests/lessons/ edits a copy of a sample; the gate of the service must report its lesson
and no other. A family alone: `make test PYTEST_ARGS="tests/test_lessons.py -k STR"`.
"""

from __future__ import annotations

import ast
import datetime
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from cases import Case, cases, fix_for
from conftest import ROOT, SAMPLES, check, run, tree
from edits import Edit, NotHereError
from kit import digest
from kit.delivery import preflight
from kit.gate import report, suppressions, tools
from kit.gate import run as gate
from kit.gate.findings import GATE, Finding
from kit.gate.grants import THEN
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.lessons import lessons

# Ids are for ever: a new lesson is added at the end of its row, and none is taken out.
CATALOGUE = {"STR": 11, "DEP": 8, "IAC": 14, "CD": 13, "CI": 8, "IAM": 8, "SEC": 6, "RUN": 9}
CATALOGUE |= {"EVT": 11, "TST": 4, "DOC": 3}
ALL_WELL = f"{sum(CATALOGUE.values())} lessons, no violation"
# An edit is made to the first of these that it fits; with --every-sample, to all.
SMALLEST_FIRST = ["default", "fastapi", "no-table", "fastapi-no-table", "workers", "all-triggers"]
SMALLEST_FIRST += ["everything"]
MARKER = "  # ── Your own resources go here ──\n"
TODAY = datetime.date(2026, 7, 1)
SUPPRESSION = """[[suppress]]
lesson = "STR-05"
scope = "{path}"
message = "imports lambda_pkg.settings absolutely"
reason = "the library that it comes from is called the same"
until = 2026-07-01
"""
NEW_LESSON = '''"""STR-12: No module assigns anything.

Why: Somebody did.

Here: Nowhere yet.

Fix: Delete the assignment.

Defended by: gate.
"""

from kit.gate.lesson import Lesson

LESSON = Lesson.read(__doc__)


@LESSON.check
def no_assignments(service):
    for module in service.modules("src/orders/app/lambda_pkg"):
        if module.path.endswith("todo.py"):
            yield LESSON.finding(module.path, 1, "is an assignment")
'''


@cache
def content(service: Path) -> dict[str, bytes]:
    """The files of a rendered service, without the kit."""
    return {path: data for path, data in tree(service).items() if not path.startswith(".kit/")}


def copy(service: Path, folder: Path) -> Path:
    """A copy of a rendered service, without the kit: the gate runs from where it is written."""
    for path, data in content(service).items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    return folder


def told(service: Path) -> str:
    """What the gate says of a service."""
    return report.findings(gate.run(service, TODAY))


def test_edits_are_tried_in_each_sample() -> None:
    assert sorted(SMALLEST_FIRST) == sorted(path.stem for path in SAMPLES)


# ── Mutants and innocents ────────────────────────────────────────────────────


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_an_untouched_service_breaks_no_lesson(
    rendered_samples: dict[str, Path], name: str
) -> None:
    outcome = gate.run(rendered_samples[name], TODAY)
    assert outcome.findings == [], report.findings(outcome)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.id)
def test_the_gate_names_the_lesson_and_a_fix(
    rendered_samples: dict[str, Path], tmp_path: Path, case: Case, every_sample: bool
) -> None:
    expected = set() if case.is_good else {case.lesson, *case.also}
    applied = 0
    for name in SMALLEST_FIRST:
        edit = Edit(copy(rendered_samples[name], tmp_path / name), name)
        paths = {*edit.root.rglob("*")}
        try:
            case.make(edit)
        except NotHereError:
            continue
        applied += 1
        is_same = paths == {*edit.root.rglob("*")} and tree(edit.root) == content(
            rendered_samples[name]
        )
        assert not is_same, f"{name}: nothing changed"
        outcome = gate.run(edit.root, TODAY)
        findings = considered(case, outcome)
        lessons_named = {finding.lesson for finding in findings}
        assert lessons_named == expected, f"{name}: {report.findings(outcome)}"
        if not case.is_good:
            assert_fixes_help(edit, case, findings)
        if not every_sample:
            break
    assert applied, "no sample has what this edit is about"


def considered(case: Case, outcome: gate.Outcome) -> list[Finding]:
    """The findings that are about a case."""
    # What is new may need more than the roles give, which is IAM-05's and has cases of its own.
    return [
        finding
        for finding in outcome.findings
        if case.lesson == "IAM-05" or not str(finding.fix).endswith(THEN)
    ]


def assert_fixes_help(edit: Edit, case: Case, findings: list[Finding]) -> None:
    """Whoever does what each finding says has none left, and no other."""
    # From the last line on, so that lines above stay where they are.
    for finding in sorted(findings, key=lambda finding: finding.line, reverse=True):
        advice = finding.fix or lessons()[finding.lesson].fix
        way = fix_for(case.title, finding, advice)
        assert way, f"no fix of {finding.lesson} in kit/tests/lessons/ follows: {advice}"
        way.apply(edit, finding)
    outcome = gate.run(edit.root, TODAY)
    assert considered(case, outcome) == [], f"after the fix: {report.findings(outcome)}"


def test_a_runtime_is_told_from_the_day_on_that_aws_gives_it_up(
    rendered_samples: dict[str, Path],
) -> None:
    service = rendered_samples["default"]
    assert gate.run(service, datetime.date(2029, 6, 30)).findings == []
    (finding,) = gate.run(service, datetime.date(2029, 7, 1)).findings
    assert finding.lesson == "DEP-05"
    assert finding.message == "AppFunction and 1 more: AWS supported python3.13 until 2029-06-30"


def test_a_line_of_globals_is_reported_once(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    edit = Edit(copy(rendered_samples["workers"], tmp_path / "workers"), "workers")
    old = "        STAGE: !Ref EnvironmentName\n"
    edit.replace("template.yaml", old, f"{old}        ENV: !Ref EnvironmentName\n")
    findings = gate.run(edit.root, TODAY).findings
    (finding,) = [finding for finding in findings if finding.lesson == "IAC-08"]
    assert finding.message == "passes `ENV` to say where the code runs, beside `STAGE`"


# ── The registry ─────────────────────────────────────────────────────────────


def test_the_catalogue_is_whole() -> None:
    expected = [
        f"{family}-{n:02}" for family, count in CATALOGUE.items() for n in range(1, count + 1)
    ]
    assert list(lessons()) == expected


@pytest.mark.parametrize("defenders", ["", "gate, nobody"])
def test_a_lesson_is_defended_by_what_exists(defenders: str) -> None:
    text = "STR-12: x\n\nWhy: x\n\nHere: x\n\nFix: x\n\nDefended by: "
    assert Lesson.read(f"{text}gate.").defended_by == ("gate",)
    with pytest.raises(ValueError, match="STR-12"):
        Lesson.read(f"{text}{defenders}.")


def test_documents_of_lessons_are_there(rendered_samples: dict[str, Path]) -> None:
    docs = rendered_samples["default"] / "docs"
    pages = re.findall(r"\]\((\.\./\.kit/.*?)\)", (docs / "lessons.md").read_text("utf-8"))
    assert len(pages) == len(lessons())
    assert all((docs / page).is_file() for page in pages)
    for lesson in lessons().values():
        for path in lesson.see:
            assert (rendered_samples["default"] / path).is_file(), f"{lesson.id}: {path}"


def test_every_lesson_of_the_gate_has_a_check_two_mutants_and_an_innocent() -> None:
    gated = {name for name, each in lessons().items() if "gate" in each.defended_by}
    mutants = Counter(case.lesson for case in cases() if not case.is_good)
    innocents = Counter(case.lesson for case in cases() if case.is_good)
    assert {name for name, lesson in lessons().items() if lesson.checks} == gated
    assert {name for name, count in mutants.items() if count >= 2} == gated
    assert set(innocents) == gated
    assert len({case.id for case in cases()}) == len(cases()), "two edits have one title"


def test_where_only_people_can_tell_the_registry_says_why() -> None:
    for lesson in lessons().values():
        assert bool(lesson.no_check) == (lesson.defended_by == ("guide",)), lesson.id


def test_what_the_gate_does_not_see_is_tested_elsewhere() -> None:
    elsewhere = yaml.safe_load((ROOT / "tests" / "defended.yml").read_text("utf-8"))
    for name, lesson in lessons().items():
        others = set(lesson.defended_by) - {"gate", "guide"}
        assert not others or elsewhere.get(name), f"{name} is defended by {others}: in which test?"
    assert elsewhere.keys() <= lessons().keys()
    for look in preflight.CHECKS.values():
        assert "preflight" in lessons()[look.lesson].defended_by, look.lesson
    for test in {test for tests in elsewhere.values() for test in tests}:
        path, name = test.split("::")
        functions = ast.parse((ROOT / path).read_text("utf-8")).body
        assert name in {getattr(function, "name", "") for function in functions}, test


# ── Suppressions ─────────────────────────────────────────────────────────────────


@pytest.fixture
def absolute(rendered_samples: dict[str, Path], tmp_path: Path) -> Edit:
    """A service with one violation, of STR-05."""
    edit = Edit(copy(rendered_samples["default"], tmp_path / "orders"), "default")
    edit.replace("src/orders/app/lambda_pkg/index.py", "from .settings", "from lambda_pkg.settings")
    return edit


def suppressed(edit: Edit, text: str) -> str:
    """What the gate says with that lessons.toml."""
    edit.write("lessons.toml", text.format(path="src/orders/app/lambda_pkg/index.py"))
    return told(edit.root)


def test_a_suppression_silences(absolute: Edit) -> None:
    assert "STR-05" in told(absolute.root)
    assert suppressed(absolute, SUPPRESSION) == f"{ALL_WELL}, 1 suppressed."


def test_the_report_has_a_suppression_to_copy(absolute: Edit) -> None:
    entry = told(absolute.root).partition("with a reason:\n\n")[2]
    said = suppressed(absolute, entry.replace('reason = ""', 'reason = "the library is called so"'))
    assert said == f"{ALL_WELL}, 1 suppressed."


def test_a_suppression_silences_a_resource() -> None:
    entry = suppressions.Suppression("IAC-11", "CacheTable", "x", "a cache", TODAY, 1)
    assert entry.covers(Finding("IAC-11", "template.yaml", 3, "x", resource="CacheTable"))
    assert not entry.covers(Finding("IAC-11", "template.yaml", 3, "x", resource="Table"))
    assert not entry.covers(Finding("IAC-12", "template.yaml", 3, "x", resource="CacheTable"))
    assert not entry.covers(Finding("IAC-11", "template.yaml", 3, "y", resource="CacheTable"))


def test_every_finding_inside_a_resource_can_be_suppressed_by_its_name(
    rendered_samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = Edit(copy(rendered_samples["default"], tmp_path / "orders"), "default")
    template = edit.read("template.yaml")
    inside = template[: template.index("CodeUri: src/orders/app")].count("\n") + 1

    def without_names(service: Service) -> Iterator[Finding]:
        yield Finding("STR-05", "template.yaml", inside, "x")
        yield Finding("STR-05", "template.yaml", 1, "y")

    only = replace(lessons()["STR-05"], checks=[without_names])
    monkeypatch.setattr(gate, "lessons", lambda: {only.id: only})
    entry = SUPPRESSION.replace("imports lambda_pkg.settings absolutely", "x")
    edit.write("lessons.toml", entry.format(path="AppFunction"))
    outcome = gate.run(edit.root, TODAY)
    assert [(finding.message, finding.resource) for finding in outcome.findings] == [("y", None)]
    assert [finding.resource for finding, _entry in outcome.suppressed] == ["AppFunction"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (SUPPRESSION.replace("07-01", "06-30"), "the suppression of `STR-05` ended on 2026-06-30"),
        (SUPPRESSION.replace("2026-07-01", "2028-07-03"), "the suppression of `STR-05` ends on 2028-07-03, which is more than two years ahead"),
        (SUPPRESSION.replace("until = 2026-07-01", "until = '2027-01-01'"), "the suppression of `STR-05` has an `until` that is no date"),
        (SUPPRESSION.replace("until", "# until"), "the suppression of `STR-05` has no `until`"),
        (SUPPRESSION + "untill = 2027-01-01\n", "the suppression of `STR-05` has `untill`, which is not a key of it"),
        (SUPPRESSION.replace('"the library that it comes from is called the same"', '" "'), "has no `reason`"),
        (SUPPRESSION.replace("reason", "# reason"), "the suppression of `STR-05` has no `reason`"),
        (SUPPRESSION.replace("lesson", "# lesson"), "a suppression has no `lesson`"),
        (SUPPRESSION.replace("scope", "# scope"), "the suppression of `STR-05` has no `scope`"),
        (SUPPRESSION.replace("message", "# message"), "the suppression of `STR-05` has no `message`"),
        (SUPPRESSION.replace(".settings", ".other"), "matches nothing with its `message`: there is another violation, imports"),
        (SUPPRESSION.replace("STR-05", "STR-99"), "the suppression of `STR-99` names no lesson"),
        (SUPPRESSION.replace("STR-05", "STR-11"), "`STR-11` has no effect: `make lessons` does not check that"),
        (SUPPRESSION.replace("{path}", "src"), "the suppression of `STR-05` for `src` matches nothing"),
        (SUPPRESSION.replace("[[suppress]]", "[[supress]]"), "has something other than `[[suppress]]` entries"),
        (SUPPRESSION.replace("[[suppress]]", "[suppress]"), "has something other than `[[suppress]]` entries"),
        (SUPPRESSION + "]", "is not valid TOML"),
    ],
)  # fmt: skip
def test_a_suppression_that_is_wrong_fails(absolute: Edit, text: str, problem: str) -> None:
    said = suppressed(absolute, text)
    assert problem in said
    assert "lessons.toml:" in said
    assert "imports lambda_pkg.settings absolutely" in said, "it silences all the same"


def test_a_suppression_that_is_not_needed_any_more_fails(absolute: Edit) -> None:
    suppressed(absolute, SUPPRESSION)
    absolute.replace(
        "src/orders/app/lambda_pkg/index.py", "from lambda_pkg.settings", "from .settings"
    )
    said = told(absolute.root)
    assert said.startswith("lessons.toml:1  the suppression of `STR-05` for `src/orders/app")
    assert "matches nothing" in said


# ── What can go wrong ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "text", "problem"),
    [
        ("src/orders/app/lambda_pkg/broken.py", "def (:\n", "broken.py:1  is not valid Python"),
        (
            "src/orders/app/lambda_pkg/old.py",
            b'x = "Gr\xf6\xdfe"\n',
            "old.py  can't be read: 'utf-8'",
        ),
        ("template.yaml", "Resources: [\n", "template.yaml:2  is not valid YAML"),
        ("template.yaml", "Description: x\n", "template.yaml:1  has no mapping of Resources"),
        (".github/workflows/own.yml", "on: push\n  jobs: {}\n", "own.yml:2  is not valid YAML"),
        ("samconfig.toml", "version = \n", "samconfig.toml:1  is not valid TOML"),
        ("template.yaml", None, "template.yaml  is not there"),
        (".copier-answers.yml", None, ".copier-answers.yml  is not there"),
    ],
)
def test_a_file_that_can_not_be_read_is_told_once(
    rendered_samples: dict[str, Path],
    tmp_path: Path,
    path: str,
    text: str | bytes | None,
    problem: str,
) -> None:
    service = copy(rendered_samples["default"], tmp_path / "orders")
    if text is None:
        (service / path).unlink()
    else:
        (service / path).write_bytes(text.encode() if isinstance(text, str) else text)
    found = [finding for finding in gate.run(service, TODAY).findings if finding.path == path]
    assert [item.lesson for item in found] == [GATE]
    assert problem in told(service)


def test_a_dashboard_that_is_no_json_is_told(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    """CloudFormation would find out in the middle of a deployment."""
    edit = Edit(copy(rendered_samples["default"], tmp_path / "orders"), "default")
    edit.in_resource("Dashboard", '"Sum"}],\n', '"Sum"}],,\n')
    (finding,) = gate.run(edit.root, TODAY).findings
    assert (finding.lesson, finding.path) == (GATE, "template.yaml")
    assert finding.message.startswith("`DashboardBody` of `Dashboard` is not valid JSON")


def test_a_change_of_the_kit_is_told(rendered_samples: dict[str, Path], tmp_path: Path) -> None:
    """And not what Python keeps there by itself."""
    service = shutil.copytree(rendered_samples["default"], tmp_path / "orders")
    edit = Edit(service, "default")
    edit.write(".kit/kit/__pycache__/lock.cpython-313.pyc", "cached")
    assert gate.run(edit.root, TODAY).findings == []
    edit.append(".kit/kit/lock.py", "# mine\n")
    (finding,) = gate.run(edit.root, TODAY).findings
    assert (finding.lesson, finding.path) == (GATE, ".kit")
    assert "would discard the change" in finding.message


def test_a_lesson_is_one_file(rendered_samples: dict[str, Path], tmp_path: Path) -> None:
    service = shutil.copytree(rendered_samples["default"], tmp_path / "orders")
    kit = service / ".kit"
    (kit / "kit/lessons/STR_12.py").write_text(NEW_LESSON, "utf-8")
    (kit / digest.NAME).write_text(digest.digest(kit), "utf-8")
    assert f"{sum(CATALOGUE.values()) + 1} lessons, no violation" in lessons_in(service)
    (service / "src/orders/app/lambda_pkg/todo.py").write_text("x = 1\n", "utf-8")
    assert (
        "src/orders/app/lambda_pkg/todo.py:1  is an assignment\n"
        "  STR-12  No module assigns anything.\n"
        "  fix: Delete the assignment.\n" in lessons_in(service)
    )


def lessons_in(service: Path) -> str:
    """What `make lessons` prints in a service, by its own kit."""
    return run(sys.executable, ".kit", "lessons", cwd=service).stdout


def test_a_mark_of_the_byte_order_is_no_syntax_error(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    service = copy(rendered_samples["default"], tmp_path / "orders")
    for name in ("src/orders/app/lambda_pkg/utils/errors.py", "template.yaml"):
        (service / name).write_bytes(b"\xef\xbb\xbf" + (service / name).read_bytes())
    assert gate.run(service, TODAY).findings == []


def test_a_check_that_crashes_hides_no_other(
    absolute: Edit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashing(service: Service) -> Iterator[Finding]:
        service.text("samconfig.toml")
        raise KeyError("dev")

    broken = replace(lessons()["CD-01"], checks=[crashing])
    monkeypatch.setattr(gate, "lessons", lambda: {**lessons(), "CD-01": broken})
    said = told(absolute.root)
    assert "samconfig.toml  the check of CD-01 failed here: KeyError: 'dev'" in said
    assert "imports lambda_pkg.settings absolutely" in said


def test_a_linter_that_is_not_there_is_told_once(
    rendered_samples: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_known", {})
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    said = gate.run(rendered_samples["default"], TODAY).findings
    assert [(item.lesson, item.path, item.message, item.fix) for item in said] == [
        (GATE, "requirements-dev.txt", f"`{name}` did not start: No such file or directory", fix)
        for name in ("ruff", "zizmor")
        for fix in ["Run `make setup`."]
    ]


def test_whatever_is_in_template_yaml_no_check_crashes(
    rendered_samples: dict[str, Path], tmp_path: Path
) -> None:
    """What CloudFormation would refuse is the linters' business; the gate must survive it."""
    service = copy(rendered_samples["default"], tmp_path / "orders")
    odd = ["null", "[]", "{{}}", "text", "3", "!Ref Table", "[{{}}, [], null]", "{{Type: 3}}"]
    for number, value in enumerate(odd):
        value = value.format()
        entry = f"  Odd{number}: {value}\n  Odder{number}: {{Type: AWS::Serverless::Function, Properties: {value}}}\n"
        for key in ("Events", "Environment", "Policies", "CodeUri", "Handler", "Role", "Timeout"):
            entry += f"  Odd{key}{number}:\n    Type: AWS::Serverless::Function\n    Properties:\n      {key}: {value}\n"
        Edit(service, "default").replace("template.yaml", MARKER, f"{MARKER}\n{entry}")
    crashes = [
        finding for finding in gate.run(service, TODAY).findings if "failed here" in finding.message
    ]
    assert crashes == []


# ── The command ──────────────────────────────────────────────────────────────


def test_a_red_build_says_what_where_why_and_what_to_do(set_up: Callable[..., Path]) -> None:
    service = set_up(service_name="orders")
    assert run("make", "lessons", cwd=service).stdout.endswith(f"{ALL_WELL}.\n")
    index = service / "src/orders/app/lambda_pkg/index.py"
    text = index.read_text("utf-8").replace("from .settings", "from lambda_pkg.settings")
    index.write_text(text, "utf-8")
    line = text[: text.index("from lambda_pkg")].count("\n") + 1
    done = run("make", "lessons", cwd=service)
    assert done.returncode != 0
    assert (
        f"src/orders/app/lambda_pkg/index.py:{line}  imports lambda_pkg.settings absolutely\n"
        f"  STR-05  {lessons()['STR-05'].rule}\n"
        f"  fix: {lessons()['STR-05'].fix}\n" in done.stdout
    )
    assert re.search(r"^STR-05 +gate +violated \(1\) ", done.stdout, re.MULTILINE)
    assert re.search(r"^STR-11 +guide +not checked here ", done.stdout, re.MULTILINE)
    check("git", "checkout", "--quiet", ".", cwd=service)


def test_the_documents_are_made_from_the_registry() -> None:
    check(sys.executable, "docs/generate.py", "--check", cwd=ROOT)
