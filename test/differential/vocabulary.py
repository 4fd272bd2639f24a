"""Which relations and which constants queries are made of."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "simulator"))
import tasks                                            # noqa: E402

TASK_COLUMNS = {
    "id": "text", "name": "text", "state": "text", "source_model_id": "text",
    "model_id": "text", "strategy": "text", "weight": "text",
    "sparsity_ratio": "float", "create_time": "time", "finish_time": "time",
    "failed_reason": "text", "description": "text", "config": "json"}
DETAIL_COLUMNS = ("strategy", "weight", "sparsity_ratio", "failed_reason",
                  "config")
INV_COLUMNS = {"n": "int", "task_id": "text", "source_id": "text",
               "qty": "int", "note": "text", "seen": "time"}
RELATIONS = {
    "model_comp_tasks": TASK_COLUMNS,
    "inv": INV_COLUMNS,
    "odd": {"ratio": "float", "task": "text", "state": "text",
            "source": "text", "plan": "text", "made": "stamp",
            "nothing": "text", "reason": "text", "settings": "json"},
    "multi": {"id": "text", "name": "text", "state": "text",
              "source_model_id": "text", "weight": "text",
              "create_time": "time"},
    "parts": {"part": "text", "id": "text", "state": "text",
              "weight": "text", "create_time": "time"},
    "v_plain": TASK_COLUMNS,
    "v_barrier": TASK_COLUMNS,
    "v_detail": TASK_COLUMNS,
    "v_sum": {"source_model_id": "text", "tasks": "int", "id": "text"},
    "v_join": {"id": "text", "state": "text", "weight": "text",
               "source_model_id": "text", "n": "int", "qty": "int"},
    "v_union": {"id": "text", "state": "text", "weight": "text"},
}
# Relations where this column alone identifies a row.
KEYS = {"model_comp_tasks": "id", "odd": "task", "v_plain": "id",
        "v_barrier": "id", "v_detail": "id", "v_sum": "source_model_id"}
# Columns whose values look alike, so that comparing them finds something.
FAMILIES = {"task_id": "id", "task": "id", "source_id": "source_model_id",
            "source": "source_model_id", "plan": "strategy",
            "reason": "failed_reason", "note": "state", "seen": "create_time",
            "made": "create_time", "ratio": "sparsity_ratio",
            "settings": "config", "part": "state", "nothing": "name"}
UNKNOWN_IDS = ("", "x", "amva-", "AMVA-CAJT6GUU3LDJ", "it's", "压缩",
               "amva-0000000000000", "a/b?c=d&e", "amva-cajt6guu3ldj ")
JUNK_TEXTS = ("", "x", "%", "_", "失败", "zzz", "Done")
PATTERNS = ("%a%", "amva-%", "%-1_", "%量化%", "_e%", "%", "", "%\\%%", "demo%",
            "%e_", "s%ed", "%8%", "%\"%", "W_A16%")
REGEXES = ("^a", "[0-9]{2}$", "int8|demo", "(ed|ing)$", ".", "^$", "化",
           "amva-[a-m]", "^(W|I)")
JSON_PATHS = ("strategy", "weight", "sparsityRatio", "nosuch")


def quote(text):
    """A string literal on one line."""
    if text is None:
        return "NULL"
    text = str(text).replace("'", "''")
    if "\\" in text or "\n" in text or "\t" in text:
        text = text.replace("\\", "\\\\").replace("\n", "\\n")
        return "E'" + text.replace("\t", "\\t") + "'"
    return "'" + text + "'"


class Vocabulary:
    """The constants that fit columns, most of them taken from real rows."""

    def __init__(self, count, variant):
        rows = list(tasks.rows(count, variant))
        self.values = {name: [row[name] for row in rows]
                       for name in TASK_COLUMNS}
        self.values["id"] += [tasks.task_id(count + i) for i in range(1, 9)]

    def raw(self, rng, column):
        """A Python value that a column may hold; None now and then."""
        family = FAMILIES.get(column, column)
        if family in ("n", "qty", "tasks"):
            return rng.randrange(-1, 30)
        if family not in self.values:
            return rng.choice(JUNK_TEXTS)
        kind = TASK_COLUMNS[family]
        chance = rng.random()
        if kind == "text" and chance < 0.1:
            return rng.choice(UNKNOWN_IDS if family == "id" else JUNK_TEXTS)
        return rng.choice(self.values[family])

    def constant(self, rng, column, kind):
        """An SQL literal of the type."""
        value = self.raw(rng, column)
        if value is None:
            return rng.choice(("NULL", "''")) if kind == "text" else "NULL"
        if kind == "float":
            return f"{value!r}" if rng.random() < 0.5 else f"'{value!r}'::float8"
        if kind == "time":
            return f"{quote(value)}::timestamptz"
        if kind == "stamp":
            return f"{quote(value)}::timestamp"
        if kind == "json":
            return f"{quote(json.dumps(value))}::jsonb"
        return quote(value) if kind == "text" else str(value)


def inv_rows(count):
    """Rows of the local table, the same for every seed."""
    for i in range(90):
        picked = (i * i * 7 + i) % count
        task = (None if i % 11 == 5 else
                UNKNOWN_IDS[i % len(UNKNOWN_IDS)] if i % 13 == 6 else
                tasks.task_id(count + i) if i % 17 == 3 else
                tasks.task_id(picked % 40 if i % 3 else picked))
        source = (None if i % 9 == 4 else "amv-none" if i % 10 == 7 else
                  tasks.SOURCE_MODELS[i % 7])
        yield {"n": i, "task_id": task, "source_id": source,
               "qty": None if i % 7 == 0 else i % 5,
               "note": (None, "running", "failed", "", "夜间")[i % 5],
               "seen": tasks.detail(picked)["createTime"]}
