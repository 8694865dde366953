#!/usr/bin/python3
"""SPF and DKIM with other people's programs: each reads the simulated DNS, and both sides agree.

What the simulated server signs, OpenDKIM and dkimpy verify; what dkimpy signs, it verifies. Mail::SPF and
pyspf come to the results that it writes into Authentication-Results. xmllint judges reports of DMARC.
"""
import email
import gzip
import os
import poplib
import re
import smtplib
import socket
import subprocess

from interop import HERE, MAILWIRE, ROOT, Skipped, main, need, run, within

MESSAGE = """From: Alice <alice@office.example>
To: rupert@remote.example
Subject: {subject}
Date: Mon, 5 Jan 2026 08:00:00 +0000
Message-ID: <{subject}@office.example>

Hello   Rupert,

this is \t a test.


"""


def retrieve(subject):
    """The message in Rupert's maildrop, as bytes with CRLF, once it is there."""
    def look():
        pop = poplib.POP3("mail.remote.example", timeout=20)
        pop.user("rupert@remote.example")
        pop.pass_("r-secret")
        found = None
        for number in range(1, len(pop.list()[1]) + 1):
            message = b"\r\n".join(pop.retr(number)[1]) + b"\r\n"
            if f"Subject: {subject}\r\n".encode() in message:
                found = message
        pop.quit()
        return found
    return within(30, look)


def results(message):
    """What the server found: method to (result, rest of the field)."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", message).decode()
    found = {}
    for line in unfolded.split("\r\n"):
        if line.startswith("Authentication-Results: mail.remote.example;"):
            for part in line.split(";")[1:]:
                method, result = re.match(r" *(\w+)=(\w+)", part).groups()
                found[method] = (result, part)
    return found


def send(message, sender="alice@office.example", helo="pc.office.example"):
    """Straight to the other site, as a mail server would."""
    with smtplib.SMTP("mail.remote.example", 25, local_hostname=helo, timeout=20) as smtp:
        smtp.sendmail(sender, ["rupert@remote.example"], message)


def submit(subject):
    """By the office's own server, which signs; returns what arrived."""
    with smtplib.SMTP("mail.office.example", 587, timeout=20) as smtp:
        smtp.login("alice@office.example", "a-secret")
        smtp.sendmail("alice@office.example", ["rupert@remote.example"],
                      MESSAGE.format(subject=subject).replace("\n", "\r\n").encode())
    return retrieve(subject)


def delivered(message):
    """Without the fields that delivery puts in front, which no signature covers, and LF line ends."""
    return message.replace(b"\r\n", b"\n")


def verify_by_opendkim(message):
    return subprocess.run(["opendkim-testmsg"], input=message, capture_output=True, timeout=60)


def only(message, selector):
    """The message with only the signature of one selector."""
    head, body = message.split(b"\r\n\r\n", 1)
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [field for field in fields if not field.startswith(b"DKIM-Signature:")
            or b"s=" + selector + b";" in field]
    return b"\r\n".join(kept) + b"\r\n\r\n" + body


def our_signatures_verify_in_opendkim():
    need("opendkim-testmsg")
    message = submit("to-opendkim")
    for selector in (b"first", b"third"):
        done = verify_by_opendkim(delivered(only(message, selector)))
        assert done.returncode == 0 and not done.stderr, (selector, done)
        changed = delivered(only(message, selector)).replace(b"Rupert", b"Robert")
        assert verify_by_opendkim(changed).returncode != 0 or verify_by_opendkim(changed).stderr


def our_signatures_verify_in_dkimpy():
    try:
        import dkim
        import dns.resolver
    except ImportError as why:
        raise Skipped(str(why))

    def ask(name, timeout=5):
        answer = dns.resolver.resolve(name.decode().rstrip("."), "TXT")
        return b"".join(list(answer)[0].strings)
    message = submit("to-dkimpy")
    for selector in (b"first", b"second", b"third"):
        one = only(message, selector)
        assert dkim.DKIM(one).verify(dnsfunc=ask), selector
        assert not dkim.verify(one.replace(b"this is", b"that is"), dnsfunc=ask), selector
        assert not dkim.verify(b"From: x@evil.example\r\n" + one, dnsfunc=ask), selector


def rsa_sha1_of_opendkim_does_not_count():
    """opendkim-testmsg signs by rsa-sha1, which RFC 8301 forbids to accept."""
    need("opendkim-testmsg")
    text = MESSAGE.format(subject="from-opendkim").replace("\n", "\r\n")
    signed = subprocess.run(["opendkim-testmsg", "-C", "-d", "office.example", "-s", "rsa", "-k",
                             os.path.join(HERE, "dkim-test-rsa.pem")], input=text.encode(),
                            capture_output=True, timeout=60, check=True).stdout
    assert b"a=rsa-sha1" in signed
    send(signed)
    found = results(retrieve("from-opendkim"))
    assert found["dkim"][0] == "policy", found


def sign_by_dkimpy(subject, selector, key, algorithm, header, body):
    import dkim
    message = MESSAGE.format(subject=subject).replace("\n", "\r\n").encode()
    with open(os.path.join(HERE, key), "rb") as file:
        private = file.read()
    return dkim.sign(message, selector, b"office.example", private,
                     canonicalize=(header, body), signature_algorithm=algorithm) + message


def signatures_of_dkimpy_verify():
    try:
        import dkim
        import nacl  # noqa: F401
    except ImportError as why:
        raise Skipped(str(why))
    kinds = ((b"rsa", "dkim-test-rsa.pem", b"rsa-sha256"),
             (b"ed", "dkim-test-ed25519.key", b"ed25519-sha256"))
    for selector, key, algorithm in kinds:
        for header in (b"simple", b"relaxed"):
            for body in (b"simple", b"relaxed"):
                subject = f"dkimpy-{selector.decode()}-{header.decode()}-{body.decode()}"
                send(sign_by_dkimpy(subject, selector, key, algorithm, header, body))
                found = results(retrieve(subject))
                assert found["dkim"][0] == "pass", (subject, found)


def own_address():
    with socket.create_connection(("mail.remote.example", 25), timeout=20) as connection:
        return connection.getsockname()[0]


def our_results_of_spf_are_those_of_others():
    need("spfquery")
    own = own_address()
    import_failed = None
    try:
        import spf
    except ImportError as why:
        import_failed = why
    for number, sender in enumerate(("office.example", "soft.office.example", "broken.office.example",
                                     "loop.office.example", "void.office.example",
                                     "none.office.example")):
        subject = f"spf-{number}"
        send(MESSAGE.format(subject=subject).replace("\n", "\r\n").encode(), sender=f"a@{sender}")
        ours = results(retrieve(subject))["spf"][0]
        theirs = run("spfquery", "--scope", "mfrom", "--identity", f"a@{sender}", "--ip-address",
                     own, "--helo-identity", "pc.office.example", status=None).split()[0]
        assert ours == theirs, (sender, ours, theirs)
        if import_failed is None:
            theirs = spf.check2(i=own, s=f"a@{sender}", h="pc.office.example")[0]
            assert ours == theirs, (sender, ours, theirs)


def aggregate_reports_are_valid():
    """Those that arrive in scenarios/dmarc-reports.yaml, as xmllint judges them by the schema."""
    need("xmllint")
    for user, domain in (("alice", "bank.example"), ("shop", "shop.example")):
        text = run(MAILWIRE, "mailbox", os.path.join(ROOT, "scenarios", "dmarc-reports.yaml"),
                   "--user", user, "--at", "2h", "--raw", "1")
        part = [part for part in email.message_from_string(text).walk()
                if part.get_content_type() == "application/gzip"][0]
        xml = gzip.decompress(part.get_payload(decode=True)).decode()
        run("xmllint", "--noout", "--nonet", "--schema",
            os.path.join(ROOT, "tests", "protocols", "dmarc_report.xsd"), "-", stdin=xml)
        assert f"<domain>{domain}</domain>" in xml and part.get_filename().endswith(".xml.gz"), xml


CASES = [our_signatures_verify_in_opendkim, our_signatures_verify_in_dkimpy,
         rsa_sha1_of_opendkim_does_not_count, signatures_of_dkimpy_verify,
         our_results_of_spf_are_those_of_others, aggregate_reports_are_valid]

if __name__ == "__main__":
    main(CASES, "authentic.yaml", "--host", "pc")
