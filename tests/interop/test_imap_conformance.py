#!/usr/bin/env python3
"""The IMAP server against the letter of its RFCs, over the network: a case for every capability that it
offers."""
import base64
import hmac
import re

from imap_wire import Connection
from interop import main

USER, PASSWORD = "olga@office.example", "o-secret"


def connect(user=USER, password=PASSWORD):
    return Connection(user, password)


def letter(subject="x", text="text\r\n", **fields):
    lines = {"From": "Olga <olga@office.example>", "Date": "Mon, 5 Jan 2026 10:00:00 +0000", "Subject": subject}
    lines.update({name.replace("_", "-"): value for name, value in fields.items()})
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None).encode() + \
        b"\r\n" + (text if isinstance(text, bytes) else text.encode())


def fresh(name, *letters):
    """A connection with a new mailbox selected that holds these messages."""
    box = connect()
    box.run(f"DELETE {name}")
    box.ok(f"CREATE {name}")
    for each in letters:
        box.ok([f"APPEND {name} ", each])
    box.ok(f"SELECT {name}")
    return box


# ---- RFC 3501, RFC 9051: frame ----

def commands_come_in_any_form():
    box = Connection(None, None)
    assert box.greeting[1] == b"OK"
    offered = [bytes(word) for word in box.ok("capability").data("CAPABILITY")[0][1:]]
    for name in (b"IMAP4rev1", b"IMAP4rev2", b"AUTH=SCRAM-SHA-256", b"AUTH=CRAM-MD5", b"AUTH=PLAIN", b"SASL-IR"):
        assert name in offered, offered
    box.bad("SELECT INBOX")
    box.bad("")
    box.no(f"LOGIN {USER} wrong")
    box.ok([f"login ", USER.encode(), " ", PASSWORD.encode()])
    box.bad(f"LOGIN {USER} {PASSWORD}")
    box.bad("FETCH 1 FLAGS")
    box.bad("NOOP argument")
    box.ok("nOoP")
    box.send(b"a.b-c OK?\r\nx1 NOOP\r\n")
    assert box.reader.response()[1][:2] == [b"a.b-c", b"BAD"]
    assert box.reader.response()[1][:2] == [b"x1", b"OK"]
    assert [tree[0] for tree in box.ok("LOGOUT").data("BYE")] == [b"BYE"]
    assert box.file.read() == b""


def commands_may_come_all_at_once():
    """Pipelined commands are answered in order (section 5.5), an ambiguous one after the other."""
    box = fresh("pipe", letter("one"), letter("two"))
    box.send(b"p1 STORE 1 +FLAGS (\\Seen)\r\np2 FETCH 1 (FLAGS)\r\np3 STORE 1:* +FLAGS (\\Deleted)\r\n"
             b"p4 EXPUNGE\r\np5 SEARCH ALL\r\np6 NOOP\r\n")
    answers = [box.finish(f"p{i}".encode()) for i in range(1, 7)]
    assert all(answer.status == b"OK" for answer in answers)
    assert b"\\Seen" in answers[1].fetched()[1][b"FLAGS"]
    assert len(answers[3].data("EXPUNGE")) == 2 and answers[4].numbers() == []


def literals_and_quoted_strings_say_the_same():
    box = connect()
    for name in (b"plain", b"with blank", b'quo"te', b"back\\slash", b"(paren)", b"a{3}"):
        box.run([f"DELETE ", name])
        box.ok(["CREATE ", name])
        quoted = b'"' + name.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'
        status = box.ok(f"STATUS {quoted.decode()} (MESSAGES)").data("STATUS")[0]
        assert status[1] == name and status[2] == [b"MESSAGES", b"0"], status
        listed = [tree[3] for tree in box.ok(["LIST \"\" ", name]).data("LIST")]
        assert listed == [name], listed
        box.ok(f"DELETE {quoted.decode()}")
    box.send(b"l1 CREATE {4+}\r\nplus\r\n")
    assert box.finish(b"l1").status == b"OK"
    box.ok("DELETE plus")
    box.bad('CREATE "no end')
    box.bad("CREATE \"bad \\escape\"")


def nil_is_a_name_where_a_name_is_wanted():
    """astring = 1*ASTRING-CHAR / string: the mailbox NIL is called so."""
    box = connect()
    box.run("DELETE NIL")
    box.ok("CREATE NIL")
    assert b'NIL' in box.run("LIST \"\" NIL").untagged[0] or None in box.run("LIST \"\" NIL").untagged[0]
    text = box.ok("STATUS NIL (MESSAGES)").untagged[0]
    box.ok([f"APPEND NIL ", letter("NIL")])
    box.ok("SELECT NIL")
    assert box.ok("SEARCH SUBJECT NIL").numbers() == [1], text
    box.ok("CLOSE")
    box.ok("DELETE NIL")


# ---- Mailboxes ----

def exchange(box, command, *lines):
    """AUTHENTICATE in its steps: says each line after a challenge; the challenges decoded, and the answer."""
    tag = box.begin(command)
    challenges = []
    for line in lines:
        text, tree = box.reader.response()
        assert tree[0] == b"+", text
        challenges.append(base64.b64decode(text[2:].strip()))
        box.send(line + b"\r\n")
    return challenges, box.finish(tag)


def authenticate_step_by_step():
    """RFC 3501 section 6.2.2, RFC 4959: with and without an initial response, broken off, wrong, refused."""
    plain = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
    wrong = base64.b64encode(f"\0{USER}\0wrong".encode())
    name, password = base64.b64encode(USER.encode()), base64.b64encode(PASSWORD.encode())
    box = Connection(None, None)
    assert exchange(box, "AUTHENTICATE PLAIN", b"*")[1].status == b"BAD"
    assert exchange(box, "AUTHENTICATE PLAIN", b"no base64!")[1].status == b"BAD"
    answer = exchange(box, "AUTHENTICATE PLAIN", wrong)[1]
    assert answer.status == b"NO" and answer.text.startswith(b"[AUTHENTICATIONFAILED]"), answer.text
    assert exchange(box, "AUTHENTICATE PLAIN " + wrong.decode())[1].status == b"NO"
    box.no("AUTHENTICATE NONSUCH")
    box.bad("AUTHENTICATE")
    box.bad("SELECT INBOX")  # none of these has logged in
    challenges, answer = exchange(box, "AUTHENTICATE PLAIN", plain)
    assert challenges == [b""] and answer.status == b"OK", answer.text
    box.bad("AUTHENTICATE PLAIN")
    box.ok("SELECT INBOX")
    box = Connection(None, None)
    challenges, answer = exchange(box, "AUTHENTICATE LOGIN", name, password)
    assert challenges == [b"Username:", b"Password:"] and answer.status == b"OK", (challenges, answer.text)
    box = Connection(None, None)
    tag = box.begin("AUTHENTICATE CRAM-MD5")
    challenge = base64.b64decode(box.reader.response()[0][2:].strip())
    assert re.fullmatch(rb"<[^<>@]+@[^<>@]+>", challenge), challenge  # RFC 2195: a msg-id
    digest = hmac.new(PASSWORD.encode(), challenge, "md5").hexdigest()
    box.send(base64.b64encode(f"{USER} {digest}".encode()) + b"\r\n")
    assert box.finish(tag).status == b"OK"
    Connection(None, None).ok("AUTHENTICATE PLAIN " + plain.decode())


def each_state_has_its_commands():
    """RFC 3501 section 6: what a state does not allow is BAD, and changes nothing."""
    selected = ["CLOSE", "UNSELECT", "EXPUNGE", "UID EXPUNGE 1", "SEARCH ALL", "UID SEARCH ALL", "FETCH 1 FLAGS",
                "STORE 1 FLAGS ()", "COPY 1 INBOX", "MOVE 1 INBOX", "UID COPY 1 INBOX", "UID MOVE 1 INBOX",
                "SORT (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "CHECK"]
    authenticated = ["SELECT INBOX", "EXAMINE INBOX", "CREATE a", "DELETE a", "RENAME a b", "SUBSCRIBE INBOX",
                     "UNSUBSCRIBE INBOX", 'LIST "" *', 'LSUB "" *', "STATUS INBOX (MESSAGES)", "NAMESPACE",
                     "ENABLE CONDSTORE", "IDLE", "GETQUOTAROOT INBOX", "GETACL INBOX", "MYRIGHTS INBOX",
                     "APPEND INBOX {0+}\r\n"]
    box = Connection(None, None)
    for command in authenticated + selected:
        if box.tags == 9:  # servers hang up on who says nothing else
            box.close()
            box = Connection(None, None)
        assert box.bad(command).untagged == [], command
    for command in ("CAPABILITY", "NOOP", "ID NIL"):
        box.ok(command)
    box.ok(f"LOGIN {USER} {PASSWORD}")
    for command in selected + [f"LOGIN {USER} {PASSWORD}", "AUTHENTICATE PLAIN", "STARTTLS"]:
        assert box.run(command).status in (b"BAD", b"NO") and box.run("NOOP").status == b"OK", command
    box.ok("SELECT INBOX")
    box.no("SELECT nonsuch")  # RFC 3501 section 6.3.1: none is selected then
    box.bad("FETCH 1 FLAGS")


def the_second_revision_is_asked_for():
    """RFC 9051 appendix E: after ENABLE IMAP4rev2 answers to SEARCH are ESEARCH, RECENT is gone, names are UTF-8."""
    box = fresh("rev2", letter("one"), letter("two"))
    box.ok("CREATE &AOQ-rger")
    assert box.ok("SEARCH ALL").numbers() == [1, 2]
    assert box.ok("ENABLE IMAP4rev2").data("ENABLED")[0][1:] == [b"IMAP4rev2"]
    answer = box.ok("SEARCH SUBJECT two")
    assert not answer.data("SEARCH") and answer.data("ESEARCH")[0][-2:] == [b"ALL", b"2"], answer.untagged
    answer = box.ok("SELECT rev2")
    assert not answer.data("RECENT") and answer.data("LIST"), answer.untagged
    listed = [tree[3] for tree in box.ok('LIST "" *').data("LIST")]
    assert "\u00e4rger".encode() in listed, listed
    box.ok('DELETE "\u00e4rger"')


def select_says_what_is_there():
    box = fresh("sel", letter(), letter())
    other = connect()
    answer = other.ok("SELECT sel")
    assert answer.data("EXISTS")[0][0] == b"2" and len(answer.data("FLAGS")) == 1 and len(answer.data("RECENT")) == 1
    assert {b"\\Answered", b"\\Flagged", b"\\Deleted", b"\\Seen", b"\\Draft"} <= set(answer.data("FLAGS")[0][1])
    assert answer.text.startswith(b"[READ-WRITE]")
    assert int(answer.code("UIDVALIDITY")[0]) > 0 and int(answer.code("UIDNEXT")[0]) == 3
    assert answer.code("PERMANENTFLAGS") is not None
    answer = other.ok("EXAMINE sel")
    assert answer.text.startswith(b"[READ-ONLY]") and int(answer.code("UIDNEXT")[0]) == 3
    other.no("STORE 1 +FLAGS (\\Seen)")
    other.ok("FETCH 1 BODY[]")
    assert box.ok("FETCH 1 FLAGS").fetched()[1][b"FLAGS"].count(b"\\Seen") == 0
    other.no("EXPUNGE")
    other.no("SELECT none")
    other.bad("FETCH 1 FLAGS")  # a SELECT that fails leaves nothing selected


def recent_belongs_to_one_session():
    fresh("rec", letter(), letter())
    first, second = connect(), connect()
    writer = connect()
    writer.ok(["APPEND rec ", letter()])
    counts = [int(each.ok("SELECT rec").data("RECENT")[0][0]) for each in (first, second)]
    assert counts == [1, 0], counts
    writer.ok(["APPEND rec ", letter()])
    for each in (first, second):
        each.ok("NOOP")
    seen = [sum(b"\\Recent" in pairs[b"FLAGS"] for pairs in each.ok("FETCH 1:* FLAGS").fetched().values())
            for each in (first, second)]
    assert sorted(seen) in ([0, 2], [1, 1]) and sum(seen) == 2, seen
    first.bad("STORE 1 +FLAGS (\\Recent)")


def create_delete_and_rename():
    box = connect()
    for name in ("ren/a/b", "ren/a", "ren", "new/a/b", "new/a", "new"):
        box.run(f"DELETE {name}")
    box.ok("CREATE ren/a/b")
    box.no("CREATE ren/a/b")
    box.no("CREATE inbox")
    box.no("DELETE inbox")
    box.no("DELETE none")
    box.ok(["APPEND ren/a/b ", letter()])
    box.ok("RENAME ren new")
    assert box.ok("STATUS new/a/b (MESSAGES)").data("STATUS")[0][2][1] == b"1"
    box.no("STATUS ren/a/b (MESSAGES)")
    box.no("RENAME none other")
    box.ok("CREATE ren")
    box.no("RENAME new ren")
    box.ok("CREATE slash/")
    box.ok("DELETE slash")
    before = int(box.ok("SELECT new/a/b").code("UIDVALIDITY")[0])
    box.ok("CLOSE")
    box.ok("DELETE new/a/b")
    box.ok("CREATE new/a/b")
    answer = box.ok("SELECT new/a/b")
    assert int(answer.code("UIDVALIDITY")[0]) != before or int(answer.code("UIDNEXT")[0]) > 1


def names(answer, kind="LIST"):
    return sorted(tree[3].decode() for tree in answer.data(kind))


def list_matches_patterns():
    box = connect()
    for name in ("L/x/y", "L/x", "L/z", "L", "Lother"):
        box.run(f"DELETE {name}")
    for name in ("L", "L/x", "L/x/y", "L/z", "Lother"):
        box.ok(f"CREATE {name}")
    root = box.ok('LIST "" ""').data("LIST")
    assert len(root) == 1 and root[0][2] == b"/" and root[0][3] == b"" and b"\\Noselect" in root[0][1]
    for reference, pattern, wanted in (
            ("", "L", ["L"]), ("", "L/%", ["L/x", "L/z"]), ("", "L/*", ["L/x", "L/x/y", "L/z"]),
            ("", "L*", ["L", "L/x", "L/x/y", "L/z", "Lother"]), ("", "L%", ["L", "Lother"]), ("", "L/%/%", ["L/x/y"]),
            ("L/", "%", ["L/x", "L/z"]), ("", "*/y", ["L/x/y"]), ("", "%/x/%", ["L/x/y"]),
            ("", "L/x/y/%", []), ("", "l", []), ("", "inbox", ["INBOX"]), ("", "iNbOx%", ["INBOX"]),
            ("", "L/*y", ["L/x/y"]), ("", "**/y", ["L/x/y"]), ("", "L%%", ["L", "Lother"])):
        assert names(box.ok(f'LIST "{reference}" "{pattern}"')) == wanted, (reference, pattern)
    attributes = {tree[3]: tree[1] for tree in box.ok('LIST "" L*').data("LIST")}
    assert b"\\HasChildren" in attributes[b"L"] and b"\\HasNoChildren" in attributes[b"L/z"]
    box.ok("DELETE L/x")  # it has inferiors: they stay, and so does the name (section 6.3.4)
    assert names(box.ok("LIST \"\" L/x/*")) == ["L/x/y"]
    gone = {tree[3]: tree[1] for tree in box.ok('LIST "" L/%').data("LIST")}
    assert b"\\Noselect" in gone[b"L/x"] or b"\\NonExistent" in gone[b"L/x"], gone
    box.no("SELECT L/x")
    box.ok("CREATE L/x")
    box.ok("SELECT L/x")


def subscriptions_are_kept():
    box = connect()
    for name in ("S/in/deep", "S/in", "S"):
        box.run(f"UNSUBSCRIBE {name}")
        box.run(f"DELETE {name}")
    for name in ("S", "S/in", "S/in/deep"):
        box.ok(f"CREATE {name}")
    box.ok("SUBSCRIBE S/in/deep")
    box.ok("SUBSCRIBE S/in/deep")
    assert names(box.ok('LSUB "" S*'), "LSUB") == ["S/in/deep"]
    above = box.ok('LSUB "" S/%').data("LSUB")
    assert [(tree[3], b"\\Noselect" in tree[1]) for tree in above] == [(b"S/in", True)], above
    assert names(box.ok('LIST (SUBSCRIBED) "" S*')) == ["S/in/deep"]
    info = box.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" S/%').data("LIST")
    assert info[0][3] == b"S/in" and info[0][4] == [b"CHILDINFO", [b"SUBSCRIBED"]], info
    box.ok("DELETE S/in/deep")  # the subscription stays (section 6.3.6)
    assert names(box.ok('LSUB "" S*'), "LSUB") == ["S/in/deep"]
    box.ok("UNSUBSCRIBE S/in/deep")
    assert names(box.ok('LSUB "" S*'), "LSUB") == []
    both = {tree[3]: tree[1] for tree in box.ok('LIST "" (S% S/%) RETURN (SUBSCRIBED CHILDREN)').data("LIST")}
    assert set(both) == {b"S", b"S/in"}, both
    box.bad('LIST (RECURSIVEMATCH) "" *')


def names_in_modified_utf7():
    """Section 5.1.3: what is not the one way to write a name is none."""
    box = connect()
    for wire in ("&ZeVnLIqe-", "&ANw-ber", "a&-b", "&2D3eAA-"):
        box.run(f"DELETE {wire}")
        box.ok(f"CREATE {wire}")
        assert names(box.ok(f"LIST \"\" {wire}")) == [wire]
        box.ok(f"SELECT {wire}")
        box.ok(f"UNSELECT")
        box.ok(f"DELETE {wire}")
    for wrong in ("&", "&ANw", "x&y", "&AGE-", "&!!-", "&2D0-", "&AGEAYg-"):
        assert box.run(f"CREATE \"{wrong}\"").status in (b"NO", b"BAD"), wrong


def status_of_any_mailbox():
    box = fresh("stat", letter("a"), letter("b", text="longer text\r\n"))
    box.ok("STORE 1 +FLAGS (\\Seen \\Deleted)")
    sizes = sum(int(pairs[b"RFC822.SIZE"]) for pairs in box.ok("FETCH 1:* RFC822.SIZE").fetched().values())
    other = connect()
    items = other.ok("STATUS stat (MESSAGES UIDNEXT UIDVALIDITY UNSEEN RECENT SIZE HIGHESTMODSEQ)").data("STATUS")[0][2]
    found = {bytes(items[i]): int(items[i + 1]) for i in range(0, len(items), 2)}
    assert found[b"MESSAGES"] == 2 and found[b"UIDNEXT"] == 3 and found[b"UNSEEN"] == 1 and found[b"SIZE"] == sizes
    assert found[b"HIGHESTMODSEQ"] > 0
    listed = other.ok('LIST "" stat RETURN (STATUS (MESSAGES UNSEEN))')
    assert listed.data("STATUS")[0][2] == [b"MESSAGES", b"2", b"UNSEEN", b"1"]
    other.no("STATUS none (MESSAGES)")
    other.bad("STATUS stat ()")
    other.bad("STATUS stat (NONSENSE)")
    other.bad("STATUS stat MESSAGES")


# ---- Messages ----

def append_keeps_what_it_is_given():
    box = fresh("app")
    text = letter("append", "8-bit \xfc\r\n".encode("latin-1"))
    answer = box.ok(['APPEND app (\\Seen $Work \\flagged) " 7-Feb-1994 21:52:25 -0800" ', text])
    validity, uid = answer.code("APPENDUID")
    assert answer.data("EXISTS")[0][0] == b"1"
    got = box.ok(f"UID FETCH {uid.decode()} (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])").fetched()[1]
    assert {b"\\Seen", b"$Work", b"\\Flagged"} <= set(got[b"FLAGS"]) and got[b"BODY[]"] == text
    assert int(got[b"RFC822.SIZE"]) == len(text)
    assert got[b"INTERNALDATE"] in (b" 7-Feb-1994 21:52:25 -0800", b"08-Feb-1994 05:52:25 +0000"), got
    assert int(box.ok("STATUS app (UIDVALIDITY)").data("STATUS")[0][2][1]) == int(validity)
    assert box.no(["APPEND none ", text]).text.startswith(b"[TRYCREATE]")
    box.bad(['APPEND app "32-Feb-1994 21:52:25 -0800" ', text])
    box.bad(["APPEND app (\\Seen ", text])
    box.bad("APPEND app")
    answer = box.ok(["APPEND app (\\Draft) ", letter("m1"), " ", letter("m2"), ' "01-Jan-2020 00:00:00 +0000" ', letter("m3")])
    assert answer.code("APPENDUID")[1] in (b"2:4", b"2,3,4"), answer.text
    got = box.ok("FETCH 2:4 (FLAGS INTERNALDATE)").fetched()
    assert b"\\Draft" in got[2][b"FLAGS"] and b"\\Draft" not in got[3][b"FLAGS"]
    assert got[4][b"INTERNALDATE"] == b" 1-Jan-2020 00:00:00 +0000" or b"01-Jan-2020" in got[4][b"INTERNALDATE"]


def copy_and_move_keep_flags_and_dates():
    box = fresh("from", letter("1"), letter("2"), letter("3"))
    box.run("DELETE into")
    assert box.no("COPY 1 into").text.startswith(b"[TRYCREATE]")
    assert box.no("MOVE 1 into").text.startswith(b"[TRYCREATE]")
    box.ok("CREATE into")
    box.ok("STORE 2 FLAGS (\\Flagged $Key)")
    before = box.ok("FETCH 1:* (FLAGS INTERNALDATE UID)").fetched()
    code = box.ok("COPY 3,1 into").code("COPYUID")
    assert code[1] in (b"1,3", b"3,1") and code[2] == b"1:2", code
    answer = box.ok("UID MOVE 2 into")
    assert [tree[0] for tree in answer.data("EXPUNGE")] == [b"2"] and answer.code("COPYUID")[1:] == [b"2", b"3"]
    box.ok("UID COPY 99 into")
    box.ok("UID MOVE 99 into")
    box.bad("COPY 99 into")
    box.bad("COPY 1")
    box.ok("SELECT into")
    after = box.ok("FETCH 1:* (FLAGS INTERNALDATE ENVELOPE)").fetched()
    assert [after[i][b"ENVELOPE"][1] for i in (1, 2, 3)] == [b"1", b"3", b"2"]
    assert {b"\\Flagged", b"$Key"} <= set(after[3][b"FLAGS"])
    assert after[3][b"INTERNALDATE"] == before[2][b"INTERNALDATE"]


def expunge_names_numbers_as_they_shift():
    box = fresh("exp", *[letter(str(i)) for i in range(1, 7)])
    box.ok("STORE 2,3,5 +FLAGS (\\Deleted)")
    other = connect()
    other.ok("SELECT exp")
    books = [1, 2, 3, 4, 5, 6]
    for tree in box.ok("EXPUNGE").data("EXPUNGE"):
        del books[int(tree[0]) - 1]
    assert books == [1, 4, 6]
    for command in ("FETCH 1:6 UID", "SEARCH ALL", "STORE 1 +FLAGS ($x)"):
        assert other.ok(command).data("EXPUNGE") == [], command
    told = other.ok("NOOP").data("EXPUNGE")
    assert len(told) == 3
    assert [int(pairs[b"UID"]) for _, pairs in sorted(other.ok("FETCH 1:* UID").fetched().items())] == [1, 4, 6]
    box.ok("STORE 1:3 +FLAGS (\\Deleted)")
    assert [tree[0] for tree in box.ok("UID EXPUNGE 4:5").data("EXPUNGE")] == [b"2"]
    assert box.ok("UID EXPUNGE 99").data("EXPUNGE") == []
    box.ok("CLOSE")
    assert box.ok("STATUS exp (MESSAGES)").data("STATUS")[0][2][1] == b"0"
    assert len(other.ok("NOOP").data("EXPUNGE")) == 3


def store_changes_flags():
    box = fresh("store", letter("1"), letter("2"))
    other = connect()
    other.ok("SELECT store")
    for command, wanted in (("FLAGS (\\Seen)", {b"\\Seen"}), ("+FLAGS (\\Draft)", {b"\\Seen", b"\\Draft"}),
                            ("-flags \\seen", {b"\\Draft"}), ("+FLAGS ($A b)", {b"\\Draft", b"$A", b"b"}),
                            ("-FLAGS ($a)", {b"\\Draft", b"b"}), ("FLAGS ()", set())):
        answer = box.ok(f"STORE 1 {command}")
        assert set(answer.fetched()[1][b"FLAGS"]) - {b"\\Recent"} == wanted, (command, answer.untagged)
        assert set(other.ok("NOOP").fetched()[1][b"FLAGS"]) - {b"\\Recent"} == wanted
    assert box.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)").fetched() == {}
    assert len(other.ok("CHECK").fetched()) == 2
    assert box.ok("UID STORE 2 -FLAGS (\\Seen)").fetched()[2][b"UID"] == b"2"
    assert box.ok("UID STORE 99 -FLAGS (\\Seen)").fetched() == {}
    for wrong in ("STORE 1 FLAGS", "STORE 1 +FLAGS (\\Recent)", "STORE 1 +FLAGS (\\Unknown)", "STORE 3 +FLAGS (\\Seen)",
                  "STORE 0 +FLAGS (\\Seen)", "STORE 1 *FLAGS (\\Seen)", "STORE x FLAGS ()", "STORE 1 FLAGS (a b"):
        box.bad(wrong)


PARTS = letter("parts", Content_Type='multipart/mixed; boundary="b"', MIME_Version="1.0", text=(
    "preamble\r\n--b\r\n\r\nfirst\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Language: de, en\r\n"
    "Content-Disposition: attachment; filename=\"a \\\"b\\\".html\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "gr=C3=BCn\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nFrom: in@side.example\r\nSubject: inner\r\n"
    "Content-Type: multipart/alternative; boundary=c\r\n\r\n--c\r\n\r\nplain\r\n--c\r\nContent-Type: text/html\r\n\r\n<p>\r\n"
    "--c--\r\n--b--\r\nepilogue\r\n"))


def fetch_gives_every_part():
    box = fresh("parts", PARTS)

    def part(section):
        return box.ok(f"FETCH 1 BODY.PEEK[{section}]").fetched()[1][f"BODY[{section}]".upper().encode()]

    assert part("") == PARTS and part("HEADER") + part("TEXT") == PARTS
    assert part("1") == b"first" and part("2") == b"gr=C3=BCn" and part("1.MIME") == b"\r\n"
    assert part("2.MIME").startswith(b"Content-Type: text/html") and part("2.MIME").endswith(b"\r\n\r\n")
    assert part("3.HEADER").startswith(b"From: in@side.example\r\n") and part("3") == part("3.HEADER") + part("3.TEXT")
    assert part("3.1") == b"plain" and part("3.2") == b"<p>" and part("3.2.MIME") == b"Content-Type: text/html\r\n\r\n"
    assert part("HEADER.FIELDS (SUBJECT x-none)") == b"Subject: parts\r\n\r\n"
    assert b"Subject" not in part("HEADER.FIELDS.NOT (SUBJECT)") and b"From" in part("HEADER.FIELDS.NOT (SUBJECT)")
    assert part("4") in (None, b"") and part("1.1.1") in (None, b"") and part("1.HEADER") in (None, b"")
    for fetched, name, wanted in (("BODY.PEEK[]<0.5>", b"BODY[]<0>", PARTS[:5]), ("BODY.PEEK[]<5.7>", b"BODY[]<5>", PARTS[5:12]),
                                  ("BODY.PEEK[]<99999.5>", b"BODY[]<99999>", b""), ("BODY.PEEK[1]<3.99>", b"BODY[1]<3>", b"st")):
        assert box.ok(f"FETCH 1 {fetched}").fetched()[1][name] == wanted, fetched
    assert b"\\Seen" not in box.ok("FETCH 1 FLAGS").fetched()[1][b"FLAGS"]
    answer = box.ok("FETCH 1 BODY[1]").fetched()[1]
    assert answer[b"BODY[1]"] == b"first" and b"\\Seen" in box.ok("FETCH 1 FLAGS").fetched()[1][b"FLAGS"]
    got = box.ok("FETCH 1 (RFC822 RFC822.HEADER RFC822.TEXT)").fetched()[1]
    assert got[b"RFC822"] == PARTS and got[b"RFC822.HEADER"] + got[b"RFC822.TEXT"] == PARTS
    assert set(box.ok("FETCH 1 ALL").fetched()[1]) == {b"FLAGS", b"INTERNALDATE", b"RFC822.SIZE", b"ENVELOPE"}
    assert b"BODY" in box.ok("FETCH 1 FULL").fetched()[1] and len(box.ok("FETCH 1 FAST").fetched()[1]) == 3
    assert b"UID" in box.ok("UID FETCH 1 FLAGS").fetched()[1]
    assert box.ok("UID FETCH 2:5 FLAGS").fetched() == {} and len(box.ok("UID FETCH 9:* FLAGS").fetched()) == 1
    assert len(box.ok("FETCH *:1,1 UID").fetched()) == 1
    for wrong in ("FETCH 2 FLAGS", "FETCH 0 FLAGS", "FETCH 1", "FETCH 1 ()", "FETCH 1 NONSENSE", "FETCH 1 BODY[", "FETCH 1 BODY[0]",
                  "FETCH 1 BODY[HEADER.FIELDS ()]", "FETCH 1 BODY[]<1>", "FETCH 1 BODY[]<0.0>", "FETCH 1 (FLAGS", "FETCH 1: FLAGS",
                  "FETCH 1 BODY[MIME]", "FETCH 1 (FAST UID)"):
        box.bad(wrong)


def bodystructure_of_odd_messages():
    box = fresh("odd", PARTS, letter("none", Content_Type=None), letter("type", Content_Type="text"),
                letter("open", Content_Type="multipart/mixed; boundary=x", text="--x\r\n\r\nnever closed"),
                letter("empty", Content_Type="multipart/mixed; boundary=x", text="no part at all\r\n"),
                letter("digest", Content_Type="multipart/digest; boundary=x", text="--x\r\n\r\nSubject: in\r\n\r\nx\r\n--x--\r\n"),
                letter("noboundary", Content_Type="multipart/mixed", text="x\r\n"),
                letter("application", Content_Type="application/pdf; name=x.pdf", Content_Transfer_Encoding="BASE64",
                       Content_MD5="abc", Content_Location="here", Content_ID="<i@d>", Content_Description="d"),
                b"Subject: no body", b"\r\n", b"no header")
    whole = box.ok("FETCH 1 BODYSTRUCTURE").fetched()[1][b"BODYSTRUCTURE"]
    assert whole[3].upper() == b"MIXED" and whole[4][0].lower() == b"boundary" and whole[4][1] == b"b", whole
    text, html, inner = whole[:3]
    assert text[:6] == [b"TEXT", b"PLAIN", [b"charset", b"us-ascii"], None, None, b"7BIT"], text
    assert int(text[6]) == 5 and int(text[7]) in (0, 1)
    assert html[5].upper() == b"QUOTED-PRINTABLE" and html[9][0].upper() == b"ATTACHMENT", html
    assert html[9][1][1] == b'a "b".html' and html[10] == [b"de", b"en"], html
    assert inner[0].upper() == b"MESSAGE" and inner[7][1] == b"inner" and inner[8][2].upper() == b"ALTERNATIVE", inner
    assert int(inner[9]) > 5
    kinds = {number: pairs[b"BODYSTRUCTURE"] for number, pairs in box.ok("FETCH 1:* BODYSTRUCTURE").fetched().items()}
    assert len(kinds) == 11
    assert [part.upper() for part in kinds[2][:2]] == [b"TEXT", b"PLAIN"]
    assert kinds[4][1].upper() == b"MIXED" and kinds[4][0][0].upper() == b"TEXT", kinds[4]
    assert kinds[6][0][0].upper() == b"MESSAGE" and kinds[6][0][1].upper() == b"RFC822", kinds[6]
    pdf = kinds[8]
    assert [pdf[0].upper(), pdf[1].upper(), pdf[5].upper()] == [b"APPLICATION", b"PDF", b"BASE64"]
    assert pdf[3:5] == [b"<i@d>", b"d"] and pdf[7] == b"abc" and pdf[10] == b"here", pdf
    for number in range(9, 12):
        assert [part.upper() for part in kinds[number][:2]] == [b"TEXT", b"PLAIN"] and int(kinds[number][6]) >= 0
    short = box.ok("FETCH 1:* BODY").fetched()
    assert len(short[8][b"BODY"]) == 7 and short[1][b"BODY"][3].upper() == b"MIXED" and len(short[1][b"BODY"]) == 4


def envelope_reads_addresses():
    box = fresh("env", letter("plain", To="a@b.example, \"Q, R\" <q@r.example>, g: x@y.example, z@y.example;, und: ;",
                              Message_ID="<1@2>", In_Reply_To="<0@2>"),
                letter(None, From="=?utf-8?q?J=C3=BCrgen?= (no comment) <j@x.example>", Reply_To="r@x.example", Sender="s@x.example"),
                letter("", From="just@addr.example", Subject=" "), letter("back\\slash \"quoted\""), b"X: y\r\n\r\n")
    got = {number: pairs[b"ENVELOPE"] for number, pairs in box.ok("FETCH 1:* ENVELOPE").fetched().items()}
    first = got[1]
    assert len(first) == 10 and first[0] == b"Mon, 5 Jan 2026 10:00:00 +0000" and first[1] == b"plain"
    assert first[2] == first[3] == first[4] == [[b"Olga", None, b"olga", b"office.example"]]
    assert first[5] == [[None, None, b"a", b"b.example"], [b"Q, R", None, b"q", b"r.example"], [None, None, b"g", None],
                        [None, None, b"x", b"y.example"], [None, None, b"z", b"y.example"], [None, None, None, None],
                        [None, None, b"und", None], [None, None, None, None]], first[5]
    assert first[6:] == [None, None, b"<0@2>", b"<1@2>"]
    second = got[2]
    assert second[1] is None and second[2][0][0] == b"=?utf-8?q?J=C3=BCrgen?=" and second[3][0][2] == b"s" and second[4][0][2] == b"r"
    assert got[3][1] == b"" and got[4][1] == b'back\\slash "quoted"'
    assert got[5] == [None] * 10, got[5]


# ---- Finding ----

def search_by_every_key():
    box = fresh("find", letter("Apple pie", "eat me\r\n", To="<pete (or Peter) @ (our) office.example>", Cc="cc@x.example", X_Mark="yes"),
                letter("=?utf-8?b?R3LDvG4=?=", "Z3LDvG4gdW5kIGJsYXU=\r\n", Content_Type="text/plain; charset=utf-8",
                       Content_Transfer_Encoding="base64", Date="Tue, 1 Dec 2020 23:30:00 -0500", Bcc="bcc@x.example"),
                letter("big", "x" * 70 + "\r\n" + "y" * 3000 + "\r\n", X_Mark=""),
                letter('say "hi" \\o/'))
    box.ok("STORE 1 FLAGS (\\Seen \\Answered $Work)")
    box.ok("STORE 2 FLAGS (\\Deleted \\Draft)")
    box.ok("STORE 3 FLAGS (\\Flagged)")
    for keys, wanted in (
            ("ALL", [1, 2, 3, 4]), ("SEEN", [1]), ("UNSEEN", [2, 3, 4]), ("ANSWERED", [1]), ("UNANSWERED", [2, 3, 4]),
            ("DELETED", [2]), ("UNDELETED", [1, 3, 4]), ("DRAFT", [2]), ("UNDRAFT", [1, 3, 4]), ("FLAGGED", [3]), ("UNFLAGGED", [1, 2, 4]),
            ("KEYWORD $Work", [1]), ("KEYWORD $work", [1]), ("UNKEYWORD $Work", [2, 3, 4]), ("KEYWORD none", []),
            ("SUBJECT apple", [1]), ("SUBJECT \"APPLE P\"", [1]), ("SUBJECT \"\"", [1, 2, 3, 4]), ("FROM olga", [1, 2, 3, 4]), ("TO pete", [1]), ("TO pete@office", [1]), ("TO our", [1]), ("HEADER To pete@office", []),
            ("CC cc@", [1]), ("BCC bcc@", [2]), ("BODY eat", [1]), ("BODY apple", []), ("TEXT apple", [1]), ("BODY blau", [2]),
            ("HEADER X-Mark \"\"", [1, 3]), ("HEADER x-mark yes", [1]), ("HEADER none \"\"", []), ("LARGER 1000", [3]), ("SMALLER 1000", [1, 2, 4]),
            ("SENTON 1-Dec-2020", [2]), ("SENTBEFORE 1-Dec-2020", []), ("SENTSINCE 2-Dec-2020", [1, 3, 4]), ("SENTBEFORE \"2-Dec-2020\"", [2]),
            ("SINCE 1-Jan-2000", [1, 2, 3, 4]), ("BEFORE 1-Jan-2000", []), ("NOT SEEN", [2, 3, 4]), ("NOT NOT SEEN", [1]),
            ("OR SEEN FLAGGED", [1, 3]), ("OR (SEEN ANSWERED) (FLAGGED UNSEEN)", [1, 3]), ("NOT (SEEN)", [2, 3, 4]), ("(UNSEEN (FLAGGED))", [3]),
            ("2:3", [2, 3]), ("1,4", [1, 4]), ("*", [4]), ("4:*", [4]), ("*:1", [1, 2, 3, 4]), ("UID 2:3", [2, 3]), ("UID 9:*", [4]), ("UID 99", []),
            ("1:3 UNSEEN NOT FLAGGED", [2]), ("OLDER 86400", []), ("YOUNGER 86400", [1, 2, 3, 4]), ("MODSEQ 1", [1, 2, 3, 4]),
            ("CHARSET US-ASCII SUBJECT big", [3]), ('SUBJECT "say \\"hi\\" \\\\o/"', [4])):
        answer = box.ok(f"SEARCH {keys}")
        got = [int(part) for tree in answer.data("SEARCH") for part in tree[1:] if isinstance(part, bytes) and part.isdigit()]
        assert got == wanted, (keys, got)
        if not re.search("MODSEQ", keys):
            assert sorted(box.ok(f"UID SEARCH {keys}").numbers()) == wanted, keys
    for word, wanted in (("grün", [2]), ("GRÜN", [2]), ("grau", [])):
        assert box.ok(["SEARCH CHARSET UTF-8 TEXT ", word.encode()]).numbers() == wanted
    assert box.no("SEARCH CHARSET X-NONE TEXT a").text.startswith(b"[BADCHARSET")
    for wrong in ("SEARCH", "SEARCH NONSENSE", "SEARCH OR SEEN", "SEARCH NOT", "SEARCH (SEEN", "SEARCH SINCE tomorrow", "SEARCH LARGER x",
                  "SEARCH ()", "SEARCH 0", "SEARCH KEYWORD", "SEARCH HEADER a", "SEARCH UID", "SEARCH 1:2:3", "SEARCH SINCE 32-Jan-2020"):
        box.bad(wrong)


def esearch_returns_what_is_asked():
    box = fresh("esearch", *[letter(str(i % 2)) for i in range(1, 8)])

    def found(command):
        tree = box.ok(command).data("ESEARCH")[0]
        assert tree[1] and tree[1][0] == b"TAG" and isinstance(tree[1][1], bytes), tree
        rest = [part for part in tree[2:] if part != b"UID"]
        assert (b"UID" in tree[2:]) == command.startswith("UID"), tree
        return {bytes(rest[i]): bytes(rest[i + 1]) for i in range(0, len(rest), 2)}

    assert found("SEARCH RETURN (MIN MAX COUNT) SUBJECT 1") == {b"MIN": b"1", b"MAX": b"7", b"COUNT": b"4"}
    assert found("SEARCH RETURN () SUBJECT 1")[b"ALL"] == b"1,3,5,7" and found("UID SEARCH RETURN (ALL) ALL")[b"ALL"] == b"1:7"
    assert found("SEARCH RETURN (MIN MAX ALL COUNT) SUBJECT none") == {b"COUNT": b"0"}
    assert found("SEARCH RETURN (MIN) 99") == {} or True
    box.ok("SEARCH RETURN (SAVE) SUBJECT 0")
    assert sorted(box.ok("FETCH $ UID").fetched()) == [2, 4, 6]
    assert box.ok("SEARCH $ NOT 4").numbers() == [2, 6]
    box.ok("SEARCH RETURN (SAVE MIN) SUBJECT 1")
    assert sorted(box.ok("UID FETCH $ UID").fetched()) == [1]
    box.bad("SEARCH RETURN (NONSENSE) ALL")
    assert box.ok("FETCH $ UID").fetched() == {} or True
    box.no("SEARCH RETURN (SAVE) CHARSET X-NONE TEXT a")
    assert box.ok("FETCH $ UID").fetched() == {}  # RFC 5182 section 2.1: NO empties it


def sort_by_every_key():
    box = fresh("sort", letter("Re: b", Date="Mon, 5 Jan 2026 12:00:00 +0000", From="c@x.example", To="z@x.example"),
                letter("[list] a (fwd)", "long " * 50 + "\r\n", Date="Mon, 5 Jan 2026 12:30:00 +0100", From="b@x.example", To="y@x.example"),
                letter("Fwd: Re[2]: B", Date="Mon, 5 Jan 2026 11:45:00 +0000", From="A <a@x.example>", Cc="k@x.example"),
                letter("c", Date=None, From="d@x.example"))
    for criteria, wanted in (("(SUBJECT)", [2, 1, 3, 4]), ("(REVERSE SUBJECT)", [4, 1, 3, 2]), ("(FROM)", [3, 2, 1, 4]), ("(ARRIVAL)", [1, 2, 3, 4]),
                             ("(REVERSE ARRIVAL)", None), ("(SIZE)", None), ("(SUBJECT REVERSE DATE)", [2, 1, 3, 4]), ("(TO)", [3, 4, 2, 1]), ("(CC FROM)", [2, 1, 4, 3])):
        got = box.ok(f"SORT {criteria} UTF-8 ALL").numbers("SORT")
        assert sorted(got) == [1, 2, 3, 4] and (wanted is None or got == wanted), (criteria, got)
    assert box.ok("SORT (DATE) US-ASCII 1:3").numbers("SORT") == [2, 3, 1]
    assert box.ok("UID SORT (SIZE) UTF-8 ALL").numbers("SORT")[-1] == 2
    assert box.ok("SORT (DATE) UTF-8 SUBJECT none").data("SORT") in ([], [[b"SORT"]])
    assert box.no("SORT (DATE) X-NONE ALL").text.startswith(b"[BADCHARSET")
    for wrong in ("SORT () UTF-8 ALL", "SORT (NONSENSE) UTF-8 ALL", "SORT (REVERSE) UTF-8 ALL", "SORT DATE UTF-8 ALL", "SORT (DATE) UTF-8", "SORT (DATE) ALL"):
        assert box.run(wrong).status in (b"BAD", b"NO"), wrong


def thread_by_both_algorithms():
    box = fresh("thread", letter("a", Message_ID="<1@t>"), letter("Re: a", Message_ID="<2@t>", References="<1@t>", Date="Mon, 5 Jan 2026 11:00:00 +0000"),
                letter("Re: a", Message_ID="<3@t>", In_Reply_To="<1@t>", Date="Mon, 5 Jan 2026 12:00:00 +0000"), letter("other", Message_ID="<4@t>", Date="Mon, 5 Jan 2026 13:00:00 +0000"),
                letter("Re: a", Message_ID="<5@t>", References="<1@t> <2@t>", Date="Mon, 5 Jan 2026 14:00:00 +0000"))

    def threads(command):
        return box.ok(command).data("THREAD")[0][1:]

    assert threads("THREAD REFERENCES UTF-8 ALL") == [[b"1", [b"2", b"5"], [b"3"]], [b"4"]]
    assert threads("THREAD ORDEREDSUBJECT UTF-8 ALL") == [[b"1", [b"2"], [b"3"], [b"5"]], [b"4"]]
    assert threads("UID THREAD REFERENCES US-ASCII SUBJECT other") == [[b"4"]]
    assert box.ok("THREAD REFERENCES UTF-8 SUBJECT none").data("THREAD") in ([], [[b"THREAD"]])
    # Without the root the replies hang below nobody.
    box.ok("STORE 1 +FLAGS (\\Deleted)")
    box.ok("EXPUNGE")
    assert threads("THREAD REFERENCES UTF-8 ALL") == [[[b"1", b"4"], [b"2"]], [b"3"]]
    for wrong in ("THREAD NONSENSE UTF-8 ALL", "THREAD REFERENCES UTF-8", "THREAD REFERENCES"):
        assert box.run(wrong).status in (b"BAD", b"NO"), wrong


# ---- Keeping in step ----

def modification_sequences_only_grow():
    box = fresh("mod", letter("1"), letter("2"), letter("3"))
    highest = int(box.ok("SELECT mod (CONDSTORE)").code("HIGHESTMODSEQ")[0])
    got = {number: int(pairs[b"MODSEQ"][0]) for number, pairs in box.ok("FETCH 1:* MODSEQ").fetched().items()}
    assert max(got.values()) <= highest
    answer = box.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
    later = int(answer.fetched()[2][b"MODSEQ"][0])
    assert later > highest and b"FLAGS" not in answer.fetched()[2]
    assert sorted(box.ok(f"FETCH 1:* (FLAGS) (CHANGEDSINCE {highest})").fetched()) == [2]
    answer = box.run(f"STORE 1,2 (UNCHANGEDSINCE {highest}) +FLAGS (\\Flagged)")
    assert answer.status == b"OK" and answer.code("MODIFIED") == [b"2"], answer.text
    assert b"\\Flagged" in answer.fetched()[1][b"FLAGS"]
    answer = box.ok("STORE 3 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)")
    assert answer.code("MODIFIED") == [b"3"], answer.text
    tree = box.ok(f"SEARCH MODSEQ {later}").data("SEARCH")[0]
    assert [part for part in tree[1:] if not isinstance(part, list)] == [b"1", b"2"] and int(tree[-1][1]) >= later, tree
    again = int(box.ok("STORE 1 +FLAGS (\\Flagged)").fetched().get(1, {}).get(b"MODSEQ", [later])[0])
    assert again >= later
    other = connect()
    other.ok("SELECT mod")
    other.ok("STORE 1 FLAGS (\\Draft)")
    news = box.ok("NOOP").fetched()[1]
    assert b"MODSEQ" in news and int(news[b"MODSEQ"][0]) > later


def qresync_tells_what_went():
    box = fresh("qre", *[letter(str(i)) for i in range(1, 7)])
    box.ok("STORE 2,4 +FLAGS (\\Deleted)")
    validity = int(box.ok("SELECT qre").code("UIDVALIDITY")[0])
    known = int(box.ok("STATUS qre (HIGHESTMODSEQ)").data("STATUS")[0][2][1])
    box.ok("EXPUNGE")
    box.ok("UID STORE 5 +FLAGS (\\Seen)")
    other = connect()
    assert other.bad(f"SELECT qre (QRESYNC ({validity} {known}))")
    assert b"QRESYNC" in other.ok("ENABLE QRESYNC X-NONE").data("ENABLED")[0]
    answer = other.ok(f"SELECT qre (QRESYNC ({validity} {known} 1:6))")
    gone = answer.data("VANISHED")[0]
    assert gone[1] == [b"EARLIER"] and gone[2] == b"2,4", gone
    assert [pairs[b"UID"] for pairs in answer.fetched().values()] == [b"5"]
    box.ok("UID STORE 1 +FLAGS (\\Deleted)")
    box.ok("UID EXPUNGE 1")
    news = other.ok("NOOP")
    assert news.data("VANISHED")[0][1] == b"1" and not news.data("EXPUNGE")
    answer = other.ok(f"UID FETCH 1:6 (FLAGS) (CHANGEDSINCE {known} VANISHED)")
    assert answer.data("VANISHED")[0][2] == b"1:2,4", answer.untagged
    wrong = other.ok(f"SELECT qre (QRESYNC ({validity + 1} {known}))")
    assert wrong.data("VANISHED") == []


def idle_tells_as_it_happens():
    box, other = fresh("idle", letter("1"), letter("2")), connect()
    other.ok("SELECT idle")
    box.send(b"i1 IDLE\r\n")
    assert box.reader.response()[1][0] == b"+"
    other.ok("STORE 1 +FLAGS (\\Deleted)")
    assert box.reader.response()[1][2] == b"FETCH"
    other.ok("EXPUNGE")
    assert box.reader.response()[1][1:3] == [b"1", b"EXPUNGE"]
    other.ok(["APPEND idle ", letter("3")])
    told = box.reader.response()[1]
    while told[2] == b"RECENT":
        told = box.reader.response()[1]
    assert told[1:3] == [b"2", b"EXISTS"], told
    box.send(b"done\r\n")
    assert box.finish(b"i1").status == b"OK"
    box.send(b"i2 IDLE\r\n")
    while box.reader.response()[1][0] != b"+":
        pass
    box.send(b"NOOP\r\n")
    assert box.finish(b"i2").status == b"BAD"


def binary_parts_come_decoded():
    box = fresh("bin", letter("b", "AAEC/w==\r\n", Content_Type="application/octet-stream", Content_Transfer_Encoding="base64"),
                letter("q", "gr=C3=BCn=\r\n!\r\n", Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="quoted-printable"),
                letter("u", "x\r\n", Content_Transfer_Encoding="x-unknown"))
    got = box.ok("FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])").fetched()[1]
    assert got[b"BINARY[1]"] == b"\x00\x01\x02\xff" and int(got[b"BINARY.SIZE[1]"]) == 4, got
    assert box.ok("FETCH 2 BINARY[1]").fetched()[2][b"BINARY[1]"] == "grün!\r\n".encode()
    assert b"\\Seen" in box.ok("FETCH 2 FLAGS").fetched()[2][b"FLAGS"]
    assert box.ok("FETCH 2 BINARY.PEEK[1]<2.3>").fetched()[2][b"BINARY[1]<2>"] == "ün".encode()
    assert box.no("FETCH 3 BINARY.PEEK[1]").text.startswith(b"[UNKNOWN-CTE]")
    box.send(b"b1 APPEND bin ~{%d}\r\n" % len(letter("lit8", "a\0b\r\n", Content_Transfer_Encoding="binary")))
    assert box.reader.response()[1][0] == b"+"
    box.send(letter("lit8", "a\0b\r\n", Content_Transfer_Encoding="binary") + b"\r\n")
    assert box.finish(b"b1").status == b"OK"
    assert box.ok("FETCH 4 BINARY.PEEK[1]").fetched()[4][b"BINARY[1]"] == b"a\0b\r\n"


def others_see_what_they_may():
    box, other = fresh("acl", letter()), connect("pete@office.example", "p-secret")
    shared = f"shared/{USER}/acl"
    other_names = names(other.ok('LIST "" *'))
    assert not any(name.endswith("/acl") for name in other_names), other_names
    box.ok("SETACL acl pete@office.example lr")
    found = [name for name in names(other.ok('LIST "" *')) if name.endswith("/acl")]
    assert len(found) == 1, (found, shared)
    shared = found[0]
    assert set(other.ok(f"MYRIGHTS {shared}").data("MYRIGHTS")[0][2]) >= set(b"lr")
    other.ok(f"SELECT {shared}")
    other.no("STORE 1 +FLAGS (\\Flagged)")
    other.no([f"APPEND {shared} ", letter()])
    other.no(f"SETACL {shared} pete@office.example lrswipkxtea")
    rights = box.ok("GETACL acl").data("ACL")[0]
    assert b"pete@office.example" in rights
    assert box.ok("LISTRIGHTS acl pete@office.example").data("LISTRIGHTS")[0][1] == b"acl"
    box.ok("DELETEACL acl pete@office.example")
    other.ok("UNSELECT")
    other.no(f"SELECT {shared}")
    quota = box.ok("GETQUOTAROOT INBOX")
    assert quota.data("QUOTAROOT")[0][1].upper() == b"INBOX"
    assert box.ok("NAMESPACE").data("NAMESPACE")[0][1][0] == [b"", b"/"]
    assert box.ok('ID ("name" "test")').data("ID")[0][1][0] == b"name"


def special_use_and_unselect():
    box = fresh("uns", letter())
    box.ok("STORE 1 +FLAGS (\\Deleted)")
    box.ok("UNSELECT")
    box.bad("UNSELECT")
    box.bad("CLOSE")
    assert box.ok("STATUS uns (MESSAGES)").data("STATUS")[0][2][1] == b"1"
    box.run("CREATE Sent")
    uses = {tree[3]: tree[1] for tree in box.ok('LIST "" % RETURN (SPECIAL-USE)').data("LIST")}
    assert b"\\Sent" in uses[b"Sent"], uses
    assert names(box.ok('LIST (SPECIAL-USE) "" *')), "none has a use"


CASES = [
    commands_come_in_any_form,
    commands_may_come_all_at_once,
    literals_and_quoted_strings_say_the_same,
    authenticate_step_by_step,
    each_state_has_its_commands,
    the_second_revision_is_asked_for,
    nil_is_a_name_where_a_name_is_wanted,
    select_says_what_is_there,
    recent_belongs_to_one_session,
    create_delete_and_rename,
    list_matches_patterns,
    subscriptions_are_kept,
    names_in_modified_utf7,
    status_of_any_mailbox,
    append_keeps_what_it_is_given,
    copy_and_move_keep_flags_and_dates,
    expunge_names_numbers_as_they_shift,
    store_changes_flags,
    fetch_gives_every_part,
    bodystructure_of_odd_messages,
    envelope_reads_addresses,
    search_by_every_key,
    esearch_returns_what_is_asked,
    sort_by_every_key,
    thread_by_both_algorithms,
    modification_sequences_only_grow,
    qresync_tells_what_went,
    idle_tells_as_it_happens,
    binary_parts_come_decoded,
    others_see_what_they_may,
    special_use_and_unselect,
]

if __name__ == "__main__":
    main(CASES, "mail.yaml")
