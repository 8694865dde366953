#!/usr/bin/env python3
"""The written explanation against the trace: every number in it is looked up where it says it is.

Nothing here knows how the explanation is made: it reads `narrate --format json` and
`run --format json` of the same scenario, and computes each number anew from the records.
"""
import email
import email.header
import email.policy
import json
import os
import re
import subprocess
import sys

MAILWIRE = os.environ.get("MAILWIRE", "build/release/mailwire")

# Names in which digits are part of the word.
NAMES = re.compile(r"\b(POP3S?|IPv[46]|IMAP4(rev[12])?|RFC \d+|base64|8BITMIME|SMTPUTF8|X\.509|TLS 1\.[23]|UTF-8)\b")
FLAGS = {"inbound": 1, "retransmission": 2, "corrupted": 4, "shared": 8, "first": 16, "altered": 32,
         "encrypted": 64}
SCALE = {"seconds": 1e9, "milliseconds": 1e6}

SCENARIOS = [
    ["office", "--question"],
    ["office", "--level", "expert"],
    ["office", "--level", "short", "--question"],
    ["office", "--receive", "imap", "--set", "networks/uplink/loss=5%"],
    ["tls", "--question"],
    ["webmail"],
    ["cut-bounce"],
    ["greylist-pass"],
    ["nat"],
    ["blocked"],
    ["wrong-language"],
]


def output(*arguments):
    return subprocess.run([MAILWIRE, *arguments], stdout=subprocess.PIPE, check=True).stdout


class Trace:
    """The records of a run, with the meaning that docs/TRACE.md gives them."""

    def __init__(self, arguments):
        options = [a for a in arguments[1:]]
        for name in ("--question", "--level", "expert", "short", "course"):
            while name in options:
                options.remove(name)
        lines = output("run", arguments[0], "--format", "json", *options).splitlines()
        self.records = [json.loads(line) for line in lines if line.startswith(b'{"time_ns"')]
        self.by_id = {record["id"]: record for record in self.records}
        self.rank = {}
        for record in self.records:
            if record["kind"] == "transmit" and record.get("first"):
                self.rank[record["id"]] = len(self.rank) + 1

    def bytes(self, record):
        return bytes.fromhex(record.get("bytes", ""))

    def fits(self, record, where):
        flags = sum(bit for name, bit in FLAGS.items() if record.get(name))
        return (record["kind"] == where["kind"]
                and where.get("layer", record.get("layer")) == record.get("layer")
                and where.get("detail", record.get("detail")) == record.get("detail")
                and flags & where.get("flags", 0) == where.get("flags", 0)
                and where.get("node", record["id"] >> 40) == record["id"] >> 40
                and where.get("root", record.get("root")) == record.get("root")
                and where.get("object", record.get("object")) == record.get("object"))

    def value(self, span):
        """The number that the evidence of a span leads to."""
        record, source = self.by_id[span["record"]], span["source"]
        if source == "time":
            return record["time_ns"]
        if source == "interval":
            return self.by_id[span["until"]]["time_ns"] - record["time_ns"]
        if source == "frame":
            return self.rank[record["id"]]
        if source == "bits":
            data = self.bytes(record)
            whole = int.from_bytes(data, "big")
            return whole >> (8 * len(data) - span["bit"] - span["bits"]) & ((1 << span["bits"]) - 1)
        if source == "count":
            return sum(self.fits(r, span["where"]) for r in self.records)
        if source == "sum":
            return sum(r.get("total_bytes", 0) for r in self.records if self.fits(r, span["where"]))
        return record.get(source, 0)


def printed(value, span):
    """The number as the text should have it."""
    form, text = span["form"], span["text"]
    if form == "ipv4":
        return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    if form == "mac":
        return ":".join(f"{value >> shift & 255:02x}" for shift in range(40, -8, -8))
    if form == "decimal":
        is_amount = span["source"] not in ("bits", "frame")  # ports and frames are names
        return f"{value:,}" if is_amount and value > 9999 else str(value)
    number = re.match(r"[\d.]+", text).group()
    decimals = len(number.partition(".")[2])
    return f"{value / SCALE[form]:.{decimals}f}" + text[len(number):]


def cleaned(data):
    """Bytes as one line of text, as the explanation shows them."""
    text = data.decode("utf-8", "replace").replace("\t", " ")
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def decoded(data, name):
    """A header field (of To with Cc behind it), its words decoded."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    values = [str(email.header.make_header(email.header.decode_header(v)))
              for v in message.get_all(name, [])]
    return re.sub(r"\s+", " ", " ".join(values))


def check_text(trace, span):
    data, text = trace.bytes(trace.by_id[span["record"]]), span["text"]
    if text.endswith("..."):
        text = text[:-3]
    if span["source"] == "decoded":
        words = decoded(data, span["field"]) + ", cc " + decoded(data, "Cc")
        return re.sub(r"\s+", " ", text).lower() in words.lower()
    return text.lower() in cleaned(data).lower()


def check_sentence(trace, sentence):
    text, plain, at = sentence["text"].encode(), b"", 0
    for record in sentence["records"]:
        assert record in trace.by_id, f"no record {record}"
    for span in sentence["spans"]:
        start, end = span["start"], span["start"] + span["length"]
        assert text[start:end].decode() == span["text"]
        if "source" not in span:
            continue
        assert span["record"] in sentence["records"]
        plain, at = plain + text[at:start] + b" _ ", end
        if span["source"] in ("text", "decoded"):
            assert check_text(trace, span), f"not in the record: {span}"
        else:
            expected = printed(trace.value(span), span)
            assert span["text"] == expected, f"{span['text']} should be {expected}: {span}"
    rest = NAMES.sub("", (plain + text[at:]).decode())
    assert not re.search(r"\d", rest), f"a number without evidence: {rest}"
    return len(sentence["spans"])


def check(arguments):
    trace = Trace(arguments)
    story = json.loads(output("narrate", *arguments, "--format", "json"))
    numbers = failures = 0
    for block in story["blocks"]:
        for sentence in block["sentences"]:
            try:
                numbers += check_sentence(trace, sentence)
            except (AssertionError, KeyError) as failure:
                failures += 1
                print(f"{' '.join(arguments)}: {failure!r}\n  {sentence['text']}")
    assert numbers > 50, f"only {numbers} pieces of evidence"
    print(f"{'not ok' if failures else 'ok'}: {' '.join(arguments)}: {numbers} pieces of evidence")
    return failures


def main():
    chosen = [sys.argv[1:]] if len(sys.argv) > 1 else SCENARIOS
    sys.exit(sum(check(arguments) for arguments in chosen) > 0)


if __name__ == "__main__":
    main()
