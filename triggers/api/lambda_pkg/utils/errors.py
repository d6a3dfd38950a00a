"""The one shape in which errors reach a caller."""


def error_body(code: str, message: str, request_id: str) -> dict[str, dict[str, str]]:
    """Describe an error to a caller.

    Args:
        code: what went wrong, for programs: `not_found`.
        message: the same for people, without internals.
        request_id: what to look for in the logs (`correlation_id`).
    """
    return {"error": {"code": code, "message": message, "request_id": request_id}}
