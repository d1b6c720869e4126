"""A gateway for adapter tests: answers what the path says and keeps every request.

    http_peer.py PORT DIR

/answer/CODE/TEXT is answered with CODE and TEXT (percent-decoded); /later/CODE adds Retry-After: 7,
/date/CODE the same as a date ten minutes from now;
/hang gets no answer; /drop loses the connection after the request was read; /big is 100 KB long;
/moved redirects to /answer/200/ok. DIR/<n>.req holds request line, headers and body of each.
"""

import email.utils
import pathlib
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DIR = pathlib.Path(sys.argv[2])
lock = threading.Lock()
count = 0


class Peer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def keep(self):
        global count
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with lock:
            count += 1
            number = count
        head = f"{self.requestline}\n{self.headers}".encode()
        (DIR / f"{number}.tmp").write_bytes(head + body)
        (DIR / f"{number}.tmp").rename(DIR / f"{number}.req")

    def answer(self, code, text, *headers):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        body = b"" if code == 204 else text
        if code != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.keep()
        part = self.path.split("?")[0].split("/")
        if part[1] == "answer":
            self.answer(int(part[2]), urllib.parse.unquote_to_bytes("/".join(part[3:])))
        elif part[1] == "later":
            self.answer(int(part[2]), b"later", ("Retry-After", "7"))
        elif part[1] == "date":
            when = email.utils.formatdate(time.time() + 600, usegmt=True)
            self.answer(int(part[2]), b"later", ("Retry-After", when))
        elif part[1] == "big":
            self.answer(200, b"{" + b" " * 100000 + b"}")
        elif part[1] == "moved":
            self.answer(302, b"", ("Location", "/answer/200/ok"))
        elif part[1] == "hang":
            threading.Event().wait()
        else:
            self.close_connection = True

    do_POST = do_PUT = do_GET

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Peer).serve_forever()
