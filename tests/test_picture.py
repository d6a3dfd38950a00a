"""The picture in a service's README, drawn by Mermaid in a browser, as GitHub does."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import ROOT, SAMPLES, check, sample

BROWSER = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no Chromium here: apt-get install chromium draws the picture"
)

PAGE = """<!doctype html>
<meta charset="utf-8">
<script src="{mermaid}"></script>
<pre id="picture">{picture}</pre>
<script>
  const source = document.getElementById("picture").textContent;
  mermaid.render("drawn", source).then(
    ({{ svg }}) => {{ document.body.innerHTML = svg; document.title = "drawn"; }},
    (error) => {{ document.title = "failed: " + error; }},
  );
</script>
"""


def picture(service: Path) -> str:
    (source,) = re.findall(
        r"```mermaid\n(.*?)```", (service / "README.md").read_text("utf-8"), re.DOTALL
    )
    return str(source)


def draw(source: str, folder: Path) -> str:
    """The page after Mermaid has drawn, or failed to: its title says which."""
    page = folder / "page.html"
    mermaid = ROOT / "node_modules" / "mermaid" / "dist" / "mermaid.min.js"
    page.write_text(PAGE.format(mermaid=mermaid.as_uri(), picture=html.escape(source)), "utf-8")
    return check(
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000"),
        *("--allow-file-access-from-files", "--dump-dom", page.as_uri()),
        cwd=folder,
    )


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_picture_can_be_drawn(
    rendered_samples: dict[str, Path], tmp_path: Path, name: str
) -> None:
    source = picture(rendered_samples[name])
    drawn = draw(source, tmp_path)
    assert "<title>drawn</title>" in drawn
    shown = {text.strip() for text in re.findall(r">([^<>]+)<", drawn)}
    for label in re.findall(r'"([^"]+)"', source.split("flowchart LR")[1]):
        assert label in shown


TEN = (
    "app:api, admin:api, listener:event, counter:event, nightly:schedule, worker:queue,"
    " packer:queue, watcher:stream, uploads:bucket, inbox:topic"
)


def test_the_picture_of_ten_functions_can_be_read(
    orders: Callable[..., Path], tmp_path: Path
) -> None:
    """GitHub shows a README some 900 pixels wide, and shrinks what is wider."""
    service = orders(functions=TEN)
    drawn = draw(picture(service), tmp_path)
    width, height = re.findall(r'id="drawn"[^>]* viewBox="\S+ \S+ (\S+) (\S+)"', drawn)[0]
    assert float(width) <= 1000
    assert float(height) <= 1200


@pytest.mark.parametrize("name", [path.stem for path in SAMPLES])
def test_the_picture_shows_every_function_with_its_failure_path(
    rendered_samples: dict[str, Path], name: str
) -> None:
    source = picture(rendered_samples[name])
    answers = sample(ROOT / "tests" / "samples" / f"{name}.yml")
    for item in answers.get("functions", "app:api").split(","):
        function, trigger = item.strip().split(":")
        assert re.search(rf'--> ?(\|"\S+"\| )?fn_{function}\["{function}"\]', source)
        failed = "alarms" if trigger == "api" else rf"dead_{function}\[.*\] -.-> alarms"
        assert re.search(rf"fn_{function} -.-> {failed}", source)


def test_a_broken_picture_is_noticed(tmp_path: Path) -> None:
    assert "<title>failed: " in draw("flowchart LR\n  a --> [", tmp_path)
