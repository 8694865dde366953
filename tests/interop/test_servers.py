#!/usr/bin/env python3
"""The other way: simulated users, and a real Postfix and a real Dovecot for them to talk to."""
import glob
import os
import poplib
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
import time

from interop import MAILWIRE, Skipped, main, need, run, scenario, within

FOLDER = None

MASTER = """smtp inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
tlsmgr unix - - n 1000? 1 tlsmgr
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
proxymap unix - - n - - proxymap
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.real.example
mydestination =
inet_interfaces = all
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
maillog_file = {folder}/postfix.log
maillog_file_prefixes = /tmp
alias_maps =
alias_database =
virtual_mailbox_domains = real.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {{ peter@real.example = peter/ }}, {{ ira@real.example = ira/ }} }}
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/cert.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_loglevel = 1
smtpd_tls_received_header = yes
smtp_tls_security_level = verify
smtp_tls_CAfile = {folder}/ca.pem
smtp_tls_loglevel = 1
tlsmgr_service_name = tlsmgr
"""

VALUES = {}  # of the configuration

DOVECOT = """protocols = imap pop3
listen = *
base_dir = {folder}/dovecot
state_dir = {folder}/dovecot
log_path = {folder}/dovecot.log
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
"""


def write(name, text):
    path = os.path.join(FOLDER, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(text)
    return path


def log(name):
    try:
        with open(os.path.join(FOLDER, name)) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write_dovecot(values, mechanisms):
    return write("dovecot.conf", DOVECOT.format(**values, mechanisms=mechanisms))


def start_servers():
    global FOLDER
    need("postfix", "dovecot")
    with open("/proc/self/uid_map") as users:
        if len(users.read().split()) < 3 or os.geteuid() != 0:
            raise Skipped("Postfix and Dovecot start as root only")
    try:
        os.setgroups(os.getgroups())
        user = pwd.getpwnam("mail")
        os.chown(tempfile.mkdtemp(), user.pw_uid, user.pw_gid)
    except (OSError, KeyError):
        raise Skipped("Postfix and Dovecot need the users of the system, so real root") from None
    # A short path: names of sockets are.
    FOLDER = tempfile.mkdtemp(prefix="mw-", dir="/tmp")
    os.chmod(FOLDER, 0o755)
    values = VALUES
    values.update({"folder": FOLDER, "uid": user.pw_uid, "gid": user.pw_gid})
    issued = run(MAILWIRE, "show", scenario("servers.yaml"), "--issue",
                 "mx.real.example,imap.real.example,pop.real.example")
    for part, name in (("CERTIFICATE", "cert.pem"), ("PRIVATE KEY", "key.pem")):
        write(name, re.search(f"-----BEGIN {part}.*END {part}-----\n", issued, re.DOTALL).group())
    run(MAILWIRE, "show", scenario("servers.yaml"), "--ca", f"{FOLDER}/ca.pem")
    write("postfix/main.cf", MAIN.format(**values))
    write("postfix/master.cf", MASTER)
    write("users", "peter:p-secret\nira:i-secret\n")
    conf = write_dovecot(values, "plain login cram-md5 scram-sha-256")
    for name in ("queue", "data", "mail"):
        os.mkdir(os.path.join(FOLDER, name))
    os.chown(os.path.join(FOLDER, "mail"), user.pw_uid, user.pw_gid)
    postfix = pwd.getpwnam("postfix")
    os.chown(os.path.join(FOLDER, "data"), postfix.pw_uid, postfix.pw_gid)
    os.system(f"cd {FOLDER} && postfix -c {FOLDER}/postfix start >{FOLDER}/start.log 2>&1")
    os.system(f"dovecot -c {conf} >>{FOLDER}/start.log 2>&1")


def stop_servers():
    if FOLDER is None:
        return
    subprocess.run(["postfix", "-c", f"{FOLDER}/postfix", "stop"], capture_output=True, timeout=30)
    subprocess.run(["dovecot", "-c", f"{FOLDER}/dovecot.conf", "stop"], capture_output=True, timeout=30)
    shutil.rmtree(FOLDER, ignore_errors=True)


def mails(user, part):
    return glob.glob(f"{FOLDER}/mail/{user}/{part}/*")


def the_simulated_server_delivers_to_postfix():
    start_servers()
    try:
        within(20, lambda: log("postfix.log").count("status=sent") >= 2)
    except AssertionError:
        raise AssertionError(log("start.log") + log("postfix.log")) from None
    found = within(2, lambda: mails("ira", "new") + mails("ira", "cur"))
    with open(found[0]) as file:
        text = file.read()
    assert "Dear all,\n.dots\n..and more\n" in text, text
    assert "from mail.office.example" in text and "by mx.real.example" in text, text
    within(5, lambda: "NOQUEUE: reject" in log("postfix.log"))  # nobody@real.example


def the_simulated_server_verifies_postfix_and_delivers_by_starttls():
    """Its policy is `verify`: it would not deliver else. Postfix tells so, and in its Received header."""
    if FOLDER is None:
        raise Skipped("Postfix does not run")
    assert "TLS connection established from mail.office.example[192.0.2.11]: TLSv1.3" in log("postfix.log"), \
        log("postfix.log")
    found = within(2, lambda: mails("ira", "new") + mails("ira", "cur"))
    with open(found[0]) as file:
        assert "using TLSv1.3 with cipher" in file.read()


def the_simulated_sides_refuse_what_has_another_name():
    """Server and client break off with an alert, and neither message nor password is said."""
    if FOLDER is None:
        raise Skipped("Postfix does not run")
    for name, what in (("postfix.log", "SSL_accept error from mail.office.example[192.0.2.11]"),
                       ("postfix.log", "alert bad certificate"), ("dovecot.log", "alert bad certificate")):
        try:
            within(20, lambda: what in log(name))
        except AssertionError:
            raise AssertionError(what + "\n" + log(name)) from None
    assert "wrong.example" not in log("postfix.log"), log("postfix.log")
    for session in sessions_that_broke_off():
        told = [line for line in log("dovecot.log").splitlines() if f"session=<{session}>" in line]
        assert len(told) == 1 and "user=<>" in told[0] and "TLS handshaking" in told[0], told


def sessions_that_broke_off():
    """As Dovecot calls those with the alert; a password would make another line, or its user's name in this one."""
    found = re.findall(r"alert bad certificate.*session=<(.*)>", log("dovecot.log"))
    assert found, log("dovecot.log")
    return found


def postfix_verifies_the_simulated_server():
    """By the scenario's authority: its policy is `verify`, so that it would not deliver else."""
    if FOLDER is None:
        raise Skipped("Postfix does not run")
    with smtplib.SMTP("127.0.0.1", 25, timeout=10) as smtp:
        smtp.sendmail("ira@real.example", ["bob@office.example"], "Subject: Verified\r\n\r\nHello.\r\n")
    try:
        within(20, lambda: "to=<bob@office.example>" in log("postfix.log"))
    except AssertionError:
        raise AssertionError(log("postfix.log")) from None
    text = log("postfix.log")
    assert "Verified TLS connection established to mail.office.example[192.0.2.11]:25: TLSv1.3" in text, text
    box = poplib.POP3("mail.office.example", timeout=10)
    box.user("bob@office.example")
    box.pass_("b-secret")
    text = b"\n".join(box.retr(1)[1])
    box.quit()
    assert b"Subject: Verified" in text and b"with ESMTPS id" in text, text


def the_simulated_users_read_over_tls_from_dovecot():
    if FOLDER is None:
        raise Skipped("Dovecot does not run")
    for protocol, count in (("imap", 2), ("pop3", 1)):
        try:
            within(20, lambda: len([line for line in log("dovecot.log").splitlines()
                                    if f"{protocol}-login: Info: Login: user=<ira>" in line and ", TLS," in line]) >= count)
        except AssertionError:
            raise AssertionError(log("dovecot.log")) from None


def the_simulated_user_retrieves_by_pop3_from_dovecot():
    if FOLDER is None:
        raise Skipped("Dovecot does not run")
    within(20, lambda: "del=1/1" in log("dovecot.log"))
    within(5, lambda: not mails("peter", "new") and not mails("peter", "cur"))
    assert "retr=1/" in log("dovecot.log") and "del=1/1" in log("dovecot.log"), log("dovecot.log")


def the_simulated_user_reads_by_imap_from_dovecot():
    if FOLDER is None:
        raise Skipped("Dovecot does not run")
    try:
        within(20, lambda: any("S" in name.rpartition(",")[2] for name in mails("ira", "cur")))
    except AssertionError:
        raise AssertionError(log("dovecot.log")) from None
    time.sleep(0.2)
    assert "Error" not in log("dovecot.log"), log("dovecot.log")


def the_simulated_users_log_in_by_what_dovecot_offers():
    """The strongest first; then the configuration takes it away, and then the next."""
    if FOLDER is None:
        raise Skipped("Dovecot does not run")
    for method, left in (("SCRAM-SHA-256", "plain login cram-md5"), ("CRAM-MD5", "login plain"), ("PLAIN", "login"),
                         ("LOGIN", None)):
        for login in ("pop3-login: Info: Login: user=<peter>, method=", "imap-login: Info: Login: user=<ira>, method="):
            try:
                within(10, lambda: login + method in log("dovecot.log"))
            except AssertionError:
                raise AssertionError(login + method + "\n" + log("dovecot.log")) from None
        if left is not None:
            conf = write_dovecot(VALUES, left)
            subprocess.run(["dovecot", "-c", conf, "reload"], check=True, timeout=30)


def a_report_comes_back_for_nobody():
    """Postfix said 550, so the simulated server wrote to alice."""
    def report():
        box = poplib.POP3("mail.office.example", timeout=10)
        box.user("alice@office.example")
        box.pass_("a-secret")
        text = b"\n".join(box.retr(1)[1]) if box.stat()[0] else None
        box.quit()
        return text
    text = within(5, report)
    assert b"multipart/report" in text and b"nobody@real.example" in text, text
    assert b"550" in text or b"5.1.1" in text, text


CASES = [
    the_simulated_server_delivers_to_postfix,
    the_simulated_server_verifies_postfix_and_delivers_by_starttls,
    the_simulated_sides_refuse_what_has_another_name,
    postfix_verifies_the_simulated_server,
    the_simulated_user_retrieves_by_pop3_from_dovecot,
    the_simulated_user_reads_by_imap_from_dovecot,
    the_simulated_users_read_over_tls_from_dovecot,
    the_simulated_users_log_in_by_what_dovecot_offers,
    a_report_comes_back_for_nobody,
]

if __name__ == "__main__":
    try:
        main(CASES, "servers.yaml", timeout=90)
    finally:
        stop_servers()
