"""Reads a city's configuration as far as a scenario needs it: units with their addresses, sources,
services, transports. A reader of the libconfig form in the few lines that the cities use; what it
cannot read it says with file and line. The daemon reads the same files by itself."""

import pathlib
import re

TOKEN = re.compile(r"""(?P<blank>\s+|\#[^\n]*|//[^\n]*|/\*.*?\*/)
                      |(?P<text>"(?:[^"\\]|\\.)*")
                      |(?P<number>[-+]?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?)(?:[eE][-+]?\d+)?L*)
                      |(?P<name>[A-Za-z*][A-Za-z0-9_*-]*)
                      |(?P<sign>[=:;,(){}\[\]@])""", re.X | re.S)
CLOSING = {"(": ")", "[": "]"}


class ConfError(AssertionError):
    """The file is not what a configuration looks like; the text names file and line."""


class Reader:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.text = self.path.read_text(encoding="utf-8")
        self.tokens = list(self._split())
        self.at = 0

    def _split(self):
        at = 0
        while at < len(self.text):
            found = TOKEN.match(self.text, at)
            if not found:
                raise self.error(at, "unbekanntes Zeichen")
            if found.lastgroup != "blank":
                yield found.lastgroup, found.group(), at
            at = found.end()
        yield "end", "", at

    def error(self, at, what):
        line = self.text.count("\n", 0, at) + 1
        return ConfError(f"{self.path.name}:{line}: {what}")

    def take(self, *signs):
        kind, text, at = self.tokens[self.at]
        if signs and text not in signs:
            raise self.error(at, f"erwartet: {' oder '.join(signs)}, gefunden: {text or 'Ende'}")
        self.at += 1
        return kind, text, at

    def peek(self):
        return self.tokens[self.at][1] if self.tokens[self.at][0] == "sign" else ""

    def group(self, end):
        """Members up to the bracket `end`, "" for the end of the file."""
        found = {}
        while True:
            kind, text, at = self.take()
            if (kind == "end" and not end) or (kind == "sign" and text == end):
                return found
            if text == "@":
                self.take()
                self.take()
                continue
            if kind != "name":
                raise self.error(at, f"erwartet: ein Name, gefunden: {text or 'Ende'}")
            self.take("=", ":")
            found[text] = self.value()
            while self.peek() in (";", ",") and self.peek():
                self.take()

    def value(self):
        kind, text, at = self.take()
        if kind == "text":
            return self.joined(text)
        if kind == "number":
            return int(text.rstrip("L"), 0) if re.fullmatch(r"[-+]?\w+", text) else float(text)
        if text in CLOSING:
            return self.values(CLOSING[text])
        if text == "{":
            return self.group("}")
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        raise self.error(at, f"erwartet: ein Wert, gefunden: {text or 'Ende'}")

    def values(self, end):
        found = []
        while self.peek() != end:
            found.append(self.value())
            if self.peek() == ",":
                self.take()
        self.take(end)
        return found

    def joined(self, text):
        """Adjacent strings are one."""
        parts = [text]
        while self.tokens[self.at][0] == "text":
            parts.append(self.take()[1])
        return "".join(re.sub(r"\\(.)", r"\1", part[1:-1]) for part in parts)


def read_folder(folder):
    """All *.conf of the folder as one dict; lists of the same name in several files are joined."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("*.conf")):
        for name, value in Reader(path).group("").items():
            if isinstance(value, list) and isinstance(found.get(name), list):
                found[name] += value
            elif isinstance(value, dict) and isinstance(found.get(name), dict):
                found[name].update(value)
            else:
                found[name] = value
    return found


class Directory:
    """Who is who in the configuration `folder`."""

    def __init__(self, folder):
        conf = read_folder(folder)
        self.units = {unit["id"]: unit for unit in conf.get("units", [])}
        self.sources = {source["id"]: source for source in conf.get("sources", [])}
        self.services = {service["id"]: service for service in conf.get("services", [])}
        self.areas = {area["id"]: area for area in conf.get("areas", [])}
        self.places = {place["id"]: place for place in conf.get("places", [])}
        self.transports = conf.get("transports", [])
        self.http = conf.get("http", {})

    def addresses(self, unit):
        return {contact["address"] for contact in self.units[unit].get("contacts", [])}

    def area_of(self, service, unit=""):
        """The code of the legal area of a service, else the first of that unit; "" for none."""
        areas = [self.services.get(service, {}).get("area", "")]
        areas += self.units.get(unit, {}).get("areas", [])
        area = next((area for area in areas if area), "")
        return self.areas.get(area, {}).get("code", area)
