#!/usr/bin/env python3
"""Real TLS clients find a real TLS server: they verify it by the scenario's authority, and refuse it."""
import imaplib
import os
import poplib
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from interop import MAILWIRE, in_terminal, main, need, run, scenario, within

HOST = {"smtp": "smtp.office.example", "imap": "imap.office.example", "pop": "pop.office.example"}
AUTHORITY = os.path.join(tempfile.gettempdir(), "mailwire-interop-ca.pem")


def authority():
    run(MAILWIRE, "show", scenario("tls.yaml"), "--ca", AUTHORITY)
    return AUTHORITY


def context(**options):
    made = ssl.create_default_context(cafile=authority())
    for name, value in options.items():
        setattr(made, name, value)
    return made


def s_client(host, port, *options, say="QUIT\r\n", status=0):
    need("openssl")
    return run("openssl", "s_client", "-connect", f"{host}:{port}", "-servername", host,
               "-verify_hostname", host, "-CAfile", authority(), "-verify_return_error", *options,
               stdin=say, status=status, timeout=60)


def submit(smtp, subject):
    smtp.login("alice@office.example", "a-secret")
    assert smtp.sendmail("alice@office.example", ["bob@office.example"],
                         f"Subject: {subject}\r\n\r\nHello.\r\n") == {}
    smtp.quit()


def bob_has(subject):
    box = imaplib.IMAP4_SSL(HOST["imap"], ssl_context=context(), timeout=60)
    box.login("bob@office.example", "b-secret")
    box.select()
    found = box.search(None, "SUBJECT", subject)[1][0]
    text = box.fetch(found.split()[0], "(BODY[])")[1][0][1].decode() if found else ""
    box.logout()
    return text


def openssl_verifies_implicit_tls():
    for host, port in ((HOST["smtp"], 465), (HOST["imap"], 993), (HOST["pop"], 995)):
        text = s_client(host, port, say="")
        assert "Verify return code: 0 (ok)" in text, text[-1500:]


def openssl_verifies_starttls():
    for kind, host, port in (("smtp", HOST["smtp"], 587), ("smtp", HOST["smtp"], 25), ("smtp", HOST["smtp"], 2525),
                             ("imap", HOST["imap"], 143), ("pop3", HOST["pop"], 110)):
        text = s_client(host, port, "-starttls", kind, say="")
        assert "Verify return code: 0 (ok)" in text, text[-1500:]
        assert "TLSv1.3" in text, text[-1500:]


def openssl_gets_the_version_it_asks_for():
    assert "TLSv1.2" in s_client(HOST["smtp"], 465, "-tls1_2", say="")
    s_client(HOST["smtp"], 465, "-tls1_1", "-cipher", "ALL@SECLEVEL=0", say="", status=1)


AEAD = {"-tls1_3": ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"],
        "-tls1_2": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                    "ECDHE-ECDSA-CHACHA20-POLY1305"]}


def openssl_gets_aead_with_forward_secrecy_alone():
    """Each of these alone, and nothing of all the others that openssl knows; no ticket, no compression."""
    for version, option in (("-tls1_3", "-ciphersuites"), ("-tls1_2", "-cipher")):
        for suite in AEAD[version]:
            text = s_client(HOST["smtp"], 465, version, option, suite, say="")
            assert f"Cipher is {suite}" in text and "Compression: NONE" in text, text[-1500:]
            assert "session ticket:" not in text, text[-1500:]
    known = run("openssl", "ciphers", "-tls1_2", "ALL:COMPLEMENTOFALL@SECLEVEL=0").strip().split(":")
    others = [name for name in known if name not in AEAD["-tls1_2"]]
    assert len(others) > 30, known
    s_client(HOST["smtp"], 465, "-tls1_2", "-cipher", ":".join(others) + ":@SECLEVEL=0", say="", status=1)
    s_client(HOST["smtp"], 465, "-tls1_3", "-groups", "P-521:X448", say="", status=1)


def renegotiation_is_refused():
    need("openssl")
    client = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"{HOST['smtp']}:465", "-tls1_2", "-CAfile", authority()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not client.stdout.readline().startswith("220"):
        pass
    client.stdin.write("R\n")  # alone in what is read: the letter that asks for it
    client.stdin.flush()
    try:
        errors = client.communicate(timeout=60)[1]
    finally:
        client.kill()
    assert "no renegotiation" in errors, errors[-1500:]


def explain_decrypts_what_openssl_said():
    """A key update of the client is in it: with TLS 1.3 the line "K" asks for one."""
    need("dumpcap", "openssl")
    for version in ("-tls1_3", "-tls1_2"):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o777)
            capture, keys = os.path.join(folder, "s.pcapng"), os.path.join(folder, "keys.txt")
            sniffer = subprocess.Popen(["dumpcap", "-q", "-i", "any", "-f", "tcp port 465", "-w", capture],
                                       stderr=subprocess.PIPE, text=True)
            while "File:" not in (line := sniffer.stderr.readline()):
                assert line, "dumpcap says nothing"
            client = subprocess.Popen(
                ["openssl", "s_client", "-connect", f"{HOST['smtp']}:465", "-CAfile", authority(),
                 "-crlf", version, "-keylogfile", keys],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            while not client.stdout.readline().startswith("220"):
                pass
            for say in (["K\n"] if version == "-tls1_3" else []) + ["EHLO test.example\n", "NOOP\n"]:
                client.stdin.write(say)
                client.stdin.flush()
                time.sleep(0.2)
            client.communicate(timeout=60)
            time.sleep(0.6)  # dumpcap reads what it was given but now and then
            sniffer.terminate()
            sniffer.communicate(timeout=20)
            text = run(MAILWIRE, "explain", capture, "--keylog", keys)
        for words in (" EHLO test.example", " 250-", " NOOP", " 250 2.0.0", "Finished, encrypted"):
            assert words in text, f"no {words} with {version} in: {text[-3000:]}"
        assert ("KeyUpdate, encrypted" in text) == (version == "-tls1_3"), text[-3000:]
        assert "could not be" not in text, text[-300:]


def python_submits_by_starttls():
    with smtplib.SMTP(HOST["smtp"], 587, timeout=60) as smtp:
        smtp.ehlo()
        assert smtp.has_extn("starttls") and not smtp.has_extn("auth")
        smtp.starttls(context=context())
        smtp.ehlo()
        assert not smtp.has_extn("starttls") and smtp.has_extn("auth")
        submit(smtp, "by-starttls")
    text = within(20, lambda: bob_has("by-starttls"))
    assert "with ESMTPSA id" in text and "(using TLSv1.3 with cipher" in text, text


def python_submits_by_implicit_tls():
    with smtplib.SMTP_SSL(HOST["smtp"], 465, context=context(), timeout=60) as smtp:
        submit(smtp, "implicit")
    assert within(20, lambda: bob_has("implicit"))


def python_reads_by_pop3():
    box = poplib.POP3(HOST["pop"], timeout=60)
    assert "STLS" in box.capa() and "USER" not in box.capa()
    box.stls(context=context())
    assert "STLS" not in box.capa()
    box.user("carol@office.example")
    box.pass_("c-secret")
    box.quit()
    box = poplib.POP3_SSL(HOST["pop"], context=context(), timeout=60)
    box.user("carol@office.example")
    box.pass_("c-secret")
    assert box.stat()[0] == 0
    box.quit()


def python_reads_by_imap():
    box = imaplib.IMAP4(HOST["imap"], timeout=60)
    assert "STARTTLS" in box.capabilities and "LOGINDISABLED" in box.capabilities
    try:
        box.login("carol@office.example", "c-secret")
        raise AssertionError("logged in without TLS")
    except imaplib.IMAP4.error as error:
        assert "PRIVACYREQUIRED" in str(error), error
    box.starttls(ssl_context=context())
    assert "LOGINDISABLED" not in box.capabilities
    box.login("carol@office.example", "c-secret")
    assert box.select()[0] == "OK"
    box.logout()


def curl_sends_and_fetches():
    need("curl")
    run("curl", "--silent", "--show-error", "--cacert", authority(), f"smtps://{HOST['smtp']}",
        "--user", "alice@office.example:a-secret", "--mail-from", "alice@office.example",
        "--mail-rcpt", "bob@office.example", "-T", "-", stdin="Subject: from-curl\r\n\r\nHi\r\n",
        timeout=60)
    assert within(20, lambda: bob_has("from-curl"))
    run("curl", "--silent", "--show-error", "--cacert", authority(), "--ssl-reqd",
        f"pop3://{HOST['pop']}", "--user", "bob@office.example:b-secret", timeout=60)
    listed = run("curl", "--silent", "--show-error", "--cacert", authority(),
                 f"imaps://{HOST['imap']}", "--user", "bob@office.example:b-secret", timeout=60)
    assert "INBOX" in listed, listed


def letter(subject, to="carol@office.example"):
    return f"From: alice@office.example\nTo: {to}\nSubject: {subject}\n\nHello.\n"


def box_of_carol():
    box = imaplib.IMAP4_SSL(HOST["imap"], ssl_context=context(), timeout=60)
    box.login("carol@office.example", "c-secret")
    box.select()
    return box


def swaks_and_msmtp_verify_and_send():
    """By STARTTLS and by TLS from the first byte; with another authority they do not."""
    need("swaks", "msmtp")
    for port, way in ((587, "--tls"), (465, "--tls-on-connect")):
        said = run("swaks", "--server", HOST["smtp"], "--port", str(port), way, "--tls-verify", "--tls-ca-path",
                   authority(), "--auth", "PLAIN", "--au", "alice@office.example", "--ap", "a-secret", "--from",
                   "alice@office.example", "--to", "carol@office.example", "--header", f"Subject: swaks {port}")
        assert "TLS started with cipher TLSv1.3" in said, said
        begin = "--tls-starttls=" + ("on" if port == 587 else "off")
        for trusted, status in ((authority(), 0), ("/etc/ssl/certs/ca-certificates.crt", 69)):
            if not os.path.exists(trusted):
                continue
            run("msmtp", f"--host={HOST['smtp']}", f"--port={port}", "--auth=plain", "--tls=on", begin,
                f"--tls-trust-file={trusted}", "--user=alice@office.example", "--passwordeval=echo a-secret",
                "--from=alice@office.example", "--timeout=10", "carol@office.example",
                stdin=letter(f"msmtp {port}"), status=status)
    box = box_of_carol()
    for subject in ("swaks 587", "swaks 465", "msmtp 587", "msmtp 465"):
        assert len(box.search(None, "SUBJECT", f'"{subject}"')[1][0].split()) == 1, subject
    box.store("1:*", "+FLAGS", r"(\Deleted)")
    box.expunge()
    box.logout()


def put(subject):
    with smtplib.SMTP_SSL(HOST["smtp"], 465, context=context(), timeout=60) as smtp:
        smtp.login("alice@office.example", "a-secret")
        smtp.sendmail("alice@office.example", ["carol@office.example"], letter(subject))


def fetchmail_verifies_and_fetches():
    """By POP3 and IMAP, from the first byte and by STLS; with no authority to trust it fetches nothing."""
    need("fetchmail")
    ways = [("POP3", "pop", "ssl"), ("POP3", "pop", "sslproto tls1.2+"), ("IMAP", "imap", "ssl"),
            ("IMAP", "imap", "sslproto tls1.2+")]
    for protocol, host, security in ways:
        put(f"{protocol} {security}")
        with tempfile.TemporaryDirectory() as folder:
            for trusted, status in (("/dev/null", None), (authority(), 0)):
                control = os.path.join(folder, "rc")
                with open(control, "w") as file:
                    file.write(f'poll {HOST[host]} proto {protocol} user "carol@office.example" pass "c-secret" '
                               f'{security} sslcertck sslcertfile {trusted} sslcertpath {folder} '
                               f'mda "cat >> {folder}/mail"\n')
                os.chmod(control, 0o600)
                run("fetchmail", "-f", control, "--nosyslog", "-a", status=status,
                    env={**os.environ, "HOME": folder, "FETCHMAILHOME": folder})
                there = os.path.exists(os.path.join(folder, "mail"))
                assert there == (status == 0), (protocol, security, trusted)
            with open(os.path.join(folder, "mail")) as file:
                assert f"Subject: {protocol} {security}" in file.read()


def mbsync_verifies_and_fetches():
    need("mbsync")
    for number, kind in enumerate(("IMAPS", "STARTTLS")):
        put(f"by {kind}")
        with tempfile.TemporaryDirectory() as folder:
            for certificates, status in (("", 1), (f"CertificateFile {authority()}", 0)):
                control = os.path.join(folder, "rc")
                with open(control, "w") as file:
                    file.write(f"""IMAPAccount sim
Host {HOST["imap"]}
User carol@office.example
Pass c-secret
SSLType {kind}
SystemCertificates no
AuthMechs LOGIN
{certificates}

IMAPStore far
Account sim

MaildirStore near
Path {folder}/mail/
Inbox {folder}/mail/INBOX

Channel all
Far :far:
Near :near:
Create Both
SyncState *
""")
                os.makedirs(os.path.join(folder, "mail"), exist_ok=True)
                run("mbsync", "-c", control, "-a", status=status)
            assert len(os.listdir(os.path.join(folder, "mail", "INBOX", "new"))) == number + 1


def mutt_verifies_and_reads():
    need("mutt")
    with tempfile.TemporaryDirectory() as folder:
        control = os.path.join(folder, "rc")
        with open(control, "w") as file:
            file.write(f"""set from=alice@office.example use_from=yes copy=no move=no wait_key=no quit=yes delete=no
set smtp_url="smtps://alice%40office.example@{HOST["smtp"]}:465/" smtp_pass="a-secret"
set imap_user="carol@office.example" imap_pass="c-secret" imap_check_subscribed=no
set ssl_force_tls=yes ssl_ca_certificates_file="{authority()}" certificate_file="{folder}/none"
set folder=/tmp header_cache="" message_cachedir=""
""")
        options = ("mutt", "-n", "-F", control)
        run(*options, "-s", "by mutt", "--", "carol@office.example", stdin="Read me.\n",
            env={**os.environ, "HOME": folder}, timeout=30)
        status, shown = in_terminal([*options, "-f", f"imaps://{HOST['imap']}/INBOX"],
                                    [(1.5, b"*\n"), (2.2, b"i"), (2.5, b"q")])
        assert status == 0 and "by mutt" in shown and "Read me" in shown, shown
        status, shown = in_terminal([*options, "-f", f"imap://{HOST['imap']}/INBOX"], [(1.5, b"q")])
        assert status == 0 and "by mutt" in shown, shown  # by STARTTLS: TLS is forced


def a_wrong_name_is_refused():
    need("curl")
    address = socket.gethostbyname(HOST["smtp"])
    run("curl", "--silent", "--cacert", authority(), "--resolve", f"wrong.example:465:{address}",
        "smtps://wrong.example", timeout=60, status=60)


def an_expired_certificate_is_refused():
    try:
        smtplib.SMTP_SSL("smtp.old.example", 465, context=context(), timeout=60)
        raise AssertionError("it was trusted")
    except ssl.SSLCertVerificationError as error:
        assert "expired" in str(error), error


def plaintext_behind_starttls_is_thrown_away():
    """CVE-2011-0411: what comes in the same segment must not be run when TLS is there."""
    with socket.create_connection((HOST["smtp"], 587), timeout=60) as plain:
        stream = plain.makefile("rb")
        stream.readline()
        plain.sendall(b"EHLO me\r\n")
        while stream.readline()[3:4] == b"-":
            pass
        plain.sendall(b"STARTTLS\r\nNOOP injected\r\nEHLO evil\r\n")
        assert stream.readline().startswith(b"220")
        with context().wrap_socket(plain, server_hostname=HOST["smtp"]) as tls:
            tls.sendall(b"MAIL FROM:<alice@office.example>\r\n")
            reply = tls.recv(1000)
            assert reply.startswith(b"503"), reply  # no EHLO was said in TLS
            tls.sendall(b"QUIT\r\n")
            assert tls.recv(1000).startswith(b"221")


def fifty_clients_at_once():
    failures = []

    def talk():
        try:
            box = imaplib.IMAP4_SSL(HOST["imap"], ssl_context=context(), timeout=120)
            started.wait(120)
            assert box.noop()[0] == "OK"
            box.logout()
        except Exception as error:  # told by the main thread
            failures.append(error)

    started = threading.Barrier(50)
    threads = [threading.Thread(target=talk) for _ in range(50)]
    authority()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


CASES = [openssl_verifies_implicit_tls, openssl_verifies_starttls,
         openssl_gets_the_version_it_asks_for, openssl_gets_aead_with_forward_secrecy_alone,
         renegotiation_is_refused, explain_decrypts_what_openssl_said,
         python_submits_by_starttls, python_submits_by_implicit_tls, python_reads_by_pop3,
         python_reads_by_imap, curl_sends_and_fetches, swaks_and_msmtp_verify_and_send,
         fetchmail_verifies_and_fetches, mbsync_verifies_and_fetches, mutt_verifies_and_reads, a_wrong_name_is_refused,
         an_expired_certificate_is_refused, plaintext_behind_starttls_is_thrown_away,
         fifty_clients_at_once]

if __name__ == "__main__":
    main(CASES, "tls.yaml", timeout=600)
