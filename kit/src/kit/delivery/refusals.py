"""What AWS refuses, and what keeps it out of reach, by kind, with what to do about it."""

import os
import re
from contextlib import suppress

from botocore import exceptions as aws
from botocore.parsers import ResponseParserError

from kit.errors import KitError

from .account import Account, code, is_denied
from .causes import known_cause
from .service import Service

UNKNOWN = (
    aws.CredentialRetrievalError,
    aws.NoAuthTokenError,
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
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
EXPIRED = (aws.LoginError, aws.SSOError, aws.TokenRetrievalError)
EXPIRED_CODES = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
# An answer that can't be parsed is not AWS's: a proxy or a sign-in page of the network has answered.
UNREACHABLE = (aws.ConnectionError, aws.HTTPClientError, ResponseParserError)
# Everything that a call of AWS can end with.
REFUSALS = (aws.BotoCoreError, aws.ClientError, ResponseParserError)


def explained(error: Exception, service: Service) -> KitError:
    """What AWS did not do (one of REFUSALS), for whom, and what to do."""
    identity: dict[str, str] = {}
    if isinstance(error, aws.ClientError):
        with suppress(*REFUSALS):  # then the error itself says why
            identity = Account(service).identity()
    return refusal(error, service, identity)


def refusal(error: Exception, service: Service, identity: dict[str, str] | None = None) -> KitError:
    """What AWS did not do, and what to do about it, by the kind of the error.

    Args:
        identity: what GetCallerIdentity says, as far as it is known.
    """
    message = " ".join(str(error).split()).rstrip(".") + "."
    reason = code(error) if isinstance(error, aws.ClientError) else ""
    profile = os.environ.get("AWS_PROFILE")
    login = "aws sso login --profile " + (profile or "NAME && export AWS_PROFILE=NAME")
    if isinstance(error, aws.ProfileNotFound):
        return _no_profile(str(error.kwargs["profile"]))
    if isinstance(error, UNREACHABLE):
        remedy = [
            "This is no sign-in problem. Look at the network, the VPN and the proxy (HTTPS_PROXY).",
            f"The Region is {service.region}, from samconfig.toml: a wrong one has no address.",
        ]
        if isinstance(error, aws.SSLError):
            remedy.append("A proxy with its own certificate: AWS_CA_BUNDLE=its-certificates.pem")
        return KitError(f"AWS can't be reached: {message}", *remedy)
    if isinstance(error, EXPIRED) or reason in EXPIRED_CODES:
        return KitError(f"You signed in too long ago, or not yet: {message}", f"Sign in: {login}")
    if isinstance(error, UNKNOWN) or reason in UNKNOWN_CODES:
        return KitError(
            f"AWS does not know who you are: {message}",
            f"Sign in, for example: {login}",
            "No profile yet? aws configure sso",
        )
    if isinstance(error, aws.ClientError):
        return _refused(error, message, service, identity or {})
    return KitError(f"AWS did not do it, in {service.region}: {message}")


def _no_profile(name: str) -> KitError:
    profiles = "aws configure list-profiles   (says which there are: export AWS_PROFILE=NAME)"
    if not name:
        return KitError("AWS_PROFILE is empty.", "unset AWS_PROFILE", f"or {profiles}")
    place = os.environ.get("AWS_CONFIG_FILE", "~/.aws/config")
    return KitError(
        f"The profile {name} is not in {place}.", f"aws configure sso --profile {name}", profiles
    )


def _refused(
    error: aws.ClientError, message: str, service: Service, identity: dict[str, str]
) -> KitError:
    what = f"{error.operation_name} in {service.region}: {message}"
    asked = [f"Asked as {identity['Arn']}, account {identity['Account']}."] if identity else []
    cause = known_cause(str(error))
    fix = cause.remedies(str(error), service) if cause else []
    if not is_denied(error):
        return KitError(what, *asked, *fix)
    if not fix or service.deploy_role not in identity.get("Arn", ""):
        # Only what the deploy role may do is the service's own, and can be added.
        match = re.search(r"perform:? ([\w-]+:\w+)", str(error))
        action = match[1] if match else error.operation_name
        fix = [f"Sign in with a role that may {action}, or ask an administrator for it."]
    return KitError(f"Denied: {what}", *asked, *fix)
