"""A later template meets a service that people have made their own."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import VcsRef, run_update

from conftest import ROOT, check, commit, declared, make_template, release, render, run, tree

INDEX = "src/orders/app/lambda_pkg/index.py"
MINE = "# mine\n"
ANSWERS_TEMPLATE = "template/{{ _copier_conf.answers_file }}.jinja"


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """A template of its own, at 1.0.0, for tests that release a later one."""
    return make_template(tmp_path / "template")


@pytest.fixture
def service(releases: Path, tmp_path: Path) -> Path:
    """A service of 1.0.0, committed."""
    folder = render(releases, tmp_path / "orders", service_name="orders")
    commit(folder, "Start orders")
    return folder


@pytest.fixture
def unchanged(template: Path, tmp_path: Path) -> Path:
    """The same, for tests that release nothing later."""
    folder = render(template, tmp_path / "orders", service_name="orders")
    commit(folder, "Start orders")
    return folder


def update(service: Path, vcs_ref: str | VcsRef | None = None, **answers: Any) -> None:
    """`copier update --trust --defaults`, with new answers."""
    run_update(
        service,
        data=declared(answers),
        vcs_ref=vcs_ref,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
        context_lines=100_000,
    )


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


def changed(service: Path) -> set[str]:
    """What an update left to review."""
    lines = check("git", "status", "--porcelain", "-uall", cwd=service).splitlines()
    return {line[3:] for line in lines}


def test_the_source_of_updates_is_recorded(unchanged: Path, template: Path) -> None:
    answers = yaml.safe_load((unchanged / ".copier-answers.yml").read_text("utf-8"))
    assert (answers["_src_path"], answers["_commit"]) == (str(template), "1.0.0")
    assert answers["seen"] == ["app"]


def test_what_a_user_owns_is_not_touched(service: Path, releases: Path) -> None:
    """Not changed, not deleted, not brought back, whatever the template does."""
    append(service / INDEX, MINE)
    (service / "tests/unit/app/test_items.py").unlink()
    (service / "src/orders/app/lambda_pkg/services/prices.py").write_text(MINE, "utf-8")
    append(service / "CHANGELOG.md", "- Mine.\n")
    commit(service)
    before = tree(service)

    room = releases / "triggers" / "api"
    append(room / "powertools/lambda_pkg/index.py.jinja", "# the template's\n")
    append(releases / "common/requirements.txt", "# the template's\n")
    append(room / "table/events/get-item.json.jinja", "\n")
    append(releases / "template" / "CHANGELOG.md", "- The template's.\n")
    (room / "lambda_pkg/utils/errors.py").unlink()
    release(releases, "2.0.0")
    update(service)

    # The function that tries others is the template's own.
    of_the_template = {".copier-answers.yml", "src/orders/traffic_check/requirements.txt"}
    assert changed(service) == of_the_template
    assert {path: text for path, text in tree(service).items() if path in before} == {
        **before,
        **{path: (service / path).read_bytes() for path in of_the_template},
    }


def test_what_the_template_owns_is_merged(service: Path, releases: Path) -> None:
    replace(service / "Makefile", "ENV ?= dev", "ENV ?= dev\nMINE ?= 1")
    commit(service)
    append(releases / "template" / "Makefile", "\n# A later target.\n")
    append(releases / "kit/src/kit/setup.py", "# later\n")
    release(releases, "2.0.0")
    update(service)
    makefile = (service / "Makefile").read_text("utf-8")
    assert "MINE ?= 1" in makefile
    assert "# A later target." in makefile
    assert changed(service) == {".copier-answers.yml", "Makefile", ".kit/kit/setup.py"}


ADDITIONS = {
    "  # Your own parameters go here.\n": "  Mine:\n    Type: String\n    Default: x\n",
    "  # ── Your own resources go here ──\n": "\n  MyQueue:\n    Type: AWS::SQS::Queue\n",
    "  # Your own outputs go here.\n": "\n  Mine:\n    Value: mine\n",
}


def test_additions_to_the_template_survive_at_the_marked_places(
    service: Path, releases: Path
) -> None:
    for place, addition in ADDITIONS.items():
        replace(service / "template.yaml", place, place + addition)
    commit(service)
    for path in ("features/alarms/resources.yaml.jinja", "features/budget/resources.yaml.jinja"):
        replace(releases / path, "    Properties:\n", "    # later\n    Properties:\n")
    release(releases, "2.0.0")
    update(service, functions="app:api, admin:api", alarm_email="oncall@example.com")
    text = (service / "template.yaml").read_text("utf-8")
    for place, addition in ADDITIONS.items():
        assert place + addition in text
    assert "# later" in text
    assert "AdminFunction:" in text
    assert "<<<<<<<" not in text
    assert check("git", "ls-files", "-u", cwd=service) == ""


def test_a_function_can_be_added_and_keeps_its_files_when_it_is_taken_out(
    unchanged: Path, template: Path, tmp_path: Path
) -> None:
    service = unchanged
    append(service / INDEX, MINE)
    commit(service)
    update(service, VcsRef.CURRENT, functions="app:api, admin:api")
    expected = tree(
        render(template, tmp_path / "fresh", service_name="orders", functions="app:api, admin:api")
    )
    expected[INDEX] += MINE.encode()
    assert tree(service) == expected
    append(service / "src/orders/admin/lambda_pkg/index.py", MINE)
    commit(service)
    update(service, VcsRef.CURRENT, functions="app:api")
    assert (service / "src/orders/admin/lambda_pkg/index.py").read_text("utf-8").endswith(MINE)
    assert "AdminFunction" not in (service / "template.yaml").read_text("utf-8")


@pytest.mark.parametrize(
    "answers",
    [
        {
            "service_description": 'Now "it\'s" {{ different }}: 100 %',
            "python_version": "3.12",
            "architecture": "x86_64",
            "aws_region": "eu-north-1",
            "github_repository": "example/orders",
            "dev_branch": "next",
            "prod_branch": "release",
            "monthly_budget_usd": "0",
        },
        {
            "alarm_email": "oncall@example.com",
            "alarm_chat_webhook": "chat-webhook",
            "secrets": "twilio-api-key:app",
            "jwt_issuer": "https://login.example.com/",
            "jwt_audience": "orders",
            "private_index": "acme/python",
        },
        {"table": False},
    ],
    ids=lambda answers: next(iter(answers)),
)
def test_answers_that_can_be_changed_later(
    unchanged: Path, template: Path, tmp_path: Path, answers: dict[str, Any]
) -> None:
    """As if they had been given at first, but for what a user owns by now."""
    service = unchanged
    before = tree(service)
    update(service, VcsRef.CURRENT, **answers)
    fresh = tree(render(template, tmp_path / "fresh", service_name="orders", **answers))
    owned = ("src/orders/app/", "events/app/", "tests/unit/app/", "tests/integration/app/")
    after = tree(service)
    for path in after.keys() | fresh.keys():
        if path.startswith(owned):
            assert after.get(path) == before.get(path), path
        else:
            assert after.get(path) == fresh.get(path), path


def test_secrets_that_every_function_read_are_written_out(releases: Path, tmp_path: Path) -> None:
    """A list without functions is what the answer was. No function loses what it reads."""
    new = {path: (releases / path).read_text("utf-8") for path in ("copier.yml", ANSWERS_TEMPLATE)}
    replace(releases / "copier.yml", "{{ secrets_problem(secrets, functions) }}", "")
    replace(releases / ANSWERS_TEMPLATE, "seen=seen, secrets=", "seen=seen, unused=")
    commit(releases)
    check("git", "tag", "--force", "1.0.0", cwd=releases)
    functions = "app:api, jobs:queue"
    service = render(
        releases,
        tmp_path / "orders",
        service_name="orders",
        functions=functions,
        secrets="one, two",
    )
    assert "one, two" in (service / ".copier-answers.yml").read_text("utf-8")
    commit(service)
    for path, text in new.items():
        (releases / path).write_text(text, "utf-8")
    release(releases, "2.0.0")
    update(service)
    answers = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8"))
    assert answers["secrets"] == "one:app, one:jobs, two:app, two:jobs"
    template = (service / "template.yaml").read_text("utf-8")
    assert (template.count(" ONE_SECRET: "), template.count(" TWO_SECRET: ")) == (2, 2)
    assert check("git", "ls-files", "-u", cwd=service) == ""


def test_make_update(service: Path, releases: Path) -> None:
    """Whatever git is configured to do with blanks at the ends of lines."""
    replace(service / "Makefile", "ENV ?= dev", "ENV ?= dev \nMINE ?= 1")
    commit(service)
    check("git", "config", "apply.whitespace", "error", cwd=service)
    append(releases / "template" / "Makefile", "\n# A later target.\n")
    release(releases, "2.0.0")
    (service / ".venv/bin").mkdir(parents=True)
    (service / ".venv/bin/python").symlink_to(sys.executable)
    (service / ".venv/.ready").touch()
    command = ("make", f"COPIER_PYTHON={sys.executable} {ROOT}/tests/renders.py", "update")
    missing = run(*command, "TO=9.9.9", cwd=service)
    assert missing.returncode
    assert "could not be rendered" in missing.stdout
    assert changed(service) == set()
    said = check(*command, cwd=service)
    assert said.startswith("Updated from 1.0.0 to 2.0.0 of the template.\n")
    assert "  Makefile\n" in said
    makefile = (service / "Makefile").read_text("utf-8")
    assert "MINE ?= 1" in makefile
    assert "# A later target." in makefile
    commit(service)
    assert "2.0.0, the newest version" in check(*command, cwd=service)
    append(service / "Makefile", "# not committed\n")
    done = run(*command, cwd=service)
    assert done.returncode
    assert "There are changes that are not committed" in done.stdout


def test_an_update_to_the_same_release_changes_nothing(unchanged: Path) -> None:
    update(unchanged)
    assert changed(unchanged) == set()


def test_an_update_keeps_any_text_and_sets_nothing_up(orders: Callable[..., Path]) -> None:
    description = "{{ 1 + 1 }} {% raw %} 'it' \"is\" 🛒 #"
    service = orders(service_description=description)
    commit(service, "Start orders")
    update(service, VcsRef.CURRENT, alarm_email="oncall@example.com")
    answers = yaml.safe_load((service / ".copier-answers.yml").read_text("utf-8"))
    assert answers["service_description"] == description
    assert not (service / ".venv").exists()
    assert check("git", "log", "--format=%s", cwd=service) == "Start orders\n"
