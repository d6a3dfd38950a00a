"""Names that a workflow needs, as NAME=value for $GITHUB_OUTPUT: the Region is in samconfig.toml and nowhere else."""

from argparse import Namespace

from .service import Service
from .tools import git


def main(service: Service, _options: Namespace) -> int:
    """Print them. The tree is git's name for the content of this commit: the same sources have the same."""
    facts = {
        "region": service.region,
        "partition": service.partition,
        "role": service.deploy_role,
        "dev_branch": service.answers["dev_branch"],
        "tree": git(service.root, "rev-parse", "HEAD^{tree}").strip(),
    }
    for name, value in facts.items():
        print(f"{name}={value}")
    return 0
