"""The reader of metrics pages is itself checked: each fault is found, each clean twin is read."""
import unittest

import exposition

GOOD = """# HELP a_total Things.
# TYPE a_total counter
a_total{kind="x",note="a\\"b\\\\c\\nd"} 3
a_total{kind="y"} 0
# HELP b Now.
# TYPE b gauge
b -1.5e-07
# HELP c_seconds Times.
# TYPE c_seconds histogram
c_seconds_count{op="q"} 3
c_seconds_sum{op="q"} 2.5
c_seconds_bucket{op="q",le="0.1"} 1
c_seconds_bucket{op="q",le="+Inf"} 3
# HELP d_total Nothing yet.
# TYPE d_total counter
"""


class Reader(unittest.TestCase):
    def test_reads_what_is_right(self):
        page = exposition.read(GOOD)
        self.assertEqual(list(page), ["a_total", "b", "c_seconds", "d_total"])
        self.assertEqual(page["a_total"].value(kind="y"), 0)
        self.assertEqual(page["a_total"].total(), 3)
        self.assertEqual(page["a_total"].samples[0][1]["note"], 'a"b\\c\nd')
        self.assertEqual(page["c_seconds"].value("_count", op="q"), 3)
        self.assertEqual(page["b"].value(), -1.5e-07)

    def test_finds_every_fault(self):
        for old, new in [
                ("# HELP b Now.\n", ""), ("# TYPE b gauge\n", ""), ("# TYPE b gauge", "# TYPE b gauges"),
                ("# HELP b Now.", "# HELP b "), ("# HELP b Now.", "# HELP a_total Now."), ("b -1.5e-07", "b"),
                ("b -1.5e-07", "b x1"), ("b -1.5e-07", "b{} 1 2 3"), ("b -1.5e-07", "e 1"), ("b -1.5e-07\n", "b 1\nb 1\n"),
                ("b -1.5e-07", "\nb 1"), ('kind="y"} 0', 'kind="y"} -1'), ('kind="y"', "kind=y"), ('kind="y"', 'kind="y'),
                ('kind="y"', 'kind="y",kind="z"'), ('kind="y"', 'kind="x",note="a\\"b\\\\c\\nd"'), ('kind="y"', '1k="y"'),
                ("a_total", "a"), ("# HELP b Now.\n# TYPE b gauge\nb ", "# HELP b_total N.\n# TYPE b_total gauge\nb_total "),
                ('le="+Inf"} 3', 'le="+Inf"} 4'), ('le="0.1"} 1', 'le="0.1"} 9'), ('le="0.1"', 'lo="0.1"'),
                ('c_seconds_bucket{op="q",le="+Inf"} 3\n', ""), ('c_seconds_sum{op="q"} 2.5\n', ""),
                ('c_seconds_sum{op="q"} 2.5', 'c_seconds{op="q"} 2.5'), ("# TYPE d_total counter\n", "# TYPE d_total counter")]:
            with self.subTest(old=old, new=new):
                broken = GOOD.replace(old, new)
                self.assertNotEqual(broken, GOOD)
                with self.assertRaises(exposition.Malformed, msg=broken):
                    exposition.read(broken)


if __name__ == "__main__":
    unittest.main()
