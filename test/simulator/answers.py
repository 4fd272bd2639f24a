"""An answer before it is put on the wire."""
import json

JSON_TYPE = "application/json; charset=utf-8"
ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class Response:
    """Status, body and the headers that differ from the usual ones."""

    __slots__ = ("status", "body", "headers", "content_type")

    def __init__(self, status, body, headers=(), content_type=JSON_TYPE):
        self.status = status
        self.body = body
        self.headers = list(headers)
        self.content_type = content_type


def to_json(document):
    return ENCODER.encode(document).encode("utf-8")


def header_refusal(status, code, message):
    """A rejection by the identity service: headers, and an empty body."""
    return Response(status, b"", [("X-Bce-Error-Code", code),
                                  ("X-Bce-Error-Message", message)])
