"""Random SELECTs: what they read, how rows are combined and cut off."""
from expressions import (Column, Expressions, ID_NAMES, PLACEHOLDER,
                         SOURCE_NAMES)
from vocabulary import DETAIL_COLUMNS, KEYS, RELATIONS, quote

# How the results of two sides are to be compared.
ROWS, ORDERED, SUBSET, POOL, STATE = "rows", "ordered", "subset", "pool", \
    "state"
FOREIGN = (("model_comp_tasks",) * 12 + ("odd",) * 2
           + ("multi", "parts", "v_plain", "v_barrier", "v_barrier",
              "v_detail", "v_sum", "v_join", "v_union"))

CONDITIONS = """
EXISTS (SELECT 1 FROM <from> WHERE <match>)
EXISTS (SELECT 1 FROM <from> WHERE <match> AND <test>)
EXISTS (SELECT * FROM <from> WHERE <test> LIMIT 1)
NOT EXISTS (SELECT 1 FROM <from> WHERE <match>)
NOT EXISTS (SELECT 1 FROM <from> WHERE <match> AND <test>)
<col> IN <values>
<col> IN <values>
<col> NOT IN <values>
<col> = ANY (ARRAY<values>)
<col> > ALL <values>
<col> = (SELECT max(<key>) FROM <from> WHERE <test>)
<col> = (SELECT min(<like>) FROM <from>)
(SELECT count(*) FROM <from> WHERE <match>) <op> <n>
(SELECT bool_and(<test>) FROM <from> WHERE <match>)
EXISTS (SELECT 1 FROM <from> WHERE <pair> AND <test>)
(SELECT count(<in>) FROM <from> WHERE <pair>) <op> <n>
(SELECT count(<in>) FROM <from> WHERE <pair> AND <test>) <op> <n>
<col> IN (SELECT <like> FROM <from> WHERE <pair>)
<col> = (SELECT <key> FROM <from> WHERE <match> ORDER BY <key> LIMIT 1)
""".strip().split("\n")

# One value for each row of the query around.
SCALARS = """
(SELECT count(<in>) FROM <from> WHERE <pair>)
(SELECT count(<in>) FROM <from> WHERE <pair> AND <test>)
(SELECT count(<in>) FROM <from> WHERE <match> AND <pair>)
(SELECT max(<in>) FROM <from> WHERE <match>)
(SELECT min(<in>) FROM <from> WHERE <match> AND <test>)
(SELECT string_agg(<like>, ',' ORDER BY <like>) FROM <from> WHERE <pair>)
(SELECT count(*) FROM (SELECT <in> FROM <from> WHERE <pair> LIMIT 3) x)
(SELECT max(<like>) FROM <from>)
""".strip().split("\n")

# Joins whose keys can be looked up in batches: semi and anti joins, and joins
# that are started over with other parameters.
LOOKUPS = """
SELECT i.* FROM inv i WHERE i.n < <n> AND EXISTS (SELECT 1 FROM <from> WHERE <key> = i.task_id AND <test>)
SELECT i.* FROM inv i WHERE i.n < <n> AND NOT EXISTS (SELECT 1 FROM <from> WHERE <key> = i.task_id)
SELECT i.* FROM inv i WHERE i.n < <n> AND NOT EXISTS (SELECT 1 FROM <from> WHERE <key> = i.task_id AND <test>)
SELECT i.* FROM inv i WHERE i.n < <n> AND i.task_id IN (SELECT <key> FROM <from> WHERE <test>)
SELECT i.* FROM inv i LEFT JOIN <from> ON <key> = i.task_id WHERE i.n < <n> AND <key> IS NULL
SELECT v.x, (SELECT count(<in>) FROM inv i JOIN <from> ON <key> = i.task_id WHERE i.n <op> v.x) FROM (VALUES (3), (NULL), (<n>), (<n>)) v(x)
SELECT v.x, (SELECT count(<in>) FROM inv i LEFT JOIN <from> ON <key> = i.task_id AND <test> AND i.n <op> v.x WHERE i.qty = v.x) FROM generate_series(0, 4) v(x)
SELECT v.x, (SELECT string_agg(<key>, ',' ORDER BY <key>) FROM inv i JOIN <from> ON <key> = i.task_id AND <in> <op> v.x WHERE i.n < <n>) FROM (VALUES ('a'), ('m'), (NULL), ('running')) v(x)
SELECT v.x, (SELECT count(*) FROM inv i WHERE i.qty = v.x AND NOT EXISTS (SELECT 1 FROM <from> WHERE <key> = i.task_id AND <test>)) FROM generate_series(0, 4) v(x)
SELECT v.x, (SELECT count(*) FROM inv i WHERE i.n <op> v.x AND EXISTS (SELECT 1 FROM <from> WHERE <key> = i.task_id AND <test>)) FROM generate_series(1, <n>) v(x)
SELECT i.n, x.* FROM inv i LEFT JOIN LATERAL (SELECT j.n, <in> FROM inv j JOIN <from> ON <key> = j.task_id WHERE j.qty = i.qty AND j.n <op> i.n AND <test> OFFSET 0) x ON true WHERE i.n < <n>
SELECT v.x, y.* FROM generate_series(1, 5) v(x), LATERAL (SELECT i.n, <in> FROM inv i LEFT JOIN <from> ON <key> = i.task_id WHERE i.n <op> v.x ORDER BY 1, 2 LIMIT 3) y
""".strip().split("\n")


class Query:
    """A SELECT without semicolon; `whole` is the same without its LIMIT."""

    def __init__(self, sql, mode=ROWS, whole=None):
        self.sql = sql
        self.mode = mode
        self.whole = whole


class Source:
    """A relation under an alias."""

    def __init__(self, relation, alias, columns):
        self.relation = relation
        self.alias = alias
        self.columns = [Column(f"{alias}.{name}", name, kind)
                        for name, kind in columns.items()]
        self.key = KEYS.get(relation)

    def find(self, names):
        for column in self.columns:
            if column.name in names:
                return column.sql
        return None


class Queries:
    """Draws queries.  With `parameters` a list, constants become $n."""

    def __init__(self, rng, vocabulary):
        self.rng = rng
        self.vocabulary = vocabulary
        self.parameters = None
        self._aliases = 0
        self._depth = 0

    # -- building blocks -----------------------------------------------------

    def alias(self):
        self._aliases += 1
        return f"t{self._aliases}"

    def source(self, *relations):
        relation = self.rng.choice(relations or FOREIGN)
        return Source(relation, self.alias(), RELATIONS[relation])

    def expressions(self, scope):
        expressions = Expressions(self.rng, self.vocabulary, scope,
                                  self if self._depth < 2 else None)
        expressions.parameters = self.parameters
        return expressions

    def where(self, scope, chance=0.85, depth=2):
        if self.rng.random() > chance:
            return ""
        return " WHERE " + self.expressions(scope).predicate(depth)

    def pick(self, source, names):
        """A column of a source with one of the names, else any text."""
        return source.find(names) or \
            self.expressions(source.columns).column("text").sql

    # -- subqueries, for Expressions ------------------------------------------

    def one_column(self, column):
        """(SELECT ...) of values like those of the column."""
        names = ID_NAMES if column.name in ID_NAMES else \
            SOURCE_NAMES if column.name in SOURCE_NAMES else (column.name,)
        self._depth += 1
        inner = self.source("inv", "inv", "inv", *FOREIGN)
        sql = (f"(SELECT {self.pick(inner, names)} FROM {inner.relation} "
               f"{inner.alias}{self.where(inner.columns, 0.7, 1)})")
        self._depth -= 1
        return sql

    def condition(self, outer):
        """A condition with a subquery, often a correlated one."""
        return self._correlated(outer, CONDITIONS)

    def scalar(self, outer):
        """A subquery with one value, often a correlated one."""
        return self._correlated(outer, SCALARS)

    def _correlated(self, outer, templates):
        rng = self.rng
        column = outer.column("text")
        if column is None:
            return "(SELECT true)"
        keys = [one for one in outer.scope
                if one.name in ID_NAMES + SOURCE_NAMES]
        if keys and rng.random() < 0.8:
            column = rng.choice(keys)
        names = ID_NAMES if column.name in ID_NAMES else SOURCE_NAMES
        self._depth += 1
        inner = self.source("inv", "inv", *FOREIGN)
        words = {"from": f"{inner.relation} {inner.alias}",
                 "match": f"{self.pick(inner, names)} = {column.sql}",
                 "key": self.pick(inner, ID_NAMES), "col": column.sql,
                 "like": self.pick(inner, names)}
        expressions = self.expressions(inner.columns + [column])
        words["in"] = rng.choice([one.sql for one in inner.columns
                                  if one.kind == "text"])
        words["pair"] = self._pair(inner, outer)
        draw = {"test": lambda: expressions.predicate(1),
                "values": lambda: self.one_column(column),
                "op": lambda: rng.choice(("=", ">", "<")),
                "n": lambda: str(rng.randrange(4))}
        sql = PLACEHOLDER.sub(
            lambda found: words.get(found[1]) or draw[found[1]](),
            rng.choice(templates))
        self._depth -= 1
        return sql

    def _pair(self, inner, outer):
        """A column of the subquery against one of the query around."""
        rng = self.rng
        while True:
            one, two = rng.choice(inner.columns), rng.choice(outer.scope)
            if one.kind == two.kind:
                return f"{one.sql} {rng.choice(('=', '=', '<', '>='))} {two.sql}"
            if rng.random() < 0.02:
                return f"{one.sql} IS NOT NULL"

    # -- FROM ------------------------------------------------------------------

    def from_clause(self):
        """(FROM text, columns in scope, columns that identify a row)."""
        one = self.source()
        if self.rng.random() < 0.45:
            return (f"{one.relation} {one.alias}", one.columns,
                    self._key_of(one))
        return self.rng.choice((
            self._join, self._join, self._join, self._join_inv,
            self._join_inv, self._join_inv, self._lateral, self._values,
            self._series, self._three, self._expand, self._derived))(one)

    def _key_of(self, *sources):
        if all(source.key for source in sources):
            return [f"{source.alias}.{source.key}" for source in sources]
        return None

    def _on(self, one, two):
        """A join condition that is an equality of ids or source models."""
        names = ID_NAMES if self.rng.random() < 0.7 else SOURCE_NAMES
        left, right = self.pick(one, names), self.pick(two, names)
        condition = self.rng.choice((f"{left} = {right}",
                                     f"{right} = {left}"))
        chance = self.rng.random()
        if chance < 0.15:
            condition += f" AND {self.pick(one, SOURCE_NAMES)} = " \
                         f"{self.pick(two, SOURCE_NAMES)}"
        elif chance < 0.25:
            condition += " AND " + self.expressions(
                one.columns + two.columns).predicate(0)
        return condition

    def _join(self, one, *relations):
        two = self.source(*relations)
        kind = self.rng.choice(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN",
                                "FULL JOIN"))
        if kind == "FULL JOIN":
            condition = f"{self.pick(one, ID_NAMES)} = {self.pick(two, ID_NAMES)}"
        else:
            condition = self._on(one, two)
        if self.rng.random() < 0.3:
            one, two = two, one
        return (f"{one.relation} {one.alias} {kind} {two.relation} "
                f"{two.alias} ON {condition}", one.columns + two.columns,
                None)

    def _join_inv(self, one):
        return self._join(one, "inv")

    def _few(self, one):
        """A few local rows that look up many columns."""
        few = self.source("inv")
        a = few.alias
        rows = self.rng.choice((
            f"inv {a}", f"(SELECT * FROM inv WHERE n < {self.rng.choice((2, 5, 12, 40))}) {a}",
            f"(SELECT * FROM inv ORDER BY n DESC LIMIT 7) {a}",
            f"(SELECT DISTINCT ON (task_id) * FROM inv ORDER BY task_id, n) {a}"))
        kind = self.rng.choice(("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN",
                                "RIGHT JOIN"))
        key, task = self.pick(one, ID_NAMES), self.rng.choice((
            f"{a}.task_id", f"{a}.task_id", f"{a}.task_id",
            f"left({a}.task_id, {self.rng.choice((17, 17, 16))})",
            f"COALESCE({a}.task_id, {a}.note)",
            f"({a}.task_id)::varchar(20)", f"stable_text({a}.task_id)"))
        on = f"{key} = {task}"
        both = self.expressions(few.columns + one.columns)
        for _ in range(self.rng.choice((0, 0, 1, 2))):
            on += f" AND {both.predicate(self.rng.randrange(2))}"
        text = f"{rows} {kind} {one.relation} {one.alias} ON {on}"
        if self.rng.random() < 0.3:
            two = self.source("model_comp_tasks", "odd", "v_barrier")
            text += (f" {kind} {two.relation} {two.alias} ON "
                     f"{self.pick(two, ID_NAMES)} = "
                     f"{self.rng.choice((key, a + '.task_id'))}")
            return text, few.columns + one.columns + two.columns, None
        return text, few.columns + one.columns, None

    def _lateral(self, one):
        two = self.source("inv", "model_comp_tasks")
        keep = self.rng.choice((", ", " CROSS JOIN ", " LEFT JOIN "))
        limit = self.rng.choice(("", " ORDER BY 1, 2 LIMIT 1",
                                 " ORDER BY 1, 2 LIMIT 2 OFFSET 1"))
        names = self.rng.choice((ID_NAMES, SOURCE_NAMES))
        extra = self.expressions(two.columns + one.columns).predicate(0)
        first = one
        text = (f"{two.relation} {two.alias}{keep}LATERAL (SELECT "
                f"{self.pick(one, ID_NAMES)} AS id, "
                f"{self.expressions(one.columns).column('text').sql} AS note "
                f"FROM {first.relation} {first.alias} WHERE "
                f"{self.pick(one, names)} = {self.pick(two, names)}"
                f"{' AND ' + extra if self.rng.random() < 0.3 else ''}"
                f"{limit}) x")
        if keep == " LEFT JOIN ":
            text += " ON true"
        return (text, two.columns + [Column("x.id", "id", "text"),
                                     Column("x.note", "note", "text")], None)

    def _values(self, one):
        key = self.pick(one, ID_NAMES)
        column = Column(key, "id", "text")
        constants = self.expressions([column]).constants(column, 5)
        rows = ", ".join(f"({constant}::text, {i})"
                         for i, constant in enumerate(constants))
        kind = self.rng.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN"))
        return (f"(VALUES {rows}) v(key, n) {kind} {one.relation} {one.alias} "
                f"ON {key} = v.key", one.columns + [Column("v.n", "n", "int")],
                None)

    def _series(self, one):
        expressions = self.expressions(one.columns)
        expressions.subqueries = None       # their rows come in any order
        ids = expressions.array(Column(self.pick(one, ID_NAMES), "id", "text"))
        if self.rng.random() < 0.5:
            return (f"unnest({ids}) WITH ORDINALITY u(key, n) LEFT JOIN "
                    f"{one.relation} {one.alias} ON "
                    f"{self.pick(one, ID_NAMES)} = u.key",
                    one.columns + [Column("u.n", "n", "int")], None)
        return (f"{one.relation} {one.alias} CROSS JOIN "
                f"generate_series(1, {self.rng.randrange(4)}) g(n)",
                one.columns + [Column("g.n", "n", "int")], None)

    def _three(self, one):
        text, scope, _ = self._join_inv(one)
        three = self.source("model_comp_tasks", "v_barrier", "odd")
        left = self.rng.choice([column for column in scope
                                if column.name in ID_NAMES] or scope)
        kind = self.rng.choice(("JOIN", "LEFT JOIN"))
        return (f"{text} {kind} {three.relation} {three.alias} ON "
                f"{self.pick(three, ID_NAMES)} = ({left.sql})::text",
                scope + three.columns, None)

    def _expand(self, one):
        json = [column for column in one.columns if column.kind == "json"]
        if not json:
            return self._series(one)
        return (f"{one.relation} {one.alias}, LATERAL "
                f"jsonb_each_text({json[0].sql}) j(name, note)",
                one.columns + [Column("j.name", "name", "text"),
                               Column("j.note", "note", "text")], None)

    def _derived(self, one):
        """A subquery in FROM, which the planner may or may not pull up."""
        names = [column.name for column in one.columns]
        fence = self.rng.choice(("", "", " OFFSET 0", " LIMIT ALL"))
        where = self.where(one.columns)
        inner = (f"SELECT {', '.join(column.sql for column in one.columns)} "
                 f"FROM {one.relation} {one.alias}{where}{fence}")
        if self.rng.random() < 0.3 and one.key:
            inner = inner.replace(fence, "") if fence else inner
            inner += f" ORDER BY {one.alias}.{one.key} LIMIT " \
                     f"{self.rng.randrange(40)}"
        outer = Source(None, self.alias(),
                       {column.name: column.kind for column in one.columns})
        return f"({inner}) {outer.alias}({', '.join(names)})", \
            outer.columns, None

    # -- whole queries ------------------------------------------------------------

    def draw(self):
        return self.rng.choice(
            (self.plain,) * 9 + (self.list_only,) * 3 + (self.limited,) * 3
            + (self.looked_up,) * 4 + (self.keyed,) * 6 + (self.limited_scan,) * 3
            + (self.ordered,) * 3 + (self.grouped,) * 4 + (self.windowed,) * 2
            + (self.combined,) * 2 + (self.with_query,) * 2
            + (self.distinct, self.distinct_on, self.recursive,
               self.whole_row, self.counted_limit, self.with_ties,
               self.wrong))()

    def _outputs(self, scope, most=5):
        expressions = self.expressions(scope)
        return [expressions.anything()
                for _ in range(self.rng.randrange(1, most))]

    def plain(self):
        text, scope, _ = self.from_clause()
        outputs = "*" if self.rng.random() < 0.15 else \
            ", ".join(self._outputs(scope))
        return Query(f"SELECT {outputs} FROM {text}{self.where(scope)}")

    def list_only(self):
        """Nothing that costs a detail call."""
        one = self.source("model_comp_tasks", "v_plain", "multi", "parts")
        scope = [column for column in one.columns
                 if column.name not in DETAIL_COLUMNS]
        return Query(f"SELECT {', '.join(self._outputs(scope))} FROM "
                     f"{one.relation} {one.alias}{self.where(scope)}")

    def keyed(self):
        """Rows by id or by source model, joined to what has such columns."""
        text, scope, _ = self.from_clause()
        test = self.expressions(scope).key_test(2)
        if self.rng.random() < 0.4:
            test += " AND " + self.expressions(scope).predicate(1)
        return Query(f"SELECT {', '.join(self._outputs(scope))} FROM {text} "
                     f"WHERE {test}")

    def looked_up(self):
        one = self.source("model_comp_tasks", "model_comp_tasks", "odd",
                          "v_barrier", "v_detail")
        expressions = self.expressions(one.columns)
        draw = {"from": lambda: f"{one.relation} {one.alias}",
                "key": lambda: f"{one.alias}.{one.key}",
                "in": lambda: expressions.column("text").sql,
                "test": lambda: expressions.predicate(1),
                "op": lambda: self.rng.choice(("=", "<", "<=", ">")),
                "n": lambda: str(self.rng.choice((1, 4, 10, 30)))}
        return Query(PLACEHOLDER.sub(lambda found: draw[found[1]](),
                                     self.rng.choice(LOOKUPS)))

    def limited_scan(self):
        """A single table under a LIMIT, which the scan is told."""
        one = self.source("model_comp_tasks", "odd", "v_plain", "v_barrier",
                          "v_detail")
        expressions = self.expressions(one.columns)
        tests = [self.rng.choice((expressions.predicate, expressions.key_test))
                 (self.rng.randrange(2)) for _ in range(self.rng.randrange(3))]
        where = " WHERE " + " AND ".join(f"({test})" for test in tests) \
            if tests else ""
        whole = (f"SELECT {', '.join(self._outputs(one.columns))} FROM "
                 f"{one.relation} {one.alias}{where}")
        return Query(whole + self.limit(), SUBSET, whole)

    def limited(self):
        """LIMIT without a total order: any of the rows will do."""
        text, scope, _ = self.from_clause()
        outputs = self._outputs(scope)
        if self.rng.random() < 0.2:
            outputs.append("count(*) OVER ()")
        distinct = self.rng.choice(("", "", "", "DISTINCT "))
        whole = (f"SELECT {distinct}{', '.join(outputs)} FROM {text}"
                 f"{self.where(scope)}")
        order = self.rng.choice(("", "", "", " ORDER BY 1"))
        return Query(whole + order + self.limit(), SUBSET, whole)

    def limit(self):
        rng = self.rng
        n = rng.choice((0, 1, 2, 3, 5, 10, 40, 99, 100, 101, 5000000000))
        offset = rng.choice((0, 1, 2, 7, 50, 200))
        return rng.choice((
            f" LIMIT {n}", f" LIMIT {n}", f" LIMIT {n} OFFSET {offset}",
            f" OFFSET {offset}", f" FETCH FIRST {n} ROWS ONLY",
            f" OFFSET {offset} ROWS FETCH NEXT {n} ROWS ONLY",
            f" LIMIT (SELECT {n % 50}::bigint)", " LIMIT NULL",
            f" LIMIT stable_text('{n % 50}')::bigint OFFSET {offset}"))

    def ordered(self):
        """A total order, for rows that are equal cannot be told apart."""
        text, scope, key = self.from_clause()
        outputs = self._outputs(scope)
        if key and self.rng.random() < 0.6:
            first = self.expressions(scope).anything(0)
            order = f"{first}{self.direction()}, " + ", ".join(key)
        else:
            order = ", ".join(f"{i + 1}{self.direction()}"
                              for i in range(len(outputs)))
        limit = self.limit() if self.rng.random() < 0.7 else ""
        return Query(f"SELECT {', '.join(outputs)} FROM {text}"
                     f"{self.where(scope)} ORDER BY {order}{limit}", ORDERED)

    def direction(self):
        return self.rng.choice(("", " DESC", " NULLS FIRST",
                                " DESC NULLS LAST"))

    def with_ties(self):
        one = self.source("model_comp_tasks", "odd", "v_barrier")
        names = [column.sql for column in one.columns if column.kind != "json"]
        return Query(f"SELECT {', '.join(self._outputs(one.columns))} FROM "
                     f"{one.relation} {one.alias}{self.where(one.columns)} "
                     f"ORDER BY {self.rng.choice(names)}{self.direction()} "
                     f"FETCH FIRST {self.rng.randrange(1, 9)} ROWS WITH TIES")

    def counted_limit(self):
        """Which rows a LIMIT lets through is open, how many is not."""
        text, scope, _ = self.from_clause()
        output = self.expressions(scope).column().sql
        return Query(f"SELECT count(*) FROM (SELECT {output} FROM {text}"
                     f"{self.where(scope)}{self.limit()}) x")

    def distinct(self):
        text, scope, _ = self.from_clause()
        return Query(f"SELECT DISTINCT {', '.join(self._outputs(scope, 3))} "
                     f"FROM {text}{self.where(scope)}")

    def distinct_on(self):
        one = self.source("model_comp_tasks", "odd", "v_plain")
        expressions = self.expressions(one.columns)
        first = expressions.column("text").sql
        return Query(f"SELECT DISTINCT ON ({first}) "
                     f"{', '.join(self._outputs(one.columns))} FROM "
                     f"{one.relation} {one.alias}{self.where(one.columns)} "
                     f"ORDER BY {first}{self.direction()}, "
                     f"{one.alias}.{one.key}")

    def aggregate(self, scope):
        rng = self.rng
        expressions = self.expressions(scope)
        column, text = expressions.column(), expressions.text()
        number = expressions.number()
        test = expressions.predicate(1)
        return rng.choice((
            "count(*)", "count(*)", f"count({column.sql})",
            f"count(DISTINCT {column.sql})", f"min({text})", f"max({text})",
            f"count(*) FILTER (WHERE {test})",
            f"max({text}) FILTER (WHERE {test})",
            f"sum(({number})::numeric)", f"avg(({number})::numeric)",
            f"string_agg({text}, ',' ORDER BY {text})",
            f"array_agg({column.sql} ORDER BY {column.sql})",
            f"jsonb_agg({column.sql} ORDER BY {column.sql})",
            f"bool_or({test})", f"bool_and({test})",
            f"percentile_disc(0.5) WITHIN GROUP (ORDER BY {text})"))

    def grouped(self):
        rng = self.rng
        text, scope, _ = self.from_clause()
        expressions = self.expressions(scope)
        keys = [expressions.column().sql if rng.random() < 0.7
                else expressions.text() for _ in range(rng.randrange(3))]
        outputs = keys + [self.aggregate(scope)
                          for _ in range(rng.randrange(1, 4))]
        sql = f"SELECT {', '.join(outputs)} FROM {text}{self.where(scope)}"
        if keys:
            grouping = ", ".join(str(i + 1) for i in range(len(keys)))
            by = ", ".join(f"({key})" for key in keys)
            grouping = rng.choice((grouping, grouping, grouping,
                                   f"ROLLUP ({by})", f"CUBE ({by})",
                                   f"GROUPING SETS ({by}, ())"))
            sql += f" GROUP BY {grouping}"
        if rng.random() < 0.3:
            sql += f" HAVING count(*) {rng.choice(('>', '=', '<'))} " \
                   f"{rng.randrange(4)}"
        return Query(sql)

    def windowed(self):
        rng = self.rng
        one = self.source("model_comp_tasks", "model_comp_tasks", "odd",
                          "v_barrier")
        expressions = self.expressions(one.columns)
        key = f"{one.alias}.{one.key}"
        part = expressions.column("text").sql
        total = rng.choice((key, f"{expressions.column().sql}"
                                 f"{self.direction()}, {key}"))
        function = rng.choice((
            f"row_number() OVER (PARTITION BY {part} ORDER BY {total})",
            f"row_number() OVER (ORDER BY {total})",
            f"rank() OVER (ORDER BY {part})", "count(*) OVER ()",
            f"count(*) OVER (PARTITION BY {part})",
            f"dense_rank() OVER (PARTITION BY {part} ORDER BY {total})",
            f"lag({part}) OVER (ORDER BY {total})",
            f"lead({key}, 3, 'none') OVER (ORDER BY {total})",
            f"sum(length({part})) OVER (ORDER BY {total} ROWS 3 PRECEDING)",
            f"first_value({part}) OVER (PARTITION BY {part} ORDER BY {total})",
            f"ntile(4) OVER (ORDER BY {total})",
            f"max({part}) OVER (ORDER BY {total})"))
        sql = (f"SELECT {', '.join(self._outputs(one.columns))}, {function} "
               f"AS w FROM {one.relation} {one.alias}{self.where(one.columns)}")
        if rng.random() < 0.4:
            sql = f"SELECT * FROM ({sql}) x WHERE w::text <= '5'"
        elif rng.random() < 0.5 and "row_number" in function:
            sql = f"SELECT * FROM ({sql}) x WHERE w <= {rng.randrange(5)}"
        return Query(sql)

    def combined(self):
        """UNION, INTERSECT, EXCEPT."""
        arms = []
        width = self.rng.randrange(1, 3)
        for _ in range(self.rng.choice((2, 2, 3))):
            text, scope, _ = self.from_clause()
            expressions = self.expressions(scope)
            outputs = ", ".join(expressions.text() for _ in range(width))
            arms.append(f"SELECT {outputs} FROM {text}{self.where(scope)}")
        sql = arms[0]
        for arm in arms[1:]:
            word = self.rng.choice(("UNION ALL", "UNION ALL", "UNION",
                                    "INTERSECT", "INTERSECT ALL", "EXCEPT",
                                    "EXCEPT ALL"))
            sql = f"{sql} {word} {arm}"
        chance = self.rng.random()
        if chance < 0.2:
            return Query(f"{sql}{self.limit()}", SUBSET, sql)
        if chance < 0.4:
            order = ", ".join(str(i + 1) for i in range(width))
            return Query(f"{sql} ORDER BY {order}{self.limit()}", ORDERED)
        return Query(sql)

    def with_query(self):
        rng = self.rng
        one = self.source("model_comp_tasks", "odd", "v_barrier", "multi")
        fence = rng.choice(("", "MATERIALIZED ", "NOT MATERIALIZED "))
        cte = Source("c", self.alias(),
                     {column.name: column.kind for column in one.columns})
        two = self.source("model_comp_tasks", "inv", "inv")
        if rng.random() < 0.3:      # the same rows twice
            two = Source("c", two.alias,
                         {column.name: column.kind for column in one.columns})
        scope = cte.columns + two.columns
        kind = rng.choice(("JOIN", "LEFT JOIN"))
        return Query(
            f"WITH c AS {fence}(SELECT * FROM {one.relation} {one.alias}"
            f"{self.where(one.columns)}) SELECT "
            f"{', '.join(self._outputs(scope))} FROM c {cte.alias} {kind} "
            f"{two.relation} {two.alias} ON {self._on(cte, two)}"
            f"{self.where(scope, 0.5)}")

    def recursive(self):
        rng = self.rng
        start = self.vocabulary.constant(rng, "id", "text")
        one = self.source("model_comp_tasks", "v_barrier", "multi")
        two = self.source("inv", "model_comp_tasks")
        deep = rng.randrange(2, 5)
        return Query(rng.choice((
            f"WITH RECURSIVE r(n, id, source) AS (SELECT 1, id, "
            f"source_model_id FROM model_comp_tasks WHERE id = {start} UNION "
            f"SELECT r.n + 1, {self.pick(one, ID_NAMES)}, "
            f"{self.pick(one, SOURCE_NAMES)} FROM r JOIN {one.relation} "
            f"{one.alias} ON {self.pick(one, SOURCE_NAMES)} = r.source "
            f"WHERE r.n < {deep}) SELECT * FROM r",
            f"WITH RECURSIVE r(n, id) AS (SELECT 1, {start}::text UNION ALL "
            f"SELECT r.n + 1, (SELECT min({self.pick(two, ID_NAMES)}) FROM "
            f"{two.relation} {two.alias} WHERE {self.pick(two, ID_NAMES)} > "
            f"r.id) FROM r WHERE r.n < {deep}) SELECT r.n, t.id, t.weight "
            f"FROM r LEFT JOIN model_comp_tasks t ON t.id = r.id",
        )))

    def whole_row(self):
        one = self.source("model_comp_tasks", "odd", "v_detail", "multi")
        two = self.source("inv", "model_comp_tasks")
        a = one.alias
        output = self.rng.choice((a, f"{a}.*", f"row_to_json({a})",
                                  f"to_jsonb({a}) - 'name'", f"({a}).state",
                                  f"{a} IS NULL", f"{a} IS NOT NULL",
                                  f"count({a})", f"max({a}::text)",
                                  f"ROW({a}.*) IS DISTINCT FROM NULL",
                                  f"{two.alias}, {a}.state"))
        kind = self.rng.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN"))
        return Query(f"SELECT {output} FROM {one.relation} {a} {kind} "
                     f"{two.relation} {two.alias} ON {self._on(one, two)}"
                     f"{self.where(one.columns, 0.5, 1)}")

    def wrong(self):
        """Errors that do not depend on which row is looked at first."""
        one = self.source("model_comp_tasks", "odd", "v_plain")
        relation, key = one.relation, self.pick(one, ID_NAMES)
        part = quote(self.vocabulary.raw(self.rng, "source_model_id"))
        source = self.pick(one, SOURCE_NAMES)
        return Query(self.rng.choice((
            f"SELECT 1 / (length({key}) - length({key})) FROM {relation} {one.alias}",
            f"SELECT {key}::timestamptz FROM {relation} {one.alias}",
            f"SELECT {key} FROM {relation} {one.alias} WHERE {key} = 1",
            f"SELECT nosuch FROM {relation} {one.alias}",
            f"SELECT {key} FROM {relation} {one.alias} WHERE {key} ~ '('",
            f"SELECT {key} FROM {relation} {one.alias} LIMIT -1",
            f"SELECT (SELECT {key} FROM {relation} {one.alias})",
            f"SELECT (SELECT {key} FROM {relation} {one.alias} WHERE {source} = {part})",
            f"SELECT n, (SELECT {key} FROM {relation} {one.alias} WHERE {key} = task_id) FROM inv",
            f"SELECT {key} FROM {relation} {one.alias} WHERE {key} = ANY ('{{a')",
            f"SELECT {key} FROM {relation} {one.alias} GROUP BY {source}",
            f"SELECT {key}::integer FROM {relation} {one.alias} LIMIT 1",
            f"SELECT sum({key}::integer) OVER () FROM {relation} {one.alias}",
        )))
