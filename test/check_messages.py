#!/usr/bin/env python3
#
# check_messages.py
#	  Refuse a message that is not in Chinese, or would not be looked up.
#
# test/check_messages.py [--self-test | --update] [DIRECTORY]
#
# Compares what xgettext finds in DIRECTORY/src (default: this checkout) with
# po/*.po: each message is there, translated, with the same formats and the same
# quoted names; none is there that the sources no longer have.  Besides, a file
# that raises errors includes base/nls.h, nobody uses _(), and words in a string
# that can reach a user are marked.
#
# --update brings po/*.po to the state of the sources: what is new comes in
# without translation, what is gone goes, the rest stays as it is.
# --self-test feeds it trees that each break one rule and expects a refusal.

import os
import re
import subprocess
import sys
import tempfile

FUNCTIONS = ["errmsg", "errdetail", "errdetail_log", "errhint", "errcontext"]
PLURALS = ["errmsg_plural", "errdetail_plural", "errhint_plural"]
MARKS = ["gettext_noop", "qf_translate"]

# What is in English wherever it is shown (doc/reference.md, section
# "Language"): descriptions of parameters, and what cannot happen.
ENGLISH_CALLS = re.compile(
    r"^(elog|errmsg_internal|errdetail_internal|DefineCustom\w+Variable"
    r"|AllocSetContextCreate|ExplainProperty\w+|QF_MODULE_MAGIC"
    r"|StaticAssert\w+|hash_create|GetNamedDSMSegment|LWLockNewTrancheId|WaitEventExtensionNew)$")
# Comments on columns, which belong to whoever imports, values of views and of
# options.
ENGLISH_TEXTS = ["%s (costs one API call per %s)", "other session",
                 "create_time asc", "create_time desc"]
# A C string, or what may hold quotes that begin none.
TOKEN = re.compile(r'/\*.*?\*/|\'(?:[^\'\\]|\\.)\'|"((?:[^"\\\n]|\\.)*)"|[()]|\w+|\S',
                   re.S)
WORDS = re.compile(r"[A-Za-z]*[a-z] [a-z]+\b")
SPECIFIER = re.compile(r"%(?:\d+\$)?[-+ #0]*[\d*]*(?:\.[\d*]+)?(?:ll|[hlzjt])?[a-zA-Z%]")
HAN = re.compile("[\u4e00-\u9fff]")


def xgettext(directory):
    """The catalog of the sources, as text of a .pot file."""
    files = sorted(os.path.relpath(os.path.join(path, name), directory)
                   for path, _, names in os.walk(os.path.join(directory, "src"))
                   for name in names if name.endswith(".c"))
    command = ["xgettext", "--from-code=UTF-8", "-L", "C", "--no-wrap",
               "--no-location", "-k", "-o", "-"]
    command += ["-k" + name for name in FUNCTIONS + MARKS]
    command += ["-k" + name + ":1,2" for name in PLURALS]
    command += ["--flag=%s:1:c-format" % name for name in FUNCTIONS]
    command += ["--flag=%s:%d:c-format" % (name, i)
                for name in PLURALS for i in (1, 2)]
    return subprocess.run(command + files, cwd=directory, check=True,
                          stdout=subprocess.PIPE).stdout.decode()


def read_catalog(text):
    """The entries of a catalog: id -> (flags, plural id, translations)."""
    entries = {}
    for block in re.split(r"\n\s*\n", text):
        flags, values, key = "", {}, None
        for line in block.splitlines():
            if line.startswith("#,"):
                flags = line
            if line.startswith("#") or not line.strip():
                continue
            match = re.match(r'(msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")$', line)
            if match:
                key, line = match.group(1), match.group(2)
                values[key] = ""
            values[key] += line[1:-1]
        if "msgid" in values:
            entries[values["msgid"]] = (
                flags, values.get("msgid_plural"),
                [values[k] for k in sorted(values) if k.startswith("msgstr")])
    return entries


def names(text):
    """What stands in quotes and is no format: names, which stay as they are."""
    return sorted(set(item for item in re.findall(r'\\"(.*?)\\"', text)
                      if "%" not in item))


def specifiers(text):
    return sorted(re.sub(r"\d+\$", "", item)
                  for item in SPECIFIER.findall(text) if item != "%%")


def check_entry(path, message, entry, found):
    """Say what is wrong with one translation."""
    flags, plural, translations = entry
    if "fuzzy" in flags or not translations or not all(translations):
        found.append("%s: not translated: \"%s\"" % (path, message))
        return
    for translation in translations:
        if re.search("[A-Za-z]{2}", SPECIFIER.sub("", message)) and \
                not HAN.search(translation):
            found.append("%s: no Chinese: \"%s\"" % (path, message))
        if names(message) != names(translation):
            found.append("%s: other names in quotes: \"%s\"" % (path, message))
        if specifiers(plural or message) != specifiers(translation):
            found.append("%s: other formats: \"%s\"" % (path, message))


def check_catalog(directory, wanted, found):
    """Compare po/*.po with the sources."""
    folder = os.path.join(directory, "po")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".po"):
            continue
        path = "po/" + name
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            entries = read_catalog(file.read())
        for message in wanted:
            if message == "":
                continue
            if message not in entries:
                found.append("%s: lacks \"%s\"" % (path, message))
            else:
                check_entry(path, message, entries[message], found)
        for message in entries:
            if message not in wanted:
                found.append("%s: nobody says \"%s\"" % (path, message))
        result = subprocess.run(
            ["msgfmt", "--check", "-o", os.devnull, path], cwd=directory,
            stderr=subprocess.PIPE)
        if result.returncode != 0:
            found.append(result.stderr.decode().strip())


def strings(text):
    """Strings of a C file: (line, text, names of the calls around it)."""
    calls, word, last, result = [], "", None, []
    # Lines of the preprocessor have no messages, but includes in quotes.
    text = re.sub(r"^[ \t]*#[ \t]*(include|error).*$", "", text, flags=re.M)
    for token in TOKEN.finditer(text):
        value = token.group(0)
        if value.startswith("/*") or value.startswith("'"):
            continue
        if value.startswith('"'):
            line = text.count("\n", 0, token.start()) + 1
            if last is not None:
                line, before, around = result.pop()
                result.append((line, before + token.group(1), around))
            else:
                result.append((line, token.group(1), list(calls)))
            last = token
            continue
        last = None
        if value == "(":
            calls.append(word)
        elif value == ")" and calls:
            calls.pop()
        elif value in "{};":
            calls = []
        word = value
    return result


def check_source(directory, wanted, found):
    """What xgettext does not see would stay in English."""
    wanted = set(wanted) | {plural for _, plural, _ in wanted.values() if plural}
    for path, _, files in sorted(os.walk(os.path.join(directory, "src"))):
        for name in sorted(files):
            if not name.endswith((".c", ".h")):
                continue
            path_name = os.path.relpath(os.path.join(path, name), directory)
            with open(os.path.join(path, name), encoding="utf-8") as file:
                text = file.read()
            code = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
            if re.search(r"\b(ereport|err(msg|detail|hint|context)(_plural)?)\(", code) and \
                    '"base/nls.h"' not in code:
                found.append("%s:1: raises errors without base/nls.h" % path_name)
            if re.search(r"(?<![\w])(_|d?n?gettext)\(", code) and name != "nls.h":
                found.append("%s:1: looks among the server's messages; use qf_translate()"
                             % path_name)
            for line, value, calls in strings(text):
                if WORDS.search(value) and value not in wanted and \
                        not may_be_english(path_name, value, calls):
                    found.append("%s:%d: not marked for translation: \"%s\""
                                 % (path_name, line, value))


def may_be_english(path, value, calls):
    if any(ENGLISH_CALLS.match(call) for call in calls):
        return True
    # descriptions of columns; SQL that is run
    return value in ENGLISH_TEXTS or path.startswith("src/resource/") or \
        re.match(r"(CREATE|COMMENT|SELECT|INSERT|UPDATE|DELETE|CALL)\b| ?(OPTIONS|SERVER)", value)


def check(directory):
    found = []
    wanted = read_catalog(xgettext(directory))
    check_catalog(directory, wanted, found)
    check_source(directory, wanted, found)
    return found


def update(directory):
    """Bring the catalogs to the state of the sources."""
    pot = xgettext(directory)
    wanted = read_catalog(pot)
    folder = os.path.join(directory, "po")
    for name in sorted(os.listdir(folder)):
        if not name.endswith(".po"):
            continue
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            text = file.read()
        entries = read_catalog(text)
        header = re.split(r"\n\s*\n", text)[0]
        blocks = [header.rstrip("\n")]
        for message, (flags, plural, _) in wanted.items():
            if message == "":
                continue
            known = entries.get(message, ("", None, []))[2]
            lines = [flags] if flags else []
            lines.append('msgid "%s"' % message)
            if plural is not None:
                lines.append('msgid_plural "%s"' % plural)
                lines.append('msgstr[0] "%s"' % (known[0] if known else ""))
            else:
                lines.append('msgstr "%s"' % (known[0] if known else ""))
            blocks.append("\n".join(lines))
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write("\n\n".join(blocks) + "\n")


GOOD = '#include "base/nls.h"\nf() { ereport(ERROR, (errmsg("no \\"%s\\" in %d tasks", a, b))); }\n'
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n' \
    '"Project-Id-Version: a\\n"\n"PO-Revision-Date: a\\n"\n"Last-Translator: a\\n"\n' \
    '"Language-Team: a\\n"\n"Language: zh_CN\\n"\n"MIME-Version: 1.0\\n"\n' \
    '"Content-Transfer-Encoding: 8bit\\n"\n'
ENTRY = '\n#, c-format\nmsgid "no \\"%s\\" in %d tasks"\nmsgstr "%2$d 个任务中没有 \\"%1$s\\""\n'


def self_test():
    """TAP: what must be refused is."""
    cases = [
        ("a good tree", GOOD, ENTRY, True),
        ("a message without translation", GOOD, "", False),
        ("an empty translation", GOOD,
         '\nmsgid "no \\"%s\\" in %d tasks"\nmsgstr ""\n', False),
        ("a fuzzy translation", GOOD,
         ENTRY.replace("#, c-format", "#, fuzzy, c-format"), False),
        ("a translation in English", GOOD,
         ENTRY.replace("个任务中没有", "has no"), False),
        ("another format", GOOD, ENTRY.replace("%2$d", "%2$s"), False),
        ("a lost format", GOOD, ENTRY.replace("%2$d", ""), False),
        ("an entry that nobody says", GOOD,
         ENTRY + '\nmsgid "gone by"\nmsgstr "没有"\n', False),
        ("another name in quotes",
         GOOD.replace("tasks", 'tasks of \\"a\\"'),
         ENTRY.replace("tasks", 'tasks of \\"a\\"').replace("任务", '\\"b\\" 任务'), False),
        ("errors without base/nls.h", GOOD.split("\n", 1)[1], ENTRY, False),
        ("the server's own domain", GOOD + 'g() { h(_("a")); }\n',
         ENTRY + '\nmsgid "a"\nmsgstr "甲"\n', False),
        ("words that are not marked", GOOD + 'g() { return "no such thing"; }\n',
         ENTRY, False),
        ("words in pieces", GOOD + 'g() { s("%s is "\n  "not"); }\n', ENTRY, False),
        ("English where it may be", GOOD + 'g() { elog(ERROR, "no such thing"); }\n',
         ENTRY, True),
        ("a comment", GOOD + '/* "no such thing" */\n', ENTRY, True),
    ]
    failures = 0
    for number, (what, source, entries, good) in enumerate(cases, 1):
        with tempfile.TemporaryDirectory() as directory:
            os.makedirs(directory + "/src/api")
            os.makedirs(directory + "/po")
            with open(directory + "/src/api/a.c", "w", encoding="utf-8") as file:
                file.write(source)
            with open(directory + "/po/zh_CN.po", "w", encoding="utf-8") as file:
                file.write(HEADER + entries)
            ok = (check(directory) == []) == good
        failures += not ok
        print("%s %d - %s %s" % ("ok" if ok else "not ok", number,
                                 "accepts" if good else "refuses", what))
    print("1..%d" % len(cases))
    return failures > 0


def main():
    arguments = sys.argv[1:]
    if "--self-test" in arguments:
        return self_test()
    directory = ([a for a in arguments if not a.startswith("-")] or
                 [os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")])[0]
    if "--update" in arguments:
        update(directory)
        return 0
    found = check(directory)
    for line in found or ["ok"]:
        print(line)
    return len(found) > 0


if __name__ == "__main__":
    sys.exit(main())
