#!/usr/bin/env python3
"""Signatures: the collected vectors, and everything that must be refused."""
import json
import os
import unittest
from itertools import product

import auth
from errors import ApiError
from settings import Settings
from wire import Request

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "..", "unit", "signing_vectors.json")
AK, SK = "key", "secret"
STAMP = "2026-01-15T08:00:00Z"
NOW = 1768464000
BASE = {"host": "127.0.0.1:18443", "x-bce-date": STAMP,
        "content-type": "application/json"}


def load_vectors():
    with open(VECTORS, encoding="utf-8") as file:
        return json.load(file)


def request_of(method, path, query, headers):
    """A request as the wire layer would deliver it."""
    target = auth.uri_encode(path, "/")
    if query:
        target += "?" + "&".join(f"{auth.uri_encode(name)}="
                                 f"{auth.uri_encode(value)}"
                                 for name, value in query)
    lines = [f"{method} {target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers]
    return Request("\r\n".join(lines).encode("utf-8"))


class Vectors(unittest.TestCase):
    def test_number(self):
        self.assertEqual(len(load_vectors()), 25)

    def test_sign(self):
        for vector in load_vectors():
            with self.subTest(vector["name"]):
                headers = {name.lower(): value for name, value
                           in vector["headers"].items()}
                pairs = list(vector["query"].items())
                self.assertEqual(auth.canonical_request(
                    vector["method"], vector["path"], pairs, headers,
                    vector["signed_headers"]), vector["canonical_request"])
                self.assertEqual(auth.sign(
                    vector["access_key"], vector["secret_key"],
                    vector["timestamp"], vector["expiration"],
                    vector["method"], vector["path"], pairs, headers,
                    vector["signed_headers"]), vector["authorization"])

    def test_verify(self):
        """Each vector passes, strict or not, but one that signs no host."""
        stricter = {"js_sdk_unit_test_delete": "InvalidHTTPAuthHeader"}
        for vector, strict in product(load_vectors(), ("on", "off")):
            with self.subTest(vector["name"], strict=strict):
                settings = Settings({"access_key": vector["access_key"],
                                     "secret_key": vector["secret_key"],
                                     "strict": strict})
                headers = list(vector["headers"].items())
                headers.append(("Authorization", vector["authorization"]))
                request = request_of(vector["method"], vector["path"],
                                     list(vector["query"].items()), headers)
                try:
                    auth.verify(request, settings, vector["timestamp_epoch"])
                    code = None
                except ApiError as error:
                    code = error.code
                self.assertEqual(code, stricter.get(vector["name"]))


class Refusals(unittest.TestCase):
    def setUp(self):
        self.settings = Settings({"access_key": AK, "secret_key": SK,
                                  "strict": "on"})

    def check(self, code, headers=None, signed=None, sent=(), drop=(),
              authorization=None, keys=(AK, SK), now=NOW, path="/v2/model",
              query=(("Action", "A"),), method="POST", expiration=1800):
        """Sign headers, send them with changes, expect code (None: fine)."""
        headers = dict(BASE, **(headers or {}))
        if signed is None:
            signed = sorted(name for name in headers
                            if name == "host" or name.startswith("x-bce-"))
        value = auth.sign(*keys, STAMP, expiration, "POST", "/v2/model",
                          [("Action", "A")], headers, signed)
        headers["authorization"] = value if authorization is None \
            else authorization(value)
        headers.update(sent)
        request = request_of(method, path, query,
                             [pair for pair in headers.items()
                              if pair[0] not in drop])
        try:
            auth.verify(request, self.settings, now)
            found = None
        except ApiError as error:
            found = error.code
        self.assertEqual(found, code)

    def test_good(self):
        self.check(None)
        self.check(None, signed=[])
        self.check(None, drop=["x-bce-date"], signed=["host"])
        self.check(None, {"x-bce-trace": "1"})

    def test_form(self):
        malformed = "InvalidHTTPAuthHeader"
        self.check("SignatureEmpty", drop=["authorization"])
        for change in (lambda v: "Bearer x", lambda v: v + "/more",
                       lambda v: v.replace("v1", "v2"),
                       lambda v: v.replace("/1800/", "/0/"),
                       lambda v: v.replace("/1800/", "/-1/"),
                       lambda v: v.replace("/1800/", "/1e3/"),
                       lambda v: v.replace("T08", " 08"),
                       lambda v: v.replace("-01-15", "-13-45"),
                       lambda v: v.replace("00Z", "00.5Z"),
                       lambda v: v[:-1], lambda v: v[:-64] + v[-64:].upper(),
                       lambda v: v.replace("host;x-bce-date",
                                           "x-bce-date;host"),
                       lambda v: v.replace("host;", "Host;"),
                       lambda v: v.replace("host;", "host;host;")):
            with self.subTest(change("bce-auth-v1/k/T08/1800/host;x/00Z")):
                self.check(malformed, authorization=change)

    def test_signed_headers(self):
        self.check("InvalidHTTPAuthHeader", signed=["x-bce-date"])
        self.check("SignatureDoesNotMatch", signed=["host"])
        self.check("SignatureDoesNotMatch", sent={"x-bce-trace": "1"})
        self.check("SignatureDoesNotMatch", drop=["x-bce-date"])
        self.check("SignatureDoesNotMatch",
                   {"x-bce-date": "2026-01-15T08:00:01Z"})

    def test_tampering(self):
        wrong = "SignatureDoesNotMatch"
        self.check(wrong, sent={"host": "127.0.0.1"})
        self.check(wrong, sent={"host": "127.0.0.1:18444"})
        self.check(wrong, path="/v2/model/")
        self.check(wrong, query=(("Action", "B"),))
        self.check(wrong, query=(("Action", "A"), ("x", "")))
        self.check(wrong, method="PUT")
        self.check(wrong, keys=(AK, "guess"))
        self.check(wrong, authorization=lambda v: v[:-1] + "0"
                   if v[-1] != "0" else v[:-1] + "1")

    def test_key(self):
        self.check("InvalidAccessKeyId", keys=("other", SK))

    def test_time(self):
        self.check(None, now=NOW + 1800)
        self.check("RequestExpired", now=NOW + 1801)
        self.check("RequestExpired", now=NOW + 301, expiration=300)
        self.check(None, now=NOW - 1800)
        self.check("RequestExpired", now=NOW - 1801)
        # A forged signature learns nothing about clocks.
        self.check("SignatureDoesNotMatch", now=NOW + 9999, keys=(AK, "guess"))

    def test_session_token(self):
        self.settings.set("session_token", "to/ken+==")
        self.check("SignatureDoesNotMatch")
        self.check("SignatureDoesNotMatch", {"x-bce-security-token": "no"})
        self.check("SignatureDoesNotMatch",
                   {"x-bce-security-token": "to/ken+=="},
                   signed=["host", "x-bce-date"])
        self.check(None, {"x-bce-security-token": "to/ken+=="})


if __name__ == "__main__":
    unittest.main()
