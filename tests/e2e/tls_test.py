"""TLS of the whole daemon: a renewed certificate after SIGHUP, an unusable one, starts that must not succeed."""
import http.client
import os
import signal
import ssl
import subprocess
import unittest

from harness import BIN, Daemon, Scenario, wait_for


class TlsDaemon(Daemon):
    def connect(self):
        """An HTTPS connection that stays open, and the certificate it was shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=5, context=context)
        connection.connect()
        return connection, connection.sock.getpeercert(binary_form=True)

    def healthy(self):
        if self.process.poll() is not None:
            raise AssertionError(f"waihud ended with {self.process.returncode}:\n{self.tail()}")
        try:
            connection, _ = self.connect()
        except OSError:
            return False
        with_answer = is_healthy(connection)
        connection.close()
        return with_answer


def is_healthy(connection):
    connection.request("GET", "/api/health")
    answer = connection.getresponse()
    answer.read()
    return answer.status == 200


class Tls(Scenario):
    def setUp(self):
        super().setUp()
        self.certificate, self.key = (os.path.join(self.folder, name) for name in ("server.pem", "server.key"))
        self.make_pair()
        self.daemon = TlsDaemon(self.folder, self.store_url, self.sim.url,
                                {"http.tls_certificate": self.certificate, "http.tls_key": self.key})

    def make_pair(self, key=None):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "30", "-subj", "/CN=localhost", "-keyout", key or self.key, "-out", self.certificate],
                       check=True, capture_output=True)

    def hang_up(self, event, times):
        self.daemon.process.send_signal(signal.SIGHUP)
        wait_for(f"{event} the {times}. time", lambda: self.daemon.log_text().count(event) >= times, 15)

    def test_a_renewed_certificate_is_shown_after_hang_up_while_old_connections_go_on(self):
        self.daemon.start()
        old, first = self.daemon.connect()
        self.assertTrue(is_healthy(old))
        self.make_pair()
        self.hang_up("http.tls_identity_loaded", 2)
        fresh, second = self.daemon.connect()
        self.assertNotEqual(first, second)
        self.assertTrue(is_healthy(fresh))
        self.assertTrue(is_healthy(old), "the old connection goes on")
        # A certificate whose key has not come yet: refused by name, and the one before stays.
        self.make_pair(key=self.key + ".elsewhere")
        self.hang_up("daemon.reload_refused", 1)
        self.assertIn(self.key + " does not belong to the certificate", self.daemon.log_text())
        self.assertEqual(self.daemon.connect()[1], second)
        os.replace(self.key + ".elsewhere", self.key)
        self.hang_up("http.tls_identity_loaded", 3)
        self.assertNotIn(self.daemon.connect()[1], (first, second))
        for connection in (old, fresh):
            connection.close()
        self.assertEqual(self.daemon.stop(10), 0, self.daemon.tail())

    def test_a_pair_that_is_none_is_refused_before_the_start_with_file_and_cure(self):
        self.make_pair(key=self.key + ".elsewhere")
        for more in ([], ["--check-config"]):
            done = subprocess.run([BIN / "waihud", *self.daemon.flags, *more], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"http.tls_key: {self.key} does not belong", done.stderr)
            self.assertIn("Cure: ", done.stderr)


if __name__ == "__main__":
    unittest.main()
