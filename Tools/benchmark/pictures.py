"""Pictures from a seed, to calibrate with: smooth coloured noise, which has the spectrum of photographs."""

import pathlib
import struct
import zlib

import numpy

COUNT, SIZE = 8, 256
# What the networks for photographs expect: torchvision's.
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)


def picture(seed):
    """size x size x 3 bytes."""
    random = numpy.random.default_rng(seed)
    image = numpy.zeros((SIZE, SIZE, 3))
    for step in (4, 8, 16, 32, 64, 128):
        coarse = random.standard_normal((step, step, 3))
        image += numpy.kron(coarse, numpy.ones((SIZE // step, SIZE // step, 1))) / step**0.5
    return numpy.clip(128 + 80 * image / image.std(), 0, 255).astype(numpy.uint8)


def inputs(network):
    """Float arrays 1 x channels x height x width for a network: the pictures' upper left corner, scaled to its size."""
    for seed in range(COUNT):
        rows = numpy.arange(network.height) * SIZE // network.height
        columns = numpy.arange(network.width) * SIZE // network.width
        image = picture(seed)[rows][:, columns].astype(numpy.float32)
        image = (image - numpy.float32(MEAN)) / numpy.float32(STD)
        yield numpy.ascontiguousarray(image.transpose(2, 0, 1)[None, : network.channels])


def write_folder(folder):
    """The pictures as PNG files."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(COUNT):
        rows = b"".join(b"\0" + row.tobytes() for row in picture(seed))
        chunks = [(b"IHDR", struct.pack(">IIBBBBB", SIZE, SIZE, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b"")]
        data = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
        (folder / f"{seed}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + data)
