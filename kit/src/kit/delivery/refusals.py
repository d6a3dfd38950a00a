"""What AWS refuses, and what keeps it out of reach: told by kind, with what to do about it."""

import os
import re
from contextlib import suppress

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004 (of botocore, which has no other name for it)
    CredentialRetrievalError,
    HTTPClientError,
    LoginError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from .account import Account, code, is_denied
from .errors import DeliveryError
from .failures import known_cause, remedies
from .service import Service

UNKNOWN = (
    CredentialRetrievalError,
    NoAuthTokenError,
    NoCredentialsError,
    PartialCredentialsError,
)
UNKNOWN_CODES = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "MissingAuthenticationToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
EXPIRED = (LoginError, SSOError, TokenRetrievalError)
EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
# What can't be read is not AWS's: a proxy or a sign-in page of the network has answered.
UNREACHABLE = (ConnectionError, HTTPClientError, ResponseParserError)
# Everything that a call of AWS can end with.
REFUSALS = (BotoCoreError, ClientError, ResponseParserError)


def explained(error: Exception, service: Service) -> DeliveryError:
    """What AWS did not do (one of REFUSALS), and what to do. Asks who the credentials belong to."""
    who: dict[str, str] = {}
    if isinstance(error, ClientError):
        with suppress(*REFUSALS):  # then the error itself says why
            who = Account(service).identity()
    return told(error, service, who)


def told(error: Exception, service: Service, who: dict[str, str]) -> DeliveryError:
    """What AWS did not do, and what to do about it, by the kind of the error.

    Args:
        who: what GetCallerIdentity says, as far as it is known.
    """
    if isinstance(error, ProfileNotFound):
        return _no_profile(str(error.kwargs["profile"]))
    if isinstance(error, UNREACHABLE):
        return _unreachable(error, service)
    reason = code(error) if isinstance(error, ClientError) else ""
    if isinstance(error, EXPIRED) or reason in EXPIRED_CODES:
        return DeliveryError(
            f"You signed in too long ago, or not yet: {_said(error)}", f"Sign in: {_login()}"
        )
    if isinstance(error, UNKNOWN) or reason in UNKNOWN_CODES:
        return DeliveryError(
            f"AWS does not know who you are: {_said(error)}",
            f"Sign in, for example: {_login()}",
            "No profile yet? aws configure sso",
        )
    if isinstance(error, ClientError):
        return _refused(error, service, who)
    return DeliveryError(f"AWS did not do it, in {service.region}: {_said(error)}")


def _said(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") + "."


def _login() -> str:
    profile = os.environ.get("AWS_PROFILE")
    if profile:
        return f"aws sso login --profile {profile}"
    return "aws sso login --profile NAME && export AWS_PROFILE=NAME"


def _no_profile(name: str) -> DeliveryError:
    there = "aws configure list-profiles   (says which there are: export AWS_PROFILE=NAME)"
    if not name:
        return DeliveryError("AWS_PROFILE is empty.", "unset AWS_PROFILE", f"or {there}")
    place = os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    return DeliveryError(
        f"The profile {name} is not in {place}.", f"aws configure sso --profile {name}", there
    )


def _unreachable(error: Exception, service: Service) -> DeliveryError:
    remedy = [
        "This is no sign-in problem. Look at the network, the VPN and the proxy (HTTPS_PROXY).",
        f"The Region is {service.region}, from samconfig.toml: a wrong one has no address.",
    ]
    if isinstance(error, SSLError):
        remedy.append("A proxy with a certificate of its own: AWS_CA_BUNDLE=its-certificates.pem")
    return DeliveryError(f"AWS can't be reached: {_said(error)}", *remedy)


def _refused(error: ClientError, service: Service, who: dict[str, str]) -> DeliveryError:
    said = f"{error.operation_name} in {service.region}: {_said(error)}"
    asked = [f"Asked as {who['Arn']}, account {who['Account']}."] if who else []
    cause = known_cause(str(error))
    if not is_denied(error):
        fix = remedies(cause, str(error), service.environment, service.stack) if cause else []
        return DeliveryError(said, *asked, *fix)
    if cause and service.deploy_role in who.get("Arn", ""):
        # What this role may do is the service's own: it can be added.
        fix = remedies(cause, str(error), service.environment, service.stack)
        return DeliveryError(f"Denied: {said}", *asked, *fix)
    match = re.search(r"perform:? ([\w-]+:\w+)", str(error))
    action = match[1] if match else error.operation_name
    return DeliveryError(
        f"Denied: {said}",
        *asked,
        f"Sign in with a role that may {action}, or ask an administrator for it.",
    )
