"""The kernel's side of bench/live.sh: talks to the services of a simulated host, and measures."""
import os
import socket
import sys
import time

SERVER = "192.0.2.10"
ECHO, DISCARD, CHARGEN = 7, 9, 19
CLIENTS = 8
IP_BIND_ADDRESS_NO_PORT = 24  # linux/in.h


def measure_sending(seconds):
    data, sent = bytes(1 << 20), 0
    with socket.create_connection((SERVER, DISCARD)) as connection:
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            sent += connection.send(data)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
        return sent * 8 / (time.monotonic() - started) / 1e9


def measure_receiving(seconds):
    room, received = bytearray(1 << 20), 0
    with socket.create_connection((SERVER, CHARGEN)) as connection:
        started = time.monotonic()
        while time.monotonic() - started < seconds:
            received += connection.recv_into(room)
        return received * 8 / (time.monotonic() - started) / 1e9


def connect_until(end, address):
    count = 0
    while time.monotonic() < end:
        with socket.socket() as connection:
            connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((address, 0))
            connection.connect((SERVER, ECHO))
            connection.sendall(b"hello")
            assert connection.recv(16) == b"hello"
            connection.shutdown(socket.SHUT_WR)
            assert connection.recv(16) == b""
        count += 1
    return count


def measure_connections(seconds):
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w") as ports:
        ports.write("1024 65535")
    # An address for each: what waits in the kernel's TIME-WAIT soon takes all ports of one.
    addresses = [f"192.0.2.{100 + number}" for number in range(CLIENTS)]
    for address in addresses:
        os.system(f"ip addr add {address}/24 dev eth0")
    end = time.monotonic() + seconds
    reader, writer = os.pipe()
    for address in addresses:
        if os.fork() == 0:
            os.write(writer, b"%d\n" % connect_until(end, address))
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as results:
        return sum(map(int, results)) / seconds


seconds = float(sys.argv[1])
print(f"kernel to simulation   {measure_sending(seconds):.2f} Gbit/s")
print(f"simulation to kernel   {measure_receiving(seconds):.2f} Gbit/s")
print(f"short connections      {measure_connections(seconds):.0f} per second, by {CLIENTS} clients")
