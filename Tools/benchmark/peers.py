"""The engines that are compared, and the virtual environment that holds the peers."""

import os
import pathlib
import sys
from dataclasses import dataclass

import wheels

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


def environment(folder, with_peers, must_write):
    """The virtual environment's Python; where networks must be written and what that needs cannot be had, the status is 3."""
    lines = wheels.requirements(FOLDER / "requirements.txt")
    wanted = [line for line in lines if with_peers or must_write and line.split("==")[0] in NEEDED]
    return wheels.environment(folder, wanted, NEEDED if must_write else (), say)


def cores():
    """Numbers of the cores that this process may use, fastest first, the last of equals first: 0 serves interrupts."""
    def capacity(core):
        try:
            return int(pathlib.Path(f"/sys/devices/system/cpu/cpu{core}/cpu_capacity").read_text())
        except (OSError, ValueError):
            return 0

    return sorted(os.sched_getaffinity(0), key=lambda core: (-capacity(core), -core))
