"""Faults of the body: a complete HTTP answer that says something wrong."""
import functools
import gzip
import json

import tasks
from answers import Response, to_json
from fault_table import FAULTS, fault

SPLICE = "@@splice@@"


def _tasks_of(document):
    """The task objects of an answer, of either read action."""
    result = document.get("result")
    if not isinstance(result, dict):
        return []
    return result.get("modelCompTaskList", [result])


# -- the regular answer with one thing changed --------------------------------

def rewrite(name):
    """Register a function that changes the regular document in place, or
    returns another one."""
    def register(function):
        @functools.wraps(function)   # keeps the arguments it can be given
        def answer(exchange, *arguments):
            document = exchange.document()
            changed = function(document, *arguments)
            return Response(200, to_json(document if changed is None
                                         else changed))
        FAULTS[name] = answer
        return function
    return register


def _set_in_tasks(document, name, value):
    for task in _tasks_of(document):
        task[name] = value


@rewrite("wrong-id")
def wrong_id(document):
    """Some other task is described than the one asked for."""
    for task in _tasks_of(document):
        task["id"] = tasks.task_id(tasks.MODEL_BASE)


@functools.cache
def _letters(size):
    return b"x" * size


def _to_json_with_letters(document, size):
    """What to_json() says, with letters where the document says SPLICE; it is
    slow with megabytes."""
    return to_json(document).replace(SPLICE.encode(), _letters(size))


@fault("large-description")
def large_description(exchange, megabytes="15"):
    """large-description:MB, of one letter: gzip makes a thousandth of it."""
    document = exchange.document()
    _set_in_tasks(document, "description", SPLICE)
    return Response(200, _to_json_with_letters(document,
                                               int(megabytes) * 2 ** 20))


@rewrite("missing-id")
def missing_id(document):
    for task in _tasks_of(document):
        task.pop("id", None)


@rewrite("missing-result")
def missing_result(document):
    document.pop("result", None)


@rewrite("result")
def result(document, *text):
    """result:JSON, in the place of the result."""
    document["result"] = json.loads(":".join(text))


WRONG_RESULTS = {"string": "unexpected", "array": [1, "two"], "number": 42,
                 "true": True, "list-string": {"modelCompTaskList": "none"},
                 "list-items": {"modelCompTaskList": [1, None, "x"]}}


@rewrite("wrong-type-result")
def wrong_type_result(document, kind="string"):
    document["result"] = WRONG_RESULTS[kind]


@rewrite("wrong-type-field")
def wrong_type_field(document, field="name"):
    """wrong-type-field:FIELD, an object where text belongs."""
    _set_in_tasks(document, field, {"unexpected": ["object"]})


@rewrite("page-info")
def page_info(document, *text):
    """page-info:JSON, in the place of pageInfo; or, if it is an object, of
    the members it has, "(missing)" standing for none."""
    override = json.loads(":".join(text))
    result = document["result"]
    if isinstance(override, dict):
        override = {**result["pageInfo"], **override}
        override = {name: value for name, value in override.items()
                    if value != "(missing)"}
    result["pageInfo"] = override


@rewrite("numbers-as-strings")
def numbers_as_strings(document):
    for task in _tasks_of(document):
        config = task.get("config", {})
        if "sparsityRatio" in config:
            config["sparsityRatio"] = str(config["sparsityRatio"])
    page_info = (document.get("result") or {}).get("pageInfo")
    if page_info:
        page_info["maxKeys"] = str(page_info["maxKeys"])


@rewrite("strings-as-numbers")
def strings_as_numbers(document):
    _set_in_tasks(document, "name", 42)
    _set_in_tasks(document, "description", 1.5)


@rewrite("unknown-members")
def unknown_members(document):
    """Members no page describes, at every level."""
    extra = {"kind": "new", "nested": [{"deep": [None, True, 1e3]}]}
    _set_in_tasks(document, "aNewMember", extra)
    for task in _tasks_of(document):
        if "config" in task:
            task["config"]["aNewMember"] = extra
    if isinstance(document.get("result"), dict):
        document["result"]["aNewMember"] = extra
    document["aNewMember"] = extra


@rewrite("many-values")
def many_values(document, count="400000"):
    """A good task, whose configuration has many values."""
    _set_in_tasks(document, "config", {"layers": [0] * int(count)})


@rewrite("bad-time")
def bad_time(document, text="the day before yesterday"):
    """bad-time:TEXT in createTime."""
    _set_in_tasks(document, "createTime", text)


@rewrite("description")
def description(document, text="something else"):
    """description:TEXT."""
    _set_in_tasks(document, "description", text)


# -- the regular answer with raw bytes in the place of a value -----------------

def _spliced(document, raw):
    """The answer, with raw bytes where the SPLICE string was put."""
    return Response(200, to_json(document).replace(
        b'"%s"' % SPLICE.encode(), raw))


def _raw_name(raw, member="name"):
    def answer(exchange):
        document = exchange.document()
        _set_in_tasks(document, member, SPLICE)
        return _spliced(document, raw)
    return answer


FAULTS.update({
    "u0000": _raw_name(b'"nul \\u0000 inside"'),
    "raw-nul": _raw_name(b'"nul \x00 inside"'),
    "non-utf8": _raw_name(b'"bytes \xff\xfe\xc3( inside"'),
    "non-utf8-id": _raw_name(b'"bytes \xff"', "id"),
    "lone-surrogate": _raw_name(b'"half \\ud83d inside"'),
    "duplicate-keys": _raw_name(b'"first","name":"second"'),
    "big-number": _raw_name(b"12345678901234567890"),
})


@fault("bad-number")
def bad_number(exchange, text="1e400"):
    """bad-number:TEXT, a ratio that fits no double precision column."""
    document = exchange.document()
    _set_in_tasks(document, "config", {"strategy": "Sparsity",
                                       "sparsityRatio": SPLICE})
    try:
        json.loads(text)
        raw = text
    except ValueError:
        raw = json.dumps(text)
    return _spliced(document, raw.encode())


@fault("set-cookie")
def set_cookie(exchange):
    """The regular answer, and a cookie with it."""
    return Response(200, exchange.result().body,
                    [("Set-Cookie", "session=crumb; Path=/")])


@fault("repeats-request")
def repeats_request(exchange):
    """What came in a header, and should not be seen, where a number is due."""
    document = exchange.document()
    for task in _tasks_of(document):
        task["config"] = {"sparsityRatio":
                          exchange.request.fields["authorization"]}
    return Response(200, to_json(document))


@rewrite("long-time")
def long_time(document, size="100000"):
    _set_in_tasks(document, "createTime", "2" * int(size))


@fault("stacked-gzip")
def stacked_gzip(exchange, times="3"):
    """Compressed again and again."""
    body = exchange.result().body
    for _ in range(int(times)):
        body = gzip.compress(body)
    return Response(200, body, [("Content-Encoding",
                                 ", ".join(["gzip"] * int(times)))])


@fault("padded")
def padded(exchange, kilobytes="1024"):
    """padded:KB, the regular answer with so much more in it, compressed."""
    document = exchange.document()
    document["padding"] = SPLICE
    body = _to_json_with_letters(document, int(kilobytes) * 1024)
    return Response(200, gzip.compress(body, 1),
                    [("Content-Encoding", "gzip")])


# -- bodies that are no answer at all -------------------------------------------

@fault("truncated-json")
def truncated_json(exchange):
    """The announced length is right, the JSON ends half-way."""
    body = exchange.result().body
    return Response(200, body[:len(body) // 2])


@fault("invalid-json")
def invalid_json(exchange):
    return Response(200, exchange.result().body + b"}, what?")


@fault("byte-order-mark")
def byte_order_mark(exchange):
    return Response(200, b"\xef\xbb\xbf" + exchange.result().body)


@fault("deep-json")
def deep_json(exchange, levels=100000):
    """Arrays in arrays, enough to exhaust a recursive parser."""
    levels = int(levels)
    return Response(200, b'{"requestId":"%s","result":%s%s}' % (
        exchange.request_id.encode(), b"[" * levels, b"]" * levels))


@fault("many-items")
def many_items(exchange, megabytes="16", status="200", item="0"):
    """many-items:MB[:STATUS[:ITEM]] of the smallest values there are."""
    item = item.encode() + b","
    filler = item * ((int(megabytes) * 2 ** 20 - 200) // len(item))
    return Response(int(status), b'{"requestId":"%s","result":[%s0]}' % (
        exchange.request_id.encode(), filler))


@fault("bad-gzip")
def bad_gzip(exchange):
    """Says it is compressed, and is not."""
    return Response(200, exchange.result().body,
                    [("Content-Encoding", "gzip")])


@fault("empty-body")
def empty_body(_, status="200"):
    return Response(int(status), b"")


HTML = (b"<!DOCTYPE html>\n<html><head><title>Please log in</title></head>"
        b"<body><h1>It works, but it is not an API.</h1></body></html>\n")


@fault("html-200")
def html_200(_):
    return Response(200, HTML, content_type="text/html")


@fault("html-502")
def html_502(_):
    return Response(502, HTML, content_type="text/html")


@fault("redirect")
def redirect(exchange, status="302"):
    """To a port that counts who follows (counter "redirected")."""
    location = exchange.service.control_url + "/redirected"
    return Response(int(status), b"", [("Location", location)])
