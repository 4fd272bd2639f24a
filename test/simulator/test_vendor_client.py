#!/usr/bin/env python3
"""What the vendor's Python client sends is served, whatever its order.

The client keeps the names of the headers it signs in a set, so that their
order is another in each process; takes the time twice, for x-bce-date and for
the signature; and lets a signature last for 300 seconds.  The signer here has
its shapes, and nothing in common with auth.py.
"""
import hashlib
import hmac
import http.client
import json
import os
import time
import unittest
import urllib.parse
from itertools import permutations

import tasks
from harness import SimulatorCase

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "..", "unit", "signing_vectors.json")
LIST, DETAIL = "DescribeModelCompTasks", "DescribeModelCompTask"
SIGNED = ("content-type", "host", "request-source", "x-bce-date")


def encode(text):
    return urllib.parse.quote(text, safe="-_.~")


def hex_hmac(key, text):
    return hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()


def authorization(keys, timestamp, seconds, path, query, headers, names):
    """The header's value: names are signed, and listed in their order."""
    signed = {name.lower() for name in names}
    lines = [encode(name) + ":" + encode(value.strip())
             for name, value in ((key.lower(), headers[key])
                                 for key in headers)
             if name in signed and value.strip()]
    text = "\n".join((
        "POST", urllib.parse.quote(path, safe="/-_.~"),
        "&".join(sorted(f"{encode(name)}={encode(value)}"
                        for name, value in query.items())),
        "\n".join(sorted(lines))))
    prefix = f"bce-auth-v1/{keys[0]}/{timestamp}/{seconds}"
    return "/".join((prefix, ";".join(names),
                     hex_hmac(hex_hmac(keys[1], prefix), text)))


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Signer(unittest.TestCase):
    def test_as_the_vendor(self):
        """The collected vector of that client comes out, sorted as there."""
        with open(VECTORS, encoding="utf-8") as file:
            vector, = (vector for vector in json.load(file)
                       if vector["name"] == "qianfan_python_sdk_shape")
        self.assertEqual(
            authorization((vector["access_key"], vector["secret_key"]),
                          vector["timestamp"], vector["expiration"],
                          vector["path"], vector["query"], vector["headers"],
                          vector["signed_headers"]),
            vector["authorization"])


class Client(SimulatorCase):
    def ask(self, action, body, names=SIGNED, seconds=300, late=0, extra=()):
        """(status, document) of a call as the client makes it."""
        now = time.time()
        headers = {"Content-Type": "application/json",
                   "Host": f"{self.host}:{self.port}",
                   "request-source": "qianfan_py_sdk_v0.0.0",
                   "x-bce-date": instant(now - late), **dict(extra)}
        headers["Authorization"] = authorization(
            (self.facts["access_key"], self.facts["secret_key"]),
            instant(now), seconds, self.path, {"Action": action}, headers,
            names)
        connection = http.client.HTTPConnection(self.host, self.port)
        try:
            connection.request("POST", f"{self.path}?Action={action}", body,
                               headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def served(self, *words, **changes):
        status, document = self.ask(*words, **changes)
        self.assertEqual(status, 200, document)
        return document.get("result")

    def refused_when_strict(self, code, *words, **changes):
        """Served, but not in the mode our own client is tested in."""
        result = self.served(*words, **changes)
        self.ctl("set", "strict", "on")
        status, document = self.ask(*words, **changes)
        self.assertEqual((status, document.get("code")), (400, code))
        self.ctl("set", "strict", "off")
        return result

    def test_every_order(self):
        for names in permutations(SIGNED):
            with self.subTest(names):
                call = (LIST, "{}", names)
                if list(names) == sorted(names):
                    self.served(*call)
                else:
                    self.refused_when_strict("InvalidHTTPAuthHeader", *call)

    def test_two_times(self):
        self.refused_when_strict("SignatureDoesNotMatch", LIST, "{}", late=240)

    def test_a_header_that_is_not_signed(self):
        self.refused_when_strict("SignatureDoesNotMatch", LIST, "{}",
                                 extra={"x-bce-request-id": "7d1"})

    def test_a_name_without_a_header(self):
        self.refused_when_strict("SignatureDoesNotMatch", LIST, "{}",
                                 ("content-md5", *SIGNED))

    def test_names_in_capitals(self):
        self.refused_when_strict("InvalidHTTPAuthHeader", LIST, "{}",
                                 ("Host", "X-Bce-Date"))

    def test_any_expiration(self):
        for seconds in (1, 300, 180000, 10 ** 12, 10 ** 400):
            with self.subTest(seconds):
                self.served(LIST, "{}", seconds=seconds)

    def test_an_empty_body(self):
        result = self.refused_when_strict("MalformedJSON", LIST, "")
        self.assertEqual(len(result["modelCompTaskList"]), 10)

    def test_many_keys(self):
        result = self.served(LIST, '{"maxKeys": 5000}')
        self.assertEqual(len(result["modelCompTaskList"]), 100)
        self.assertEqual(result["pageInfo"]["maxKeys"], 100)

    def test_weights(self):
        for weight in ("int8-ptq", "INT8-PTQ", "w8a16c16"):
            with self.subTest(weight):
                identifier = self.served("CreateModelCompTask", json.dumps({
                    "name": "n", "sourceModelId": tasks.SOURCE_MODELS[0],
                    "modelSetId": "am-1",
                    "config": {"strategy": "Quantization",
                               "weight": weight}}))
                task = self.served(DETAIL, json.dumps(
                    {"modelCompTaskId": identifier}))
                self.assertEqual(task["config"]["weight"], weight)

    def test_what_stays_wrong(self):
        status, document = self.ask(LIST, "{}", ("x-bce-date",))
        self.assertEqual((status, document["code"]),
                         (400, "InvalidHTTPAuthHeader"))
        self.assertEqual(self.code(LIST, keys=("test-access-key", "guess")),
                         (400, "SignatureDoesNotMatch"))
        self.assertEqual(self.code(LIST, drop=["authorization"]),
                         (400, "SignatureEmpty"))


if __name__ == "__main__":
    unittest.main()
