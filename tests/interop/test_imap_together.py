#!/usr/bin/env python3
"""Many IMAP clients at once on the same mailboxes. None waits for another, so that their commands cross; each
keeps the books that RFC 3501, 7162 and 9051 let a client keep, and what one is told must agree with its own
books and with what the others were told. SEED and STEPS in the environment make longer runs."""
import contextlib
import os
import random
import selectors

from imap_wire import Connection
from interop import main

USER, PASSWORD = "olga@office.example", "o-secret"
BOXES = ("together", "apart")
FLAGS = (b"\\Seen", b"\\Flagged", b"\\Draft", b"\\Answered", b"$Stress", b"$Other")
CONNECTIONS_MAX = 10  # of one user from one address


def letter(number, random_):
    return f"From: Olga <olga@office.example>\r\nSubject: {number}\r\nMessage-ID: <{number}@office.example>\r\n\r\n".encode() + \
        b"a line\r\n" * random_.randrange(60)


def uids_of(text):
    """The numbers of a set such as b"3,5:7"."""
    found = []
    for part in text.split(b","):
        first, _, last = part.partition(b":")
        first, last = sorted((int(first), int(last or first)))
        found += range(first, last + 1)
    return found


class Truths:
    """What is told to all alike: contents, dates, and the flags that a message has at a mod-sequence."""

    def __init__(self):
        self.said = {}

    def agree(self, what, value):
        told = self.said.setdefault(what, value)
        assert told == value, (what, "was told as", told, "and as", value)


class Entry:
    def __init__(self):
        self.uid, self.flags, self.modseq = None, None, 0


class Command:
    """One that was sent and is not answered: whether numbers must stay while it is, and what to do then."""

    def __init__(self, text, keeps_numbers, then):
        self.text, self.keeps_numbers, self.then = text, keeps_numbers, then


class Client:
    def __init__(self, number, truths, random_):
        self.number, self.truths, self.random = number, truths, random_
        self.sessions = 0
        self.newest = {}  # by mailbox: the highest UID that a message of its own got there
        self.known = {}  # by mailbox: what a QRESYNC client has on its disk
        self.connect()

    # ---- its connection ----

    def connect(self):
        self.box = Connection(USER, PASSWORD)
        self.sessions += 1
        self.pending, self.said = {}, []
        self.name, self.entries, self.keywords = None, [], set()
        self.is_idle = self.may_done = False
        self.highest = 0
        self.kind = ("plain", "condstore", "qresync", "rev2", "qresync")[self.number % 5]
        if self.kind in ("qresync", "condstore"):
            self.box.ok(f"ENABLE {self.kind}")
        elif self.kind == "rev2":
            self.box.ok("ENABLE IMAP4rev2")

    def send(self, command, keeps_numbers=False, then=None):
        parts = command if isinstance(command, list) else [command]
        self.box.tags += 1
        tag = b"t%d" % self.box.tags
        octets = b"".join(b"{%d+}\r\n" % len(part) + part if isinstance(part, bytes) else part.encode() for part in parts)
        self.pending[tag] = Command(parts[0], keeps_numbers, then)
        self.said.append(parts[0])
        self.box.send(tag + b" " + octets + b"\r\n")

    def settle(self):
        """Waits until all is answered."""
        if self.is_idle:
            self.done()
        while self.pending:
            self.hear()

    def done(self):
        while not self.may_done:
            self.hear()
        self.box.send("DONE\r\n")
        self.is_idle = self.may_done = False

    def close(self):
        self.box.close()

    # ---- what it hears ----

    def hear(self):
        text, tree = self.box.reader.response()
        try:
            self.take(tree)
        except AssertionError as wrong:
            raise AssertionError(f"client {self.number} ({self.kind}) heard {text!r} after {self.said[-6:]}: {wrong}") from wrong

    def take(self, tree):
        if tree[0] == b"+":
            self.may_done = True
        elif tree[0] == b"*":
            self.untagged(tree)
        else:
            command = self.pending.pop(tree[0])
            assert tree[1] == b"OK", (command.text, tree)
            self.codes(tree, command)
            if command.then is not None:
                command.then(tree)

    def codes(self, tree, command):
        words = tree[2:]
        if words[:1] == [b"[HIGHESTMODSEQ"]:
            self.highest = int(words[1].rstrip(b"]"))
        elif words[:1] == [b"[COPYUID"]:
            source, target = uids_of(words[2]), uids_of(words[3].rstrip(b"]"))
            assert len(source) == len(target), tree
            self.arrived(command.text.split()[-1], words[1], target)
        elif words[:1] == [b"[APPENDUID"]:
            self.arrived(command.text.split()[1], words[1], uids_of(words[2].rstrip(b"]")))

    def arrived(self, name, validity, uids):
        """Messages of its own have these UIDs there: higher than those before, and nobody else's."""
        self.truths.agree((name, "validity"), int(validity))
        for uid in uids:
            assert uid > self.newest.get(name, 0), ("a UID behind", self.newest[name], uids)
            self.newest[name] = uid
            self.truths.agree((name, uid, "from"), (self.number, self.box.tags))

    def found(self, numbers):
        """What the command under way found is there, and among what it was to look at."""
        words = self.under_way().text.split()
        assert words[0] in ("SEARCH", "SORT") or words[:2] == ["UID", "SEARCH"], "nobody searches"
        asked = uids_of(words[-1].encode()) if words[0] != "UID" else None
        for number in numbers:
            if asked is None:
                self.entry_of(number)
            else:
                assert number in asked and number <= len(self.entries), ("found what was not asked for:", number)
        assert len(set(numbers)) == len(numbers), "found twice"

    def found_extended(self, tree):
        assert tree[2] == [b"TAG", next(iter(self.pending))], "of another command"
        words = [word for word in tree[3:] if word != b"UID"]
        told = dict(zip(words[::2], words[1::2]))
        self.found(uids_of(told.get(b"ALL") or told.get(b"MAX", b"")) if b"ALL" in told or b"MAX" in told else [])
        assert int(told.get(b"COUNT", 0)) <= len(self.entries), "more than there are"

    def under_way(self):
        """The command that is being answered: a server takes one at a time."""
        return next(iter(self.pending.values()), None)

    def untagged(self, tree):
        word = tree[2] if len(tree) > 2 and isinstance(tree[2], bytes) else b""
        if tree[1] == b"OK":
            self.codes(tree, self.under_way())
        elif tree[1] == b"FLAGS":
            self.keywords = set(tree[2])
        elif tree[1] == b"VANISHED":
            self.vanished(tree)
        elif tree[1] in (b"SEARCH", b"SORT"):
            self.found([int(number) for number in tree[2:] if not isinstance(number, list)])
        elif tree[1] == b"ESEARCH":
            self.found_extended(tree)
        elif word == b"EXISTS":
            assert int(tree[1]) >= len(self.entries), "EXISTS shrinks"
            self.entries += [Entry() for _ in range(int(tree[1]) - len(self.entries))]
        elif word == b"EXPUNGE":
            assert self.kind != "qresync", "EXPUNGE in place of VANISHED"
            self.numbers_may_change()
            assert 1 <= int(tree[1]) <= len(self.entries), "no such number"
            del self.entries[int(tree[1]) - 1]
        elif word == b"FETCH":
            self.fetched(int(tree[1]), tree[3])
        elif word == b"RECENT":
            assert self.kind != "rev2" and int(tree[1]) <= len(self.entries)

    def numbers_may_change(self):
        assert self.pending, "numbers change between commands"
        assert not all(command.keeps_numbers for command in self.pending.values()), "numbers change where they must not"

    def vanished(self, tree):
        assert self.kind == "qresync", "VANISHED was not asked for"
        gone = set(uids_of(tree[-1]))
        if len(tree) > 3:  # (EARLIER): what went before this session
            for uid in gone:
                self.known[self.name][1].pop(uid, None)
            return
        self.numbers_may_change()
        for uid in gone:
            self.entries.remove(self.entry_of(uid))

    def entry_of(self, uid):
        """The one with this UID; or else one that can have it, for its UID was not told and its neighbours fit."""
        candidate = None
        for entry in self.entries:
            if entry.uid == uid:
                return entry
            if entry.uid is None:
                candidate = candidate or entry
            elif entry.uid < uid:
                candidate = None
            else:
                break
        assert candidate is not None, ("VANISHED what was not there:", uid)
        return candidate

    def fetched(self, number, pairs):
        assert 1 <= number <= len(self.entries), "no such number"
        entry = self.entries[number - 1]
        got = {bytes(pairs[i]).upper(): pairs[i + 1] for i in range(0, len(pairs), 2)}
        if b"UID" in got:
            uid = int(got[b"UID"])
            assert entry.uid in (None, uid), ("another UID before:", entry.uid)
            entry.uid = uid
            uids = [each.uid for each in self.entries if each.uid is not None]
            assert uids == sorted(set(uids)), uids
            for name in (b"BODY[]", b"RFC822.SIZE", b"INTERNALDATE", b"ENVELOPE"):
                if name in got:
                    self.truths.agree((self.name, uid, name), got[name])
        if b"FLAGS" in got:
            flags = frozenset(bytes(flag) for flag in got[b"FLAGS"])
            assert all(flag in self.keywords for flag in flags - {b"\\Recent"}), ("not in FLAGS:", flags, self.keywords)
            if b"\\Recent" in flags and entry.uid is not None:
                self.truths.agree((self.name, entry.uid, "recent to"), (self.number, self.sessions))
            entry.flags = flags - {b"\\Recent"}
        if b"MODSEQ" in got:
            modseq = int(got[b"MODSEQ"][0])
            assert modseq >= entry.modseq, ("MODSEQ shrinks from", entry.modseq)
            entry.modseq = modseq
            self.highest = max(self.highest, modseq)
            if b"FLAGS" in got and entry.uid is not None:
                self.truths.agree((self.name, entry.uid, "flags at", modseq), entry.flags)

    # ---- what it does ----

    def may_number(self):
        """Numbers may be used: none of the commands under way can change them."""
        return len(self.entries) > 0 and all(command.keeps_numbers for command in self.pending.values())

    def learn(self):
        if any(entry.uid is None or entry.flags is None for entry in self.entries):
            self.send("UID FETCH 1:* (FLAGS)" if self.kind in ("plain", "rev2") else "UID FETCH 1:* (FLAGS MODSEQ)")

    def select(self):
        self.settle()
        self.remember()
        self.name, self.entries = self.random.choice(BOXES), []
        how = ""
        if self.kind == "qresync" and self.name in self.known:
            how = " (QRESYNC ({} {}))".format(self.known[self.name][2], self.known[self.name][0])
        elif self.kind == "condstore":
            how = " (CONDSTORE)"
        self.keywords = set()
        answer = self.box.finish(self.begin_select(how))
        assert answer.status == b"OK", (how, answer.text)
        self.validity = int(answer.code("UIDVALIDITY")[0])
        self.truths.agree((self.name, "validity"), self.validity)
        highest = int(answer.code("HIGHESTMODSEQ")[0])
        if how.startswith(" (QRESYNC"):
            self.resynchronised(highest)
        self.highest = highest
        self.learn()
        self.settle()

    def begin_select(self, how):
        self.said.append(f"SELECT {self.name}{how}")
        self.box.on_untagged = lambda tree: self.guarded(tree)
        return self.box.begin(f"SELECT {self.name}{how}")

    def guarded(self, tree):
        try:
            self.untagged(tree)
        except AssertionError as wrong:
            raise AssertionError(f"client {self.number} heard {tree} after {self.said[-6:]}: {wrong}") from wrong

    def remember(self):
        """Puts on its disk what it knows of the mailbox, as of the highest mod-sequence that it was told."""
        if self.kind == "qresync" and self.name is not None and self.highest > 0 and \
                all(entry.uid is not None and entry.flags is not None for entry in self.entries):
            self.known[self.name] = (self.highest, {entry.uid: entry.flags for entry in self.entries}, self.validity)

    def resynchronised(self, highest):
        """What was known, less what vanished, with what was fetched, is what the mailbox held at its SELECT."""
        since, known, _ = self.known[self.name]
        known.update((entry.uid, entry.flags) for entry in self.entries if entry.uid is not None)
        told = self.box.ok("FETCH 1:* (UID FLAGS MODSEQ)").fetched() if self.entries else {}
        truth = {int(pairs[b"UID"]): (frozenset(map(bytes, pairs[b"FLAGS"])) - {b"\\Recent"}, int(pairs[b"MODSEQ"][0]))
                 for pairs in told.values()}
        for uid, (flags, modseq) in truth.items():
            if modseq <= highest:  # else it changed meanwhile
                assert known.get(uid) == flags, ("not told by QRESYNC", since, highest, uid, known.get(uid), flags, modseq)
        assert set(known) <= set(truth), ("not told to have VANISHED", since, highest, set(known) - set(truth))

    def step(self, number):
        """One more command, mostly without waiting for the answers to the last."""
        random_ = self.random
        if self.is_idle:
            if random_.randrange(3) == 0:
                self.done()
            return
        if len(self.pending) >= 4:
            self.settle()
        kind = random_.randrange(32)
        if self.name is None or kind == 0:
            return self.select()
        if kind == 1:  # the line is cut behind a change, and what came in time is remembered
            self.settle()
            if self.entries:
                self.send(f"STORE {random_.randint(1, len(self.entries))} +FLAGS ({self.some_flags()})", keeps_numbers=True)
                self.settle()
            self.remember()
            self.box.close()
            self.connect()
            return self.select()
        self.act(kind, number)

    def act(self, kind, number):
        random_ = self.random
        target = random_.choice(BOXES)
        if kind < 5:
            flag = random_.choice(FLAGS).decode()
            messages = [f"APPEND {target} ({flag}) ", letter(f"{self.number}.{number}", random_)]
            if random_.randrange(4) == 0:
                messages += [" ", letter(f"{self.number}.{number}.more", random_)]
            self.send(messages)
        elif kind < 7:
            self.send(random_.choice(("NOOP", "CHECK")))
        elif kind < 9:
            self.send("IDLE")
            self.is_idle = True
        elif kind < 11:
            self.send("EXPUNGE")
        elif kind < 13:
            self.send(f"STATUS {target} (MESSAGES UIDNEXT UNSEEN)")
        elif kind < 21:
            self.act_by_uid(kind, target)
        elif self.may_number():
            self.act_by_number(kind, target)
        else:
            self.learn()

    def act_by_uid(self, kind, target):
        uids = [entry.uid for entry in self.entries if entry.uid is not None]
        if not uids:
            return self.learn()
        some = ",".join(str(uid) for uid in self.random.sample(uids, min(len(uids), self.random.randint(1, 3))))
        if kind < 15:
            self.send(f"UID STORE {some} {self.random.choice('+-')}FLAGS{self.random.choice(('', '.SILENT'))} ({self.some_flags()})",
                      then=self.unknown_flags(some))
        elif kind == 15:
            self.send(f"UID STORE {some} +FLAGS (\\Deleted)")
        elif kind == 16:
            self.send(f"UID EXPUNGE {some}")
        elif kind == 17:
            self.send(f"UID MOVE {some} {target}")
        elif kind == 18:
            self.send(f"UID COPY {some} {target}")
        elif kind == 19:
            self.send("UID SEARCH RETURN (COUNT MAX) UNSEEN" if self.random.randrange(2) else "UID SEARCH NOT SEEN")
        else:
            self.send(f"UID FETCH {some} (FLAGS BODY.PEEK[])")

    def act_by_number(self, kind, target):
        one, other = (self.random.randint(1, len(self.entries)) for _ in range(2))
        if kind < 24:
            self.send(f"FETCH {one}:{other} (UID FLAGS RFC822.SIZE INTERNALDATE)", keeps_numbers=True)
        elif kind < 26:
            self.send(f"FETCH {one} (UID BODY.PEEK[] ENVELOPE)", keeps_numbers=True)
        elif kind < 28:
            self.send(f"STORE {one}:{other} {self.random.choice('+-')}FLAGS ({self.some_flags()})", keeps_numbers=True)
        elif kind == 28:
            self.send(f"SEARCH {self.random.choice(('UNSEEN', 'FLAGGED', 'KEYWORD $Stress'))} {one}:{other}", keeps_numbers=True)
        elif kind == 29:
            self.send(f"COPY {one} {target}")
        elif kind == 30:
            self.send(f"MOVE {one} {target}")
        else:
            self.send(f"SORT (REVERSE SIZE) UTF-8 {one}:{other}", keeps_numbers=True)

    def some_flags(self):
        return " ".join(flag.decode() for flag in self.random.sample(FLAGS, self.random.randint(1, 2)))

    def unknown_flags(self, some):
        """Behind a STORE in silence a client with CONDSTORE is told the mod-sequence; the flags are asked for."""
        uids = set(uids_of(some.encode()))

        def then(_):
            for entry in self.entries:
                if entry.uid in uids:
                    entry.flags = None
        return then

    def all_known(self):
        self.settle()
        self.send("NOOP")
        self.settle()
        for entry in self.entries:
            entry.flags = None
        self.learn()
        self.settle()
        return [(entry.uid, entry.flags) for entry in self.entries]


def fill(name, messages):
    """The mailbox anew, with so many messages."""
    with contextlib.closing(Connection(USER, PASSWORD)) as connection:
        connection.run(f"DELETE {name}")
        connection.ok(f"CREATE {name}")
        for number in range(messages):
            connection.ok([f"APPEND {name} ", letter(number, random.Random(number))])


def together(seed, steps):
    """Commands of all clients cross; then all are quiet, and those in one mailbox see the same."""
    random_ = random.Random(seed)
    truths = Truths()
    for name in BOXES:
        fill(name, 6)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(contextlib.closing(Client(number, truths, random_)))
                   for number in range(CONNECTIONS_MAX)]
        cross(clients, random_, steps)
        compare(clients)
        for client in clients:
            client.box.ok("LOGOUT")


def cross(clients, random_, steps):
    for step in range(steps):
        random_.choice(clients).step(step)
        ears = selectors.DefaultSelector()
        for client in clients:
            ears.register(client.box.socket, selectors.EVENT_READ, client)
        for key, _ in ears.select(0):
            if random_.randrange(3):
                key.data.hear()
        ears.close()


def compare(clients):
    views = {}
    for client in clients:
        client.settle()
    for client in clients:
        view = client.all_known()
        assert views.setdefault(client.name, view) == view, (client.number, client.name, views[client.name], view)


def commands_of_many_cross():
    seeds = [int(os.environ["SEED"])] if "SEED" in os.environ else (1, 2)
    for seed in seeds:
        together(seed, int(os.environ.get("STEPS", "800")))


def flags_of_many_are_not_lost():
    """Each client changes a keyword of its own on the same messages: none undoes another's."""
    fill("own", 4)
    with contextlib.ExitStack() as stack:
        change_own_flags([stack.enter_context(contextlib.closing(Connection(USER, PASSWORD))) for _ in range(CONNECTIONS_MAX)])


def change_own_flags(clients):
    for client in clients:
        client.ok("SELECT own")
    tags = []
    for round_ in range(10):
        sign = "+" if round_ % 2 == 0 else "-"
        for number, client in enumerate(clients):
            tags.append((client, client.begin(f"STORE 1:4 {sign}FLAGS (own{number})")))
    for client, tag in tags:
        assert client.finish(tag).status == b"OK"
    for number, client in enumerate(clients):
        client.ok(f"STORE {number % 4 + 1} +FLAGS (own{number})")
    for client in clients:
        client.ok("NOOP")
    states = [{number: frozenset(pairs[b"FLAGS"]) - {b"\\Recent"} for number, pairs in client.ok("FETCH 1:* FLAGS").fetched().items()}
              for client in clients]
    wanted = {b"own%d" % number for number in range(0, CONNECTIONS_MAX, 4)}
    assert all(state == states[0] for state in states) and states[0][1] == wanted, states


CASES = [commands_of_many_cross, flags_of_many_are_not_lost]

if __name__ == "__main__":
    main(CASES, "mail.yaml")
