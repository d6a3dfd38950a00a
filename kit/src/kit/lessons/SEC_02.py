"""SEC-02: Code gets the name of a secret in a variable: not its value, and no name of its own.

Why: Each rotation needed a deployment, and a name that was written into code was that of another
environment.

Here: Variables that end in `_SECRET`, in `template.yaml` and `settings.py`.

Fix: Pass the name, `!Sub <service>/<name>-${EnvironmentName}`, in a variable `<NAME>_SECRET`; read
that by `required("<NAME>_SECRET")` in `settings.py`, and let the code ask Secrets Manager for the
value.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.policies import targets
from kit.gate.secret_reads import hidden_parameters, is_dynamic, lines_of_names
from kit.gate.service import TEMPLATE, Service

LESSON = Lesson.read(__doc__)


@LESSON.check
def variables_have_names(service: Service) -> Iterator[Finding]:
    """CloudFormation puts no value of a secret into a variable."""
    hidden = hidden_parameters(service)
    for each in [*service.functions, *service.of_type("AWS::Lambda::Function")]:
        variables = each.get("Environment", "Variables")
        for name, written in (variables if isinstance(variables, dict) else {}).items():
            if is_dynamic(written) or targets(written) & hidden:
                found = f"`{name}` of `{each.logical_id}` gets the value of a secret"
                line = each.line_of("Environment", "Variables", name)
                yield LESSON.finding(TEMPLATE, line, found, resource=each.logical_id)


@LESSON.check
def code_has_no_names(service: Service) -> Iterator[Finding]:
    """No code names a secret itself."""
    for module in service.modules("src"):
        for line in sorted(lines_of_names(service, module)):
            yield LESSON.finding(module.path, line, "names a secret in the code")
