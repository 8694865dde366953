"""A run's records and packets, for tests that look up what a view claims. Reads docs/TRACE.md's JSON."""
import json
import os
import struct
import subprocess
import tempfile

from interop import MAILWIRE, SANITIZED, scenario

FLAGS = {"inbound": 1, "again": 2, "corrupted": 4, "shared": 8, "first": 16, "altered": 32,
         "encrypted": 64}


def output(*arguments):
    """What mailwire prints; names of files in this folder are found."""
    command = [scenario(a) if a.endswith(".yaml") and "/" not in a else a for a in arguments]
    # Graphviz and Fontconfig leave memory behind, which is not ours to judge.
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"} if SANITIZED else None
    done = subprocess.run([MAILWIRE, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment, check=False)
    # 1: other options than the scenario's, so its expectations may fail.
    assert done.returncode in (0, 1), f"{arguments}: {done.returncode}: {done.stderr.decode()}"
    return done.stdout


class Trace:
    def __init__(self, *arguments):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.pcap")
            lines = output("run", *arguments, "--format", "json", "--pcap", path).splitlines()
            with open(path, "rb") as file:
                self.frames = packets(file.read())
        self.records = [json.loads(line) for line in lines if line.startswith(b'{"time_ns"')]
        self.by_id = {record["id"]: record for record in self.records}
        self.rank = {}
        for record in self.records:
            if record["kind"] == "transmit" and record.get("first"):
                self.rank[record["id"]] = len(self.rank) + 1
        self.packet_of_frame = {rank: self.by_id[id]["packet"] for id, rank in self.rank.items()}

    def bytes(self, record):
        return bytes.fromhex(record.get("bytes", ""))

    def at(self, frame, node, kind):
        """Records of a kind that a node made about the packet of a frame."""
        packet = self.packet_of_frame[frame]
        return [r for r in self.records
                if r["kind"] == kind and r["node"] == node and r.get("packet") == packet]

    def fits(self, record, where):
        flags = sum(bit for name, bit in FLAGS.items() if record.get(name))
        return (record["kind"] == where["kind"]
                and where.get("layer", record.get("layer")) == record.get("layer")
                and where.get("detail", record.get("detail")) == record.get("detail")
                and flags & where.get("flags", 0) == where.get("flags", 0)
                and where.get("node", record["id"] >> 40) == record["id"] >> 40
                and where.get("root", record.get("root")) == record.get("root")
                and where.get("object", record.get("object")) == record.get("object"))


def packets(capture):
    """The packets of a classic pcap file, the first one at 1."""
    found, at = [None], 24
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    while at < len(capture):
        length = struct.unpack_from(order + "I", capture, at + 8)[0]
        found.append(capture[at + 16:at + 16 + length])
        at += 16 + length
    return found
