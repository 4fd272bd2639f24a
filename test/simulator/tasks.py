#!/usr/bin/env python3
"""Generated compression tasks: everything is computed from an index.

Nothing is stored, so a simulator with millions of tasks starts at once, and
a test can print the very same tasks as rows of the foreign table:

    tasks.py --count N --format copy|jsonl [--variant table|example]
    tasks.py --ids N
"""
import argparse
import json
import re
import sys
from datetime import datetime, timedelta, timezone
from functools import lru_cache

# Numbers become ids by an affine map modulo the largest prime below 36**12:
# neighbours look unrelated, and the way back needs no table.
PRIME = 36 ** 12 - 89
FACTOR = 2718281828459045091
OFFSET = 1618033988749894903
INVERSE = pow(FACTOR, -1, PRIME)
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
PAIRS = [a + b for a in DIGITS for b in DIGITS]
TAIL = re.compile(r"[0-9a-z]{12}", re.ASCII)

# Index ranges that never meet: generated tasks, created tasks, produced
# models, source models.
CREATED_BASE = 10 ** 12
MODEL_BASE = 10 ** 14
SOURCE_BASE = 10 ** 16

STATUSES = ("succeeded",) * 10 + ("failed",) * 3 + ("running",) * 3 \
    + ("stopped",) * 2 + ("creating", "stopping")
TERMINAL = ("succeeded", "failed", "stopped")
WEIGHTS = ("WINT8", "INT8-PTQ", "W8A16C16", "W4A16C16")
RATIOS = (0.25, 0.5, 0.3, 0.75, 0.0625, 1)
NAMES = ("demo", "压缩任务", "nightly", "量化-夜间", "ernie-speed", "模型 压缩/测试",
         "naïve \"quoted\"", "int8")
DESCRIPTIONS = ("", "test", "夜间批量压缩任务", "He said \"ok\"", "",
                "line one\nline two", "back\\slash and\ttab", "\U0001f680 fast",
                "it's 100% fine; -- really", "a_b%c")
REASONS = ("out of memory", "源模型版本不可用", "quota \"gpu\" exceeded")
CHINA = timezone(timedelta(hours=8))
FIRST_TIME = datetime(2024, 1, 1, 8, 0, 0, tzinfo=CHINA)
ZERO_DATE = "0000-00-00T00:00:00Z"
MISSING = object()
UNFINISHED = (MISSING, None, "", ZERO_DATE)

COLUMNS = ("id", "name", "state", "source_model_id", "model_id", "strategy",
           "weight", "sparsity_ratio", "create_time", "finish_time",
           "failed_reason", "description", "config")
LIST_FIELDS = ("id", "name", "description", "status", "sourceModelId",
               "modelId", "createTime", "finishTime")

# The example response of the detail page, member by member.
EXAMPLE_INDEX = -1
EXAMPLE_ID = "amva-abciuctdx15t"
EXAMPLE_REQUEST_ID = "6ba7b810-9dad-11d1-80b4-00c04fd430c8"
EXAMPLE = {
    "id": EXAMPLE_ID,
    "name": "demo",
    "description": "test",
    "state": "Done",
    "failedReason": "",
    "sourceModelId": "amv-se1t8i4gr9fu",
    "targetModelId": "amv-vnhxxj3crnsp",
    "createTime": "2024-04-10T17:16:22+08:00",
    "finishTime": "2024-04-10T17:36:22+08:00",
    "config": {"strategy": "Quantization", "weight": "wint8"},
}


def _encode(number):
    number = (number * FACTOR + OFFSET) % PRIME
    digits = []
    for _ in range(6):
        number, pair = divmod(number, 1296)
        digits.append(PAIRS[pair])
    return "".join(reversed(digits))


def task_id(index):
    """The id of a task."""
    return EXAMPLE_ID if index == EXAMPLE_INDEX else "amva-" + _encode(index)


def task_index(identifier):
    """The index an id was made from, or None; it need not be in use."""
    if identifier == EXAMPLE_ID:
        return EXAMPLE_INDEX
    if not identifier.startswith("amva-") or not TAIL.fullmatch(identifier[5:]):
        return None
    number = int(identifier[5:], 36)
    if number >= PRIME:
        return None
    return (number - OFFSET) * INVERSE % PRIME


SOURCE_MODELS = ["amv-" + _encode(SOURCE_BASE + i) for i in range(17)]


def indexes_of_source(source, count):
    """The generated indexes below count whose source model this is."""
    if source not in SOURCE_MODELS:
        return range(0)
    return range(SOURCE_MODELS.index(source), count, len(SOURCE_MODELS))


def _mix(index):
    """Spread an index over 64 bits, so that slices of it look random."""
    number = (index + 1) * 0x9e3779b97f4a7c15 & 0xffffffffffffffff
    number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9 & 0xffffffffffffffff
    return number ^ number >> 31


def detail(index):
    """One task as the field table of the detail page describes it."""
    return _copy(_generated(index))


@lru_cache(20000)
def _generated(index):
    """The same, and not to be changed."""
    if index == EXAMPLE_INDEX:
        return EXAMPLE
    mixed = _mix(index)
    status = STATUSES[mixed % 20]
    created = FIRST_TIME + timedelta(seconds=index * 97)
    task = {
        "id": task_id(index),
        "name": f"{NAMES[(mixed >> 8) % 8]}-{index}",
        "description": DESCRIPTIONS[(mixed >> 12) % 10],
        "status": status,
        "failedReason": "",
        "sourceModelId": SOURCE_MODELS[index % 17],
        "createTime": created.isoformat(),
    }
    if status == "succeeded":
        task["modelId"] = "amv-" + _encode(MODEL_BASE + index)
    elif status == "failed":
        task["failedReason"] = REASONS[(mixed >> 20) % 3]
    if status in TERMINAL:
        finish = created + timedelta(seconds=60 + (mixed >> 24) % 7200)
        task["finishTime"] = finish.isoformat()
    else:
        finish = UNFINISHED[(mixed >> 24) % 4]
        if finish is not MISSING:
            task["finishTime"] = finish
    if (mixed >> 40) % 4:
        task["config"] = {"strategy": "Quantization",
                          "weight": WEIGHTS[(mixed >> 44) % 4]}
    else:
        task["config"] = {"strategy": "Sparsity",
                          "sparsityRatio": RATIOS[(mixed >> 44) % 6]}
    return task


def list_item(task, with_detail=False):
    """The members a list shows of a task."""
    item = {name: task[name] for name in LIST_FIELDS if name in task}
    if task.get("status") == "failed":
        item["modelId"] = ""
    for name in ("state", "targetModelId"):
        if name in task:
            item[name] = task[name]
    if with_detail:
        item["failedReason"] = task["failedReason"]
        item["config"] = task["config"]
    return item


@lru_cache(20000)
def created_at(seconds):
    """The text of a time of creation, in seconds after the first."""
    return (FIRST_TIME + timedelta(seconds=seconds)).isoformat()


def is_gone(index):
    """Whether a task has vanished since a stale list was made."""
    return index % 7 == 3


def as_it_was(task, index):
    """What a stale list knows: a task that was running, by another name."""
    if index % 5 not in (1, 2):
        return task
    task = dict(task, name="early-" + task["name"])
    for name in ("status", "state"):
        if name in task:
            task[name] = "running"
    task.pop("finishTime", None)
    return task


def example_spelling(task):
    """The same task in the words of the page's example response."""
    words = {"status": "state", "modelId": "targetModelId"}
    task = {words.get(name, name): value for name, value in task.items()}
    if task["state"] == "succeeded":
        task["state"] = "Done"
    if "weight" in task["config"]:
        task["config"] = dict(task["config"],
                              weight=task["config"]["weight"].lower())
    return task


def _copy(task):
    return dict(task, config=dict(task["config"]))


def row(task):
    """A task as the foreign table shows it: its columns, None for NULL."""
    config = task["config"]

    def nonempty(value):
        return None if value in ("", ZERO_DATE) else value

    values = (task["id"], task["name"], task.get("status", task.get("state")),
              nonempty(task["sourceModelId"]),
              nonempty(task.get("modelId", task.get("targetModelId"))),
              config.get("strategy"), config.get("weight"),
              config.get("sparsityRatio"), nonempty(task["createTime"]),
              nonempty(task.get("finishTime")), nonempty(task["failedReason"]),
              task["description"], config)
    return dict(zip(COLUMNS, values))


def rows(count, variant="table"):
    """The rows of a table over a simulator with this many tasks."""
    if variant == "example":
        yield row(detail(EXAMPLE_INDEX))
    for index in range(count):
        task = detail(index)
        yield row(example_spelling(task) if variant == "example" else task)


COPY_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r",
                              "\t": "\\t"})


def copy_line(values):
    """One row as PostgreSQL COPY text."""
    fields = []
    for value in values.values():
        if value is None:
            fields.append("\\N")
            continue
        if isinstance(value, dict):
            value = json.dumps(value, ensure_ascii=False)
        fields.append(str(value).translate(COPY_ESCAPES))
    return "\t".join(fields)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--format", choices=("copy", "jsonl"), default="copy")
    parser.add_argument("--variant", choices=("table", "example"),
                        default="table")
    parser.add_argument("--ids", type=int, metavar="N",
                        help="print the first N ids and nothing else")
    options = parser.parse_args()
    # UTF-8 whatever the locale says: a test may well run under C.
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="\n",
               closefd=False)
    with out:
        if options.ids is not None:
            for index in range(options.ids):
                print(task_id(index), file=out)
            return
        for values in rows(options.count, options.variant):
            if options.format == "copy":
                print(copy_line(values), file=out)
            else:
                print(json.dumps(values, ensure_ascii=False), file=out)


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        # A reader such as "head" had enough.
        sys.stderr.close()
