#!/usr/bin/python3
# time limit: 180 s
"""Broker, mail relay and first SMS gateway fall silent together; an emergency must still reach a
person by SMS within 60 s, through the second gateway, and the daemon must not wait for anybody.

Two kinds of silence: peers that have been talked to, still take connections (the kernel does it
for them) and never answer; and peers whose queue of connections is full, so that the connection
itself hangs."""

import json
import re
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, "tests/peers")

from gateway import Gateway  # noqa: E402
from peers import Broker, Cases, Folder, HttpSink, SmtpSink, say, started, wait_until  # noqa: E402
from scene import ACCOUNTS, PREFIX, Source, emergency, handover, now  # noqa: E402

ON_CALL = "+4915100000001"
LIMIT_S = 60
WANTED_S = 0.05   # a turn's work, counted and printed; a busy machine's fsync may take longer
TURN_S = 0.5      # no turn longer than this: whoever waits for a peer waits for seconds
ANSWER_S = 0.5    # nor any answer of the internal listener
BACKLOG = 60      # routine mails that hang in the relay meanwhile


def gateway_by(name, port):
    return (f'{{ name = "{name}"; adapter = "sms_http"; url = "http://127.0.0.1:{port}/sms";'
            ' params = ( { name = "to"; value = "{to}"; }, { name = "text"; value = "{text}"; } );'
            ' tls = "none"; }')


def transports(relay, first, second):
    return (f'( {{ name = "relay"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{relay}";'
            f' from = "stafette@ulm.example"; tls = "none"; }},'
            f' {gateway_by("erstes", first)}, {gateway_by("zweites", second)} )')


class Probe(threading.Thread):
    """Asks the internal listener all the time; `slowest_s` is the longest it had to wait."""

    def __init__(self, gateway):
        super().__init__(daemon=True)
        self.url = f"http://127.0.0.1:{gateway.internal_port}/healthz"
        self.over = threading.Event()
        self.slowest_s = 0.0
        self.asked = 0
        self.whats = set()

    def run(self):
        while not self.over.wait(0.02):
            began = time.monotonic()
            try:
                answer = urllib.request.urlopen(self.url, timeout=10)
            except urllib.error.HTTPError as error:
                answer = error
            except OSError:
                self.slowest_s = 10.0
                continue
            self.whats |= {row["what"] for row in json.loads(answer.read())["troubles"]}
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.asked += 1

    def stop(self):
        self.over.set()
        self.join()


def turns_over(gateway, limit_s):
    """How many turns took longer than this; the limit must be the bound of a bucket."""
    url = f"http://127.0.0.1:{gateway.internal_port}/metrics"
    text = urllib.request.urlopen(url, timeout=5).read().decode()
    buckets = {float(le): int(n) for le, n in
               re.findall(r'stafette_turn_seconds_bucket\{le="([^"]+)"\} (\d+)', text)}
    return buckets[float("inf")] - buckets[limit_s]


def texts_of(sink, code):
    """Forms that the gateway got about the item for the on-call's phone."""
    return [r for r in sink.requests
            if code.encode() in r.body and ON_CALL[1:].encode() in r.body]


def wait_sms(sink, code, since):
    wait_until(lambda: texts_of(sink, code), "the SMS through the second gateway", LIMIT_S,
               interval=0.05)
    return texts_of(sink, code)[0].at - since


def by_hand(gateway, event_id):
    """An emergency by stafettectl; the item's code."""
    event = {"specversion": "1.0", "id": event_id, "type": f"{PREFIX}emergency.reported.v1",
             "source": "/hotline/hand", "time": now(), "urgency": "emergency",
             "data": emergency()}
    done = gateway.ctl("--json", "send", "-", "--source", "hotline", stdin=json.dumps(event))
    receipt = json.loads(done.stdout)
    receipt = receipt.get("data", receipt)
    assert receipt["outcome"] == "accepted", receipt
    return receipt["item_id"]


def nobody_waited(probe, gateway):
    probe.stop()
    slow = turns_over(gateway, TURN_S)
    say(f"/healthz asked {probe.asked} times, slowest {probe.slowest_s * 1000:.0f} ms; turns over"
        f" {WANTED_S * 1000:.0f} ms: {turns_over(gateway, WANTED_S)}, over {TURN_S:g} s: {slow}")
    assert probe.asked > 20, f"asked only {probe.asked} times"
    assert probe.slowest_s < ANSWER_S, f"/healthz took {probe.slowest_s:.2f} s"
    assert slow == 0, f"{slow} turns took longer than {TURN_S:g} s"


# ---- peers that fall silent after having been talked to

class Silent:
    """Everything is well, mails and SMS have gone out, and then all but the second gateway stop."""

    def __init__(self):
        self.folder = Folder()
        self.broker = Broker(self.folder, ACCOUNTS)
        self.relay = SmtpSink(self.folder)
        self.mute = False
        self.first = HttpSink(lambda _: "hang" if self.mute else (200, "OK"))
        self.second = HttpSink()
        self.gateway = Gateway(self.folder, self.broker, settings={
            "transports": transports(self.relay.port, self.first.port, self.second.port),
            "mqtt.keepalive": "5s", "delivery.retry_first": "1s", "delivery.retry_max": "5s"})

    def start(self):
        self.gateway.start().wait_online()
        self.soziales = Source(self.broker.port, "soziales-ulm", ACCOUNTS)
        self.hotline = Source(self.broker.port, "hotline", ACCOUNTS)

    def all_well(self):
        code = self.hotline.accepted("emergency.reported", emergency(),
                                     urgency="emergency")["item_id"]
        wait_until(lambda: texts_of(self.first, code), "the SMS through the first gateway")
        self.gateway.wait_quiet()
        assert not self.second.requests, "the second gateway is not the first"

    def silence(self):
        self.mute = True
        self.relay.process.signal(signal.SIGSTOP)

    def silence_broker(self):
        self.broker.process.signal(signal.SIGSTOP)

    def restore(self):
        self.relay.process.signal(signal.SIGCONT)
        self.broker.process.signal(signal.SIGCONT)
        self.mute = False
        self.first.let_go()


def stored_and_by_hand(silent):
    """One emergency came by the broker just before it fell silent, one by hand afterwards, while
    routine mails fill the relay's carriers."""
    silent.silence()
    for _ in range(BACKLOG):
        silent.soziales.publish(silent.soziales.event("handover.requested", handover()))
    began = time.monotonic()
    stored = silent.hotline.accepted("emergency.reported", emergency(),
                                     urgency="emergency")["item_id"]
    silent.silence_broker()
    silent.probe = Probe(silent.gateway)
    silent.probe.start()
    by_hand_at = time.monotonic()
    other = by_hand(silent.gateway, "by-hand-1")
    took = wait_sms(silent.second, stored, began)
    took_other = wait_sms(silent.second, other, by_hand_at)
    say(f"SMS after {took:.1f} s and {took_other:.1f} s")
    assert max(took, took_other) < LIMIT_S
    silent.codes = (stored, other)


def troubles_named(silent):
    """Until the keepalive has found the broker out; the pages name what is silent."""
    wait_until(lambda: "broker" in silent.probe.whats, "/healthz names the broker", 20)
    nobody_waited(silent.probe, silent.gateway)


def all_comes(silent):
    """Back again: the status events of the emergencies and all mails, without a restart."""
    pid = silent.gateway.process.pid
    silent.restore()
    for code in silent.codes:
        status = silent.hotline.status("notice.sent", code)
        assert status["responsible"], status
    silent.gateway.wait_quiet(60)
    assert silent.gateway.process.running() and silent.gateway.process.pid == pid
    for code in silent.codes:
        assert len(texts_of(silent.second, code)) == 1, "more than once"
        rows = [d for d in silent.gateway.json("item", "show", code)["deliveries"]
                if d["contact"].startswith("bereitschaft/")]
        assert rows and all(d["state"] == "sent" for d in rows), rows


def fallen_silent(cases):
    silent = Silent()
    with started(silent.broker, silent.relay, silent.first, silent.second):
        try:
            silent.start()
            cases.run("well: the first gateway carries the SMS", silent.all_well)
            cases.run("silent peers: SMS through the second gateway", stored_and_by_hand, silent)
            cases.run("silent peers: nobody waits", troubles_named, silent)
            cases.run("they answer again: everything arrives", all_comes, silent)
        finally:
            silent.gateway.kill()
            silent.restore()


# ---- peers whose connections hang

class Full:
    """A loopback address that drops every SYN: its queue holds one connection and is full."""

    def __init__(self):
        self.listener = socket.socket()
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        while self._fill():
            assert len(self.fillers) < 20, "the queue never fills"

    def _fill(self):
        """One more connection; False when it hangs."""
        filler = socket.socket()
        filler.settimeout(0.3)
        self.fillers.append(filler)
        try:
            filler.connect(("127.0.0.1", self.port))
        except TimeoutError:
            return False
        return True

    def start(self):
        return self

    def stop(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()


def by_hand_through_holes(gateway, second):
    probe = Probe(gateway)
    probe.start()
    began = time.monotonic()
    code = by_hand(gateway, "by-hand-2")
    took = wait_sms(second, code, began)
    say(f"SMS after {took:.1f} s")
    assert took < LIMIT_S
    wait_until(lambda: "broker" in probe.whats, "/healthz names the broker")
    nobody_waited(probe, gateway)


def hanging_connections(cases):
    folder = Folder()
    broker, relay, first, second = Full(), Full(), Full(), HttpSink()
    with started(broker, relay, first, second):
        gateway = Gateway(folder, broker.port, settings={
            "transports": transports(relay.port, first.port, second.port)})
        try:
            gateway.start()
            cases.run("hanging connections: SMS through the second gateway",
                      by_hand_through_holes, gateway, second)
        finally:
            gateway.kill()


def main():
    cases = Cases()
    fallen_silent(cases)
    hanging_connections(cases)
    cases.end()


main()
