#!/usr/bin/env python3
"""Asks describe-job-group 50 times a second over one connection, as a console does, in a process of its own so that the
load generator's threads do not stand in its way. Used by call_lives.py: tasks come as lines of JSON on stdin, the newest
line counts; at its end the latencies are printed, in ms, as one line of JSON."""
import http.client
import json
import sys
import threading
import time

PACE_S = 0.02


def main():
    port, token = int(sys.argv[1]), sys.stdin.readline().strip()
    newest = {"tasks": []}

    def listen():
        for line in sys.stdin:
            newest["tasks"] = json.loads(line)
        newest["tasks"] = None

    threading.Thread(target=listen, daemon=True).start()
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    latencies, number = [], 0
    while (tasks := newest["tasks"]) is not None:
        time.sleep(PACE_S)
        if not tasks:
            continue
        number += 1
        asked = time.monotonic()
        server.request("POST", "/api/describe-job-group", json.dumps({"task_id": tasks[number % len(tasks)]}),
                       {"access-token": token, "Content-Type": "application/json"})
        answer = json.loads(server.getresponse().read())
        if answer["code"] == 200:  # a task that has only just been started has no group yet
            latencies.append(1000 * (time.monotonic() - asked))
    print(json.dumps(latencies))


if __name__ == "__main__":
    main()
