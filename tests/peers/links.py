"""What tests of answer links share: a city with a public door, the links of a mail, and requests
as bytes, so that nothing is corrected on the way."""

import re
import socket

from peers import free_port
from scene import Scene, handover

LINK = re.compile(r"^(.+): (http://127\.0\.0\.1:\d+/a/[A-Za-z0-9_-]{36})\r?$", re.MULTILINE)
FIELD = re.compile(r'<input type="hidden" name="form" value="([A-Za-z0-9_-]{22})">')
BUTTON = re.compile(r'<button[^>]*name="answer" value="([a-z_]+)"')
FORM_TYPE = "application/x-www-form-urlencoded"
UNIT = "egh-eselsberg"
UNANSWERED = ("requested", "delivered")


class Answer:
    """Status, headers (lower case) and text of an HTTP answer."""

    def __init__(self, data):
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1]) if lines[0] else 0
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self.headers[name.lower()] = value.strip()
        self.text = body.decode()

    @property
    def field(self):
        found = FIELD.search(self.text)
        return found.group(1) if found else ""

    @property
    def buttons(self):
        return BUTTON.findall(self.text)


def raw(port, data, timeout=20):
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as peer:
        peer.sendall(data)
        parts = []
        while True:
            part = peer.recv(65536)
            if not part:
                return Answer(b"".join(parts))
            parts.append(part)


def request(port, method, path, body="", headers=()):
    lines = [f"{method} {path} HTTP/1.1", "Host: stafette", *headers]
    if method == "POST":
        if not any(line.lower().startswith("content-type") for line in headers):
            lines.append(f"Content-Type: {FORM_TYPE}")
        lines.append(f"Content-Length: {len(body.encode())}")
    return raw(port, ("\r\n".join(lines) + "\r\n\r\n" + body).encode())


class PublicScene(Scene):
    """Ulm with a public door; `more` settings go on top."""

    def __init__(self, settings=None, **options):
        self.port = free_port()
        filled = {"http.public": f"127.0.0.1:{self.port}",
                  "answer.url": f"http://127.0.0.1:{self.port}", **(settings or {})}
        super().__init__(settings=filled, **options)

    def links(self, code, to=UNIT, count=1):
        """{label: path} of the links in the unit's mail about an item."""
        mail = self.wait_mail(code, to, count)
        self.gateway.wait_quiet()
        return {label: url[url.index("/a/"):] for label, url in LINK.findall(mail.text)}

    def ask(self, clock=None, **more):
        """A request for Ulm's egh-eselsberg; returns its code."""
        attributes = {}
        if clock:
            attributes["time"] = clock.strftime("%Y-%m-%dT%H:%M:%SZ")
        data = handover(**{"hilfeplan": False, **more})
        receipt = self.soziales.accepted("handover.requested", data, **attributes)
        return receipt["item_id"]

    def get(self, path, method="GET", headers=()):
        return request(self.port, method, path, "", headers)

    def post(self, path, body, headers=()):
        return request(self.port, "POST", path, body, headers)

    def press(self, path, answer, code=""):
        """What a browser does: opens the page, presses one of its buttons."""
        page = self.get(path)
        assert answer in page.buttons, (answer, page.buttons)
        body = f"form={page.field}&answer={answer}" + (f"&code={code}" if code else "")
        return self.post(path, body)

    def state(self, code):
        return self.item(code)["state"]
