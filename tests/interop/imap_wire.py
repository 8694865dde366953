"""IMAP as it stands on the wire: a connection that sends what it is given and reads answers as trees."""
import socket


class Atom(bytes):
    """What stood unquoted; a string is plain bytes, NIL is None, a list is a list."""


class Reader:
    """Reads one response with its literals: parenthesised lists become lists (RFC 9051 section 9)."""

    def __init__(self, file):
        self.file = file

    def response(self):
        """(text, tree): the octets as they came, and what they mean."""
        line = self.file.readline()
        if not line:
            raise EOFError
        assert line.endswith(b"\r\n"), line
        text, pieces = line, [(line[:-2], None)]
        words = line.split(b" ")
        if words[0] == b"+" or words[1:2] and words[1].upper() in (b"OK", b"NO", b"BAD", b"BYE", b"PREAUTH"):
            return line, [Atom(word) for word in line[:-2].split(b" ")]  # text for people
        while line.endswith(b"}\r\n") and b"{" in line and line[line.rindex(b"{") + 1:-3].isdigit():
            size = int(line[line.rindex(b"{") + 1:-3])
            literal = self.file.read(size)
            assert len(literal) == size
            line = self.file.readline()
            cut = pieces[-1][0]
            pieces[-1] = (cut[:cut.rindex(b"{")].removesuffix(b"~"), literal)
            pieces.append((line[:-2], None))
            text += literal + line
        return text, self.tree(pieces)

    @staticmethod
    def tree(pieces):
        stack = [[]]
        for piece, literal in pieces:
            at = 0
            while at < len(piece):
                char = piece[at:at + 1]
                if char == b" ":
                    at += 1
                elif char == b"(":
                    stack.append([])
                    at += 1
                elif char == b")" and len(stack) > 1:
                    done = stack.pop()
                    stack[-1].append(done)
                    at += 1
                elif char == b'"':
                    value, at = Reader.quoted(piece, at + 1)
                    stack[-1].append(value)
                else:
                    end = at
                    depth = 0
                    while end < len(piece) and (depth > 0 or piece[end:end + 1] not in b" ()\""):
                        depth += (piece[end:end + 1] == b"[") - (piece[end:end + 1] == b"]")
                        end += 1
                    word = piece[at:max(end, at + 1)]
                    stack[-1].append(None if word.upper() == b"NIL" else Atom(word))
                    at = max(end, at + 1)
            if literal is not None:
                stack[-1].append(literal)
        return stack[0]

    @staticmethod
    def quoted(piece, at):
        value = b""
        while piece[at:at + 1] != b'"':
            assert at < len(piece), piece
            if piece[at:at + 1] == b"\\":
                at += 1
                assert piece[at:at + 1] in (b'"', b"\\"), piece
            value += piece[at:at + 1]
            at += 1
        return value, at + 1


class Answer:
    """What came until the tagged reply."""

    def __init__(self, untagged, status, text):
        self.untagged, self.status, self.text = untagged, status, text

    def data(self, name):
        """The untagged answers called `name`: [b"SEARCH", ...] or [b"12", b"FETCH", ...], without the star."""
        name = name.encode()
        return [tree[1:] for tree in self.untagged
                if name in [part.upper() for part in tree[1:3] if isinstance(part, Atom)]]

    def fetched(self):
        """By message number: {b"UID": b"7", ...} of all FETCH answers."""
        found = {}
        for tree in self.data("FETCH"):
            pairs = tree[2]
            found.setdefault(int(tree[0]), {}).update(
                (bytes(pairs[i]).upper(), pairs[i + 1]) for i in range(0, len(pairs), 2))
        return found

    def numbers(self, name="SEARCH"):
        return [int(part) for tree in self.data(name) for part in tree[1:] if part.isdigit()]

    def code(self, name):
        """The arguments of a response code in the tagged reply or an untagged one; None: it did not come."""
        for text in [self.text] + [b" ".join(part for part in tree[2:] if isinstance(part, bytes))
                                   for tree in self.untagged if tree[1:2] and tree[1] == b"OK"]:
            if text.upper().startswith(b"[" + name.encode()):
                return text[1:text.index(b"]")].split()[1:]
        return None


class Connection:
    def __init__(self, user, password, server="imap.office.example", port=143):
        self.socket = socket.create_connection((server, port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.reader = Reader(self.file)
        self.tags = 0
        self.on_untagged = None
        self.greeting = self.reader.response()[1]
        if user is not None:
            self.ok(f'LOGIN "{user}" "{password}"')

    def send(self, octets):
        self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode())

    def begin(self, command):
        """Sends a command and returns its tag. Bytes in a list are literals that the server asks for."""
        self.tags += 1
        tag = f"t{self.tags}".encode()
        parts = command if isinstance(command, list) else [command]
        out = tag + b" "
        for part in parts:
            if isinstance(part, bytes):
                self.send(out + b"{%d}\r\n" % len(part))
                while True:
                    _, tree = self.reader.response()
                    if tree[0] == b"+":
                        break
                    assert tree[0] == b"*", tree
                out = part
            else:
                out += part.encode()
        self.send(out + b"\r\n")
        return tag

    def finish(self, tag):
        untagged = []
        while True:
            text, tree = self.reader.response()
            if tree and tree[0] == tag:
                rest = text.split(b" ", 2)
                return Answer(untagged, rest[1], rest[2].rstrip(b"\r\n") if len(rest) > 2 else b"")
            assert tree[0] == b"*", text
            if self.on_untagged is not None:
                self.on_untagged(tree)
            untagged.append(tree)

    def run(self, command):
        return self.finish(self.begin(command))

    def expect(self, status, command):
        answer = self.run(command)
        assert answer.status == status, (command, answer.status, answer.text, answer.untagged)
        return answer

    def ok(self, command):
        return self.expect(b"OK", command)

    def no(self, command):
        return self.expect(b"NO", command)

    def bad(self, command):
        return self.expect(b"BAD", command)

    def close(self):
        self.file.close()
        self.socket.close()
