"""IAC-03: Each parameter has a `Type`, a `Description`, and a `Default`, `AllowedValues` or an
`AllowedPattern`.

Why: A wrong value was only found when the deployment had run for minutes.

Here: `Parameters` of `template.yaml`.

Fix: Add what is missing to the parameter.

Defended by: gate.
"""

from collections.abc import Iterator

from kit.gate.findings import Finding
from kit.gate.lesson import Lesson
from kit.gate.service import Service
from kit.layout import INFRA, TEMPLATE
from kit.template import at, line_of, mapping_of

LESSON = Lesson.read(__doc__)


@LESSON.check
def parameters_are_complete(service: Service) -> Iterator[Finding]:
    """Those of infra/environment.yaml have no values: `make bootstrap` passes them all."""
    for path in (TEMPLATE, INFRA):
        parameters = mapping_of(service.cloudformation(path), "Parameters")
        for name, body in parameters.items():
            missing = [key for key in ("Type", "Description") if not at(body, key)]
            keys = ("Default", "AllowedValues", "AllowedPattern")
            if path == TEMPLATE and all(at(body, key) is None for key in keys):
                missing.append("Default or AllowedValues")
            if missing:
                message = f"the parameter {name} has no {' and no '.join(missing)}"
                fix = f"Add a {' and a '.join(missing)} to `{name}`."
                yield LESSON.finding(path, line_of(parameters, name), message, name, fix)
