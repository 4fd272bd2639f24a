#!/usr/bin/env python3
"""Calls beyond a quota are refused, others are not, and both are counted."""
import http.client
import threading
import types
import unittest

from harness import SimulatorCase
from quota import Quota

LIST = "DescribeModelCompTasks"
SLOW = 0.001                    # calls per second; no second one is due here


class Buckets(unittest.TestCase):
    """By a clock of its own."""

    def admitted(self, quota, ncalls):
        return sum(not quota.refuses(object()) for _ in range(ncalls))

    def quota(self, per_second, burst=0):
        self.now = 100.0
        return Quota(types.SimpleNamespace(
            quota_in_flight=0, quota_per_second=per_second,
            quota_burst=burst), lambda: self.now)

    def test_per_second(self):
        quota = self.quota(10)
        self.assertEqual(self.admitted(quota, 30), 10)  # a second's, at once
        self.now += .55
        self.assertEqual(self.admitted(quota, 10), 5)
        self.now += 60
        self.assertEqual(self.admitted(quota, 30), 10)

    def test_burst(self):
        quota = self.quota(10, 1)
        self.assertEqual(self.admitted(quota, 5), 1)
        self.now += .15
        self.assertEqual(self.admitted(quota, 5), 1)


class Quotas(SimulatorCase):
    def test_per_second(self):
        self.ctl("set", "quota_per_second", SLOW)
        self.ctl("set", "quota_burst", 2)
        codes = [self.call(LIST)[0] for _ in range(5)]
        self.assertEqual(codes, [200, 200, 429, 429, 429])
        self.assertEqual(self.ctl("get", "refused"), "3")

    def test_retry_after(self):
        self.ctl("set", "quota_per_second", SLOW)
        self.ctl("set", "quota_burst", 1)
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
        self.ctl("set", "latency_ms", 2000)
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
