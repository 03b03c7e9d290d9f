"""Images as the bytes that every engine gets: N × H × W × C, with the class of each."""

import gzip
import pathlib
from dataclasses import dataclass

import numpy
from PIL import Image

PICTURES = (".jpg", ".jpeg", ".png", ".bmp", ".ppm", ".pgm")
NO_CLASS = -1


@dataclass
class Images:
    pixels: numpy.ndarray
    classes: numpy.ndarray  # NO_CLASS where nobody knows

    def first(self, count):
        return Images(self.pixels[:count], self.classes[:count])

    def every(self, step):
        """Every step-th image, and the others."""
        chosen = numpy.arange(len(self.pixels)) % step == 0
        return Images(self.pixels[chosen], self.classes[chosen]), Images(self.pixels[~chosen], self.classes[~chosen])


def idx(path):
    """An array of bytes in MNIST's format, with gzip or without."""
    data = pathlib.Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    rank = data[3]
    sizes = [int.from_bytes(data[4 + 4 * axis:8 + 4 * axis], "big") for axis in range(rank)]
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(sizes)


def write_idx(path, array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    pathlib.Path(path).write_bytes(header + numpy.ascontiguousarray(array).tobytes())


def digits(images, classes):
    pixels = idx(images)
    return Images(pixels[..., None] if pixels.ndim == 3 else pixels, idx(classes).astype(int))


def cifar(path):
    """CIFAR-10's records: a class and three planes."""
    records = numpy.frombuffer(pathlib.Path(path).read_bytes(), numpy.uint8).reshape(-1, 3073)
    pixels = records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    return Images(numpy.ascontiguousarray(pixels), records[:, 0].astype(int))


def photos(path, fit, class_names=None):
    """A folder with a subfolder a class, in the order of names or of `class_names`, or a table of files and class numbers."""
    path = pathlib.Path(path)
    files = from_folder(path, class_names) if path.is_dir() else from_table(path, class_names)
    return Images(numpy.stack([fit(file) for file, _ in files]), numpy.array([index for _, index in files]))


def from_folder(folder, class_names):
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir())
    if not classes:
        raise ValueError(f"{folder}: no subfolders, expected one a class")
    files = []
    for number, one in enumerate(classes):
        if class_names is not None and one.name not in class_names:
            raise ValueError(f"{one}: not one of the {len(class_names)} class names")
        index = number if class_names is None else class_names.index(one.name)
        files += [(file, index) for file in sorted(one.iterdir()) if file.suffix.lower() in PICTURES]
    if not files:
        raise ValueError(f"{folder}: no images, expected {', '.join(PICTURES)} in its subfolders")
    return files


def from_table(table, class_names):
    files = []
    for number, line in enumerate(table.read_text().splitlines()):
        cells = line.split("\t")
        if len(cells) < 2:
            raise ValueError(f"{table}: line {number + 1}: no tab, expected file, tab, class")
        if number == 0 and not (table.parent / cells[0]).exists():
            continue
        name = cells[1].strip()
        if class_names is not None and name in class_names:
            files.append((table.parent / cells[0], class_names.index(name)))
        elif name.isdigit():
            files.append((table.parent / cells[0], int(name)))
        else:
            raise ValueError(f"{table}: line {number + 1}: class '{name}', expected a number or one of the class names")
    if not files:
        raise ValueError(f"{table}: no images")
    return files


@dataclass(frozen=True)
class Fit:
    """How a photo becomes pixels of a size: the central part, resized. Done once, so that no engine's way of it counts."""

    height: int
    width: int
    channels: int = 3
    crop: float = 1  # of the shorter side, which then keeps its shape; 1: the whole image is stretched

    def __call__(self, file):
        with Image.open(file) as image:
            image = image.convert("RGB" if self.channels == 3 else "L")
            if self.crop < 1:
                side = round(min(image.size) * self.crop)
                left, top = (image.width - side) // 2, (image.height - side) // 2
                image = image.crop((left, top, left + side, top + side))
            image = image.resize((self.width, self.height), Image.Resampling.BILINEAR)
            return numpy.asarray(image).reshape(self.height, self.width, self.channels)
