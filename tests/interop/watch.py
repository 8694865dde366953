"""What passes on the wire beside a test: TCP segments as the kernel's side of it sees them."""
import socket
import struct
import threading
from collections import namedtuple

ETH_P_ALL = 3
OUTGOING = 4  # PACKET_OUTGOING of linux/if_packet.h
SO_RCVBUFFORCE = 33

FIN, SYN, RST, ACK = 1, 2, 4, 16

# `sent`: by the kernel. `window` is as the header has it, `length` that of the payload. Options are by
# name: "mss", "scale", "sack permitted", "timestamps" (value, echo), "sack" (blocks).
Segment = namedtuple("Segment", "sent source destination sequence acknowledgment flags window length options "
                                "packet_bytes is_whole has_df")


def parse_options(data):
    found = {}
    while data and data[0] != 0:
        if data[0] == 1:
            data = data[1:]
            continue
        kind, length, value = data[0], data[1], data[2:data[1]]
        if kind == 2:
            found["mss"] = struct.unpack("!H", value)[0]
        elif kind == 3:
            found["scale"] = value[0]
        elif kind == 4:
            found["sack permitted"] = True
        elif kind == 5:
            edges = struct.unpack(f"!{len(value) // 4}I", value)
            found["sack"] = list(zip(edges[::2], edges[1::2]))
        elif kind == 8:
            found["timestamps"] = struct.unpack("!II", value)
        data = data[length:]
    return found


def parse(frame, sent):
    """None when it is no TCP segment, or no first fragment of one."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return None
    total, fragment = struct.unpack_from("!2xH2xH", frame, 14)
    if fragment & 0x1fff:
        return None
    tcp = 14 + (frame[14] & 15) * 4
    source, destination, sequence, acknowledgment, offset, flags, window = struct.unpack_from("!HHIIBBH", frame, tcp)
    header = (offset >> 4) * 4
    return Segment(sent, source, destination, sequence, acknowledgment, flags, window,
                   total - (tcp - 14) - header, parse_options(frame[tcp + 20:tcp + header]),
                   total, not fragment & 0x2000, bool(fragment & 0x4000))


class Watch:
    """Collects the segments that pass, from `with Watch() as watch:` until `watch.stop()`."""

    def __enter__(self):
        self.segments, self.ports, self.is_over = [], set(), False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
        except PermissionError:  # in a user namespace the usual limit holds
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 << 20)
        self.socket.bind(("eth0", ETH_P_ALL))
        self.socket.settimeout(0.1)
        self.thread = threading.Thread(target=self.collect)
        self.thread.start()
        return self

    def collect(self):
        while True:
            try:
                frame, address = self.socket.recvfrom(200)
            except TimeoutError:
                if self.is_over:
                    return
                continue
            segment = parse(frame, address[2] == OUTGOING)
            if segment is not None:
                self.segments.append(segment)

    def follow(self, connection):
        """Of all that passes, only what belongs to this one is wanted. It may be closed later."""
        self.ports = {connection.getsockname()[1], connection.getpeername()[1]}

    def stop(self):
        """Ends when nothing has come for a moment; returns the segments."""
        self.is_over = True
        self.thread.join()
        self.socket.close()
        return [segment for segment in self.segments if {segment.source, segment.destination} == self.ports]

    def __exit__(self, *why):
        if not self.is_over:
            self.stop()
