#!/usr/bin/python3
# time limit: 120 s
"""The operator's view: every control command against the real daemon, its exit statuses and words,
/metrics read by the letter of OpenMetrics 1.0, /healthz in good days and bad."""

import json
import pathlib
import re
import sys
import urllib.request

sys.path.insert(0, "tests/peers")

from peers import Cases, wait_until  # noqa: E402
from scene import Scene, emergency, handover, now  # noqa: E402


def ctl(scene, *words, status=0, out="", err="", stdin=None):
    done = scene.gateway.ctl(*words, check=False, stdin=stdin)
    assert done.returncode == status, (words, done)
    assert out in done.stdout, f"{out!r} is not in:\n{done.stdout}"
    assert err in done.stderr, f"{err!r} is not in:\n{done.stderr}"
    assert bool(done.stderr) == bool(status), f"standard error is for errors: {done.stderr!r}"
    return done.stdout


def asked_item(scene, **more):
    return scene.soziales.accepted("handover.requested", handover(**more))["item_id"]


def status(scene):
    code = asked_item(scene)
    scene.wait_mail(code)
    scene.gateway.wait_quiet()
    text = ctl(scene, "status", out="broker:")
    for word in ("instance:", "ulm", "green:", "yes", "open_items:", "pending:"):
        assert word in text, text
    data = scene.gateway.json("status")
    assert data["instance"] == "ulm" and data["broker"] == "up", data
    assert data["open_items"] == data["open_clocks"] == 1, data
    assert data["events_since_start"]["accepted"] == 1, data
    assert data["store_bytes"] > 0 and not data["in_flight"], data


def outbox(scene):
    ctl(scene, "outbox", out="Nothing waits.")
    assert scene.gateway.json("outbox") == []
    # A file where the Maildir should be: deliveries wait, and the outbox says why.
    folder = scene.gateway.config / "mail"
    folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")
    try:
        code = asked_item(scene)
        wait_until(lambda: scene.gateway.json("outbox"), "a waiting delivery")
        wait_until(lambda: scene.gateway.json("outbox")[0]["last_class"] == "local", "its class")
        row = scene.gateway.json("outbox")[0]
        assert row["pending"] == 1 and row["channel"] == "email" and row["next_at"], row
        assert row["destination"] == "postausgang/ulm.example", row
        text = ctl(scene, "outbox", out="local")
        assert "@" not in text, text
    finally:
        folder.unlink()
        folder.with_name("aside").rename(folder)
    scene.wait_mail(code)


def item_list(scene):
    open_code, done_code = asked_item(scene), asked_item(scene)
    scene.soziales.accepted("handover.accepted",
                            {"item_id": done_code, "by_unit": "egh-eselsberg", "at": now()})
    text = ctl(scene, "item", "list", out=open_code)
    assert done_code not in text and done_code in ctl(scene, "item", "list", "--all")
    rows = {row["item_id"]: row for row in scene.gateway.json("item", "list", "--all")}
    assert rows[open_code]["waiting_for"] == "egh-eselsberg", rows[open_code]
    assert rows[done_code]["state"] == "accepted" and rows[done_code]["closed_at"], rows[done_code]


def item_show(scene):
    code = asked_item(scene)
    scene.wait_mail(code)
    scene.gateway.wait_quiet()
    item = scene.item(code)
    assert item["state_german"] == "zugestellt, wartet auf Quittung", item
    assert item["rule"] == "root/eselsberg/egh", item["rule"]
    assert [row["unit"] for row in item["notices"]] == ["egh-eselsberg"], item["notices"]
    assert [row["state"] for row in item["deliveries"]] == ["sent"], item["deliveries"]
    assert any(row["what"].startswith("event=") for row in item["audit"]), item["audit"]
    text = ctl(scene, "item", "show", code, out="zugestellt, wartet auf Quittung")
    assert "@" not in text, "an address is shown"
    # Codes are read as people write them.
    assert code in ctl(scene, "item", "show", code.lower())
    ctl(scene, "item", "show", "AAAA-AAAA", status=65, err="item")
    ctl(scene, "item", "show", "x", status=65, err="such as K7F3-92QX")


def item_close(scene):
    ctl(scene, "item", "close", "x", "done", status=65, err="such as K7F3-92QX")
    ctl(scene, "item", "close", asked_item(scene), "done", status=65, err="only an open refusal")
    receipt = scene.soziales.send("handover.requested", handover(note="x"))
    ctl(scene, "item", "close", receipt["item_id"], "Frau M.", status=65, err="a-z and _")
    ctl(scene, "item", "close", receipt["item_id"], status=64, err="CODE is missing")
    ctl(scene, "item", "close", receipt["item_id"], "called_back", out="closed")
    scene.soziales.status("refusal.closed", receipt["item_id"])


def who(scene):
    text = ctl(scene, "who", "eselsberg", "sgb9", "egh", out="Eingliederungshilfe Eselsberg")
    assert "egh-eselsberg@ulm.example" in text and "+49 731 000305" in text, text
    rows = scene.gateway.json("who", "eselsberg", "SGB_IX")
    assert "egh-eselsberg" in [row["unit"] for row in rows], rows
    # A district is served by its Sozialraum, and nobody by the catch-all desk.
    assert "weststadt" in ctl(scene, "who", "einsingen", "sgb9", "egh")
    ctl(scene, "who", "eselsberg", "sgb3", "egh", out="koordination-sozialraum")
    for words in (("x", "sgb9"), ("eselsberg", "x"), ("eselsberg", "sgb9", "x")):
        ctl(scene, "who", *words, status=65, err="not in the directory")


def explain(scene):
    event = scene.soziales.event("handover.requested", handover())
    before = len(scene.gateway.json("item", "list", "--all"))
    text = ctl(scene, "explain", "-", stdin=json.dumps(event), out="root/eselsberg/egh")
    assert "egh-eselsberg" in text and "Kanäle" in text, text
    at = "2026-12-24T10:00:00+01:00"
    text = ctl(scene, "explain", "-", "--at", at, stdin=json.dumps(event))
    assert "24.12.2026" in text, text
    ctl(scene, "explain", "-", "--at", "morgen", stdin=json.dumps(event), status=65,
        err="such as 2026")
    event["data"]["place"] = "neu-ulm"
    ctl(scene, "explain", "-", stdin=json.dumps(event), out="koordination-sozialraum")
    event["data"]["diagnosis"] = "x"
    ctl(scene, "explain", "-", stdin=json.dumps(event), out="würde abgewiesen")
    ctl(scene, "explain", "-", stdin="kein JSON", out="E-JSON")
    assert len(scene.gateway.json("item", "list", "--all")) == before, "explain stored something"


def send(scene):
    event = scene.soziales.event("handover.requested", handover())
    for outcome in ("accepted", "repeated"):
        receipt = json.loads(ctl(scene, "--json", "send", "-", stdin=json.dumps(event)))["data"]
        assert receipt["outcome"] == outcome, receipt
    scene.wait_mail(receipt["item_id"])
    event = scene.soziales.event("handover.requested", handover(reason=None))
    done = scene.gateway.ctl("send", "-", check=False, stdin=json.dumps(event))
    assert done.returncode == 65 and "returned" in done.stdout, done
    event = scene.soziales.event("handover.requested", handover(note="x"))
    done = scene.gateway.ctl("send", "-", "--source", "soziales-ulm", check=False,
                             stdin=json.dumps(event))
    assert done.returncode == 65 and "data.note" in done.stdout, done
    done = scene.gateway.ctl("--json", "send", "-", "--source", "hotline", check=False,
                             stdin=json.dumps(event))
    assert done.returncode == 65 and "E-QUELLE" in done.stdout, done
    ctl(scene, "send", "/nonexistent", status=66, err="/nonexistent")
    path = scene.folder / "event.json"
    path.write_text(json.dumps(scene.hotline.event("emergency.reported", emergency())))
    ctl(scene, "send", path, out="accepted")


def every_answer_is_json(scene):
    event = json.dumps(scene.soziales.event("handover.requested", handover()))
    for words in (("status",), ("outbox",), ("item", "list"), ("item", "list", "--all"),
                  ("item", "show", asked_item(scene)), ("who", "ulm", "sgb9"), ("explain", "-"),
                  ("absence", "list"), ("roster",), ("contacts",), ("certificates",),
                  ("send", "-")):
        done = scene.gateway.ctl("--json", *words, stdin=event)
        json.loads(done.stdout)


def only_with_a_test_clock(scene):
    ctl(scene, "clock", "advance", "1h", status=65, err="real clock")
    ctl(scene, "release", status=65, err="nothing to release")


# ---- OpenMetrics

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(\{{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
                    r'(?:,[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*")*\})? (\S+)')
SUFFIXES = {"counter": ("_total", "_created"), "gauge": ("",), "info": ("_info",),
            "histogram": ("_bucket", "_sum", "_count", "_created")}


def read_openmetrics(text):
    """{family: (type, [(name, labels, value)])}; AssertionError at the first offence."""
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, text[-100:]
    families, current, seen = {}, None, set()
    for line in text[:-len("# EOF\n")].split("\n")[:-1]:
        assert line and line == line.strip(), f"blank or padded line {line!r}"
        if line.startswith("#"):
            word = re.fullmatch(rf"# (TYPE|HELP|UNIT) ({NAME}) (.+)", line)
            assert word, f"not a descriptor: {line!r}"
            kind, name, rest = word.groups()
            if name != current:
                assert name not in families, f"{name} is interleaved"
                families[name] = [None, []]
                current = name
            assert not families[name][1], f"{line!r} comes after samples"
            if kind == "TYPE":
                assert families[name][0] is None and rest in SUFFIXES, line
                families[name][0] = rest
            continue
        found = SAMPLE.fullmatch(line)
        assert found, f"not a sample: {line!r}"
        name, labels, value = found.groups()
        kind = families[current][0]
        assert name in [current + suffix for suffix in SUFFIXES[kind]], f"{line!r} in {current}"
        assert (name, labels) not in seen, f"{name}{labels} twice"
        seen.add((name, labels))
        families[current][1].append((name, labels or "", float(value)))
    return families


def check_family(name, kind, samples):
    assert samples, f"{name} has no sample"
    if kind == "counter":
        assert all(value >= 0 and value == int(value) for _, _, value in samples), samples
    if kind == "info":
        assert [value for _, _, value in samples] == [1], samples
    if kind == "histogram":
        buckets = [(labels, value) for n, labels, value in samples if n.endswith("_bucket")]
        values = [value for _, value in buckets]
        assert values == sorted(values), f"{name} is not cumulative"
        assert buckets[-1][0] == '{le="+Inf"}', buckets
        count = [value for n, _, value in samples if n.endswith("_count")]
        assert count == [values[-1]], (count, values)
        edges = [float(labels[5:-2].replace("+Inf", "inf")) for labels, _ in buckets]
        assert edges == sorted(set(edges)), edges


def metrics(scene):
    url = f"http://127.0.0.1:{scene.gateway.internal_port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:
        kind = answer.headers["Content-Type"]
        text = answer.read().decode()
    assert kind.startswith("application/openmetrics-text; version=1.0.0"), kind
    families = read_openmetrics(text)
    for name, (kind, samples) in families.items():
        check_family(name, kind, samples)
    assert all(name.startswith("stafette_") for name in families), list(families)
    assert len(families) > 15, list(families)
    accepted = dict((labels, value) for _, labels, value in families["stafette_events"][1])
    assert accepted['{outcome="accepted"}'] > 5, accepted
    assert families["stafette_turn_seconds"][1][-1][2] > 0
    assert "@" not in text and "cr-" not in text, "a metric names a person's case or an address"


def metrics_check_works(scene):
    """The reader above refuses what it must."""
    good = "# TYPE a counter\n# HELP a Text.\na_total 1\n# EOF\n"
    read_openmetrics(good)
    for bad in (good[:-1], good.replace("a_total", "a"), good.replace(" 1\n", " x\n"),
                good.replace("# EOF", "a_total 2\n# EOF"), good.replace("Text", "\nText"),
                good.replace("a_total 1", 'a_total{x=1} 1'),
                good.replace("# EOF", "# TYPE b gauge\nb 1\n# HELP a More.\n# EOF")):
        try:
            read_openmetrics(bad)
        except (AssertionError, ValueError):
            continue
        raise AssertionError(f"taken for good: {bad!r}")


def health(scene):
    assert json.loads(scene.page("/healthz"))["status"] == "ok"
    scene.broker.stop()

    def sick():
        try:
            return json.loads(scene.page("/healthz", status=503))
        except AssertionError:
            return None

    page = wait_until(sick, "/healthz says that the broker is gone")
    assert [trouble["what"] for trouble in page["troubles"]] == ["broker"], page
    assert page["troubles"][0]["why"], page
    assert "stafette_broker_up 0\n" in scene.page("/metrics")
    ctl(scene, "status", out="broker:")
    scene.broker.start()
    wait_until(lambda: scene.gateway.json("status")["broker"] == "up", "the broker is back")
    assert json.loads(scene.page("/healthz"))["status"] == "ok"


def no_other_pages(scene):
    """The internal listener shows health, metrics and status; it steers nothing."""
    for path in ("/", "/control/items", "/control/outbox", "/control/release", "/x"):
        page = json.loads(scene.page(path, status=404))
        assert page["error"], page


def daemon_down(scene):
    scene.gateway.stop()
    for words in (("status",), ("outbox", "hold", "--all"), ("item", "list"), ("release",)):
        ctl(scene, *words, status=69, err="the daemon is not running")
    # What waits is in the store; only what the daemon does about it is not known.
    done = scene.gateway.ctl("outbox")
    assert "Nothing waits." in done.stdout and "the daemon is not running" in done.stderr, done
    ctl(scene, "status", status=69, err="systemctl start stafetted")
    missing = pathlib.Path("/nonexistent/control.sock")
    ctl(scene, "--socket", missing, "status", status=69, err=str(missing))


STEPS = [
    ("status", status),
    ("outbox: what waits, where and why", outbox),
    ("item list, --all", item_list),
    ("item show", item_show),
    ("item close", item_close),
    ("who", who),
    ("explain, --at", explain),
    ("send: receipts and exit statuses", send),
    ("--json is JSON", every_answer_is_json),
    ("clock and release are refused when there is nothing to do", only_with_a_test_clock),
    ("/metrics by the letter of OpenMetrics", metrics),
    ("the reader of metrics refuses offences", metrics_check_works),
    ("/healthz: ok, the broker gone, ok", health),
    ("the internal listener shows nothing else", no_other_pages),
    ("the daemon is down", daemon_down),
]


def main():
    cases = Cases()
    with Scene(settings={"delivery.retry_first": "1s", "delivery.retry_max": "1s"}) as scene:
        for label, step in STEPS:
            cases.run(label, step, scene)
    cases.end()


main()
