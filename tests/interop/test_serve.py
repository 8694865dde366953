#!/usr/bin/python3
"""mailwire serve, asked by a program that is no browser: what it serves, refuses, and cuts off."""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from interop import MAILWIRE, ROOT, SANITIZED, run_cases, skip_all, within

FOLDER = tempfile.mkdtemp()
OFFICE = os.path.join(ROOT, "scenarios", "office.yaml")
HEADER = "mailwire: 1\ntitle: T\nhosts:\n  a: {}\n  b: {}\ntimeline:\n"
# Sixty times 65535 questions and answers: far more than any limit here lets through.
ENDLESS = HEADER + "".join(f"  - {{at: {i}s, who: a, do: ping, target: b, count: 65535}}\n" for i in range(1, 61))
TYPE = {"Content-Type": "application/yaml"}


class Server:
    """One that runs until it is left, on a port of its own."""
    def __init__(self, *arguments):
        self.process = subprocess.Popen([MAILWIRE, "serve", *arguments, "--port", "0"], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        line = self.process.stdout.readline()
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)/", line).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def ask(self, path, body=None, headers=None, timeout=60):
        """Status, headers and body of the answer."""
        headers = {**(TYPE if body is not None else {}), **(headers or {})}
        data = body.encode() if isinstance(body, str) else body
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def json(self, path, body=None):
        status, _, text = self.ask(path, body)
        assert status == 200, f"{path}: {status} {text}"
        return json.loads(text)


def server(*arguments):
    """The one that most cases share."""
    if not hasattr(server, "shared"):
        server.shared = Server(OFFICE, os.path.join(FOLDER, "small.yaml"), "--live", "--speed", "100")
    return server.shared


def text_of(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# ---- What it serves ----

def the_editor_is_served_with_a_policy():
    status, headers, text = server().ask("/")
    assert status == 200 and 'src="/editor/main.js"' in text
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy and headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Access-Control-Allow-Origin"] is None
    for path in re.findall(r'(?:src|href)="([^"]+)"', text):
        assert server().ask(path)[0] == 200, path
    imports = re.findall(r"from '\./(\w+\.js)'", server().ask("/editor/main.js")[2])
    assert len(imports) >= 4
    for name in imports:
        assert server().ask(f"/editor/{name}")[1]["Content-Type"].startswith("text/javascript"), name


def files_are_those_that_were_named():
    known = server().json("/api/files")
    assert known["files"][0] == OFFICE and len(known["files"]) == 2 and known["live"] is True
    assert server().ask("/api/file?file=0")[2] == text_of(OFFICE)
    for path in ("/api/file?file=2", "/api/file?file=-1", "/api/file?file=../x", "/api/file", "/etc/passwd",
                 "/editor/../../etc/passwd", "/editor/%2e%2e/%2e%2e/etc/passwd"):
        assert server().ask(path)[0] == 404, path


def errors_are_those_of_mailwire_check():
    wrong = text_of(OFFICE).replace("root-server: root", "root-server: roof")
    said = server().json("/api/check?file=0", wrong)
    message = said["messages"][0]
    assert said["error"] is True and (message["line"], message["column"], message["length"]) == (43, 14, 4)
    path = os.path.join(FOLDER, "wrong.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(wrong)
    check = subprocess.run([MAILWIRE, "check", path], capture_output=True, text=True)
    assert f":43:14: error: {message['text']}\n" in check.stderr and message["hint"] in check.stderr
    assert server().json("/api/check?file=0", text_of(OFFICE)) == {"messages": [], "error": False}
    assert server().json("/api/check?file=0", "{[")["messages"][0]["text"].startswith("not YAML")


def offer(text):
    """The words at the mark ^ in `text`."""
    before = text[:text.index("^")]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    offers = server().json(f"/api/offer?file=0&line={line}&column={column}", text.replace("^", ""))["offers"]
    return [word["word"] for word in offers["words"]], offers


def words_are_those_that_fit():
    words, offers = offer(HEADER + "  - {at: 1s, who: ^}\n")
    assert "a" in words and "b" in words and "title" not in words
    words, offers = offer(HEADER + "  - {at: 1s, who: a, do: pi^}\n")
    assert "ping" in words and "send" in words and (offers["column"], offers["length"]) == (26, 2)
    words, _ = offer(HEADER + "  - {at: 1s, who: a, do: ping, t^}\n")
    assert "target" in words and "subject" not in words and "at" not in words
    words, offers = offer("mailwire: 1\nhosts:\n  a: {}\nnetw^\n")
    assert "networks" in words and "hosts" not in words
    assert all(word["key"] and word["meaning"] for word in offers["words"])
    words, offers = offer("mailwire: 1\nnetworks:\n  lan: {delay: ^}\n")
    assert words == [] and "10ms" in offers["hint"]
    words, _ = offer(text_of(OFFICE).replace("account: alice@office.example", "account: ^"))
    assert words == ["alice@office.example", "carol@office.example", "bob@remote.example"]
    assert offer(text_of(OFFICE).replace("Dear Bob", "Dear ^Bob"))[0] == []


def a_run_gives_its_page_and_verdict():
    said = server().json("/api/run?file=0", text_of(OFFICE))
    assert said["error"] is False and "notice" not in said
    assert len(said["expect"]) == 14 and all(line["met"] for line in said["expect"])
    status, headers, page = server().ask(f"/run/{said['page']}")
    assert status == 200 and headers["Content-Security-Policy"].startswith("sandbox allow-scripts")
    written = subprocess.run([MAILWIRE, "html", OFFICE, "-o", "-"], capture_output=True, check=True)
    same = page.replace('"file":"office.yaml"', f'"file":"{OFFICE}"').replace("office.yaml</title>", f"{OFFICE}</title>")
    assert same == written.stdout.decode()
    assert server().ask("/run/999")[0] == 404


def what_is_not_met_is_said_at_its_line():
    said = server().json("/api/run?file=1", HEADER + "  - {at: 1s, who: a, do: ping, target: b, count: 1}\n"
                         "expect:\n  - {ping: lost, times: 1}\n  - {retransmissions: 0}\n")
    assert [line["met"] for line in said["expect"]] == [False, True]
    assert said["expect"][0]["line"] == 9 and said["page"] > 0


def an_error_makes_no_page():
    said = server().json("/api/run?file=0", "mailwire: 2\n")
    assert said["error"] is True and "page" not in said


# ---- What it refuses ----

def foreign_names_and_origins_are_refused():
    body = text_of(OFFICE)
    own = f"http://127.0.0.1:{server().port}"
    for path, sent in (("/api/files", None), ("/api/check?file=0", body), ("/", None)):
        for headers in ({"Host": "evil.example"}, {"Host": f"evil.example:{server().port}"},
                        {"Host": "127.0.0.1.evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"},
                        {"Origin": f"http://localhost:{server().port + 1}"}):
            status, answer, _ = server().ask(path, sent, headers)
            assert status == 403 and answer["Access-Control-Allow-Origin"] is None, (path, headers, status)
        assert server().ask(path, sent, {"Origin": own, "Sec-Fetch-Site": "same-origin"})[0] == 200
    assert server().ask("/api/files", None, {"Host": "localhost:99"})[0] == 200
    for site in ("cross-site", "same-site"):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        assert server().ask("/api/files", None, headers)[0] == 403
        assert server().ask("/", None, headers)[0] == 200
        assert server().ask("/", None, {**headers, "Sec-Fetch-Mode": "no-cors"})[0] == 403


def forms_and_other_methods_are_refused():
    assert server().ask("/api/check?file=0", "x", {"Content-Type": "text/plain"})[0] == 415
    assert server().ask("/api/check?file=0", "x", {"Content-Type": "application/x-www-form-urlencoded"})[0] == 415
    assert server().ask("/api/check?file=0")[0] == 405
    assert server().ask("/api/files", "x")[0] == 405
    for method in ("OPTIONS", "PUT", "DELETE"):
        request = urllib.request.Request(f"http://127.0.0.1:{server().port}/api/check?file=0", method=method)
        try:
            urllib.request.urlopen(request, timeout=10)
            raise AssertionError(method)
        except urllib.error.HTTPError as error:
            assert error.code == 405


def too_large_a_scenario_is_refused_unread():
    status, _, text = server().ask("/api/check?file=0", "#" * 1000001)
    assert status == 413 and "1 MB" in text
    assert server().ask("/api/check?file=0", "#" * 999999)[0] == 200
    with socket.create_connection(("127.0.0.1", server().port), timeout=10) as link:
        link.sendall(b"POST /api/check?file=0 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/yaml\r\n"
                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
        assert link.recv(4096).startswith(b"HTTP/1.1 411 ")


def attachments_are_of_the_folder_alone():
    with open(os.path.join(FOLDER, "inside.txt"), "w", encoding="utf-8") as file:
        file.write("x")
    mail = ("mailwire: 1\nhosts:\n  pc: {}\n  mail: {}\ndomains:\n  x.example:\n    mail: mail\n    accounts:\n"
            "      u: {}\nclients:\n  u: {host: pc, account: u@x.example}\ntimeline:\n"
            "  - {at: 1s, who: u, do: send, to: u@x.example, subject: S, text: T, attach: FILE}\n")
    assert server().json("/api/check?file=1", mail.replace("FILE", "inside.txt"))["error"] is False
    for path in ("/etc/passwd", "../../../../../../etc/passwd", "/proc/self/environ", "."):
        said = server().json("/api/check?file=1", mail.replace("FILE", path))
        assert said["error"] and re.search("cannot be attached|it is not relative|it leads out of the folder",
                                           said["messages"][0]["text"]), (path, said)


# ---- What it cuts off ----

def an_endless_run_is_cut_off_and_shown():
    with Server(OFFICE, "--records", "20000") as one:
        said = one.json("/api/run?file=0", ENDLESS)
        assert "cut off behind 20000 records" in said["notice"] and "expect" not in said
        assert one.ask(f"/run/{said['page']}")[0] == 200


def a_run_that_takes_too_long_is_ended():
    with Server(OFFICE, "--records", "1000000000", "--seconds", "1", "--memory", "0") as one:
        began = time.monotonic()
        status, _, text = one.ask("/api/run?file=0", ENDLESS)
        assert status == 422 and "took more than 1 seconds" in text, text
        assert time.monotonic() - began < 5
        assert one.ask("/api/check?file=0", HEADER)[0] == 200


def a_run_that_needs_too_much_memory_is_ended():
    if SANITIZED:
        return
    with Server(OFFICE, "--records", "1000000000", "--memory", "250") as one:
        status, _, text = one.ask("/api/run?file=0", ENDLESS)
        assert status == 422 and "more than 250 MB" in text, text
        assert "page" in one.json("/api/run?file=0", HEADER + "  []\n")


def many_at_once_are_answered_or_told_to_wait():
    with Server(OFFICE) as one:
        text = HEADER + "  - {at: 1s, who: a, do: ping, target: b}\n"
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda _: one.ask("/api/run?file=0", text), range(24)))
        states = [status for status, _, _ in answers]
        assert set(states) <= {200, 429} and states.count(200) >= 8 and 429 in states, states
        assert all(headers["Retry-After"] for status, headers, _ in answers if status == 429)
        assert one.ask("/api/files")[0] == 200
        pages = {json.loads(body)["page"] for status, _, body in answers if status == 200}
        assert len(pages) == states.count(200)
        assert one.ask(f"/run/{min(pages)}")[0] == 404 and one.ask(f"/run/{max(pages)}")[0] == 200


# ---- Live mode ----

def events(link, until):
    """Events of a stream up to one of that name: (name, data)."""
    found, name, data = [], "", []
    for line in link:
        line = line.decode().rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])
        elif line == "" and name:
            found.append((name, "\n".join(data)))
            if name == until:
                return found
            name, data = "", []
    raise AssertionError("the stream ended")


def the_log_comes_as_it_happens():
    address = f"http://127.0.0.1:{server().port}/api/live"
    with open(os.path.join(FOLDER, "small.yaml"), encoding="utf-8") as file:
        assert "ping" in file.read()
    with urllib.request.urlopen(address, timeout=30) as link:
        assert link.headers["Content-Type"] == "text/event-stream"
        assert server().ask("/api/live?file=1&speed=100", "")[0] == 200
        heard = events(link, "end")
    assert heard[0][0] == "start" and any("ICMP" in data for name, data in heard if name == "log")
    with urllib.request.urlopen(address, timeout=30) as link:
        assert events(link, "end") == heard, "who comes later hears it too"
    assert server().ask("/api/live?file=1&speed=0", "")[0] == 400
    assert server().ask("/api/live?file=1&speed=0.001", "")[0] == 200
    assert server().ask("/api/live", "")[0] == 200


def size_of_page(one, number):
    text = one.ask(f"/run/{number}")[2]
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.S).group(1))
    return data["moments"]


def the_page_of_a_live_session_grows():
    with Server(OFFICE, "--live") as one:
        assert one.ask("/api/live/page", "")[0] == 409, "no session yet"
        assert one.ask("/api/live/page")[0] == 405
        assert one.ask("/api/live?file=0&speed=5", "")[0] == 200
        sizes = []
        deadline = time.monotonic() + 20
        while (not sizes or sizes[-1] <= sizes[0]) and time.monotonic() < deadline:
            time.sleep(0.6)
            sizes.append(size_of_page(one, one.json("/api/live/page", "")["page"]))
        assert sizes[0] < sizes[-1], sizes
        assert one.ask("/api/live?file=0&speed=1000", "")[0] == 200
        with urllib.request.urlopen(f"http://127.0.0.1:{one.port}/api/live", timeout=30) as link:
            events(link, "end")  # of the first session, which the second one ended
            events(link, "end")
        whole = one.json("/api/run?file=0", text_of(OFFICE))["page"]
        last = within(10, lambda: one.json("/api/live/page", "")["page"])
        assert size_of_page(one, last) == size_of_page(one, whole), "the last page has all of it"


def a_live_page_has_limits():
    with Server(OFFICE, "--live", "--records", "400") as one:
        assert one.ask("/api/live?file=0&speed=1000", "")[0] == 200
        time.sleep(1)
        page = one.ask(f"/run/{one.json('/api/live/page', '')['page']}")[2]
        assert '"moments":400' in page and "--records" in page


def give_up(one, count):
    """So many ask for the page, and go before there is an answer."""
    links = [socket.create_connection(("127.0.0.1", one.port)) for _ in range(count)]
    for link in links:
        link.sendall(f"POST /api/live/page HTTP/1.1\r\nHost: 127.0.0.1:{one.port}\r\n"
                     "Content-Type: application/yaml\r\nContent-Length: 0\r\n\r\n".encode())
    for link in links:
        link.close()


def a_live_page_that_fails_is_answered_each_time():
    with Server(OFFICE, "--live", "--memory", "1") as one:
        assert one.ask("/api/live?file=0&speed=0.1", "")[0] == 200
        for _ in range(3):
            status, _, said = one.ask("/api/live/page", "", timeout=10)
            assert status == 409 and "could not be made" in said, (status, said)
            give_up(one, 17)
            time.sleep(0.6)
        assert one.ask("/api/live", "")[0] == 200


def who_waits_for_a_page_and_goes_makes_room():
    with Server(OFFICE, "--live") as one:
        assert one.ask("/api/live?file=0&speed=0.1", "")[0] == 200
        with open(f"/proc/{one.process.pid}/task/{one.process.pid}/children", encoding="ascii") as file:
            session = int(file.read().split()[0])
        one.json("/api/live/page", "")
        time.sleep(0.6)
        os.kill(session, signal.SIGSTOP)  # so that no answer comes
        give_up(one, 16)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(lambda: one.ask("/api/live/page", ""))
            time.sleep(0.3)
            os.kill(session, signal.SIGCONT)
            assert asked.result(20)[0] == 200


def seconds_of_processor(process):
    with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def who_asks_for_pages_and_does_not_read_costs_nothing():
    ours, theirs = socket.socketpair()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    with ours, theirs:
        session = subprocess.Popen([MAILWIRE, "live", "--speed=0.1", "--alone", f"--pages={theirs.fileno()}:400:20:0",
                                    OFFICE], pass_fds=[theirs.fileno()], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            ours.sendall(b"pp")
            assert int(ours.recv(1)) > 0, "the first page is on its way"
            before = seconds_of_processor(session.pid)
            time.sleep(1)
            spent = seconds_of_processor(session.pid) - before
            session.terminate()
            assert session.wait(5) == 0, "a page that nobody reads does not keep it"
        finally:
            session.kill()
            session.wait()
        assert spent < 0.4, spent


# ---- Its life ----

def it_listens_on_loopback_alone():
    with open(f"/proc/{server().process.pid}/net/tcp", encoding="ascii") as file:
        listening = [line.split()[1] for line in file if line.split()[3] == "0A"]
    assert f"0100007F:{server().port:04X}" in listening and f"00000000:{server().port:04X}" not in listening


def is_running(process):
    """Not so when it has ended, whether or not somebody has asked how."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def sigterm_ends_it_and_its_children():
    one = Server(OFFICE, "--records", "1000000000", "--memory", "0", "--live")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        asked = pool.submit(lambda: one.ask("/api/run?file=0", ENDLESS))
        one.ask("/api/live?file=0&speed=0.01", "")
        children = f"/proc/{one.process.pid}/task/{one.process.pid}/children"

        def all_run():
            with open(children, encoding="ascii") as file:
                found = file.read().split()
            return found if len(found) == 2 else None
        found = within(10, all_run)
        one.process.send_signal(signal.SIGTERM)
        assert one.process.wait(5) == 0
        within(5, lambda: not any(is_running(child) for child in found))
        try:
            asked.result(10)
        except (urllib.error.URLError, ConnectionError, OSError):
            pass
    assert one.process.stderr.read() == ""


def each_mistake_has_its_own_error():
    for arguments, what in ((["nowhere"], "there is no scenario `nowhere`"), ([], "serve needs another argument"),
                            ([OFFICE, "--port", "70000"], "--port"), ([OFFICE, "--speed", "0"], "--speed"),
                            ([OFFICE, "--listen", "somewhere"], '"somewhere" is no address'),
                            ([OFFICE, "--port", str(server().port)], "choose another port")):
        done = subprocess.run([MAILWIRE, "serve", *arguments], capture_output=True, text=True, timeout=10)
        assert done.returncode != 0 and what in done.stderr, (arguments, done.stderr)


CASES = [
    the_editor_is_served_with_a_policy,
    files_are_those_that_were_named,
    errors_are_those_of_mailwire_check,
    words_are_those_that_fit,
    a_run_gives_its_page_and_verdict,
    what_is_not_met_is_said_at_its_line,
    an_error_makes_no_page,
    foreign_names_and_origins_are_refused,
    forms_and_other_methods_are_refused,
    too_large_a_scenario_is_refused_unread,
    attachments_are_of_the_folder_alone,
    an_endless_run_is_cut_off_and_shown,
    a_run_that_takes_too_long_is_ended,
    a_run_that_needs_too_much_memory_is_ended,
    many_at_once_are_answered_or_told_to_wait,
    the_log_comes_as_it_happens,
    the_page_of_a_live_session_grows,
    a_live_page_has_limits,
    a_live_page_that_fails_is_answered_each_time,
    who_waits_for_a_page_and_goes_makes_room,
    who_asks_for_pages_and_does_not_read_costs_nothing,
    it_listens_on_loopback_alone,
    sigterm_ends_it_and_its_children,
    each_mistake_has_its_own_error,
]

if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit(skip_all("live mode needs Linux"))
    probe = subprocess.run([MAILWIRE, "serve", "hello", "--listen", "nowhere"], capture_output=True, text=True)
    if "needs libsoup" in probe.stderr:
        sys.exit(skip_all("mailwire was built without libsoup"))
    with open(os.path.join(FOLDER, "small.yaml"), "w", encoding="utf-8") as small:
        small.write(HEADER + "  - {at: 1s, who: a, do: ping, target: b, count: 2}\n")
    try:
        STATUS = run_cases(CASES)
    finally:
        if hasattr(server, "shared"):
            server.shared.__exit__()
        shutil.rmtree(FOLDER)
    sys.exit(STATUS)
