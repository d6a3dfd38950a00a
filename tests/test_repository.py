"""This repository: its rooms, its samples, its two commands."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from conftest import (
    COMPUTED,
    QUESTIONS,
    ROOT,
    SAMPLES,
    check,
    commit,
    long_lines,
    make_template,
    run,
    sample,
)
from kit.lessons import lessons


def test_the_top_of_the_repository_holds_what_it_should() -> None:
    """Nothing that somebody left there by mistake is shipped to whoever clones it."""
    names = {path.split("/")[0] for path in check("git", "ls-files", cwd=ROOT).splitlines()}
    assert names == {
        *(".ci", ".github", ".gitignore", ".npmrc", ".yamllint.yml", "CHANGELOG.md"),
        "CONTRIBUTING.md",
        *("LICENSE", "Makefile", "README.md", "common", "copier.yml", "docs", "features", "hooks"),
        "kit",
        *(
            "macros",
            "own",
            "package-lock.json",
            "package.json",
            "pyproject.toml",
            "template",
            "tests",
        ),
        *("triggers", "uv.lock"),
    }


@pytest.mark.parametrize("package", ["gate", "lessons", "functions"])
def test_what_delivery_uses_does_not_use_delivery(package: str) -> None:
    for path in (ROOT / "kit/src/kit" / package).rglob("*.py"):
        assert "kit.delivery" not in path.read_text("utf-8"), path


def test_releases_say_which_lessons_they_bring() -> None:
    """DOC-03: whoever updates knows what the gate will ask for."""
    text = " ".join((ROOT / "CHANGELOG.md").read_text("utf-8").split())
    said = {
        f"{family}-{number:02}"
        for family, first, last in re.findall(r"\b([A-Z]+)-(\d\d)(?: to [A-Z]+-(\d\d))?", text)
        for number in range(int(first), int(last or first) + 1)
    }
    assert said == lessons().keys()


def test_every_sample_is_rendered_by_ci() -> None:
    ci = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))
    rendered = ci["jobs"]["samples"]["strategy"]["matrix"]["sample"]
    assert rendered == sorted(path.stem for path in SAMPLES)
    assert ci["jobs"]["test"]["strategy"]["matrix"]["copier"] == ["9.19.1", "newest"]


def test_the_lowest_copier_is_the_same_everywhere() -> None:
    lowest = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))["_min_copier_version"]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["dependencies"] == [f"copier>={lowest},<10"]


def test_the_samples_cover_every_answer() -> None:
    """Both frameworks with and without a table, every Python version, both architectures."""
    answers = [sample(path) for path in SAMPLES]
    kinds = {(a.get("api_framework", "powertools"), a.get("table", True)) for a in answers}
    assert len(kinds) == 4
    assert {a.get("python_version", "3.13") for a in answers} == {"3.11", "3.12", "3.13", "3.14"}
    assert {a.get("architecture", "arm64") for a in answers} == {"arm64", "x86_64"}
    given = {name for answer in answers for name in answer}
    assert given == QUESTIONS.keys() - COMPUTED - {"more_questions", "seen"}


# ── make service ─────────────────────────────────────────────────────────────


@pytest.fixture
def clone(template: Path, tmp_path: Path) -> Path:
    """A fresh clone, but for the environment, which is this repository's."""
    check("git", "clone", "--quiet", template, tmp_path / "clone", cwd=tmp_path)
    (tmp_path / "clone" / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "clone" / ".git" / "info" / "exclude").write_text(".venv\n", "utf-8")
    return tmp_path / "clone"


def service(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("make", "--old-file=.venv/.copier", "service", *arguments, cwd=clone)


def test_make_service(clone: Path) -> None:
    done = service(
        clone, "DEST=../my orders", "ARGS=--defaults --skip-tasks --data service_name=orders"
    )
    assert done.returncode == 0, done.stdout
    answers = yaml.safe_load((clone.parent / "my orders/.copier-answers.yml").read_text("utf-8"))
    assert answers["_src_path"] == str(clone)  # not `.`, from where no update would come
    assert answers["_commit"] == "1.0.0"

    # And it can be updated from there.
    commit(clone.parent / "my orders")
    (clone / "template" / "NEWS.md").write_text("News.\n", "utf-8")
    commit(clone)
    check("git", "tag", "2.0.0", cwd=clone)
    check(
        *(ROOT / ".venv/bin/copier", "update", "--trust", "--defaults"),
        cwd=clone.parent / "my orders",
    )
    assert (clone.parent / "my orders" / "NEWS.md").exists()


def test_make_service_asks_where(clone: Path) -> None:
    done = service(clone)
    assert done.returncode != 0
    assert "make service DEST=../orders" in done.stdout


@pytest.mark.parametrize("destination", [".", "orders", "new/orders"])
def test_make_service_does_not_render_into_the_clone(clone: Path, destination: str) -> None:
    done = service(clone, f"DEST={destination}")
    assert done.returncode != 0
    assert "is in this clone" in done.stdout
    assert check("git", "status", "--porcelain", cwd=clone) == ""


def test_make_service_refuses_what_could_not_be_updated(clone: Path) -> None:
    (clone / "template" / "NEWS.md").write_text("News.\n", "utf-8")
    done = service(clone, "DEST=../orders", "ARGS=--defaults --skip-tasks")
    assert done.returncode != 0
    assert "changes that are not committed" in done.stdout
    assert not (clone.parent / "orders").exists()
    done = service(clone, "DEST=../orders", "ARGS=--defaults --skip-tasks", "ALLOW_DIRTY=1")
    assert done.returncode == 0
    assert (clone.parent / "orders" / "NEWS.md").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--data region=eu-west-1", 'no question "region". Did you mean aws_region?'),
        ("-d alarm_mail=a@example.com", "Did you mean alarm_email?"),
        ("-dbranch=trunk", "Did you mean dev_branch or prod_branch?"),
        ("--data=foo=1", "Its questions are: service_name, "),
        ("--data package_name=shop", 'no question "package_name"'),  # computed from others
        ("--data-file ../answers.yml", 'no question "regoin". Did you mean aws_region?'),
        ("--data-file ../none.yml", "../none.yml can't be read as answers"),
        ("--data table", '--data takes NAME=VALUE, and got "table"'),
        ("--data functions=app", '"app" is not of the form name:trigger'),
        ("--data python_version=2.7", "'2.7' is not in ['3.14'"),
    ],
)
def test_make_service_refuses_what_no_question_asks(clone: Path, options: str, said: str) -> None:
    (clone.parent / "answers.yml").write_text("regoin: eu-west-1\n", "utf-8")
    done = service(clone, "DEST=../orders", f"ARGS=--defaults --skip-tasks {options}")
    assert done.returncode != 0
    assert said in done.stdout
    assert "Traceback" not in done.stdout
    assert not (clone.parent / "orders").exists()


def test_make_service_says_that_a_folder_gives_no_name(clone: Path) -> None:
    done = service(clone, "DEST=../json", "ARGS=--defaults --skip-tasks")
    assert done.returncode != 0
    assert "The folder has no valid name for a service." in done.stdout
    assert "Pass one: --data service_name=orders-api" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("DST=../orders", "Did you mean DEST?"),
        ("TEMPLAT=gh:example/template", "Did you mean TEMPLATE?"),
        ("dest=../orders", "Did you mean DEST?"),
        ("QUICK=1", "`make` lists what each command takes"),
    ],
)
def test_a_variable_that_nothing_reads_is_refused(clone: Path, given: str, said: str) -> None:
    done = service(clone, "DEST=../shop", given, "ARGS=--defaults --skip-tasks")
    assert done.returncode != 0
    assert f"{given} has no effect" in done.stdout
    assert said in done.stdout
    assert not (clone.parent / "shop").exists()


def test_make_service_from_a_template_elsewhere(clone: Path, template: Path) -> None:
    (clone / "notes").write_text("a change here does not matter\n", "utf-8")
    done = service(clone, "DEST=../orders", f"TEMPLATE={template}", "ARGS=--defaults --skip-tasks")
    assert done.returncode == 0, done.stdout
    answers = yaml.safe_load((clone.parent / "orders/.copier-answers.yml").read_text("utf-8"))
    assert (answers["_src_path"], answers["_commit"]) == (str(template), "1.0.0")


@pytest.mark.parametrize(
    ("origin", "is_reached"),
    [
        ("https://example.com/platform/template.git", True),
        ("ssh://git@example.com/platform/template.git", True),
        ("git@example.com:platform/template.git", True),
        ("/home/jo/template", False),
        ("../template", False),
        ("file:///home/jo/template", False),
    ],
)
def test_a_service_comes_from_where_others_reach_it(
    clone: Path, origin: str, is_reached: bool
) -> None:
    """_src_path is no path on somebody's laptop, if that can be helped."""
    check("git", "remote", "set-url", "origin", origin, cwd=clone)
    command = service(clone, "-n", "DEST=../orders").stdout.splitlines()[-1]
    assert f'"{origin if is_reached else clone}" "../orders"' in command
    to_throw_away = service(clone, "-n", "DEST=../orders", "ALLOW_DIRTY=1").stdout
    assert f'"{clone}" "../orders"' in to_throw_away.splitlines()[-1]


def test_make_service_says_that_others_do_not_reach_it(clone: Path) -> None:
    done = service(clone, "DEST=../orders", "ARGS=--defaults --skip-tasks")
    assert f"Updates will come from this clone, {clone}." in done.stdout


def test_make_service_from_nothing(tmp_path: Path) -> None:
    """The first command of the README, on a machine with git, make and Python, in a clone."""
    clone = make_template(tmp_path / "clone with spaces")
    check(
        *("make", "service", "DEST=../orders"),
        "ARGS=--defaults --skip-tasks --data service_name=orders",
        cwd=clone,
    )
    assert (tmp_path / "orders" / "template.yaml").exists()
    assert check("git", "status", "--porcelain", cwd=clone) == ""


def test_the_readme_is_made_from_its_sources() -> None:
    """The questions, the tree and the picture are what copier.yml and a service say."""
    check(sys.executable, "docs/generate.py", "--check", cwd=ROOT)


@pytest.mark.parametrize(
    "document",
    ["README.md", "CONTRIBUTING.md", "docs/maintaining.md", "docs/rooms.md", "docs/tried.md"],
)
def test_documents_name_commands_and_files_that_exist(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    makefiles = (ROOT / "Makefile", ROOT / "template" / "Makefile")
    targets = {
        target
        for makefile in makefiles
        for target in re.findall(r"^([a-z-]+):.*##", makefile.read_text("utf-8"), re.MULTILINE)
    }
    assert set(re.findall(r"(?:^|[`$] ?)make ([a-z-]+)", text, re.MULTILINE)) <= targets
    for link in re.findall(r"\]\(([^):#]+)[)#]", text):
        assert ((ROOT / document).parent / link).exists(), link


def test_prose_is_wrapped() -> None:
    """At 100 columns; docs/lessons-table.md is a table."""
    documents = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    documents += (ROOT / "docs").rglob("*.md")
    long = {
        path.name: lines for path in documents if (lines := long_lines(path.read_text("utf-8")))
    }
    assert not long


def test_help_lists_every_target() -> None:
    help_text = check("make", cwd=ROOT)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    for target in phony.split():
        assert f"  make {target} " in help_text


def test_the_list_of_decisions_has_their_titles() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = re.findall(
        r"(?m)^\| \[(\d+)\]\((.+?)\) \| (.*) \|$", (folder / "README.md").read_text("utf-8")
    )
    expected = []
    for path in sorted(folder.glob("0*.md")):
        number, _, title = (
            path.read_text("utf-8").partition("\n")[0].removeprefix("# ").partition(". ")
        )
        expected.append((f"{int(number):04}", path.name, title))
    assert listed == expected
