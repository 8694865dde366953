#!/usr/bin/env python3
"""The simulated TCP and that of the Linux kernel, against each other.

Both send and receive, and either opens the connection: cases that use connect() are also run with the
simulation as the one that calls (`called_by_the_simulation`).
"""
import ctypes
import hashlib
import os
import select
import socket
import struct
import threading
import time

from interop import SANITIZED, main_sessions
from watch import ACK, FIN, RST, SYN, Watch

BULK_BYTES = 10_000_000 if SANITIZED else 100_000_000

# The services of `--services`.
ECHO, DISCARD, CHARGEN, SUM, SOURCE, RESET, PROBE, CALL = 7, 9, 19, 1009, 1019, 1029, 1039, 1049

OPTIONS = {"timestamps": 1, "sack": 2, "window scale": 4}  # TCPI_OPT_ of linux/tcp.h

ROUND = b"".join(bytes(32 + (line + column) % 95 for column in range(72)) + b"\r\n"
                 for line in range(95))


def pattern(length):
    return (ROUND * (length // len(ROUND) + 1))[:length]


def server():
    return os.environ.get("SERVER", "192.0.2.10")


def far():
    os.environ["SERVER"] = "203.0.113.10"


is_called = False  # the simulation opens the connections


def listener(receive_buffer=None, port=0):
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive_buffer is not None:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    door.bind(("", port))
    door.listen(1)
    door.settimeout(20)
    return door


def call(door, service):
    """Has the simulation connect to us for a service; the connection, and who tells how it ended."""
    teller = socket.create_connection((server(), CALL), 60)
    teller.sendall(b"%d %d\n" % (door.getsockname()[1], service))
    connection, _ = door.accept()
    connection.settimeout(60)
    return connection, teller


def connect(service, receive_buffer=None):
    if is_called:
        with listener(receive_buffer) as door:
            return call(door, service)[0]
    connection = socket.socket()
    if receive_buffer is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(60)
    connection.connect((server(), service))
    return connection


def called_by_the_simulation(case):
    def called():
        global is_called
        is_called = True
        try:
            case()
        finally:
            is_called = False
    called.__name__ = case.__name__ + "_called_by_the_simulation"
    return called


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
    """Both ends are on networks that take 1,500 bytes, and learn that 1,000 pass."""
    far()
    with Watch() as watch, connect(ECHO) as connection:
        watch.follow(connection)
        connection.sendall(pattern(50_000))
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == pattern(50_000)
        assert connection.getsockopt(socket.IPPROTO_IP, 14) == 1000  # IP_MTU
        segments = watch.stop()
    from_simulation = [segment for segment in segments if not segment.sent]
    assert all(segment.is_whole and segment.has_df for segment in from_simulation)
    assert max(segment.packet_bytes for segment in from_simulation) == 1000


def options_are_negotiated():
    with connect(ECHO) as connection:
        assert options_of(connection) == set(OPTIONS)


def busiest_bytes(segments, duration_ms=40):
    """The most payload that was sent within this time, by the sender's own clock of timestamps."""
    sent = [(segment.options["timestamps"][0], segment.length) for segment in segments]
    most = total = first = 0
    for time_ms, length in sent:
        total += length
        while time_ms - sent[first][0] > duration_ms:
            total -= sent[first][1]
            first += 1
        most = max(most, total)
    return most


def options_are_used():
    """On the long way: more than 64 KiB under way, and timestamps on all segments, echoed."""
    for is_sending in (True, False):
        with Watch() as watch, connect(SUM if is_sending else SOURCE) as connection:
            watch.follow(connection)
            if is_sending:
                connection.sendall(pattern(20_000_000))
                connection.shutdown(socket.SHUT_WR)
            else:
                connection.sendall(b"20000000\n")
            read_all(connection)
            segments = watch.stop()
        for is_sent in (True, False):
            own = [segment for segment in segments if segment.sent == is_sent]
            opening = [segment for segment in own if segment.flags & SYN]
            later = [segment for segment in own if not segment.flags & (SYN | RST)]
            assert len(opening) == 1 and set(opening[0].options) == {"mss", "scale", "sack permitted", "timestamps"}
            assert opening[0].options["scale"] > 0
            assert all(segment.options["timestamps"][1] != 0 for segment in later)
            if is_sent == is_sending:
                assert busiest_bytes(later) > 200_000, busiest_bytes(later)
            else:
                largest = max(segment.window for segment in later) << opening[0].options["scale"]
                assert largest > 200_000, largest


def repair(length, is_sending):
    """Transfers on a bad way; payload bytes on the wire, and blocks of selective acknowledgments."""
    with Watch() as watch, connect(SUM if is_sending else SOURCE) as connection:
        watch.follow(connection)
        if is_sending:
            connection.sendall(pattern(length))
            connection.shutdown(socket.SHUT_WR)
        else:
            connection.sendall(b"%d\n" % length)
        read_all(connection)
        segments = watch.stop()
    return (sum(segment.length for segment in segments if segment.sent == is_sending),
            sum(len(segment.options.get("sack", ())) for segment in segments if segment.sent != is_sending))


def selective_acknowledgments_are_used():
    """Only what was lost is sent again, hardly more than what the wire lost and doubled.

    A machine that is busy with other things makes acknowledgments late, and that repeats more; not
    three times in a row.
    """
    length = 20_000_000
    for is_sending in (True, False):
        for _ in range(3):
            sent, blocks = repair(length, is_sending)
            assert blocks > 100 and sent >= length, (blocks, sent)
            if sent < 1.02 * length:
                break
        else:
            raise AssertionError(f"{sent} bytes sent for {length}")


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


def both_close_at_once():
    for _ in range(20):
        with connect(SOURCE) as connection:
            connection.sendall(b"0\n")
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == b""


def simultaneous_close():
    """On the long way: FINs cross, so that neither acknowledges the other. Both are acknowledged then."""
    for _ in range(20):
        with Watch() as watch, connect(SOURCE) as connection:
            watch.follow(connection)
            connection.sendall(b"0\n")
            time.sleep(0.025)  # the request needs 20 ms, the FIN as much
            connection.shutdown(socket.SHUT_WR)
            assert read_all(connection) == b""
            segments = watch.stop()
        ends = {segment.sent: segment for segment in segments if segment.flags & FIN}
        behind = {sent: fin.sequence + fin.length + 1 for sent, fin in ends.items()}
        assert len(ends) == 2 and not any(segment.flags & RST for segment in segments)
        for sent in (True, False):
            assert any(segment.acknowledgment == behind[not sent] for segment in segments if segment.sent == sent)
        if all(fin.acknowledgment == behind[not sent] - 1 for sent, fin in ends.items()):
            return
    raise AssertionError("the FINs never crossed")


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def reset_by_the_client():
    for _ in range(20):
        connection = connect(CHARGEN)
        connection.recv(1000)
        reset(connection)
    check_receiving(1000)


def reset_by_the_simulation():
    with Watch() as watch, connect(RESET) as connection:
        watch.follow(connection)
        connection.sendall(b"x")
        try:
            connection.recv(1)
            raise AssertionError("no reset")
        except ConnectionResetError:
            pass
        resets = [segment for segment in watch.stop() if segment.flags & RST]
    assert len(resets) == 1 and not resets[0].sent


def the_simulation_is_told_how_its_connections_end():
    with listener() as door:
        connection, teller = call(door, ECHO)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b"" and read_all(teller) == b"closed\n"
        connection, teller = call(door, CHARGEN)
        connection.recv(1000)
        reset(connection)
        assert read_all(teller) == b"reset\n"
        closed_port = door.getsockname()[1]
    with socket.create_connection((server(), CALL), 60) as teller:
        teller.sendall(b"%d %d\n" % (closed_port, ECHO))
        assert read_all(teller) == b"refused\n"


def unread_data_at_the_end():
    """The kernel answers with RST what comes after close()."""
    for _ in range(20):
        connection = connect(CHARGEN)
        connection.recv(10)
        connection.close()
    check_receiving(1000)


def probes_of(segments, sent):
    """What one end sends against a closed window: nothing or a byte, and the other says 0 again."""
    closed = [index for index, segment in enumerate(segments)
              if segment.sent != sent and segment.window == 0 and not segment.flags & (SYN | RST)]
    assert closed, "the window never closed"
    return [segment for segment in segments[closed[0]:closed[-1]]
            if segment.sent == sent and segment.length <= 1 and segment.flags & ACK]


def zero_window_of_the_kernel():
    with Watch() as watch, connect(SOURCE, receive_buffer=8192) as connection:
        watch.follow(connection)
        connection.sendall(b"300000\n")
        time.sleep(2.5)
        assert read_all(connection) == pattern(300_000)
        segments = watch.stop()
    # By RFC 9293 3.8.6.1 after 200 ms, 400, 800: three and the last one's answer in that time.
    assert 2 <= len(probes_of(segments, sent=False)) <= 8


def zero_window_of_the_simulation():
    data = pattern(20_000_000)
    with Watch() as watch, connect(ECHO) as connection:
        watch.follow(connection)
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
        segments = watch.stop()
    assert len(probes_of(segments, sent=True)) >= 2


def slow_reader():
    with connect(SOURCE, receive_buffer=20_000) as connection:
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


def time_wait_of_the_kernel_is_reused():
    """We close first and wait; of so many calls some come from a port that is waited for."""
    ports = set()
    with listener() as door:
        for _ in range(1000):
            connection, teller = call(door, ECHO)
            ports.add(connection.getpeername()[1])
            connection.sendall(b"hello")
            assert connection.recv(10) == b"hello"
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(10) == b""
            assert read_all(teller) == b"closed\n"
            connection.close()
            teller.close()
    assert len(ports) < 1000


def keepalive_of_the_simulation():
    """Every 0.7 s it asks a silent peer, and gives up one that answers no more."""
    with Watch() as watch, listener() as door:
        connection, teller = call(door, PROBE)
        watch.follow(connection)
        time.sleep(3.1)
        segments = watch.stop()
        if not segments[-1].sent:
            segments.pop()  # a question whose answer was still on its way when we stopped looking
        asked = [segment for segment in segments[3:] if not segment.sent and segment.length <= 1]
        answered = [segment for segment in segments[3:] if segment.sent and segment.flags & ACK]
        assert 3 <= len(asked) <= 5 and len(answered) == len(asked), segments
        drop_input(connection)
        before = time.monotonic()
        assert read_all(teller) == b"timed out\n"
        assert time.monotonic() - before < 5
        connection.close()


class FilterStep(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


def drop_input(connection):
    """No segment reaches this socket any more: a filter that lets nothing pass."""
    nothing = FilterStep(6, 0, 0, 0)  # return 0
    program = struct.pack("HL", 1, ctypes.addressof(nothing))
    connection.setsockopt(socket.SOL_SOCKET, 26, program)  # SO_ATTACH_FILTER


def keepalive_is_answered():
    with Watch() as watch, connect(ECHO) as connection:
        watch.follow(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 1), (socket.TCP_KEEPINTVL, 1),
                              (socket.TCP_KEEPCNT, 2)):
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
        time.sleep(4)
        segments = watch.stop()[3:]
        assert len([segment for segment in segments if segment.sent]) >= 2
        assert len([segment for segment in segments if not segment.sent]) >= 2
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


def in_both_roles(*cases):
    return [role for case in cases for role in (case, called_by_the_simulation(case))]


BULK = in_both_roles(bulk_to_the_simulation, bulk_from_the_simulation, bulk_both_ways_at_once)
CLEAN = [
    options_are_negotiated,
    *BULK,
    *in_both_roles(half_close_by_the_client, half_close_by_the_server, both_close_at_once,
                   reset_by_the_client, reset_by_the_simulation, unread_data_at_the_end),
    the_simulation_is_told_how_its_connections_end,
    *in_both_roles(zero_window_of_the_kernel, zero_window_of_the_simulation, slow_reader, small_pieces),
    time_wait_is_reused,
    time_wait_of_the_kernel_is_reused,
    *in_both_roles(keepalive_is_answered, urgent_data_does_not_disturb),
    keepalive_of_the_simulation,
    many_short_connections,
]
LOSSY = BULK
BAD = [*BULK, *in_both_roles(selective_acknowledgments_are_used)]
LONG = [*BULK, *in_both_roles(options_are_used, simultaneous_close)]
NARROW = in_both_roles(less_by_the_narrow_way, path_mtu_is_found)

if __name__ == "__main__":
    services = ("--services", "server")
    main_sessions([("fast.yaml", services, CLEAN), ("lossy.yaml", services, LOSSY),
                   ("long.yaml", services, LONG), ("bad.yaml", services, BAD),
                   ("narrow.yaml", services, NARROW)])
