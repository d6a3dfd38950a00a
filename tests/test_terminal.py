"""Tables that people see: they fit the screen, and have colours at a terminal only."""

from __future__ import annotations

import pytest
from rich.text import Text

from kit.terminal import WIDTH, table

Said = pytest.CaptureFixture[str]
ARN = "arn:aws:lambda:us-east-1:111122223333:function:" + "orders-" * 20


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("columns", "widest"), [("60", 60), ("300", WIDTH)])
def test_a_table_fits_the_terminal(
    capsys: Said, monkeypatch: pytest.MonkeyPatch, columns: str, widest: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table([("Function", ARN), ("State", "one word after another " * 9)], "What", "Value")
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= widest
    assert ARN[-50:] in "".join(line.strip() for line in printed.splitlines()), "nothing is cut off"


def test_it_is_plain_where_there_is_no_terminal(capsys: Said) -> None:
    table([(Text("ok", "green"), "[bold]text[/bold] \x1b[31m"), (Text("FAIL", "red"), "short")])
    assert capsys.readouterr().out == "ok    [bold]text[/bold] \\x1b[31m\nFAIL  short\n"


@pytest.mark.parametrize(("variables", "colours"), [(["FORCE_COLOR"], True), (["FORCE_COLOR", "NO_COLOR"], False)])  # fmt: skip
def test_colours_can_be_left_out(
    capsys: Said, monkeypatch: pytest.MonkeyPatch, variables: list[str], *, colours: bool
) -> None:
    for name in variables:
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    table([(Text("ok", "green"), "text")])
    assert ("\x1b[32m" in capsys.readouterr().out) is colours


def test_no_rows_print_nothing(capsys: Said) -> None:
    table([], "What", "Value")
    assert capsys.readouterr().out == ""
