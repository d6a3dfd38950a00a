"""What a workflow needs to know, as NAME=value: the Region is in samconfig.toml and nowhere else."""

import argparse
import subprocess

from .errors import DeliveryError
from .service import Service, here


def main(arguments: list[str]) -> int:
    """`python .kit delivery facts`: lines for $GITHUB_OUTPUT."""
    parser = argparse.ArgumentParser(prog="delivery facts", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    service = here(parser.parse_args(arguments).env)
    print(f"region={service.region}")
    print(f"partition={service.partition}")
    print(f"role={service.deploy_role}")
    print(f"dev_branch={service.answers['dev_branch']}")
    print(f"tree={_tree(service)}")
    return 0


def _tree(service: Service) -> str:
    """What git calls the content of this commit: the same sources have the same tree."""
    done = subprocess.run(
        ["git", "rev-parse", "HEAD^{tree}"],
        cwd=service.root,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeliveryError(f"git can't tell what this commit has: {done.stderr.strip()}")
    return done.stdout.strip()
