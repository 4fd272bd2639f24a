"""The table of faults: a name, and the function that fails that way.

The function is given the exchange and the words that follow the name after
colons.  It returns a Response, or a coroutine that plays with the
connection itself and returns whether the connection may be used again.
"""
FAULTS = {}


def fault(name):
    """Register a function under a name."""
    def register(function):
        FAULTS[name] = function
        return function
    return register
