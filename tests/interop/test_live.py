#!/usr/bin/env python3
"""mailwire live and shell as commands: interfaces, records, signals, and what they say when wrong."""
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from interop import MAILWIRE, Skipped, need, run, run_cases, scenario, skip_all, within

MAIL = scenario("mail.yaml")
FAST = scenario("fast.yaml")


# How long to wait for what must come: the machine may be busy. Nothing is concluded from how long it took.
PATIENCE = 30


def blocks(pid, number):
    """Whether a process holds back this signal, to take it in its own time."""
    try:
        with open(f"/proc/{pid}/status") as file:
            return int(re.search(r"SigBlk:\s+(\w+)", file.read()).group(1), 16) >> (number - 1) & 1 == 1
    except OSError:
        return False


class Live:
    """A live session in the background, plugged in: frames wait for it from now on, and signals end it orderly."""

    def __init__(self, file, *options, attach="tap0=lan", stdout=subprocess.DEVNULL):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([MAILWIRE, "live", file, "--attach", attach, *options],
                                        stdout=stdout, stderr=self.errors)
        within(PATIENCE, lambda: blocks(self.process.pid, signal.SIGTERM) or self.process.poll() is not None)
        assert self.process.poll() is None, self.said()

    def said(self):
        self.errors.seek(0)
        return self.errors.read()

    def stop(self, how=signal.SIGTERM, status=0):
        self.process.send_signal(how)
        assert self.process.wait(PATIENCE) == status, self.said()
        return self.said()


class Tap:
    """A TAP device with an address, for as long as it is needed."""

    def __init__(self, address="192.0.2.60/26", name="tap0"):
        self.name = name
        os.system(f"ip tuntap add dev {name} mode tap && ip link set {name} up && ip addr add {address} dev {name}")

    def __enter__(self):
        return self

    def __exit__(self, *why):
        os.system(f"ip link del {self.name} 2>/dev/null")


class Veth:
    """Two ends of a cable: one for mailwire, one in a namespace of its own."""

    def __init__(self, address="192.0.2.60/24"):
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
        own = os.readlink("/proc/self/ns/net")
        within(PATIENCE, lambda: os.readlink(f"/proc/{self.holder.pid}/ns/net") != own)
        os.system(f"ip link add near type veth peer name far && ip link set near up && "
                  f"ip link set far netns {self.holder.pid}")
        self.inside("sh", "-c", f"ip link set lo up; ip link set far up; ip addr add {address} dev far")

    def inside(self, *command, **options):
        return run("nsenter", "-t", str(self.holder.pid), "-n", *command, **options)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        self.holder.kill()
        self.holder.wait()
        os.system("ip link del near 2>/dev/null")


def refused(*command, said, status=2):
    done = subprocess.run([MAILWIRE, *command], capture_output=True, text=True, timeout=20)
    assert done.returncode == status, (command, done.returncode, done.stderr)
    assert said in done.stderr, (command, done.stderr)
    # One line, or several of one diagnostic; never a usage dump.
    assert len(done.stderr.splitlines()) <= 4, done.stderr


# ---- Sessions ----

def a_tap_device_joins_the_network():
    with Tap():
        live = Live(MAIL, "-q")
        assert " 0% packet loss" in run("ping", "-c", "3", "-i", "0.2", "192.0.2.1")
        assert " 0% packet loss" in run("ping", "-c", "1", "-s", "30000", "192.0.2.10")
        said = live.stop()
        assert re.search(r"real time: (1 turn|\d+ turns); late by .* ms in the median, .* at most", said), said
        assert not re.search(r"\b1 (turns|frames|checksums|long frames)\b", said), said
        assert "0 lost" in said, said


def a_veth_pair_with_all_offloads_on():
    with Veth() as veth:
        live = Live(FAST, "-q", "--services", "server", attach="near=lan")
        client = ("import hashlib, socket\n"
                  "data = bytes(range(251)) * 40000\n"
                  "s = socket.create_connection(('192.0.2.10', 1009), 20)\n"
                  "s.sendall(data); s.shutdown(1)\n"
                  "assert s.makefile().read().split()[1] == hashlib.sha256(data).hexdigest()\n"
                  "s = socket.create_connection(('192.0.2.10', 1019), 20)\n"
                  "s.sendall(b'9000000\\n'); n = 0\n"
                  "while part := s.recv(1 << 20): n += len(part)\n"
                  "assert n == 9000000\n")
        veth.inside(sys.executable, "-c", client, timeout=40)
        assert " 0% packet loss" in veth.inside("ping", "-c", "2", "-i", "0.2", "-s", "9000", "192.0.2.10")
        said = live.stop()
        finished, cut = map(int, re.search(r"\((\d+) checksums? finished, (\d+) long frames? cut", said).groups())
        assert finished > 0 and cut > 0, said


def tagged_frames_and_ipv6_do_no_harm():
    with Veth() as veth:
        live = Live(FAST, "-q", "--pcap", "/tmp/mailwire-vlan.pcapng", attach="near=lan")
        tagged = ("ffffffffffff 020000000060 8100 0005 0806 0001 0800 06 04 0001 020000000060 c000023c "
                  "000000000000 c000020a").replace(" ", "")
        send = ("import socket; s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(('far', 0)); "
                f"s.send(bytes.fromhex('{tagged}')); s.send(bytes.fromhex('{tagged[:28]}'))")
        veth.inside(sys.executable, "-c", send)
        veth.inside("ping", "-6", "-c", "1", "-W", "1", "ff02::1%far", status=None)
        assert " 0% packet loss" in veth.inside("ping", "-c", "1", "-I", "192.0.2.60", "192.0.2.10")
        live.stop()
        need("tshark")
        tags = run("tshark", "-r", "/tmp/mailwire-vlan.pcapng", "-Y", "vlan.id == 5 and arp")
        assert len(tags.splitlines()) == 1 and "192.0.2.10" in tags, tags
    os.unlink("/tmp/mailwire-vlan.pcapng")


def two_interfaces_meet_across_the_simulation():
    with Veth("192.0.2.60/26") as veth, Tap("203.0.113.60/24"):
        veth.inside("ip", "route", "add", "default", "via", "192.0.2.1")
        os.system("ip route add 192.0.2.0/24 via 203.0.113.1")
        live = Live(MAIL, "-q", "--attach", "near=lan", attach="tap0=remote-lan")
        assert "ttl=63" in veth.inside("ping", "-c", "1", "203.0.113.60")
        assert "ttl=63" in run("ping", "-c", "1", "192.0.2.60")
        live.stop(signal.SIGINT)


def a_session_is_repeated_exactly():
    folder = tempfile.mkdtemp()
    names = {name: os.path.join(folder, name) for name in ("record", "1.pcapng", "2.pcapng", "1.log", "2.log")}
    with Tap():
        os.system("ip route add 192.0.2.64/26 via 192.0.2.1")
        live = Live(MAIL, "--record", names["record"], "--pcap", names["1.pcapng"], "--log", names["1.log"])
        run("ping", "-c", "3", "-i", "0.2", "192.0.2.74")
        import smtplib
        with smtplib.SMTP("192.0.2.74", 25, timeout=10) as smtp:
            smtp.sendmail("a@b.example", ["alice@office.example"], "Subject: x\r\n\r\n" + 9000 * "word ")
        live.stop(signal.SIGHUP)
    run(MAILWIRE, "run", MAIL, "--replay", names["record"], "--pcap", names["2.pcapng"], "--log", names["2.log"])
    for first, second in (("1.pcapng", "2.pcapng"), ("1.log", "2.log")):
        with open(names[first], "rb") as one, open(names[second], "rb") as two:
            left, right = one.read(), two.read()
        assert len(left) > 5000 and left == right, first
    refused("run", FAST, "--replay", names["record"], said="another scenario")
    refused("run", MAIL, "--replay", names["1.pcapng"], said="no record of a live session")
    refused("run", MAIL, "--replay", MAIL, said="no record of a live session")
    refused("run", MAIL, "--replay", "/nonexistent", said="No such file")
    refused("run", MAIL, "--replay", "/dev/null", said="it is empty")
    refused("run", MAIL, "--replay", folder, said="Is a directory")
    refused("run", MAIL, "--replay", names["record"], "--seed", "5", said="with the seed of its session")
    run(MAILWIRE, "run", scenario("fast.yaml"), "--quiet", "--pcap", names["1.log"] + ".pcap")
    refused("run", MAIL, "--replay", names["1.log"] + ".pcap", said="no record of a live session")
    with open(names["record"], "rb") as whole, open(names["2.log"], "wb") as part:
        part.write(whole.read()[:-300])
    refused("run", MAIL, "--replay", names["2.log"], "-q", said="damaged")
    # Nothing is passed over in a record, as it is in other captures: the run would be another one.
    for part_before in (0, 1 / 2):
        with open(names["record"], "rb") as whole, open(names["2.log"], "wb") as damaged:
            content = bytearray(whole.read())
            at = content.index(b"\6\0\0\0", int(len(content) * part_before))  # the type of a packet's block
            content[at:at + 4] = b"\xff" * 4
            content[at + 4:at + 8] = bytes(4)
            damaged.write(content)
        refused("run", MAIL, "--replay", names["2.log"], "-q", said="the record is damaged")
    run("gzip", names["record"])
    run(MAILWIRE, "run", MAIL, "--replay", names["record"] + ".gz", "--log", names["2.log"], "-q")
    with open(names["1.log"], "rb") as one, open(names["2.log"], "rb") as two:
        assert one.read() == two.read()
    shutil.rmtree(folder)


def views_work_while_it_runs():
    need("tshark")
    with Tap():
        live = Live(MAIL, "--pcap", "-", stdout=subprocess.PIPE)
        tshark = subprocess.Popen(["tshark", "-l", "-n", "-i", "-", "-Y", "icmp"], stdin=live.process.stdout,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        live.process.stdout.close()
        run("ping", "-c", "1", "192.0.2.1")
        assert "Echo (ping) request" in tshark.stdout.readline()
        live.stop()
        tshark.communicate(timeout=PATIENCE)
        assert tshark.returncode == 0
    with Tap():
        log = tempfile.TemporaryFile("w+")
        live = Live(MAIL, stdout=log)
        run("ping", "-c", "1", "192.0.2.1")

        def is_logged():
            log.seek(0)
            return "ping" in log.read()
        within(PATIENCE, is_logged)
        live.stop()


def recorded(path):
    """What a record holds: the virtual times, in seconds, of what came in and of the end."""
    with open(path, "rb") as file:
        epoch_ns = int(re.search(rb"epoch=(\d+)", file.read()).group(1)) * 10**9
    lines = run(MAILWIRE, "explain", path, "--format", "json").splitlines()
    return [(json.loads(line)["time_ns"] - epoch_ns) / 1e9 for line in lines]


def speed_scales_time():
    """The clocks of two sessions side by side. A busy machine makes both late, and neither early."""
    folder = tempfile.mkdtemp()
    names = {name: os.path.join(folder, name) for name in ("slow", "fast", "pcapng")}
    with Tap("203.0.113.60/24"), Tap(name="tap1"):
        started = time.monotonic()
        slow = Live(MAIL, "-q", "--speed", "0.2", "--record", names["slow"], "--pcap", names["pcapng"],
                    attach="tap0=remote-lan")
        fast = Live(MAIL, "-q", "--speed", "5", "--record", names["fast"], attach="tap1=lan")
        run("ping", "-c", "2", "-i", "0.5", "203.0.113.10")
        run("ping", "-c", "2", "-i", "0.2", "192.0.2.10")
        fast.stop()
        slow.stop()
        passed = time.monotonic() - started
    slow_times, fast_times = recorded(names["slow"]), recorded(names["fast"])
    assert len(slow_times) > 2 and len(fast_times) > 2, (slow_times, fast_times)
    assert slow_times[-1] <= 0.2 * passed and fast_times[-1] <= 5 * passed, (slow_times, fast_times, passed)
    assert fast_times[-1] > 2 * slow_times[-1], (slow_times, fast_times)   # 25 times, or so
    # The simulation is the same at any speed: two cables of 2 ms, and the host answers at once.
    lines = run(MAILWIRE, "explain", names["pcapng"], "--filter", "icmp", "--format", "json").splitlines()
    times = [json.loads(line)["time_ns"] for line in lines]
    assert len(times) == 4, times
    assert all(4.0e6 <= answer - question < 4.1e6 for question, answer in zip(times[::2], times[1::2])), times
    shutil.rmtree(folder)


def an_interface_goes_away():
    with Tap():
        live = Live(MAIL, "-q")
        os.system("ip link del tap0")
        assert live.process.wait(PATIENCE) == 3
        assert "interface tap0 is gone" in live.said()


def an_ethernet_interface_goes_away():
    with Veth():
        live = Live(MAIL, "-q", attach="near=lan")
        os.system("ip link del near")
        assert live.process.wait(PATIENCE) == 3
        assert "interface near is gone" in live.said()


def a_reader_that_leaves_ends_a_session():
    with Tap():
        live = Live(MAIL, "--pcap", "-", stdout=subprocess.PIPE)
        live.process.stdout.read(10)
        live.process.stdout.close()
        assert live.process.wait(PATIENCE) == 3 and "Broken pipe" not in live.said(), live.said()


def until_ends_a_session():
    with Tap():
        started = time.monotonic()
        run(MAILWIRE, "live", MAIL, "--attach", "tap0=lan", "-q", "--until", "500ms")
        assert time.monotonic() - started >= 0.5   # the clock never runs ahead


# ---- What is wrong ----

def each_mistake_has_its_own_error():
    refused("live", MAIL, said="--attach IFACE=NETWORK")
    refused("live", MAIL, "--attach", "tap0", said="should be IFACE=NETWORK")
    refused("live", MAIL, "--attach", "nosuch0=lan", said="there is no interface nosuch0")
    refused("live", MAIL, "--attach", "lo=lann", said='did you mean "lan"?')
    refused("live", MAIL, "--attach", "lo=lan", said="lo is no Ethernet interface")
    refused("live", scenario("narrow.yaml"), "--attach", "lo=middle", said="single cable between two routers")
    refused("live", MAIL, "--attach", "lo=remot-lan", said='did you mean "remote-lan"?')
    refused("live", MAIL, "--attach", "pc=lan", said="in the simulation already")
    refused("live", MAIL, "--attach", "a-name-that-is-too-long=lan", said="at most 15 characters")
    refused("live", MAIL, "--attach", "../../tap0=lan", said="nor can there be")
    for speed in ("0", "-1", "1001", "inf", "nan"):
        refused("live", MAIL, "--attach", "lo=lan", "--speed", speed, said="--speed: must be more than 0")
    refused("live", MAIL, "--attach", "lo=lan", "--speed", "fast", said="--speed")
    refused("shell", MAIL, "--record", "/nonexistent/x", "--", "true", said="--record: cannot write", status=3)
    refused("shell", MAIL, "--record", "", "--", "true", said="--record: the path is empty")
    refused("shell", MAIL, "--record", "x", "--pcap", "./x", "--", "true", said="--pcap and --record both write to")
    refused("shell", MAIL, "--record", "-", "--", "true", said="a file of its own")
    refused("shell", MAIL, "--network", "nowhere", "--", "true", said="no network \"nowhere\"")
    with Tap():
        holder = Live(MAIL, "-q")
        refused("live", MAIL, "--attach", "tap0=lan", said="used by another program")
        refused("live", MAIL, "--attach", "tap1=lan", said="did you mean tap0?")
        holder.stop()
        refused("live", MAIL, "--attach", "tap0=lan", "--record", "/nonexistent/x", said="--record", status=3)
        refused("live", MAIL, "--attach", "tap0=lan", "--attach", "tap0=servers", said="plugged in already")
    os.system("ip tuntap add dev tun0 mode tun")
    refused("live", MAIL, "--attach", "tun0=lan", said="must be a TAP device")
    os.system("ip link del tun0")


def missing_permission_and_missing_driver():
    if os.geteuid() != 0:
        raise Skipped("needs root to give up")
    binary = os.path.join(tempfile.mkdtemp(), "mailwire")
    shutil.copy(MAILWIRE, binary)
    shutil.copy(MAIL, binary + ".yaml")
    os.chmod(os.path.dirname(binary), 0o755)
    as_nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps", "-all"]
    os.system("ip link add near type veth peer name far")
    done = subprocess.run([*as_nobody, binary, "live", binary + ".yaml", "--attach", "near=lan"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "no permission to use the interface near" in done.stderr, done.stderr
    os.system("ip link del near")
    os.system("ip tuntap add dev tap1 mode tap user 12345")
    script = "mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec \"$@\""
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", *as_nobody, binary, "live", binary + ".yaml",
                           "--attach", "tap1=lan", "--until", "10ms"], capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "tap1: it belongs to another user" in done.stderr, done.stderr
    os.system("ip link del tap1")
    with Tap():
        script = "mount -t tmpfs none /dev/net && exec \"$@\""
        for command in (["live", MAIL, "--attach", "tap0=lan"], ["shell", MAIL, "--", "true"]):
            done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", MAILWIRE, *command],
                                  capture_output=True, text=True, timeout=20)
            assert done.returncode == 2 and "/dev/net/tun" in done.stderr and "modprobe" in done.stderr, done.stderr
    limited = "echo 0 > /proc/sys/user/max_net_namespaces; exec \"$@\""
    done = subprocess.run(["unshare", "-rn", "sh", "-c", limited, "sh", MAILWIRE, "shell", MAIL, "--", "true"],
                          capture_output=True, text=True, timeout=20)
    assert done.returncode == 2 and "network namespaces" in done.stderr, done.stderr
    shutil.rmtree(os.path.dirname(binary))


def the_exit_status_of_shell_is_the_commands():
    for command, status in ((["true"], 0), (["false"], 1), (["sh", "-c", "exit 77"], 77),
                            (["sh", "-c", "kill -9 $$"], 137), (["/nonexistent"], 127), (["/etc/passwd"], 126)):
        done = subprocess.run([MAILWIRE, "shell", MAIL, "--", *command], capture_output=True, timeout=20)
        assert done.returncode == status, (command, done.returncode, done.stderr)


def shell_is_told_to_end():
    process = subprocess.Popen([MAILWIRE, "shell", MAIL, "--pcap", "/tmp/mailwire-end.pcapng", "--", "sleep", "100"],
                               stderr=subprocess.DEVNULL)
    within(PATIENCE, lambda: blocks(process.pid, signal.SIGTERM))
    process.terminate()
    assert process.wait(PATIENCE) in (128 + signal.SIGHUP, 128 + signal.SIGTERM)
    assert os.path.getsize("/tmp/mailwire-end.pcapng") > 0
    os.unlink("/tmp/mailwire-end.pcapng")


def running(mark):
    """The command lines of processes that have `mark` in them."""
    found = []
    for path in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            with open(path, "rb") as file:
                line = file.read()
        except OSError:   # it has ended
            continue
        if mark.encode() in line:
            found.append(line)
    return found


def nothing_outlives_a_shell():
    """A job, a daemon in a session of its own, one that ignores signals: with the shell they end."""
    mark = "4711.%d" % os.getpid()
    line = f"sleep {mark}1 & (setsid sleep {mark}2 &); nohup sh -c 'trap \"\" HUP TERM; sleep {mark}3' >/dev/null 2>&1 & exit 7"
    done = subprocess.run([MAILWIRE, "shell", MAIL, "--", "sh", "-c", line], capture_output=True, timeout=20)
    assert done.returncode == 7, done
    assert running(mark) == []
    process = subprocess.Popen([MAILWIRE, "shell", MAIL, "--", "sleep", mark], stderr=subprocess.DEVNULL)
    within(PATIENCE, lambda: len(running(mark)) > 1)   # mailwire's own command line has the mark, too
    process.kill()
    process.wait(PATIENCE)
    within(PATIENCE, lambda: running(mark) == [])


CASES = [
    a_tap_device_joins_the_network,
    a_veth_pair_with_all_offloads_on,
    tagged_frames_and_ipv6_do_no_harm,
    two_interfaces_meet_across_the_simulation,
    a_session_is_repeated_exactly,
    views_work_while_it_runs,
    speed_scales_time,
    an_interface_goes_away,
    an_ethernet_interface_goes_away,
    a_reader_that_leaves_ends_a_session,
    until_ends_a_session,
    each_mistake_has_its_own_error,
    missing_permission_and_missing_driver,
    the_exit_status_of_shell_is_the_commands,
    shell_is_told_to_end,
    nothing_outlives_a_shell,
]

if __name__ == "__main__":
    if "--inside" in sys.argv:
        os.system("ip link set lo up")
        sys.exit(run_cases(CASES))
    namespace = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    if subprocess.run([*namespace, "ip", "tuntap", "add", "dev", "tap0", "mode", "tap"],
                      stderr=subprocess.DEVNULL).returncode != 0:
        sys.exit(skip_all("network namespaces and TAP devices are not to be had"))
    sys.exit(subprocess.run([*namespace, sys.executable, os.path.abspath(sys.argv[0]), "--inside"],
                            timeout=300).returncode)
