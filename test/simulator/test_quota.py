#!/usr/bin/env python3
"""Calls beyond a quota are refused, others are not, and both are counted."""
import http.client
import threading
import time
import unittest

from harness import SimulatorCase

LIST = "DescribeModelCompTasks"


class Quotas(SimulatorCase):
    def test_per_second(self):
        self.ctl("set", "quota_per_second", 10)
        codes = [self.call(LIST)[0] for _ in range(30)]
        self.assertEqual(codes[:10], [200] * 10)     # a second's, at once
        self.assertGreater(codes.count(429), 10)
        self.assertEqual(self.ctl("get", "refused"), str(codes.count(429)))
        time.sleep(.5)
        codes = [self.call(LIST)[0] for _ in range(10)]
        self.assertTrue(4 <= codes.count(200) <= 9, codes)

    def test_burst(self):
        self.ctl("set", "quota_per_second", 10)
        self.ctl("set", "quota_burst", 1)
        codes = [self.call(LIST)[0] for _ in range(5)]
        self.assertEqual((codes[0], codes[1]), (200, 429))

    def test_retry_after(self):
        self.ctl("set", "quota_per_second", 1)
        self.ctl("set", "quota_retry_after", 7)
        self.call(LIST)
        status, headers, _ = self.raw_call(LIST)
        self.assertEqual((status, headers["Retry-After"]), (429, "7"))

    def test_in_flight(self):
        self.ctl("set", "quota_in_flight", 2)
        self.ctl("hold")
        waiting = [threading.Thread(target=self.one_call) for _ in range(2)]
        for thread in waiting:
            thread.start()
        self.ctl("wait", "held", 2)
        self.ctl("set", "latency_ms", 300)
        self.ctl("release")
        self.assertEqual(self.call(LIST)[0], 429)
        for thread in waiting:
            thread.join()
        self.ctl("set", "latency_ms", 0)
        self.assertEqual(self.call(LIST)[0], 200)

    def one_call(self):
        connection = http.client.HTTPConnection(self.host, self.port)
        connection.request("POST", "/v2/model?Action=" + LIST, b"{}",
                           self.headers(LIST))
        connection.getresponse().read()
        connection.close()


if __name__ == "__main__":
    unittest.main()
