"""What a README has to mention, read from the sources.

Each function yields (title, names that are missing).
"""
import glob
import os
import re

# Section 6 of the contract: one for each kind of failure.
SQLSTATES = ("HV00N", "28000", "42501", "53400", "HV000", "HV00M", "22P02",
             "22007", "HV00D", "HV024", "HV005", "HV00Q", "54000", "55000")


def _read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def _find(root, path, pattern):
    """All that matches in a source file; nothing at all is our mistake."""
    found = re.findall(pattern, _read(root, path), re.MULTILINE)
    if not found:
        raise ValueError(f"nothing in {path} matches {pattern}")
    return found


def _missing(text, names):
    return [name for name in names if f"`{name}`" not in text]


def readme_names(root, text):
    """Options, columns and their members, labels, parameters, SQLSTATEs."""
    yield "options", _missing(text, _find(
        root, "src/base/option.c", r'^\t\{"(\w+)", ON_'))
    yield "configuration parameters", _missing(text, _find(
        root, "src/base/guc.c", r'"(qianfan_fdw\.\w+)"'))
    label = r'[Ee]xplain\w*\((?:node, )?"([A-Z]\w+(?: [A-Z]\w+)*)"'
    yield "EXPLAIN labels", _missing(text, [
        name for path in ("src/fdw/explain.c", "src/join/lookup_join_exec.c")
        for name in _find(root, path, label)])
    yield "SQLSTATEs", _missing(text, SQLSTATES)
    yield "functions", _missing(text, [name + "()" for name in _find(
        root, "src/fdw/sqlfuncs.c", r"PG_FUNCTION_INFO_V1\((\w+)\)")])
    for path in sorted(glob.glob(os.path.join(root, "src/resource/*.c"))):
        path = os.path.relpath(path, root)
        columns = re.findall(r'^\t\{"(\w+)", "\w+", \{([^}]*)\}',
                             _read(root, path), re.MULTILINE)
        names = [name for name, _ in columns]
        for _, fields in columns:
            names += re.findall(r'"([\w.]+)"', fields)
        if names:
            yield f"columns of {path}", _missing(text, names)


def source_files(root, text):
    """Every file below src/ has its line in src/README.md."""
    names = [os.path.basename(path) for path in sorted(
        glob.glob(os.path.join(root, "src/**/*.[ch]"), recursive=True))]
    # A header goes with its .c file.
    headers = {name for name in names
               if name.endswith(".h") and name[:-1] + "c" in names}
    yield "files", _missing(text, [name for name in names
                                   if name not in headers])


def broken_links(path, text):
    """Links to files that are not there, and to headings that are not."""
    headings = {re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower())
                .replace(" ", "-")
                for line in text.splitlines() if line.startswith("#")}
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = target.partition("#")
        if "://" in file:
            continue
        if file and not os.path.exists(
                os.path.join(os.path.dirname(path), file)):
            missing.append(target)
        elif not file and anchor not in headings:
            missing.append(target)
    yield "links", missing
