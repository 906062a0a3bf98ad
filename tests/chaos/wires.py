#!/usr/bin/env python3
"""Wires between processes that can be cut: a TCP port for each, behind which the real address is. A cut is silence, as of
a network that swallows packets: nothing is passed on, not even that an end has closed, and who connects hears nothing. When
it is mended, what was on its way arrives late, or the connections of the cut break ("reset").

Runs as a process of its own, which takes one JSON order a line from standard input and answers each with a line; `Wires` is
the handle that a test holds. A wire may be cut for one of several users only, known by their process ids (Linux: the owner
of the socket that connects)."""
import asyncio
import json
import os
import subprocess
import sys
import threading

PIECE = 65536


class Gate:
    """Open, or closed for whatever passes through it."""

    def __init__(self):
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.inside = {}  # connections that pass through it: their tasks, and their ends


async def passable(gates):
    """Returns once all of them are open at the same time."""
    while closed := [gate for gate in gates if not gate.is_open.is_set()]:
        await closed[0].is_open.wait()


def owner_of_port(port, pids):
    """The key of `pids` whose process holds the connecting socket with this local port."""
    inode = None
    with open("/proc/net/tcp") as table:
        for line in table:
            part = line.split()
            if part[1].endswith(f":{port:04X}") and part[0] != "sl" and not part[2].endswith(":0000"):
                inode = f"socket:[{part[9]}]"
                break
    for user, pid in pids.items():
        folder = f"/proc/{pid}/fd"
        try:
            if inode and any(os.readlink(f"{folder}/{fd}") == inode for fd in os.listdir(folder)):
                return user
        except OSError:
            continue  # it has ended, or closed the file meanwhile
    return None


class Exchange:
    """All wires of one test."""

    def __init__(self):
        self.gates, self.pids, self.names = {}, {}, {}
        self.servers = []

    def gate(self, name):
        return self.gates.setdefault(name, Gate())

    async def open(self, name, to, at, by_user):
        server = await asyncio.start_server(lambda r, w: self.serve(name, to, by_user, r, w), *at, limit=PIECE)
        self.servers.append(server)
        return server.sockets[0].getsockname()[1]

    async def serve(self, name, to, by_user, reader, writer):
        """One connection, from its acceptance to its end."""
        gates = [self.gate(name)]
        if by_user:
            user = owner_of_port(writer.get_extra_info("peername")[1], self.pids)
            if user is not None:
                gates.append(self.gate(f"{user}>{name}"))
        task, both = asyncio.current_task(), [writer]
        for gate in gates:
            gate.inside[task] = both
        try:
            await passable(gates)
            onward = asyncio.open_unix_connection(to[1]) if to[0] == "unix" else asyncio.open_connection(to[1], to[2])
            far_reader, far_writer = await onward
            both.append(far_writer)
            await asyncio.gather(self.pump(reader, far_writer, gates), self.pump(far_reader, writer, gates))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for gate in gates:
                gate.inside.pop(task, None)
            for end in both:
                end.transport.abort()

    @staticmethod
    async def pump(reader, writer, gates):
        while True:
            try:
                piece = await reader.read(PIECE)
            except OSError:
                await passable(gates)
                raise
            await passable(gates)
            if not piece:
                if writer.can_write_eof():
                    writer.write_eof()
                return
            writer.write(piece)
            await writer.drain()

    async def order(self, what):
        if "open" in what:
            return {"port": await self.open(what["open"], what["to"], what["at"], what["by_user"])}
        if "users" in what:
            self.pids = what["users"]
        elif "cut" in what:
            self.gate(what["cut"]).is_open.clear()
        elif "mend" in what:
            gate = self.gate(what["mend"])
            if what.get("reset"):
                for task, ends in list(gate.inside.items()):
                    for end in ends:
                        end.transport.abort()
                    task.cancel()
            gate.is_open.set()
        elif "count" in what:
            return {"connections": len(self.gate(what["count"]).inside)}
        return {}


async def main():
    exchange = Exchange()
    loop = asyncio.get_running_loop()
    orders = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    while line := await orders.readline():
        print(json.dumps(await exchange.order(json.loads(line))), flush=True)


class Wires:
    """The process and its orders. Any thread."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.turn = threading.Lock()

    def ask(self, **order):
        with self.turn:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())

    def open(self, name, *to, at=("127.0.0.1", 0), by_user=False):
        """`to`: "unix", path or "tcp", host, port. `at`: where it listens. `by_user`: it may be cut for single users. Gives
        the port."""
        return self.ask(open=name, to=to, at=at, by_user=by_user)["port"]

    def know(self, pids):
        """{user: process id}, for cuts of single users; of connections that are made from now on."""
        self.ask(users=pids)

    def cut(self, name, user=None):
        self.ask(cut=f"{user}>{name}" if user else name)

    def mend(self, name, user=None, reset=False):
        self.ask(mend=f"{user}>{name}" if user else name, reset=reset)

    def connections(self, name, user=None):
        return self.ask(count=f"{user}>{name}" if user else name)["connections"]

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


if __name__ == "__main__":
    asyncio.run(main())
