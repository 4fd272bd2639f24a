"""What a manual has to mention, and what it mentions that is not there.

No list here repeats what the code says: an option, a label or an SQLSTATE that
somebody adds is missing from the manuals until they name it, and one that
somebody takes away is unknown until they stop naming it.
"""
import glob
import os
import re
import subprocess

# What the code raises through functions of PostgreSQL: a value that its type
# refuses, a text the database cannot hold, an end by cancel.
INHERITED_SQLSTATES = ("22P02", "22007", "22021", "57014")

# These describe everything there is; the other pages need not.
MANUALS = ("doc/reference.md", "doc/reference.zh-CN.md")

# What a reader is sent to, and what is put in order by the layer it is in.
DIRECTORIES = re.compile(
    r"(bench|debian|doc|expected|script|sql|src|test|"
    r"api|base|data|fdw|http|join|resource|shared)/")

# Names that are neither ours nor in a server without extensions.
FOREIGN_NAMES = {"https_proxy", "pg_cron", "pg_stat_statements"}

# The first column of a table with this heading, in either language.
TABLES = {"option": "options", "选项": "options",
          "parameter": "configuration parameters",
          "参数": "configuration parameters",
          "label": "EXPLAIN labels", "标签": "EXPLAIN labels"}


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


def _errcodes():
    """The server's names of SQLSTATEs, and the codes."""
    directory = subprocess.run(
        [os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"],
        check=True, capture_output=True, encoding="utf-8").stdout.strip()
    return {name: "".join(letters[1::4]) for name, letters in re.findall(
        r"#define (ERRCODE_\w+) MAKE_SQLSTATE\(([^)]*)\)",
        _read(directory, "utils/errcodes.h"))}


def sqlstates(root):
    """The codes of all ERRCODE_... in the sources, from the server's header."""
    codes = _errcodes()
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


def _inputs(arguments):
    """The parameters that a caller gives, on one line."""
    return ", ".join(one for one in (" ".join(part.split())
                                     for part in arguments.split(","))
                     if not one.startswith(("OUT ", "INOUT ")))


def names_of_code(root):
    """Yields (title, names): all that a user can come across."""
    version, = _find(_read(root, "qianfan_fdw.control"),
                     r"^default_version *= *'([^']*)'")
    yield "functions", [f"{name}({_inputs(arguments)})"
                        for name, arguments in _find(
        _read(root, f"qianfan_fdw--{version}.sql"),
        r"^CREATE (?:FUNCTION|PROCEDURE) (\w+)\(([^)]*)\)")]
    yield "options", _find(
        _read(root, "src/base/option.c"), r'^\t\{"(\w+)", ON_')
    yield "configuration parameters", _find(
        _read(root, "src/base/guc.c"), r'"(qianfan_fdw\.\w+)"')
    yield "environment variables", _find(
        _sources(root), r'^#define \w+_VARIABLE "(\w+)"')
    yield "EXPLAIN labels", _find(
        _sources(root),
        r'[Ee]xplain\w*\(\s*(?:node,\s*)?"([A-Z]\w+(?: (?:in|[A-Z]\w+))*)"')
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


def outside_blocks(text):
    """The lines of a page that are not in a fenced block."""
    inside = False
    for line in text.splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            yield line


def code_spans(text):
    """What stands in backquotes outside of blocks, each once."""
    prose = "\n".join(outside_blocks(text))
    return list(dict.fromkeys(
        " ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose)))


def words_of_tree(root):
    """Every word of the sources, the scripts and what tests are made of."""
    paths = [path for pattern in (
        "src/**/*.[ch]", "*.sql", "script/*", "sql/*.sql", "test/simulator/*")
        for path in glob.glob(os.path.join(root, pattern), recursive=True)
        if os.path.isfile(path)]
    return {word for path in paths for word in re.findall(r"\w+",
                                                         _read("", path))}


def _is_known(root, span, known, codes):
    """False for a name of ours, or of the server, that is not there.

    known has all single words there are, codes all SQLSTATEs.
    """
    first = span.split()[0]
    if os.path.exists(os.path.join(root, first)):
        return True
    if DIRECTORIES.match(first):
        return any(glob.glob(os.path.join(root, place, first))
                   for place in ("", "src"))
    if re.fullmatch(r"(?=.*\d)[0-9A-Z]{5}", span):
        return span in codes
    if re.fullmatch(r"qianfan_fdw\.\w+", span):
        return span in known
    if re.fullmatch(r"QIANFAN_[A-Z_]+|[a-z]+(_[a-z]+)+(\(.*\))?", span):
        return span.partition("(")[0] in known
    return True


def unknown_names(root, text, known):
    """Names in a page that neither this tree nor a server has."""
    codes = set(_errcodes().values())
    known = known | set(re.findall(r"\w+", "\n".join(
        re.findall(r"^```.*?^```", text, re.MULTILINE | re.DOTALL))))
    for title, names in names_of_code(root):
        known |= set(names)
    return [span for span in code_spans(text)
            if not _is_known(root, span, known | FOREIGN_NAMES, codes)]


def unknown_rows(root, text):
    """First cells of the tables of options and the like that the code lacks."""
    names = dict(names_of_code(root))
    unknown = []
    expected = None
    for line in outside_blocks(text):
        cells = [cell.strip() for cell in line.split("|")]
        if not line.startswith("|"):
            expected = None
        elif cells[1] in TABLES:
            expected = names[TABLES[cells[1]]]
        elif expected is not None:
            unknown += [name for name in re.findall(r"`([^`]+)`", cells[1])
                        if name not in expected]
    return unknown


def anchors(text):
    """What GitHub makes of the headings; a second one of a name gets a number."""
    found = []
    for line in outside_blocks(text):
        if line.startswith("#"):
            anchor = re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
            found.append(anchor.replace(" ", "-"))
    return {f"{name}-{found[:place].count(name)}" if name in found[:place]
            else name for place, name in enumerate(found)}


def broken_links(path, text):
    """Links to files that are not there, and to headings that are not."""
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)",
                             "\n".join(outside_blocks(text))):
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
