"""The error words the documentation gives, and the exception that carries one.

Kept apart because signature checks, the actions and the fault table all
refuse requests, and must refuse them with the same words.
"""

# code -> (HTTP status, message)
DOCUMENTED = {
    "InappropriateJSON": (400, "The JSON you provided was well-formed and "
                               "valid, but not appropriate for this "
                               "operation."),
    "InvalidMarker": (400, "The marker is not valid."),
    "SignatureDoesNotMatch": (400, "The request signature we calculated does "
                                   "not match the signature you provided."),
    "SignatureEmpty": (400, "Signature is invalid: Signature is empty."),
    "RequestExpired": (400, "Request has expired."),
    "InvalidHTTPAuthHeader": (400, "The HTTP authorization header is invalid."),
    "InvalidHTTPRequest": (400, "There was an error in the body of your HTTP "
                                "request."),
    "InvalidURI": (400, "Could not parse the specified URI."),
    "MalformedJSON": (400, "The JSON you provided was not well-formed."),
    "AccessDenied": (403, "Access denied."),
    "IdempotentParameterMismatch": (403, "The request uses the same client "
                                         "token with other parameters."),
    "InvalidAccessKeyId": (403, "The access key ID you provided does not exist "
                                "in our records."),
    "OptInRequired": (403, "A subscription for the service is required."),
    "InvalidVersion": (404, "The API version specified was invalid."),
    "ResourceNotFound": (404, "The requested resource does not exist."),
    "PreconditionFailed": (412, "The specified If-Match header does not match "
                                "the ETag."),
    "InternalError": (500, "We encountered an internal error. Please try "
                           "again."),
}

# What the identity service says in X-Bce-Error-Message, with an empty body.
CREDENTIAL_NOT_FOUND = "NotFound, cause: Could not find credential."
SIGNATURE_REFUSED = ("SignatureDoesNotMatch, cause: Fail to authn user: "
                     "Signature does not match")


class ApiError(Exception):
    """A refusal: HTTP status, error word and message of the answer."""

    def __init__(self, code, message=None, status=None):
        known_status, known_message = DOCUMENTED.get(code, (400, code))
        self.code = code
        self.status = status or known_status
        self.message = known_message if message is None else message
        super().__init__(f"{self.status} {code}: {self.message}")
