"""Regions that are written down, where `samconfig.toml` decides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .service import A_REGION, Service

REGION = re.compile(rf"(?<![a-z]){A_REGION}(?![0-9-])")
# What AWS has in us-east-1 for the whole world: certificates of CloudFront, costs.
GLOBAL_REGION = "us-east-1"
GLOBAL_SERVICES = {
    *("acm", "billing", "budgets", "ce", "cloudfront", "cur", "globalaccelerator", "health", "iam"),
    *("organizations", "pricing", "route53", "route53domains", "serverlessrepo", "shield"),
    *("support", "waf", "wafv2"),
}


def regions_of_pipelines(service: Service) -> Iterator[tuple[str, int, str, str]]:
    """Every Region in workflows, actions, Makefiles and shell scripts: path, line, it, its line's text."""
    paths = [*service.workflows, *service.actions]
    paths += service.files_in("", "Makefile", ".mk", ".sh", ".bash")
    for path in paths:
        for number, line in enumerate(service.text(path).splitlines(), 1):
            text = re.sub(r"(^|\s)#.*", "", line).strip()
            for region in REGION.findall(text):
                if region != GLOBAL_REGION or not GLOBAL_SERVICES & set(text.split()):
                    yield path, number, region, text


def read_it(path: str) -> str:
    """How a workflow, or what runs on a laptop, gets the Region of the service."""
    if path.startswith(".github/"):
        value = "${{ steps.facts.outputs.region }}"
        return f"Write `{value}` here, with the step `facts` before it as in `deploy.yml`."
    value = "$(shell .venv/bin/python .kit facts | sed -n s/^region=//p)"
    return f"Write `{value}` here; in a script without `shell`."
