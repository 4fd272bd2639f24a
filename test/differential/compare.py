"""Are the results of the two sides the same?"""
from collections import Counter

from side import FIELD

# Never right, even if both sides have it: internal error, crash, timeout.
ALWAYS_WRONG = ("XX", "57", "58", "lost", "53", "HV")
SHOWN = 5


def compare(mode, foreign, local, whole=None):
    """What is wrong, as text, or None.  Arguments are Results."""
    for result, name in ((foreign, "foreign"), (local, "local")):
        if result.state.startswith(ALWAYS_WRONG):
            return (f"{name} side: SQLSTATE {result.state}: {result.message}")
    if foreign.state[:2] != local.state[:2]:
        return (f"SQLSTATE {foreign.state} instead of {local.state}\n"
                f"foreign: {foreign.message}\nlocal: {local.message}")
    if foreign.rows is None or mode == "state":
        return None
    if len(foreign.rows) != len(local.rows):
        return (f"{len(foreign.rows)} rows instead of {len(local.rows)}\n"
                + _difference(foreign.rows,
                              whole.rows if whole else local.rows))
    if mode == "ordered" and foreign.rows != local.rows:
        if Counter(foreign.rows) == Counter(local.rows):
            return "another order\n" + _first_other(foreign.rows, local.rows)
        return _difference(foreign.rows, local.rows)
    if mode == "rows" and Counter(foreign.rows) != Counter(local.rows):
        return _difference(foreign.rows, local.rows)
    if mode == "subset":
        if whole.rows is None and foreign.rows:
            return f"unlimited query: SQLSTATE {whole.state}: {whole.message}"
        if foreign.rows and Counter(foreign.rows) - Counter(whole.rows):
            return ("rows that the unlimited result does not have\n"
                    + _difference(foreign.rows, whole.rows))
    return None


def compare_pool(foreign, local):
    """The same for several Results that are one in truth."""
    rows = [[row for result in side for row in result.rows or ()]
            for side in (foreign, local)]
    if Counter(rows[0]) != Counter(rows[1]):
        return "all portions together\n" + _difference(*rows)
    return None


def _first_other(foreign, local):
    for number, (one, two) in enumerate(zip(foreign, local)):
        if one != two:
            return (f"row {number + 1}: {_show(one)}\n"
                    f"instead of: {_show(two)}")
    return ""


def _difference(foreign, local):
    foreign, local = Counter(foreign), Counter(local)
    return "\n".join(_some("foreign only", foreign - local)
                     + _some("local only", local - foreign))


def _some(title, rows):
    lines = [f"{title}: {_show(row)}"
             for row in list(rows.elements())[:SHOWN]]
    if sum(rows.values()) > SHOWN:
        lines.append(f"{title}: {sum(rows.values()) - SHOWN} more")
    return lines


def _show(row):
    return " | ".join(field.replace(b"\x1dNULL", b"(null)").decode(
        "utf-8", "replace") for field in row.split(FIELD))
