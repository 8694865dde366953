#!/usr/bin/env python3
"""Real programs against the simulated network: what users type works, and mail stays what it is."""
import base64
import email
import hashlib
import hmac
import imaplib
import os
import poplib
import smtplib
import socket
import subprocess
import tempfile
import time

from interop import in_terminal, main, need, run, within

imaplib._MAXLINE = 10_000_000
poplib._MAXLINE = 10_000

DOTS = "Hi\r\n.dot\r\n..two dots\r\n.\r\n...\r\nend\r\n"


def message(to, subject, text=DOTS, sender="alice@office.example"):
    return f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}"


def letter_of(megabytes):
    """Lines of all lengths that SMTP allows, many of them with dots in front."""
    lines, size = [], 0
    while size < megabytes * 1_000_000:
        length = len(lines) % 990
        line = "." * (len(lines) % 4) + "abcdefghijklmnopqrstuvwxyz0123456789"[len(lines) % 36] * length
        lines.append(line)
        size += len(line) + 2
    return "\r\n".join(lines) + "\r\n"


def submit(to, text, sender="alice@office.example", password="a-secret"):
    with smtplib.SMTP("mail.office.example", 587, timeout=20) as smtp:
        smtp.login(sender, password)
        assert smtp.sendmail(sender, [to], text) == {}


def body_of(raw):
    return raw.split("\r\n\r\n", 1)[1] if isinstance(raw, str) else raw.split(b"\r\n\r\n", 1)[1]


def pop3(user, password):
    box = poplib.POP3("mail.office.example", timeout=20)
    box.user(user)
    box.pass_(password)
    return box


def imap(user, password):
    box = imaplib.IMAP4("imap.office.example", timeout=20)
    box.login(user, password)
    return box


def retrieve_all(user, password):
    """Takes all mail out of the maildrop."""
    box = pop3(user, password)
    count, _ = box.stat()
    mails = [b"\r\n".join(box.retr(i + 1)[1]) + b"\r\n" for i in range(count)]
    for i in range(count):
        box.dele(i + 1)
    box.quit()
    return mails


# ---- Below mail ----

def ping_answers_small_large_and_fragmented():
    need("ping")
    assert " 0% packet loss" in run("ping", "-c", "3", "-i", "0.2", "mail.office.example")
    assert " 0% packet loss" in run("ping", "-c", "2", "-i", "0.2", "-s", "1472", "-M", "do", "mail")
    assert " 0% packet loss" in run("ping", "-c", "3", "-i", "0.2", "-s", "65507", "mail")
    assert "ttl=63" in run("ping", "-c", "1", "mail.remote.example")


def ping_hears_that_nobody_is_there():
    need("ping")
    assert "Unreachable" in run("ping", "-c", "1", "-W", "6", "192.0.2.100", status=1)


def traceroute_names_the_router_and_the_host():
    need("traceroute")
    hops = run("traceroute", "-w", "2", "-q", "1", "mail.remote.example").splitlines()[1:]
    assert "192.0.2.1" in hops[0], hops
    assert "mail.remote.example" in hops[-1] and len(hops) == 2, hops


def dig_by_udp_tcp_and_with_edns():
    need("dig")
    options = ("+time=3", "+tries=1")
    assert run("dig", "+short", *options, "mail.office.example") == "192.0.2.74\n"
    assert run("dig", "+short", "+tcp", *options, "mail.office.example") == "192.0.2.74\n"
    assert run("dig", "+short", *options, "-x", "192.0.2.74") == "mail.office.example.\n"
    assert run("dig", "+short", *options, "mx", "remote.example") == "10 mail.remote.example.\n"
    assert run("dig", "+short", *options, "www.office.example") == \
        "mail.office.example.\n192.0.2.74\n"
    edns = run("dig", "+bufsize=1400", "+nsid", *options, "soa", "office.example")
    assert "EDNS: version: 0" in edns and "status: NOERROR" in edns, edns
    assert "status: BADVERS" in run("dig", "+edns=1", "+noednsnegotiation", *options, "office.example")
    assert "EDNS" not in run("dig", "+noedns", *options, "office.example")
    assert "status: NXDOMAIN" in run("dig", *options, "no.office.example")
    assert "status: NOERROR" in run("dig", *options, "txt", "mail.office.example")
    assert "status: NOTIMP" in run("dig", "+opcode=status", *options, "office.example")


def dig_asks_many_questions_on_one_connection():
    need("dig")
    names = ["mail.office.example", "dns.office.example", "pc.office.example"]
    found = run("dig", "+tcp", "+keepopen", "+short", *names)
    assert found.splitlines() == ["192.0.2.74", "192.0.2.75", "192.0.2.10"], found


def nothing_outside_is_reachable():
    need("ping")
    run("ping", "-c", "1", "-W", "1", "8.8.8.8", status=1)
    assert "NXDOMAIN" in run("dig", "+time=3", "+tries=1", "www.debian.org")


# ---- Mail programs ----

def telnet_speaks_smtp_by_hand():
    """Each line when the one before is answered, as people type."""
    need("telnet")
    telnet = subprocess.Popen(["telnet", "mail.office.example", "25"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for wanted, answer in (("220 ", "HELO x"), ("250 ", "VRFY alice@office.example"), ("25", "QUIT"), ("221 ", None)):
        line = telnet.stdout.readline()
        while line and not line.startswith(wanted):
            line = telnet.stdout.readline()
        assert line.startswith(wanted), (wanted, line)
        if answer is not None:
            telnet.stdin.write(answer + "\n")
            telnet.stdin.flush()
    telnet.communicate(timeout=10)


def curl_sends_and_reads_two_megabytes():
    need("curl")
    text = letter_of(2)
    with tempfile.NamedTemporaryFile("w", newline="") as file:
        file.write(message("bob@office.example", "two megabytes", text))
        file.flush()
        run("curl", "-sS", "smtp://mail.office.example:587/client.example", "--mail-from",
            "alice@office.example", "--mail-rcpt", "bob@office.example", "-u",
            "alice@office.example:a-secret", "-T", file.name)
    options = ("-sS", "-u", "bob@office.example:b-secret")
    by_pop3 = subprocess.run(["curl", *options, "pop3://mail.office.example/1"], timeout=30,
                             capture_output=True, check=True).stdout.decode()
    by_imap = subprocess.run(["curl", *options, "imap://imap.office.example/INBOX;MAILINDEX=1"],
                             timeout=30, capture_output=True, check=True).stdout.decode()
    assert body_of(by_pop3) == text
    assert body_of(by_imap) == text
    retrieve_all("bob@office.example", "b-secret")


def a_file_of_unix_is_the_same_for_all():
    """Bare LF in DATA: lines of the message end in CRLF for whoever reads it, and a line of a dot is one."""
    with socket.create_connection(("mail.office.example", 25), timeout=20) as line:
        said = line.makefile("rb")
        assert said.readline().startswith(b"220 ")
        for command, answer in ((b"HELO x", b"250 "), (b"MAIL FROM:<x@remote.example>", b"250 "),
                                (b"RCPT TO:<nina@office.example>", b"250 "), (b"DATA", b"354 "),
                                (b"Subject: of Unix\n\nitem\n.\n..\nafter the dot\r\n.", b"250 "), (b"QUIT", b"221 ")):
            line.sendall(command + b"\r\n")
            heard = said.readline()
            assert heard.startswith(answer), (command, heard)
    text = b"item\r\n.\r\n..\r\nafter the dot\r\n"
    box = pop3("nina@office.example", "n-secret")
    number, _ = box.stat()
    lines = box.retr(number)[1]
    assert b"\r\n".join(lines).endswith(b"Subject: of Unix\r\n\r\n" + text[:-2]), lines
    assert box.noop().startswith(b"+OK")
    assert box.top(number, 1)[1][-2:] == [b"", b"item"], box.top(number, 1)
    assert box.list(number).split()[-1] == b"%d" % (sum(map(len, lines)) + 2 * len(lines))
    mail = imap("nina@office.example", "n-secret")
    mail.select("INBOX")
    assert mail.fetch(str(number), "(BODY.PEEK[])")[1][0][1] == b"\r\n".join(lines) + b"\r\n"
    assert mail.fetch(str(number), "(BODY.PEEK[TEXT])")[1][0][1] == text
    assert b'"of Unix"' in mail.fetch(str(number), "(ENVELOPE)")[1][0]
    mail.logout()
    box.dele(number)
    box.quit()


def curl_is_told_of_a_wrong_password():
    need("curl")
    run("curl", "-sS", "imap://imap.office.example/INBOX", "-u", "bob@office.example:wrong", status=67)
    run("curl", "-sS", "pop3://mail.office.example/1", "-u", "bob@office.example:wrong", status=67)
    run("curl", "-sS", "smtp://mail.office.example:587", "--mail-from", "bob@office.example",
        "--mail-rcpt", "bob@office.example", "-u", "bob@office.example:wrong", "-T", "/etc/hostname",
        status=67)


def swaks_with_pipelining_and_every_login():
    need("swaks")
    for number, mechanism in enumerate(("PLAIN", "LOGIN", "CRAM-MD5")):
        out = run("swaks", "--server", "mail.office.example:587", "--auth", mechanism, "--au",
                  "alice@office.example", "--ap", "a-secret", "--from", "alice@office.example",
                  "--to", "carol@office.example", "--pipeline", "--header",
                  f"Subject: swaks {number}", "--body", DOTS)
        assert "<-  221" in out, out
    mails = retrieve_all("carol@office.example", "c-secret")
    assert [email.message_from_bytes(mail)["Subject"] for mail in mails] == ["swaks 0", "swaks 1",
                                                                                "swaks 2"]


def swaks_is_refused_relay_and_unknown_users():
    need("swaks")
    server = ("--server", "mail.office.example", "--from", "x@client.example")
    assert "<** 5" in run("swaks", *server, "--to", "y@elsewhere.example", status=24)
    assert "<** 550" in run("swaks", *server, "--to", "nobody@office.example", status=24)


def msmtp_proves_that_it_knows_the_password():
    need("msmtp")
    for mechanism in ("scram-sha-256", "cram-md5", "plain"):
        for password, status in (("l-secret", 0), ("wrong", 77)):
            run("msmtp", "--host=mail.office.example", "--port=587", f"--auth={mechanism}",
                "--user=liam@office.example", f"--passwordeval=echo {password}", "--tls=off",
                "--from=liam@office.example", "--timeout=10", "liam@office.example",
                stdin=message("liam@office.example", mechanism).replace("\r\n", "\n"), status=status)
    mails = retrieve_all("liam@office.example", "l-secret")
    assert len(mails) == 3, mails


def smtplib_asks_for_notifications():
    with smtplib.SMTP("mail.office.example", 587, timeout=10) as server:
        server.ehlo()
        assert server.has_extn("dsn") and server.has_extn("smtputf8")
        server.login("kate@office.example", "k-secret")
        server.sendmail("kate@office.example", ["liam@office.example"],
                        message("liam@office.example", "reported"),
                        mail_options=["RET=HDRS", "ENVID=QQ+2B1"], rcpt_options=["NOTIFY=SUCCESS"])

    def report():
        for mail in retrieve_all("kate@office.example", "k-secret"):
            if b"Action: delivered" in mail:
                return mail
    whole = email.message_from_bytes(within(10, report))
    assert whole.get_content_type() == "multipart/report", whole
    assert whole["Return-Path"] == "<>"
    text, status, header = whole.get_payload()
    assert status.get_payload()[0]["Original-Envelope-Id"] == "QQ+1", status
    assert status.get_payload()[1]["Final-Recipient"] == "rfc822; liam@office.example", status
    assert header.get_content_type() == "text/rfc822-headers"


def msmtp_sends_through_the_relay():
    need("msmtp")
    run("msmtp", "--host=mail.office.example", "--port=587", "--auth=plain",
        "--user=alice@office.example", "--passwordeval=echo a-secret", "--tls=off",
        "--from=alice@office.example", "--timeout=10", "rupert@remote.example",
        stdin=message("rupert@remote.example", "by msmtp").replace("\r\n", "\n"))

    def has_arrived():
        box = poplib.POP3("mail.remote.example", timeout=10)
        box.user("rupert@remote.example")
        box.pass_("r-secret")
        count = box.stat()[0]
        text = b"\r\n".join(box.retr(1)[1]) + b"\r\n" if count else None
        box.quit()
        return text
    assert body_of(within(10, has_arrived)).decode() == DOTS


def fetchmail_takes_mail_by_pop3_and_imap():
    need("fetchmail")
    for protocol in ("POP3", "IMAP"):
        submit("dave@office.example", message("dave@office.example", protocol))
        with tempfile.TemporaryDirectory() as folder:
            control = os.path.join(folder, "rc")
            with open(control, "w") as file:
                file.write(f'poll mail.office.example proto {protocol} user "dave@office.example" '
                           f'pass "d-secret" sslproto "" mda "cat >> {folder}/mail"\n')
            os.chmod(control, 0o600)
            run("fetchmail", "-f", control, "--nosyslog", "-a",
                env={**os.environ, "HOME": folder, "FETCHMAILHOME": folder})
            with open(os.path.join(folder, "mail"), newline="") as file:
                assert body_of(file.read().replace("\r\n", "\n").replace("\n", "\r\n")) == DOTS
    assert retrieve_all("dave@office.example", "d-secret") == []


def curl_logs_in_by_every_mechanism():
    """The options name the mechanism; the answer of a wrong password is that of a right one's absence."""
    need("curl")
    submit("nina@office.example", message("nina@office.example", "by curl"))
    for url in ("pop3://mail.office.example/1", "imap://imap.office.example/INBOX;MAILINDEX=1"):
        for mechanism in ("PLAIN", "LOGIN", "CRAM-MD5"):
            for ir in ([], ["--sasl-ir"]):
                options = ("curl", "-sSv", url, "--login-options", f"AUTH={mechanism}", *ir)
                done = subprocess.run([*options, "-u", "nina@office.example:n-secret"], timeout=20, capture_output=True)
                assert b"Subject: by curl" in done.stdout, done
                assert mechanism.encode() in done.stderr.split(b"\n> A", 1)[1], done.stderr
                wrong = subprocess.run([*options, "-u", "nina@office.example:wrong"], timeout=30, capture_output=True)
                assert wrong.returncode == 67, wrong
    run("curl", "-sSf", "pop3://mail.office.example/1", "--login-options", "AUTH=+APOP", "-u", "nina@office.example:n-secret")


def scram_login(send, receive, begin, user, password):
    """SCRAM-SHA-256 (RFC 7677), computed here; returns what the server says at the end."""
    bare = f"n={user},r=nonce-of-the-client"
    send(begin + base64.b64encode(b"n,," + bare.encode()))
    first = base64.b64decode(receive().removeprefix(b"+ ")).decode()
    nonce, salt, count = (part[2:] for part in first.split(","))
    assert nonce.startswith("nonce-of-the-client") and len(nonce) > len("nonce-of-the-client") + 15
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(count))
    key = hmac.digest(salted, b"Client Key", "sha256")
    final = f"c=biws,r={nonce}"
    all_said = f"{bare},{first},{final}".encode()
    signature = hmac.digest(hashlib.sha256(key).digest(), all_said, "sha256")
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
    send(base64.b64encode(f"{final},p={proof}".encode()))
    answer = receive()
    if not answer.startswith(b"+ "):
        return answer
    wanted = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), all_said, "sha256")
    assert base64.b64decode(answer[2:]) == b"v=" + base64.b64encode(wanted)
    send(b"")
    return receive()


def python_logs_in_by_scram():
    """Neither library knows SCRAM: their connections are used, and the mechanism is written here."""
    submit("nina@office.example", message("nina@office.example", "for scram"))
    for password, by_pop3, by_imap in (("n-secret", b"+OK", b"a1 OK"), ("wrong", b"-ERR [AUTH]", b"a1 NO [AUTHENTICATIONFAILED]")):
        box = poplib.POP3("mail.office.example", timeout=20)
        assert "SCRAM-SHA-256" in box.capa()["SASL"], box.capa()
        said = scram_login(box._putline,
                           lambda: box._getline()[0], b"AUTH SCRAM-SHA-256 ", "nina@office.example", password)
        assert said.startswith(by_pop3), said
        if password != "wrong":
            assert box.stat()[0] > 0
        box.quit()
        box = imaplib.IMAP4("imap.office.example", timeout=20)
        assert "AUTH=SCRAM-SHA-256" in box.capabilities, box.capabilities
        said = scram_login(lambda line: box.send(line + b"\r\n"), lambda: box.readline().strip(),
                           b"a1 AUTHENTICATE SCRAM-SHA-256 ", "nina@office.example", password)
        assert said.startswith(by_imap), said
        box.shutdown()


def imaplib_authenticates_and_breaks_off():
    for mechanism, user in (("CRAM-MD5", None), ("PLAIN", b"\0nina@office.example\0n-secret")):
        box = imaplib.IMAP4("imap.office.example", timeout=20)
        if mechanism == "CRAM-MD5":
            assert box.login_cram_md5("nina@office.example", "n-secret")[0] == "OK"
        else:
            assert box.authenticate(mechanism, lambda _: user)[0] == "OK"
        box.logout()
    box = imaplib.IMAP4("imap.office.example", timeout=20)
    try:
        box.authenticate("PLAIN", lambda _: None)
        raise RuntimeError("was let in")
    except imaplib.IMAP4.error as error:
        assert "aborted" in str(error), error
    box.logout()


def mbsync_keeps_a_maildir_in_step():
    need("mbsync")
    for number in range(5):
        submit("erin@office.example", message("erin@office.example", f"number {number}"))
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(folder, "rc")
        with open(control, "w") as file:
            file.write(f"""IMAPAccount sim
Host imap.office.example
User erin@office.example
Pass e-secret
SSLType None
AuthMechs LOGIN

IMAPStore far
Account sim

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
SyncState *
""")
        os.mkdir(os.path.join(folder, "mail"))
        sync = ("mbsync", "-c", control, "-a")
        run(*sync)
        inbox = os.path.join(folder, "mail", "INBOX")
        new = os.listdir(os.path.join(inbox, "new"))
        assert len(new) == 5, new
        # One is read here, one deleted here, one written here, one folder made here.
        os.rename(os.path.join(inbox, "new", new[0]), os.path.join(inbox, "cur", new[0] + ":2,S"
                  if ":2," not in new[0] else new[0] + "S"))
        os.remove(os.path.join(inbox, "new", new[1]))
        with open(os.path.join(inbox, "cur", "1.1_1.here:2,S"), "w") as file:
            file.write(message("erin@office.example", "written here").replace("\r\n", "\n"))
        for part in ("", "/cur", "/new", "/tmp"):
            os.mkdir(os.path.join(folder, "mail", "Plans") + part)
        run(*sync)
        box = imap("erin@office.example", "e-secret")
        assert box.select("INBOX")[1] == [b"5"]
        assert len(box.search(None, "SEEN")[1][0].split()) == 2
        assert len(box.search(None, "SUBJECT", '"written here"')[1][0].split()) == 1
        assert box.select("Plans")[0] == "OK"
        # And one there.
        box.select("INBOX")
        box.store("1", "+FLAGS", r"(\Flagged)")
        box.logout()
        run(*sync)
        assert any("F" in name.rpartition(",")[2] for name in os.listdir(os.path.join(inbox, "cur")))


def mutt_sends_and_reads():
    need("mutt")
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(folder, "rc")
        with open(control, "w") as file:
            file.write("""set from=alice@office.example realname="Alice" use_from=yes
set smtp_url="smtp://alice%40office.example@mail.office.example:587/" smtp_pass="a-secret"
set imap_user="frank@office.example" imap_pass="f-secret"
set ssl_starttls=no ssl_force_tls=no copy=no imap_check_subscribed=no
set folder=/tmp header_cache="" message_cachedir="" delete=yes move=no wait_key=no quit=yes
""")
        options = ("mutt", "-n", "-F", control)
        with open(os.path.join(folder, "file.bin"), "wb") as file:
            file.write(bytes(range(256)) * 40)
        run(*options, "-s", "by mutt", "-a", os.path.join(folder, "file.bin"), "--",
            "frank@office.example", stdin="See the file.\n", env={**os.environ, "HOME": folder})
        status, shown = in_terminal([*options, "-f", "imap://imap.office.example/INBOX"],
                                    [(2, b"\n"), (3, b"i"), (3.5, b"d"), (4, b"q")])
        assert "by mutt" in shown and "See the file" in shown, shown
        assert status == 0, shown
    box = imap("frank@office.example", "f-secret")
    assert box.select("INBOX")[1] == [b"0"]
    box.logout()


# ---- Python's libraries ----

def smtplib_uses_every_command():
    with smtplib.SMTP("mail.office.example", timeout=10) as smtp:
        code, text = smtp.ehlo("client.example")
        assert code == 250 and b"PIPELINING" in text and b"SIZE" in text and b"8BITMIME" in text
        assert smtp.noop()[0] == 250
        assert smtp.verify("alice")[0] in (250, 252)
        assert smtp.help() is not None
        assert smtp.mail("x@client.example")[0] == 250
        assert smtp.rcpt("grace@office.example")[0] == 250
        assert smtp.rset()[0] == 250
        assert smtp.rcpt("grace@office.example")[0] == 503
        for _ in range(3):
            smtp.sendmail("x@client.example", ["grace@office.example", "heidi@office.example"],
                          message("grace@office.example", "several"))
    assert len(retrieve_all("grace@office.example", "g-secret")) == 3
    assert len(retrieve_all("heidi@office.example", "h-secret")) == 3


def poplib_uses_every_command():
    for number in range(3):
        submit("heidi@office.example", message("heidi@office.example", f"number {number}"))
    box = pop3("heidi@office.example", "h-secret")
    assert "UIDL" in box.capa() and "TOP" in box.capa()
    assert len(box.list()[1]) == 3 and len(box.uidl()[1]) == 3
    top = box.top(2, 1)[1]
    assert top[-1] == b"Hi" and b"Subject: number 1" in top, top
    box.dele(1)
    assert box.stat()[0] == 2
    box.rset()
    assert box.stat()[0] == 3
    assert box.noop().startswith(b"+OK")
    box.dele(2)
    box.quit()
    mails = retrieve_all("heidi@office.example", "h-secret")
    assert [email.message_from_bytes(mail)["Subject"] for mail in mails] == ["number 0", "number 2"]
    box = poplib.POP3("mail.office.example", timeout=10)
    if b"<" in box.getwelcome():
        box.apop("heidi@office.example", "h-secret")
    box.quit()


def imaplib_uses_every_command():
    box = imap("ivan@office.example", "i-secret")
    assert box.create("Plans")[0] == "OK" and box.create("Plans/2026")[0] == "OK"
    for number in range(4):
        text = message("ivan@office.example", f"number {number}").encode()
        assert box.append("Plans", r"(\Seen)" if number else None, None, text)[0] == "OK"
    assert box.select("Plans") == ("OK", [b"4"])
    assert box.search(None, "UNSEEN")[1] == [b"1"]
    assert box.search(None, "OR", "SUBJECT", '"number 1"', "SUBJECT", '"number 3"')[1] == [b"2 4"]
    assert box.uid("SEARCH", "UID", "2:3")[1] == [b"2 3"]
    whole = box.fetch("2", "(UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY.PEEK[])")[1]
    assert whole[0][1] == message("ivan@office.example", "number 1").encode()
    assert b"BODYSTRUCTURE" in box.fetch("1:*", "(BODYSTRUCTURE)")[1][0]
    part = box.fetch("2", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
    assert part[0][1] == b"Subject: number 1\r\n\r\n"
    assert box.fetch("2", "(BODY.PEEK[TEXT]<4.4>)")[1][0][1] == DOTS.encode()[4:8]
    assert box.store("1:2", "+FLAGS", r"(\Deleted)")[0] == "OK"
    assert box.copy("3", "Plans/2026")[0] == "OK"
    assert box.expunge()[1] == [b"1", b"1"]
    assert b"MESSAGES 1 UIDNEXT 2 UNSEEN 0" in \
        box.status("Plans/2026", "(MESSAGES UIDNEXT UNSEEN)")[1][0]
    assert box.rename("Plans/2026", "Done")[0] == "OK"
    assert box.subscribe("Done")[0] == "OK"
    assert any(b"Done" in line for line in box.lsub()[1])
    assert box.list()[0] == "OK" and box.namespace()[0] == "OK"
    assert box.noop()[0] == "OK" and box.check()[0] == "OK"
    assert box.close()[0] == "OK"
    assert box.delete("Done")[0] == "OK"
    assert box.select("Done")[0] == "NO"
    box.logout()


def imaplib_sorts_threads_and_shares():
    box = imap("kim@office.example", "k-secret")
    for number, subject in enumerate(("b", "Re: a", "a")):
        reply = "In-Reply-To: <2@kim>\r\n" if number == 1 else ""
        text = (f"From: kim@office.example\r\nSubject: {subject}\r\nMessage-ID: <{number}@kim>\r\n"
                f"{reply}\r\ntext\r\n").encode()
        assert box.append("INBOX", None, None, text)[0] == "OK"
    box.select("INBOX")
    assert box.sort("(SUBJECT)", "UTF-8", "ALL")[1] == [b"2 3 1"]
    assert box.sort("(REVERSE SIZE)", "UTF-8", "ALL")[1] == [b"2 1 3"]
    assert box.thread("REFERENCES", "UTF-8", "ALL")[1] == [b"(1)(3 2)"]
    assert box.getquotaroot("INBOX")[0] == "OK"
    assert box.getquota("kim@office.example")[1] == [b'kim@office.example (STORAGE 1 1000)']
    assert box.myrights("INBOX")[1] == [b"INBOX lrswipkxteacd"]
    assert box.setacl("INBOX", "max", "lrs")[0] == "OK"
    assert b"max@office.example lrs" in box.getacl("INBOX")[1][0]
    guest = imap("max@office.example", "m-secret")
    assert guest.select("shared/kim@office.example/INBOX") == ("OK", [b"3"])
    assert guest.store("1", "+FLAGS", r"(\Seen)")[0] == "OK"
    assert guest.store("1", "+FLAGS", r"(\Deleted)")[0] == "NO"
    guest.logout()
    assert box.deleteacl("INBOX", "max")[0] == "OK"
    assert box.noop()[0] == "OK"
    assert box.search(None, "SEEN")[1] == [b"1"]
    box.logout()


def imaplib_resynchronises():
    box = imap("lea@office.example", "l-secret")
    for number in range(4):
        text = message("lea@office.example", f"number {number}").encode()
        assert box.append("INBOX", None, None, text)[0] == "OK"
    box.select("INBOX")
    validity = int(box.response("UIDVALIDITY")[1][0])
    known = int(box.response("HIGHESTMODSEQ")[1][0])
    box.create("Archive")
    assert box.uid("MOVE", "2", "Archive")[0] == "OK"
    assert box.store("1", "+FLAGS", r"(\Flagged)")[0] == "OK"
    box.logout()
    again = imap("lea@office.example", "l-secret")
    again.enable("QRESYNC")
    assert again.response("ENABLED")[1] == [b"QRESYNC"]
    again.untagged_responses.clear()
    assert again._simple_command("SELECT", f"INBOX (QRESYNC ({validity} {known}))")[0] == "OK"
    assert again.untagged_responses["VANISHED"] == [b"(EARLIER) 2"]
    fetched = again.untagged_responses["FETCH"]
    assert len(fetched) == 1 and b"UID 1 FLAGS (\\Flagged)" in fetched[0], fetched
    again.state = "SELECTED"
    again.logout()


def curl_moves_and_searches():
    need("curl")
    submit("max@office.example", message("max@office.example", "to be moved"))
    url, user = "imap://imap.office.example/", ("-s", "-u", "max@office.example:m-secret")
    run("curl", *user, url, "-X", "CREATE Done")
    assert "UID ALL 1" in run("curl", *user, url + "INBOX", "-X", "UID SEARCH RETURN (ALL) UNSEEN")
    run("curl", *user, url + "INBOX", "-X", "UID MOVE 1 Done")
    assert "MESSAGES 0" in run("curl", *user, url, "-X", "STATUS INBOX (MESSAGES SIZE)")
    assert "MESSAGES 1" in run("curl", *user, url, "-X", "STATUS Done (MESSAGES)")


def mutt_resynchronises():
    need("mutt")
    submit("max@office.example", message("max@office.example", "still here"))
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(folder, "rc")
        with open(control, "w") as file:
            file.write(f"""set imap_user="max@office.example" imap_pass="m-secret"
set ssl_starttls=no ssl_force_tls=no imap_check_subscribed=no imap_idle=yes
set imap_condstore=yes imap_qresync=yes header_cache="{folder}/headers"
set folder=/tmp message_cachedir="" move=no wait_key=no quit=yes
""")
        command = ("mutt", "-n", "-d", "2", "-F", control, "-f", "imap://imap.office.example/INBOX")
        os.environ["HOME"] = folder
        in_terminal(command, [(2, b"q")])
        status, shown = in_terminal(command, [(2, b"q")])
        assert status == 0 and "still here" in shown, shown
        logs = [name for name in os.listdir(folder) if "debug" in name]
        said = "".join(open(os.path.join(folder, name), errors="replace").read() for name in logs)
        assert "ENABLED QRESYNC" in said and "VANISHED)" in said and "idling" in said, said[-3000:]


def imap_idle_tells_of_new_mail():
    box = imap("judy@office.example", "j-secret")
    box.select("INBOX")
    assert "IDLE" in box.capabilities, box.capabilities
    box.send(b"a1 IDLE\r\n")
    assert box.readline().startswith(b"+")
    submit("judy@office.example", message("judy@office.example", "while idle"))
    assert b"EXISTS" in box.readline()
    box.send(b"DONE\r\n")
    lines = b""
    while b"a1 OK" not in lines:
        lines += box.readline()
    box.logout()


CASES = [
    ping_answers_small_large_and_fragmented,
    ping_hears_that_nobody_is_there,
    traceroute_names_the_router_and_the_host,
    dig_by_udp_tcp_and_with_edns,
    dig_asks_many_questions_on_one_connection,
    nothing_outside_is_reachable,
    telnet_speaks_smtp_by_hand,
    curl_sends_and_reads_two_megabytes,
    a_file_of_unix_is_the_same_for_all,
    curl_is_told_of_a_wrong_password,
    swaks_with_pipelining_and_every_login,
    swaks_is_refused_relay_and_unknown_users,
    msmtp_proves_that_it_knows_the_password,
    smtplib_asks_for_notifications,
    msmtp_sends_through_the_relay,
    fetchmail_takes_mail_by_pop3_and_imap,
    curl_logs_in_by_every_mechanism,
    python_logs_in_by_scram,
    imaplib_authenticates_and_breaks_off,
    mbsync_keeps_a_maildir_in_step,
    mutt_sends_and_reads,
    smtplib_uses_every_command,
    poplib_uses_every_command,
    imaplib_uses_every_command,
    imaplib_sorts_threads_and_shares,
    imaplib_resynchronises,
    curl_moves_and_searches,
    mutt_resynchronises,
    imap_idle_tells_of_new_mail,
]

if __name__ == "__main__":
    main(CASES, "mail.yaml")
