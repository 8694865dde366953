#!/usr/bin/env python3
"""The written explanation against the trace: every number in it is looked up where it says it is.

Nothing here knows how the explanation is made: it reads `narrate --format json` and
`run --format json` of the same scenario, and computes each number anew from the records.
"""
import email
import email.header
import email.policy
import html
import html.parser
import json
import os
import re
import subprocess
import sys
import tempfile

from interop import MAILWIRE, SANITIZED, need, run_cases
from traces import Trace, output

# Names in which digits are part of the word.
NAMES = re.compile(r"\b(POP3S?|IPv[46]|IMAP4(rev[12])?|RFC \d+|base64|8BITMIME|SMTPUTF8|X\.509|TLS 1\.[23]|UTF-8|SCRAM-SHA-\d+|CRAM-MD5)\b")
SCALE = {"seconds": 1e9, "milliseconds": 1e6}

def value_of(trace, span):
    """The number that the evidence of a span leads to."""
    record, source = trace.by_id[span["record"]], span["source"]
    if source == "time":
        return record["time_ns"]
    if source == "interval":
        return trace.by_id[span["until"]]["time_ns"] - record["time_ns"]
    if source == "frame":
        return trace.rank[record["id"]]
    if source == "bits":
        data = trace.bytes(record)
        whole = int.from_bytes(data, "big")
        return whole >> (8 * len(data) - span["bit"] - span["bits"]) & ((1 << span["bits"]) - 1)
    if source == "count":
        return sum(trace.fits(r, span["where"]) for r in trace.records)
    if source == "sum":
        return sum(r.get("total_bytes", 0) for r in trace.records if trace.fits(r, span["where"]))
    return record.get(source, 0)


def printed(value, span):
    """The number as the text should have it."""
    form, text = span["form"], span["text"]
    if form == "ipv4":
        return ".".join(str(value >> shift & 255) for shift in (24, 16, 8, 0))
    if form == "mac":
        return ":".join(f"{value >> shift & 255:02x}" for shift in range(40, -8, -8))
    if form == "hexadecimal":
        return f"0x{value:0{(span['bits'] + 3) // 4}x}"
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
        words = cleaned(words.encode()).replace("\ufffd", ".")  # what acts on a terminal
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
            expected = printed(value_of(trace, span), span)
            assert span["text"] == expected, f"{span['text']} should be {expected}: {span}"
    rest = NAMES.sub("", (plain + text[at:]).decode())
    assert not re.search(r"\d", rest), f"a number without evidence: {rest}"
    return len(sentence["spans"])


def drawn(svg):
    """The texts of a picture as they are read, without the sign that marks a change."""
    for text in re.findall(r"<text[^>]*>(.*?)</text>", svg, re.S):
        yield html.unescape(re.sub(r"<[^>]*>", " ", text)).replace("\u25c2", "").strip()


def squeezed(text):
    return re.sub(r"[\s()\ufffd]+", "", text)


def check_figure(trace, figure):
    """Every number in a picture is in a label of it, and every label in the trace."""
    labels = figure.get("labels", [])
    for label in labels:
        assert label["records"], f"a label without a record: {label}"
        if any("source" in span for span in label["spans"]):
            check_sentence(trace, label)
        else:  # what is decoded, such as of SASL: it is said in its frame, in other words
            assert re.search(r"[a-zA-Z]", label["text"]), f"a number without evidence: {label}"
    texts = [squeezed(label["text"]) for label in labels]
    for text in drawn(figure["svg"]):
        if re.search(r"\d", NAMES.sub("", text)):
            start = squeezed(text.removesuffix("\u2026").split(" (")[0])
            assert any(label.startswith(start) for label in texts), f"without a label: {text}"
    return len(labels)


def check(*arguments, options=(), least=50):
    trace = Trace(*arguments)
    story = json.loads(output("narrate", *arguments, *options, "--format", "json"))
    pieces, failures = 0, []
    for block in story["blocks"]:
        if block["kind"] == "figure":
            pieces += check_figure(trace, block)
        for sentence in block["sentences"]:
            try:
                pieces += check_sentence(trace, sentence)
            except (AssertionError, KeyError) as failure:
                failures.append(f"{failure!r}\n  {sentence['text']}")
    assert not failures, f"{len(failures)} sentences:\n" + "\n".join(failures[:10])
    assert pieces >= least, f"only {pieces} pieces of evidence"
    return "\n".join(" ".join(s["text"] for s in b["sentences"]) for b in story["blocks"])


def every_number_of_the_office_is_in_its_trace():
    text = check("office", options=["--question"], least=700)
    assert "DELE 1" in text and "makes the deletion final" in text
    assert "once more" not in text
    assert "type AAAA" in text and "type TXT" not in text
    brief = text[text.index("brief"):text.index("The network")]
    assert "Mail to the user of alice-pc comes the other way round" in brief
    assert "by IMAP on TCP port 143" in brief and "questions to DNS by UDP" in brief
    assert re.search(r"what crossed in frame \d+ is a copy", text)
    assert re.search(r"\d+, \d+ IMAP 143 carol-pc MUA mail mailbox \d+, \d+", text)


def experts_are_told_more_and_beginners_less():
    expert = check("office", options=["--level", "expert"], least=2000)
    short = check("office", options=["--level", "short", "--question"])
    assert len(expert) > 3 * len(short)


def a_loss_is_told_with_its_retransmission():
    text = check("lossy-mail.yaml")
    assert "is lost on the cable" in text and "once more" in text, text


def without_pop3_nothing_is_deleted():
    text = check("office", "--receive", "imap", options=["--question"])
    assert "DELE" not in text.replace("never says DELE", "") and "UID FETCH" in text
    assert "no message is fetched by POP3 in this run" in text


def tls_tells_what_stays_readable():
    assert "still reads the addresses, the ports" in check("tls", options=["--question"])
    told = output("narrate", "tls").decode()
    inside, headers, frame = re.search(r"to TLS, .*?: (\d+) bytes go to TCP, .*?in front: (.*?)\. "
                                       r"A frame of (\d+) bytes", told).groups()
    assert int(inside) + sum(map(int, re.findall(r"(\d+) bytes", headers))) == int(frame)
    assert "TLS takes its record off" in told and "**TCP** 32, **TLS** |" in told


def webmail_gives_passwords_and_cookies_away():
    text = check("webmail", options=["--question"]).partition("How secure is it?")[2]
    assert "of Alice in frame 100 (HTTP, form, from office-pc to web)" in text
    assert text.count("HTTP, cookie, from office-pc to web") == 1


def every_login_is_judged_and_attacks_are_named():
    text = check("sniffer", options=["--question"])
    assert "that of Bob in frame 106 (POP3, USER, PASS" in text, text
    assert "that of Carol in frame 27 (SMTP, AUTH SCRAM-SHA-256" in text and "is safe" not in text
    assert "from mail to bob-pc: it can be read from frame 115 on" in text
    security = check("starttls-stripped", options=["--question"]).partition("How secure is it?")[2]
    assert "at hotspot overwrites STARTTLS" in security and "in frame 125 (POP3, AUTH PLAIN" in security


def in_order(text, *pieces):
    at = 0
    for piece in pieces:
        assert piece in text[at:], f"not there, or too early: {piece}\n{text}"
        at = text.index(piece, at)


def starttls_is_told_in_its_order():
    in_order(check("tls-cost", "--set", "clients/alice/security=starttls"),
             "speaks first: 220", "asks for encryption by STARTTLS (frame 31)",
             "answers 220 2.0.0 Ready to start TLS (frame 32)", "TLS begins with a ClientHello",
             "a second time, EHLO alice-pc.office.example (frame 36)", "Alice has to log in")
    in_order(check("tls"), "(frame 62)", "STLS asks for encryption (frame 67)",
             "TLS is set up in frames 69 and 70", "begins the login (frame 76)")


def what_a_device_leaves_is_not_said_to_be_deleted_by_it():
    text = output("narrate", "strain", "--level", "short").decode()
    assert "It leaves the message on *mail*" in text and "when it has got it" not in text


def a_router_that_rewrites_is_said_to_look():
    text = check("starttls-stripped")
    assert "it does not look" not in text and "this one looks all the same" in text


def messages_are_named_and_a_cut_cable_has_consequences():
    text = check("link-cut")
    assert 'On mail the message "Hotel" is deleted at' in text
    assert 'has the message "Tickets", by POP3' in text
    assert "what crossed in frame 237 is a copy" in text
    assert "Ivo can read the message all the same, from the copy on the disk of ivo-pc" in text


def a_bounce_is_told():
    text = check("cut-bounce")
    assert "gives up on" in text and "Action: failed" in text
    text = check("unknown-user")
    assert "Here it writes nothing, for the sender wished so: RCPT TO:<bbo@remote.example> NOTIFY=NEVER" in text


def greylisting_and_nat_and_filters_are_told():
    assert "tries again after a while" in check("greylist-pass")
    assert "even TCP's header is rewritten" in check("nat")
    assert "packet filter" in check("blocked")


def questions_for_sender_policies_are_told():
    assert "in records of type TXT" in check("forged-sender-spf")


def what_people_type_is_quoted():
    check("wrong-language")


def hostile_words_are_harmless():
    check("hostile.yaml", options=["--question"])
    page = output("narrate", "hostile.yaml", "--format", "html").decode()
    elements = set()

    class Parser(html.parser.HTMLParser):
        def handle_starttag(self, tag, attributes):
            elements.add(tag)
            assert not [name for name, _ in attributes if name.startswith("on")]

    Parser().feed(page)
    assert not elements & {"script", "img", "i", "iframe", "object"}, elements
    assert "&lt;img src=x onerror=alert(1)&gt;" in page and "\u202e" not in page
    marked = output("narrate", "hostile.yaml").decode()
    assert "\u202e" not in marked and "<img" not in marked.replace("\\<img", "")
    assert "[c](" not in marked.replace("\\[c\\](", "")
    for row in re.findall(r"^\| .*javascript.*$", marked, re.M):
        assert len(re.findall(r"(?<!\\)\|", row)) == 6, row


def files_are_written_as_their_names_say():
    with tempfile.TemporaryDirectory() as folder:
        for name, start in (("a.md", b"# "), ("a.html", b"<!DOCTYPE html>"), ("a.json", b"{")):
            path = os.path.join(folder, name)
            output("narrate", "hello", "-o", path)
            with open(path, "rb") as file:
                assert file.read().startswith(start)
        with open(os.path.join(folder, "a.md"), encoding="utf-8") as file:
            for figure in re.findall(r"\]\(<(.*\.svg)>\)", file.read()):
                assert os.path.exists(os.path.join(folder, figure)), figure
        done = subprocess.run([MAILWIRE, "narrate", "hello", "-o", os.path.join(folder, "a.txt")],
                              stderr=subprocess.PIPE, check=False)
        assert done.returncode == 2 and b"md, html, pdf or json" in done.stderr
        done = subprocess.run([MAILWIRE, "narrate", "hello", "-o", os.path.join(folder, "a.pdf")],
                              env={**os.environ, "PATH": folder}, stderr=subprocess.PIPE, check=False)
        assert done.returncode == 3 and b"WeasyPrint" in done.stderr


def a_pdf_is_the_same_each_time():
    need("weasyprint")
    with tempfile.TemporaryDirectory() as folder:
        made = []
        for name in ("a.pdf", "b.pdf"):
            output("narrate", "hello", "--level", "short", "-o", os.path.join(folder, name))
            with open(os.path.join(folder, name), "rb") as file:
                made.append(file.read())
        assert made[0].startswith(b"%PDF") and made[0] == made[1]


CASES = [
    every_number_of_the_office_is_in_its_trace,
    a_loss_is_told_with_its_retransmission,
    without_pop3_nothing_is_deleted,
    hostile_words_are_harmless,
    files_are_written_as_their_names_say,
]
SLOW = [
    every_login_is_judged_and_attacks_are_named,
    webmail_gives_passwords_and_cookies_away,
    starttls_is_told_in_its_order,
    what_a_device_leaves_is_not_said_to_be_deleted_by_it,
    a_router_that_rewrites_is_said_to_look,
    messages_are_named_and_a_cut_cable_has_consequences,
    experts_are_told_more_and_beginners_less,
    tls_tells_what_stays_readable,
    a_bounce_is_told,
    greylisting_and_nat_and_filters_are_told,
    questions_for_sender_policies_are_told,
    what_people_type_is_quoted,
    a_pdf_is_the_same_each_time,
]

if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(check(*sys.argv[1:]))
    else:
        sys.exit(run_cases(CASES + ([] if SANITIZED else SLOW)))
