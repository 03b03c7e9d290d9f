"""What a report says of the machine it was made on."""

import os
import pathlib
import platform


def machine():
    processor = platform.processor() or platform.machine()
    info = pathlib.Path("/proc/cpuinfo").read_text()
    for key in ("model name", "Model", "Hardware"):
        found = [line.split(":", 1)[1].strip() for line in info.splitlines() if line.split(":")[0].strip() == key]
        if found:
            processor = found[0]
            break
    try:
        words = [line.split(":")[1].strip() for line in info.splitlines() if line.startswith(("flags", "Features"))][0].split()
    except IndexError:
        words = []
    features = [word for word in words if word.startswith(("avx", "sse4", "fma", "asimd", "i8mm", "neon"))]
    return {"processor": processor, "cores": len(os.sched_getaffinity(0)), "features": features, "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}
