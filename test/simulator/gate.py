"""The gate: requests wait there until a test lets them pass."""


class Gate:
    """Closed for all actions, for one, or open."""

    def __init__(self, counters):
        self._counters = counters
        self._closed = False
        self._action = None          # None: the gate holds every action
        self._waiting = {}           # exchange -> None, in order of arrival

    def close(self, action=None):
        """From now on requests (of one action) wait."""
        self._closed = True
        self._action = action

    def hold(self, exchange):
        """True if the exchange has to wait for its proceed() call."""
        if not self._closed or self._action not in (None, exchange.action):
            return False
        self._waiting[exchange] = None
        self._counters.add("held")
        return True

    def release(self, count):
        """Let the oldest count requests pass; the gate stays closed."""
        self._pass(list(self._waiting)[:count])

    def release_id(self, identifier):
        """Let those that name a task pass: requests that are sent at once may
        arrive in any order."""
        name = f'"{identifier}"'.encode()
        self._pass([exchange for exchange in self._waiting
                    if name in exchange.request.body])

    def _pass(self, exchanges):
        for exchange in exchanges:
            self.forget(exchange)
            exchange.proceed()

    def open(self):
        """Let all pass, now and later."""
        self._closed = False
        self.release(len(self._waiting))

    def forget(self, exchange):
        """An exchange that waits no longer, for whatever reason."""
        if exchange in self._waiting:
            del self._waiting[exchange]
            self._counters.add("held", -1)
