"""`python .kit lessons`: what `make lessons` calls. Exits with 1 when a lesson is violated."""

import argparse
import sys

from kit.gate import report
from kit.gate.run import run
from kit.layout import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="list every lesson as well")
    arguments = parser.parse_args()
    outcome = run(ROOT)
    if arguments.table:
        print(report.table(outcome), end="\n\n")
    print(report.findings(outcome))
    return 1 if outcome.findings else 0


sys.exit(main())
