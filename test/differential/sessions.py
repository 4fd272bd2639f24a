"""Random cases: one query, or statements that belong together.

A case is a list of (statement, mode, whole), where whole is the query whose
rows a "subset" is taken from.
"""
from queries import ORDERED, POOL, ROWS, STATE, SUBSET, Queries, quote


def _state(*statements):
    return [(statement, STATE, None) for statement in statements]


class Cases:
    def __init__(self, rng, vocabulary):
        self.rng = rng
        self.vocabulary = vocabulary
        self.queries = Queries(rng, vocabulary)

    def draw(self):
        return self.rng.choice(
            (self.single,) * 30 + (self.prepared,) * 4 + (self.cursor,) * 2
            + (self.scrolled, self.held, self.interleaved, self.savepoint,
               self.function, self.table_as, self.modify, self.locked,
               self.explain))()

    def single(self):
        query = self.queries.draw()
        return [(query.sql, query.mode, query.whole)]

    def _rows_query(self):
        """A query whose rows are compared without regard to their order."""
        while True:
            query = self.queries.draw()
            if query.mode == ROWS:
                return query

    def _ordered_query(self):
        while True:
            query = self.queries.ordered()
            if " LIMIT" not in query.sql and " FETCH" not in query.sql:
                return query

    # -- prepared statements ---------------------------------------------------

    def prepared(self):
        """The same plan, or a new one, for several sets of parameters."""
        rng = self.rng
        while True:
            parameters = self.queries.parameters = []
            query = self.queries.draw()
            self.queries.parameters = None
            if parameters and query.mode != SUBSET:
                break
        types = ", ".join(rng.choice((kind, kind, kind.replace(
            "text", "varchar"))) for kind, _ in parameters)
        mode = rng.choice(("force_generic_plan", "force_generic_plan",
                           "force_custom_plan", "auto"))
        case = _state(f"SET plan_cache_mode = {mode}",
                      f"PREPARE p({types}) AS {query.sql}")
        for _ in range(7 if mode == "auto" and rng.random() < 0.3
                       else rng.randrange(1, 4)):
            values = ", ".join(self._argument(*parameter)
                               for parameter in parameters)
            case.append((f"EXECUTE p({values})", query.mode, None))
        return case + _state("DEALLOCATE p", "RESET plan_cache_mode")

    def _argument(self, kind, name):
        rng = self.rng
        if rng.random() < 0.12:
            return "NULL"
        if kind == "text":
            return self.vocabulary.constant(rng, name, "text")
        values = ", ".join(self.vocabulary.constant(rng, name, "text")
                           for _ in range(rng.choice((0, 1, 3, 20))))
        return f"ARRAY[{values}]::text[]"

    # -- cursors -----------------------------------------------------------------

    def cursor(self):
        """All rows in portions."""
        query = self._rows_query()
        case = _state("BEGIN", f"DECLARE c CURSOR FOR {query.sql}")
        for _ in range(self.rng.randrange(4)):
            count = self.rng.choice((1, 2, 5, 30, 101))
            case.append((f"FETCH {count} FROM c", POOL, None))
        case.append(("FETCH ALL FROM c", POOL, None))
        return case + _state("CLOSE c", self.rng.choice(("COMMIT", "ROLLBACK")))

    def scrolled(self):
        """Forward and back.  Without an order only what is all of it counts."""
        rng = self.rng
        total = rng.random() < 0.5
        query = self._ordered_query() if total else self._rows_query()
        while "LIMIT -1" in query.sql:  # an error as soon as it is run
            query = self._rows_query()
        mode = ORDERED if total else SUBSET
        whole = None if total else query.sql
        case = _state("BEGIN", f"DECLARE c SCROLL CURSOR FOR {query.sql}")
        for _ in range(rng.randrange(1, 5)):
            move = rng.choice(("FETCH 3", "FETCH BACKWARD 2", "FETCH PRIOR",
                               "FETCH ABSOLUTE 4", "FETCH LAST",
                               "FETCH RELATIVE -1", "FETCH ABSOLUTE -2"))
            case.append((f"{move} FROM c", mode, whole))
            case += _state(rng.choice(("MOVE 2 FROM c",
                                       "MOVE BACKWARD 3 FROM c",
                                       "MOVE ABSOLUTE 0 FROM c")))
        case += _state("MOVE ABSOLUTE 0 FROM c")
        case.append(("FETCH ALL FROM c", ORDERED if total else ROWS, None))
        return case + _state("COMMIT")

    def held(self):
        """WITH HOLD: the rest is read when the transaction is over."""
        query = self._rows_query()
        case = _state("BEGIN", f"DECLARE c CURSOR WITH HOLD FOR {query.sql}")
        case.append((f"FETCH {self.rng.randrange(1, 4)} FROM c", POOL, None))
        case += _state("COMMIT")
        case.append(("FETCH 2 FROM c", POOL, None))
        case.append(("FETCH ALL FROM c", POOL, None))
        return case + _state("CLOSE c")

    def interleaved(self):
        """Two scans of one server that take turns."""
        one, two = self._ordered_query(), self._ordered_query()
        case = _state("BEGIN", f"DECLARE a CURSOR FOR {one.sql}",
                      f"DECLARE b CURSOR FOR {two.sql}")
        for _ in range(self.rng.randrange(2, 7)):
            name = self.rng.choice("ab")
            count = self.rng.choice((1, 3, 20))
            case.append((f"FETCH {count} FROM {name}", ORDERED, None))
        if self.rng.random() < 0.5:
            query = self._rows_query()
            case.append((query.sql, ROWS, None))
            case.append(("FETCH ALL FROM a", ORDERED, None))
        return case + _state("COMMIT")

    def savepoint(self):
        """A scan lives through the error of another statement."""
        query = self._rows_query()
        wrong = self.queries.wrong()
        case = _state("BEGIN", f"DECLARE c CURSOR FOR {query.sql}")
        case.append(("FETCH 2 FROM c", POOL, None))
        case += _state("SAVEPOINT s")
        case.append((self.rng.choice(("FETCH 2 FROM c", "FETCH NEXT FROM c")),
                     POOL, None))
        case += _state(wrong.sql, "ROLLBACK TO s")
        case.append(("FETCH ALL FROM c", POOL, None))
        return case + _state("COMMIT")

    # -- others --------------------------------------------------------------------

    def function(self):
        query = self._rows_query()
        most = self.rng.choice((0, 1, 2, 10, 1000))
        return [(self.rng.choice((
            f"SELECT rows_up_to({quote(query.sql)}, {most})",
            f"SELECT guarded({quote(query.sql)})",
            f"SELECT guarded({quote(self.queries.wrong().sql)}), "
            f"rows_up_to({quote(query.sql)}, {most})")), ROWS, None)]

    def table_as(self):
        query = self._rows_query()
        case = _state("DROP TABLE IF EXISTS pg_temp.kept",
                      f"CREATE TEMP TABLE kept AS SELECT * FROM (SELECT 1) one"
                      f" LEFT JOIN (SELECT t::text FROM ({query.sql}) t) x ON true")
        case.append(("SELECT * FROM pg_temp.kept", ROWS, None))
        return case

    def modify(self):
        """Local rows changed by what the foreign table says."""
        one = self.queries.source("model_comp_tasks", "v_barrier", "odd")
        key = self.queries.pick(one, ("id", "task"))
        test = self.queries.expressions(one.columns).predicate(1)
        alias = f"{one.relation} {one.alias}"
        case = _state("BEGIN")
        case.append((self.rng.choice((
            f"DELETE FROM inv USING {alias} WHERE {key} = inv.task_id AND "
            f"{test} RETURNING inv.*",
            f"UPDATE inv SET note = 'known' FROM {alias} WHERE {key} = "
            f"inv.task_id AND {test} RETURNING inv.*",
            f"DELETE FROM inv WHERE task_id IN (SELECT {key} FROM {alias} "
            f"WHERE {test}) RETURNING *",
            f"UPDATE inv SET note = (SELECT {key} FROM {alias} WHERE {key} = "
            f"inv.task_id) WHERE qty > 2 RETURNING *",
            f"INSERT INTO inv (task_id, note) SELECT {key}, 'new' FROM {alias}"
            f" WHERE {test} RETURNING task_id, note")), ROWS, None))
        case.append(("SELECT * FROM inv", ROWS, None))
        return case + _state("ROLLBACK")

    def locked(self):
        one = self.queries.source("model_comp_tasks", "odd")
        key = self.queries.pick(one, ("id", "task"))
        output = self.queries.expressions(one.columns).anything()
        lock = self.rng.choice(("FOR UPDATE OF i", "FOR SHARE OF i",
                                "FOR UPDATE", "FOR KEY SHARE",
                                f"FOR SHARE OF {one.alias}"))
        return [(f"SELECT i.*, {output} FROM inv i JOIN {one.relation} "
                 f"{one.alias} ON {key} = i.task_id"
                 f"{self.queries.where(one.columns, 0.6)} {lock}", ROWS, None)]

    def explain(self):
        """Plans differ; it must not fail, and what follows must be right."""
        query = self._rows_query()
        options = self.rng.choice(("ANALYZE, VERBOSE", "ANALYZE, FORMAT JSON",
                                   "VERBOSE", "ANALYZE, BUFFERS, TIMING OFF"))
        return _state(f"EXPLAIN ({options}) {query.sql}") + \
            [(query.sql, ROWS, None)]
