"""What the simulator saw: counters, gauges, and waiting for one of them.

Every number has one name, used alike by "ctl get" and "ctl wait".  A name
may be narrowed to one action: calls:DescribeModelCompTask.
"""
import time
from collections import deque

KEPT_REQUESTS = 1000


class Counters:
    """Numbers since the last reset, and gauges of this moment."""

    def __init__(self):
        self.in_flight = {}          # action -> requests not yet answered
        self.connections_open = 0
        self.held = 0                # requests waiting at the gate
        self._waiters = {}           # future -> (name, condition)
        self.reset()

    def reset(self):
        """Zero what accumulates; what is open or in flight stays."""
        self.total = 0
        self.calls = {}
        self.bytes = 0
        self.bytes_plain = 0
        self.connections = 0
        self.aborted = 0
        self.faults_fired = 0
        self.bad_requests = 0
        self.rejected = 0
        self.redirected = 0
        self.refused = 0
        self.served = []             # calls that each closed connection got
        self.reused_for_write = 0
        self.max_per_second = 0
        self.max_connections_open = self.connections_open
        self.max_in_flight_by = dict(self.in_flight)
        self._in_flight = sum(self.in_flight.values())
        self.max_in_flight = self._in_flight
        self._arrivals = deque()
        self._area = 0.0             # integral of in-flight over time
        self._busy = 0.0             # seconds with at least one in flight
        self._since = time.monotonic()
        self.requests = deque(maxlen=KEPT_REQUESTS)

    # -- what the service reports ---------------------------------------

    def begin(self, action, request):
        """A complete request arrived; returns its number since reset."""
        now = self._advance()
        self.total += 1
        self.calls[action] = self.calls.get(action, 0) + 1
        of_action = self.in_flight.get(action, 0) + 1
        self.in_flight[action] = of_action
        self._in_flight += 1
        if of_action > self.max_in_flight_by.get(action, 0):
            self.max_in_flight_by[action] = of_action
        if self._in_flight > self.max_in_flight:
            self.max_in_flight = self._in_flight
        arrivals = self._arrivals
        arrivals.append(now)
        while now - arrivals[0] >= 1.0:
            arrivals.popleft()
        if len(arrivals) > self.max_per_second:
            self.max_per_second = len(arrivals)
        self.requests.append((action, request))
        self.changed()
        return self.total

    def end(self, action, aborted=False):
        """A request was answered, or its client went away first."""
        self._advance()
        self.in_flight[action] -= 1
        self._in_flight -= 1
        if aborted:
            self.aborted += 1
        self.changed()

    def sent(self, on_the_wire, plain):
        """Body bytes as sent, and before compression."""
        self.bytes += on_the_wire
        self.bytes_plain += plain
        self.changed()

    def connection_opened(self):
        self.connections += 1
        self.connections_open += 1
        if self.connections_open > self.max_connections_open:
            self.max_connections_open = self.connections_open
        self.changed()

    def connection_closed(self):
        self.connections_open -= 1
        self.changed()

    def add(self, name, amount=1):
        """Change one of the plain counters or gauges by name."""
        setattr(self, name, getattr(self, name) + amount)
        self.changed()

    def _advance(self):
        now = time.monotonic()
        if self._in_flight:
            self._area += self._in_flight * (now - self._since)
            self._busy += now - self._since
        self._since = now
        return now

    # -- what tests ask --------------------------------------------------

    def get(self, name):
        """The value of a name; KeyError when there is none."""
        base, _, action = name.partition(":")
        if action:
            table = {"calls": self.calls, "in_flight": self.in_flight,
                     "max_in_flight": self.max_in_flight_by}[base]
            return table.get(action, 0)
        if base == "in_flight":
            return self._in_flight
        if base == "average_in_flight":
            self._advance()
            return self._area / self._busy if self._busy else 0.0
        if base not in NAMES:
            raise KeyError(name)
        return getattr(self, base)

    def as_dict(self):
        values = {name: self.get(name) for name in NAMES}
        values["calls"] = dict(self.calls)
        values["served_by_connection"] = list(self.served)
        values["max_in_flight_by_action"] = dict(self.max_in_flight_by)
        return values

    def when(self, name, satisfied, future):
        """Resolve a future as soon as satisfied(value of name)."""
        self._waiters[future] = (name, satisfied)
        self.changed()

    def forget(self, future):
        self._waiters.pop(future, None)

    def changed(self):
        """Wake those whose number has come."""
        if not self._waiters:
            return
        for future, (name, satisfied) in list(self._waiters.items()):
            if satisfied(self.get(name)):
                self.forget(future)
                if not future.done():
                    future.set_result(None)


NAMES = ("total", "in_flight", "max_in_flight", "average_in_flight",
         "connections", "connections_open", "max_connections_open", "held",
         "bytes", "bytes_plain", "aborted", "rejected", "faults_fired",
         "bad_requests", "redirected", "refused", "reused_for_write",
         "max_per_second")
