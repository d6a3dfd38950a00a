"""`python .kit lessons`: what `make lessons` calls. Exits with 1 when a lesson is violated."""

import argparse
import sys

from kit.gate import report
from kit.gate.run import run
from kit.layout import ROOT
from kit.terminal import table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="list every lesson as well")
    arguments = parser.parse_args()
    outcome = run(ROOT)
    if arguments.table:
        table(report.rows(outcome), *report.HEAD)
        print()
    print(report.findings(outcome))
    return 1 if outcome.findings else 0


sys.exit(main())
