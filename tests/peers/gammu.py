"""gammu-smsd with a simulated phone: Debian's package, service "files", model "dummy"."""

import pathlib
import re

from peers import Process, peer_command, tail

FOLDERS = ("outbox", "sent", "error", "inbox")

CONFIG = """[gammu]
model = dummy
connection = none
device = {phone}
gammuloc = /dev/null

[smsd]
service = files
logfile = {log}
debuglevel = 255
inboxpath = {inbox}/
outboxpath = {outbox}/
sentsmspath = {sent}/
errorsmspath = {error}/
inboxformat = unicode
transmitformat = auto
commtimeout = 1
loopsleep = 1
receivefrequency = 1
"""

SMS = """[SMSBackup000]
SMSC = "+491770610000"
SMSCUnicode = {smsc}
DateTime = 20261121T190300
State = UnRead
Number = "{number}"
NumberUnicode = {number_hex}
Text00 = {text}
Coding = Default
Folder = 1
Length = {length}
Class = -1
ReplySMSC = False
RejectDuplicates = False
ReplaceMessage = 0
MessageReference = 0
"""


def in_hex(text):
    return text.encode("utf-16-be").hex().upper()


class Gammu:
    """The folders are there from the beginning; start() runs the program, also again."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "gammu"
        self.path = {name: self.folder / name for name in FOLDERS}
        self.phone = self.folder / "phone"
        self.log = self.folder / "smsd.log"
        for path in (*self.path.values(), self.phone / "sms" / "1"):
            path.mkdir(parents=True)
        self.config = self.folder / "smsdrc"
        self.config.write_text(CONFIG.format(phone=self.phone, log=self.log, **self.path))
        self.process = None
        self.count = 0

    def start(self):
        command = peer_command("usr/bin/gammu-smsd", "-c", self.config)
        self.process = Process("gammu-smsd", command, self.folder)
        self.process.wait_ready(lambda: "Starting phone communication" in self.words())
        return self

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None
            self.log.unlink()

    def words(self):
        return tail(self.log, 100000)

    @property
    def texts(self):
        """(number, text) of what the phone was told to send, in order."""
        found = re.findall(r'Found \d+ sms to "([^"]+)" with text "((?:[^"]|"(?! cod))*)" cod',
                           self.words())
        return found

    def files(self, folder):
        return sorted(path.name for path in self.path[folder].iterdir())

    def give_up(self, name):
        """As gammu-smsd does after its retries: the simulated phone never fails."""
        (self.path["outbox"] / name).rename(self.path["error"] / name)

    def say(self, number, text):
        """An SMS of that phone, which the simulated one has received."""
        self.count += 1
        words = SMS.format(smsc=in_hex("+491770610000"), number=number, number_hex=in_hex(number),
                           text=in_hex(text), length=len(text))
        staged = self.folder / "incoming"
        staged.write_text(words)
        staged.rename(self.phone / "sms" / "1" / str(self.count))
