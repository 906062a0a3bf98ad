#!/usr/bin/env python3
"""The layering check is itself checked: each planted violation must be found, each clean twin must pass."""
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
CHECK = os.path.join(HERE, "check_layering.py")


def run(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, "w", encoding="utf-8") as out:
                out.write(text)
        done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


class Layering(unittest.TestCase):
    def finds(self, path, line):
        code, text = run({path: f"#pragma once\n{line}\n"})
        self.assertEqual(code, 1, f"{path} with {line} was let through:\n{text}")
        self.assertIn(f"{path}:2: ", text)

    def accepts(self, path, line):
        code, text = run({path: f"#pragma once\n{line}\n"})
        self.assertEqual(code, 0, f"{path} with {line}:\n{text}")

    def test_finds_every_forbidden_arrow(self):
        for path, line in [
            ("messages/model/x.hpp", "#include <caf/all.hpp>"),
            ("messages/model/x.hpp", '#include "messages/backend.hpp"'),
            ("messages/x.hpp", '#include "config/options.hpp"'),
            ("config/x.cpp", '#include "telemetry/log.hpp"'),
            ("config/x.cpp", '#include "messages/backend.hpp"'),
            ("telemetry/x.cpp", '#include "config/load.hpp"'),
            ("telemetry/x.cpp", "#include <boost/asio.hpp>"),
            ("persistence/x.cpp", '#include "messages/backend.hpp"'),
            ("persistence/x.cpp", "#include <boost/beast.hpp>"),
            ("persistence/x.cpp", "#include <caf/actor.hpp>"),
            ("provider/x.cpp", "#include <pqxx/pqxx>"),
            ("provider/simulator/x.cpp", '#include "persistence/store.hpp"'),
            ("provider/x.cpp", '#include "actors/engine.hpp"'),
            ("http/x.cpp", "#include <caf/actor.hpp>"),
            ("http/x.cpp", '#include "actors/engine.hpp"'),
            ("http/x.cpp", '#include "persistence/store.hpp"'),
            ("http/x.cpp", '#include "provider/voice_provider.hpp"'),
            ("actors/x.cpp", "#include <pqxx/pqxx>"),
            ("actors/x.cpp", "#include <prometheus/registry.h>"),
            ("http/x.cpp", "#include <prometheus/registry.h>"),
            ("app/x.cpp", "#include <prometheus/registry.h>"),
            ("actors/x.cpp", "#include <boost/beast/http.hpp>"),
            ("actors/x.cpp", "#include <rapidjson/document.h>"),
            ("actors/x.cpp", '#include "persistence/postgres_store.hpp"'),
            ("actors/x.cpp", '#include "provider/outboundbot_client.hpp"'),
            ("actors/x_machine.hpp", "#include <caf/actor.hpp>"),
            ("actors/x_machine.cpp", '#include "actors/engine.hpp"'),
            ("actors/x_machine.cpp", '#include "telemetry/log.hpp"'),
            ("actors/x.cpp", '#include "app/waihud.hpp"'),
            ("http/x.cpp", '#include "app/waihud.hpp"'),
            ("app/x.cpp", '#include "x.hpp"'),
            ("app/x.cpp", "#include <messages/backend.hpp>"),
            ("app/x.cpp", "#include <unheard/of.hpp>"),
            ("app/x.cpp", "#include <gtest/gtest.h>"),
            ("app/x.cpp", '  #  include   "../config/load.hpp"'),
        ]:
            with self.subTest(path=path, line=line):
                self.finds(path, line)

    def test_accepts_what_is_allowed(self):
        for path, line in [
            ("messages/model/x.hpp", "#include <tl/expected.hpp>"),
            ("messages/x.hpp", "#include <caf/all.hpp>"),
            ("config/x.cpp", "#include <toml++/toml.h>"),
            ("telemetry/x.cpp", "#include <prometheus/text_serializer.h>"),
            ("telemetry/x.cpp", '#include "config/options.hpp"'),
            ("persistence/x.cpp", "#include <pqxx/pqxx>"),
            ("provider/x.cpp", "#include <boost/beast.hpp>"),
            ("http/x.cpp", '#include "messages/backend.hpp"'),
            ("actors/x.cpp", '#include "persistence/store.hpp"'),
            ("actors/x_machine.cpp", '#include "messages/model/ids.hpp"'),
            ("actors/x_machine.cpp", "#include <vector>"),
            ("app/x.cpp", '#include "actors/engine.hpp"'),
            ("tests/app/x.cpp", '#include "app/ctl/table.hpp"'),
            ("http/x.cpp", "#include <sys/socket.h>"),
            ("http/x.cpp", "// #include <caf/all.hpp>"),
        ]:
            with self.subTest(path=path, line=line):
                self.accepts(path, line)

    def test_lets_a_machine_use_only_what_is_as_pure_as_itself(self):
        machine = {"actors/x_machine.hpp": '#include "actors/bucket.hpp"\n'}
        self.assertEqual(run({**machine, "actors/bucket.hpp": '#include "messages/model/time.hpp"\n'})[0], 0)
        for line in ['#include "telemetry/log.hpp"', "#include <caf/actor.hpp>", '#include "actors/deeper.hpp"']:
            with self.subTest(line=line):
                code, text = run({**machine, "actors/bucket.hpp": line + "\n",
                                  "actors/deeper.hpp": '#include "config/options.hpp"\n'})
                self.assertEqual(code, 1, text)
                self.assertIn("actors/x_machine.hpp:1: ", text)

    def test_says_when_there_was_nothing_to_check(self):
        self.assertEqual(run({"README": "x"})[0], 2)


if __name__ == "__main__":
    unittest.main()
