"""The benchmarks' own mail relay (slow_relay.c), compiled into the build directory when needed."""

import pathlib
import subprocess

from peers import BUILD, Process, free_port, port_open

HERE = pathlib.Path(__file__).resolve().parent


def compiled(name="slow_relay", *libraries):
    """The program of a C file beside this one."""
    source, program = HERE / f"{name}.c", BUILD / "bench" / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["gcc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-Wall", "-o", str(program),
                        str(source), *libraries], check=True)
    return program


class SlowRelay:
    """Answers the final dot delay_ms later; with keep=True `taken()` are its mails."""

    def __init__(self, folder, delay_ms=0, keep=False):
        self.folder = folder
        self.port = free_port()
        self.file = pathlib.Path(folder) / f"relay-{self.port}.txt"
        self.args = [str(self.port), str(delay_ms), *([str(self.file)] if keep else [])]
        self.process = None

    def start(self):
        self.process = Process(f"slow-relay-{self.port}", [str(compiled()), *self.args],
                               self.folder)
        self.process.wait_ready(lambda: port_open(self.port))
        return self

    def stop(self):
        if self.process:
            self.process.kill()

    def taken(self):
        """(monotonic seconds, Message-ID) of each mail, in the order of their final dots."""
        rows = [line.split(" ", 1) for line in self.file.read_text().splitlines()]
        return [(int(at) / 1e6, message_id) for at, message_id in rows]
