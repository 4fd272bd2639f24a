"""Faults that are proper refusals, in all the envelopes there are."""
from answers import Response, header_refusal, to_json
from errors import (ApiError, CREDENTIAL_NOT_FOUND, DOCUMENTED,
                    SIGNATURE_REFUSED)
from fault_table import FAULTS, fault

# Words for statuses that no page gives a word for are our own.
HTTP_CODES = {400: "InappropriateJSON", 401: "Unauthorized",
              403: "AccessDenied", 404: "NoSuchKey", 405: "MethodNotAllowed",
              408: "RequestTimeout", 409: "Conflict",
              412: "PreconditionFailed", 413: "EntityTooLarge",
              429: "TooManyRequests", 500: "InternalError",
              501: "NotImplemented", 502: "BadGateway",
              503: "ServiceUnavailable", 504: "GatewayTimeout"}


def _refuse(code, status=None):
    def answer(exchange):
        return exchange.refusal(ApiError(code, status=status))
    return answer


for _status, _code in HTTP_CODES.items():
    FAULTS[f"http-{_status}"] = _refuse(_code, _status)
for _code in DOCUMENTED:
    FAULTS[_code] = _refuse(_code)


@fault("code")
def any_code(exchange, status, code, message="Refused by order."):
    """code:STATUS:CODE:MESSAGE, under any status."""
    return exchange.error(int(status), code, message)


@fault("code-in-200")
def code_in_200(exchange, code="InternalError"):
    """An error envelope where success is claimed."""
    return exchange.error(200, code, "Refused by order.")


@fault("credential-not-found")
def credential_not_found(exchange):
    """Looks like "no such task", and is about the access key."""
    return exchange.error(404, "NotFound", CREDENTIAL_NOT_FOUND)


@fault("date-1970")
def date_1970(exchange):
    """The request expired, says a server that lost its clock."""
    return exchange.error(400, "RequestExpired", "Request has expired.",
                          [("Date", "Thu, 01 Jan 1970 00:00:00 GMT")])


@fault("control-characters")
def control_characters(exchange):
    """An error text that would spoil a terminal or a log."""
    exchange.request_id = "6ba7b810"
    response = exchange.error(400, "InappropriateJSON",
                              "bell \a escape \x1b[31m\r\nnew line \x7f end")
    response.body = response.body.replace(b'"6ba7b810"',
                                          b'"id\\n\\u001b[2Jwith\\ttab"')
    return response


@fault("long-message")
def long_message(exchange, size=2 ** 20):
    """An error whose message is a megabyte long."""
    return exchange.error(400, "InappropriateJSON", "压缩 " * (int(size) // 7))


@fault("long-request-id")
def long_request_id(exchange, size=2 ** 20):
    """An error whose request id is a megabyte long."""
    exchange.request_id = "6ba7b810"
    response = exchange.error(400, "InappropriateJSON", "Refused by order.")
    response.body = response.body.replace(b"6ba7b810", b"6" * int(size))
    return response


@fault("iam-header")
def iam_header(exchange, which="signature"):
    """Refused in headers only: iam-header, iam-header:credential."""
    if which == "credential":
        return header_refusal(404, "NotFound", CREDENTIAL_NOT_FOUND)
    return header_refusal(400, "SignatureDoesNotMatch", SIGNATURE_REFUSED)


@fault("header-message")
def header_message(_, *text):
    """header-message:TEXT, refused in headers only, with this text."""
    return header_refusal(400, "InvalidURI", ":".join(text))


@fault("numeric")
def numeric(exchange, number="18", text="Open api qps request limit reached"):
    """numeric:N, the envelope of the older routes under 200."""
    return Response(200, to_json({"log_id": exchange.request_id,
                                  "error_code": int(number),
                                  "error_msg": text}))


@fault("error-object")
def error_object(exchange, status="400", code="invalid_argument",
                 message="Refused by order."):
    """error-object:STATUS:CODE, the envelope of the inference routes."""
    return Response(int(status), to_json({
        "error": {"code": code, "message": message, "type": code},
        "id": exchange.request_id}))
