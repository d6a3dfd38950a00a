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
from kit.gate.resources import other_templates
from kit.gate.samconfig import SAMCONFIG, line_of_setting, settings_in
from kit.gate.service import Service
from kit.layout import ENVIRONMENTS, TEMPLATE
from kit.template import at, line_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def no_copy_of_the_template(service: Service) -> Iterator[Finding]:
    """No other template has resources of template.yaml, and no environment has its own."""
    for path, resources in other_templates(service).items():
        if shared := [name for name in resources if name in service.resources]:
            message = f"is another template with {shared[0]}"
            yield LESSON.finding(path, line_of(resources, shared[0]), message)
    for environment, name, value, line in settings_in(service):
        if name in ("template", "template_file") and not _is_built_from_the_template(str(value)):
            message = f"{environment} takes {value} instead of {TEMPLATE}"
            fix = f"Delete `{name}` here: SAM takes `{TEMPLATE}` by itself."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)


def _is_built_from_the_template(path: str) -> bool:
    """Whether it is template.yaml, or what `sam build` or `sam package` makes of it."""
    name = path.rpartition("/")[2]
    return name == TEMPLATE or name.startswith("packaged") or path.startswith(".aws-sam/")


@LESSON.check
def environments_are_a_parameter(service: Service) -> Iterator[Finding]:
    """One parameter says which environment it is, and each environment passes its name."""
    declared = at(service.template, "Parameters", "EnvironmentName")
    if not declared:
        line = line_of(service.template, "Parameters")
        fix = "Declare `EnvironmentName` with `AllowedValues: [dev, prod]`."
        yield LESSON.finding(TEMPLATE, line, "there is no parameter EnvironmentName", fix=fix)
        return
    for environment in ENVIRONMENTS:
        value = service.parameters(environment).get("EnvironmentName", at(declared, "Default"))
        if environment in service.samconfig and value != environment:
            line = line_of_setting(service, environment, "deploy", "parameter_overrides")
            message = f"EnvironmentName is {value} in {environment}"
            fix = f"Pass `EnvironmentName={environment}` in `parameter_overrides`."
            yield LESSON.finding(SAMCONFIG, line, message, fix=fix)
