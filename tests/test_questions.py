"""Every question: what it accepts, what it refuses, and how it says so."""

from __future__ import annotations

import json
import keyword
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from copier import run_copy
from copier.errors import CopierError
from hypothesis import given
from hypothesis import strategies as st

from conftest import COMPUTED, QUESTIONS, ROOT, declared, render
from kit.lessons.CD_12 import WITHOUT_BUDGETS
from places import JINJA, ROOMS
from test_render import resources

RULES: Any = JINJA.get_template("macros/rules.jinja").module

ACCEPTED = [
    ("service_name", "pay"),
    ("service_name", "orders-api"),
    ("service_name", "a1-b2-c3"),
    ("service_name", "devices-product"),
    ("service_name", "x" * 19),
    ("service_description", "x"),
    ("service_description", "x" * 120),
    ("service_description", '"It\'s" 100 %: #1 {{ x }} {% y %} 👨‍👩‍👧 طلبات \\ `z`'),
    ("functions", "app:api"),
    ("functions", " app : api , admin_area:api "),
    ("functions", "ab:api"),
    ("functions", "device:api, products:queue, dev2:topic"),
    ("functions", "a" * 24 + ":api"),
    ("functions", "api:api, table:api"),
    ("functions", "x1:event,x2:schedule,x3:queue,x4:stream,x5:bucket,x6:topic"),
    ("functions", "a" * 24 + ":queue"),
    ("schedule_expression", "rate(1 minute)"),
    ("schedule_expression", "rate(12 hours)"),
    ("schedule_expression", "cron(0 3 * * ? *)"),
    ("schedule_expression", "cron(0/5 8-17 ? * MON-FRI *)"),
    ("schedule_expression", "cron(15 10 ? * 6L 2026-2030)"),
    ("schedule_time_zone", "UTC"),
    ("schedule_time_zone", "Europe/Berlin"),
    ("schedule_time_zone", "America/Argentina/Buenos_Aires"),
    ("api_framework", "powertools"),
    ("api_framework", "fastapi"),
    ("aws_region", "eu-central-2"),
    ("table", False),
    ("python_version", "3.11"),
    ("python_version", "3.14"),
    ("architecture", "x86_64"),
    ("github_repository", "a/b"),
    ("github_repository", "Example-Org/an.order_service-2"),
    ("github_repository", "x" * 39 + "/" + "y" * 100),
    ("dev_branch", "dev/next+1"),
    ("dev_branch", "entwicklung-ü"),
    ("prod_branch", "release"),
    ("secrets", ""),
    ("secrets", "twilio-api-key:app"),
    ("secrets", "twilio-api-key:app, stripe:app, x2:app"),
    ("alarm_chat_webhook", ""),
    ("alarm_chat_webhook", "chat-webhook"),
    ("jwt_issuer", ""),
    ("jwt_issuer", "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_EXAMPLE"),
    ("jwt_audience", "4a5b6c"),
    ("jwt_audience", "https://api.example.com/"),
    ("alarm_email", ""),
    ("alarm_email", "on.call+orders@mail.example.com"),
    ("monthly_budget_usd", "0"),
    ("monthly_budget_usd", "1000000"),
    ("private_index", ""),
    ("private_index", "acme/python"),
    ("private_index", "a1/B2"),
    ("private_index", "a" + "-" * 48 + "9/" + "Py._-" * 20),
]

REFUSED = [
    ("service_name", "", "Not kebab-case like orders-api: 3 to 19"),
    ("service_name", "ab", "Not kebab-case like orders-api: 3 to 19"),
    ("service_name", "x" * 20, "Not kebab-case like orders-api: 3 to 19"),
    ("service_name", "1orders", "starting with a letter"),
    ("service_name", "Orders", "lower-case letters"),
    ("service_name", "orders_api", "like orders-api"),
    ("service_name", "orders-dev", "No dev, prod or infra as a word"),
    ("service_name", "prod-orders", "No dev, prod or infra as a word"),
    ("service_name", "my-infra", "No dev, prod or infra as a word"),
    ("service_name", "orders-", "single dashes"),
    ("service_name", "orders--api", "single dashes"),
    ("service_name", "orders\n", "kebab-case"),
    ("service_name", "lambda", '"lambda" is a Python keyword'),
    ("service_name", "json", "standard-library module"),
    ("service_name", "py-compile", '"py_compile" is a Python keyword'),
    (
        "service_name",
        "tests",
        "a word that AWS, YAML, the layout or an installed package already uses",
    ),
    ("service_name", "boto3", "already uses"),
    ("service_name", "con", '"con" is a device on Windows'),
    ("service_name", "lpt1", "no folder can have that name"),
    ("service_name", "sthree-orders", "S3 reserves such names of buckets"),
    ("service_name", "amzn-s3-demo-x", "S3 reserves such names of buckets"),
    ("service_name", "xn--orders", "single dashes"),
    ("functions", "nul:api", '"nul" is a device on Windows'),
    ("functions", "app:api, com1:queue", "no folder can have that name"),
    ("service_name", "null", "already uses"),
    ("service_description", "", "Not 1 to 120 printable characters on one line"),
    ("service_description", "   ", "Not 1 to 120 printable characters on one line"),
    ("service_description", "x" * 121, "Example: Takes orders"),
    ("service_description", "two\nlines", "one line"),
    ("service_description", "tab\there", "printable"),
    ("service_description", "bell\a", "printable"),
    ("service_description", "line\u2028separator", "printable"),
    ("service_description", "\u202eoverride", "printable"),
    ("functions", "", '"" is not of the form name:trigger'),
    ("functions", "app", '"app" is not of the form name:trigger'),
    ("functions", "app:api,", "Functions are separated by commas"),
    ("functions", "app:api:x", "is not of the form name:trigger"),
    ("functions", "a:api", "is not snake_case: 2 to 24"),
    ("functions", "a" * 25 + ":api", "is not snake_case: 2 to 24"),
    ("functions", "App:api", "lower-case letters"),
    ("functions", "my-app:api", "single underscores"),
    ("functions", "my__app:api", "single underscores"),
    ("functions", "app_:api", "single underscores"),
    ("functions", "_app:api", "starting with a letter"),
    ("functions", "app:api,app:api", '"app" comes twice'),
    ("functions", "app_1:api,app1:api", "differ by more than underscores"),
    ("functions", "sync_dev:api", '"sync_dev" has dev or prod as a word'),
    ("functions", "app:api, prod:queue", '"prod" has dev or prod as a word'),
    ("functions", "a_prod_job:queue", "(STR-01)"),
    ("functions", "lambda:api", '"lambda" is a Python keyword'),
    ("functions", "queue:api", "a Python keyword or standard-library module"),
    ("functions", "lambda_pkg:api", "already uses"),
    ("functions", "on:api", "already uses"),
    ("functions", "app:cron", '"cron" is not a trigger. Triggers: api'),
    ("functions", "app:queue, app_dead_letter:queue", "is the name of another function"),
    ("functions", "app:api, app_dead_letters:queue", "is the name of another function"),
    ("functions", "alarm:topic", "already uses"),
    ("api_framework", "flask", "Invalid choice"),
    ("schedule_expression", "rate(30 seconds)", "Less than a minute apart"),
    ("schedule_expression", "rate(0.5 seconds)", "(EVT-07)"),
    ("schedule_expression", "rate(0 minutes)", "Not rate(...) or cron(...)"),
    ("schedule_expression", "rate(5)", "Examples: rate(5 minutes)"),
    ("schedule_expression", "rate(1.5 minutes)", "Not rate(...) or cron(...)"),
    ("schedule_expression", "0 3 * * *", "Not rate(...) or cron(...)"),
    ("schedule_expression", "cron(0 3 * * * *)", "a question mark"),
    ("schedule_expression", "cron(0 3 * * ?)", "Not six fields: minutes, hours"),
    ("schedule_expression", "cron(0 2 * * *)", "Not six fields: minutes, hours"),
    ("schedule_expression", "cron(0 3 ? * # *)", "Not rate(...) or cron(...)"),
    ("schedule_expression", "cron(0 3 ? * #2 *)", "Not rate(...) or cron(...)"),
    ("schedule_expression", "at(2026-01-02T03:04:05)", "Not rate(...) or cron(...)"),
    ("schedule_time_zone", "", "Not a time zone like UTC"),
    ("schedule_time_zone", "CET+1", "of the IANA database"),
    ("alarm_chat_webhook", "https://chat.example.com/hooks/1", "Not the name of a secret"),
    ("alarm_chat_webhook", "Chat", "Never the address itself"),
    ("functions", "chat_notifier:queue", "already uses"),
    ("functions", "traffic_check:queue", "already uses"),
    ("functions", "artifacts:bucket", "already uses"),
    ("jwt_issuer", "http://login.example.com/", "Not an https address of an issuer"),
    ("jwt_issuer", "login.example.com", "or nothing for a public API"),
    ("jwt_issuer", "https://a b", "Not an https address"),
    ("jwt_audience", "", "Not an audience"),
    ("jwt_audience", "a b", "1 to 200 letters"),
    ("aws_region", "eu-west-9", '"eu-west-9" is not an AWS Region'),
    ("aws_region", "", "Example: eu-west-1"),
    ("aws_region", "cn-north-1", "is not an AWS Region"),
    ("python_version", "3.10", "Invalid choice"),
    ("architecture", "arm", "Invalid choice"),
    ("github_repository", "orders", "Not like your-org/orders"),
    ("github_repository", "-org/orders", "single dashes"),
    ("github_repository", "my--org/orders", "single dashes"),
    ("github_repository", "org/orders.git", "without .git"),
    ("github_repository", "org/..", "GitHub's rules"),
    ("github_repository", "org/a b", "Not like your-org/orders"),
    ("github_repository", "x" * 40 + "/orders", "up to 39 letters"),
    ("dev_branch", "", "is not a branch name by git's rules"),
    ("dev_branch", "a b", '"a b" is not a branch name'),
    ("dev_branch", "-x", "git help check-ref-format"),
    ("dev_branch", "a..b", "Example: develop"),
    ("dev_branch", "x.lock", "is not a branch name"),
    ("dev_branch", "main", 'dev has "main" already'),
    ("prod_branch", "develop", 'dev has "develop" already'),
    ("prod_branch", "a\\b", "is not a branch name"),
    ("prod_branch", "develop/x", "two branches deploy to two environments"),
    ("dev_branch", "a${{github.token}}", "is not a branch name"),
    ("secrets", "Twilio", '"Twilio" is not kebab-case'),
    ("secrets", "a", "is not kebab-case: 2 to 32"),
    ("secrets", "x" * 33, "is not kebab-case: 2 to 32"),
    ("secrets", "twilio,", "several are separated by commas"),
    ("secrets", "twilio:", 'No function "" to read "twilio"'),
    ("secrets", "twilio:app:jobs", "not of the form secret:function"),
    ("secrets", "twilio:ap", 'No function "ap" to read "twilio": the functions are app. Example'),
    ("secrets", "twilio,twilio:app", '"twilio:app" comes twice'),
    ("secrets", ",".join(f"s{n}x" for n in range(21)), "More than 20 secrets do not fit"),
    ("alarm_email", "nobody", '"nobody" is not an e-mail address'),
    ("alarm_email", "a@b", "Example: oncall@example.com"),
    ("alarm_email", "a b@example.com", "or nothing for no e-mail"),
    ("monthly_budget_usd", "-1", "Not a whole number like 20"),
    ("monthly_budget_usd", "1000001", "0 (none) to 1000000"),
    ("monthly_budget_usd", "many", "Not a whole number like 20"),
    ("monthly_budget_usd", "9.5", "US dollars a month"),
    ("private_index", "acme", "Not domain/repository of CodeArtifact, or nothing"),
    ("private_index", "acme/python/simple", "Example: acme/python"),
    ("private_index", "https://pypi.example.com/simple", "Not domain/repository"),
    ("private_index", "a/python", "Domain: 2 to 50 of a-z, 0-9 and -"),
    ("private_index", "Acme/python", "a letter first"),
    ("private_index", "acme-/python", "Domain: 2 to 50"),
    ("private_index", "a" * 51 + "/python", "Domain: 2 to 50"),
    ("private_index", "acme/p", "Repository: 2 to 100 letters"),
    ("private_index", "acme/.python", "digits and . _ -"),
    ("private_index", "acme/" + "p" * 101, "Repository: 2 to 100"),
    ("private_index", "acme/python\n", "Repository: 2 to 100"),
]


def ask(template: Path, folder: Path, answers: dict[str, Any]) -> dict[str, Any]:
    """Give answers as `copier copy --data` does, and return those that the service records."""
    run_copy(
        str(template),
        folder / "orders",
        data=declared(answers),
        defaults=True,
        skip_tasks=True,
        quiet=True,
    )
    recorded: dict[str, Any] = yaml.safe_load(
        (folder / "orders" / ".copier-answers.yml").read_text("utf-8")
    )
    return recorded


@pytest.mark.parametrize(("question", "answer"), ACCEPTED)
def test_accepted(template: Path, tmp_path: Path, question: str, answer: object) -> None:
    assert ask(template, tmp_path, {question: answer})[question] == answer


@pytest.mark.parametrize(("question", "answer", "message"), REFUSED)
def test_refused(
    template: Path, tmp_path: Path, question: str, answer: object, message: str
) -> None:
    with pytest.raises((CopierError, ValueError)) as refusal:
        ask(template, tmp_path, {question: answer})
    assert message in str(refusal.value)
    assert not (tmp_path / "orders").exists()


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (question, prefix + "ü" * 100_000)
        for question in sorted(QUESTIONS)
        if "validator" in QUESTIONS[question] and question != "table"
        for prefix in ("", "app:", "a,")
    ],
)
def test_a_refusal_repeats_no_long_answer(
    template: Path, tmp_path: Path, question: str, answer: str
) -> None:
    with pytest.raises((CopierError, ValueError)) as refusal:
        ask(template, tmp_path, {question: answer})
    assert len(str(refusal.value)) < 700


def test_a_number_sign_in_a_schedule_is_no_comment(template: Path, tmp_path: Path) -> None:
    third_friday = "cron(0 3 ? * FRI#3 *)"
    service = render(
        template,
        tmp_path / "orders",
        service_name="orders",
        functions="nightly:schedule",
        schedule_expression=third_friday,
    )
    (event,) = resources(service, "AWS::Serverless::Function")["NightlyFunction"]["Events"].values()
    assert event["Properties"]["ScheduleExpression"] == third_friday


@pytest.mark.parametrize("trigger", ["stream"])
def test_a_trigger_that_needs_the_table_is_refused_without(
    template: Path, tmp_path: Path, trigger: str
) -> None:
    """Whichever of the two is answered first."""
    with pytest.raises(ValueError, match='"watcher" needs the table: a stream function reads it'):
        ask(template, tmp_path, {"table": False, "functions": f"app:api, watcher:{trigger}"})
    problem = RULES.table_problem(False, f"app:api, watcher:{trigger}")
    assert problem.strip().startswith("Needed by: watcher. Answer yes")
    assert not RULES.table_problem(False, "app:api, worker:queue").strip()
    assert not RULES.table_problem(True, f"watcher:{trigger}").strip()


@pytest.mark.parametrize(
    ("functions", "given", "recorded"),
    [
        ("app:api", "twilio-api-key", "twilio-api-key:app"),
        ("app : api", " twilio-api-key ,stripe : app", "twilio-api-key:app, stripe:app"),
        ("app:api, jobs:queue", "stripe:app,stripe:jobs", "stripe:app, stripe:jobs"),
    ],
)
def test_a_secret_is_recorded_with_its_function(
    template: Path, tmp_path: Path, functions: str, given: str, recorded: str
) -> None:
    """So that one which comes later gets nothing by accident."""
    answers = ask(template, tmp_path, {"functions": functions, "secrets": given})
    assert answers["secrets"] == recorded


def test_with_several_functions_a_secret_names_its_own(template: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match='"stripe" needs its function, one of app, jobs'
    ) as refusal:
        ask(template, tmp_path, {"functions": "app:api, jobs:queue", "secrets": "stripe"})
    assert str(refusal.value).endswith("Example: stripe:jobs")
    fits = ",".join(f"s{n}x:{fn}" for n in range(20) for fn in ("app", "jobs"))
    assert not RULES.secrets_problem(fits, "app:api, jobs:queue").strip()


def test_a_bucket_has_a_name_that_fits(template: Path, tmp_path: Path) -> None:
    """With the account and the environment it has at most 63 characters, with the longest names."""
    longest = {"service_name": "x" * 19, "functions": "u" * 24 + ":bucket"}
    assert ask(template, tmp_path, longest)["functions"] == longest["functions"]
    assert len(f"{'x' * 19}-{'u' * 24}-111122223333-prod") <= 63


def test_every_question_is_tested() -> None:
    asked = QUESTIONS.keys() - COMPUTED - {"more_questions", "seen"}
    assert {question for question, _ in ACCEPTED} == asked
    yes_or_no = {name for name in asked if QUESTIONS[name]["type"] == "bool"}
    assert {question for question, _, _ in REFUSED} == asked - yes_or_no


@pytest.mark.parametrize("name", sorted(QUESTIONS.keys() - COMPUTED - {"seen"}))
def test_every_question_has_help_and_a_default(name: str) -> None:
    question = QUESTIONS[name]
    assert question["help"].strip()
    # Copier's prompt cuts longer lines off in a terminal of 80 columns.
    shown = JINJA.from_string(question["help"]).render(triggers=QUESTIONS["triggers"]["default"])
    assert max(map(len, shown.splitlines())) <= 76
    help_text = " ".join(shown.split())
    assert "be changed" in help_text or name == "functions"
    assert "default" in question
    assert "validator" in question or "choices" in question or question["type"] == "bool"


def test_refused_on_the_command_line(template: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "copier", "copy", "--defaults", "--skip-tasks"]
        + ["--data", "service_name=json", str(template), str(tmp_path / "orders")],
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "standard-library module" in done.stderr
    assert not (tmp_path / "orders").exists()


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("shop-api", "shop-api"),
        ("Shop_API", "shop-api"),
        ("InvoiceReminders", "invoice-reminders"),
        ("HTTPProxy2", "http-proxy2"),
        ("my_service", "my-service"),
        ("My Service", "my-service"),
    ],
)
def test_the_folder_proposes_the_name(
    template: Path, tmp_path: Path, folder: str, name: str
) -> None:
    run_copy(str(template), tmp_path / folder, defaults=True, skip_tasks=True, quiet=True)
    answers = yaml.safe_load((tmp_path / folder / ".copier-answers.yml").read_text("utf-8"))
    assert answers["service_name"] == name


@pytest.mark.parametrize("folder", ["json", "Küche", "orders_dev", "xy", "RemindersOfOpenInvoices"])
def test_a_folder_that_gives_no_name_stops_the_run(
    template: Path, tmp_path: Path, folder: str
) -> None:
    with pytest.raises(ValueError, match="The folder has no valid name for a service") as refusal:
        run_copy(str(template), tmp_path / folder, defaults=True, skip_tasks=True, quiet=True)
    assert str(refusal.value).endswith("Pass one: --data service_name=orders-api")
    assert not (tmp_path / folder).exists()


def test_questions_that_few_need_are_recorded_too(template: Path, tmp_path: Path) -> None:
    recorded = ask(template, tmp_path, {})
    assert {name for name in recorded if not name.startswith("_")} == QUESTIONS.keys() - COMPUTED


def test_without_an_api_function_its_framework_is_not_asked() -> None:
    asked = JINJA.from_string(QUESTIONS["api_framework"]["ask"])
    assert asked.render(functions="nightly:schedule, app : api") == "True"
    assert asked.render(functions="nightly:schedule,api:queue") == "False"


@pytest.mark.parametrize("question", ["schedule_expression", "schedule_time_zone"])
def test_without_a_schedule_function_no_schedule_is_asked(question: str) -> None:
    asked = JINJA.from_string(QUESTIONS[question]["ask"])
    assert asked.render(functions="app:api, nightly : schedule") == "True"
    assert asked.render(functions="schedule:queue") == "False"


# ── The rules agree with whoever makes them ──────────────────────────────────


def test_regions_are_botocores() -> None:
    known = botocore.session.Session().get_available_regions("lambda")
    assert RULES.regions.split() == sorted(known)


def test_private_indexes_are_codeartifacts() -> None:
    """By the patterns of its own API; and what is said of others fits a terminal."""
    model = botocore.session.Session().get_service_model("codeartifact")
    domain, repository = (
        model.shape_for(name).metadata["pattern"] for name in ("DomainName", "RepositoryName")
    )
    answers = [*ACCEPTED, *(item[:2] for item in REFUSED)]
    indexes = [str(index) for name, index in answers if name == "private_index" and index]
    for index in indexes:
        problem = RULES.private_index_problem(index).strip()
        assert bool(re.fullmatch(f"{domain}/{repository}", index)) == (not problem)
        assert len(problem) <= 76


def test_names_of_python_are_reserved() -> None:
    public = {name for name in sys.stdlib_module_names if name[0] != "_" and name.islower()}
    words = {word.lower() for word in [*keyword.kwlist, *keyword.softkwlist] if word != "_"}
    assert public | words <= set(RULES.python_names.split())


def test_installed_packages_are_reserved() -> None:
    """A service named like a package would hide it from its own tests."""
    pins = (ROOT / "template" / "requirements-dev.txt").read_text("utf-8")
    for path in [path for room in ROOMS for path in room.rglob("requirements.txt")]:
        pins += path.read_text("utf-8")
    packages = {line.split("==")[0].replace("-", "_") for line in pins.splitlines() if "==" in line}
    importable = {name for name in packages if 3 <= len(name) <= 24}
    assert {name for name in importable if not RULES.reserved(name).strip()} == set()


@given(name=st.text("ab./-@{~^:?*[\\ ü", min_size=1, max_size=8))
def test_branches_follow_git(name: str) -> None:
    git = subprocess.run(["git", "check-ref-format", f"refs/heads/{name}"])
    # git branch refuses these as well: they would read as an option and as HEAD.
    special = name == "@" or name.startswith("-")
    assert bool(RULES.branch_problem(name).strip()) == (git.returncode != 0 or special)


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_python_versions_say_when_their_support_ends(
    version: str, runtime_ends: Callable[[str], str]
) -> None:
    choices = QUESTIONS["python_version"]["choices"]
    (label,) = (label for label, value in choices.items() if value == version)
    assert label == f"{version} (until {runtime_ends(version)})"


@pytest.fixture
def runtime_ends() -> Callable[[str], str]:
    """The end of support by cfn-lint's data, which it takes from AWS's list of runtimes."""
    code = "import json; from cfnlint.data import AdditionalSpecs as a; import pathlib; print((pathlib.Path(a.__path__[0]) / 'LmbdRuntimeLifecycle.json').read_text())"
    data = subprocess.run(
        [str(ROOT / ".venv-sam" / "bin" / "python"), "-c", code],
        capture_output=True,
        text=True,
        check=True,
    )
    lifecycle = yaml.safe_load(data.stdout)
    return lambda version: str(lifecycle[f"python{version}"]["deprecated"])


def test_budgets_are_left_out_where_cloudformation_has_none(template: Path, tmp_path: Path) -> None:
    """The whole stack, linted for every Region: each lacks exactly what is left out there."""
    ask(template, tmp_path, {"aws_region": "us-east-1"})
    done = subprocess.run(
        [str(ROOT / ".venv-sam" / "bin" / "cfn-lint"), "--format=json", "--regions"]
        + [*RULES.regions.split(), "--template", str(tmp_path / "orders" / "template.yaml")],
        capture_output=True,
        text=True,
    )
    found = {problem["Message"] for problem in json.loads(done.stdout)}
    assert found == {
        f"Resource type 'AWS::Budgets::Budget' does not exist in '{region}'"
        for region in RULES.regions_without_budgets.split()
    }
    assert set(RULES.regions_without_budgets.split()) == WITHOUT_BUDGETS  # the gate's
    ask(template, tmp_path / "elsewhere", {"aws_region": "eu-north-1"})
    assert "AWS::Budgets" not in (tmp_path / "elsewhere/orders/template.yaml").read_text("utf-8")
