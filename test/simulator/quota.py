"""Quotas: how many calls the service takes, per second or at once."""
import time


class Quota:
    """Which requests are one too many, by the settings in force."""

    def __init__(self, settings, clock=time.monotonic):
        self._settings = settings
        self._clock = clock
        self.reset()

    def reset(self):
        self._tokens = None          # None: as many as a burst has
        self._since = 0.0
        self._admitted = set()

    def refuses(self, exchange):
        """Count a request; True if it is beyond a quota."""
        most = self._settings.quota_in_flight
        if most and len(self._admitted) >= most:
            return True
        rate = self._settings.quota_per_second
        if rate:
            now = self._clock()
            burst = self._settings.quota_burst or max(rate, 1)
            if self._tokens is None:
                self._tokens, self._since = burst, now
            self._tokens = min(burst,
                               self._tokens + rate * (now - self._since))
            self._since = now
            if self._tokens < 1:
                return True
            self._tokens -= 1
        self._admitted.add(exchange)
        return False

    def leave(self, exchange):
        """A request has been answered, or is not waited for any more."""
        self._admitted.discard(exchange)
