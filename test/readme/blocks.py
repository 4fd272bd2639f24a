"""The fenced blocks of a manual, and what each of them asks for.

The first word after the fence is the language, as renderers have it; the rest
is for us and is not shown to a reader:

    ```sql                 run by psql, in order, one psql for each block
    ```sql error=55000     run; its last statement fails with this SQLSTATE
    ```sql calls=3         run; it costs this many API calls
    ```sql needs=pg_cron   run where a library of this name is preloaded
    ```sql loads=dblink    run where a library of this name can be loaded
    ```sql not-run         left alone
    ```text                after a sql block: exactly what psql printed
    ```text unstable       the same, but numbers and widths may differ

A text block belongs to the sql block before it if no other block lies
between.  A sql block without one may print whatever it likes.
"""
import re
from dataclasses import dataclass, field

FENCE = re.compile(r"^```(\S*)\s*(.*?)\s*$")
WORDS = {"sql": ("not-run", "error=", "calls=", "needs=", "loads="),
         "text": ("unstable",)}


@dataclass
class Block:
    """Lines first..last (counted from 0, without the fences) of a file."""

    language: str
    words: list
    first: int
    lines: list = field(default_factory=list)

    @property
    def text(self):
        return "\n".join(self.lines)

    def _value(self, name):
        """What stands behind "name=" after the fence, or None."""
        for word in self.words:
            if word.startswith(name + "="):
                return word[len(name) + 1:]
        return None

    @property
    def error(self):
        """The SQLSTATE the block is to end with, or None."""
        return self._value("error")

    @property
    def calls(self):
        """How many API calls the block may cost, or None."""
        number = self._value("calls")
        return None if number is None else int(number)

    @property
    def needs(self):
        """A library that has to be preloaded for the block, or None."""
        return self._value("needs")

    @property
    def loads(self):
        """A library that has to be installed for the block, or None."""
        return self._value("loads")


@dataclass
class Example:
    """A sql block to be run, and the text block with its output, or None."""

    sql: Block
    output: Block

    @property
    def title(self):
        """Where it is and how it begins."""
        begin = next(line for line in self.sql.lines
                     if line.strip() and not line.startswith("--"))
        return f"line {self.sql.first + 1}: {begin.strip()}"


def read_blocks(lines):
    """All fenced blocks, in order; ValueError for what we do not know."""
    blocks = []
    block = None
    for number, line in enumerate(lines):
        fence = FENCE.match(line)
        if block is not None and fence and not fence[1]:
            block = None
        elif block is not None:
            block.lines.append(line)
        elif fence:
            block = Block(fence[1], fence[2].split(), number + 1)
            blocks.append(block)
            for word in block.words:
                if not word.startswith(WORDS.get(block.language, ())):
                    raise ValueError(f"line {number + 1}: unknown word after "
                                     f'the fence: "{word}"')
    if block is not None:
        raise ValueError(f"line {block.first}: the block has no end")
    return blocks


def read_examples(lines):
    """The sql blocks to be run, each with its output."""
    blocks = read_blocks(lines)
    examples = []
    for block, following in zip(blocks, blocks[1:] + [None]):
        if block.language == "sql" and "not-run" not in block.words:
            follows = following is not None and following.language == "text"
            examples.append(Example(block, following if follows else None))
    return examples


def tidy(text):
    """The lines without white space at their ends and empty lines around."""
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[0]:
        del lines[0]
    while lines and not lines[-1]:
        del lines[-1]
    return lines


def blur(lines):
    """What is left when numbers, widths and buffers do not count."""
    return [re.sub(r"[ -]+", " ", re.sub(r"\d+(\.\d+)?", "N", line)).strip()
            for line in lines
            if not re.match(r" *(Planning:|Buffers: .*|LOG:  statement: .*)$", line)]
