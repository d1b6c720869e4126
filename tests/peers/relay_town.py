"""The town of the relay soak: 2,000 teams, each with its mailbox in a mail domain of its own, and
20 relays that carry them in turn. Every second team of a relay may fail over to the next relay.
"""

import json

from peers import TOP
from scene import now

RELAYS, DOMAINS = 20, 2000
SOURCE, FROM_UNIT = "fachverfahren", "team0"
TOPIC = f"stafette/in/{SOURCE}/handover/requested"
LETTERS = "abcdefghjkmnpqrstvwxyz"
HOURS = 'mon = "08:00-16:00"; tue = "08:00-16:00"; wed = "08:00-16:00"; thu = "08:00-16:00";'
SPANS = 'routine = "{}"; prompt = "{}"; urgent = "{}"; emergency = "{}";'


def relay_of(unit):
    """Position of the relay that carries the team's mail while it is well."""
    return unit % RELAYS


def relay_name(position):
    return f"relay-{position + 1:02d}"


def relays_of(unit):
    first = relay_of(unit)
    second = [(first + 1) % RELAYS] if unit // RELAYS % 2 else []
    return [relay_name(position) for position in (first, *second)]


def listed(form, count):
    return ",\n".join(form(number) for number in range(count))


def transport(position, port):
    return (f'{{ name = "{relay_name(position)}"; adapter = "email_smtp"; tls = "none"; '
            f'url = "smtp://127.0.0.1:{port}"; from = "stafette@gateway.example"; '
            'helo = "gateway.example"; }')


def team(number):
    return (f'{{ id = "team{number}"; name = "Team {number}"; kind = "team"; areas = ["sgb8"]; '
            f'contacts = ( {{ channel = "email"; address = "team@d{number}.example"; }} ); }}')


def mail_domain(number):
    return (f'{{ domain = "d{number}.example"; tls = "required"; '
            f'transports = {json.dumps(relays_of(number))}; }}')


def write_town(folder, ports):
    """A configuration directory for relays at these ports; Gateway fills in places and broker."""
    folder.mkdir(exist_ok=True)
    ack = SPANS.format("3 staffed days", "1 staffed day", "2 office hours", "10m")
    escalate = SPANS.format("1 staffed day", "1 staffed day", "2 office hours", "10m")
    (folder / "stafette.conf").write_text(f"""
gateway = {{ instance = "soak"; store = ""; key_file = "";
  templates = "{TOP}/config/templates"; log_level = "warn"; }};
mqtt = {{ host = ""; port = 0; client_id = "stafette-soak"; }};
http = {{ internal = ""; control_socket = ""; }};
mail = {{ from = "stafette@gateway.example"; bounce = "b@gateway.example";
  id_domain = "gateway.example"; }};
delivery = {{ bundle = "0s"; contact_per_hour = 0; carriers = 16; in_flight_max = 64;
  retry_first = "10s"; retry_max = "5m"; }};
meetings = ( );
areas = ( {{ id = "sgb8"; code = "SGB_VIII"; name = "SGB VIII"; }} );
services = ( {{ id = "ksd"; name = "Kommunaler Sozialer Dienst"; }} );
unit_defaults = {{ calendar = "BW"; hours = {{ {HOURS} fri = "08:00-12:00"; }}; }};
sources = ( {{ id = "{SOURCE}"; name = "Fachverfahren"; desk = "desk";
  units = ["{FROM_UNIT}"]; }} );
permissions = ( );
policies = ( {{ id = "standard"; repeat = "1 staffed day"; sms = ["emergency"];
  ack = {{ {ack} }}; escalate = {{ {escalate} }};
  expire = {{ {SPANS.format("3d", "3d", "1d", "1d")} }}; }} );
catch_all = "desk"; on_call = "oncall";
transports = ( {",".join(transport(i, port) for i, port in enumerate(ports))},
  {{ name = "sms"; adapter = "null_sms"; }} );
places = ( {{ id = "stadt"; name = "Stadt"; }},
{listed(lambda n: f'{{ id = "p{n}"; name = "Ort {n}"; parent = "stadt"; }}', DOMAINS)} );
units = ( {{ id = "desk"; name = "Auffangstelle"; kind = "desk";
    contacts = ( {{ channel = "email"; address = "desk@desk.example"; }} ); }},
  {{ id = "oncall"; name = "Rufbereitschaft"; kind = "team"; areas = ["sgb8"];
    contacts = ( {{ channel = "email"; address = "dienst@desk.example"; }},
                 {{ channel = "sms"; address = "+4915100000001"; urgent_only = true; }} ); }},
{listed(team, DOMAINS)} );
mail_domains = ( {listed(mail_domain, DOMAINS)} );
routes = {{ policy = "standard"; to = ["desk"]; rules = (
{listed(lambda n: f'{{ rule = "r{n}"; place = "p{n}"; to = ["team{n}"]; }}', DOMAINS)} ); }};
""")
    return folder


def make_event(number, chooser):
    """The handover with that number, to the team whose turn it is: all get equally many."""
    ref = "cr-" + "".join(chooser.choice(LETTERS) + str(chooser.randrange(10)) for _ in range(8))
    return json.dumps({
        "specversion": "1.0", "id": f"s-{number}-{chooser.getrandbits(48):012x}",
        "source": f"/{SOURCE}/soak", "type": "de.sozialraum.handover.requested.v1",
        "time": now(), "subject": ref, "urgency": "routine",
        "datacontenttype": "application/json",
        "data": {"case_ref": ref, "from_unit": FROM_UNIT, "place": f"p{number * 7 % DOMAINS}",
                 "rechtskreis": "SGB_VIII", "service": "ksd", "reason": "move",
                 "legal_basis": "sgb10_69", "hilfeplan": False, "open_tasks": 3,
                 "next_deadline": "2099-12-04"}}).encode()
