"""Under which settings a batch of cases runs.

Everything is drawn from random generators that are seeded with the seed and
the numbers of batch and case, so a case is the same whatever is run with it.
"""
import random

from late_queries import LateCases, StaleCases
from sessions import Cases
from vocabulary import Vocabulary

BATCH_SIZE = 15
PLANNER = {
    "enable_hashjoin": ("off", 3), "enable_nestloop": ("off", 5),
    "enable_mergejoin": ("off", 3), "enable_material": ("off", 4),
    "enable_memoize": ("off", 4), "enable_async_append": ("off", 4),
    "enable_hashagg": ("off", 5), "enable_sort": ("off", 6),
    "enable_incremental_sort": ("off", 6), "work_mem": ("'64kB'", 3),
    "qianfan_fdw.enable_lookup_join": ("off", 3),
    "enable_partitionwise_join": ("on", 6), "jit": ("off", 1),
    "from_collapse_limit": ("1", 8), "join_collapse_limit": ("1", 8),
    "constraint_exclusion": ("on", 6), "cursor_tuple_fraction": ("1", 4),
    "hash_mem_multiplier": ("1", 3), "geqo_threshold": ("2", 10),
    "random_page_cost": ("1000", 6), "cpu_tuple_cost": ("50", 8),
    "debug_parallel_query": ("on", 12), "force_parallel_mode": ("on", 12),
}
# Retries are quick here: the server's retry_delay is 1 ms.
PASSING_FAULTS = ("http-500", "http-503", "http-429", "http-502", "http-504",
                  "reset-before-headers", "reset-mid-body", "close-mid-body")
TABLES = ("model_comp_tasks", "odd", "multi_a", "multi_b", "parts_a", "inv")
FORGET_STATISTICS = (
    "DELETE FROM pg_statistic WHERE starelid = 'f.model_comp_tasks'::regclass",
    "UPDATE pg_class SET reltuples = -1 WHERE relnamespace = 'f'::regnamespace"
    " AND relkind = 'f'")


def settings(seed, number):
    """Directives for a batch: the lines (verb, rest)."""
    rng = random.Random(f"{seed}/{number}")
    variant = "example" if rng.random() < 0.15 else "table"
    marker = rng.choice(("inclusive", "exclusive", "start"))
    yield "batch", f"{number} {variant}"
    for name, words in (
            ("marker", (marker,)),
            ("ignore_filter", ("on", "off", "off")),
            ("list_detail", ("on", "off", "off", "off")),
            ("gzip", ("on", "off")), ("chunked", ("on", "off")),
            ("keep_alive", ("off",) + ("on",) * 9),
            ("not_found", ("404", "code400", "null", "empty")),
            ("variant", (variant,))):
        yield "ctl", f"set {name} {rng.choice(words)}"
    page = rng.choice((1, 2, 3, 5, 7, 10, 20, 99, 100, 100))
    if page == 1 and marker == "inclusive":
        page = 2                # or the list would not come forward
    width = rng.choice((1, 2, 3, 8, 16, 64, 64))
    yield "foreign", f"ALTER SERVER account_a OPTIONS (SET page_size '{page}')"
    yield "foreign", ("ALTER SERVER account_a OPTIONS "
                      f"(SET max_concurrency '{width}')")
    chance = rng.random()
    if chance < 0.4:
        for table in TABLES:
            yield "foreign", f"ANALYZE f.{table}"
    elif chance < 0.7:
        for statement in FORGET_STATISTICS:
            yield "foreign", statement
    for name, (value, one_in) in PLANNER.items():
        if rng.randrange(one_in) == 0:
            yield "both", f"SET {name} = {value}"
    if rng.random() < 0.25:
        yield "ctl", (f"fail {rng.choice(PASSING_FAULTS)} --times "
                      f"{rng.randrange(1, 4)} --after {rng.randrange(60)}")


def late_settings(seed, number):
    """The same for cases of late_queries.py: no faults, one spelling."""
    rng = random.Random(f"late/{seed}/{number}")
    stale = rng.random() < 0.15
    yield "batch", f"{number} {'stale' if stale else 'table'}"
    listed = "off" if stale else rng.choice(("off",) * 6 + ("on", "some"))
    marker = rng.choice(("inclusive", "exclusive", "start"))
    for name, word in (("marker", marker), ("list_detail", listed),
                       ("stale_list", "on" if stale else "off"),
                       ("ignore_filter", rng.choice(("on", "off", "off")))):
        yield "ctl", f"set {name} {word}"
    page = rng.choice((3, 7, 20, 100, 100, 100, 100))
    width = rng.choice((1, 2, 5, 16, 16, 16, 64))
    yield "foreign", f"ALTER SERVER account_a OPTIONS (SET page_size '{page}')"
    yield "foreign", ("ALTER SERVER account_a OPTIONS "
                      f"(SET max_concurrency '{width}')")
    chance = rng.random()
    if chance < 0.5:
        for table in TABLES:
            yield "foreign", f"ANALYZE f.{table}"
    else:
        for statement in FORGET_STATISTICS:
            yield "foreign", statement
    yield "both", "SET jit = off"
    if rng.random() < 0.4:
        for name, (value, one_in) in PLANNER.items():
            if rng.randrange(one_in) == 0:
                yield "both", f"SET {name} = {value}"


def cases(seed, count, tasks, only=None, late=False):
    """Lines (verb, rest) for so many cases, or for one of a name B.C."""
    vocabularies = {variant: Vocabulary(tasks, variant)
                    for variant in ("table", "example")}
    vocabularies["stale"] = vocabularies["table"]
    for number in range((count + BATCH_SIZE - 1) // BATCH_SIZE):
        first = number * BATCH_SIZE
        names = [f"{number}.{i}" for i in range(min(BATCH_SIZE,
                                                    count - first))]
        if only is not None:
            names = [name for name in names if name == only]
        if not names:
            continue
        lines = list((late_settings if late else settings)(seed, number))
        variant = lines[0][1].split()[1]
        kind = Cases
        if late:
            kind = StaleCases if variant == "stale" else LateCases
        yield from lines
        for name in names:
            yield "case", name
            rng = random.Random(f"{seed}/{name}")
            for sql, mode, whole in kind(rng, vocabularies[variant]).draw():
                yield mode, whole or ""
                yield "", sql
