"""An HTTP API at an address of its own on this machine; the emulator tells APIs apart by the Host header."""

import http.client
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What is between two hosts only (RFC 9110, 7.6.1), and what the answer of the proxy has of its own.
NOT_PASSED_ON = {
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "transfer-encoding",
}
FIRST_PORT = 3000
# What the API answers itself, as API Gateway does; the last two to a browser's preflight request.
OWN_MESSAGES = (
    *("Not Found", "Unauthorized", "Forbidden", "Internal Server Error"),
    *("CORS not configured", "CORS origin denied"),
)
OWN_BODIES = {
    json.dumps({"message": message}, separators=separators).encode()
    for message in OWN_MESSAGES
    for separators in ((", ", ": "), (",", ":"))
}


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, also of one that comes in chunks (RFC 9112, 7.1)."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = b""
    while size := int(request.rfile.readline().partition(b";")[0], 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    while request.rfile.readline().strip():
        pass  # trailers, and the empty line that ends them
    return body


class Proxy:
    """Passes requests on to an API of the emulator, whose id is set once it is known.

    Args:
        port: of loopback.
        gateway: the port of the emulator.
        refused: gets method, path and status of a request that no function received.
    """

    def __init__(self, port: int, gateway: int, refused: Callable[[str, str, int], None]) -> None:
        self.api = ""
        self.gateway, self.refused = gateway, refused
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def __getattr__(self, name: str) -> Any:
                if name.startswith("do_"):
                    return lambda: proxy.pass_on(self)
                raise AttributeError(name)

            def log_message(self, *_arguments: Any) -> None:
                """The functions report their calls."""

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request with what the API answers; 502 when the emulator does not."""
        body = body_of(request)
        connection = http.client.HTTPConnection("127.0.0.1", self.gateway, timeout=60)
        try:
            connection.putrequest(
                request.command, request.path, skip_host=True, skip_accept_encoding=True
            )
            connection.putheader("Host", f"{self.api}.execute-api.localhost:{self.gateway}")
            for name, value in request.headers.items():
                if name.lower() not in {"host", *NOT_PASSED_ON}:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            status, headers, content = answer.status, answer.getheaders(), answer.read()
        except (OSError, http.client.HTTPException) as error:
            status, headers = 502, [("Content-Type", "text/plain")]
            content = f"The emulator does not answer: {error}\n".encode()
        finally:
            connection.close()
        if status == 502 and b'"errorType"' in content:
            # The function failed, and has reported why. API Gateway keeps that from its callers.
            status, content = 500, b'{"message":"Internal Server Error"}'
        elif status >= 400 and content in OWN_BODIES:
            self.refused(request.command, request.path, status)
        request.send_response(status)
        for name, value in headers:
            if name.lower() not in NOT_PASSED_ON:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        if request.command != "HEAD":
            request.wfile.write(content)

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
