"""How to reach the service that runs here, for tests: a line of JSON with variables of the environment.

Where `make up` does not run it, it runs until the standard input ends.
"""

import json
import sys
from argparse import Namespace

from kit.delivery.service import Service

from . import emulator
from .session import Session

ENVIRONMENT = "dev"


def main(service: Service, options: Namespace) -> int:
    """Print the variables, and wait."""
    emulator.forget_account()
    session = None if emulator.running() else Session(service, lambda _message: None)
    try:
        if session:
            session.start()
        reached = {"AWS_ENDPOINT_URL": emulator.need_running().url, "ENV": service.environment}
        print(json.dumps(emulator.CREDENTIALS | emulator.no_proxy() | reached), flush=True)
        sys.stdin.read()
    finally:
        if session:
            session.stop()
    return 0
