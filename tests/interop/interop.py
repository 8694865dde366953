"""What the interop tests share: cases that run on a simulated network, and how they are counted.

A test program runs its cases inside `mailwire shell`, one session for all: it starts itself again
there. It closes as Check programs do, so tests/run.sh counts its cases. What the machine cannot do
is skipped with a line that says so; with MAILWIRE_CI set nothing is skipped.
"""
import os
import pty
import select
import shutil
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MAILWIRE = os.path.join(ROOT, os.environ.get("MAILWIRE", "mailwire"))
SANITIZED = "asan" in MAILWIRE


def scenario(name):
    return os.path.join(HERE, name)


class Skipped(Exception):
    pass


def need(*programs):
    """Skips the case when one of the programs is not installed."""
    for program in programs:
        if shutil.which(program) is None:
            raise Skipped(f"{program} is not installed")


def run(*command, timeout=20, status=0, stdin=None, **options):
    """Runs a command and returns its standard output; its exit status must be as expected."""
    options.setdefault("stderr", subprocess.PIPE)
    done = subprocess.run(command, input=stdin, timeout=timeout, text=True, errors="surrogateescape",
                          stdout=subprocess.PIPE, **options)
    assert status is None or done.returncode == status, \
        f"{' '.join(command)}: status {done.returncode}\n{done.stdout[-2000:]}\n{(done.stderr or '')[-2000:]}"
    return done.stdout


def within(seconds, question):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.02)


def in_terminal(command, keys, timeout=20):
    """Runs a program on a terminal, types keys after a while, and returns what it showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp(command[0], command)
    shown, end = b"", time.monotonic() + timeout
    typed = [(time.monotonic() + after, key) for after, key in keys]
    while time.monotonic() < end:
        if typed and time.monotonic() >= typed[0][0]:
            os.write(terminal, typed.pop(0)[1])
        if select.select([terminal], [], [], 0.05)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                part = b""
            if not part:
                break
            shown += part
    else:
        os.kill(pid, 9)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode(errors="replace")


def run_cases(cases):
    """Runs functions, says what failed, prints the sum; returns the exit status."""
    failed = skipped = 0
    if os.environ.get("CASE"):
        cases = [case for case in cases if case.__name__ == os.environ["CASE"]]
    for case in cases:
        try:
            started = time.monotonic()
            case()
            if os.environ.get("VERBOSE"):
                print(f"{case.__name__}: {time.monotonic() - started:.1f} s", flush=True)
        except Skipped as why:
            print(f"skipped: {case.__name__}: {why}")
            skipped += 1
            if "MAILWIRE_CI" in os.environ:
                failed += 1
        except Exception:
            print(f"FAILED {case.__name__}")
            traceback.print_exc(file=sys.stdout)
            failed += 1
        sys.stdout.flush()
    count = len(cases) - skipped
    print(f"{100 * (count - failed) // max(count, 1)}%: Checks: {count}, Failures: {failed}, Errors: 0")
    return 1 if failed else 0


def can_run():
    """Whether network namespaces and TAP devices are to be had here; if not, why."""
    probe = subprocess.run([MAILWIRE, "shell", scenario("mail.yaml"), "--", "true"],
                           capture_output=True, text=True, timeout=20)
    return None if probe.returncode == 0 else probe.stderr.strip()


def skip_all(why):
    print(f"skipped: {why}")
    failed = 1 if "MAILWIRE_CI" in os.environ else 0
    print(f"{100 - 100 * failed}%: Checks: {failed}, Failures: {failed}, Errors: 0")
    return failed


def main(cases, file, *options, timeout=300):
    """Runs the cases inside a session of `file`."""
    main_sessions([(file, options, cases)], timeout)


def main_sessions(sessions, timeout=300):
    """The same for several sessions, each (file, options, cases)."""
    if "--inside" in sys.argv:
        sys.exit(run_cases(sessions[int(sys.argv[-1])][2]))
    why = can_run()
    if why is not None:
        sys.exit(skip_all(why))
    status = 0
    for number, (file, options, _) in enumerate(sessions):
        command = [MAILWIRE, "shell", scenario(file), *options, "--", sys.executable,
                   os.path.abspath(sys.argv[0]), "--inside", str(number)]
        try:
            status |= subprocess.run(command, timeout=timeout).returncode
        except subprocess.TimeoutExpired:
            print(f"100%: Checks: 1, Failures: 0, Errors: 1  (not done within {timeout} s)")
            status = 1
    sys.exit(1 if status else 0)
