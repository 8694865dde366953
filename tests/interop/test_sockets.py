#!/usr/bin/env python3
"""What bad, hasty and dying clients do to the servers: each survives, and serves the next one."""
import random
import socket
import struct
import time

from interop import main

PORTS = {"smtp": 25, "submission": 587, "pop3": 110, "imap": 143, "dns": 53}
GREETING = {"smtp": b"220 ", "submission": b"220 ", "pop3": b"+OK ", "imap": b"* OK "}
BYE = {"smtp": b"QUIT\r\n", "submission": b"QUIT\r\n", "pop3": b"QUIT\r\n", "imap": b"z LOGOUT\r\n"}


def connect(service, timeout=10):
    host = "dns.office.example" if service == "dns" else "mail.office.example"
    return socket.create_connection((host, PORTS[service]), timeout)


def read_until(connection, wanted, limit=1_000_000):
    data = b""
    while wanted not in data:
        part = connection.recv(65536)
        assert part, f"closed after {data!r}"
        data += part
        assert len(data) < limit
    return data


def read_to_end(connection):
    parts = []
    while True:
        parts.append(connection.recv(65536))
        if not parts[-1]:
            return b"".join(parts)


def still_serves():
    for service, greeting in GREETING.items():
        with connect(service) as connection:
            assert read_until(connection, b"\r\n").startswith(greeting)
            connection.sendall(BYE[service])
            read_to_end(connection)


def dialogue(service, *lines):
    """Sends each line when the one before is answered; returns the first line of each answer."""
    answers = []
    with connect(service) as connection:
        file = connection.makefile("rb")
        answers.append(file.readline())
        for line in lines:
            connection.sendall(line)
            answer = file.readline()
            while answer[3:4] == b"-":
                answer = file.readline()
            answers.append(answer)
    return answers


# ---- Commands ----

def smtp_takes_lower_case():
    answers = dialogue("smtp", b"ehlo x\r\n", b"mail from:<a@b.example>\r\n",
                       b"rcpt to:<alice@office.example>\r\n", b"data\r\n", b"Subject: x\r\n\r\nx\r\n.\r\n",
                       b"quit\r\n")
    assert [answer[:3] for answer in answers] == [b"220", b"250", b"250", b"250", b"354", b"250", b"221"]


def every_server_takes_bytes_one_by_one():
    scripts = {
        "smtp": b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<alice@office.example>\r\nQUIT\r\n",
        "pop3": b"user alice@office.example\r\npass a-secret\r\nstat\r\nquit\r\n",
        "imap": b"a login alice@office.example a-secret\r\nb select inbox\r\nc logout\r\n",
    }
    last = {"smtp": b"221 ", "pop3": b"+OK", "imap": b"c OK"}
    for service, script in scripts.items():
        with connect(service) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in script:
                connection.send(bytes([byte]))
                time.sleep(0.0005)
            lines = read_to_end(connection).splitlines()
            assert lines[-1].startswith(last[service]), lines


def everything_at_once_is_answered_in_order():
    with connect("smtp") as connection:
        connection.sendall(b"EHLO x\r\n" + 200 * b"NOOP\r\n" +
                           b"MAIL FROM:<a@b.example>\r\nRCPT TO:<alice@office.example>\r\nDATA\r\n")
        read_until(connection, b"354 ")
        connection.sendall(b"Subject: pipelined\r\n\r\n..\r\n.\r\nQUIT\r\n")
        assert read_to_end(connection).endswith(b"Bye\r\n")
    with connect("imap") as connection:
        connection.sendall(b"a LOGIN alice@office.example a-secret\r\nb SELECT INBOX\r\n" +
                           b"".join(b"n%d NOOP\r\n" % n for n in range(200)) + b"c LOGOUT\r\n")
        lines = [line for line in read_to_end(connection).splitlines() if line.startswith(b"n")]
        assert [line.split()[0] for line in lines] == [b"n%d" % n for n in range(200)]
    with connect("pop3") as connection:
        connection.sendall(b"USER alice@office.example\r\nPASS a-secret\r\n" + 200 * b"NOOP\r\n" +
                           b"QUIT\r\n")
        assert read_to_end(connection).count(b"+OK") >= 203


def wrong_commands_are_refused_and_forgiven():
    answers = dialogue("smtp", b"XYZZY\r\n", b"MAIL FROM:<a@b.example>\r\n", b"\r\n", b"HELO\r\n",
                       b"EHLO x\r\n", b"RCPT TO:<alice@office.example>\r\n", b"MAIL TO:<a@b.example>\r\n",
                       b"MAIL FROM:<a@b.example>\r\n", b"DATA\r\n", b"\x00\xff\xfe\r\n", b"QUIT\r\n")
    codes = [answer[:1] for answer in answers]
    assert codes == [b"2", b"5", b"5", b"5", b"5", b"2", b"5", b"5", b"2", b"5", b"5", b"2"], answers
    answers = dialogue("pop3", b"XYZZY\r\n", b"STAT\r\n", b"USER\r\n", b"PASS x\r\n", b"\r\n", b"QUIT\r\n")
    assert [answer[:1] for answer in answers] == [b"+", b"-", b"-", b"-", b"-", b"-", b"+"], answers
    answers = dialogue("imap", b"a XYZZY\r\n", b"b SELECT INBOX\r\n", b"c LOGIN x\r\n", b"LOGIN\r\n",
                       b"\r\n", b"d FETCH 1 (FLAGS)\r\n", b"e NOOP\r\n")
    assert [answer.split()[1] for answer in answers[1:]] == \
        [b"BAD", b"BAD", b"BAD", b"BAD", b"BAD", b"BAD", b"OK"], answers


def lines_that_never_end_are_cut_off():
    for service in GREETING:
        with connect(service) as connection:
            read_until(connection, b"\r\n")
            try:
                for _ in range(200):
                    connection.sendall(10_000 * b"A")
                connection.sendall(b"\r\n" + BYE[service])
                connection.settimeout(5)
                assert len(read_to_end(connection)) < 100_000
            except (ConnectionError, BrokenPipeError):
                pass
    still_serves()


def random_bytes_harm_nobody():
    generator = random.Random(5)
    for service in PORTS:
        for _ in range(20):
            with connect(service) as connection:
                try:
                    connection.settimeout(0.2)
                    for _ in range(5):
                        connection.sendall(generator.randbytes(generator.randrange(1, 3000)))
                    connection.shutdown(socket.SHUT_WR)
                    read_to_end(connection)
                except (OSError, TimeoutError):
                    pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
        for _ in range(500):
            connection.sendto(generator.randbytes(generator.randrange(0, 1400)), ("192.0.2.75", 53))
    still_serves()
    assert socket.gethostbyname("mail.office.example") == "192.0.2.74"


def random_ip_packets_harm_nobody():
    generator = random.Random(6)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        for _ in range(3000):
            protocol = generator.choice([1, 2, 6, 17, 47, generator.randrange(256)])
            payload = generator.randbytes(generator.randrange(0, 200))
            header = struct.pack("!BBHHHBBH4s4s", generator.choice([0x45, 0x45, 0x46, 0x4f, 0x44, 0x65]),
                                 generator.randrange(256), 20 + len(payload), generator.randrange(65536),
                                 generator.choice([0, 0x4000, 0x2000, generator.randrange(65536)]),
                                 generator.choice([64, 1, 2]), protocol, 0,
                                 socket.inet_aton("192.0.2.11"), socket.inet_aton("192.0.2.74"))
            try:
                raw.sendto(header + payload, ("192.0.2.74", 0))
            except OSError:
                pass
    still_serves()


# ---- Frames ----

def random_frames_harm_nobody():
    generator = random.Random(7)
    types = [0x0800, 0x0806, 0x86dd, 0x8100, 0x88a8, 0x0003, 0x88cc, 0x9000]
    targets = [b"\xff" * 6, bytes.fromhex("020000010001"), bytes.fromhex("01005e000001"),
               bytes.fromhex("333300000001"), bytes.fromhex("02deadbeef00")]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind(("eth0", 0))
        for _ in range(3000):
            source = generator.choice([bytes.fromhex("02000001000b"), generator.randbytes(6)])
            frame = generator.choice(targets) + source + struct.pack("!H", generator.choice(types))
            raw.send(frame + generator.randbytes(generator.randrange(0, 1500)))
        raw.send(b"\xff" * 6 + bytes.fromhex("02000001000b") + b"\x08\x00")
    still_serves()


# ---- Ends of connections ----

def fifty_connections_at_once():
    for service, greeting in GREETING.items():
        connections = [connect(service) for _ in range(50)]
        for connection in connections:
            assert read_until(connection, b"\r\n").startswith(greeting)
        for connection in connections:
            connection.sendall(BYE[service])
        for connection in connections:
            read_to_end(connection)
            connection.close()


def clients_close_first_and_at_once():
    for service in GREETING:
        for _ in range(30):
            connect(service).close()
    still_serves()


def clients_reset():
    for service in PORTS:
        for _ in range(30):
            connection = connect(service)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.send(b"EHLO")
            connection.close()
    still_serves()


def clients_half_close():
    """What was asked before is answered, then the server closes its side."""
    script = {
        "smtp": (b"EHLO x\r\nNOOP\r\n", b"250 2.0.0"),
        "pop3": (b"USER alice@office.example\r\nPASS a-secret\r\nSTAT\r\n", b"+OK"),
        "imap": (b"a LOGIN alice@office.example a-secret\r\nb NOOP\r\n", b"b OK"),
    }
    for service, (commands, answer) in script.items():
        with connect(service) as connection:
            connection.sendall(commands)
            connection.shutdown(socket.SHUT_WR)
            lines = read_to_end(connection).splitlines()
            assert any(line.startswith(answer) for line in lines), lines
    still_serves()


def clients_vanish_in_the_middle_of_a_message():
    for _ in range(20):
        connection = connect("smtp")
        connection.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@office.example>\r\nDATA\r\n")
        read_until(connection, b"354 ")
        connection.sendall(b"Subject: never finished\r\n\r\nhal")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
    answers = dialogue("pop3", b"USER bob@office.example\r\n", b"PASS b-secret\r\n", b"STAT\r\n",
                       b"QUIT\r\n")
    assert answers[3].startswith(b"+OK 0 "), answers


def closed_ports_refuse():
    for port in (1, 80, 65535):
        try:
            socket.create_connection(("mail.office.example", port), 5)
            raise AssertionError(f"port {port} is open")
        except ConnectionRefusedError:
            pass
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(5)
        probe.connect(("192.0.2.74", 9999))
        probe.send(b"x")
        try:
            probe.recv(10)
            raise AssertionError("no ICMP error")
        except ConnectionRefusedError:
            pass


def a_reader_that_does_not_read_stops_nobody():
    """A mailbox of 3 MB is asked for ten times over, and not read."""
    with connect("smtp") as connection:
        connection.sendall(b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<carol@office.example>\r\nDATA\r\n")
        read_until(connection, b"354 ")
        connection.sendall(b"Subject: long\r\n\r\n" + 30_000 * (98 * b"x" + b"\r\n") + b".\r\nQUIT\r\n")
        read_to_end(connection)
    slow = connect("imap")
    slow.sendall(b"a LOGIN carol@office.example c-secret\r\nb SELECT INBOX\r\n" +
                 10 * b"c FETCH 1 BODY.PEEK[]\r\n" + b"d LOGOUT\r\n")
    time.sleep(1)
    still_serves()
    data = read_to_end(slow)
    assert data.count(b"c OK") == 10 and b"d OK" in data
    slow.close()


CASES = [
    smtp_takes_lower_case,
    every_server_takes_bytes_one_by_one,
    everything_at_once_is_answered_in_order,
    wrong_commands_are_refused_and_forgiven,
    lines_that_never_end_are_cut_off,
    random_bytes_harm_nobody,
    random_ip_packets_harm_nobody,
    random_frames_harm_nobody,
    fifty_connections_at_once,
    clients_close_first_and_at_once,
    clients_reset,
    clients_half_close,
    clients_vanish_in_the_middle_of_a_message,
    closed_ports_refuse,
    a_reader_that_does_not_read_stops_nobody,
]

if __name__ == "__main__":
    main(CASES, "mail.yaml")
