#!/usr/bin/env python3
"""mailwire as Wireshark's external capture interface: what tshark sees is what a run captures."""
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

from interop import MAILWIRE, ROOT, SANITIZED, need, run, run_cases, skip_all, within

FOLDER = tempfile.mkdtemp()
EXTCAP = os.path.join(FOLDER, "extcap")
SCENARIOS = os.path.join(FOLDER, "scenarios")
OWN = os.path.join(EXTCAP, "mailwire")  # as Wireshark starts it
NOBODY = 65534
GRACE_S = 3 if SANITIZED else 1

# A mail, and another one two seconds later: long enough to be stopped in the middle.
SLOW = """mailwire: 1
title: Two mails {and a pause}
networks:
  lan: {subnet: 192.0.2.0/24}
hosts:
  alice-pc: {}
  mail: {}
domains:
  office.example: {mail: mail, accounts: {alice: secret}}
clients:
  alice: {host: alice-pc}
timeline:
  - {at: 0s, who: alice, do: send, to: alice@office.example, subject: One}
  - {at: 2s, who: alice, do: send, to: alice@office.example, subject: Two}
"""


def set_up():
    """A folder that everyone may read: as root, tshark looks into no extcap folder of ours."""
    os.chmod(FOLDER, 0o755)
    os.mkdir(EXTCAP)
    shutil.copy(MAILWIRE, OWN)
    shutil.copytree(os.path.join(ROOT, "scenarios"), SCENARIOS)
    with open(os.path.join(SCENARIOS, "slow.yaml"), "w") as file:
        file.write(SLOW)
    home = os.path.join(FOLDER, "home")
    os.environ.update(MAILWIRE_SCENARIOS=SCENARIOS, WIRESHARK_EXTCAP_DIR=EXTCAP, HOME=home,
                      TMPDIR=home)  # tshark makes the FIFO there
    os.mkdir(home)
    os.chmod(home, 0o777)
    os.chdir(home)  # no scenarios but these


def tshark(*arguments, timeout=60):
    need("tshark")
    user = {} if os.geteuid() != 0 else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    return run("tshark", *arguments, timeout=timeout, **user)


def path(name):
    return os.path.join(FOLDER, "home", name)


def blocks(data):
    """The blocks of a pcapng file, (type, body); all of them whole."""
    while data:
        kind, length = struct.unpack_from("<II", data)
        assert 12 <= length <= len(data) and struct.unpack_from("<I", data, length - 4)[0] == length, "cut off"
        yield kind, data[8:length - 4]
        data = data[length:]


def frames(data):
    """(interface, nanoseconds, bytes) of each frame in a pcapng file."""
    interfaces, found = [], []
    for kind, body in blocks(data):
        if kind == 1:
            name_bytes = struct.unpack_from("<H", body, 10)[0]
            assert struct.unpack_from("<H", body, 8)[0] == 2  # if_name comes first
            interfaces.append(body[12:12 + name_bytes].decode())
        elif kind == 6:
            interface, high, low, length = struct.unpack_from("<IIII", body)
            found.append((interfaces[interface], high << 32 | low, body[20:20 + length]))
    return found


def frames_of_file(name):
    with open(name, "rb") as file:
        return frames(file.read())


def frames_of_run(scenario, *options):
    run(OWN, "run", scenario, "-q", "--pcap", path("run.pcapng"), *options, timeout=60)
    return frames_of_file(path("run.pcapng"))


def captured(scenario, *options):
    tshark("-i", "mailwire-" + scenario, "-w", path("captured.pcapng"), *options)
    return frames_of_file(path("captured.pcapng"))


def chosen(interface, **options):
    """Preferences, which stand for the dialogue's fields."""
    return [word for name, value in options.items()
            for word in ("-o", f"extcap.mailwire_{interface}.{name}:{value}")]


class Capture:
    """The program as Wireshark starts it, read by us from the FIFO."""

    def __init__(self, scenario, *options):
        self.fifo = path("fifo")
        os.mkfifo(self.fifo)
        self.process = subprocess.Popen([OWN, "--capture", "--extcap-interface", "mailwire-" + scenario,
                                         "--fifo", self.fifo, *options], stderr=subprocess.PIPE)
        self.reader = open(self.fifo, "rb")
        self.started = time.monotonic()
        os.unlink(self.fifo)

    def ended(self, status=0):
        """It has nothing to complain of, and is gone soon."""
        said = self.process.communicate(timeout=GRACE_S)[1].decode()
        assert (self.process.returncode, said) == (status, ""), (self.process.returncode, said)


# ---- What it says of itself ----

def every_scenario_is_an_interface():
    listed = tshark("-D")
    names = [line.split()[0] for line in run(OWN, "list").splitlines() if line[:1].strip()]
    assert {"hello", "office", "slow"} <= set(names)
    for name in names:
        assert f"mailwire-{name} (mailwire {name}: " in listed, listed
    assert "Two mails  and a pause )" in listed, listed
    assert run(OWN, "--extcap-version").startswith("extcap {version=")
    assert run(OWN, "--extcap-interfaces", "--extcap-version=4.0").count("\ninterface {value=mailwire-") == len(names)


def the_link_is_ethernet():
    assert "EN10MB" in tshark("-i", "mailwire-hello", "-L")


def the_dialogue_asks_for_scenario_seed_and_speed():
    preferences = tshark("-G", "currentprefs")
    assert f"extcap.mailwire_hello.scenario: {SCENARIOS}/hello.yaml" in preferences
    assert "extcap.mailwire_hello.seed: " in preferences
    assert "extcap.mailwire_hello.speed: 0" in preferences


# ---- Captures ----

def a_capture_is_a_run_frame_for_frame():
    for scenario in ("hello", "office"):
        wanted = frames_of_run(scenario)
        assert len(wanted) > 50 and captured(scenario) == wanted, scenario


def another_seed_and_another_scenario():
    wanted = frames_of_run("hello", "--seed", "5")
    assert wanted != frames_of_run("hello")
    assert captured("hello", *chosen("hello", seed=5)) == wanted
    assert captured("office", *chosen("office", seed=5, scenario=f"{SCENARIOS}/hello.yaml")) == wanted


def a_filter_chooses_frames():
    wanted = [frame for frame in frames_of_run("office") if b"\x06remote\x07example" in frame[2]]
    found = captured("office", "-f", "udp port 53")
    assert found == frames_of_run("office", "--filter", "udp port 53")
    assert 0 < len(found) < len(frames_of_run("office")) and set(found) >= set(wanted)
    check = [OWN, "--extcap-interface", "mailwire-office", "--extcap-capture-filter"]
    assert run(*check, "udp port 53") == ""
    assert "syntax error" in run(*check, "udp prt 53")


def real_time_paces_the_same_frames():
    """Frames arrive when they are due; what they are does not depend on that."""
    speed = 2
    wanted = frames_of_run("slow")
    capture = Capture("slow", "--speed", str(speed))
    data, arrived = b"", {}
    while part := os.read(capture.reader.fileno(), 1 << 20):
        data += part
        arrived[len(data)] = time.monotonic() - capture.started
    capture.ended()
    assert frames(data) == wanted
    last_due = (wanted[-1][1] - wanted[0][1]) / 1e9 / speed
    assert last_due > 0.9
    assert 0 < list(arrived.values())[-1] - last_due < GRACE_S, (last_due, arrived)
    # The first mail was there before the second one was due.
    early = max((length for length, when in arrived.items() if when < last_due / 2), default=0)
    assert early > len(data) // 4, arrived


def tshark_waits_for_real_time():
    started = time.monotonic()
    assert captured("slow", *chosen("slow", speed=2)) == frames_of_run("slow")
    assert time.monotonic() - started > 1


# ---- Ends ----

def it_ends_when_the_reader_does():
    for speed in ("0.05", "1", "0"):
        capture = Capture("slow" if speed != "0" else "office", "--speed", speed)
        capture.reader.read(100)
        capture.reader.close()
        capture.ended()


def signals_end_it_with_a_whole_capture():
    for how in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        capture = Capture("slow", "--speed", "1")
        parts = []
        reader = threading.Thread(target=lambda: parts.append(capture.reader.read()))
        reader.start()
        time.sleep(0.5 * GRACE_S)
        capture.process.send_signal(how)
        capture.ended()
        reader.join()
        found, wanted = frames(parts[0]), frames_of_run("slow")
        assert 5 < len(found) < len(wanted) and found == wanted[:len(found)]


def it_can_be_killed_while_nobody_reads():
    fifo = path("unread")
    os.mkfifo(fifo)
    process = subprocess.Popen([OWN, "--capture", "--extcap-interface", "mailwire-hello", "--fifo", fifo])
    time.sleep(0.3)
    process.terminate()
    assert process.wait(GRACE_S) in (0, -signal.SIGTERM)
    os.unlink(fifo)


def is_running(program):
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/cmdline") as file:
                if file.read().startswith(program + "\0"):
                    return True
        except OSError:
            pass  # it has ended meanwhile
    return False


def tshark_stops_it():
    need("tshark")
    assert len(captured("slow", *chosen("slow", speed="0.01"), "-c", "3")) == 3
    within(5, lambda: not is_running(OWN))


# ---- What is wrong ----

def refused(*arguments, said, status=2):
    done = subprocess.run([OWN, *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == status and said in done.stderr and done.stdout == "", (arguments, done)
    assert len(done.stderr.splitlines()) <= 5, done.stderr


def each_mistake_has_its_own_error():
    bad = os.path.join(SCENARIOS, "bad.yaml.not")
    with open(bad, "w") as file:
        file.write("mailwire: 1\nnetwroks: {}\n")
    hello = ["--extcap-interface", "mailwire-hello"]
    refused("--extcap-interface", "mailwire-helo", "--extcap-dlts", said='did you mean "mailwire-hello"?')
    refused("--extcap-interface", "eth0", "--extcap-config", said='there is no interface "eth0"')
    refused("--extcap-config", said="needs --extcap-interface")
    refused(*hello, "--capture", said="needs --fifo")
    refused(*hello, "--capture", "--fifo", "/nonexistent/x", said="No such file", status=3)
    refused(*hello, "--capture", "--fifo", "/dev/null", "--speed", "-1", said="--speed")
    refused(*hello, "--capture", "--fifo", "/dev/null", "--speed", "nan", said="--speed")
    refused(*hello, "--capture", "--fifo", "/dev/null", "--speed", "fast", said="fast")
    refused(*hello, "--capture", "--fifo", "/dev/null", "--seed", "x", said="x")
    refused(*hello, "--capture", "--fifo", "/dev/null", "--scenario", bad, said="netwroks")
    refused(*hello, "--capture", "--fifo", "/dev/null", "--extcap-capture-filter", "prt 5", said="--filter")
    refused(*hello, "--nonsense", said="nonsense")


def a_mistake_does_not_keep_tshark_waiting():
    """tshark waits for the FIFO to be opened, also where nothing will come."""
    for wrong in (["--speed", "-3"], ["--speed", "abc"], ["--speed", "2000"], ["--seed", "x"]):
        capture = Capture("hello", *wrong)
        assert capture.reader.read() == b""
        said = capture.process.communicate(timeout=20)[1].decode()
        assert capture.process.returncode == 2 and wrong[1] in said, (wrong, said)


CASES = [
    every_scenario_is_an_interface,
    the_link_is_ethernet,
    the_dialogue_asks_for_scenario_seed_and_speed,
    a_capture_is_a_run_frame_for_frame,
    another_seed_and_another_scenario,
    a_filter_chooses_frames,
    real_time_paces_the_same_frames,
    tshark_waits_for_real_time,
    it_ends_when_the_reader_does,
    signals_end_it_with_a_whole_capture,
    it_can_be_killed_while_nobody_reads,
    tshark_stops_it,
    each_mistake_has_its_own_error,
    a_mistake_does_not_keep_tshark_waiting,
]

if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit(skip_all("captures for Wireshark need Linux"))
    set_up()
    try:
        sys.exit(run_cases(CASES))
    finally:
        shutil.rmtree(FOLDER)
