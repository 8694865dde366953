#!/usr/bin/env python3
"""The simulated TCP and that of the Linux kernel, against each other, in both directions."""
import hashlib
import os
import select
import socket
import struct
import threading
import time

from interop import SANITIZED, main_sessions

BULK_BYTES = 10_000_000 if SANITIZED else 100_000_000

# The services of `--services`.
ECHO, DISCARD, CHARGEN, SUM, SOURCE = 7, 9, 19, 1009, 1019

OPTIONS = {"timestamps": 1, "sack": 2, "window scale": 4}  # TCPI_OPT_ of linux/tcp.h

ROUND = b"".join(bytes(32 + (line + column) % 95 for column in range(72)) + b"\r\n"
                 for line in range(95))


def pattern(length):
    return (ROUND * (length // len(ROUND) + 1))[:length]


def server():
    return os.environ.get("SERVER", "192.0.2.10")


def far():
    os.environ["SERVER"] = "203.0.113.10"


def connect(port, timeout=60):
    return socket.create_connection((server(), port), timeout)


def read_all(connection):
    parts = []
    while True:
        parts.append(connection.recv(1 << 20))
        if not parts[-1]:
            return b"".join(parts)


def options_of(connection):
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return {name for name, bit in OPTIONS.items() if info[5] & bit}


def check_sending(length):
    data = pattern(length)
    with connect(SUM) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        told = read_all(connection).decode().split()
    assert told == [str(length), hashlib.sha256(data).hexdigest()], told


def check_receiving(length):
    with connect(SOURCE) as connection:
        connection.sendall(b"%d\n" % length)
        assert read_all(connection) == pattern(length)


def check_both_at_once(length):
    """Echo: what is sent comes back while more is being sent."""
    data = pattern(length)
    with connect(ECHO) as connection:
        sender = threading.Thread(target=lambda: (connection.sendall(data),
                                                  connection.shutdown(socket.SHUT_WR)))
        sender.start()
        assert read_all(connection) == data
        sender.join()


def bulk_to_the_simulation():
    check_sending(BULK_BYTES)


def bulk_from_the_simulation():
    check_receiving(BULK_BYTES)


def bulk_both_ways_at_once():
    check_both_at_once(BULK_BYTES // 5)


def less_by_the_narrow_way():
    far()
    check_sending(2_000_000)
    check_receiving(2_000_000)
    check_both_at_once(300_000)


def path_mtu_is_found():
    far()
    with connect(SUM) as connection:
        connection.sendall(pattern(50_000))
        connection.shutdown(socket.SHUT_WR)
        read_all(connection)
        assert connection.getsockopt(socket.IPPROTO_IP, 14) == 1000  # IP_MTU


def options_are_negotiated():
    with connect(ECHO) as connection:
        assert options_of(connection) == set(OPTIONS)


def half_close_by_the_client():
    with connect(ECHO) as connection:
        connection.sendall(b"before")
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b"before"


def half_close_by_the_server():
    """It says what it has to say and closes; we still send, and close later."""
    with connect(SOURCE) as connection:
        connection.sendall(b"5\n")
        assert read_all(connection) == pattern(5)
        connection.sendall(b"said after its FIN")
        time.sleep(0.1)
        connection.sendall(b"and again")


def simultaneous_close():
    """Both ends send their FIN before they see the other's."""
    for _ in range(20):
        with connect(SOURCE) as connection:
            connection.sendall(b"0\n")
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == b""


def reset_by_the_client():
    for _ in range(20):
        connection = connect(CHARGEN)
        connection.recv(1000)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    check_receiving(1000)


def unread_data_at_the_end():
    """The kernel answers with RST what comes after close()."""
    for _ in range(20):
        connection = connect(CHARGEN)
        connection.recv(10)
        connection.close()
    check_receiving(1000)


def zero_window_of_the_kernel():
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        connection.settimeout(30)
        connection.connect((server(), SOURCE))
        connection.sendall(b"3000000\n")
        time.sleep(2.5)
        assert read_all(connection) == pattern(3_000_000)


def zero_window_of_the_simulation():
    data = pattern(20_000_000)
    with connect(ECHO) as connection:
        connection.setblocking(False)
        sent = 0
        while select.select([], [connection], [], 1.5)[1]:
            sent += connection.send(data[sent:sent + 65536])
        assert 0 < sent < len(data)
        time.sleep(1.5)
        received = 0
        while received < sent:
            assert select.select([connection], [], [], 10)[0]
            part = connection.recv(1 << 20)
            assert part == data[received:received + len(part)]
            received += len(part)


def slow_reader():
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 20_000)
        connection.settimeout(30)
        connection.connect((server(), SOURCE))
        connection.sendall(b"400000\n")
        parts = []
        while not parts or parts[-1]:
            parts.append(connection.recv(4000))
            time.sleep(0.005)
        assert b"".join(parts) == pattern(400_000)


def small_pieces():
    with connect(ECHO) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(300):
            connection.send(b"%d" % (number % 10))
            assert connection.recv(1) == b"%d" % (number % 10)


def time_wait_is_reused():
    """The simulation closes first, so it waits; the same port connects again and again."""
    for _ in range(5):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            connection.settimeout(5)
            connection.bind(("", 40404))
            connection.connect((server(), SOURCE))
            connection.sendall(b"7\n")
            assert read_all(connection) == pattern(7)
        time.sleep(0.05)


def keepalive_is_answered():
    with connect(ECHO) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                              (socket.TCP_KEEPCNT, 2)):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        time.sleep(4)
        connection.sendall(b"still there?")
        assert connection.recv(100) == b"still there?"


def urgent_data_does_not_disturb():
    with connect(ECHO) as connection:
        connection.sendall(b"abc")
        connection.send(b"!", socket.MSG_OOB)
        connection.sendall(b"def")
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).replace(b"!", b"") == b"abcdef"


def many_short_connections():
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
        ports.write("1024 65535")
    for _ in range(2000):
        with connect(ECHO) as connection:
            connection.sendall(b"hello")
            assert connection.recv(10) == b"hello"


CLEAN = [
    options_are_negotiated,
    bulk_to_the_simulation,
    bulk_from_the_simulation,
    bulk_both_ways_at_once,
    half_close_by_the_client,
    half_close_by_the_server,
    simultaneous_close,
    reset_by_the_client,
    unread_data_at_the_end,
    zero_window_of_the_kernel,
    zero_window_of_the_simulation,
    slow_reader,
    small_pieces,
    time_wait_is_reused,
    keepalive_is_answered,
    urgent_data_does_not_disturb,
    many_short_connections,
]
LOSSY = [bulk_to_the_simulation, bulk_from_the_simulation, bulk_both_ways_at_once]
LONG = [bulk_to_the_simulation, bulk_from_the_simulation, bulk_both_ways_at_once]
NARROW = [less_by_the_narrow_way, path_mtu_is_found]

if __name__ == "__main__":
    services = ("--services", "server")
    main_sessions([("fast.yaml", services, CLEAN), ("lossy.yaml", services, LOSSY),
                   ("long.yaml", services, LONG), ("narrow.yaml", services, NARROW)])
