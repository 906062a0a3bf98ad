#!/usr/bin/env python3
"""Reads every #include of the sources and fails on one that the layering forbids.

Usage: check_layering.py ROOT     exit 0: clean, 1: violations (printed), 2: nothing to check
The table below is the layering; a folder may include itself, what it lists, and the standard library.
"""
import os
import re
import sys

# libraries, by how their headers begin
LIBRARIES = {
    "caf": ("caf/",),
    "pqxx": ("pqxx/", "libpq-fe.h", "libpq/"),
    "beast": ("boost/",),
    "rapidjson": ("rapidjson/",),
    "openssl": ("openssl/",),
    "sodium": ("sodium.h", "sodium/"),
    "jwt": ("jwt.h",),
    "spdlog": ("spdlog/", "fmt/"),
    "toml": ("toml++/",),
    "cli11": ("CLI/",),
    "expected": ("tl/expected.hpp",),
    "csv": ("csv.h",),
    "zip": ("zip.h",),
    "pugixml": ("pugixml.hpp",),
    "zlib": ("zlib.h",),
    "iconv": ("iconv.h",),
    "date": ("date/",),
    "systemd": ("systemd/",),
    "gtest": ("gtest/", "gmock/"),
    "benchmark": ("benchmark/",),
    "prometheus": ("prometheus/",),
}
ALL = set(LIBRARIES)
WIRE = {"beast", "rapidjson", "openssl", "sodium", "jwt", "zlib"}

# folder: (project paths it may include, libraries it may include). The longest matching folder counts.
RULES = {
    "messages/model": (("messages/model",), {"expected"}),
    "messages": (("messages",), {"expected", "caf"}),
    "config": (("messages/model", "config"), {"expected", "toml"}),
    # config/options.hpp alone: plain structs, so that logging is set up from what was loaded
    "telemetry": (("messages/model", "config/options.hpp", "telemetry"), {"expected", "spdlog", "prometheus"}),
    "persistence": (("messages/model", "config", "telemetry", "persistence"), {"expected", "pqxx", "rapidjson", "openssl", "date"}),
    "provider": (("messages/model", "config", "telemetry", "provider"), {"expected", "date"} | WIRE),
    "http": (("messages", "config", "telemetry", "http"), {"expected", "csv", "zip", "pugixml", "iconv", "date"} | WIRE),
    "actors": (("messages", "config", "telemetry", "actors", "persistence/store.hpp", "provider/voice_provider.hpp",
                "provider/language_model.hpp"), {"expected", "caf"}),
    "cluster": (("messages", "config", "telemetry", "cluster"), {"expected", "caf", "beast", "openssl"}),
    "web": (("http/console.hpp", "web"), set()),
    "app": (("",), ALL - {"gtest", "benchmark", "prometheus"}),
    "tests": (("",), ALL),
    "bench": (("",), ALL),
}
# nobody but tests and the executables themselves includes app/
PRIVATE = {"app": ("app", "tests", "bench")}
# a machine decides, purely: it may include the model, and headers beside it that themselves know nothing more
MACHINE = re.compile(r"_machine\.(hpp|cpp)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
TOP_FOLDERS = {rule.split("/")[0] for rule in RULES}
SOURCES = (".hpp", ".cpp", ".h", ".cc", ".ipp")


def rule_of(path):
    folders = [f for f in RULES if path.startswith(f + "/")]
    return max(folders, key=len) if folders else None


def library_of(header):
    for name, beginnings in LIBRARIES.items():
        if any(header == b or (b.endswith("/") and header.startswith(b)) for b in beginnings):
            return name
    return None


def is_below(path, allowed):
    return allowed == "" or path == allowed or path.startswith(allowed + "/")


def is_pure(root, header, seen):
    """Whether a header, with all that it includes, knows the model and the standard library only."""
    if is_below(header, "messages/model") or header in seen:
        return True
    if rule_of(header) != "actors":
        return False
    try:
        with open(os.path.join(root, header), encoding="utf-8") as source:
            includes = [m.groups() for m in map(INCLUDE.match, source) if m]
    except OSError:
        return False
    return all(is_pure(root, name, seen | {header}) if bracket == '"' else library_of(name) in (None, "expected")
               for bracket, name in includes)


def faults_of(root, path, text):
    folder = rule_of(path)
    if folder is None:
        return ["the folder has no rule in tests/layering/check_layering.py"]
    allowed, libraries = RULES[folder]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        bracket, header = match.groups()
        library = library_of(header)
        of_project = header.split("/")[0] in TOP_FOLDERS and "/" in header and library is None
        fault = None
        if bracket == '"' and not of_project:
            fault = "a quoted include is rooted at the repository"
        elif of_project and bracket == "<":
            fault = "our own headers are included with quotes"
        elif of_project and not any(is_below(header, a) for a in allowed):
            fault = f"{folder} must not know {header}"
        elif of_project and any(is_below(header, p) and not any(is_below(path, o) for o in owners)
                                for p, owners in PRIVATE.items()):
            fault = f"nobody includes {header}"
        elif library is not None and library not in libraries:
            fault = f"{folder} must not use {library}"
        elif library is None and not of_project and "/" in header and not header.startswith(
                ("sys/", "netinet/", "arpa/", "linux/", "bits/")):
            fault = f"{header} belongs to no library that check_layering.py knows"
        elif MACHINE.search(path) and not is_below(path, "tests"):
            if library not in (None, "expected") or (of_project and not is_pure(root, header, frozenset())):
                fault = "a machine knows the model only"
        if fault:
            found.append(f"{number}: {fault}")
    return found


def main(root):
    checked, faults = 0, []
    for top in sorted(TOP_FOLDERS):
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = sorted(f for f in folders if f not in ("fixtures", "node_modules", "build"))
            for name in sorted(files):
                if not name.endswith(SOURCES):
                    continue
                full = os.path.join(folder, name)
                path = os.path.relpath(full, root)
                with open(full, encoding="utf-8") as source:
                    checked += 1
                    faults += [f"{path}:{fault}" for fault in faults_of(root, path, source.read())]
    for fault in faults:
        print(fault)
    print(f"{checked} files, {len(faults)} violations")
    return 2 if checked == 0 else 1 if faults else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
