"""Failing on demand: which call fails, how often, and how.

The ways to fail are rows of one table, filled by three modules: refusals,
answers that say something wrong, and connections that misbehave.
"""
import inspect

import body_faults      # noqa: F401  (fills the table)
import refusal_faults   # noqa: F401  (fills the table)
import wire_faults      # noqa: F401  (fills the table)
from fault_table import FAULTS


class Fault:
    """One order to fail: what, how often, and for which calls."""

    def __init__(self, spelled, times=1, after=0, action=None, task_id=None,
                 retry_after=None, first_page=False, effect=None):
        name, *arguments = spelled.split(":", 3)
        if name not in FAULTS:
            raise ValueError(f'unknown fault "{name}", know: '
                             + " ".join(sorted(FAULTS)))
        try:
            inspect.signature(FAULTS[name]).bind(None, *arguments)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from None
        self.spelled = spelled
        self._function = FAULTS[name]
        self._arguments = arguments
        self.times = times           # None: for ever
        self._after = after
        self._action = action
        self._task_id = task_id
        self._retry_after = retry_after
        self._first_page = first_page
        if effect not in (None, "before", "after"):
            raise ValueError("effect: before or after")
        self._effect = effect

    def meets(self, action, body):
        """Whether this call is to fail; counts down when it could have."""
        if self._action not in (None, action):
            return False
        if self._task_id not in (None, body.get("modelCompTaskId")):
            return False
        if self._first_page and body.get("marker"):
            return False
        if self._after:
            self._after -= 1
            return False
        if self.times is not None:
            self.times -= 1
        return True

    def apply(self, exchange):
        """The Response, or a coroutine that answers in its own way."""
        if self._effect == "after":
            exchange.perform()
        elif self._effect == "before":
            exchange.pretend()
        outcome = self._function(exchange, *self._arguments)
        if self._retry_after is not None and hasattr(outcome, "headers"):
            value = self._retry_after
            if value.startswith("date:"):
                value = exchange.service.http_date(int(value[5:]))
            outcome.headers.append(("Retry-After", value))
        return outcome


class FaultQueue:
    """The orders in force, oldest first."""

    def __init__(self):
        self._faults = []

    def add(self, order):
        self._faults.append(order)

    def clear(self):
        self._faults.clear()

    def spelled(self):
        return [order.spelled for order in self._faults]

    def take(self, action, body):
        """The fault that strikes this call, or None."""
        for order in self._faults:
            if order.meets(action, body):
                if order.times == 0:
                    self._faults.remove(order)
                return order
        return None
