"""Reads a page of metrics as strictly as the Prometheus text format (0.0.4) is written down, and finds what breaks its
conventions. Standard library only."""
import math
import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*\Z")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"')
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("",), "gauge": ("",)}


class Malformed(Exception):
    pass


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type = name, text, None
        self.samples = []  # (suffix, {label: value}, number)

    def value(self, suffix="", **labels):
        """The number of the one sample with these labels."""
        found = [number for s, have, number in self.samples if s == suffix and have == labels]
        if len(found) != 1:
            raise KeyError(f"{self.name}{suffix} {labels}: {len(found)} samples")
        return found[0]

    def total(self, suffix="", **labels):
        """The sum over all samples that have these labels, whatever else they have."""
        return sum(number for s, have, number in self.samples if s == suffix and labels.items() <= have.items())


def read_labels(text, line):
    labels, rest = {}, text
    while rest:
        match = LABEL.match(rest)
        if not match:
            raise Malformed(f"labels: {line}")
        if match[1] in labels:
            raise Malformed(f"label {match[1]} twice: {line}")
        labels[match[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), match[2])
        rest = rest[match.end():]
        if rest and not rest.startswith(","):
            raise Malformed(f"labels: {line}")
        rest = rest[1:]
    return labels


def read_number(text, line):
    if text in ("+Inf", "-Inf", "NaN"):
        return float(text.replace("Inf", "inf"))
    if not re.match(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z", text):
        raise Malformed(f"number: {line}")
    return float(text)


def read_sample(line, family):
    match = re.match(r"([^{ ]+)(?:\{(.*)\})? ([^ ]+)\Z", line)
    if not match or not NAME.match(match[1]):
        raise Malformed(f"sample: {line}")
    suffix = match[1][len(family.name):]
    if not match[1].startswith(family.name) or suffix not in SUFFIXES[family.type]:
        raise Malformed(f"{match[1]} stands among the samples of {family.name}")
    family.samples.append((suffix, read_labels(match[2] or "", line), read_number(match[3], line)))


def check_histogram(family):
    series = {}
    for suffix, labels, number in family.samples:
        rest = dict(labels)
        bound = rest.pop("le", None)
        if (bound is None) == (suffix == "_bucket"):
            raise Malformed(f"{family.name}{suffix} {labels}: le")
        one = series.setdefault(tuple(sorted(rest.items())), {"buckets": []})
        if suffix == "_bucket":
            one["buckets"].append((float(bound.replace("Inf", "inf")), number))
        elif suffix in one:
            raise Malformed(f"{family.name}{suffix} {labels} twice")
        else:
            one[suffix] = number
    for labels, one in series.items():
        bounds = [b for b, _ in one["buckets"]]
        counts = [n for _, n in one["buckets"]]
        if bounds != sorted(set(bounds)) or not bounds or bounds[-1] != math.inf:
            raise Malformed(f"{family.name} {labels}: bounds {bounds}")
        if counts != sorted(counts) or "_count" not in one or "_sum" not in one or counts[-1] != one["_count"]:
            raise Malformed(f"{family.name} {labels}: counts {counts} of {one.get('_count')}")


def check(family):
    if family.type == "histogram":
        check_histogram(family)
    seen = [(suffix, tuple(sorted(labels.items()))) for suffix, labels, _ in family.samples]
    if len(seen) != len(set(seen)):
        raise Malformed(f"{family.name}: a sample stands there twice")
    if family.type == "counter":
        if not family.name.endswith("_total"):
            raise Malformed(f"{family.name}: a counter's name ends in _total")
        if any(not number >= 0 for _, _, number in family.samples):
            raise Malformed(f"{family.name}: a counter below 0")
    elif family.name.endswith("_total"):
        raise Malformed(f"{family.name}: only a counter's name ends in _total")


def read(page):
    """The families of a page by name; Malformed where it is none."""
    if not page.endswith("\n"):
        raise Malformed("the last line has no end")
    families, family = {}, None
    for line in page[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, text = line[7:].partition(" ")
            if not NAME.match(name) or not text.strip():
                raise Malformed(f"help: {line}")
            if name in families:
                raise Malformed(f"{name} twice")
            family = families[name] = Family(name, text)
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            if family is None or name != family.name or family.type or kind not in SUFFIXES:
                raise Malformed(f"type: {line}")
            family.type = kind
        elif family is None or not family.type:
            raise Malformed(f"no HELP and TYPE before: {line}")
        else:
            read_sample(line, family)
    for one in families.values():
        if not one.type:
            raise Malformed(f"{one.name} has no TYPE")
        check(one)
    return families
