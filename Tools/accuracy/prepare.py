"""Writes the cases into a folder each: float.onnx, images.npz, the same images as PNG, case.json. Runs in the virtual environment.

usage: prepare.py SETTINGS.json; prints a line a case: its folder, or a tab and why it is skipped."""

import json
import os
import pathlib
import shutil
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy  # noqa: E402
import onnx  # noqa: E402
import pixels  # noqa: E402
import shared_cases  # noqa: E402
from ours import slug  # noqa: E402
from PIL import Image  # noqa: E402


def write(folder, name, parts, facts, write_network):
    """The case's folder; one that is complete stays."""
    target = folder / slug(name)
    if (target / "case.json").exists():
        return target
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    write_network(target / "float.onnx")
    onnx.checker.check_model(str(target / "float.onnx"))
    arrays = {}
    for part, images in zip(("calibration", "test"), parts):
        classes = images.classes + facts["first_output"] * (images.classes >= 0)
        arrays[part], arrays[f"{part}_classes"] = images.pixels, classes
        (target / part).mkdir()
        lines = []
        for index, (one, label) in enumerate(zip(images.pixels, classes)):
            file = target / part / f"{index:05}.png"
            Image.fromarray(one[..., 0] if one.shape[2] == 1 else one).save(file, compress_level=1)
            lines.append(f"{part}/{file.name}\t{max(int(label), 0)}\n")
        (target / f"{part}.tsv").write_text("".join(lines))
    numpy.savez(target / "images.npz", **arrays)
    (target / "classes.json").write_text(json.dumps(arrays["test_classes"].tolist()))
    facts = {"name": name, "channels": int(parts[0].pixels.shape[3]), "calibration": len(parts[0].pixels),
             "has_classes": bool((parts[1].classes >= 0).all()), **facts}
    (target / "case.json").write_text(json.dumps(facts, indent=1) + "\n")
    return target


def shared(models, folder, only):
    for kind, reason in shared_cases.SKIPPED.items():
        yield f"\t{kind}: {reason}"
    for case in shared_cases.CASES:
        if only and slug(case.name) not in only:
            continue
        source = models / case.files
        if not list(source.parent.glob(source.name + "*")):
            yield f"\t{case.name}: no {case.files}"
            continue
        try:
            parts = case.images(models)
        except FileNotFoundError as error:
            yield f"\t{case.name}: no images: {error.filename}"
            continue
        facts = {"mean": case.mean, "std": case.std, "allowed": case.allowed, "first_output": case.first_output,
                 "note": case.note, "original": str(models / case.original) if case.original else None}

        def write_network(path):
            if case.network:
                case.network(source).write(path)
            else:
                shutil.copy(source, path)

        try:
            target = write(folder, case.name, parts, facts, write_network)
        except ModuleNotFoundError as error:
            yield f"\t{case.name}: needs {error.name} to be read, which --no-peers does not install"
            continue
        yield str(target)


def given(settings, folder):
    """Networks and images that the user names; every fifth image calibrates, unless there are others for that."""
    models = pathlib.Path(settings["models"])
    files = sorted(models.glob("*.onnx")) if models.is_dir() else [models]
    if not files:
        yield f"\t{models}: no .onnx in it"
    for file in files:
        network = onnx.load(file).graph
        constants = {one.name for one in network.initializer}
        shape = [size.dim_value for one in network.input if one.name not in constants
                 for size in one.type.tensor_type.shape.dim]
        if len(shape) != 4 or not (shape[1] in (1, 3) or shape[3] in (1, 3)) or min(shape[1:]) < 1:
            yield f"\t{file.name}: input of {shape}, expected one image of known size"
            continue
        channels, height, width = shape[1:] if shape[1] in (1, 3) else (shape[3], shape[1], shape[2])
        fit = pixels.Fit(height, width, channels, settings["crop"])
        names = pathlib.Path(settings["labels"]).read_text().splitlines() if settings["labels"] else None
        images = pixels.photos(settings["images"], fit, names)
        parts = images.every(5)
        if settings["calibrate"]:
            parts = pixels.photos(settings["calibrate"], fit, names), images
        facts = {"mean": settings["mean"], "std": settings["std"], "allowed": settings["allowed"],
                 "first_output": settings["class_offset"], "note": "", "original": None}
        yield str(write(folder, file.stem, parts, facts, lambda path: shutil.copy(file, path)))


def main(settings):
    folder = pathlib.Path(settings["folder"])
    lines = given(settings, folder) if settings["images"] else shared(pathlib.Path(settings["models"]), folder, settings["only"])
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    main(json.loads(pathlib.Path(sys.argv[1]).read_text()))
