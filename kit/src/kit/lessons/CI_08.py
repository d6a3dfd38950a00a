"""CI-08: After each deployment to dev, integration tests run against what was deployed.

Why: Unit tests see neither permissions nor wiring.

Here: The last step of `deploy.yml`, `make integration`.

Fix: Keep the step `make integration` after `make deploy`, in a job whose failure counts: without
`continue-on-error` and `|| true`.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.makefiles import Rule
from kit.gate.runs import ENTRIES, INTEGRATION, STRICTLY, deployments, effects, make_rules
from kit.gate.service import Service

LESSON = Lesson.read(__doc__)
IN_DEV = "inputs.environment == 'dev'"


@LESSON.check
def dev_is_tested(service: Service) -> Iterator[Finding]:
    for deployment in deployments(service):
        # What `make integration` tests is checked once, in the Makefile.
        names = {INTEGRATION, "make integration"}
        tests = [act for act in deployment.after if names & act.effects]
        problems = [act.problem(IN_DEV) for act in tests]
        if deployment.path != ENTRIES["dev"] or "" in problems:
            continue
        act, message = deployment.act, f"no `make integration` follows `{deployment.act.text}`"
        fix = f"Write a step `run: make integration` after this one, with `if: {IN_DEV}`."
        if tests:
            act, message = tests[0], f"`{tests[0].text}` does not test dev: {problems[0]}"
            fix = f"{STRICTLY} Only `if: {IN_DEV}` may stay."
        yield LESSON.finding(act.path, act.line, message, fix=fix)


@LESSON.check
def integration_tests_can_fail(service: Service) -> Iterator[Finding]:
    rule = make_rules(service).get("integration", Rule("integration", "Makefile", 1))
    commands = [c for c in rule.commands if INTEGRATION in effects(service, c)]
    if not commands:
        message = "no `make integration` tests `tests/integration`"
        fix = "Write `$(BIN)/pytest tests/integration` as the recipe of `integration`."
        yield LESSON.finding(rule.path, rule.line, message, fix=fix)
    for command in (c for c in commands if c.ignored):
        message = f"`make integration` can't fail: {command.ignored}"
        yield LESSON.finding(rule.path, command.line, message, fix=STRICTLY)
