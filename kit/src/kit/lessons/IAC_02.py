"""IAC-02: Environments differ by parameters and conditions, never by a copy of the template.

Why: The copy for prod lacked what had been added to the one for dev.

Here: `EnvironmentName`, `LogLevel` and others in `Parameters`; `IsProd` in `Conditions`; values in
`samconfig.toml`.

Fix: Delete the copy, and say what differs by a parameter with its value in each environment of
`samconfig.toml`, or by `!If [IsProd, …]`.

Defended by: gate.

See: docs/decisions/0001-one-template.md.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.resources import is_copy, other_templates
from kit.gate.service import ENVIRONMENTS, TEMPLATE, Service
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def no_copy_of_the_template(service: Service) -> Iterator[Finding]:
    """No other template has resources of template.yaml, and no environment has its own."""
    for path, resources in other_templates(service):
        if is_copy(service, resources):
            same = next(name for name in resources if name in service.resources)
            line = line_of(resources, same)
            yield LESSON.finding(path, line, f"is another template with {same}")
    for environment, commands in service.samconfig.items():
        for command, body in commands.items() if isinstance(commands, dict) else ():
            for key in ("template", "template_file"):
                found = at(body, "parameters", key)
                if isinstance(found, str) and not _is_built_from_the_template(found):
                    line = service.line_with("samconfig.toml", found)
                    what = f"[{environment}.{command}] takes {found} instead of {TEMPLATE}"
                    yield LESSON.finding("samconfig.toml", line, what)


def _is_built_from_the_template(path: str) -> bool:
    """Whether it is template.yaml, or what `sam build` or `sam package` makes of it."""
    name = path.rpartition("/")[2]
    return name == TEMPLATE or name.startswith("packaged") or path.startswith(".aws-sam/")


@LESSON.check
def environments_are_a_parameter(service: Service) -> Iterator[Finding]:
    """One parameter says which environment it is, and each environment passes its name."""
    declared = at(service.template, "Parameters", "EnvironmentName")
    if not isinstance(declared, dict):
        line = line_of(service.template, "Parameters")
        yield LESSON.finding(TEMPLATE, line, "there is no parameter EnvironmentName")
        return
    for environment in ENVIRONMENTS:
        found = service.parameters(environment).get("EnvironmentName", at(declared, "Default"))
        if environment in service.samconfig and found != environment:
            line = service.line_with("samconfig.toml", f"[{environment}.deploy.parameters]")
            what = f"EnvironmentName comes to {found} in {environment}"
            fix = f"Pass EnvironmentName={environment} in parameter_overrides."
            yield LESSON.finding("samconfig.toml", line, what, fix=fix)
