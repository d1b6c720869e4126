"""A real browser: Debian's Chromium, driven by ChromeDriver over the W3C WebDriver protocol.

    with Browser(folder, width=360, height=640) as browser:
        browser.open("http://127.0.0.1:8086/")
        browser.key(TAB)

As a careful person's phone: scripts are switched off, nothing but this machine can be reached. The
protocol is plain HTTP with JSON (https://www.w3.org/TR/webdriver2/), so no further package is
needed.
"""

import http.client
import json
import os
import shutil

from peers import Process, free_port, port_open, wait_until

TAB, ENTER, SPACE, SHIFT, DOWN = "\ue004", "\ue007", " ", "\ue008", "\ue015"
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # section 12.1 of the protocol


def program(name):
    found = shutil.which(name)
    if not found:
        raise AssertionError(f"{name} is missing: run contrib/install-deps test")
    return found


class Browser:
    def __init__(self, folder, width, height, dark=False):
        self.port = free_port()
        self.profile = os.path.join(os.fspath(folder), f"profile-{self.port}")
        self.size = (width, height)
        self.dark = dark
        self.session = None
        command = [program("chromedriver"), f"--port={self.port}", "--allowed-ips=127.0.0.1"]
        self.driver = Process(f"chromedriver-{self.port}", command, folder,
                              env={**os.environ, "HOME": os.fspath(folder)})

    def _options(self):
        arguments = ["--headless=new", f"--user-data-dir={self.profile}", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update",
                     "--disable-sync", "--disable-gpu", "--disable-dev-shm-usage",
                     "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        if self.dark:
            arguments.append("--force-dark-mode")
        width, height = self.size
        metrics = {"width": width, "height": height, "pixelRatio": 2.0, "touch": False}
        return {"args": arguments, "binary": program("chromium"),
                "prefs": {"profile.managed_default_content_settings.javascript": 2},
                "mobileEmulation": {"deviceMetrics": metrics}}

    def __enter__(self):
        self.driver.wait_ready(lambda: port_open(self.port))
        wanted = {"browserName": "chrome", "goog:chromeOptions": self._options(),
                  "timeouts": {"pageLoad": 30000, "implicit": 0, "script": 10000}}
        try:
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        except BaseException:
            self.__exit__()
            raise
        self.session = made["sessionId"]
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self._call("DELETE", f"/session/{self.session}")
        finally:
            self.session = None
            self.driver.stop()

    def _call(self, method, path, body=None):
        peer = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            data = json.dumps(body if body is not None else {}) if method == "POST" else None
            peer.request(method, path, data, {"Content-Type": "application/json; charset=utf-8"})
            answer = peer.getresponse()
            value = json.loads(answer.read())["value"]
        finally:
            peer.close()
        if answer.status != 200:
            raise AssertionError(f"{method} {path}: {value['error']}: {value['message'][:300]}")
        return value

    def do(self, method, path, body=None):
        return self._call(method, f"/session/{self.session}{path}", body)

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    @property
    def title(self):
        return self.do("GET", "/title")

    @property
    def source(self):
        return self.do("GET", "/source")

    def find(self, selector):
        found = self.do("POST", "/elements", {"using": "css selector", "value": selector})
        return [Element(self, one[ELEMENT]) for one in found]

    def active(self):
        return Element(self, self.do("GET", "/element/active")[ELEMENT])

    def key(self, key, held=""):
        """Presses and releases a key of the keyboard, perhaps with another one held."""
        steps = [{"type": "keyDown", "value": one} for one in (*held, key)]
        steps += [{"type": "keyUp", "value": one} for one in (key, *held)]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": steps}]})

    def press_for(self, key, wanted):
        """Presses a key that leads to another page; returns when its title begins so."""
        self.key(key)
        wait_until(lambda: self.title.startswith(wanted), f"a page titled {wanted}")


class Element:
    def __init__(self, browser, name):
        self.browser = browser
        self.path = f"/element/{name}"

    def _get(self, what):
        return self.browser.do("GET", f"{self.path}/{what}")

    @property
    def tag(self):
        return self._get("name")

    @property
    def text(self):
        return self._get("text")

    @property
    def label(self):
        """The name that a screen reader says."""
        return self._get("computedlabel")

    @property
    def role(self):
        return self._get("computedrole")

    @property
    def rect(self):
        return self._get("rect")

    def attribute(self, name):
        return self._get(f"attribute/{name}")

    def css(self, name):
        return self._get(f"css/{name}")
