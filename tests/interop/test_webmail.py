#!/usr/bin/env python3
"""The webmail site with real programs: curl does every step, tidy judges every page."""
import html
import os
import re
import shutil
import smtplib
import subprocess
import tempfile

from interop import MAILWIRE, main, need, run, scenario, within

SITE = "http://webmail.office.example"


class Browser:
    """curl with a cookie jar; keeps the last page."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        self.status, self.page, self.url = 0, "", ""

    def ask(self, path, *options, follow=True, jar=True):
        body = os.path.join(self.folder, "body")
        cookies = os.path.join(self.folder, "jar")
        told = run("curl", "-sS", "-m", "20", *(["-b", cookies, "-c", cookies] if jar else []), "-o", body, "-D",
                   os.path.join(self.folder, "head"), "-w", "%{http_code} %{url_effective}",
                   *(["-L"] if follow else []), *options, SITE + path)
        status, self.url = told.split(" ", 1)
        self.status = int(status)
        with open(body, encoding="utf-8") as file:
            self.page = file.read()
        with open(os.path.join(self.folder, "head"), encoding="utf-8") as file:
            self.head = file.read()
        if "text/html" in self.head and self.page:
            check_html(self.page)
        return self

    def post(self, path, **fields):
        options = []
        for name, value in fields.items():
            options += ["--data-urlencode", f"{name.replace('_', '-')}={value}"]
        return self.ask(path, *options)

    def token(self):
        return re.search(r'name="token" value="([0-9a-f]+)"', self.page).group(1)

    def sign_in(self, login="alice@office.example", password="a-secret"):
        return self.post("/login", login=login, password=password)

    def send(self, **fields):
        self.ask("/compose")
        return self.post("/send", token=self.token(), **fields)

    def messages(self):
        """(uid, subject) of each line of a folder."""
        return [(uid, html.unescape(subject)) for uid, subject in
                re.findall(r'<a href="/message\?folder=[^"]*uid=(\d+)">([^<]*)</a>', self.page)]


def check_html(page):
    if shutil.which("tidy") is None:
        return
    told = subprocess.run(["tidy", "-q", "-e", "-utf8", "--warn-proprietary-attributes", "no"], input=page, text=True, capture_output=True)
    assert told.returncode == 0, told.stderr + page[:500]


def pages_are_judged():
    need("curl", "tidy")
    check_html("<!DOCTYPE html><html lang='en'><head><title>x</title></head><body><p>x</p></body></html>")
    try:
        check_html("<!DOCTYPE html><html lang='en'><title>x</title><body><p><b>x</p></body></html>")
    except AssertionError:
        return
    raise AssertionError("tidy lets an open <b> pass")


def a_user_signs_in_and_out():
    need("curl")
    browser = Browser()
    assert browser.ask("/").url.endswith("/login"), browser.url
    assert browser.sign_in(password="wrong").status == 401
    assert "Authentication failed" in browser.page
    assert browser.ask("/folder?name=INBOX").status == 401
    assert browser.sign_in(login="alice").status == 200, browser.page
    assert browser.url.endswith("/folder?name=INBOX") and "<h1>Inbox</h1>" in browser.page
    assert "no-store" in browser.head and "default-src 'none'" in browser.head
    with open(os.path.join(browser.folder, "jar"), encoding="utf-8") as jar:
        assert "#HttpOnly_webmail.office.example" in jar.read()
    assert browser.post("/logout", token=browser.token()).url.endswith("/login")
    assert browser.ask("/folder?name=INBOX").status == 401


def mail_is_sent_read_answered_moved_and_deleted():
    need("curl")
    alice, bob = Browser(), Browser()
    alice.sign_in()
    assert alice.send(to="bob@office.example", subject="Größe <b> & \"x\"", text="Hi\n.\n<i>ü</i>\n").status == 200
    assert "The message was sent." in alice.page
    bob.sign_in("bob", "b-secret")
    uid, subject = bob.messages()[0]
    assert subject == "Größe <b> & \"x\"", subject
    assert bob.ask(f"/message?folder=INBOX&uid={uid}").status == 200
    assert "&lt;i&gt;ü&lt;/i&gt;" in bob.page and "<i>" not in bob.page
    token = bob.token()
    bob.ask(f"/compose?folder=INBOX&uid={uid}")
    fields = {name: html.unescape(value) for name, value in
              re.findall(r'name="([a-z-]+)" value="([^"]*)"', bob.page)}
    assert fields["to"] == "alice@office.example" and fields["subject"] == "Re: " + subject
    assert bob.post("/send", text="Yes", **{n.replace("-", "_"): v for n, v in fields.items()}).status == 200
    assert "answered" in bob.ask("/folder?name=INBOX").page
    assert alice.ask("/folder?name=INBOX").messages()[0][1] == "Re: " + subject
    assert alice.ask("/folder?name=Sent").messages()[0][1] == subject
    assert bob.ask("/search?folder=INBOX&q=gr%C3%B6%C3%9Fe&in=subject").messages() == [(uid, subject)]
    assert bob.ask("/search?folder=INBOX&q=nothing").messages() == []
    assert bob.post("/move", token=token, folder="INBOX", uid=uid, into="Old & new").status == 200
    assert bob.messages() == []
    uid = bob.ask("/folder?name=Old+%26+new").messages()[0][0]
    assert bob.post("/delete", token=token, folder="Old & new", uid=uid).status == 200
    assert "The message was deleted." in bob.page and bob.messages() == []
    assert bob.ask(f"/message?folder=Old+%26+new&uid={uid}").status == 404
    assert bob.ask("/folder?name=no+such").status == 404


def what_the_mail_server_refuses_is_said_and_nothing_is_lost():
    need("curl")
    browser = Browser()
    browser.sign_in()
    assert browser.send(to="nobody@office.example", subject="kept", text="kept too").status == 422
    assert "550" in browser.page and 'value="kept"' in browser.page and "kept too" in browser.page
    assert browser.send(to="", subject="x", text="x").status == 422
    assert browser.send(to="no address", subject="x", text="x").status == 422


def forged_and_strange_requests_do_nothing():
    need("curl")
    browser = Browser()
    browser.sign_in()
    fields = ("--data", "to=bob@office.example&subject=forged&text=x")
    assert browser.ask("/send", *fields).status == 403
    assert browser.ask("/send", *fields, "-d", "token=0").status == 403
    token = browser.ask("/folder?name=INBOX").token()
    assert browser.ask("/send", *fields, "-d", f"token={token}", "-H", "Origin: http://evil.example").status == 403
    assert browser.ask("/send", "-H", "Content-Type: text/plain", *fields).status == 415
    assert browser.ask("/nothing").status == 404
    assert browser.ask("/", "--request-target", SITE + "/folder?name=INBOX", follow=False).status == 200
    assert browser.ask("/send").status == 405 and "Allow:" in browser.head
    assert browser.ask("/login", "-X", "BREW").status == 405
    assert Browser().ask("/" + "a" * 9000, jar=False).status == 414
    assert Browser().ask("/login", "-H", "X: " + "a" * 20000).status == 431
    bob = Browser()
    bob.sign_in("bob", "b-secret")
    assert "forged" not in [subject for _, subject in bob.ask("/folder?name=INBOX").messages()]


def content_comes_in_chunks_and_after_100_continue():
    need("curl")
    browser = Browser()
    chunked = ("-H", "Transfer-Encoding: chunked", "--data", "login=alice&password=a-secret")
    assert browser.ask("/login", *chunked, follow=False).status == 303
    token = browser.ask("/folder?name=INBOX").token()
    text = os.path.join(browser.folder, "text")
    with open(text, "w", encoding="ascii") as file:
        file.write("text=" + "word+" * 300_000)
    fields = ("--data", f"token={token}&to=bob@office.example&subject=long", "--data", "@" + text)
    assert browser.ask("/send", *fields).status == 200, browser.page
    assert "HTTP/1.1 100 Continue" in browser.head
    with open(text, "ab") as file:
        file.truncate(5_000_000)
    assert browser.ask("/send", "--data-binary", "@" + text, follow=False).status == 413


def one_connection_serves_many_pages():
    need("curl")
    told = run("curl", "-sS", "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects}",
               SITE + "/login", SITE + "/style.css")
    assert told == "10", told
    head = run("curl", "-sSI", SITE + "/login")
    assert head.startswith("HTTP/1.1 200 OK") and "Content-Length: 0" not in head


def many_messages_are_shown_in_pages():
    need("curl")
    with smtplib.SMTP("mail.office.example", 587, timeout=20) as smtp:
        smtp.login("alice@office.example", "a-secret")
        for number in range(60):
            smtp.sendmail("alice@office.example", ["alice@office.example"],
                          f"From: alice@office.example\r\nSubject: page {number}\r\n\r\nx\r\n")
    browser = Browser()
    browser.sign_in()
    within(10, lambda: browser.ask("/folder?name=INBOX").messages()[0][1] == "page 59")
    assert len(browser.messages()) == 50 and 'rel="next"' in browser.page
    link = html.unescape(re.search(r'rel="next" href="([^"]+)"', browser.page).group(1))
    older = [subject for _, subject in browser.ask(link).messages()]
    assert "page 9" in older and "page 10" not in older, older


def curl_verifies_the_site_by_https():
    """The scenario's authority vouches for its name; without it curl refuses."""
    ca = os.path.join(tempfile.gettempdir(), "mailwire-interop-webmail-ca.pem")
    run(MAILWIRE, "show", scenario("webmail.yaml"), "--ca", ca)
    site = "https://webmail.office.example"
    jar = os.path.join(tempfile.mkdtemp(), "jar")
    run("curl", "-sS", "-m", "20", site + "/login", status=60)
    said = run("curl", "-sS", "-m", "20", "-v", "--cacert", ca, "-c", jar, "-b", jar, "-L", "-H", f"Origin: {site}",
               "--data-urlencode", "login=alice@office.example", "--data-urlencode", "password=a-secret",
               site + "/login", stderr=subprocess.STDOUT)
    assert "SSL certificate verify ok" in said and "TLSv1.3" in said, said
    assert "INBOX" in said and re.search("(?i)set-cookie: session=.*; Secure", said), said
    with open(jar, encoding="utf-8") as file:
        assert re.search(r"\sTRUE\s.*session", file.read())
    said = run("curl", "-sS", "-m", "20", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca, "-H",
               "Origin: http://webmail.office.example", "-d", "login=a&password=b", site + "/login")
    assert said == "403", said


CASES = [pages_are_judged, a_user_signs_in_and_out, mail_is_sent_read_answered_moved_and_deleted,
         what_the_mail_server_refuses_is_said_and_nothing_is_lost, forged_and_strange_requests_do_nothing,
         content_comes_in_chunks_and_after_100_continue, one_connection_serves_many_pages,
         many_messages_are_shown_in_pages, curl_verifies_the_site_by_https]

if __name__ == "__main__":
    main(CASES, "webmail.yaml")
