"""How large things are, and how rendering and checking grow with the number of functions: make bench.

Times differ from machine to machine; the ratios in one run do not.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from copier import VcsRef, run_update

from aws import expand
from conftest import QUESTIONS, commit, make_template, render, run, tree
from sizes import sizes

RUNS = 3
SIZES = [1, 10, 50]
TRIGGERS = QUESTIONS["triggers"]["default"]


def functions(count: int) -> str:
    """So many functions, of every trigger in turn."""
    return ", ".join(f"f{n}:{TRIGGERS[n % len(TRIGGERS)]}" for n in range(1, count + 1))


def seconds_to_render(template: Path, folder: Path, count: int) -> float:
    started = time.perf_counter()
    render(template, folder, service_name="orders", functions=functions(count))
    return time.perf_counter() - started


def seconds_to_add(service: Path, count: int) -> float:
    """What `make add-function` waits for."""
    commit(service)
    started = time.perf_counter()
    run_update(
        service,
        data={"functions": functions(count + 1)},
        vcs_ref=VcsRef.CURRENT,
        defaults=True,
        overwrite=True,
        unsafe=True,
        quiet=True,
        context_lines=100_000,
    )
    return time.perf_counter() - started


def seconds_to_check(service: Path) -> float:
    """What `make lessons` takes, which refuses the largest: it is more than CloudFormation takes."""
    started = time.perf_counter()
    run(sys.executable, ".kit", "lessons", cwd=service)
    return time.perf_counter() - started


def print_sizes(service: Path) -> None:
    measured = sizes(service)
    print(
        f"The kit has {measured.kit} lines of Python; a lesson's file {measured.median_lesson:.0f} in the"
    )
    print(
        f"median and at most {measured.largest_lesson}. A default service has {measured.files} files with"
    )
    print(f"{measured.service} lines outside of .kit/, pins not counted.", end="\n\n")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        template = make_template(Path(name, "template"))
        print_sizes(render(template, Path(name, "orders"), service_name="orders"))
        print("| functions | files | resources | render | per function | lessons | add one more |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for count in SIZES:
            times = []
            for number in range(RUNS):
                service = Path(name, f"{count}-{number}")
                times.append(seconds_to_render(template, service, count))
            render_time = statistics.median(times)
            files, resources = len(tree(service)), len(expand(service)["Resources"])
            gate = statistics.median(seconds_to_check(service) for _ in range(RUNS))
            add = seconds_to_add(service, count)
            print(
                f"| {count} | {files} | {resources} | {render_time:.1f} s"
                f" | {1000 * render_time / count:.0f} ms | {gate:.1f} s | {add:.1f} s |",
                flush=True,
            )


if __name__ == "__main__":
    main()
