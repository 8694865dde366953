#!/usr/bin/env python3
"""The quiz: every answer computed anew from the capture and the trace, and its GIFT read as Moodle does."""
import json
import re
import sys

from interop import SANITIZED, run_cases
from traces import Trace, output

LAYERS = {"ethernet": "Ethernet", "ipv4": "IPv4", "tcp": "TCP"}
ADDRESS = slice(30, 34)  # IPv4 destination behind an Ethernet header


def frame_of(question):
    return int(re.search(r"frame (\d+)", question["question"]).group(1))


def header(trace, question):
    node = re.match(r"Which headers does (\S+) take off", question["question"]).group(1)
    taken = [LAYERS[r["layer"]] for r in trace.at(frame_of(question), node, "decapsulate")]
    if "TCP" in taken and "(encrypted)" in question["question"]:
        taken.append("TLS")  # what its records enclose is said in this frame
    return ", ".join(taken) or "none"


def mac(trace, question):
    node = re.match(r"To which MAC address does (\S+) send", question["question"]).group(1)
    sent = trace.at(frame_of(question), node, "transmit")[0]
    return ":".join(f"{byte:02x}" for byte in trace.bytes(sent)[:6])


def ttl(trace, question):
    node, before = re.search(r"leaves (\S+), which it reaches with (\d+)\?",
                             question["question"]).groups()
    frame = frame_of(question)
    assert trace.bytes(trace.at(frame, node, "receive")[0])[22] == int(before)
    return str(trace.bytes(trace.at(frame, node, "transmit")[0])[22])


def length(trace, question):
    return f"{len(trace.frames[frame_of(question)])} bytes"


def port(trace, question):
    frame = trace.frames[frame_of(question)]
    assert frame[47] & 2, "no SYN"
    return str(int.from_bytes(frame[36:38], "big"))


def address(trace, question):
    return ".".join(str(byte) for byte in trace.frames[frame_of(question)][ADDRESS])


def traffic(trace, question):
    number = int(re.search(r"mail (\d+)", question["question"]).group(1))
    root = next(r["root"] for r in trace.records if r.get("message") == number)
    sent = [len(trace.frames[rank]) for id, rank in trace.rank.items()
            if trace.by_id[id].get("root") == root]
    named = [tuple(map(int, part.split(".."))) for part in
             re.search(r"frame\.number in \{(.*)\}", question["proof"]).group(1).split(", ")]
    proof = sum(len(trace.frames[i]) for part in named for i in range(part[0], part[-1] + 1))
    assert proof == sum(sent), question  # what the display filter shows
    return f"{sum(sent)} bytes"


def holder(trace, question):
    number = int(re.search(r"mail (\d+)", question["question"]).group(1))
    record = trace.by_id[question["record"]]
    assert record["message"] == number
    has = {"composed", "queued", "delivered"}
    later = [r for r in trace.records if r.get("message") == number and r.get("detail") in has
             and r["time_ns"] == record["time_ns"] and r["kind"] == "mail"]
    return f"the {later[-1]['actor']} on {later[-1]['node']}"


def reply(trace, question):
    """The payload of the frame that is said to have the answer must have it."""
    right = re.sub(r"\.\.\.$", "", question["right"])
    if re.match(r"\d{3}[ -]", right):  # another code, not other words behind the same
        assert not any(wrong.startswith(right[:3]) for wrong in question["wrong"]), question
    if re.match(r"\+OK|-ERR", right):
        assert all(re.match(r"\+OK|-ERR|\+ ", wrong) for wrong in question["wrong"]), question
    asked = re.search(r'says "(.*)" \(frame \d+\)', question["question"]).group(1)
    said = re.sub(r"\.\.\.$", "", asked).encode()
    frame = trace.frames[question["frame"]]
    if b"\x17\x03\x03" in frame:  # TLS: what it says is in no capture
        return question["right"]
    assert said in trace.frames[frame_of(question)], asked
    answer = frame[54 + 4 * ((frame[46] >> 4) - 5):].decode("utf-8", "replace")
    assert any(line.startswith(right) for line in answer.split("\r\n")), question
    assert not any(line in answer for line in question["wrong"]), question
    assert not any(line.startswith(right) for line in question["wrong"]), question
    return question["right"]


KINDS = {"header": header, "mac": mac, "ttl": ttl, "length": length, "port": port,
         "address": address, "traffic": traffic, "holder": holder, "reply": reply}


def check(*arguments, count=60):
    trace = Trace(*arguments)
    questions = json.loads(output("quiz", *arguments, "--count", str(count), "--format", "json"))["questions"]
    assert len(questions) > count // 2
    for question in questions:
        answer = KINDS[question["kind"]](trace, question)
        assert answer == question["right"], f"{answer} instead of {question}"
        assert 1 <= len(question["wrong"]) <= 3
        assert len({question["right"], *question["wrong"]}) == 1 + len(question["wrong"]), question
        assert question["record"] in trace.by_id
    return questions


# GIFT, as docs.moodle.org/en/GIFT_format has it: what is escaped is taken out first, as Moodle does.
ESCAPED = {"\\" + c: chr(0xE000 + i) for i, c in enumerate("~=#{}:")}


def unescape(text):
    for escaped, stand_in in ESCAPED.items():
        text = text.replace(stand_in, escaped[1])
    return text.replace("\ue0ff", "\n").replace("\ue0fe", "\\").strip()


def plain(text):
    assert text.startswith("[plain]"), text
    return unescape(text[len("[plain]"):])


def read_gift(text):
    for escaped, stand_in in [("\\\\", "\ue0fe"), *ESCAPED.items(), ("\\n", "\ue0ff")]:
        text = text.replace(escaped, stand_in)
    assert "\\" not in text, "an escape that Moodle does not know"
    category, *blocks = [block for block in re.split(r"\n\s*\n", text) if block.strip()]
    assert category.startswith("$CATEGORY: ")
    questions = []
    for block in blocks:
        whole = re.fullmatch(r"::([^:]*)::([^{}]*)\{([^{}]*)\}\s*", block)
        assert whole, block
        body, general = whole.group(3).split("####")
        answers = re.findall(r"([=~])([^=~#]*)", body)
        assert re.sub(r"[=~][^=~#]*", "", body).strip() == "", body
        questions.append({"question": plain(whole.group(2)), "proof": plain(general.strip()),
                          "right": [plain(a.strip()) for sign, a in answers if sign == "="],
                          "wrong": [plain(a.strip()) for sign, a in answers if sign == "~"]})
    return questions


def check_gift(*arguments):
    wanted = json.loads(output("quiz", *arguments, "--count", "40", "--format", "json"))["questions"]
    found = read_gift(output("quiz", *arguments, "--count", "40", "--format", "gift").decode())
    assert len(found) == len(wanted)
    for gift, question in zip(found, wanted):
        assert gift["right"] == [question["right"]], (gift, question)
        assert sorted(gift["wrong"]) == sorted(question["wrong"])
        assert gift["question"] == question["question"] and gift["proof"] == question["proof"]


def answers_of_the_office_are_in_its_capture():
    kinds = {question["kind"] for question in check("office", count=120)}
    assert kinds == set(KINDS), kinds


def a_frame_is_named_by_what_it_begins_with():
    """Frame and label: "MAIL FROM:<...> and 2 more" where commands are pipelined."""
    trace, named = Trace("office"), 0
    for question in json.loads(output("quiz", "office", "--count", "120", "--format", "json"))["questions"]:
        label = re.search(r"frame (\d+) \((.*?) and (\d+) more\)", question["question"])
        if label is None or not re.match(r"MAIL|RCPT|250", label.group(2)):
            continue
        frame = trace.frames[int(label.group(1))]
        lines = frame[54 + 4 * ((frame[46] >> 4) - 5):].decode().split("\r\n")
        assert lines[0].startswith(label.group(2).removesuffix("...")), question
        assert len(lines) - 2 == int(label.group(3)), question
        named += 1
    assert named > 0


def answers_hold_in_other_runs():
    for name in ("tls", "nat", "cut-bounce", "webmail", "hostile.yaml"):
        check(name)


def gift_says_what_json_says():
    check_gift("office")
    check_gift("hostile.yaml")


def a_seed_draws_the_same_and_another_one_does_not():
    first = output("quiz", "hello", "--seed", "7")
    assert first == output("quiz", "hello", "--seed", "7") != output("quiz", "hello", "--seed", "8")


CASES = [answers_of_the_office_are_in_its_capture, a_frame_is_named_by_what_it_begins_with,
         gift_says_what_json_says,
         a_seed_draws_the_same_and_another_one_does_not]

if __name__ == "__main__":
    sys.exit(run_cases(CASES + ([] if SANITIZED else [answers_hold_in_other_runs])))
