"""The words of Tools/accuracy-peers, and what they do."""

import argparse
import datetime
import hashlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import text
import wheels
from machine import machine
from ours import Ours, slug
from report import Row

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
PEERS = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "accuracycontrol": "OpenVINO a.c.", "litert": "LiteRT"}
PRESETS = {  # mean, std, crop
    "torchvision": ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375], 0.875),
    "tf-inception": ([127.5], [127.5], 0.875), "unit": ([0.0], [255.0], 1.0), "raw": ([0.0], [1.0], 1.0)}
SHARED = ROOT.parent / "shared/models"
# What float and ours need.
NEEDED = ("numpy", "pillow", "protobuf", "typing_extensions", "ml_dtypes", "onnx", "flatbuffers", "packaging", "onnxruntime")
# Files whose change makes a peer's predictions old.
OF_PEERS = ("engines.py", "onnx_to_tensorflow.py", "requirements.txt", "worker.py")


def say(line):
    print(f"accuracy-peers: {line}", file=sys.stderr, flush=True)


def values(line):
    try:
        numbers = [float(word) for word in line.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3):
        raise argparse.ArgumentTypeError(f"'{line}', expected a number or three such as 123.7,116.3,103.5")
    return numbers


def listed(line):
    words = [word for word in line.split(",") if word]
    for word in words:
        if word not in PEERS:
            raise argparse.ArgumentTypeError(f"peer '{word}', expected some of {','.join(PEERS)}")
    return words


def variant(line):
    name, equals, words = line.partition("=")
    if not name or not equals or name in PEERS.values() or not name.replace("-", "").replace(" ", "").isalnum():
        raise argparse.ArgumentTypeError(f"'{line}', expected NAME='OPTIONS OF cnnconvert'")
    return name, shlex.split(words)


def there(line):
    if not pathlib.Path(line).exists():
        raise argparse.ArgumentTypeError(f"'{line}', no such file or folder")
    return str(pathlib.Path(line).resolve())


def parser(description):
    words = argparse.ArgumentParser(
        prog="Tools/accuracy-peers", description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False)
    words.add_argument("models", nargs="?", type=there, help=argparse.SUPPRESS)
    words.add_argument("images", nargs="?", type=there, help=argparse.SUPPRESS)
    words.add_argument("--calibrate", type=there, metavar="IMAGES", help="images to calibrate with")
    words.add_argument("--labels", type=there, metavar="FILE", help="class names of the outputs, one a line")
    words.add_argument("--class-offset", type=int, default=0, metavar="N", help="output of class number 0 (0)")
    words.add_argument("--preset", choices=PRESETS, default="unit", help="pixels to inputs: mean, std and crop (unit)")
    words.add_argument("--mean", type=values, metavar="R,G,B", help="subtracted from pixels 0…255")
    words.add_argument("--std", type=values, metavar="R,G,B", help="divided by after the mean")
    words.add_argument("--crop", type=float, metavar="0…1", help="central part of the shorter side; 1 stretches the whole image")
    words.add_argument("--allowed", type=float, default=0.5, metavar="POINTS", help="below float, for the table's judgement (0.5)")
    words.add_argument("--only", default="", metavar="A,B", help="some of the networks of ../shared, as their folders are named")
    words.add_argument("--peers", type=listed, default=list(PEERS), metavar="A,B", help="some of " + ", ".join(PEERS))
    words.add_argument("--no-peers", action="store_true", help="float and ours alone")
    words.add_argument("--ours", type=variant, action="append", default=[], metavar="NAME=OPTIONS",
                       help="one more column of ours: cnnconvert with these options")
    words.add_argument("--json", metavar="FILE", help="write all figures")
    words.add_argument("--markdown", metavar="FILE", help="write the table")
    words.add_argument("--results", metavar="FOLDER", help="both, named by date and processor")
    words.add_argument("--work", default=".build-accuracy", metavar="FOLDER", help="where peers and cases are (.build-accuracy)")
    words.add_argument("--swift", default="-c release", metavar="OPTIONS", help="for swift build")
    words.add_argument("--programs", type=there, metavar="FOLDER", help="built cnnconvert, cnnrun and cnneval, instead of building")
    return words


class Comparison:
    def __init__(self, options):
        self.options = options
        work = pathlib.Path(options.work)
        self.work = work if work.is_absolute() else ROOT / work
        self.ours = Ours(ROOT, shlex.split(options.swift), pathlib.Path(options.programs) if options.programs else None)
        self.peers = [] if options.no_peers else options.peers
        # Word, column, whether images calibrate, options.
        self.variants = [("ours", True, []), ("ours, no images", False, []), *((name, True, words) for name, words in options.ours)]
        self.skipped = []

    def environment(self):
        lines = wheels.requirements(FOLDER / "requirements.txt")
        wanted = lines if self.peers else [line for line in lines if line.split("==")[0] in NEEDED]
        self.python = wheels.environment(self.work / "venv", wanted, NEEDED, say)

    def inside(self, *words, **options):
        """Runs one of our scripts in the virtual environment."""
        variables = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
        return subprocess.run([self.python, *words], env=variables, text=True, **options)

    def cases(self):
        """Folders of the cases; what is skipped is said and kept for the report."""
        options, preset = self.options, PRESETS[self.options.preset]
        settings = {"models": options.models or str(SHARED), "images": options.images, "calibrate": options.calibrate,
                    "labels": options.labels, "class_offset": options.class_offset, "mean": options.mean or preset[0],
                    "std": options.std or preset[1], "crop": options.crop or preset[2], "allowed": options.allowed}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for name in ("prepare.py", "shared_cases.py", "float_models.py", "onnx_graph.py", "pixels.py"):
            digest.update((FOLDER / name).read_bytes())
        folder = self.work / f"{'given' if options.images else 'shared'}-{digest.hexdigest()[:8]}"
        if options.images:  # which may have changed since
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        settings.update(folder=str(folder), only=[word for word in options.only.split(",") if word])
        (folder / "settings.json").write_text(json.dumps(settings))
        say("preparing networks and images")
        done = self.inside(FOLDER / "prepare.py", folder / "settings.json", stdout=subprocess.PIPE)
        if done.returncode:
            raise SystemExit("accuracy-peers: prepare.py failed as above")
        found = []
        for line in done.stdout.splitlines():
            if line.startswith("\t"):
                self.skipped.append(line[1:])
                say(f"skipped: {line[1:]}")
            else:
                found.append(pathlib.Path(line))
        return found

    def kept(self, folder, facts, name, files, measure):
        """What an earlier run named with the same tools for the same images, or what `measure` names now."""
        digest = hashlib.sha256()
        for file in [*files, folder / "case.json", folder / "float.onnx", folder / "images.npz"]:
            digest.update(pathlib.Path(file).read_bytes())
        result, key = folder / f"{slug(name)}.json", digest.hexdigest()
        if result.exists() and (kept := json.loads(result.read_text())).get("key") == key:
            return kept
        say(f"{facts['name']}: {name}")
        found = measure()
        result.write_text(json.dumps({**found, "key": key}) + "\n")
        return found

    def peer(self, folder, facts, word):
        """What a peer named."""
        def measure():
            target, log = folder / f"{word}.worker", folder / f"{word}.log"
            target.unlink(missing_ok=True)
            with open(log, "w") as output:
                self.inside(FOLDER / "worker.py", folder, word, target, stdout=output, stderr=subprocess.STDOUT)
            if not target.exists():
                return {"engine": PEERS.get(word, word), "failure": f"ended without a result, see {log}"}
            return json.loads(target.read_text())

        return self.kept(folder, facts, PEERS.get(word, word), [FOLDER / name for name in OF_PEERS], measure)

    def variant(self, folder, facts, name, has_images, words):
        """What one of our columns named."""
        programs = [self.ours.program("cnnconvert"), self.ours.program("cnnrun")]
        (folder / f"{slug(name)}.words").write_text(f"{has_images} {words}")
        return self.kept(folder, facts, name, [*programs, folder / f"{slug(name)}.words"],
                         lambda: self.ours.measure(folder, facts, name, has_images, words))

    def row(self, folder):
        facts = json.loads((folder / "case.json").read_text())
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:  # a process and a thread each
            results = list(pool.map(lambda word: self.peer(folder, facts, word), ["float", *self.peers]))
        if "failure" in results[0]:
            self.skipped.append(f"{facts['name']}: float: {results[0]['failure']}")
            say(f"skipped: {self.skipped[-1]}")
            return None
        results += [self.variant(folder, facts, *variant) for variant in self.variants]
        for one in results:
            if "failure" in one:
                say(f"skipped: {facts['name']}, {one['engine']}: {one['failure']}")
        actual = json.loads((folder / "classes.json").read_text())
        row = Row(facts, actual, results).report([name for name, _, _ in self.variants])
        self.check(folder, facts, row)
        return row

    def check(self, folder, facts, row):
        """cnneval must count what was counted here."""
        first = row["ours"][0]
        if "top1" not in first:
            return
        here, there = round(first["top1"]["share"] * row["images"]), self.ours.counted(folder, facts, first["engine"])
        if here != there:
            raise SystemExit(f"accuracy-peers: {facts['name']}: cnneval counts {there} right of {row['images']}, cnnrun {here}")

    def report(self):
        self.environment()
        rows = [row for row in map(self.row, self.cases()) if row]
        return {"date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"), "machine": machine(),
                "variants": [name for name, _, _ in self.variants], "peers": [PEERS[word] for word in self.peers],
                "rows": rows, "skipped": self.skipped}


def main(description):
    words = parser(description)
    options = words.parse_args()
    if options.models and not options.images:
        words.error("expected images too: Tools/accuracy-peers MODELS IMAGES")
    if not options.models and not SHARED.is_dir():
        say(f"skipped: no {SHARED}; name models and images of yours")
        return 3
    report = Comparison(options).report()
    if options.results:
        word = "".join(sign if sign.isalnum() else "-" for sign in report["machine"]["processor"].lower())
        stem = pathlib.Path(options.results) / f"{report['date'][:10]}-{'-'.join(filter(None, word.split('-')))}"
        options.json, options.markdown = f"{stem}.json", f"{stem}.md"
    table = text.markdown(report)
    print(table, end="")
    for file, content in ((options.json, json.dumps(report, indent=1, ensure_ascii=False) + "\n"), (options.markdown, table)):
        if file:
            pathlib.Path(file).parent.mkdir(parents=True, exist_ok=True)
            pathlib.Path(file).write_text(content)
    if not report["rows"]:
        say("nothing was measured")
    return 0 if report["rows"] and all(row["verdict"] != "failed" for row in report["rows"]) else 1
