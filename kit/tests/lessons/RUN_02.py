"""Cases of RUN-02."""

from cases import good, violation
from edits import Edit
from edits.runtime import api, index, used


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
