"""sms_vs_wrk: SMS notices accepted by nginx per second through sms_http, against wrk sending the
same request with as many open at once, before and after. nginx answers both with 200 and "OK"; how
many requests it took is read from nginx itself, not only from the daemon."""

import pathlib
import re
import subprocess
import urllib.request

from bench_tools import ACCEPTED, AT_ONCE, MAILED, TEXTED, Daemon, events, figure, fresh_store
from bench_tools import median, note, ratio, write_config
from mqtt5 import Client
from peers import Broker, Folder, Process, free_port, peer_command, port_open, started

TEXTS, WIDE, ROUNDS = 40000, 32, 5
MAIL = '{ name = "post"; adapter = "null_email"; }'
# Carriers are for the mails, which go nowhere.
SETTINGS = (f"delivery = {{ carriers = 4; in_flight_max = 512; sms_in_flight_max = {WIDE};"
            f" {AT_ONCE} }};")
WRK = """wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "to=%2B4915100000001&text=Neue%20Meldung%20im%20Postfach%2C%20Vorgang%20K7F3-92QX.%0A"
  .. "Bitte%20bis%2021.11.%2010%3A00%20quittieren.&ref=d100000.8c3f01aa"
"""


class Nginx:
    """nginx with one worker and no log, which takes any body and says OK."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "nginx"
        self.folder.mkdir()
        self.port = free_port()
        self.process = None

    def start(self):
        folder = self.folder
        temp = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                       ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        (folder / "nginx.conf").write_text(f"""
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; keepalive_requests 1000000; {temp}
  server {{ listen 127.0.0.1:{self.port};
    location /count {{ stub_status; }}
    location / {{ default_type text/plain; return 200 "OK"; }} }} }}
""")
        command = peer_command("usr/sbin/nginx", "-p", folder, "-e", folder / "error.log",
                               "-c", folder / "nginx.conf")
        self.process = Process("nginx", command, folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process:
            self.process.stop()

    def requests(self):
        """All requests so far, this question included."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/count", timeout=10) as answer:
            return int(answer.read().split(b"\n")[2].split()[2])


def by_http(port):
    return (f'{MAIL}, {{ name = "sms"; adapter = "sms_http"; url = "http://127.0.0.1:{port}/sms";'
            ' tls = "none"; body = "form"; params = ( { name = "to"; value = "{to}"; },'
            ' { name = "text"; value = "{text}"; }, { name = "ref"; value = "{reference}"; } ); }')


def wrk(folder, port):
    script = pathlib.Path(folder) / "post.lua"
    script.write_text(WRK)
    done = subprocess.run(["wrk", "-t1", f"-c{WIDE}", "-d4s", "-s", str(script),
                           f"http://127.0.0.1:{port}/sms"], check=True, capture_output=True,
                          text=True).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise AssertionError(f"nginx refused:\n{done}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", done).group(1))


def drain(folder, broker, nginx, seed):
    """Texts per second of a backlog of emergencies, whose mails, and what the sender is told of
    those, are no part of the figure."""
    config, port = write_config(folder, broker.port, by_http(nginx.port), 10, SETTINGS)
    fresh_store(config)
    daemon = Daemon(folder, config, port).start()
    daemon.outbox("hold", "sms", "--urgent")
    with Client(broker.port, "publisher") as publisher:
        publisher.publish_many(events(TEXTS, 10, seed, "emergency"))
    daemon.wait_value(ACCEPTED, TEXTS)
    daemon.wait_value(MAILED, TEXTS)
    daemon.wait_told()
    before = nginx.requests()
    result = daemon.backlog_rate(TEXTED, TEXTS, "sms", "--urgent")
    daemon.stop()
    taken = nginx.requests() - before - 1
    if taken < TEXTS:
        raise AssertionError(f"{TEXTS} texts counted as sent, nginx took {taken}")
    return result


def main():
    folder = Folder()
    broker, nginx = Broker(folder, durable=False), Nginx(folder)
    rows = []
    with started(broker, nginx):
        for i in range(ROUNDS):
            before = wrk(folder, nginx.port)
            texts = drain(folder, broker, nginx, 40 + i)
            base = (before + wrk(folder, nginx.port)) / 2
            rows.append((base, texts))
            note(f"round {i + 1}: wrk {base:.0f}/s, texts {texts:.0f}/s")
    figure("sms_wrk", median([base for base, _ in rows]), "requests/s")
    figure("sms_texts", median([texts for _, texts in rows]), "texts/s")
    ratio("sms_vs_wrk", median([texts / base for base, texts in rows]))


main()
