#!/usr/bin/python3
"""Plays scenarios (tests/scenarios/README.md) against the real daemon and says one line each:

    scenario.py [--dir PATH] [--only MH4,DO1] [--jobs N] [--tap]
    scenario.py --forms          the list of sentences, as the README has it

PATH is a scenario, a folder of them, or a folder of cities; default tests/scenarios. On standard
output "ID<TAB>passed" or "ID<TAB>what differs" (with --tap: TAP), on standard error the progress.
Exit status 1 when a scenario differs, 2 when there is none.
"""

import argparse
import concurrent.futures
import pathlib
import re
import sys
import time
import traceback

from peers import TOP
from scenario_forms import manual
from scenario_language import ScenarioError, parse
from scenario_steps import Scene
from scenario_world import config_of

HOME = TOP / "tests/scenarios"


class Play:
    """One file: what it is called and how it ended."""

    def __init__(self, path):
        self.path = path
        self.id = path.stem.partition("-")[0]
        self.title = ""
        self.scenario = None
        self.differs = ""
        try:
            self.scenario = parse(path.read_text(encoding="utf-8"), short(path))
            self.id, self.title = self.scenario.id, self.scenario.title
        except ScenarioError as error:
            self.differs = str(error)
        except (OSError, UnicodeError) as error:
            self.differs = f"{short(path)}: nicht lesbar: {error}"

    def run(self):
        started = time.monotonic()
        if self.scenario:
            self.differs = self.play()
        self.differs = " | ".join(self.differs.split("\n"))
        self.differs = re.sub(r"\s+", " ", self.differs).strip()
        # In one piece: others write at the same time.
        sys.stderr.write(f"# {self.id}: {time.monotonic() - started:.1f} s\n")
        return self

    def play(self):
        """What differs, "" when nothing does."""
        step = None
        try:
            scene = Scene(self.scenario, config_of(self.scenario, self.path.parent))
            with scene.city:
                for step in self.scenario.steps:
                    scene.run(step)
                scene.end()
        except AssertionError as error:
            return f"{where(getattr(error, 'step', step))}erwartet: {error}"
        except Exception as error:
            sys.stderr.write("".join(f"# {self.id}: {text}\n"
                                     for text in traceback.format_exc().splitlines()))
            return f"{where(step)}{type(error).__name__}: {error}"
        return ""


def where(step):
    return f"Zeile {step.line} ({step.said[:60]}): " if step else ""


def short(path):
    """A path as a person would say it: from the tree's top, else from here."""
    for base in (TOP, pathlib.Path.cwd()):
        if path.resolve().is_relative_to(base):
            return str(path.resolve().relative_to(base))
    return str(path)


def order(path):
    """By city, then MH4 before MH10."""
    parts = [path.parent.name, *re.split(r"(\d+)", path.stem)]
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def find(folder):
    """The scenarios of a folder and its subfolders; those that begin with "_" are left out."""
    if folder.is_file():
        return [folder]
    found = [path for path in folder.rglob("*.txt")
             if not any(part.startswith(("_", ".")) or part == "config"
                        for part in path.relative_to(folder).parts[:-1])]
    return sorted(found, key=order)


def wanted(paths, only):
    plays = [Play(path) for path in paths]
    names = {name.strip().upper() for name in only.split(",") if name.strip()}
    missing = names - {play.id.upper() for play in plays}
    for name in sorted(missing):
        print(f"scenario.py: kein Szenario {name}", file=sys.stderr)
    return [play for play in plays if not names or play.id.upper() in names], missing


def show(play, number, tap):
    if not tap:
        line = f"{play.id}\t{play.differs or 'passed'}"
    elif play.differs:
        line = f"not ok {number} - {play.id}: {play.differs}"
    else:
        line = f"ok {number} - {play.id} {play.title}"
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def arguments():
    parser = argparse.ArgumentParser(description="Szenarien gegen den wirklichen Dienst spielen")
    parser.add_argument("--dir", default=str(HOME))
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--forms", action="store_true")
    return parser.parse_args()


def main():
    said = arguments()
    if said.forms:
        print(manual(), end="")
        return 0
    folder = pathlib.Path(said.dir)
    if not folder.exists():
        print(f"scenario.py: {folder} gibt es nicht", file=sys.stderr)
        return 2
    plays, missing = wanted(find(folder), said.only)
    if not plays:
        print(f"scenario.py: kein Szenario in {folder}", file=sys.stderr)
        return 2
    with concurrent.futures.ThreadPoolExecutor(max(1, said.jobs)) as pool:
        for number, play in enumerate(pool.map(Play.run, plays), 1):
            show(play, number, said.tap)
    if said.tap:
        print(f"1..{len(plays)}", flush=True)
    return 1 if missing or any(play.differs for play in plays) else 0


if __name__ == "__main__":
    sys.exit(main())
