#!/usr/bin/env python3
"""The demo's leads are the same every time, messy in every way they promise, and equal in both encodings."""
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest

MAKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../demo/make_leads")


def make(*options):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, MAKER, folder, *options], check=True)
        return {name: open(os.path.join(folder, name), "rb").read() for name in sorted(os.listdir(folder))}


class DemoLeads(unittest.TestCase):
    def setUp(self):
        self.files = make()
        self.expected = json.loads(self.files["expected.json"])
        text = self.files["leads_utf8.csv"].decode("utf-8-sig")
        self.rows = list(csv.DictReader(io.StringIO(text, newline="")))

    def test_are_the_same_bytes_every_time_and_others_with_another_seed(self):
        self.assertEqual(self.files, make())
        self.assertNotEqual(self.files["leads_utf8.csv"], make("--seed", "21")["leads_utf8.csv"])

    def test_are_the_same_rows_in_both_encodings(self):
        self.assertTrue(self.files["leads_utf8.csv"].startswith(b"\xef\xbb\xbf"))
        self.assertEqual(self.files["leads_utf8.csv"].decode("utf-8-sig"), self.files["leads_gb18030.csv"].decode("gb18030"))

    def test_are_500_rows_with_every_kind_of_mess(self):
        self.assertEqual(len(self.rows), 500)
        for kind in ["duplicate_id", "duplicate_phone", "missing_phone", "implausible_phone", "missing_id",
                     "over_long_name", "phone_is_a_word", "quoted_comma", "quotes_in_name", "phone_plus_86",
                     "phone_plus_86_spaced", "phone_dashes", "phone_double_zero_86", "phone_spaces_around"]:
            self.assertGreater(self.expected["made"].get(kind, 0), 0, kind)
        self.assertTrue(any("," in row["leads_user_name"] for row in self.rows))
        self.assertTrue(any('"' in row["leads_user_name"] for row in self.rows))

    def test_every_row_is_accounted_for(self):
        said = self.expected["import"]
        self.assertEqual(sum(said.values()), 500)
        self.assertEqual(said["skipped_count"], self.expected["made"]["duplicate_id"])
        made = self.expected["made"]
        self.assertEqual(said["error_count"], made["missing_id"] + made["over_long_name"] + made["phone_is_a_word"])
        task = self.expected["task"]
        self.assertEqual(len(task["phones"]), task["leads_count"])
        self.assertGreater(task["duplicate_phone"], 0)
        self.assertGreater(task["invalid_phone"], 0)


if __name__ == "__main__":
    unittest.main()
