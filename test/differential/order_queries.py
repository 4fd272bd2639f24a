"""Random cases for a list whose order is declared: conditions on create_time
in every form, orders, limits, and all that stops reading early.

A case is a list of (mode, SQL), with the modes of compare.py.  Order is total
wherever it decides which rows are returned.
"""
from datetime import timedelta

from vocabulary import tasks

STEP_S = 97
OPERATORS = ("<", "<=", "=", ">=", ">", "<", "<=", ">=", ">", "<>")
OTHERS = ("state = 'failed'", "state <> 'running'", "id > 'amva-m'",
          "weight IS NOT NULL", "source_model_id = '{source}'",
          "source_model_id IN ('{source}', 'amv-x')", "create_time IS NOT NULL",
          "finish_time > create_time", "length(name) > 8", "tell(name)",
          "NOT (create_time IS NULL)", "create_time::date = '2024-01-01'",
          "date_trunc('hour', create_time) >= '2024-01-01 09:00'")
JOINS = (
    "SELECT p.n, {out} FROM pts p JOIN {t} t ON t.create_time {op} p.at{more}",
    "SELECT p.n, {out} FROM pts p LEFT JOIN {t} t ON t.create_time {op} p.at{more}",
    "SELECT p.n, {out} FROM pts p JOIN {t} t ON p.at {op} t.create_time AND p.at2 > t.create_time{more}",
    "SELECT p.n, {out} FROM {t} t JOIN pts p ON t.create_time = p.at{more}",
    "SELECT p.n, {out} FROM {t} t FULL JOIN pts p ON t.create_time = p.at",
    "SELECT p.n, {out} FROM pts p JOIN {t} t ON (t.create_time, t.id) {row} (p.at, p.id){more}",
    "SELECT t.id, u.id FROM {t} t JOIN {t} u ON t.create_time = u.create_time AND t.state = u.state{more}",
    "SELECT p.n FROM pts p WHERE EXISTS (SELECT FROM {t} t WHERE t.create_time {op} p.at{more})",
    "SELECT p.n FROM pts p WHERE NOT EXISTS (SELECT FROM {t} t WHERE t.create_time {op} p.at{more})",
    "SELECT p.n, (SELECT count(*) FROM {t} t WHERE t.create_time {op} p.at{more}) FROM pts p",
    "SELECT p.n, (SELECT max(create_time) FROM {t} t WHERE t.create_time {op} p.at{more}) FROM pts p",
    "SELECT p.n, (SELECT string_agg(weight, ',') FROM (SELECT weight FROM {t} t WHERE t.create_time {op} p.at{more} ORDER BY id LIMIT {n}) x) FROM pts p",
    "SELECT p.n, x.* FROM pts p, LATERAL (SELECT {out} FROM {t} t WHERE t.create_time {op} p.at{more} ORDER BY {order} LIMIT {n}) x",
    "SELECT p.n, x.* FROM pts p LEFT JOIN LATERAL (SELECT {out} FROM {t} t WHERE t.create_time {op} p.at{more} ORDER BY id LIMIT {n}) x ON true",
)
SINGLES = (
    ("rows", "SELECT {out} FROM {t} t{where}"),
    ("rows", "SELECT count(*), min(create_time), max(create_time), max(weight) FROM {t} t{where}"),
    ("rows", "SELECT max(create_time) FROM {t} t{where}"),
    ("rows", "SELECT min(create_time), max(create_time) FROM {t} t{where}"),
    ("ordered", "SELECT {out} FROM {t} t{where} ORDER BY {order}{limit}"),
    ("ordered", "SELECT {out} FROM {t} t{where} ORDER BY {order}{limit}"),
    ("ordered", "SELECT {out} FROM {t} t{where} ORDER BY id{limit}"),
    ("ordered", "SELECT create_time FROM {t} t{where} ORDER BY create_time{dir}{limit}"),
    ("ordered", "SELECT create_time, 1 FROM {t} t{where} ORDER BY create_time{dir}, 2{limit}"),
    ("rows", "SELECT {out} FROM {t} t{where} ORDER BY create_time{dir} FETCH FIRST {n} ROWS WITH TIES"),
    ("rows", "SELECT {out} FROM {t} t{where} ORDER BY create_time{dir}, state OFFSET {m} FETCH FIRST {n} ROWS WITH TIES"),
    ("ordered", "SELECT DISTINCT create_time FROM {t} t{where} ORDER BY create_time{dir}{limit}"),
    ("ordered", "SELECT DISTINCT ON (create_time) create_time, id, weight FROM {t} t{where} ORDER BY create_time{dir}, id{limit}"),
    ("ordered", "SELECT create_time, count(*), count(weight) FROM {t} t{where} GROUP BY create_time ORDER BY create_time{dir}{limit}"),
    ("ordered", "SELECT date_trunc('hour', create_time), state, count(*) FROM {t} t{where} GROUP BY 1, 2 ORDER BY 1, 2"),
    ("rows", "SELECT * FROM (SELECT {out}, row_number() OVER (ORDER BY {order}) AS rn FROM {t} t{where}) x WHERE rn <= {n}"),
    ("rows", "SELECT * FROM (SELECT {out}, rank() OVER (ORDER BY create_time{dir}) AS rn FROM {t} t{where}) x WHERE rn <= {n}"),
    ("rows", "SELECT id, lag(create_time) OVER (ORDER BY {order}) FROM {t} t{where}"),
    ("ordered", "SELECT {narrow} FROM (SELECT * FROM {t} t{where} OFFSET 0) t ORDER BY {order}{limit}"),
    ("ordered", "SELECT {narrow} FROM (SELECT id, create_time, weight, state FROM {t} t OFFSET 0) t{narrowed} ORDER BY {order}{limit}"),
    ("ordered", "WITH t AS MATERIALIZED (SELECT * FROM {t} t{where}) SELECT {narrow} FROM t ORDER BY {order}{limit}"),
    ("ordered", "SELECT {narrow} FROM (SELECT * FROM {t} t{where} ORDER BY {order}{limit}) t ORDER BY id"),
    ("rows", "SELECT count(*) FROM (SELECT * FROM {t} t{where} ORDER BY {order}{limit}) t"),
    ("ordered", "SELECT k, {narrow} FROM (SELECT 1 AS k, * FROM {t} t{where} UNION ALL SELECT 2, * FROM {t} u) t ORDER BY {order}, k{limit}"),
    ("ordered", "SELECT {narrow} FROM (SELECT * FROM (SELECT id, create_time, weight, state FROM {t} t{where} UNION ALL SELECT id, create_time, weight, state FROM {t} u) v OFFSET 0) t ORDER BY {order}{limit}"),
    ("rows", "SELECT id FROM {t} t{where} INTERSECT SELECT id FROM {t} t WHERE create_time {op} {value}"),
    ("rows", "SELECT id FROM {t} t WHERE create_time {op} (SELECT min(create_time) + interval '40 min' FROM {t}) AND state IN (SELECT state FROM {t} t{where})"),
)


class OrderQueries:
    """Draws cases from a random.Random."""

    def __init__(self, rng, count):
        self.rng = rng
        self.count = count

    # -- parts ---------------------------------------------------------------

    def moment(self):
        """A time at, before or after that of a task."""
        index = self.rng.randrange(-3, self.count + 3)
        time = tasks.FIRST_TIME + timedelta(
            seconds=index * STEP_S + self.rng.choice((0, 0, 0, 1, -1, 50)))
        return time

    def value(self):
        """Something that is fixed during a scan."""
        time = self.moment()
        text = time.isoformat()
        return self.rng.choice((
            f"'{text}'", f"'{text}'", f"'{text}'::timestamptz",
            f"'{time:%Y-%m-%d %H:%M:%S}'::timestamp",
            f"'{self.rng.choice(('2023-12-31', '2024-01-01', '2024-01-02'))}'::date",
            f"now() - (now() - '{text}')", f"stable_time('{text}')",
            f"(SELECT '{text}'::timestamptz)",
            f"(SELECT at FROM pts WHERE n = {self.rng.randrange(1, 9)})",
            f"(SELECT max(create_time) - interval '{self.rng.choice((0, 5, 30, 90))} min' FROM {{t}})",
            "'infinity'", "'-infinity'", "(SELECT NULL::timestamptz)"))

    def condition(self):
        op, value = self.rng.choice(OPERATORS), self.value()
        drawn = self.rng.random()
        if drawn < 0.45:
            return f"create_time {op} {value}"
        if drawn < 0.6:
            return f"{value} {op} create_time"
        if drawn < 0.75:
            return f"create_time BETWEEN {value} AND {self.value()}"
        if drawn < 0.8:
            return f"create_time BETWEEN SYMMETRIC {value} AND {self.value()}"
        if drawn < 0.92:
            row = self.rng.choice(("<", "<=", ">", ">="))
            task = tasks.task_id(self.rng.randrange(self.count))
            return self.rng.choice((f"(create_time, id) {row} ({value}, '{task}')",
                                    f"({value}, '{task}') {row} (create_time, id)"))
        return f"(create_time {op} {value} OR create_time > {self.value()})"

    def other(self):
        return self.rng.choice(OTHERS).format(
            source=self.rng.choice(tasks.SOURCE_MODELS))

    def conditions(self, most):
        return [self.condition() if self.rng.random() < 0.75 else self.other()
                for _ in range(self.rng.randrange(most + 1))]

    def direction(self):
        return self.rng.choice(("", "", " DESC", " DESC", " NULLS FIRST",
                                " DESC NULLS LAST"))

    def order(self):
        keys = [f"create_time{self.direction()}"]
        if self.rng.random() < 0.2:
            keys.append("state" + self.direction())
        if self.rng.random() < 0.1:
            keys.reverse()
        return ", ".join(keys + ["id" + self.rng.choice(("", " DESC"))])

    def limit(self):
        n, m = self.rng.choice((0, 1, 3, 10, 30, 200)), self.rng.choice((1, 7, 40))
        return self.rng.choice(("", "", f" LIMIT {n}", f" LIMIT {n}",
                                f" LIMIT {n} OFFSET {m}", f" OFFSET {m}"))

    def fill(self, template, **fixed):
        rng = self.rng
        tests = self.conditions(3)
        where = " WHERE " + " AND ".join(tests) if tests else ""
        narrowed = [one for one in tests if "name" not in one
                    and "source" not in one and "finish" not in one]
        words = {
            "t": rng.choice(("t", "t", "t", "v_plain", "v_barrier")),
            "out": rng.choice(("t.id, t.weight", "t.id, t.create_time",
                               "t.id, t.create_time, t.weight", "t.*")),
            "narrow": rng.choice(("id", "id, weight", "create_time, id")),
            "where": where,
            "narrowed": " WHERE " + " AND ".join(narrowed) if narrowed else "",
            "more": "".join(f" AND {one}" for one in (
                "t.state <> 'stopped'", "t.weight IS NOT NULL",
                "t.create_time > '2024-01-01 08:30+08'",
                "t.create_time < now()") if rng.random() < 0.15),
            "order": self.order(), "dir": self.direction(),
            "limit": self.limit(), "op": rng.choice(OPERATORS[:9]),
            "row": rng.choice(("<", "<=", ">", ">=")),
            "n": rng.choice((1, 2, 5, 20)), "m": rng.choice((0, 2, 11)),
            "value": self.value(), **fixed}
        if " u " in template or "FULL" in template:
            words["out"] = "t.id, t.weight"
        text = template.format(**words)
        return text.replace("{t}", words["t"])

    # -- cases -----------------------------------------------------------------

    def single(self):
        mode, template = self.rng.choice(SINGLES)
        return [(mode, self.fill(template))]

    def join(self):
        return [("rows", self.fill(self.rng.choice(JOINS)))]

    def prepared(self):
        op, order = self.rng.choice(OPERATORS), self.order()
        sql = self.fill("SELECT {out} FROM {t} t WHERE create_time " + op
                        + " $1 ORDER BY {order} LIMIT $2", order=order)
        case = [("state", "SET plan_cache_mode = force_generic_plan"),
                ("state", f"PREPARE p(timestamptz, bigint) AS {sql}")]
        for _ in range(3):
            value = self.rng.choice((f"'{self.moment().isoformat()}'",) * 4
                                    + ("NULL", "'-infinity'"))
            case.append(("ordered", f"EXECUTE p({value}, "
                         f"{self.rng.choice((1, 4, 25, 'NULL'))})"))
        return case + [("state", "DEALLOCATE p"),
                       ("state", "RESET plan_cache_mode")]

    def cursor(self):
        scroll = self.rng.random() < 0.5
        sql = self.fill("SELECT {out} FROM {t} t{where} ORDER BY {order}")
        moves = ("FETCH 3", "FETCH 10", "FETCH 1")
        if scroll:
            moves += ("FETCH BACKWARD 2", "FETCH ABSOLUTE 4", "FETCH LAST",
                      "FETCH RELATIVE -1", "FETCH FIRST", "FETCH PRIOR")
        case = [("state", "BEGIN"), ("state", "DECLARE c "
                 f"{'SCROLL ' if scroll else ''}CURSOR FOR {sql}")]
        for _ in range(self.rng.randrange(2, 6)):
            case.append(("ordered", f"{self.rng.choice(moves)} FROM c"))
        return case + [("state", "COMMIT")]

    def case(self):
        return self.rng.choice((self.single,) * 9 + (self.join,) * 5 + (
            self.prepared, self.cursor, self.cursor))()
