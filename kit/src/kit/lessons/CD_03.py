"""CD-03: Everything is in one Region; no place names another.

Why: Two weeks went into a certificate, a bucket and a stack that were in three Regions.

Here: `region` in `samconfig.toml`, the same in both environments and in `.copier-answers.yml`.

Fix: Set the same Region in both environments of `samconfig.toml`, as `.copier-answers.yml` has it.
Elsewhere read that one: in workflows by the output `region` of `python .kit facts`.

Defended by: gate, preflight.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.regions import read_it, regions_of_pipelines
from kit.gate.samconfig import SAMCONFIG, region_of, setting_in, settings_in
from kit.gate.service import Service
from kit.layout import ANSWERS, ENVIRONMENTS
from kit.template import at

LESSON = Lesson.read(__doc__)


@LESSON.check
def one_region(service: Service) -> Iterator[Finding]:
    """Both environments and the answers have the same Region."""
    own = region_of(service)
    for environment in ENVIRONMENTS:
        if at(service.samconfig, environment, "global", "parameters", "region") is None:
            _none, line = setting_in(service, environment, "global", "region")
            message = f"[{environment}.global.parameters] has no `region`"
            wanted = own or service.answers.get("aws_region")
            fix = f'Write `region = "{wanted}"` under `[{environment}.global.parameters]`.'
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)
    others = [s for s in settings_in(service) if s[1] == "region" and s[2] != own]
    for environment, _name, value, line in others if own else ():
        message = f"the Region of {environment} is {value}, that of {ENVIRONMENTS[0]} {own}"
        fix = f'Write `region = "{own}"` here. To move both, change both and run `make answer`.'
        yield LESSON.finding(SAMCONFIG, line, message, fix=fix)
    answered = service.answers.get("aws_region")
    if own and answered not in (None, own) and not others:
        line = service.line_with(ANSWERS, "aws_region")
        message = f"`aws_region` is {answered}, and `{SAMCONFIG}` has {own}"
        fix = f"Commit, then change the answer, too: `make answer NAME=aws_region VALUE={own}`."
        yield LESSON.finding(ANSWERS, line, message, fix=fix)


@LESSON.check
def pipelines_name_no_other(service: Service) -> Iterator[Finding]:
    own = region_of(service)
    for path, line, region, text in regions_of_pipelines(service):
        if own and region != own:
            message = f"`{text}` names {region}, and `{SAMCONFIG}` has {own}"
            yield LESSON.finding(path, line, message, fix=read_it(path))
