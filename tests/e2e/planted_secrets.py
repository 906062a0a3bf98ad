#!/usr/bin/env python3
"""Looks for secrets where they must never be: in what the daemon and the server of the tests answered, and in their logs.

    planted_secrets.py FOLDER

The suites write into FOLDER: *.jsonl (exchanges; what was asked is not looked at), *.log, and secrets-*.txt, one secret a
line. Fails when any is found as it is, in base64 or percent-encoded, and when a suite has left nothing to look through.
"""
import base64
import json
import pathlib
import sys
import tempfile
import urllib.parse

ALWAYS = ["$argon2id$"]  # how every password hash of ours begins
IN_LOGS = ["eyJhbGciOi"]  # how every access token begins; answers to a login hold one


def forms_of(secret):
    """A secret as it is and as it may be written. Parts of base64 depend on where the secret begins: inner ones do not."""
    raw = secret.encode()
    forms = {secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret, safe="")}
    for lead in range(3):
        text = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
        inner = text[(0, 2, 3)[lead]:len(text) - 2]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return {form for form in forms if len(form) >= 8}


def texts_of(folder):
    """What was answered and logged, as (where, text, is it a log)."""
    for path in sorted(folder.glob("*.log")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            yield f"{path.name}:{number}", line, True
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            exchange = json.loads(line)
            answer = exchange.get("body", "") + "\n" + json.dumps(exchange["headers"], ensure_ascii=False)
            yield f"{path.name}:{number} {exchange['method']} {exchange['target'][:100]}", answer, False


def findings(folder):
    """Everything that is wrong."""
    secrets = {line for path in folder.glob("secrets-*.txt") for line in path.read_text().splitlines() if line}
    needles = {form: secret for secret in secrets for form in forms_of(secret)} | {one: one for one in ALWAYS}
    found = [f"nothing matches {pattern}" for pattern in ("secrets-http-*.txt", "secrets-e2e-*.txt", "http-*.jsonl",
                                                          "e2e-*.jsonl", "http-*.log", "e2e-*.log")
             if not any(path.stat().st_size for path in folder.glob(pattern))]
    count = 0
    for where, text, is_log in texts_of(folder):
        count += 1
        found += [f"{where}: {needles[form][:4]}... is there" for form in needles if form in text]
        if is_log:
            found += [f"{where}: an access token is there" for form in IN_LOGS if form in text]
    print(f"{len(secrets)} secrets looked for in {count} answers and log lines: {len(found)} findings")
    return found


def sees_what_is_planted():
    """The check itself: each way of leaking a secret is found, and a clean folder has none."""
    secret = "the+planted/secret of a test"
    exchange = {"method": "GET", "target": "/", "headers": {"date": "now"}, "body": "fine", "request_body": secret}
    leaks = {"clean": None, "answer": ("http-1.jsonl", json.dumps(exchange | {"body": f"<{secret}>"})),
             "header": ("http-1.jsonl", json.dumps(exchange | {"headers": {"x": secret}})),
             "log": ("e2e-1.log", f"said {secret}"), "hash": ("e2e-1.log", "$argon2id$v=19$m=65536"),
             "base64": ("e2e-1.log", base64.b64encode(("user:" + secret).encode()).decode()),
             "quoted": ("e2e-1.log", urllib.parse.quote(secret, safe="")), "token": ("e2e-1.log", "eyJhbGciOiJIUzI1NiJ9.")}
    for name, leak in leaks.items():
        with tempfile.TemporaryDirectory() as made:
            folder = pathlib.Path(made)
            for suite in ("http", "e2e"):
                (folder / f"secrets-{suite}-1.txt").write_text(secret + "\n")
                (folder / f"{suite}-1.jsonl").write_text(json.dumps(exchange) + "\n")
                (folder / f"{suite}-1.log").write_text("a line\n")
            if leak:
                with open(folder / leak[0], "a") as out:
                    out.write(leak[1] + "\n")
            assert bool(findings(folder)) == bool(leak), name
    with tempfile.TemporaryDirectory() as empty:
        assert findings(pathlib.Path(empty)), "an empty folder proves nothing"


if __name__ == "__main__":
    sees_what_is_planted()
    wrong = findings(pathlib.Path(sys.argv[1]))
    for line in wrong[:50]:
        print("FOUND", line)
    sys.exit(1 if wrong else 0)
