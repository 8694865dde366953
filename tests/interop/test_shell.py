#!/usr/bin/env python3
"""What programs in a mailwire shell see, and what is told of them: hang-ups, names, shells in shells."""
import os
import re
import subprocess
import sys
import tempfile

from interop import MAILWIRE, need, run_cases, scenario, skip_all

FOLDER = tempfile.mkdtemp()

HOW = {"fin": "connection lost: the server closed the connection without a word",
       "rst": "connection lost: the server reset the connection",
       "bye": "refused: go away"}
PROTOCOLS = ("pop3", "imap")
PORTS = {f"{how}-{protocol}": 2000 + 10 * i + j
         for i, how in enumerate(HOW) for j, protocol in enumerate(PROTOCOLS)}

# Simulated users whose servers are programs in the shell, and hang up.
BAD_SERVERS = """mailwire: 1
title: Servers that hang up
networks:
  lan: {subnet: 192.0.2.0/24}
hosts:
  alice-pc: {address: 192.0.2.10}
  mail: {address: 192.0.2.11}
  root: {address: 192.0.2.20}
root-server: root
domains:
  office.example:
    mail: mail
    accounts: {%s}
    records: [{name: bad, type: A, value: 192.0.2.13}]
clients:
%s
timeline:
%s
""" % (", ".join(f"{name}: secret" for name in PORTS),
       "\n".join(f"  {name}: {{host: alice-pc, incoming: {{protocol: {name[4:]}, server: bad.office.example, "
                 f"port: {port}}}}}" for name, port in PORTS.items()),
       "\n".join(f"  - {{at: 1s, who: {name}, do: check}}" for name in PORTS))

HANG_UP = """
import socket, struct, sys, threading, time
def serve(port, how, protocol):
    door = socket.socket()
    door.bind(("", port))
    door.listen(1)
    while True:
        peer, _ = door.accept()
        if how == "rst":
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if how == "bye":
            peer.sendall(b"-ERR go away\\r\\n" if protocol == "pop3" else b"* BYE go away\\r\\n")
        peer.close()
for argument in sys.argv[1:]:
    name, port = argument.split("=")
    threading.Thread(target=serve, args=(int(port), *name.split("-")), daemon=True).start()
time.sleep(1.8)
"""


def path(name, text=None):
    name = os.path.join(FOLDER, name)
    if text is not None:
        with open(name, "w") as file:
            file.write(text)
    return name


def read(name):
    with open(path(name)) as file:
        return file.read()


def shell(*arguments, status=0):
    done = subprocess.run([MAILWIRE, "shell", *arguments], capture_output=True, text=True, timeout=60,
                          stdin=subprocess.DEVNULL)
    assert done.returncode == status, done
    return done


def a_server_that_hangs_up_is_told_alike_by_all_protocols():
    shell(path("bad.yaml", BAD_SERVERS), "--log", path("log"), "--", sys.executable, path("hang_up.py", HANG_UP),
          *(f"{name}={port}" for name, port in PORTS.items()))
    outcomes = dict(re.findall(r"outcome for ([a-z0-9-]+): (.*)", read("log")))
    assert outcomes == {name: HOW[name[:3]] for name in PORTS}, outcomes


def a_shell_knows_its_own_name_also_inside_another():
    hello = scenario("mail.yaml")
    names = "getent hosts shell; cat /etc/hosts /etc/resolv.conf"
    alone = shell(hello, "--", "sh", "-c", names).stdout
    assert re.match(r"192\.0\.2\.\d+ +shell\n", alone) and "nameserver 192.0.2." in alone, alone
    inside = shell(hello, "--", MAILWIRE, "shell", hello, "--", "sh", "-c", names).stdout
    assert inside == alone, (alone, inside)


def mail_of_a_program_inside_is_in_the_summary_and_the_report():
    office = scenario("mail.yaml")
    send = ("import smtplib; s = smtplib.SMTP('mail.office.example'); "
            "s.sendmail('me@shell', ['alice@office.example'], 'Subject: x\\r\\n\\r\\nhi\\r\\n')")
    done = shell(office, "--report", "--log", path("log"), "--", sys.executable, "-c", send)
    said = done.stdout + done.stderr
    ways = re.findall(r"^Mail  <me@shell> → <alice@office.example>.*\n(?:  .*\n)+?  .* MDA +delivered", said, re.M)
    assert len(ways) == 1, said
    assert re.search(r"^  mail +<me@shell> → .*\n +by ESMTP from .*: delivered at mail", said, re.M), said


CASES = [
    mail_of_a_program_inside_is_in_the_summary_and_the_report,
    a_shell_knows_its_own_name_also_inside_another,
    a_server_that_hangs_up_is_told_alike_by_all_protocols,
]

if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit(skip_all("a shell needs Linux"))
    sys.exit(run_cases(CASES))
