"""What the Python clients share: the simulator's verbs, and "ok" lines."""
import json
import os
import sys
import urllib.request

_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ctl(*words):
    """What the command "ctl WORDS" prints; see test/simulator."""
    request = urllib.request.Request(
        os.environ["QIANFAN_SIMULATOR_CONTROL"] + "/ctl",
        json.dumps([str(word) for word in words]).encode())
    with _opener.open(request, timeout=200) as answer:
        return answer.read().decode()


def ok(passed, title):
    print("ok -" if passed else "not ok -", title, flush=True)
    return passed


def equal(got, expected, title):
    if not ok(got == expected, title):
        print(f"# got: {got!r}"[:2000])
        print(f"# expected: {expected!r}"[:2000], flush=True)


def raises(kind, function, title):
    """Checks that a call raises an exception of exactly this class."""
    try:
        function()
    except Exception as error:
        equal(type(error), kind, title)
        return error
    equal("no error", kind, title)
    return None


def pages(low, high, title):
    """Checks that only pages of the list were asked for, and how many."""
    ctl("wait", "in_flight", 0, "--at-most")
    calls = ctl("calls")
    allowed = [calls_text(pages=n) for n in range(low, high + 1)]
    if not ok(calls in allowed, f"{title}: {low} to {high} pages"):
        print("# got:", calls, flush=True)


def calls_text(details=0, pages=0):
    """What "ctl calls" prints for these numbers."""
    parts = []
    if details:
        parts.append(f"DescribeModelCompTask={details}")
    if pages:
        parts.append(f"DescribeModelCompTasks={pages}")
    return " ".join(parts) or "none"


def calls(title, details=0, pages=0):
    """Checks the calls since the last reset."""
    equal(ctl("calls"), calls_text(details, pages), f"{title}: API calls")


def finish():
    print("done")
    sys.stdout.flush()
