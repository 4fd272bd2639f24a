"""The control port: verbs in, compact text out.

A request is POST /ctl with a JSON array of words, as typed after "ctl";
the answer is what the command prints, under 200, or the complaint under
400.  GET /state shows everything as JSON.
"""
import asyncio
import json
import operator

from answers import JSON_TYPE
from api import ACTIONS
from counters import NAMES
from faults import Fault
from wire import Connection, encode_head

WAIT_LIMIT_S = 180               # as long as PostgreSQL's tests wait
HIDDEN = "(not shown)"


class Complaint(Exception):
    """What the user of a verb did wrong."""


def _options(words, flags, values):
    """Split words into operands and --options."""
    operands, options = [], {}
    words = iter(words)
    for word in words:
        name = word[2:]
        if not word.startswith("--"):
            operands.append(word)
        elif name in flags:
            options[name] = True
        elif name in values:
            try:
                options[name] = next(words)
            except StopIteration:
                raise Complaint(f"{word} needs a value") from None
        else:
            raise Complaint(f"unknown option {word}")
    return operands, options


def _count(text, what):
    if not text.isdecimal():
        raise Complaint(f"{what} must be a number: {text}")
    return int(text)


def _action(name):
    if name is not None and name not in ACTIONS:
        raise Complaint(f"unknown action {name}, know: "
                        + " ".join(sorted(ACTIONS)))
    return name


def _shown(value):
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def _visible_headers(request):
    return {name: HIDDEN if name == "authorization" else value
            for name, value in request.fields.items()}


def _text(body):
    """A body as one line."""
    return body.decode("utf-8", "replace").replace("\n", "\\n")


# -- verbs: functions of (service, words) that return the text ---------------

def _reset(service, words):
    service.reset()
    return ""


def _calls(service, words):
    calls = service.counters.calls
    return " ".join(f"{name}={calls[name]}" for name in sorted(calls)) \
        or "none"


def _get(service, words):
    name, = words
    try:
        return _shown(service.counters.get(name))
    except KeyError:
        raise Complaint(f'unknown counter "{name}", know: calls:ACTION '
                        "in_flight:ACTION max_in_flight:ACTION "
                        + " ".join(NAMES)) from None


def _set(service, words):
    name, value = words
    service.settings.set(name, value)
    return ""


def _fail(service, words):
    words, options = _options(words, ("always", "first-page"), (
        "times", "after", "action", "id", "retry-after", "effect"))
    spelled, = words
    times = None if "always" in options \
        else _count(options.get("times", "1"), "--times")
    if times != 0:
        service.faults.add(Fault(
            spelled, times, _count(options.get("after", "0"), "--after"),
            _action(options.get("action")), options.get("id"),
            options.get("retry-after"), "first-page" in options,
            options.get("effect")))
    return ""


def _heal(service, words):
    service.faults.clear()
    return ""


def _last(service, words):
    words, options = _options(words, ("headers", "sorted"), ())
    count = _count(words[0], "N") if words else 1
    requests = list(service.counters.requests)[-count:] if count else []
    lines = []
    for action, request in requests:
        lines.append(f"{action} {_text(request.body)}")
        if "headers" in options:
            lines += [f"  {name}: {value}" for name, value
                      in sorted(_visible_headers(request).items())]
    if "sorted" in options:
        lines.sort()
    return "\n".join(lines) or "none"


def _move(service, words):
    identifier, state = words
    if not service.store.move(identifier, state):
        raise Complaint(f"there is no task {identifier}")
    return ""


def _changes(service, words):
    lines = [f"{kind} {line}" for kind, found in
             service.store.changes().items() for line in found]
    return "\n".join(lines) or "none"


def _hold(service, words):
    words, options = _options(words, (), ("action",))
    service.gate.close(_action(options.get("action")))
    return ""


def _release(service, words):
    words, options = _options(words, (), ("id",))
    if "id" in options:
        service.gate.release_id(options["id"])
    elif words:
        service.gate.release(_count(words[0], "N"))
    else:
        service.gate.open()
    return ""


def _wait(service, words):
    """Returns a future; it is answered when the number has come."""
    words, options = _options(words, ("at-most",), ())
    name, limit = words
    limit = float(limit)
    try:
        service.counters.get(name)
    except KeyError:
        raise Complaint(f'unknown counter "{name}"') from None
    compare = operator.le if "at-most" in options else operator.ge
    done = asyncio.get_running_loop().create_future()
    service.counters.when(name, lambda value: compare(value, limit), done)
    return done


def _add(service, words):
    service.store.grow(service.now(), _count(words[0], "N") if words else 1)
    return ""


def _known(done, identifier):
    if not done:
        raise Complaint(f"no such task: {identifier}")


def _change(service, words):
    identifier, member, value = words
    try:
        value = json.loads(value)
    except ValueError:
        pass                     # a string need not be quoted
    _known(service.store.change(identifier, member, value), identifier)
    return ""


def _remove(service, words):
    for identifier in words:
        _known(service.store.delete(identifier), identifier)
    return ""


def _restore(service, words):
    for identifier in words:
        _known(service.store.restore(identifier), identifier)
    return ""


VERBS = {  # name -> (function, fewest words, most words, usage)
    "reset": (_reset, 0, 0, ""),
    "calls": (_calls, 0, 0, ""),
    "get": (_get, 1, 1, "NAME"),
    "set": (_set, 2, 2, "NAME VALUE"),
    "fail": (_fail, 1, 14, "FAULT [--times N|--always] [--after N] "
             "[--action A] [--id ID] [--first-page] "
             "[--retry-after S|date:S|TEXT] [--effect before|after]"),
    "heal": (_heal, 0, 0, ""),
    "last": (_last, 0, 3, "[N] [--headers] [--sorted]"),
    "move": (_move, 2, 2, "ID STATE"),
    "changes": (_changes, 0, 0, ""),
    "hold": (_hold, 0, 2, "[--action A]"),
    "release": (_release, 0, 2, "[N | --id ID]"),
    "add": (_add, 0, 1, "[N]"),
    "change": (_change, 3, 3, "ID MEMBER VALUE"),
    "remove": (_remove, 1, 10000, "ID..."),
    "restore": (_restore, 1, 10000, "ID..."),
    "wait": (_wait, 2, 3, "NAME N [--at-most]"),
}


def run(service, words):
    """Do a verb; returns text or a future without a value."""
    if not words or words[0] not in VERBS:
        raise Complaint("usage: " + "\n       ".join(
            f"ctl {name} {row[3]}".rstrip() for name, row in VERBS.items()))
    function, fewest, most, usage = VERBS[words[0]]
    if not fewest <= len(words) - 1 <= most:
        raise Complaint(f"usage: ctl {words[0]} {usage}".rstrip())
    try:
        return function(service, words[1:])
    except ValueError as error:
        raise Complaint(str(error)) from None


def state(service):
    """Everything at a glance."""
    return {
        "counters": service.counters.as_dict(),
        "settings": service.settings.as_dict(),
        "faults": service.faults.spelled(),
        "requests": [{"action": action, "body": _text(request.body),
                      "headers": _visible_headers(request)}
                     for action, request in service.counters.requests],
    }


class ControlConnection(Connection):
    """A test that asks or orders something."""

    def __init__(self, service):
        super().__init__()
        self._service = service
        self._waiting = None         # task of a long poll

    def request_received(self, request):
        if request.path == "/redirected":
            self._service.counters.add("redirected")
            self._answer(request, 200, "{}", JSON_TYPE)
        elif request.path == "/state":
            text = json.dumps(state(self._service), ensure_ascii=False)
            self._answer(request, 200, text, JSON_TYPE)
        elif request.path == "/ctl" and request.method == "POST":
            self._verb(request)
        else:
            self._answer(request, 404, "POST /ctl or GET /state")

    def request_abandoned(self):
        if self._waiting is not None:
            self._waiting.cancel()

    def bad_request(self, reason):
        self._write(400, reason, "text/plain; charset=utf-8", False)

    def _verb(self, request):
        try:
            words = json.loads(request.body.decode("utf-8"))
            if not isinstance(words, list) \
                    or not all(isinstance(word, str) for word in words):
                raise Complaint("the body is not a JSON array of strings")
            outcome = run(self._service, words)
        except (Complaint, ValueError, RecursionError) as error:
            self._answer(request, 400, str(error))
            return
        if isinstance(outcome, str):
            self._answer(request, 200, outcome)
        else:
            self._waiting = asyncio.ensure_future(
                self._long_poll(request, words[1], outcome))

    async def _long_poll(self, request, name, done):
        try:
            await asyncio.wait_for(done, WAIT_LIMIT_S)
            status, text = 200, ""
        except asyncio.TimeoutError:
            value = _shown(self._service.counters.get(name))
            status, text = 408, f"gave up: {name} is {value}"
        finally:
            self._service.counters.forget(done)
        self._waiting = None
        self._answer(request, status, text)

    def _answer(self, request, status, text,
                content_type="text/plain; charset=utf-8"):
        self._write(status, text, content_type, request.keep_alive)
        self.finish_request(request.keep_alive)

    def _write(self, status, text, content_type, keep_alive):
        body = text.encode("utf-8", "replace")
        self.write(encode_head(status, [
            ("Content-Type", content_type), ("Content-Length", len(body)),
            ("Connection", "keep-alive" if keep_alive else "close")]) + body)
