"""Full TLS 1.3 handshakes, each with one request over HTTP/1.1, for so many seconds.

No session is ever kept, so that none is taken up again. Prints what came of it as JSON.
"""

import json
import socket
import ssl
import sys
import threading
import time

CLIENTS = 8
PATIENCE = 10.0
REQUEST = b"GET /small HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n"


class Tally:
    """Shared by all clients."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.requests = 0
        self.wrong = 0
        self.why = ""

    def add(self, problem: str) -> None:
        with self.lock:
            if problem:
                self.wrong += 1
                self.why = problem
            else:
                self.requests += 1


def once(context: ssl.SSLContext, port: int) -> str:
    """What went wrong with one; "" if nothing did."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), PATIENCE) as plain,
            context.wrap_socket(plain, server_hostname="bench.test") as sock,
        ):
            if sock.version() != "TLSv1.3" or sock.session_reused:
                return f"{sock.version()}, session reused: {sock.session_reused}"
            sock.sendall(REQUEST)
            answer = sock.recv(65536)
    except OSError as problem:
        return str(problem)
    return "" if answer.startswith(b"HTTP/1.1 200") else repr(answer[:40])


def client(port: int, until: float, tally: Tally) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    while time.monotonic() < until:
        tally.add(once(context, port))


def main() -> int:
    port, seconds = int(sys.argv[1]), float(sys.argv[2])
    tally, begin = Tally(), time.monotonic()
    clients = [
        threading.Thread(target=client, args=(port, begin + seconds, tally)) for _ in range(CLIENTS)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.monotonic() - begin
    print(
        json.dumps(
            {
                "requests": tally.requests,
                "wrong": tally.wrong,
                "why": tally.why,
                "seconds": took,
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
