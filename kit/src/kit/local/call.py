"""Invoke a function that runs here with an example event: its answer, its log, its duration."""

import base64
import json
import time
from argparse import Namespace

from kit.delivery.service import Service
from kit.terminal import console, printable

from . import emulator
from .examples import EVENT, FUNCTION, example, need_function
from .screen import log_lines

ENVIRONMENT = "dev"
OPTIONS = {"function": FUNCTION, "--event": EVENT}


def main(service: Service, options: Namespace) -> int:
    """0 when the function answered, 1 when it failed."""
    emulator.forget_account()
    running = emulator.need_running()
    function = need_function(options.function, list(running.functions))
    _path, event = example(function, options.event)
    begin = time.perf_counter()
    answer = running.client("lambda").invoke(
        FunctionName=running.functions[function],
        Payload=json.dumps({"kit.call": event}),  # worker.py unwraps it
        LogType="Tail",
    )
    spent = (time.perf_counter() - begin) * 1000
    content = json.loads(answer["Payload"].read() or b"null")
    print(printable(json.dumps(content, indent=2, ensure_ascii=False)))
    log = base64.b64decode(answer.get("LogResult", "")).decode(errors="replace")
    for line in log.splitlines():
        for text in log_lines(line):
            console().print(text)
    print(f"{'Failed' if 'FunctionError' in answer else 'Answered'} in {spent:.0f} ms")
    return 1 if "FunctionError" in answer else 0
