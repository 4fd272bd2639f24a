#!/usr/bin/env python3
"""Every named fault does what its name says, once, and nothing else breaks."""
import json
import math
import unittest
import zlib

import tasks
from fault_table import FAULTS
from harness import SimulatorCase
import faults  # noqa: F401  (fills the table)

LIST, DETAIL = "DescribeModelCompTasks", "DescribeModelCompTask"
KEY = {"modelCompTaskId": tasks.task_id(0)}
BODY = json.dumps(KEY).encode()

# Status and body of an answer that is a proper refusal.
REFUSALS = {
    "InappropriateJSON": 400, "InvalidMarker": 400,
    "SignatureDoesNotMatch": 400, "RequestExpired": 400,
    "InvalidHTTPAuthHeader": 400, "InvalidHTTPRequest": 400,
    "InvalidURI": 400, "MalformedJSON": 400, "AccessDenied": 403,
    "IdempotentParameterMismatch": 403, "InvalidAccessKeyId": 403,
    "OptInRequired": 403, "InvalidVersion": 404, "PreconditionFailed": 412,
    "SignatureEmpty": 400, "ResourceNotFound": 404,
    "InternalError": 500,
}
STATUSES = [400, 401, 403, 404, 405, 408, 409, 412, 413, 429, 500, 501, 502,
            503, 504]
# How a raw connection sees a fault: what must be in the bytes, and the end.
RAW = {
    "reset-before-headers": (b"", "reset"),
    "reset-mid-body": (b'"requestId"', "reset"),
    "close-before-headers": (b"", "end"),
    "close-mid-headers": (b"HTTP/1.1 200", "end"),
    "close-mid-body": (b'"requestId"', "end"),
    "stall-before-headers": (b"", "timeout"),
    "stall-mid-headers": (b"HTTP/1.1 200", "timeout"),
    "stall-mid-body": (b'"requestId"', "timeout"),
    "huge-announced": (b"1000000000000", "timeout"),
    "slow-body": (b"\r\n\r\n{", "timeout"),
    "wrong-content-length": (b'"requestId"', "end"),
    "endless-headers": (b"X-Padding-999", "limit"),
    "long-header": (b"x" * 10 ** 6, "limit"),
    "endless-1xx": (b"102 Processing\r\n\r\n" b"HTTP/1.1 102", "limit"),
    "endless-chunk": (b"10;padding=xxx", "limit"),
    "endless-trailers": (b"0\r\nX-Padding-0", "limit"),
    "endless-gzip": (b"\x1f\x8b\x08\x08", "limit"),
    "trailers": (b"0\r\nX-Checksum", "timeout"),
    "early-hints": (b"103 Early Hints", "timeout"),
    "http2-frame": (b"\0\0\x08\x07", "end"),
    "http2-frame:reset": (b"\0\0\x04\x03", "end"),
    "http2-upgrade": (b"101 Switching", "end"),
    "not-http": (b"\x16\x03\x01", "end"),
}
BROKEN_JSON = ("truncated-json", "invalid-json", "raw-nul", "non-utf8",
               "non-utf8-id",
               "byte-order-mark", "empty-body", "html-200")


class Faults(SimulatorCase):
    seen = set()

    def fail(self, spelled, *options):
        type(self).seen.add(spelled.partition(":")[0])
        self.ctl("fail", spelled, *options)

    def failed(self, spelled, *options):
        """(status, headers, body) of the call that fails."""
        self.fail(spelled, *options)
        return self.raw_call(DETAIL, BODY)

    def document(self, spelled):
        status, _, body = self.failed(spelled)
        self.assertEqual(status, 200)
        return json.loads(body)

    def task(self, spelled):
        return self.document(spelled)["result"]

    def tearDown(self):
        # Whatever happened before, the next call is fine again.
        self.connection.close()
        self.assertEqual(self.result(DETAIL, KEY), tasks.detail(0))

    @classmethod
    def tearDownClass(cls):
        missing = set(FAULTS) - cls.seen
        if missing:
            raise AssertionError(f"never tried: {sorted(missing)}")

    def test_refusals(self):
        for status in STATUSES:
            with self.subTest(status):
                found, _, body = self.failed(f"http-{status}")
                self.assertEqual(found, status)
                self.assertEqual(set(json.loads(body)),
                                 {"requestId", "code", "message"})
        for code, status in REFUSALS.items():
            with self.subTest(code):
                found, _, body = self.failed(code)
                self.assertEqual((found, json.loads(body)["code"]),
                                 (status, code))

    def test_any_code(self):
        status, _, body = self.failed("code:418:Tea:pot: short and stout")
        self.assertEqual(status, 418)
        self.assertEqual(json.loads(body)["message"], "pot: short and stout")

    def test_many_values(self):
        self.assertEqual(self.task("many-values:3")["config"],
                         {"layers": [0, 0, 0]})

    def test_page_info(self):
        for spelled, expected in (
                ('{"isTruncated": "no: really", "nextMarker": "(missing)"}',
                 {"marker": "", "maxKeys": 10, "isTruncated": "no: really"}),
                ("[1]", [1])):
            self.fail(f"page-info:{spelled}", "--first-page")
            self.assertEqual(self.result(LIST, {"marker": tasks.task_id(5)})
                             ["pageInfo"]["isTruncated"], True)
            self.assertEqual(self.result(LIST, {})["pageInfo"], expected)

    def test_other_envelopes(self):
        self.assertEqual(self.document("code-in-200")["code"], "InternalError")
        self.assertEqual(self.document("numeric:336501")["error_code"], 336501)
        status, _, body = self.failed("error-object:429:rpm")
        self.assertEqual((status, json.loads(body)["error"]["code"]),
                         (429, "rpm"))
        status, headers, body = self.failed("iam-header")
        self.assertEqual((status, body), (400, b""))
        self.assertIn("Fail to authn", headers["X-Bce-Error-Message"])
        status, headers, body = self.failed("iam-header:credential")
        self.assertEqual((status, body), (404, b""))
        status, _, body = self.failed("credential-not-found")
        self.assertIn("Could not find credential",
                      json.loads(body)["message"])
        _, headers, body = self.failed("date-1970")
        self.assertIn("1970", headers["Date"])
        self.assertEqual(json.loads(body)["code"], "RequestExpired")

    def test_nasty_texts(self):
        _, _, body = self.failed("control-characters")
        answer = json.loads(body)
        self.assertIn("\x1b", answer["message"])
        self.assertIn("\n", answer["requestId"])
        _, _, body = self.failed("long-message")
        self.assertGreater(len(body), 10 ** 6)
        _, _, body = self.failed("long-request-id")
        self.assertGreater(len(json.loads(body)["requestId"]), 10 ** 6)

    def test_cookie(self):
        _, headers, _ = self.failed("set-cookie")
        self.assertIn("crumb", headers["Set-Cookie"])

    def test_retry_after(self):
        _, headers, _ = self.failed("http-429", "--retry-after", "7")
        self.assertEqual(headers["Retry-After"], "7")
        _, headers, _ = self.failed("http-503", "--retry-after", "date:3")
        self.assertRegex(headers["Retry-After"], "^[A-Z][a-z]{2}, .* GMT$")

    def test_wrong_documents(self):
        self.assertNotEqual(self.task("wrong-id")["id"],
                            KEY["modelCompTaskId"])
        self.assertNotIn("id", self.task("missing-id"))
        self.assertNotIn("result", self.document("missing-result"))
        for kind, value in (("string", str), ("array", list), ("number", int),
                            ("true", bool), ("list-string", dict),
                            ("list-items", dict)):
            self.assertIsInstance(self.task(f"wrong-type-result:{kind}"),
                                  value)
        self.assertEqual(self.task('result:{"a":[1]}'), {"a": [1]})
        self.assertIsInstance(self.task("wrong-type-field")["name"], dict)
        self.assertIsInstance(self.task("wrong-type-field:id")["id"], dict)
        self.assertEqual(self.task("strings-as-numbers")["name"], 42)
        self.assertIn("aNewMember", self.task("unknown-members")["config"])
        self.assertIn("yesterday", self.task("bad-time")["createTime"])
        self.assertEqual(self.task("description:new")["description"], "new")
        self.assertEqual(self.task("bad-number")["config"]["sparsityRatio"],
                         math.inf)
        self.assertEqual(self.task("bad-number:lots")["config"]
                         ["sparsityRatio"], "lots")
        self.assertEqual(self.task("big-number")["name"], 12345678901234567890)
        self.assertEqual(self.task("u0000")["name"], "nul \0 inside")
        self.assertEqual(self.task("lone-surrogate")["name"],
                         "half \ud83d inside")
        self.assertEqual(self.task("duplicate-keys")["name"], "second")

    def test_numbers_as_strings(self):
        sparse = next(i for i in range(99) if "sparsityRatio"
                      in tasks.detail(i)["config"])
        self.fail("numbers-as-strings")
        answer = self.result(DETAIL,
                             {"modelCompTaskId": tasks.task_id(sparse)})
        self.assertIsInstance(answer["config"]["sparsityRatio"], str)

    def test_list_is_struck_too(self):
        self.fail("wrong-id", "--action", LIST)
        items = self.result(LIST)["modelCompTaskList"]
        self.assertEqual(len({item["id"] for item in items}), 1)

    def test_broken_json(self):
        for name in BROKEN_JSON:
            with self.subTest(name):
                status, _, body = self.failed(name)
                self.assertEqual(status, 200)
                with self.assertRaises(ValueError):
                    json.loads(body.decode("utf-8"))
        _, _, body = self.failed("deep-json")
        self.assertIn(b"[" * 100000, body)

    def test_other_pages(self):
        self.assertEqual(self.failed("html-502")[0], 502)
        status, headers, _ = self.failed("redirect")
        self.assertEqual(status, 302)
        self.assertIn(self.facts["control"], headers["Location"])

    def test_raw(self):
        for name, (part, end) in RAW.items():
            with self.subTest(name):
                self.fail(name)
                data, ended = self.bytes_of(
                    DETAIL, KEY, 4 * 10 ** 6,
                    0.2 if end == "timeout" else 30)
                self.assertIn(part, data)
                self.assertEqual(ended, end)
        self.ctl("wait", "in_flight", 0, "--at-most")

    def test_short_content_length(self):
        self.assertRaises(ValueError, json.loads,
                          self.failed("wrong-content-length:short")[2])

    def test_too_much(self):
        self.assertGreater(len(self.failed("huge-json")[2]), 100 * 2 ** 20)
        _, _, body = self.failed("many-items:4")
        self.assertGreater(len(json.loads(body)["result"]), 2 * 10 ** 6)
        _, _, body = self.failed("large-description:2")
        task = json.loads(body)["result"]
        self.assertEqual(len(task.pop("description")), 2 * 2 ** 20)
        _, headers, body = self.failed("bad-gzip")
        self.assertEqual((headers["Content-Encoding"], body[:1]),
                         ("gzip", b"{"))
        _, headers, body = self.failed("gzip-bomb:50")
        self.assertLess(len(body), 10 ** 6)
        self.assertGreater(len(zlib.decompress(body, 31)), 50 * 2 ** 20)

    def test_stacked_codings(self):
        _, headers, body = self.failed("stacked-gzip")
        self.assertEqual(headers["Content-Encoding"], "gzip, gzip, gzip")
        for _ in range(3):
            body = zlib.decompress(body, 31)
        self.assertEqual(json.loads(body)["result"], tasks.detail(0))

    def test_padding(self):
        _, _, body = self.failed("padded:100")
        document = json.loads(zlib.decompress(body, 31))
        self.assertEqual(len(document["padding"]), 102400)
        self.assertEqual(document["result"], tasks.detail(0))

    def test_loud_answers(self):
        self.assertIn("bce-auth-v1/",
                      self.task("repeats-request")["config"]["sparsityRatio"])
        self.assertEqual(len(self.task("long-time")["createTime"]), 100000)
        status, headers, body = self.failed("header-message:a:b:c:d")
        self.assertEqual((status, headers["X-Bce-Error-Message"], body),
                         (400, "a:b:c:d", b""))

    def test_slow_body_completes(self):
        self.assertIn(b'"requestId"', self.failed("slow-body:0")[2])

    def test_selection(self):
        self.fail("http-500", "--times", "2", "--after", "1",
                  "--id", KEY["modelCompTaskId"])
        found = [self.call(DETAIL, KEY)[0] for _ in range(4)]
        self.assertEqual(found, [200, 500, 500, 200])
        self.fail("http-503", "--always", "--action", LIST)
        self.assertEqual([self.call(LIST)[0] for _ in range(3)], [503] * 3)
        self.assertEqual(self.call(DETAIL, KEY)[0], 200)
        self.ctl("heal")
        self.assertEqual(self.call(LIST)[0], 200)
        self.assertEqual(self.ctl("get", "faults_fired"), "5")

    def test_bad_orders(self):
        for words in (["nosuch"], ["code"], ["http-500", "--times", "x"],
                      ["http-500", "--action", "x"], ["http-500:more"],
                      ["u0000:1"], ["http-500", "--bogus"]):
            with self.subTest(words), self.assertRaises(ValueError):
                self.ctl("fail", *words)


if __name__ == "__main__":
    unittest.main()
