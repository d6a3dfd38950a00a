"""The questions as a person meets them, in a real pseudo-terminal."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect
import yaml

ENTER, INTERRUPT = "\r", "\x03"


def copier(template: Path, destination: Path, *arguments: str) -> pexpect.spawn[str]:
    """`copier copy` in a terminal of 100 columns."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "copier", "copy", *arguments, str(template), str(destination)],
        dimensions=(40, 100),
        encoding="utf-8",
        timeout=60,
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
    )


def read(screen: str) -> str:
    """What a terminal shows of it, in one line: without colours and cursor movements."""
    return re.sub(r"\s+", " ", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen))


def answers(destination: Path) -> dict[str, object]:
    recorded: dict[str, object] = yaml.safe_load(
        (destination / ".copier-answers.yml").read_text("utf-8")
    )
    return recorded


QUESTIONS = [
    "Name of the service",
    "What the service does",
    "The Lambda functions",
    "Framework of the api functions",
    "The AWS Region",
    "Answer the detailed questions too?",
]


def test_six_times_enter_is_a_service(template: Path, tmp_path: Path) -> None:
    destination = tmp_path / "orders"
    terminal = copier(template, destination, "--skip-tasks")
    for question in QUESTIONS:
        terminal.expect(question)
        if question == "Framework of the api functions":
            terminal.expect("later for a function that exists.")  # the last line of its help
        terminal.send(ENTER)
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert answers(destination)["service_name"] == "orders"
    assert answers(destination)["functions"] == "app:api"

    end = read(terminal.before or "")
    assert f"orders is in {destination}" in end
    for command in (f"cd {destination}", "make check", "make build", "make setup"):
        assert command in end
    assert "your-org/orders is a placeholder" in end


def test_a_folder_that_gives_no_name_proposes_none(template: Path, tmp_path: Path) -> None:
    terminal = copier(template, tmp_path / "Küche", "--skip-tasks")
    terminal.expect(QUESTIONS[0])
    terminal.send("kitchen" + ENTER)
    for question in QUESTIONS[1:]:
        terminal.expect(question)
        terminal.send(ENTER)
    terminal.expect(pexpect.EOF)
    assert answers(tmp_path / "Küche")["service_name"] == "kitchen"


def test_a_refused_answer_says_why_and_can_be_mended(template: Path, tmp_path: Path) -> None:
    destination = tmp_path / "orders"
    terminal = copier(template, destination, "--skip-tasks")
    terminal.expect(QUESTIONS[0])
    terminal.send("-API" + ENTER)  # the default stands there: orders-API
    terminal.expect("Not kebab-case like orders-api")
    terminal.send("\b" * 4 + "-api" + ENTER)
    for question in QUESTIONS[1:]:
        terminal.expect(question)
        terminal.send(ENTER)
    terminal.expect(pexpect.EOF)
    assert answers(destination)["service_name"] == "orders-api"


def test_the_details_are_asked_on_request(template: Path, tmp_path: Path) -> None:
    destination = tmp_path / "orders"
    terminal = copier(template, destination, "--skip-tasks")
    for question in QUESTIONS[:-1]:
        terminal.expect(question)
        terminal.send(ENTER)
    terminal.expect(QUESTIONS[-1])
    terminal.send("y")
    terminal.expect("A DynamoDB table")
    terminal.send("n")
    for question, typed in (
        ("Python version of the Lambda runtime", ""),
        ("Processor of the functions", ""),
        ("The GitHub repository", ""),
        ("Secrets of Secrets Manager", "twilio-api-key"),
        ("Issuer of the JSON Web Tokens", "https://login.example.com/"),
        ("The audience that these tokens", ""),
        ("E-mail address for alarms", "oncall@example.com"),
        ("Name of the secret in Secrets Manager", ""),
        ("Monthly budget", ""),
    ):
        terminal.expect(question)
        terminal.send(typed + ENTER)
    terminal.expect(pexpect.EOF)
    recorded = answers(destination)
    assert recorded["table"] is False
    assert recorded["secrets"] == "twilio-api-key:app"
    assert recorded["alarm_email"] == "oncall@example.com"
    assert recorded["jwt_audience"] == "orders"
    assert recorded["monthly_budget_usd"] == "20"


def test_leaving_at_a_question_leaves_nothing_behind(template: Path, tmp_path: Path) -> None:
    terminal = copier(template, tmp_path / "orders", "--skip-tasks")
    terminal.expect(QUESTIONS[0])
    terminal.send(INTERRUPT)
    terminal.expect(pexpect.EOF)
    assert not (tmp_path / "orders").exists()
