#!/usr/bin/python3
# time limit: 120 s
"""A relay that was well and busy falls ill: what waits for a carrier to it does not queue up for
its slow refusals, but leaves by the second relay."""

import sys
import threading

sys.path.insert(0, "tests/peers")

from peers import Cases, Folder, SmtpSink, Talker, say, wait_until  # noqa: E402
from scene import Scene, handover  # noqa: E402

MAILS = 60
IN_FLIGHT_MAX, CARRIERS = 64, 4
SLOW_S = 0.5  # the relay that is ill needs for each greeting, one after another
# All that was handed to the carriers for the first relay would be half of IN_FLIGHT_MAX.
TRIED_MAX = 20


def transports(first, second):
    relays = ", ".join(
        f'{{ name = "{name}"; adapter = "email_smtp"; url = "smtp://127.0.0.1:{port}"; '
        'from = "stafette@ulm.example"; tls = "none"; }'
        for name, port in (("erster", first), ("zweiter", second)))
    return f'( {relays}, {{ name = "sms"; adapter = "null_sms"; }} )'


def ask_all(scene):
    for _ in range(MAILS):
        scene.soziales.publish(scene.soziales.event("handover.requested", handover()))


def sent(scene, name):
    return sum(f"transport={name} result=sent" in line for line in scene.gateway.log.splitlines())


def refused(scene):
    return sum("transport=erster" in line and "class=auth" in line
               for line in scene.gateway.log.splitlines())


def refuse_slowly(client):
    threading.Event().wait(SLOW_S)
    client.sendall(b"530 5.7.0 Authentication required\r\n")


def falls_ill(scene, first):
    ask_all(scene)
    wait_until(lambda: sent(scene, "erster") >= MAILS, "the first relay takes all")
    first.stop()
    ill = Talker(refuse_slowly, first.port)
    try:
        ask_all(scene)
        wait_until(lambda: sent(scene, "zweiter") >= MAILS, "the second relay takes all", 60)
        say(f"{refused(scene)} attempts at the relay that was ill")
        assert 3 <= refused(scene) <= TRIED_MAX, refused(scene)
        assert not sent(scene, "erster") > MAILS
    finally:
        ill.stop()


def main():
    cases = Cases()
    folder, other = Folder(), Folder()
    first, second = SmtpSink(folder).start(), SmtpSink(other).start()
    settings = {"transports": transports(first.port, second.port), "delivery.carriers": CARRIERS,
                "delivery.in_flight_max": IN_FLIGHT_MAX, "delivery.retry_first": "1s",
                "gateway.log_level": "info"}
    try:
        with Scene(settings=settings) as scene:
            cases.run("a busy relay falls ill: its queue leaves by the other", falls_ill, scene,
                      first)
    finally:
        first.stop()
        second.stop()
    cases.end()


main()
