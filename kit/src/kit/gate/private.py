"""Names in code of what is secret or personal."""

from __future__ import annotations

import ast
import re

from .parsers import dotted
from .python_names import called, constant
from .secret_reads import words

# Objects that have personal fields.
PEOPLE = re.compile(
    r"(?:applicant|contact|customer|employee|guest|invoice|member|passenger|patient|person|profile|"
    r"recipient|subscriber|user)(?:_(?:data|info|details|record))?"
)
# What holds everything that a caller sent, or every variable; and its parts.
WHOLE = {
    *("body", "current_event", "decoded_body", "environ", "event", "headers", "json_body"),
    *("lambda_event", "payload", "raw_event", "request"),
}
PARTS = {
    *("authorizer", "body", "cookies", "detail", "headers", "multiValueHeaders", "Records"),
    "requestContext",
}
# Names of what is secret or personal.
PRIVATE = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|PRIVATE_KEY|AUTHORIZATION|CREDENTIALS|"
    r"TOKEN|E_?MAILS?(?:_ADDRESS)?|PHONE(?:_NUMBER)?|MOBILE(?:_NUMBER)?|BIRTH_?DA(?:Y|TE)|"
    r"DATE_OF_BIRTH|IBAN|SSN|CARD_NUMBER|CREDIT_CARD|(?:FIRST|LAST|FULL)_NAME|STREET(?:_ADDRESS)?)$"
)
# Names that say whether there is something, and not what; and places in lists.
HARMLESS = re.compile(
    r"(?:CAN|HAS|IS|NEEDS|SHOULD|WAS|WITH|WITHOUT)_"
    r"|.*(?:NEXT|PAGE|CLIENT|CONTINUATION|PAGINATION)_TOKEN$"
)


def private_part(node: ast.Attribute | ast.Subscript | ast.Call) -> str:
    """The name of an attribute, or the key of item["email"], event.get("body") and
    os.getenv("API_KEY"), if it is private."""
    if isinstance(node, ast.Attribute):
        # Settings hold the names of secrets.
        is_name = "settings" in dotted(node.value) and node.attr.endswith("_secret")
        is_own = node.attr in WHOLE or is_private(node.attr)
        return node.attr if is_own and not is_name else ""
    method = getattr(called(node), "attr", dotted(called(node)))
    is_get = isinstance(node, ast.Call) and method in ("get", "getenv")
    keys = [node.slice] if isinstance(node, ast.Subscript) else node.args[:1] if is_get else []
    names = [str(constant(key)) for key in keys]
    return next((name for name in names if name in PARTS or is_private(name)), "")


def is_private(name: str) -> bool:
    """Whether a name is that of something secret or personal: api_key, customerEmail."""
    return bool(PRIVATE.search(words(name))) and not HARMLESS.match(words(name))
