#!/usr/bin/env python3
"""Check META.json against the PGXN Meta Spec 1.0, and versions against it.

check_meta.py                checks META.json of this tree
check_meta.py --self-test    shows that it refuses what it should (TAP)
"""
import copy
import json
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# The words of the specification.
LICENSES = """agpl_3 apache_1_1 apache_2_0 artistic_1 artistic_2 bsd freebsd
    gfdl_1_2 gfdl_1_3 gpl_1 gpl_2 gpl_3 lgpl_2_1 lgpl_3_0 mit mozilla_1_0
    mozilla_1_1 openssl perl_5 postgresql qpl_1_0 ssleay sun zlib open_source
    restricted unrestricted unknown""".split()
PHASES = "configure runtime build test develop".split()
RELATIONS = "requires recommends suggests conflicts".split()
STATUSES = "stable testing unstable".split()
NUMBER = r"(?:0|[1-9]\d*)"
VERSION = re.compile(rf"{NUMBER}\.{NUMBER}\.{NUMBER}(?:-[A-Za-z][A-Za-z0-9-]*)?\Z")
RANGE = re.compile(r"(?:(?:==|!=|<=|>=|<|>)\s*)?(\S+)\Z")
TERM = re.compile(r"[^\s/\\\x00-\x1f\x7f]{2,}\Z")
TAG = re.compile(r"[^/\\\x00-\x1f\x7f]{1,255}\Z")
URL = re.compile(r"[a-z][a-z0-9+.-]*://\S+\Z")


class Checker:
    """Collects what is wrong with a document."""

    def __init__(self):
        self.complaints = []

    def require(self, condition, complaint):
        if not condition:
            self.complaints.append(complaint)
        return condition

    def text(self, value, where):
        return self.require(isinstance(value, str) and value.strip(),
                            f"{where} is not a text")

    def mapping(self, value, where, known, needed=()):
        """An object with these members, and any that begin with x_."""
        if not self.require(isinstance(value, dict), f"{where} is not an object"):
            return {}
        for name in needed:
            self.require(name in value, f"{where} lacks \"{name}\"")
        for name in value:
            self.require(name in known or re.match("[xX]_.", name),
                         f"{where} has a member \"{name}\"")
        return value

    def version(self, value, where):
        self.require(isinstance(value, str) and VERSION.match(value),
                     f"{where} is not a semantic version")

    def ranges(self, value, where):
        """A version, which means this or a later one, or a list of ranges."""
        if value == 0:
            return
        if not self.text(value, where):
            return
        for part in value.split(","):
            match = RANGE.match(part.strip())
            self.version(match and match.group(1), where)

    def check(self, meta):
        meta = self.mapping(meta, "META.json", """abstract maintainer license
            provides name version meta-spec description generated_by tags
            no_index prereqs release_status resources""".split(),
            """abstract maintainer license provides name version
            meta-spec""".split())
        for name in ("abstract", "description", "generated_by"):
            if name in meta:
                self.text(meta[name], name)
        self.require(TERM.match(str(meta.get("name"))), "name is not a term")
        self.version(meta.get("version"), "version")
        self.check_maintainer(meta.get("maintainer"))
        self.check_license(meta.get("license"))
        self.check_spec(meta.get("meta-spec"))
        self.check_provides(meta.get("provides"))
        self.check_prereqs(meta.get("prereqs", {}))
        self.check_tags(meta.get("tags", ["fdw"]))
        self.check_resources(meta.get("resources", {}))
        self.check_no_index(meta.get("no_index", {}))
        self.require(meta.get("release_status", "stable") in STATUSES,
                     "release_status is unknown")

    def check_maintainer(self, value):
        people = value if isinstance(value, list) else [value]
        self.require(people, "maintainer is empty")
        for person in people:
            self.text(person, "maintainer")

    def check_license(self, value):
        if isinstance(value, dict):
            self.require(value and all(URL.match(str(url))
                                       for url in value.values()),
                         "license has no addresses")
            return
        names = value if isinstance(value, list) else [value]
        self.require(names and all(name in LICENSES for name in names),
                     "license is unknown")

    def check_spec(self, value):
        spec = self.mapping(value, "meta-spec", ["version", "url"], ["version"])
        self.version(spec.get("version"), "meta-spec.version")
        self.require(str(spec.get("version")).startswith("1.0."),
                     "meta-spec.version is not 1.0")
        self.require(spec.get("url", "https://pgxn.org/meta/spec.txt") in
                     ("http://pgxn.org/meta/spec.txt",
                      "https://pgxn.org/meta/spec.txt"),
                     "meta-spec.url is not that of the specification")

    def check_provides(self, value):
        self.require(value, "provides is empty")
        if not isinstance(value, dict):
            self.complaints.append("provides is not an object")
            return
        for name, extension in value.items():
            where = f"provides.{name}"
            self.require(TERM.match(name), f"{where} is not a term")
            extension = self.mapping(
                extension, where, ["file", "version", "abstract", "docfile"],
                ["file", "version"])
            self.version(extension.get("version"), f"{where}.version")
            for member in ("file", "docfile", "abstract"):
                if member in extension:
                    self.text(extension[member], f"{where}.{member}")

    def check_prereqs(self, value):
        for phase, relations in self.mapping(value, "prereqs", PHASES).items():
            for relation, names in self.mapping(
                    relations, f"prereqs.{phase}", RELATIONS).items():
                where = f"prereqs.{phase}.{relation}"
                if not self.require(isinstance(names, dict),
                                    f"{where} is not an object"):
                    continue
                for name, version in names.items():
                    self.require(TERM.match(name), f"{where}.{name} is no term")
                    self.ranges(version, f"{where}.{name}")

    def check_tags(self, value):
        self.require(isinstance(value, list) and value and
                     all(TAG.match(str(tag)) for tag in value) and
                     len(set(map(str, value))) == len(value),
                     "tags are not different tags")

    def check_resources(self, value):
        resources = self.mapping(value, "resources",
                                 ["homepage", "bugtracker", "repository"])
        tracker = self.mapping(resources.get("bugtracker", {}),
                               "bugtracker", ["web", "mailto"])
        repository = self.mapping(resources.get("repository", {}),
                                  "repository", ["url", "web", "type"])
        for where, url in (("homepage", resources.get("homepage")),
                           ("bugtracker.web", tracker.get("web")),
                           ("repository.url", repository.get("url")),
                           ("repository.web", repository.get("web"))):
            self.require(url is None or URL.match(str(url)),
                         f"{where} is no address")

    def check_no_index(self, value):
        for name, paths in self.mapping(value, "no_index",
                                        ["file", "directory"]).items():
            self.require(isinstance(paths, list), f"no_index.{name} is no list")


def complaints(meta):
    checker = Checker()
    checker.check(meta)
    return checker.complaints


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return file.read()


def find(pattern, name):
    """What the group of the pattern matches first in a file."""
    match = re.search(pattern, read(name), re.MULTILINE)
    return match and match.group(1)


def disagreements(meta):
    """What other files say otherwise.

    The distribution has a version of three numbers; the extension, that is its
    SQL objects, the first two of them, for a third never changes SQL.
    """
    version = meta["version"]
    sql_version = version.rsplit(".", 1)[0]
    provided = meta["provides"]["qianfan_fdw"]
    script = f"qianfan_fdw--{sql_version}.sql"
    minimum = find(r"^MINIMUM_VERSION=(\d+)", "script/lib.sh")
    curl = find(r"^#if LIBCURL_VERSION_NUM < 0x07(..)00\n#error",
                "src/base/compat.h")
    curl = curl and f"7.{int(curl, 16)}"
    rpm = "packaging/rpm/qianfan_fdw.spec"
    facts = [
        ("provides.qianfan_fdw.version", provided["version"], version),
        ("provides.qianfan_fdw.file", provided["file"], script),
        ("default_version of the control file",
         find(r"^default_version = '(.*)'", "qianfan_fdw.control"), sql_version),
        ("the newest version of CHANGELOG.md",
         find(r"^## (\d\S*)", "CHANGELOG.md"), version),
        ("prereqs", meta["prereqs"]["runtime"]["requires"]["PostgreSQL"],
         f"{minimum}.0.0"),
        ("compat.h", find(r"^#if PG_VERSION_NUM < (\d+)\n#error",
                          "src/base/compat.h"), f"{minimum}0000"),
        ("debian/pgversions", read("debian/pgversions").strip(), f"{minimum}+"),
        ("debian/changelog", find(r"^qianfan-fdw \((.*)-\d+\)",
                                  "debian/changelog"), version),
        (f"the version of {rpm}", find(r"^Version:\s*(\S+)$", rpm), version),
        ("libcurl in debian/control.in",
         find(r"^ libcurl4-openssl-dev \(>= (.*)\),$", "debian/control.in"), curl),
        (f"libcurl in {rpm}",
         find(r"^BuildRequires:\s*libcurl-devel >= (\S+)$", rpm), curl),
    ]
    wrong = [f"{what} is {found}, not {wanted}"
             for what, found, wanted in facts if found != wanted]
    for name in (provided["file"], provided["docfile"]):
        if not os.path.exists(os.path.join(ROOT, name)):
            wrong.append(f"there is no {name}")
    if script not in (find(r"^DATA = (.*)$", "Makefile") or "").split():
        wrong.append(f"the Makefile does not install {script}")
    return wrong


def self_test(meta):
    """Each of these spoils the document in one way."""
    spoiled = [
        (["abstract"], None), (["abstract"], ""), (["name"], "a b"),
        (["version"], "1.0"), (["version"], "1.0.0.0"), (["version"], "01.0.0"),
        (["maintainer"], []), (["license"], "gpl"), (["license"], ["mit", "x"]),
        (["meta-spec", "version"], "2.0.0"), (["meta-spec", "url"], "x"),
        (["provides"], {}), (["provides", "qianfan_fdw", "file"], None),
        (["provides", "qianfan_fdw", "version"], "1"),
        (["provides", "qianfan_fdw", "path"], "x"),
        (["prereqs", "run"], {}), (["prereqs", "runtime", "needs"], {}),
        (["prereqs", "runtime", "requires", "PostgreSQL"], "15"),
        (["prereqs", "runtime", "requires", "PostgreSQL"], ">= 15.0.0, < x"),
        (["tags"], "fdw"), (["tags"], ["a/b"]), (["tags"], ["a", "a"]),
        (["resources"], {"homepage": "pgxn"}), (["no_index"], {"files": []}),
        (["release_status"], "done"), (["author"], "somebody"),
    ]
    print(f"1..{len(spoiled) + 1}")
    fine = copy.deepcopy(meta)
    fine["x_own"] = 1
    print("ok 1 - own members" if not complaints(fine) else "not ok 1")
    for number, (path, value) in enumerate(spoiled, 2):
        bad = copy.deepcopy(meta)
        place = bad
        for name in path[:-1]:
            place = place[name]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        verdict = "ok" if complaints(bad) else "not ok"
        print(f"{verdict} {number} - {'.'.join(path)}: {json.dumps(value)}")


def main():
    meta = json.loads(read("META.json"))
    if sys.argv[1:] == ["--self-test"]:
        self_test(meta)
        return
    wrong = complaints(meta) or disagreements(meta)
    for complaint in wrong:
        print(f"META.json: {complaint}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
