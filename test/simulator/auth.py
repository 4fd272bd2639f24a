"""bce-auth-v1 signatures: making one, and refusing a bad one.

Written from the description of the algorithm alone and shares nothing with
the code under test, so that the two can only agree by both being right.

What the service takes from the clients there are is taken here.  With the
setting "strict" a request must also be as orderly as those of the code under
test: what is listed is sent, sorted and consistent.
"""
import hmac
import re
from calendar import timegm
from functools import lru_cache
from time import strptime
from urllib.parse import quote, unquote

from errors import ApiError, CREDENTIAL_NOT_FOUND, SIGNATURE_REFUSED

SCHEME = "bce-auth-v1"
DEFAULT_SIGNED = ("host", "content-length", "content-type", "content-md5")
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
EXPIRATION = re.compile(r"[1-9]\d*", re.ASCII)
SIGNATURE = re.compile(r"[0-9a-f]{64}")
TOKEN_HEADER = "x-bce-security-token"


@lru_cache(4096)
def uri_encode(text, keep=""):
    """Percent-encode the UTF-8 bytes of everything but unreserved marks."""
    return quote(text, safe=keep + "-_.~", errors="surrogateescape")


@lru_cache(1024)
def split_target(target):
    """A request target as (decoded path, decoded (name, value) pairs)."""
    path, _, query = target.partition("?")
    pairs = []
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        pairs.append((unquote(name, errors="surrogateescape"),
                      unquote(value, errors="surrogateescape")))
    return unquote(path, errors="surrogateescape"), tuple(pairs)


@lru_cache(1024)
def canonical_query(pairs):
    """Encoded pairs, sorted as whole strings, without "authorization"."""
    return "&".join(sorted(f"{uri_encode(name)}={uri_encode(value)}"
                           for name, value in pairs
                           if name.lower() != "authorization"))


def canonical_request(method, path, pairs, headers, signed):
    """The text that is signed; headers is a dict with lower-case names."""
    lines = []
    for name in signed or default_signed(headers):
        value = headers.get(name, "").strip()
        if value:
            lines.append(f"{uri_encode(name)}:{uri_encode(value)}")
    lines.sort()
    return "\n".join((method.upper(), uri_encode(path or "/", "/"),
                      canonical_query(tuple(pairs)), "\n".join(lines)))


def default_signed(headers):
    """What counts as signed when the list in Authorization is empty."""
    return [name for name in headers
            if name in DEFAULT_SIGNED or name.startswith("x-bce-")]


@lru_cache(256)
def signing_key(secret_key, prefix):
    """The key of the second step: hex text, used as its characters."""
    return _hmac_hex(secret_key.encode(), prefix).encode()


def _hmac_hex(key, text):
    message = text.encode("utf-8", "surrogateescape")
    return hmac.digest(key, message, "sha256").hex()


def sign(access_key, secret_key, timestamp, expiration, method, path, pairs,
         headers, signed):
    """The Authorization value; headers is a dict with lower-case names."""
    prefix = f"{SCHEME}/{access_key}/{timestamp}/{expiration}"
    text = canonical_request(method, path, pairs, headers, signed)
    signature = _hmac_hex(signing_key(secret_key, prefix), text)
    return f"{prefix}/{';'.join(signed)}/{signature}"


class Rejection(ApiError):
    """A refusal by the identity service, which has a wording of its own
    for the mode that answers in headers only."""

    def __init__(self, code, message=None, header=None):
        super().__init__(code, message)
        self.header = header or f"{code}, cause: {self.message}"


@lru_cache(1024)
def _instant(timestamp):
    try:
        if TIMESTAMP.fullmatch(timestamp):
            return timegm(strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        pass
    raise Rejection("InvalidHTTPAuthHeader", "The timestamp of the "
                    "authorization string is not YYYY-MM-DDThh:mm:ssZ.")


def _parse(value):
    """Authorization as (access key, timestamp, seconds, names, signature)."""
    parts = value.split("/")
    if len(parts) != 6 or parts[0] != SCHEME or not parts[1]:
        raise Rejection("InvalidHTTPAuthHeader")
    _, access_key, timestamp, expiration, names, signature = parts
    if not EXPIRATION.fullmatch(expiration):
        raise Rejection("InvalidHTTPAuthHeader",
                        "The expiration is not a positive number of seconds.")
    if not SIGNATURE.fullmatch(signature):
        raise Rejection("InvalidHTTPAuthHeader",
                        "The signature is not 64 lower-case hex digits.")
    return access_key, timestamp, expiration, names, signature


def _check_headers(request, settings, signed):
    """What must be signed is signed."""
    headers = request.fields
    covered = signed or default_signed(headers)
    if "host" not in covered or not headers.get("host"):
        raise Rejection("InvalidHTTPAuthHeader", "host must be signed.")
    for name in covered:
        if name in request.repeated:
            raise Rejection("InvalidHTTPAuthHeader",
                            f"The signed header {name} is repeated.")
    if settings.session_token:
        token = headers.get(TOKEN_HEADER) \
            or dict(request.query).get(TOKEN_HEADER)
        if token != settings.session_token:
            raise Rejection("SignatureDoesNotMatch",
                            "The security token is missing or wrong.")


def _check_order(request, timestamp, names, signed):
    """What the service does not mind, and our own client never does."""
    headers = request.fields
    if signed != sorted(set(signed)) or names != names.lower():
        raise Rejection("InvalidHTTPAuthHeader", "The signed headers are not "
                        "distinct, lower-case and in lexicographic order.")
    covered = signed or default_signed(headers)
    for name in covered:
        if name not in headers:
            raise Rejection("SignatureDoesNotMatch",
                            f"The signed header {name} is missing.")
    for name, value in headers.items():
        if name.startswith("x-bce-") and value and name not in covered:
            raise Rejection("SignatureDoesNotMatch",
                            f"The header {name} must be signed.")
    if headers.get("x-bce-date", timestamp) != timestamp:
        raise Rejection("SignatureDoesNotMatch", "x-bce-date is not the "
                        "timestamp of the authorization string.")


def verify(request, settings, now):
    """Raise a Rejection unless the request carries a valid signature.

    now is the server's clock.  The order is the one in which a service can
    know: form, key, signature, and only then whether it is still in time.
    """
    value = request.fields.get("authorization")
    if not value:
        raise Rejection("SignatureEmpty")
    if "authorization" in request.repeated:
        raise Rejection("InvalidHTTPAuthHeader")
    access_key, timestamp, expiration, names, signature = _parse(value)
    signed = names.lower().split(";") if names else []
    instant = _instant(timestamp)
    if access_key != settings.access_key:
        raise Rejection("InvalidAccessKeyId", header=CREDENTIAL_NOT_FOUND)
    if settings.strict:
        _check_order(request, timestamp, names, signed)
    _check_headers(request, settings, signed)

    prefix = f"{SCHEME}/{access_key}/{timestamp}/{expiration}"
    text = canonical_request(request.method, request.path, request.query,
                             request.fields, signed)
    expected = _hmac_hex(signing_key(settings.secret_key, prefix), text)
    if not hmac.compare_digest(expected, signature):
        raise Rejection("SignatureDoesNotMatch", header=SIGNATURE_REFUSED)
    if now > instant + float(expiration) \
            or instant > now + settings.future_tolerance_s:
        raise Rejection("RequestExpired", "Request has expired. Timestamp "
                        f"date is {timestamp}.")
