"""What a manual has to mention, read from the sources.

No list here repeats what the code says: an option, a label or an SQLSTATE that
somebody adds is missing from the manuals until they name it.
"""
import glob
import os
import re
import subprocess

# What the code raises through functions of PostgreSQL: a value that its type
# refuses, a text the database cannot hold, an end by cancel.
INHERITED_SQLSTATES = ("22P02", "22007", "22021", "57014")


def _read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def _sources(root):
    """The text of every .c file."""
    return "\n".join(_read(root, path) for path in sorted(
        glob.glob(os.path.join(root, "src/**/*.c"), recursive=True)))


def _find(text, pattern):
    """All that matches, once; nothing at all is our mistake."""
    found = re.findall(pattern, text, re.MULTILINE)
    if not found:
        raise ValueError(f"nothing in the sources matches {pattern}")
    return list(dict.fromkeys(found))


def sqlstates(root):
    """The codes of all ERRCODE_... in the sources, from the server's header."""
    directory = subprocess.run(
        [os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"],
        check=True, capture_output=True, encoding="utf-8").stdout.strip()
    codes = {name: "".join(letters[1::4]) for name, letters in re.findall(
        r"#define (ERRCODE_\w+) MAKE_SQLSTATE\(([^)]*)\)",
        _read(directory, "utils/errcodes.h"))}
    return [codes[name] for name in _find(_sources(root), r"\bERRCODE_\w+")]


def _columns(root):
    """(file, columns and fields) of each resource."""
    for path in sorted(glob.glob(os.path.join(root, "src/resource/*.c"))):
        path = os.path.relpath(path, root)
        columns = re.findall(r'^\t\{"(\w+)", "\w+", \{([^}]*)\}',
                             _read(root, path), re.MULTILINE)
        names = [name for name, _ in columns]
        for _, fields in columns:
            names += re.findall(r'"([\w.]+)"', fields)
        if names:
            yield path, list(dict.fromkeys(names))


def names_of_code(root):
    """Yields (title, names): all that a user can come across."""
    version, = _find(_read(root, "qianfan_fdw.control"),
                     r"^default_version *= *'([^']*)'")
    yield "functions", [f"{name}({arguments})" for name, arguments in _find(
        _read(root, f"qianfan_fdw--{version}.sql"),
        r"^CREATE FUNCTION (\w+)\(([^)]*)\)")]
    yield "options", _find(
        _read(root, "src/base/option.c"), r'^\t\{"(\w+)", ON_')
    yield "configuration parameters", _find(
        _read(root, "src/base/guc.c"), r'"(qianfan_fdw\.\w+)"')
    yield "environment variables", _find(
        _sources(root), r'read_variable\("(\w+)"')
    yield "EXPLAIN labels", _find(
        _sources(root),
        r'[Ee]xplain\w*\(\s*(?:node,\s*)?"([A-Z]\w+(?: [A-Z]\w+)*)"')
    yield "SQLSTATEs", list(dict.fromkeys(
        sqlstates(root) + list(INHERITED_SQLSTATES)))
    for path, names in _columns(root):
        yield f"columns of {path}", names


def missing(text, names):
    """The names that the text does not have as `code`."""
    return [name for name in names if f"`{name}`" not in text]


def source_files(root):
    """Every file below src/, but a header goes with its .c file."""
    names = [os.path.basename(path) for path in sorted(
        glob.glob(os.path.join(root, "src/**/*.[ch]"), recursive=True))]
    return [name for name in names
            if not (name.endswith(".h") and name[:-1] + "c" in names)]


def anchors(text):
    """What GitHub makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
            .replace(" ", "-")
            for line in text.splitlines() if line.startswith("#")}


def broken_links(path, text):
    """Links to files that are not there, and to headings that are not."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        file = os.path.join(os.path.dirname(path), file) if file else path
        if not os.path.exists(file):
            broken.append(target)
        elif anchor and anchor not in anchors(
                text if file == path else _read("", file)):
            broken.append(target)
    return broken
