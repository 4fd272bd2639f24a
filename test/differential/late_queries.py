"""Random cases for details that are asked for late: ORDER BY, LIMIT and all
that stops reading early, in every place where they can stand.

A case is a list of (statement, mode, whole), as in sessions.py.  Order is
total wherever it decides which rows are returned.
"""
import re

from expressions import Column, PLACEHOLDER
from queries import ORDERED, POOL, ROWS, STATE, Queries, Source
from vocabulary import DETAIL_COLUMNS, TASK_COLUMNS

EITHER = "either"               # the result of one of two queries
TASKS = ("model_comp_tasks",) * 8 + ("v_plain", "v_plain", "v_barrier",
                                     "v_barrier", "v_detail")
PARENTS = ("multi", "multi", "parts")
DETAILS = DETAIL_COLUMNS + ("plan", "ratio", "reason", "settings")

# What rows are sorted by, besides columns.
KEYS = """
lower(<text>)
upper(<text>)
left(<text>, 4)
(<text> || 'x')
length(<text>)
md5(<text>)
(<text> COLLATE "C")
(<text> COLLATE "en-x-icu")
(<text> COLLATE s.anycase)
(<text>)::varchar(9)
COALESCE(<text>, 'none')
(<text> IS NULL)
(<text> <> 'running')
CASE WHEN <text> = 'failed' THEN 1 ELSE 2 END
stable_text(<text>)
immutable_text(<text>)
inlined_text(<text>)
date_trunc('day', <time>)
(<time> + interval '1 day')
EXTRACT(hour FROM <time>)
(<time>)::date
""".strip().split("\n")

# <top>: the first rows of an order, with id, state, weight and create_time.
SUBQUERIES = """
SELECT * FROM (<top>) x
SELECT * FROM (<top>) x WHERE <x>
SELECT * FROM (<top>) x WHERE <x>
SELECT id, weight FROM (<top>) x ORDER BY <order> LIMIT <n>
SELECT count(*), max(weight) FROM (<top>) x
SELECT id, weight FROM (SELECT * FROM <t> OFFSET 0) x ORDER BY <order> LIMIT <n>
SELECT id, weight FROM (SELECT * FROM <t> WHERE <x>) x ORDER BY <order> LIMIT <n>
WITH c AS MATERIALIZED (<top>) SELECT * FROM c
WITH c AS MATERIALIZED (SELECT * FROM <t>) SELECT id, weight FROM c x ORDER BY <order> LIMIT <n>
WITH c AS NOT MATERIALIZED (SELECT * FROM <t>) SELECT id, weight FROM c x ORDER BY <order> LIMIT <n>
WITH c AS (<top>) SELECT c.id, c.weight, i.n FROM c JOIN inv i ON i.task_id = c.id
WITH c AS (<top>) SELECT a.id, b.weight FROM c a JOIN c b ON a.state = b.state
SELECT i.n, (SELECT x.weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT 1) FROM inv i
SELECT i.n, (SELECT x.weight FROM <t> x WHERE x.source_model_id = i.source_id ORDER BY <order> LIMIT 1) FROM inv i
SELECT i.n, (SELECT x.weight FROM <t> x ORDER BY <order> LIMIT 1 OFFSET i.qty) FROM inv i
SELECT ARRAY(SELECT x.weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT <n>)
SELECT i.n FROM inv i WHERE EXISTS (SELECT x.weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT 1)
SELECT i.n FROM inv i WHERE EXISTS (SELECT x.weight FROM <t> x WHERE x.source_model_id = i.source_id AND <x> ORDER BY <order> OFFSET <n>)
SELECT i.n FROM inv i WHERE EXISTS (<top>)
SELECT i.n FROM inv i WHERE i.task_id IN (SELECT id FROM (<top>) x WHERE <x>)
SELECT i.n FROM inv i WHERE i.task_id NOT IN (SELECT id FROM (<top>) x WHERE <x>)
SELECT x.id, x.weight FROM <t> x WHERE x.id IN (SELECT id FROM (<top>) y) AND <x>
SELECT x.id, x.weight FROM <t> x WHERE x.create_time = (SELECT max(create_time) FROM <t>) AND <x>
SELECT * FROM (<top>) a UNION ALL SELECT * FROM (<top>) b
(<top>) UNION (<top>)
(SELECT id, weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT <n>) UNION ALL (SELECT id, weight FROM <t> x ORDER BY <order> LIMIT <n>)
""".strip().split("\n")

LATERALS = """
SELECT g.n, x.* FROM generate_series(1, 3) g(n), LATERAL (SELECT * FROM <t> x ORDER BY <order> LIMIT 1) x
SELECT g.n, x.* FROM generate_series(0, 3) g(n), LATERAL (SELECT x.id, x.weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT g.n) x
SELECT g.n, x.* FROM generate_series(0, 3) g(n), LATERAL (SELECT x.id, x.weight FROM <t> x ORDER BY <order> LIMIT 2 OFFSET g.n) x
SELECT i.n, x.* FROM inv i CROSS JOIN LATERAL (SELECT x.id, x.weight FROM <t> x ORDER BY <order> LIMIT 1 OFFSET i.qty) x WHERE i.n < 12
SELECT i.n, x.* FROM inv i LEFT JOIN LATERAL (SELECT x.id, x.weight FROM <t> x WHERE <x> ORDER BY <order> LIMIT <n> OFFSET i.n) x ON true WHERE i.n < 5
SELECT i.n, x.* FROM inv i LEFT JOIN LATERAL (SELECT x.id, x.weight FROM <t> x WHERE x.source_model_id = i.source_id ORDER BY <order> LIMIT 2) x ON true WHERE i.n < 15
SELECT i.n, x.* FROM inv i LEFT JOIN LATERAL (SELECT x.id, x.weight FROM <t> x WHERE x.create_time > i.seen AND <x> ORDER BY <order> LIMIT 1) x ON true WHERE i.n < 9
SELECT i.n, x.* FROM inv i LEFT JOIN LATERAL (SELECT x.id, x.weight, i.qty FROM <t> x WHERE x.id = i.task_id ORDER BY <order> LIMIT 1) x ON true
SELECT s.source_id, x.* FROM (SELECT DISTINCT source_id FROM inv) s CROSS JOIN LATERAL (SELECT x.id, x.strategy FROM <t> x WHERE x.source_model_id = s.source_id ORDER BY <order> FETCH FIRST <n> ROWS ONLY) x
SELECT v.s, x.* FROM (VALUES ('failed'), ('running'), (NULL)) v(s), LATERAL (SELECT x.id, x.weight, x.failed_reason FROM <t> x WHERE x.state = v.s ORDER BY <order> LIMIT <n>) x
""".strip().split("\n")

# Ordered as a whole; their own keys make the order total.
JOINS = """
SELECT x.id, x.weight, i.n FROM <t> x JOIN inv i ON i.task_id = x.id <where> ORDER BY <order>, i.n<limit>
SELECT x.id, x.weight, i.n FROM <t> x LEFT JOIN inv i ON i.task_id = x.id <where> ORDER BY <order>, i.n<limit>
SELECT x.id, x.weight, i.n FROM <t> x RIGHT JOIN inv i ON i.task_id = x.id ORDER BY <order>, i.n<limit>
SELECT x.id, x.weight, i.n FROM <t> x FULL JOIN inv i ON i.task_id = x.id ORDER BY <order>, i.n<limit>
SELECT x.id, x.weight, i.n FROM inv i LEFT JOIN <t> x ON x.id = i.task_id ORDER BY i.n<limit>
SELECT x.id, x.weight, i.n FROM inv i LEFT JOIN <t> x ON x.id = i.task_id ORDER BY i.qty, i.n DESC<limit>
SELECT x.id, x.weight, i.n FROM inv i JOIN <t> x ON x.source_model_id = i.source_id <where> ORDER BY i.n, <order><limit>
SELECT x.id, x.weight, y.id FROM <t> x JOIN <t> y ON y.source_model_id = x.source_model_id AND y.state = 'failed' <where> ORDER BY <order>, y.id<limit>
SELECT x.id, x.weight, y.strategy FROM <t> x JOIN <t> y ON y.id = x.id <where> ORDER BY <order><limit>
SELECT x.id, x.weight, y.strategy FROM <t> x LEFT JOIN <t> y ON y.id = x.id AND y.state <> 'failed' <where> ORDER BY <order><limit>
SELECT x.id, x.weight, y.id FROM <t> x JOIN <t> y ON y.create_time = x.finish_time <where> ORDER BY <order>, y.id<limit>
SELECT x.id, x.weight FROM <t> x WHERE EXISTS (SELECT FROM inv i WHERE i.task_id = x.id) ORDER BY <order><limit>
SELECT x.id, x.weight FROM <t> x WHERE NOT EXISTS (SELECT FROM inv i WHERE i.task_id = x.id) ORDER BY <order><limit>
SELECT x.id, x.weight FROM <t> x WHERE x.id IN (SELECT task_id FROM inv WHERE qty > 1) ORDER BY <order><limit>
SELECT x.id, x.weight FROM <t> x WHERE NOT EXISTS (SELECT FROM <t> y WHERE y.source_model_id = x.source_model_id AND y.create_time > x.create_time) ORDER BY <order><limit>
SELECT x.id, x.weight, i.n FROM (<top>) x JOIN inv i ON i.task_id = x.id ORDER BY i.n<limit>
SELECT x.id, x.weight, i.n FROM (<top>) x LEFT JOIN inv i ON i.task_id = x.id ORDER BY <order>, i.n<limit>
SELECT x.id, x.weight, i.n FROM inv i LEFT JOIN (<top>) x ON i.task_id = x.id ORDER BY i.n<limit>
SELECT x.id, y.weight FROM (<top>) x JOIN (<top>) y ON x.id = y.id ORDER BY <order><limit>
SELECT x.id, x.weight, g.n FROM <t> x, generate_series(1, 2) g(n) <where> ORDER BY <order>, g.n<limit>
SELECT x.id, x.weight FROM <t> x JOIN (SELECT DISTINCT state FROM <t> WHERE weight IS NOT NULL) y ON y.state = x.state <where> ORDER BY <order><limit>
""".strip().split("\n")

GROUPS = """
SELECT source_model_id, count(*), max(weight) FROM <t> x <where> GROUP BY 1 ORDER BY 1<limit>
SELECT state, source_model_id, min(strategy) FROM <t> x <where> GROUP BY 1, 2 ORDER BY 2 DESC, 1<limit>
SELECT string_agg(weight, ',' ORDER BY <order>) FROM <t> x <where>
SELECT state, array_agg(id ORDER BY <order>), max(weight) FROM <t> x <where> GROUP BY state ORDER BY state
SELECT DISTINCT state, source_model_id, weight FROM <t> x <where> ORDER BY 1, 2, 3<limit>
SELECT DISTINCT source_model_id, strategy FROM <t> x <where> ORDER BY source_model_id DESC NULLS LAST, 2<limit>
SELECT DISTINCT ON (source_model_id) source_model_id, id, weight FROM <t> x <where> ORDER BY source_model_id, create_time DESC, id<limit>
SELECT DISTINCT ON (state) state, id, weight, config FROM <t> x <where> ORDER BY state DESC, create_time, id<limit>
SELECT DISTINCT ON (weight) weight, id FROM <t> x <where> ORDER BY weight, id<limit>
SELECT weight, count(*) FROM (<top>) x GROUP BY weight ORDER BY weight NULLS FIRST
SELECT max(create_time), min(weight) FROM <t> x <where>
SELECT min(id), count(weight) FROM <t> x <where>
""".strip().split("\n")

WINDOWS = """
row_number() OVER (ORDER BY <order>)
row_number() OVER (ORDER BY <order>)
row_number() OVER (PARTITION BY source_model_id ORDER BY <order>)
row_number() OVER (PARTITION BY state, source_model_id ORDER BY <order>)
rank() OVER (ORDER BY <order>)
dense_rank() OVER (PARTITION BY state ORDER BY <order>)
count(*) OVER (ORDER BY <order>)
count(*) OVER (PARTITION BY source_model_id)
sum(length(weight)) OVER (ORDER BY <order> ROWS 2 PRECEDING)
length(lag(weight) OVER (ORDER BY <order>))
ntile(4) OVER (ORDER BY <order>)
length(first_value(strategy) OVER (PARTITION BY state ORDER BY <order>))
""".strip().split("\n")


def _state(*statements):
    return [(statement, STATE, None) for statement in statements]


class LateCases:
    """Draws cases."""

    def __init__(self, rng, vocabulary):
        self.rng = rng
        self.queries = Queries(rng, vocabulary)
        self.queries._depth = 1         # subqueries of one level

    def draw(self):
        return self.rng.choice(
            (self.grid,) * 10 + (self.keyset, self.ties, self.keys_only) * 2
            + (self.windowed,) * 3 + (self.subquery,) * 5
            + (self.lateral,) * 4 + (self.joined,) * 6 + (self.grouped,) * 3
            + (self.of_parents,) * 3 + (self.prepared,) * 3
            + (self.cursor, self.scrolled, self.held, self.interleaved,
               self.function, self.locked, self.guarded))()

    # -- building blocks -----------------------------------------------------

    def number(self):
        return self.rng.choice((0, 1, 1, 2, 3, 3, 5, 10, 10, 30, 99, 200))

    def offset(self):
        return self.rng.choice((0, 1, 3, 10, 50, 100, 110, 500))

    def limit(self):
        n, m = self.number(), self.offset()
        return self.rng.choice((
            f" LIMIT {n}", f" LIMIT {n}", f" LIMIT {n}",
            f" LIMIT {n} OFFSET {m}", f" LIMIT {n} OFFSET {m}",
            f" OFFSET {m}", f" OFFSET {m} ROWS FETCH NEXT {n} ROWS ONLY",
            f" LIMIT (SELECT {n}) OFFSET (SELECT {m})", " LIMIT NULL"))

    def key(self, scope):
        """One sort key, most often of list columns, with its direction."""
        listed = [one for one in scope if one.name not in DETAILS]
        detail = [one for one in scope if one.name in DETAILS]
        column = self.rng.choice(
            detail if detail and self.rng.random() < 0.1 else listed)
        key = column.sql
        if self.rng.random() < 0.3:
            key = PLACEHOLDER.sub(lambda found: self._of_kind(
                listed, found[1]), self.rng.choice(KEYS))
        return key + self.queries.direction()

    def _of_kind(self, columns, kind):
        kinds = (kind,) if kind == "text" else ("time", "stamp")
        found = [one.sql for one in columns if one.kind in kinds]
        return self.rng.choice(found) if found else "NULL::timestamptz"

    def order(self, scope, last, most=3):
        """Up to three keys, the last of which tells all rows apart."""
        keys = [self.key(scope) for _ in range(self.rng.randrange(most))]
        if not keys and self.rng.random() < 0.4:
            keys = [scope_time + self.queries.direction() for scope_time in
                    [one.sql for one in scope if one.kind == "time"][:1]]
        return ", ".join(keys + [last + self.rng.choice(("", "", " DESC"))])

    def test(self, scope):
        """A condition on columns of the list, of the detail, or on any."""
        listed = [one for one in scope if one.name not in DETAILS]
        drawn = self.rng.random()
        if drawn < 0.3:
            return self.rng.choice((
                f"{self.rng.choice(listed).sql} IS NOT NULL",
                f"{self._of_kind(listed, 'time')} > '2024-01-01 10:00+08'",
                f"{self._of_kind(listed, 'text')} > 'm'"))
        if drawn < 0.55:
            return self.queries.expressions(listed).predicate(1)
        return self.queries.expressions(scope).predicate(
            self.rng.randrange(2))

    def where(self, scope, chance=0.6):
        if self.rng.random() > chance:
            return ""
        return " WHERE " + " AND ".join(
            f"({self.test(scope)})" for _ in range(self.rng.choice((1, 1, 2))))

    def outputs(self, one):
        if self.rng.random() < 0.25:
            return "*"
        columns = self.rng.sample(one.columns,
                                  self.rng.randrange(1, len(one.columns)))
        names = [column.sql for column in columns]
        if self.rng.random() < 0.4:
            names.append(self.queries.expressions(one.columns).anything())
        return ", ".join(names)

    def scope(self, alias, relation="model_comp_tasks"):
        return Source(relation, alias, TASK_COLUMNS).columns

    def top(self):
        """The first rows of an order, with four columns."""
        scope = self.scope("t")
        return (f"SELECT t.id, t.state, t.weight, t.create_time, "
                f"t.source_model_id FROM {self.rng.choice(TASKS)} t"
                f"{self.where(scope)} ORDER BY {self.order(scope, 't.id')} "
                f"LIMIT {self.number()}"
                f"{self.rng.choice(('', '', f' OFFSET {self.offset()}'))}")

    def fill(self, template):
        narrow = [Column(f"x.{name}", name, TASK_COLUMNS[name]) for name in
                  ("id", "state", "weight", "create_time", "source_model_id")]
        full = self.scope("x")
        scope = narrow if "(<top>) x" in template else full
        draw = {"t": lambda: self.rng.choice(TASKS), "top": self.top,
                "x": lambda: f"({self.test(narrow)})",
                "order": lambda: self.order(narrow, "x.id"),
                "where": lambda: self.where(scope),
                "limit": self.limit, "n": lambda: str(self.number())}
        return PLACEHOLDER.sub(lambda found: draw[found[1]](), template)

    # -- one statement -------------------------------------------------------

    def ordered(self, limit=None):
        """(SQL, source): rows of one table in a total order."""
        one = self.queries.source(*TASKS, "odd", "odd")
        key = f"{one.alias}.{one.key}"
        limit = self.limit() if limit is None else limit
        return (f"SELECT {self.outputs(one)} FROM {one.relation} {one.alias}"
                f"{self.where(one.columns)} ORDER BY "
                f"{self.order(one.columns, key)}{limit}")

    def grid(self):
        return [(self.ordered(), ORDERED, None)]

    def keyset(self):
        """The page after a row."""
        one = self.queries.source(*TASKS)
        a, n = one.alias, self.number()
        vocabulary = self.queries.vocabulary
        task = vocabulary.constant(self.rng, "id", "text")
        time = vocabulary.constant(self.rng, "create_time", "time")
        where = self.where(one.columns, 0.3)
        more = " AND " + where[7:] if where else ""
        return [(self.rng.choice((
            f"SELECT {self.outputs(one)} FROM {one.relation} {a} WHERE {a}.id "
            f"> {task}{more} ORDER BY {a}.id LIMIT {n}",
            f"SELECT {self.outputs(one)} FROM {one.relation} {a} WHERE "
            f"({a}.create_time, {a}.id) < ({time}, {task}){more} ORDER BY "
            f"{a}.create_time DESC, {a}.id DESC LIMIT {n}",
            f"SELECT {self.outputs(one)} FROM {one.relation} {a} WHERE "
            f"{a}.create_time >= {time}{more} ORDER BY {a}.create_time, "
            f"{a}.id LIMIT {n}")), ORDERED, None)]

    def ties(self):
        one = self.queries.source(*TASKS, "odd")
        keys = ", ".join(self.key(one.columns)
                         for _ in range(self.rng.randrange(1, 3)))
        offset = self.rng.choice(("", "", " OFFSET 0 ROWS"))
        return [(f"SELECT {self.outputs(one)} FROM {one.relation} {one.alias}"
                 f"{self.where(one.columns)} ORDER BY {keys}{offset} FETCH "
                 f"FIRST {self.number()} ROWS WITH TIES", ROWS, None)]

    def keys_only(self):
        """Rows that cannot be told apart, so that any of them will do."""
        one = self.queries.source(*TASKS, *PARENTS)
        keys = [self.rng.choice([column.sql for column in one.columns
                                 if column.name not in DETAILS])
                for _ in range(self.rng.randrange(1, 3))]
        order = ", ".join(key + self.queries.direction() for key in keys)
        return [(f"SELECT {', '.join(keys)}, COALESCE({one.alias}.weight, "
                 f"'') >= '' FROM {one.relation} {one.alias}"
                 f"{self.where(one.columns)} ORDER BY {order}{self.limit()}",
                 ORDERED, None)]

    def windowed(self):
        function = self.fill(self.rng.choice(WINDOWS))
        inner = (f"SELECT {self.rng.choice(('x.*', 'x.id, x.weight'))}, "
                 f"{function} AS w FROM {self.rng.choice(TASKS)} x"
                 f"{self.where(self.scope('x'), 0.4)}")
        return [(self.rng.choice((
            f"SELECT * FROM ({inner}) x WHERE w <= {self.number()}",
            f"SELECT * FROM ({inner}) x WHERE w < 4",
            f"SELECT id, w FROM ({inner}) x WHERE w = 2",
            f"SELECT * FROM ({inner}) x WHERE w BETWEEN 3 AND 6",
            inner)), ROWS, None)]

    def subquery(self):
        return [(self.fill(self.rng.choice(SUBQUERIES)), ROWS, None)]

    def lateral(self):
        return [(self.fill(self.rng.choice(LATERALS)), ROWS, None)]

    def joined(self):
        return [(self.fill(self.rng.choice(JOINS)), ORDERED, None)]

    def grouped(self):
        return [(self.fill(self.rng.choice(GROUPS)), ORDERED, None)]

    def of_parents(self):
        """Several tables under one parent, some of them foreign."""
        one = self.queries.source(*PARENTS)
        names = [column.sql for column in self.rng.sample(
            one.columns, self.rng.randrange(2, len(one.columns) + 1))]
        keys = [self.rng.choice([column.sql for column in one.columns
                                 if column.name not in DETAILS])
                + self.queries.direction()
                for _ in range(self.rng.randrange(1, 3))]
        order = ", ".join(keys + [str(i + 1) for i in range(len(names))])
        sql = (f"SELECT {', '.join(names)} FROM {one.relation} {one.alias}"
               f"{self.where(one.columns)} ORDER BY {order}{self.limit()}")
        if self.rng.random() < 0.3:
            sql = f"SELECT g.n, x.* FROM generate_series(1, 2) g(n), " \
                  f"LATERAL ({sql}) x"
            return [(sql, ROWS, None)]
        return [(sql, ORDERED, None)]

    def locked(self):
        """Row marks."""
        lock = self.rng.choice(("FOR UPDATE OF i", "FOR SHARE OF i",
                                "FOR NO KEY UPDATE OF i", "FOR SHARE"))
        return [(self.fill(
            "SELECT i.n, x.id, x.weight FROM inv i JOIN model_comp_tasks x ON "
            f"x.id = i.task_id <where> ORDER BY i.n, <order><limit> {lock}"),
            ORDERED, None)]

    def guarded(self):
        """As a role that row level security holds for."""
        return _state("SET ROLE qianfan_fuzz_reader") + self.of_parents() \
            + self.of_parents() + _state("RESET ROLE")

    def function(self):
        """A reader in PL/pgSQL that leaves early."""
        return [(f"SELECT rows_up_to($q${self.ordered()}$q$, "
                 f"{self.number()})", ROWS, None)]

    # -- several statements --------------------------------------------------

    def prepared(self):
        """LIMIT and OFFSET from parameters, in a plan made for any."""
        rng = self.rng
        limit = rng.choice((" LIMIT $1 OFFSET $2", " LIMIT $1 OFFSET $2",
                            " OFFSET $2 FETCH FIRST $1 ROWS ONLY"))
        sql = self.ordered(limit)
        drawn = rng.random()
        if drawn < 0.2:
            sql = f"SELECT * FROM ({sql}) x"
        elif drawn < 0.3:
            sql = f"WITH c AS MATERIALIZED ({sql}) SELECT * FROM c"
        mode = rng.choice(("force_generic_plan",) * 3
                          + ("force_custom_plan",))
        case = _state(f"SET plan_cache_mode = {mode}",
                      f"PREPARE p(bigint, bigint) AS {sql}")
        for _ in range(rng.randrange(1, 4)):
            n = rng.choice((self.number(), self.number(), "NULL"))
            m = rng.choice((self.offset(), 0, "NULL"))
            case.append((f"EXECUTE p({n}, {m})", ORDERED, None))
        return case + _state("DEALLOCATE p", "RESET plan_cache_mode")

    def _whole(self):
        return self.ordered(self.rng.choice(
            ("", "", "", f" LIMIT {self.number()}",
             f" OFFSET {self.offset()}")))

    def cursor(self):
        case = _state("BEGIN", f"DECLARE c CURSOR FOR {self._whole()}")
        for _ in range(self.rng.randrange(1, 4)):
            count = self.rng.choice((1, 3, 10, 10, 40))
            case.append((f"FETCH {count} FROM c", ORDERED, None))
        if self.rng.random() < 0.3:
            case.append(("FETCH ALL FROM c", ORDERED, None))
        return case + _state(self.rng.choice(("COMMIT", "ROLLBACK")))

    def scrolled(self):
        case = _state("BEGIN", f"DECLARE c SCROLL CURSOR FOR {self._whole()}")
        for _ in range(self.rng.randrange(2, 7)):
            move = self.rng.choice((
                "FETCH 3", "FETCH 10", "FETCH BACKWARD 2", "FETCH PRIOR",
                "FETCH ABSOLUTE 4", "FETCH LAST", "FETCH RELATIVE -1",
                "FETCH ABSOLUTE -2", "FETCH FIRST", "MOVE 5",
                "FETCH ABSOLUTE 0"))
            case.append((f"{move} FROM c", ORDERED, None))
        return case + _state("COMMIT")

    def held(self):
        case = _state("BEGIN",
                      f"DECLARE c CURSOR WITH HOLD FOR {self._whole()}")
        case.append((f"FETCH {self.rng.randrange(1, 9)} FROM c", ORDERED,
                     None))
        case += _state("COMMIT")
        case.append(("FETCH 5 FROM c", ORDERED, None))
        return case + _state("CLOSE c")

    def interleaved(self):
        case = _state("BEGIN", f"DECLARE a CURSOR FOR {self._whole()}",
                      f"DECLARE b CURSOR FOR {self._whole()}")
        for _ in range(self.rng.randrange(2, 6)):
            case.append((f"FETCH {self.rng.choice((1, 3, 20))} FROM "
                         f"{self.rng.choice('ab')}", ORDERED, None))
        return case + _state("COMMIT")


class StaleCases(LateCases):
    """The list shows tasks as they were; some have vanished since.

    A row shows what the detail says, but for the columns it is sorted by: if
    the scan sorts, they are what the list said, or the order would break.
    Rows that OFFSET throws away are not looked at, so they are counted as the
    list shows them.  Which of these a plan does is open, so all are right.
    """

    LISTED = ("id", "name", "state", "source_model_id", "create_time",
              "finish_time", "description")

    def draw(self):
        rng = self.rng
        keys = rng.sample(self.LISTED[1:], rng.randrange(3))
        order = ", ".join(key + self.queries.direction()
                          for key in keys + ["id"])
        columns = list(dict.fromkeys(
            ["id", "weight"] + keys + rng.sample(list(TASK_COLUMNS), 4)))
        limit = self.limit()
        test = rng.choice((
            "true", "true", "state <> 'failed'", "state = 'running'",
            "finish_time IS NULL", "name < 'early-m'",
            "weight IS NOT NULL", "state = 'succeeded' AND weight > 'W'"))
        foreign = (f"SELECT {', '.join(columns)} FROM model_comp_tasks WHERE "
                   f"{test} ORDER BY {order}{limit}")
        kept = set(keys) | {"id"}
        if "state = " in test:
            kept.discard("state")   # which is then no key
        sorted_late = self._expected(columns, test, order, limit, kept)
        sorted_above = self._expected(columns, test, order, limit, ())
        expected = [sorted_late, sorted_above]
        skipped = re.search(r" OFFSET (\d+)(?: ROWS)?", limit)
        if skipped:
            expected.append(self._expected(
                columns, test, order, limit.replace(skipped[0], ""),
                kept, f"WHERE place > {skipped[1]}"))
        return [(foreign, EITHER, "\x1f".join(expected))]

    def _expected(self, columns, test, order, limit, kept, skip=""):
        """A local query: these columns are as the list said."""
        shown = ", ".join(f"{'l' if name in kept else 'd'}.{name}"
                          for name in TASK_COLUMNS)
        listed = ", ".join(self.LISTED)
        early = "true" if "weight" in test else test
        if "weight" in test and "state" in test:
            early = "state = 'succeeded'"
        return (f"SELECT {', '.join(columns)} FROM (SELECT {shown} FROM "
                f"(SELECT {listed} FROM (SELECT {listed}, gone, "
                f"row_number() OVER (ORDER BY {order}) AS place "
                f"FROM listed WHERE {early}{'' if skip else ' AND NOT gone'}"
                f") p {skip or 'WHERE true'} AND NOT gone) l "
                f"JOIN model_comp_tasks d USING (id)) t WHERE {test} "
                f"ORDER BY {order}{limit}")
