"""The words of Tools/bench, and what they do."""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
from dataclasses import dataclass

import figures
import plot
import scaling
import table
from engine import ROOT, Programs
from machine import machine
from measure import Course
from peers import ENGINES, FOLDER, OURS, cores, environment, say

NAMES = ["mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2", "squeezenet1_1", "googlenet", "resnet18", "resnet50", "vww",
         "resnet8", "dscnn"]
SETS = ["avx512vnni", "avxvnni", "avx512", "avx2", "sse41", "neon_i8mm", "neon_dotprod", "neon", "portable"]
PEERS = {engine.name.replace(" ", "").lower(): engine.name for engine in ENGINES if engine.name != OURS}


def listed(known, what):
    def read(text):
        words = [word for word in text.split(",") if word]
        for word in words:
            if word not in known:
                raise argparse.ArgumentTypeError(f"{what} '{word}', expected some of {','.join(known)}")
        if not words:
            raise argparse.ArgumentTypeError(f"no {what}, expected some of {','.join(known)}")
        return words
    return read


def numbers(text):
    try:
        values = [int(word) for word in text.split(",")]
    except ValueError:
        values = []
    if not values or min(values) < 1 or max(values) > 64:
        raise argparse.ArgumentTypeError(f"'{text}', expected numbers from 1 to 64 such as 1,2")
    return values


def count(text):
    if not text.isdigit() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"'{text}', expected 1 to 1000")
    return int(text)


def file(text):
    if not pathlib.Path(text).is_file():
        raise argparse.ArgumentTypeError(f"'{text}', no such file")
    return pathlib.Path(text).resolve()


def parser(description):
    words = argparse.ArgumentParser(
        prog="Tools/bench", description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    words.add_argument("word", nargs="?", default="measure", help=argparse.SUPPRESS,
                       choices=["measure", "prepare", "scaling", "roofline"])
    words.add_argument("--networks", type=listed(NAMES, "network"), default=NAMES, metavar="A,B",
                       help="some of " + ", ".join(NAMES))
    words.add_argument("--threads", type=numbers, default=[1, 2], metavar="1,2", help="numbers of threads (1,2)")
    words.add_argument("--rounds", type=count, metavar="N", help="turns of every engine (11; 3 with --quick)")
    words.add_argument("--quick", action="store_true", help="short turns: a look, not a measurement")
    words.add_argument("--kernels", choices=SETS, metavar="SET", help="hold ours to a kernel set")
    words.add_argument("--hold-peers", action="store_true", help="hold the peers to the instructions of --kernels too (x86)")
    words.add_argument("--peers", type=listed(list(PEERS), "peer"), default=list(PEERS), metavar="A,B",
                       help="some of " + ", ".join(PEERS))
    words.add_argument("--no-peers", action="store_true", help="ours alone")
    words.add_argument("--json", metavar="FILE", help="write all figures")
    words.add_argument("--svg", metavar="FILE", help="write the plot")
    words.add_argument("--markdown", metavar="FILE", help="write the table")
    words.add_argument("--results", metavar="STEM", help="all three: STEM.json, STEM.svg, STEM.md")
    words.add_argument("--prepared", action="store_true", help="take models as they are in --work, made by `prepare` elsewhere")
    words.add_argument("--work", default=".build-bench", metavar="FOLDER", help="where peers and models are (.build-bench)")
    words.add_argument("--swift", default="-c release --scratch-path .build-bench/swift", metavar="OPTIONS",
                       help="for swift build")
    words.add_argument("--ours", type=file, metavar="FILE", help="a built Tools/benchmark/ours.c, instead of building")
    words.add_argument("--cnnconvert", type=file, metavar="FILE", help="a built cnnconvert, instead of building")
    return words


@dataclass
class Settings:
    """What a course needs to know."""

    models: pathlib.Path
    python: pathlib.Path
    ours: pathlib.Path
    kernels: str
    hold: pathlib.Path
    cores: list
    rounds: int
    turn_seconds: float


class Bench:
    def __init__(self, options):
        self.options = options
        work = pathlib.Path(options.work)
        self.work = work if work.is_absolute() else ROOT / work
        self.models = self.work / f"models-{made_by()}"
        self.programs = Programs(self.work, shlex.split(options.swift), options.ours, options.cnnconvert)
        wanted = {OURS} | (set() if options.no_peers else {PEERS[word] for word in options.peers})
        self.engines = [one for one in ENGINES if one.name in wanted]

    def prepare(self, names, with_formats=True):
        """Everything that is measured with is there afterwards; without formats, peers get the float ONNX alone."""
        options, with_peers = self.options, len(self.engines) > 1
        python = environment(self.work / "venv", with_peers, must_write=not options.prepared)
        if options.prepared:
            for name in names:
                if not (self.models / f"{name}.bin").exists():
                    raise SystemExit(f"bench: {self.models}: no {name}.bin; make it with Tools/bench prepare, and copy the folder")
        else:
            command = [python, FOLDER / "models.py", self.models, "1" if with_peers and with_formats else "0", *names]
            if subprocess.run(command, env=dict(os.environ, PYTHONDONTWRITEBYTECODE="1")).returncode:
                raise SystemExit("bench: models.py failed as above")
            self.programs.convert_models(self.models, names)
        return Settings(
            models=self.models, python=python, ours=self.programs.ours(), kernels=options.kernels,
            hold=self.programs.hold() if options.hold_peers else None, cores=cores(),
            rounds=options.rounds or (3 if options.quick else 11), turn_seconds=0.01 if options.quick else 0.15)

    def roofline(self, kernels):
        core, program = cores()[0], self.programs.roofline()
        if program is None:
            return None
        result = subprocess.run([program, kernels], capture_output=True, text=True,
                                preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        return json.loads(result.stdout) if result.returncode == 0 else None

    def kernels(self, name):
        """The kernel set that ours uses here; `name` is any prepared network."""
        if self.options.kernels:
            return self.options.kernels
        model = self.models / f"{name}.bin"
        result = subprocess.run([self.programs.ours(), model, "1"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        facts = json.loads(result.stdout)
        if "error" in facts:
            raise SystemExit(f"bench: {facts['error']}")
        return facts["kernels"]

    def report(self, name):
        """What every report begins with."""
        kernels = self.kernels(name)
        return {
            "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine(),
            "kernels": kernels, "held": self.options.kernels if self.options.hold_peers else None,
            "roofline": self.roofline(kernels),
        }

    def measure(self):
        settings = self.prepare(self.options.networks)
        report = self.report(self.options.networks[0])
        report["rounds"], report["results"] = settings.rounds, []
        for threads in self.options.threads:
            if threads > len(settings.cores):
                say(f"skipped: {threads} threads, this machine lets us use {len(settings.cores)} cores")
                continue
            for name in self.options.networks:
                say(f"measuring {name} on {threads} thread{'s' if threads > 1 else ''}")
                course = Course(settings, name, threads).run(self.engines)
                for engine, reason in course.failures.items():
                    say(f"skipped: {engine.label} with {name}: {reason}")
                macs = int((self.models / f"{name}.macs").read_text())
                report["results"].append(figures.measured(course, macs))
        # The clock may have changed since: the share is of the better one.
        again = self.roofline(report["kernels"])
        if again and again["int8_gmacs"] > report["roofline"]["int8_gmacs"]:
            report["roofline"] = again
        for result in report["results"]:
            figures.add_share(result, report["roofline"])
        report["geometric_means"] = figures.means(report["results"])
        return report


def made_by():
    """A word for what writes the models: others have a folder of their own."""
    digest = hashlib.sha256()
    for name in ("network.py", "networks.py", "onnx_writer.py", "pictures.py", "tflite_writer.py"):
        digest.update((FOLDER / name).read_bytes())
    return digest.hexdigest()[:8]


def write(path, text):
    if text is None:
        say(f"skipped: {path}, nothing was measured that it shows")
        return
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text)


def main(description):
    options = parser(description).parse_args()
    if options.hold_peers and not options.kernels:
        raise SystemExit("bench: --hold-peers, expected --kernels SET with it")
    if options.results:
        options.json, options.svg, options.markdown = (f"{options.results}.{end}" for end in ("json", "svg", "md"))
    bench = Bench(options)
    if options.word == "prepare":
        bench.prepare(options.networks)
        return 0
    if options.word == "roofline":
        for name in SETS if options.kernels is None else [options.kernels]:
            line = bench.roofline(name)
            if line:
                print(f"{name:12} {line['int8_gmacs']:7.1f} GMAC/s int8 ({line['int8_with']}), {line['fp32_gmacs']:.1f} fp32")
        return 0
    if options.word == "scaling":
        report = scaling.measure(bench)
        text, svg = scaling.markdown(report), scaling.svg(report)
    else:
        report = bench.measure()
        text, svg = table.markdown(report), plot.ratios(report)
    print(text, end="")
    if options.json:
        write(options.json, json.dumps(report, indent=1) + "\n")
    if options.svg:
        write(options.svg, svg)
    if options.markdown:
        write(options.markdown, text)
    return 0 if all(any(one["engine"] == OURS for one in result["engines"]) for result in report["results"]) else 1
