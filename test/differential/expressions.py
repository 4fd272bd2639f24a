"""Random expressions of SQL over the columns that are in scope.

They are written as templates; a word in angle brackets stands for something
that is drawn when the template was chosen (see Expressions.fill).
"""
import re

from vocabulary import JSON_PATHS, PATTERNS, REGEXES, quote

PLACEHOLDER = re.compile(r"<([a-z]+)>")
COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")
ID_NAMES = ("id", "task", "task_id")
SOURCE_NAMES = ("source_model_id", "source", "source_id")

TEXTS = """
upper(<text>)
lower(<text>)
(<text> || '-x')
substr(<text>, 2, 4)
left(<text>, 3)
md5(<text>)
COALESCE(<text>, <text>, 'none')
NULLIF(<text>, <c>)
replace(<text>, 'a', 'b')
concat(<text>, <col>)
CASE WHEN <test> THEN <text> ELSE <col> END
CASE <col> WHEN <c> THEN 'hit' END
(<text>)::varchar(9)
stable_text(<text>)
inlined_text(<text>)
greatest(<text>, <col>)
(<text> COLLATE "C")
""".strip().split("\n")

JSON_TEXTS = """
(<col> ->> <path>)
(<col>)::text
jsonb_typeof(<col>)
(<col> #>> '{strategy}')
""".strip().split("\n")

NUMBERS = """
length(<text>)
position('a' in <text>)
ascii(<text>)
<n>
""".strip().split("\n")

BOOLEANS = """
(<test> AND <test>)
(<test> AND <test>)
(<test> OR <test>)
(<test> OR <test>)
NOT (<test>)
((<test>) IS NOT TRUE)
((<test>) IS NOT FALSE)
((<test>) IS UNKNOWN)
CASE WHEN <test> THEN <test> ELSE <test> END
COALESCE(<test>, <test>)
((<test>) = (<test>))
""".strip().split("\n")

TEXT_TESTS = """
<x> <op> <c>
<c> <op> <x>
<x> LIKE <pattern>
<x> NOT LIKE <pattern>
<x> ILIKE upper(<pattern>)
<x> ~ <regex>
<x> !~* <regex>
<x> SIMILAR TO '%(a|e)%'
starts_with(<x>, left(<c>, 6))
<x> IN (<cs>)
<x> NOT IN (<cs>)
<x> = ANY (<array>)
<x> <> ALL (<array>)
<x> = ALL (<array>)
<x> <> ANY (<array>)
<x> > ANY (<array>)
<x> LIKE ANY (ARRAY['%a', 's%', NULL])
<x> IS NULL
<x> IS NOT NULL
<x> IS DISTINCT FROM <c>
<x> IS NOT DISTINCT FROM <c>
<x> BETWEEN <c> AND <c>
<x> NOT BETWEEN SYMMETRIC <c> AND <c>
<x> = <c> COLLATE "C"
<x> < <c> COLLATE "C"
COALESCE(<x>, 'none') <> <c>
(<x>)::name = <c>
(<x>)::varchar = <c>
(<x>)::char(60) = <c>
""".strip().split("\n")

# Conditions that are likely to become a lookup or a parameter of the list.
KEY_TESTS = """
<col> = <c>
<col> = <c>
<col> = <c>
<c> = <col>
<col> IN (<cs>)
<col> IN (<cs>)
<col> IN (<cs>)
<col> = ANY (<array>)
<col> = ANY (<array>)
<col> = ANY (<array>)
(<col> = <c> OR <col> = <c>)
(<col> = <c> OR <col> IN (<cs>))
(<col> = <c> AND <col> = <c>)
(<col> IN (<cs>) AND <col> = ANY (<array>))
(<col> IN (<cs>) OR <col> = ANY (<array>))
((<col> IN (<cs>) OR <col> = <c>) AND <col> = ANY (<array>))
(<col> = <c> OR <test>)
((<col> = <c> AND <test>) OR <col> = <c>)
(<col> IN (<cs>) AND <test>)
((<col> = <c>) IS TRUE)
(<col> = <col>)
<col> = stable_text(<c>)
<col> = volatile_text(<c>)
<col> = immutable_text(<c>)
stable_text(<col>) = <c>
<col> = upper(<c>)
<col> = lower(<c>)
<col> = <c>::varchar
<col> = <c>::varchar(20)
<col> = <c>::name
<col> = <c>::char(30)
<col> = <c> COLLATE "C"
<col> = <c> COLLATE "en-x-icu"
<col> = upper(<c>) COLLATE anycase
<col> COLLATE anycase IN (<cs>)
<col> COLLATE anycase = ANY (<array>)
<col> === <c>
<col> OPERATOR(s.=) <c>
<col> OPERATOR(s.=) ANY (<array>)
NOT (<col> <> <c>)
NOT (<col> = <c>)
NOT (<col> = <c> OR <test>)
<col> IS NULL
(<col> IS NULL OR <col> = <c>)
<col> IS NOT DISTINCT FROM <c>
<col> = CASE WHEN <test> THEN <c> ELSE <c> END
<col> = COALESCE(<c>, <c>)
<col> BETWEEN <c> AND <c>
<col> LIKE <c>
(<col>, <n>) = (<c>, 1)
<c> = ANY (ARRAY[<col>, <c>])
<col> = ALL (ARRAY[<c>, <c>]::text[])
<col> = ALL ('{}'::text[])
<col> = ALL (<array>)
jsonb_build_array(<col>) ? <c>
""".strip().split("\n")

NUMBER_TESTS = """
<number> <op> <n>
<number> <op> <n>
<number> IN (0.5, 1, 3, NULL)
<number> NOT IN (0.5, 1)
<number> BETWEEN 0.25 AND 7
<number> IS NULL
(<number>)::integer % 2 = 1
<number> IS DISTINCT FROM 0.5
<number> = ANY (ARRAY[0.3, 0.75, 20])
""".strip().split("\n")

CONSTANT_NUMBER_TESTS = """
<col> <op> <c>
<col> IS NOT DISTINCT FROM <c>
<col> IN (<cs>)
<col> NOT BETWEEN <c> AND <c>
""".strip().split("\n")

TIME_TESTS = """
<col> <op> <c>
<col> <op> <c>
<col> BETWEEN <c> AND <c>
<col> BETWEEN <c> AND <c> + interval '2 hours'
<col> < now()
<col> >= clock_timestamp()
<col> IS NULL
<col> IS NOT NULL
<col>::date = '2024-01-01'
<col>::time > '09:30'
EXTRACT(hour FROM <col>) IN (0, 1, 8, 9, 17)
<col> IN (<cs>)
age(<col>) > interval '1 day'
""".strip().split("\n")

JSON_TESTS = """
<col> @> '{"strategy": "Sparsity"}'
<col> <@ <c>
<col> ? <path>
<col> ?| ARRAY['weight', 'nosuch']
<col> ?& ARRAY['strategy', 'weight']
<col> ->> 'weight' = 'WINT8'
<col> -> 'sparsityRatio' = '0.5'
(<col> ->> 'sparsityRatio')::numeric > 0.3
<col> <op> <c>
<col> <op> <c>
<col> @? '$.sparsityRatio ? (@ > 0.4)'
<col> @@ '$.strategy == "Quantization"'
<col> #> '{weight}' IS NULL
<col> - 'strategy' = '{}'
""".strip().split("\n")

ROW_TESTS = """
(<col>, <other>) = (<c>, <o>)
(<col>, <other>) <> (<c>, <o>)
(<col>, <other>) < (<c>, <o>)
(<col>, <other>) >= (<c>, <o>)
(<col>, <other>) IN ((<c>, <o>), (<c>, <o>))
(<col>, <other>) NOT IN ((<c>, <o>), (<c>, <o>))
(<col>, <other>) IS DISTINCT FROM (<c>, <o>)
(<col>, <other>) IN (VALUES (<c>, <o>), (<c>, <o>))
ROW(<col>, <other>) IS NOT NULL
""".strip().split("\n")

TRIVIAL_TESTS = """
true
false
NULL::boolean
1 = 1
1 = 0
random() < 2
random() > 2
'a' = NULL
now() > '2020-01-01'
stable_text('a') = 'a'
stable_text('a') = 'b'
volatile_text('a') = 'a'
(SELECT true)
(SELECT NULL::boolean)
current_setting('qianfan_fdw.none', true) IS NULL
""".strip().split("\n")


class Column:
    """A column in scope: how it is written, its name and type."""

    def __init__(self, sql, name, kind):
        self.sql = sql
        self.name = name
        self.kind = kind


class Expressions:
    """Draws expressions; `scope` is a list of Columns.

    `subqueries` writes subqueries; None where there shall be none.
    `parameters`, if not None, collects (type, column name) of what became $n.
    """

    def __init__(self, rng, vocabulary, scope, subqueries=None):
        self.rng = rng
        self.vocabulary = vocabulary
        self.scope = scope
        self.subqueries = subqueries
        self.parameters = None

    def fill(self, template, depth, column=None, other=None):
        """The template with all placeholders drawn, each anew."""
        rng = self.rng
        draw = {
            "col": lambda: column.sql,
            "x": lambda: column.sql if rng.random() < 0.7
            else self.text(depth),
            "c": lambda: self.constant(column),
            "cs": lambda: ", ".join(self.constants(column)),
            "array": lambda: self.array(column),
            "other": lambda: other.sql,
            "o": lambda: self.constant(other),
            "text": lambda: self.text(depth - 1),
            "number": lambda: self.number(depth),
            "test": lambda: self.predicate(depth - 1),
            "op": lambda: rng.choice(COMPARISONS),
            "pattern": lambda: quote(rng.choice(PATTERNS)),
            "regex": lambda: quote(rng.choice(REGEXES)),
            "path": lambda: quote(rng.choice(JSON_PATHS)),
            "n": lambda: str(rng.randrange(20)),
        }
        return PLACEHOLDER.sub(lambda match: draw[match[1]](), template)

    # -- values ------------------------------------------------------------

    def column(self, *kinds):
        """A column of one of the types, or None."""
        found = [column for column in self.scope
                 if not kinds or column.kind in kinds]
        return self.rng.choice(found) if found else None

    def _parameter(self, kind, column):
        if self.parameters is None or self.rng.random() > 0.6:
            return None
        self.parameters.append((kind, column.name))
        return f"${len(self.parameters)}"

    def constant(self, column):
        """A constant to compare the column with, perhaps a parameter."""
        return (column.kind == "text" and self._parameter("text", column)) or \
            self.vocabulary.constant(self.rng, column.name, column.kind)

    def constants(self, column, most=6):
        count = self.rng.choice((1, 1, 2, 3, most, most * 3))
        return [self.constant(column) for _ in range(count)]

    def array(self, column):
        """An array of values for a column of type text."""
        rng = self.rng
        parameter = self._parameter("text[]", column)
        if parameter:
            return parameter
        style = rng.randrange(6)
        if style == 0 and rng.random() < 0.5:
            return "'{}'::text[]"
        if style == 1:
            return f"ARRAY[{', '.join(self.constants(column))}]::varchar[]"
        if style == 2 and self.subqueries:
            return f"ARRAY{self.subqueries.one_column(column)}"
        raw = [self.vocabulary.raw(rng, column.name)
               for _ in range(rng.choice((1, 3, 3, 9, 40)))]
        if style == 3:
            elements = ",".join(
                "NULL" if text is None else '"' + str(text).replace(
                    "\\", "\\\\").replace('"', '\\"') + '"' for text in raw)
            return quote("{" + elements + "}") + "::text[]"
        if style == 4:
            joined = ",".join(str(text) for text in raw)
            return f"string_to_array({quote(joined)}, ',')"
        return f"ARRAY[{', '.join(self.constants(column))}]::text[]"

    def text(self, depth=1):
        rng = self.rng
        column = self.column("text")
        if column is None:
            return quote(rng.choice(PATTERNS))
        if depth <= 0 or rng.random() < 0.4:
            return column.sql
        json = self.column("json")
        if json and rng.random() < 0.2:
            return self.fill(rng.choice(JSON_TEXTS), depth, json)
        return self.fill(rng.choice(TEXTS), depth, column)

    def number(self, depth=1):
        rng = self.rng
        column = self.column("int", "float")
        time = self.column("time", "stamp")
        chance = rng.random()
        if column and chance < 0.5:
            return self.fill(rng.choice(("<col>", "<col>", "COALESCE(<col>, 0)",
                                         "(<col> * 2 + 1)")), depth, column)
        if time and chance < 0.6:
            return f"EXTRACT(minute FROM {time.sql})"
        return self.fill(rng.choice(NUMBERS), depth)

    def anything(self, depth=1):
        """Something to select."""
        chance = self.rng.random()
        if chance < 0.12 and self.subqueries:
            return self.subqueries.scalar(self)
        if chance < 0.55:
            return self.column().sql
        if chance < 0.75:
            return self.text(depth)
        if chance < 0.88:
            return self.number(depth)
        time = self.column("time", "stamp")
        if chance < 0.94 and time:
            return self.fill(self.rng.choice((
                "date_trunc('hour', <col>)", "(<col> + interval '1 day')",
                "to_char(<col>, 'DD HH24:MI')")), depth, time)
        return f"({self.predicate(depth)})"

    # -- conditions --------------------------------------------------------

    def predicate(self, depth=2):
        rng = self.rng
        if depth < 0:
            return self.fill("<col> <op> <c>", 0, self.column())
        if depth > 0 and rng.random() < 0.4:
            return self.fill(rng.choice(BOOLEANS), depth)
        if depth > 0 and self.subqueries and rng.random() < 0.18:
            return self.subqueries.condition(self)
        draw = rng.choice((self._text_test,) * 7 + (self.key_test,) * 8
                          + (self._number_test, self._time_test,
                             self._json_test, self._row_test,
                             self._trivial_test, self._pair_test))
        return draw(depth)

    def _text_test(self, depth):
        column = self.column("text")
        if column is None:
            return self._number_test(depth)
        return self.fill(self.rng.choice(TEXT_TESTS), depth, column)

    def key_test(self, depth):
        """A condition on an id or a source model, if there is one."""
        keys = [column for column in self.scope
                if column.name in ID_NAMES + SOURCE_NAMES]
        if not keys:
            return self._text_test(depth)
        return self.fill(self.rng.choice(KEY_TESTS), depth,
                         self.rng.choice(keys))

    def _number_test(self, depth):
        column = self.column("float", "int")
        if column and self.rng.random() < 0.5:
            return self.fill(self.rng.choice(CONSTANT_NUMBER_TESTS), depth,
                             column)
        return self.fill(self.rng.choice(NUMBER_TESTS), depth)

    def _time_test(self, depth):
        column = self.column("time", "stamp")
        if column is None:
            return self._text_test(depth)
        return self.fill(self.rng.choice(TIME_TESTS), depth, column)

    def _json_test(self, depth):
        column = self.column("json")
        if column is None:
            return self._text_test(depth)
        return self.fill(self.rng.choice(JSON_TESTS), depth, column)

    def _row_test(self, depth):
        one, two = self.column("text"), self.column("text")
        if one is None:
            return self._number_test(depth)
        return self.fill(self.rng.choice(ROW_TESTS), depth, one, two)

    def _pair_test(self, depth):
        """Two columns against each other."""
        one = self.column()
        return self.fill("<col> <op> <other>", depth, one,
                         self.column(one.kind))

    def _trivial_test(self, depth):
        return self.rng.choice(TRIVIAL_TESTS)
