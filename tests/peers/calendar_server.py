"""Radicale, a calendar server of Debian, on loopback: unpacked below build/peers, not installed.

It lets everybody in (auth none) and keeps its calendars in a folder of the test.
"""

import base64
import http.client
import os
import re
import sys

from peers import PEERS, Folder, Process, free_port, port_open

MODULES = PEERS / "usr" / "lib" / "python3" / "dist-packages"
QUERY = """<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><D:getetag/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="%s" end="%s"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>
"""


class Radicale:
    """put() and get() a calendar, met() what of it lies in a span of time."""

    def __init__(self):
        self.folder = Folder("stafette-radicale-")
        self.port = free_port()
        self.process = None

    def __enter__(self):
        if not (MODULES / "radicale").exists():
            raise AssertionError(f"{MODULES}/radicale is missing: run contrib/install-deps test")
        command = [sys.executable, "-m", "radicale", "--config", "",
                   "--server-hosts", f"127.0.0.1:{self.port}", "--auth-type", "none",
                   "--rights-type", "owner_only", "--storage-filesystem-folder",
                   str(self.folder.path / "calendars")]
        self.process = Process("radicale", command, self.folder.path,
                               env=dict(os.environ, PYTHONPATH=str(MODULES)))
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def __exit__(self, *_):
        self.process.stop()

    def request(self, method, path, body=b"", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers["Authorization"] = "Basic " + base64.b64encode(b"ulm:ulm").decode()
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def put(self, name, text):
        """A whole calendar; the status of the answer."""
        return self.request("PUT", f"/ulm/{name}/", text.encode(),
                            Content_Type="text/calendar; charset=utf-8")[0]

    def get(self, name):
        status, text = self.request("GET", f"/ulm/{name}/")
        assert status == 200, (status, text)
        return text

    def met(self, name, start, end):
        """How many entries of the calendar have a session between two moments (UTC)."""
        form = "%Y%m%dT%H%M%SZ"
        status, text = self.request("REPORT", f"/ulm/{name}/",
                                    (QUERY % (start.strftime(form), end.strftime(form))).encode(),
                                    Depth="1", Content_Type="application/xml")
        assert status == 207, (status, text)
        return len(re.findall(r"<href>[^<]*\.ics</href>", text))
