"""What a workflow needs to know, as NAME=value: the Region is in samconfig.toml and nowhere else."""

import argparse

from .service import here


def main(arguments: list[str]) -> int:
    """`python -m delivery facts`: lines for $GITHUB_OUTPUT."""
    parser = argparse.ArgumentParser(prog="delivery facts", description=__doc__)
    parser.add_argument("--env", help="dev or prod (default: $ENV, or dev)")
    service = here(parser.parse_args(arguments).env)
    print(f"region={service.region}")
    print(f"role={service.deploy_role}")
    return 0
