"""Write the reference images, the calibration images and what both float models say about the former.

Three commands: `images`, then `pytorch` and `tensorflow`, which merge their part into reference.json. `held-out`
measures accuracy on a set that no training run has looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from render_signs import cached_set, resize_stretch, write_files
from sign_shapes import LABELS

REFERENCE_COUNT, REFERENCE_SEED = 60, 3001
CALIBRATION_COUNT, CALIBRATION_SEED = 48, 4001
TEST_COUNT, TEST_SEED = 6000, 5001

NOTES = {
    "decoder": "libjpeg-turbo as Pillow calls it: accurate integer DCT, fancy upsampling; color rgb",
    "resize": (
        "stretch to the model's size; bilinear with half-pixel centres, no antialias, on pixels 0...255, then rounded "
        "to uint8, half to even: torch.nn.functional.interpolate(mode='bilinear', align_corners=False, "
        "antialias=False). Computed exactly, in integers; float arithmetic may be one level off where the exact "
        "value is a tie"
    ),
    "crc32": "of the resized pixels, size x size x 3 bytes, rows from the top",
    "logits": "float32, before the softmax",
}

Classifier = Callable[[np.ndarray], np.ndarray]


def pytorch_classifier(folder: Path) -> tuple[Classifier, int]:
    """Logits of signs.ckpt for N x 96 x 96 x 3 bytes, and the input size."""
    import torch

    from train_signs import SIZE, load, normalized

    torch.set_num_threads(1)
    model = load(folder / "signs.ckpt")

    def classify(images: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return model(normalized(images)).numpy()

    return classify, SIZE


def tensorflow_classifier(folder: Path) -> tuple[Classifier, int]:
    """Logits of model.ckpt for N x 32 x 32 x 3 bytes, and the input size; the graph comes from model.ckpt.meta."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow.compat.v1 as tf

    tf.disable_v2_behavior()
    session = tf.Session(config=tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1))
    saver = tf.train.import_meta_graph(str(folder / "model.ckpt.meta"))
    saver.restore(session, str(folder / "model.ckpt"))
    size = int(session.graph.get_tensor_by_name("input:0").shape[1])

    def classify(images: np.ndarray) -> np.ndarray:
        feed = {"input:0": images.astype(np.float32), "is_training:0": False, "keep_prob:0": 1.0}
        return session.run("logits:0", feed)

    return classify, size


CLASSIFIERS = {
    "pytorch": ("signs.ckpt", pytorch_classifier),
    "tensorflow": ("model.ckpt", tensorflow_classifier),
}


def reference_files(folder: Path) -> list[tuple[str, int]]:
    """File names and class indices of images/labels.tsv."""
    lines = (folder / "images" / "labels.tsv").read_text().splitlines()
    return [(line.split("\t")[0], int(line.split("\t")[1])) for line in lines]


def write_images(folder: Path) -> None:
    """Write labels.txt, images/ and calibration/."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.txt").write_text("".join(f"{label}\n" for label in LABELS))
    write_files(folder / "images", REFERENCE_COUNT, REFERENCE_SEED, None)
    write_files(folder / "calibration", CALIBRATION_COUNT, CALIBRATION_SEED, 96)


def write_logits(folder: Path, framework: str) -> None:
    """Classify the reference images and merge the outcome into reference.json."""
    file, load = CLASSIFIERS[framework]
    classify, size = load(folder)
    results, right = {}, 0
    for name, label in reference_files(folder):
        with Image.open(folder / "images" / name) as image:
            pixels = resize_stretch(np.asarray(image.convert("RGB")), size)
        logits = classify(pixels[None])[0]
        right += int(logits.argmax()) == label
        results[name] = {
            "top1": int(logits.argmax()),
            "crc32": f"{zlib.crc32(pixels.tobytes()):08x}",
            "logits": [float(v) for v in logits],
        }
    path = folder / "reference.json"
    reference = json.loads(path.read_text()) if path.exists() else {}
    models = reference.get("models", {})
    models[file] = {"framework": framework, "size": size, "right": right, "images": results}
    ordered = {name: models[name] for name in sorted(models, reverse=True)}
    reference = {"notes": NOTES, "labels": list(LABELS), "models": ordered}
    path.write_text(compact(reference))
    print(f"{file}: {right} of {len(results)} reference images right")


def compact(reference: dict) -> str:
    """JSON with one line per image."""
    marks, lines = {}, {}
    for model in reference["models"].values():
        for name, result in model["images"].items():
            mark = f"@{len(marks)}@"
            marks[mark] = json.dumps(result)
            lines[name] = mark
        model["images"] = dict(lines)
    text = json.dumps(reference, indent=1)
    for mark, line in marks.items():
        text = text.replace(f'"{mark}"', line)
    return text + "\n"


def held_out(folder: Path, framework: str, cache: Path) -> None:
    """Print the accuracy on the test set, overall and per class."""
    classify, size = CLASSIFIERS[framework][1](folder)
    images, labels = cached_set(TEST_COUNT, TEST_SEED, size, cache)
    chosen = np.concatenate([classify(images[s : s + 100]).argmax(1) for s in range(0, len(images), 100)])
    print(f"{framework}: {np.mean(chosen == labels):.4f} of {len(labels)}")
    for index, label in enumerate(LABELS):
        print(f"  {label:20} {np.mean(chosen[labels == index] == index):.4f}")


def main() -> None:
    """Parse the command line and run one command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["images", "pytorch", "tensorflow", "held-out"])
    parser.add_argument("--folder", type=Path, default=Path("signs"))
    parser.add_argument("--framework", choices=list(CLASSIFIERS), default="pytorch", help="for held-out")
    parser.add_argument("--cache", type=Path, help="for held-out: folder for rendered sets")
    options = parser.parse_args()
    if options.command == "images":
        write_images(options.folder)
    elif options.command == "held-out":
        if options.cache is None:
            parser.error("held-out needs --cache")
        held_out(options.folder, options.framework, options.cache)
    else:
        write_logits(options.folder, options.command)


if __name__ == "__main__":
    main()
