"""A door of TCP in front of a local server: shut, it refuses connections as a system that is down does."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Gate:
    """Forwards a port of this machine to another one while it is open; the port stays the same."""

    def __init__(self, target):
        self.target = target
        self._lock = threading.Lock()
        self._pairs = set()
        self._listener = None
        self.asked = bytearray()
        """All that clients have sent, when ``keep`` is set: what a spy on the wire would see."""
        self.keep = False
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.open()

    def open(self):
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def shut(self):
        """Refuse new connections, and break those that stand."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # A thread that waits in accept() keeps the port; a shutdown wakes it.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for end in pairs:
            _close(end)

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                _close(client)
                continue
            with self._lock:
                self._pairs |= {client, server}
            for source, sink, kept in ((client, server, self.keep), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, kept), daemon=True).start()

    def _pump(self, source, sink, kept):
        try:
            while data := source.recv(65536):
                if kept:
                    self.asked += data
                sink.sendall(data)
        except OSError:
            pass
        finally:
            with self._lock:
                self._pairs -= {source, sink}
            _close(source)
            _close(sink)


def _close(end):
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
