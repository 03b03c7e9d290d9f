"""Ours on a case: converts, and runs the same bytes."""

import json
import pathlib
import shlex
import subprocess

BATCH = 500  # images of one cnnrun


class Ours:
    """Finds or builds cnnconvert, cnnrun and cnneval."""

    def __init__(self, root, options, programs=None):
        self.root, self.options, self.folder = root, options, programs

    def program(self, name):
        if self.folder is None:
            shown = self.swift("--show-bin-path", what="swift build")
            for product in ("cnnconvert", "cnnrun", "cnneval"):
                self.swift("--product", product, "--quiet", what=f"{product} does not build")
            self.folder = pathlib.Path(shown.strip())
        return self.folder / name

    def swift(self, *words, what):
        result = subprocess.run(["swift", "build", *self.options, *words], cwd=self.root, capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"accuracy-peers: {what}: {last_line(result.stderr or result.stdout)}")
        return result.stdout

    def measure(self, folder, facts, variant, has_images, words):
        """What the int8 network names for every test image, or why not."""
        source, model = facts.get("original") or folder / "float.onnx", folder / f"{slug(variant)}.bin"
        mean, std = (",".join(map(repr, facts[key])) for key in ("mean", "std"))
        command = [self.program("cnnconvert"), source, "-o", model, "--mean", mean, "--std", std, "--resize", "stretch",
                   "--keep-logits", "--quiet", "--report", model.with_suffix(".report.json"), *words]
        if facts["channels"] == 1:
            command += ["--color", "gray"]
        if has_images:
            command += ["--calibrate", folder / "calibration.tsv"]
        result = {"engine": variant, "method": shlex.join(words) or ("default" if has_images else "default, without images")}
        converted = subprocess.run(command, capture_output=True, text=True)
        if converted.returncode:
            return {**result, "failure": last_line(converted.stderr)}
        files = sorted(str(file) for file in (folder / "test").iterdir())
        named = []
        for start in range(0, len(files), BATCH):
            run = subprocess.run([self.program("cnnrun"), "--json", "--top", "1", model, *files[start:start + BATCH]],
                                 capture_output=True, text=True)
            if run.returncode:
                return {**result, "failure": last_line(run.stderr)}
            named += [json.loads(line)["top"][0]["class"] for line in run.stdout.splitlines()]
        return {**result, "classes": named}

    def counted(self, folder, facts, variant):
        """Right first guesses as cnneval counts them."""
        words = [self.program("cnneval"), folder / f"{slug(variant)}.bin", folder / "test.tsv", "--json"]
        result = subprocess.run(words, capture_output=True, text=True)
        if result.returncode:
            raise SystemExit(f"accuracy-peers: {facts['name']}: cnneval: {last_line(result.stderr)}")
        line = json.loads(result.stdout.splitlines()[-1])
        return round(line["top1"] * line["images"])


def slug(name):
    """A name as part of a file's name."""
    return "-".join("".join(sign if sign.isalnum() else " " for sign in name.lower()).split())


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or ["no message"])[-1].strip()
