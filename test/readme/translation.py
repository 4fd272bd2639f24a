"""Does one manual say what the other says?

Words cannot be compared, but what surrounds them can: the examples, the
outline, the names in `code`, and the links.  Each function returns what
differs.
"""
import re
from collections import Counter

from blocks import read_blocks

FENCE = "```"
COMMENT = {"sql": re.compile(r"--.*$"), "ini": re.compile(r"#.*$")}


def essence(block):
    """The lines of a block without what a translator changes.

    That is comments, and in a block without a language (commands, pictures)
    what stands to the right of the first column.
    """
    if block.language in COMMENT:
        lines = [COMMENT[block.language].sub("", line).rstrip()
                 for line in block.lines]
        return [line for line in lines if line]
    if not block.language:
        return [re.split(r"\s{2,}", line.strip())[0] for line in block.lines]
    return block.lines


def block_differences(lines, other):
    """Blocks are compared one by one, up to the first that differs."""
    ours, theirs = read_blocks(lines), read_blocks(other)
    for a, b in zip(ours, theirs):
        if (a.language, a.words) != (b.language, b.words):
            return [f"the fences of lines {a.first} and {b.first} differ"]
        if essence(a) != essence(b):
            return [f"the blocks of lines {a.first} and {b.first} differ"]
    if len(ours) != len(theirs):
        return [f"{len(ours)} blocks and {len(theirs)} blocks"]
    return []


def split(lines):
    """(levels of the headings, text outside of blocks)."""
    levels = []
    prose = []
    inside = False
    for line in lines:
        if line.startswith(FENCE):
            inside = not inside
        elif not inside:
            heading = re.match(r"(#+) ", line)
            if heading:
                levels.append(len(heading[1]))
            prose.append(line)
    return levels, "\n".join(prose)


def outline_differences(lines, other):
    """Headings of the same levels in the same order, tables of one size."""
    problems = []
    (levels, prose), (other_levels, other_prose) = split(lines), split(other)
    if levels != other_levels:
        problems.append(f"levels of headings: {levels} and {other_levels}")
    rows, other_rows = (len(re.findall(r"^\|", text, re.MULTILINE))
                        for text in (prose, other_prose))
    if rows != other_rows:
        problems.append(f"{rows} and {other_rows} rows of tables")
    return problems


def code_names(lines):
    """What stands in backquotes, wherever lines are broken."""
    _, prose = split(lines)
    return {" ".join(name.split()) for name in re.findall(r"`([^`]+)`", prose)}


def name_differences(lines, other):
    """Names that only one of the two mentions."""
    ours, theirs = code_names(lines), code_names(other)
    return ([f"only the first has `{name}`" for name in sorted(ours - theirs)]
            + [f"only the second has `{name}`"
               for name in sorted(theirs - ours)])


def links(lines):
    """Where the links lead, in either language, and how many to a heading."""
    _, prose = split(lines)
    targets = re.findall(r"\]\(([^)\s]+)\)", prose)
    return sorted(re.sub(r"\.zh-CN\.md\b", ".md", re.sub("#.*", "#", target))
                  for target in targets if "://" not in target)


def link_differences(lines, other):
    """Links that only one of the two has."""
    ours, theirs = Counter(links(lines)), Counter(links(other))
    return ([f"only the first links to {link}"
             for link in sorted((ours - theirs).elements())]
            + [f"only the second links to {link}"
               for link in sorted((theirs - ours).elements())])


def differences(lines, other):
    """Yields (what was compared, what differs)."""
    yield "examples", block_differences(lines, other)
    yield "outline", outline_differences(lines, other)
    yield "names", name_differences(lines, other)
    yield "links", link_differences(lines, other)
