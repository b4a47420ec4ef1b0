"""Ports for things that are started by address."""

from __future__ import annotations

import socket
import subprocess
import sys

from gateproof.loopback import free_port

ASK = "from gateproof.loopback import free_port; print(*(free_port() for _ in range(150)))"


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as free_port() asks
        taken.bind(("127.0.0.1", free_port()))
        taken.listen()
        assert taken.getsockname()[1] not in {free_port() for _ in range(250)}


def test_a_round_gives_each_port_once() -> None:
    ports = [free_port() for _ in range(100)]
    assert len(set(ports)) == len(ports)


def test_processes_get_different_ports() -> None:
    """More than a block each, at the same time, before anybody listens."""
    alive = "; import sys; sys.stdout.flush(); sys.stdin.read()"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", ASK + alive],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    given = []
    for one in running:
        assert one.stdout is not None
        given.append({int(port) for port in one.stdout.readline().split()})
    for one in running:
        one.communicate()
    assert len(set.union(*given)) == sum(len(ports) for ports in given)
