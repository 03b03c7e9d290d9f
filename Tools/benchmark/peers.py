"""The engines that are compared, and the virtual environment that holds the peers."""

import os
import pathlib
import subprocess
import sys
from dataclasses import dataclass

FOLDER = pathlib.Path(__file__).resolve().parent
OURS = "EdgeCNN"


@dataclass(frozen=True)
class Engine:
    name: str
    kind: str  # int8 or fp32
    worker: str  # word of worker.py, empty for ours
    suffix: str  # of the model's file

    @property
    def label(self):
        return f"{self.name} {self.kind}"


ENGINES = [
    Engine(OURS, "int8", "", ".bin"),
    Engine("ONNX Runtime", "int8", "onnxruntime", ".int8.onnx"),
    Engine("ONNX Runtime", "fp32", "onnxruntime", ".onnx"),
    Engine("OpenVINO", "int8", "openvino", ".int8.onnx"),
    Engine("OpenVINO", "fp32", "openvino", ".onnx"),
    Engine("LiteRT", "int8", "litert", ".int8.tflite"),
    Engine("LiteRT", "fp32", "litert", ".tflite"),
    Engine("ncnn", "fp32", "ncnn", ".ncnn.param"),
]
# What writing float networks needs; everything else in requirements.txt belongs to peers.
NEEDED = ("numpy", "onnx", "protobuf", "typing_extensions", "ml_dtypes")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def requirements():
    lines = (FOLDER / "requirements.txt").read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def environment(folder, with_peers, must_write):
    """The virtual environment's Python. Installs what is missing; a package that has no wheel here is named. Where networks must
    be written and what that needs cannot be had, the status is 3."""
    python = folder / "bin" / "python"
    if not python.exists():
        say(f"making {folder}")
        made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
        if made.returncode:
            raise SystemExit(f"bench: no virtual environment: {last_line(made)}; install python3-venv")
    wanted = [line for line in requirements() if with_peers or must_write and line.split("==")[0] in NEEDED]
    done = folder / "installed"
    installed = set(done.read_text().split()) if done.exists() else set()
    missing = [line for line in wanted if line not in installed]
    if not missing:
        return python
    say(f"installing {', '.join(missing)}")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    if subprocess.run([*pip, *missing], capture_output=True).returncode == 0:
        installed.update(missing)
    else:  # one by one, to name those that cannot be had
        for line in missing:
            result = subprocess.run([*pip, line], capture_output=True, text=True)
            if result.returncode == 0:
                installed.add(line)
            elif must_write and line.split("==")[0] in NEEDED:
                say(f"skipped: {line} cannot be installed: {last_line(result)}")
                raise SystemExit(3)
            else:
                say(f"skipped: {line}, not to be had for this machine: {last_line(result)}")
    done.write_text("\n".join(sorted(installed)) + "\n")
    return python


def last_line(result):
    lines = [line for line in (result.stderr or result.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if "error" in line.lower()]
    return (errors or lines or [f"status {result.returncode}"])[0]


def cores():
    """Numbers of the cores that this process may use, fastest first, the last of equals first: 0 serves interrupts."""
    def capacity(core):
        try:
            return int(pathlib.Path(f"/sys/devices/system/cpu/cpu{core}/cpu_capacity").read_text())
        except (OSError, ValueError):
            return 0

    return sorted(os.sched_getaffinity(0), key=lambda core: (-capacity(core), -core))
