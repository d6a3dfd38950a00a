"""Cases of RUN-02."""

import re

from cases import fix, good, violation
from edits import Edit
from edits.runtime import api, in_handler, index, used
from kit.gate.findings import Finding


@violation("a route tells what the library said")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.append(
        path,
        '\n\n@app.get("/rates")\ndef rates() -> Response[str]:\n'
        '    try:\n        return Response(200, body=settings.rates["EUR"])\n'
        "    except KeyError as error:\n"
        '        body = error_body(502, f"upstream: {error}", "1")\n'
        "        return Response(502, content_types.APPLICATION_JSON, json.dumps(body))\n",
    )


@violation("any exception becomes a refusal with its text")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    raised = "    except Exception as error:\n        logger.exception(error)\n"
    raised += "        raise StarletteHTTPException(500, str(error)) from error\n"
    edit.replace(
        path,
        "app.include_router(router)",
        '@router.get("/rates")\ndef rates() -> str:\n    try:\n        return settings.rates\n'
        f"{raised}\n\napp.include_router(router)",
    )


@violation("the last resort answers with the trace")
def _(edit: Edit) -> None:
    path = index(api(edit))
    edit.replace(path, '"Internal server error"', "traceback.format_exc()")
    edit.sub(path, r"^(from http import HTTPStatus)", r"import traceback\n\1")


@violation("the last resort is gone")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.sub(path, r"^@app\.exception_handler\(Exception\)\n(.+\n)+", "")


@violation("the last resort logs no trace")
def _(edit: Edit) -> None:
    edit.sub(index(api(edit)), r"^ +logger\.exception\(\"unhandled.*\n", "")


@violation("FastAPI's own answer to an invalid request comes back")
def _(edit: Edit) -> None:
    path = index(api(edit, "fastapi"))
    edit.sub(path, r"^@app\.exception_handler\(RequestValidationError\)\n(.+\n)+", "")


@violation("a route makes an error of its own shape")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    text = '\n\n@app.get("/rates")\ndef rates() -> tuple[dict[str, str], int]:\n'
    edit.append(path, f'{text}    return {{"error": "no rates today"}}, HTTPStatus.NOT_FOUND\n')


@violation("the application shows its traces")
def _(edit: Edit) -> None:
    path = index(api(edit))
    edit.sub(path, r"^app = (FastAPI|APIGatewayHttpResolver)\(", r"app = \1(\n    debug=True,")


@good("an exception of one's own tells its text, and another is logged")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    edit.append(
        path,
        "\n\nclass NoRateError(LookupError):\n"
        '    """There is no such rate; the message may be shown to a caller."""\n\n\n'
        '@app.get("/rates")\ndef rates() -> dict[str, str]:\n'
        '    try:\n        raise NoRateError("no rate for XXX")\n'
        "    except NoRateError as error:\n"
        "        raise ServiceError(HTTPStatus.NOT_FOUND, str(error)) from error\n"
        "    except ValueError as error:\n"
        '        logger.warning("bad rate", problem=str(error))\n'
        '        raise ServiceError(HTTPStatus.BAD_GATEWAY, "No rates today") from error\n',
    )


@violation("invalid requests are answered by Powertools itself")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    old = "app = APIGatewayHttpResolver("
    edit.replace(path, old, f"{old}\n    enable_validation=True,")


@good("a service does without what is only a hint, whatever happens to it")
def _(edit: Edit) -> None:
    used(
        edit,
        api(edit),
        "def hint(hints: dict[str, str], name: str) -> str | None:\n"
        "    try:\n        return hints[name].lower()\n    except Exception:\n        return None\n",
        "hints",
    )


@good("a route answers with a status of its own through the helper")
def _(edit: Edit) -> None:
    path = index(api(edit, "powertools.event_handler"))
    text = '\n\n@app.get("/rates")\ndef rates() -> Response[str]:\n'
    edit.append(path, f'{text}    return error_response(HTTPStatus.GONE, "Rates are no more")\n')


SHAPES = """

def respond(message: str, status: int = 400) -> Response[str]:
    return Response(status, content_types.APPLICATION_JSON, json.dumps({{"problem": message}}))


@app.get("/rates")
def rates() -> Response[str]:
    return respond({})
"""


@violation("the status of another shape is the default of a helper")
def _(edit: Edit) -> None:
    edit.append(index(api(edit, "powertools.event_handler")), SHAPES.format('"no rates today"'))


@violation("a route passes its status to a helper with another shape")
def _(edit: Edit) -> None:
    text = SHAPES.replace("status: int = 400", "status: int").format('"none", status=NONE')
    edit.append(index(api(edit, "powertools.event_handler")), f"\n\nNONE = 404{text}")


@violation("a helper of routes returns a body and a status")
def _(edit: Edit) -> None:
    text = '\n\ndef missing() -> tuple[dict[str, str], int]:\n    return {"detail": "none"}, 404\n'
    text += (
        '\n\n@app.get("/rates")\ndef rates() -> tuple[dict[str, str], int]:\n    return missing()\n'
    )
    edit.append(index(api(edit, "powertools.event_handler")), text)


@good("a helper of one's own passes each status on to the one shape")
def _(edit: Edit) -> None:
    text = SHAPES.replace(
        'json.dumps({{"problem": message}})', 'json.dumps(error_body(status, message, "1"))'
    )
    edit.append(index(api(edit, "powertools.event_handler")), text.format('"none", 404'))


@violation("the handler refuses a request before the application sees it")
def _(edit: Edit) -> None:
    lines = 'if len(event.get("body") or "") > 9000:\n'
    lines += '        return {"statusCode": 413, "headers": {}, "body": "too long"}'
    in_handler(edit, api(edit, "powertools.event_handler"), lines)


# ── Fixes ──


@fix("Write there what went wrong")
def _(edit: Edit, finding: Finding) -> None:
    text = r'f"[^"]*\{error\}"|str\(error\)|traceback\.format_exc\(\)'
    edit.in_line(finding, text, '"The rates are not known"')


LAST_RESORT = """@app.exception_handler(Exception)
def unhandled(error: Exception) -> Response[str]:
    logger.exception("unhandled", exc_info=error)
    return error_response(HTTPStatus.INTERNAL_SERVER_ERROR, "Internal server error")


"""


@fix("Write a function with `@app.exception_handler(Exception)`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^@logger\.inject", f"{LAST_RESORT}@logger.inject")


@fix("Write `logger.exception(…)` before the answer")
def _(edit: Edit, finding: Finding) -> None:
    start = finding.line - 1
    lines = edit.read(finding.path).splitlines(keepends=True)
    answer = next(n for n, line in enumerate(lines) if n > start and "return error_resp" in line)
    indent = lines[answer].partition("return")[0]
    lines.insert(answer, f'{indent}logger.exception("unhandled")\n')
    edit.write(finding.path, "".join(lines))


@fix("Register a handler for `RequestValidationError`")
def _(edit: Edit, finding: Finding) -> None:
    handler = "@app.exception_handler(RequestValidationError)\n"
    handler += "def invalid({}error: RequestValidationError) -> Any:\n"
    handler += (
        "    return error_response({}HTTPStatus.BAD_REQUEST, 'The request is not valid')\n\n\n"
    )
    is_fastapi = "fastapi" in edit.read(finding.path)
    text = handler.format(*(("request: Request, ", "request, ") if is_fastapi else ("", "")))
    edit.sub(finding.path, r"^@logger\.inject", f"{text}@logger.inject")
    if not is_fastapi:
        known = "from aws_lambda_powertools.event_handler.exceptions import (\n"
        edit.replace(
            finding.path,
            known,
            known.replace("exceptions", "openapi.exceptions")
            + "    RequestValidationError,\n)\n"
            + known,
        )


@fix("Build the body with `error_body`")
def _(edit: Edit, finding: Finding) -> None:
    edit.in_line(finding, r"return .*", 'return error_response(HTTPStatus.NOT_FOUND, "none")')


@fix("Build the body", "the status of another shape is the default of a helper")
def _(edit: Edit, finding: Finding) -> None:
    body = 'error_body(status, message, "1")'
    edit.replace(finding.path, '{"problem": message}', body)


@fix("Build the body", "a route passes its status to a helper with another shape")
def _(edit: Edit, finding: Finding) -> None:
    edit.replace(finding.path, '{"problem": message}', 'error_body(status, message, "1")')


@fix("Raise it in a route or a middleware")
def _(edit: Edit, finding: Finding) -> None:
    text = edit.read(finding.path)
    check = re.search(r"    if len\(event.*\n.*\n", text)
    assert check
    raised = '    if len(app.current_event.body or "") > 9000:\n        raise ServiceError(413, "too long")\n'
    route = "def create_item() -> tuple[dict[str, Any], int]:\n"
    edit.write(finding.path, text.replace(check[0], "").replace(route, route + raised))


@fix("Remove `debug`")
def _(edit: Edit, finding: Finding) -> None:
    edit.sub(finding.path, r"^ *debug=True,", "")
