"""What SAM makes of a template; JSON in, JSON out. The Python of .venv-local runs it, which has SAM's translator.

    .venv-local/bin/python -I translate.py < template.json

Its input has the template and its parameters' values.
"""

import json
import os
import sys

from samtranslator.translator.transform import transform


class NoManagedPolicies:
    """The names of AWS's managed policies, which are not asked for: nothing enforces them here."""

    def load(self) -> dict[str, str]:
        return {}


def main() -> int:
    """1 when the template is wrong; the reason is in the error output."""
    request = json.load(sys.stdin)
    os.environ.setdefault("AWS_DEFAULT_REGION", request["region"])
    try:
        expanded = transform(request["template"], request["parameters"], NoManagedPolicies())
    except Exception as error:
        # InvalidDocumentException counts its causes only
        causes = getattr(error, "causes", [error])
        print(*(getattr(cause, "message", cause) for cause in causes), sep="\n", file=sys.stderr)
        return 1
    json.dump(expanded, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
