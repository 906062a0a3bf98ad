"""A wire that is cut passes nothing on, not even an end; mended, what was on its way arrives late, or is gone with its
connection; a cut for one user leaves the others alone."""
import select
import socket
import subprocess
import sys
import threading
import unittest

from wires import Wires

DIAL = "import socket,sys; sys.stdin.readline(); s=socket.create_connection(('127.0.0.1', int(sys.argv[1]))); " \
       "s.sendall(b'x'); print(s.recv(1).decode(), flush=True); sys.stdin.readline()"


class Echo:
    """Sends back what it gets."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(peer,), daemon=True).start()

    @staticmethod
    def serve(peer):
        with peer:
            while piece := peer.recv(100):
                peer.sendall(piece)


class WiresTest(unittest.TestCase):
    def setUp(self):
        self.echo, self.wires = Echo(), Wires()
        self.port = self.wires.open("echo", "tcp", "127.0.0.1", self.echo.port, by_user=True)

    def tearDown(self):
        self.wires.close()
        self.echo.listener.close()

    def dial(self):
        peer = socket.create_connection(("127.0.0.1", self.port))
        peer.settimeout(10)
        self.addCleanup(peer.close)
        return peer

    def silent(self, peer):
        peer.settimeout(0.3)
        try:
            with self.assertRaises(TimeoutError):
                peer.recv(1)
        finally:
            peer.settimeout(10)

    def test_what_was_sent_into_a_cut_arrives_late(self):
        peer = self.dial()
        peer.sendall(b"a")
        self.assertEqual(peer.recv(1), b"a")
        self.wires.cut("echo")
        peer.sendall(b"b")
        self.silent(peer)
        self.wires.mend("echo")
        self.assertEqual(peer.recv(1), b"b")

    def test_or_its_connection_breaks(self):
        peer = self.dial()
        peer.sendall(b"a")
        self.assertEqual(peer.recv(1), b"a")
        self.wires.cut("echo")
        peer.sendall(b"b")
        self.wires.mend("echo", reset=True)
        try:
            self.assertEqual(peer.recv(1), b"")
        except ConnectionError:
            pass
        again = self.dial()
        again.sendall(b"c")
        self.assertEqual(again.recv(1), b"c")

    def test_who_connects_in_a_cut_hears_nothing_until_it_is_mended(self):
        self.wires.cut("echo")
        peer = self.dial()
        peer.sendall(b"a")
        self.silent(peer)
        self.wires.mend("echo")
        self.assertEqual(peer.recv(1), b"a")

    @unittest.skipUnless(sys.platform == "linux", "needs /proc")
    def test_one_user_is_cut_and_another_is_not(self):
        users = {}
        for name in ("one", "other"):
            users[name] = subprocess.Popen([sys.executable, "-c", DIAL, str(self.port)], stdin=subprocess.PIPE,
                                           stdout=subprocess.PIPE, text=True)
            self.addCleanup(users[name].stdout.close)
            self.addCleanup(users[name].stdin.close)
            self.addCleanup(users[name].wait)
            self.addCleanup(users[name].kill)
        self.wires.know({name: user.pid for name, user in users.items()})
        self.wires.cut("echo", "one")
        for user in users.values():
            user.stdin.write("\n")
            user.stdin.flush()
        self.assertEqual(users["other"].stdout.readline(), "x\n")
        self.assertEqual(select.select([users["one"].stdout], [], [], 0.3)[0], [])
        self.wires.mend("echo", "one")
        self.assertEqual(users["one"].stdout.readline(), "x\n")


if __name__ == "__main__":
    unittest.main()
