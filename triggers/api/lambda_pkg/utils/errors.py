"""The one shape in which errors reach a client."""

from http import HTTPStatus


def error_body(status: int, message: str, request_id: str) -> dict[str, dict[str, str]]:
    """Describe an error to a client.

    Args:
        status: the HTTP status; its name is the code that programs read: `not_found`.
        message: what went wrong, for people, without internals.
        request_id: what to look for in the logs (`correlation_id`).
    """
    try:
        code = HTTPStatus(status).name.lower()
    except ValueError:  # not registered, and allowed all the same
        code = f"status_{status}"
    return {"error": {"code": code, "message": message, "request_id": request_id}}
