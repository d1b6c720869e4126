"""What the benchmarks share: a configuration of any size, events, waiting on counters, output.

A measurement stands on the daemon's own counters (/metrics) or on what the peer accepted; both
sides of a ratio run in the same round, several rounds, and the median is printed.
"""

import json
import pathlib
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import urllib.request

import peers
from peers import BUILD, Process, port_open, wait_until

UNITS = 64
# Nothing waits for company or for its turn: every figure is about work, not about waiting.
AT_ONCE = 'bundle = "0s"; contact_per_hour = 0;'
LETTERS = "abcdefghjkmnpqrstvwxyz"


def note(*words):
    print("#", *words, file=sys.stderr, flush=True)


def figure(name, value, unit):
    print(f"figure {name} {value:.6g} {unit}", flush=True)


def ratio(name, value):
    print(f"ratio {name} {value:.3f}", flush=True)


def median(values):
    return statistics.median(values)


def unit_conf(number):
    return f"""{{ id = "u{number}"; name = "Team {number}"; kind = "team"; areas = ["sgb8"];
  contacts = ( {{ channel = "email"; address = "team@d{number}.example"; }},
               {{ channel = "sms"; address = "+4915100{number:06d}"; urgent_only = true; }} ); }}"""


def write_config(folder, broker, transports, rules=10,
                 settings=f"delivery = {{ {AT_ONCE} }};"):
    """A city with UNITS teams in as many mail domains and `rules` routing rules, one for each
    place; the places of the rules are those that events name."""
    folder = pathlib.Path(folder) / "config"
    folder.mkdir(exist_ok=True)
    ports = {"internal": peers.free_port()}
    places = ",\n".join(f'{{ id = "p{i}"; name = "Ort {i}"; parent = "stadt"; }}'
                        for i in range(rules))
    branches = ",\n".join(f'{{ rule = "r{i}"; place = "p{i}"; to = ["u{i % UNITS}"]; }}'
                          for i in range(rules))
    units = ",\n".join(unit_conf(i) for i in range(UNITS))
    (folder / "stafette.conf").write_text(f"""
gateway = {{ instance = "bench"; store = "{folder}/stafette.db"; key_file = "{folder}/keys";
  templates = "{peers.TOP}/config/templates"; log_level = "warn"; }};
mqtt = {{ host = "127.0.0.1"; port = {broker}; client_id = "stafette-bench"; }};
http = {{ internal = "127.0.0.1:{ports['internal']}"; control_socket = "{folder}/control.sock"; }};
mail = {{ from = "stafette@bench.example"; bounce = "b@bench.example";
  id_domain = "bench.example"; }};
{settings}
transports = ( {transports} );
areas = ( {{ id = "sgb8"; code = "SGB_VIII"; name = "SGB VIII"; }} );
services = ( {{ id = "ksd"; name = "Kommunaler Sozialer Dienst"; }} );
places = ( {{ id = "stadt"; name = "Stadt"; }}, {places} );
unit_defaults = {{ calendar = "BW"; hours = {{ mon = "08:00-16:00"; tue = "08:00-16:00";
  wed = "08:00-16:00"; thu = "08:00-16:00"; fri = "08:00-12:00"; }}; }};
units = ( {units},
  {{ id = "desk"; name = "Auffangstelle"; kind = "desk";
    contacts = ( {{ channel = "email"; address = "desk@desk.example"; }} ); }} );
sources = ( {{ id = "bench"; name = "Fachverfahren"; desk = "desk"; units = ["u0"]; }} );
permissions = ( );
policies = ( {{ id = "standard"; repeat = "1 staffed day"; sms = ["emergency"];
  ack = {{ routine = "3 staffed days"; prompt = "1 staffed day"; urgent = "2 office hours";
    emergency = "10m"; }};
  escalate = {{ routine = "1 staffed day"; prompt = "1 staffed day"; urgent = "2 office hours";
    emergency = "10m"; }};
  expire = {{ routine = "3d"; prompt = "3d"; urgent = "1d"; emergency = "1d"; }}; }} );
catch_all = "desk"; on_call = "u1";
routes = {{ policy = "standard"; to = ["desk"]; rules = ( {branches} ); }};
""")
    return folder, ports["internal"]


def mail_transports(port, sms='adapter = "null_sms";'):
    """Transports with a mail relay at `port`; nobody listens on port 9: everything waits."""
    return (f'{{ name = "relay"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}"; '
            f'tls = "none"; from = "stafette@bench.example"; helo = "gw.bench.example"; }}, '
            f'{{ name = "sms"; {sms} }}')


def fresh_store(config):
    for old in config.glob("stafette.db*"):
        old.unlink()


class Daemon:
    """stafetted on such a configuration."""

    def __init__(self, folder, config, port):
        self.folder, self.config, self.port = folder, config, port
        self.process = None

    def start(self):
        self.process = Process("stafetted", [str(BUILD / "stafetted"), "-c", str(self.config)],
                               self.folder)
        self.process.wait_ready(lambda: port_open(self.port), 60)
        return self

    def stop(self):
        self.process.stop(60)

    def outbox(self, *words):
        """stafettectl outbox ..."""
        subprocess.run([str(BUILD / "stafettectl"), "-c", str(self.config), "outbox", *words],
                       check=True, stdout=subprocess.DEVNULL)

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            return answer.read().decode()

    def value(self, name):
        """The value of a sample such as stafette_events_total{outcome="accepted"}."""
        for line in self.metrics().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    def wait_value(self, name, wanted, timeout=300):
        """Waits until the sample has reached `wanted`; returns the time it was seen."""
        wait_until(lambda: self.value(name) >= wanted, f"{name} >= {wanted}", timeout, 0.01)
        return time.monotonic()

    def wait_told(self, timeout=300):
        """Waits until the broker has all status events of what was done so far, so that the next
        measurement does not publish them."""
        store = sqlite3.connect(f"file:{self.config}/stafette.db?mode=ro", uri=True)
        wait_until(lambda: store.execute("select count(*) from out_event").fetchone() == (0,),
                   "all status events acknowledged", timeout, 0.05)
        store.close()

    def backlog_rate(self, counter, count, *lane):
        """Lets the lane go that is held; deliveries per second between the first that was seen and
        the last of `count`."""
        self.outbox("release", *lane)
        first = self.wait_value(counter, 1)
        seen = self.value(counter)
        last = self.wait_value(counter, count)
        return (count - seen) / (last - first)

    def memory_kb(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / 100


ACCEPTED = 'stafette_events_total{outcome="accepted"}'
MAILED = 'stafette_attempts_total{channel="email",result="sent"}'
TEXTED = 'stafette_attempts_total{channel="sms",result="sent"}'


def case_ref(chooser):
    return "cr-" + "".join(chooser.choice(LETTERS) + str(chooser.randrange(10)) for _ in range(8))


def handover(number, chooser, places, urgency="routine"):
    """One handover.requested of about 600 bytes."""
    ref = case_ref(chooser)
    return json.dumps({
        "specversion": "1.0", "id": f"b-{number}-{chooser.getrandbits(48):012x}",
        "source": "/bench/fachverfahren", "type": "de.sozialraum.handover.requested.v1",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "subject": ref,
        "urgency": urgency,
        "datacontenttype": "application/json",
        "data": {"case_ref": ref, "from_unit": "u0", "place": f"p{number % places}",
                 "rechtskreis": "SGB_VIII", "service": "ksd", "reason": "move",
                 "legal_basis": "sgb10_69", "hilfeplan": False, "open_tasks": 3,
                 "next_deadline": "2026-12-04"}}).encode()


TOPIC = "stafette/in/bench/handover/requested"


def events(count, places, seed=1, urgency="routine"):
    chooser = random.Random(seed)
    return [(TOPIC, handover(seed * 10_000_000 + i, chooser, places, urgency))
            for i in range(count)]


def open_session(port, client_id):
    """Makes a persistent session at the broker that queues what comes."""
    subprocess.run(["mosquitto_sub", "-h", "127.0.0.1", "-p", str(port), "-i", client_id, "-c",
                    "-V", "mqttv5", "-x", "3600", "-q", "1", "-t", "stafette/in/#", "-E"],
                   check=True)
