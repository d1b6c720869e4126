"""mail_vs_smtp_source: a backlog of notices to accepted mail per second, 16 carriers, against
smtp-source -d -s 16 on the same smtp-sink.
mail_slow_relay: the same with a relay that takes 10 ms at the final dot, 32 carriers, against the
32 / 10 ms that so many carriers can reach at best.
end_to_end_vs_smtp_source: from the published event to the accepted mail, both at once."""

import subprocess
import time

from bench_tools import ACCEPTED, AT_ONCE, MAILED, Daemon, events, figure, fresh_store
from bench_tools import mail_transports, median, note, ratio, write_config
from mqtt5 import Client
from peers import Broker, Folder, SmtpSink, peer_command, started
from slow_relay import SlowRelay

MAILS, SLOW_MAILS, ROUNDS = 30000, 12000, 3
DELAY_MS, SLOW_CARRIERS = 10, 32


def smtp_source(port, count):
    begun = time.monotonic()
    subprocess.run(peer_command("usr/sbin/smtp-source", "-d", "-s", 16, "-m", count, "-l", 1600,
                                f"127.0.0.1:{port}"), check=True, stdout=subprocess.DEVNULL)
    return count / (time.monotonic() - begun)


def publish(broker, count, seed):
    with Client(broker.port, "publisher") as publisher:
        publisher.publish_many(events(count, 10, seed))


def drain(folder, broker, sink, carriers, count, seed):
    """Mails per second of a backlog; what the sender is told of the events is no part of it."""
    settings = f"delivery = {{ carriers = {carriers}; in_flight_max = 512; {AT_ONCE} }};"
    config, port = write_config(folder, broker.port, mail_transports(sink.port), 10, settings)
    fresh_store(config)
    daemon = Daemon(folder, config, port).start()
    daemon.outbox("hold", "relay")
    publish(broker, count, seed)
    daemon.wait_value(ACCEPTED, count)
    daemon.wait_told()
    result = daemon.backlog_rate(MAILED, count, "relay")
    daemon.stop()
    return result


def end_to_end(folder, broker, sink, count, seed):
    settings = f"delivery = {{ carriers = 16; in_flight_max = 512; {AT_ONCE} }};"
    config, port = write_config(folder, broker.port, mail_transports(sink.port), 10, settings)
    fresh_store(config)
    daemon = Daemon(folder, config, port).start()
    begun = time.monotonic()
    publish(broker, count, seed)
    last = daemon.wait_value(MAILED, count)
    daemon.stop()
    return count / (last - begun)


def main():
    folder = Folder()
    broker = Broker(folder, durable=False)
    sink, slow = SmtpSink(folder), SlowRelay(folder, DELAY_MS)
    rows = []
    with started(broker, sink, slow):
        for i in range(ROUNDS):
            source = smtp_source(sink.port, MAILS)
            mail = drain(folder, broker, sink, 16, MAILS, 10 + i)
            both = end_to_end(folder, broker, sink, MAILS, 20 + i)
            patient = drain(folder, broker, slow, SLOW_CARRIERS, SLOW_MAILS, 30 + i)
            rows.append((source, mail, both, patient))
            note(f"round {i + 1}: smtp-source {source:.0f}/s, mails {mail:.0f}/s, "
                 f"end to end {both:.0f}/s, slow relay {patient:.0f}/s")
    figure("mail_smtp_source", median([r[0] for r in rows]), "mails/s")
    figure("mail_backlog", median([r[1] for r in rows]), "mails/s")
    figure("mail_end_to_end", median([r[2] for r in rows]), "mails/s")
    figure("mail_slow_relay", median([r[3] for r in rows]), "mails/s")
    ratio("mail_vs_smtp_source", median([r[1] / r[0] for r in rows]))
    ratio("end_to_end_vs_smtp_source", median([r[2] / r[0] for r in rows]))
    ratio("mail_slow_relay", median([r[3] for r in rows]) * DELAY_MS / 1000 / SLOW_CARRIERS)


main()
