#!/usr/bin/env python3
"""Writes the pictures of this folder: small JPEG files of many kinds, each with the pixels that Pillow decodes (PPM), and
PNG files of every colour type, bit depth and interlacing, whose samples follow the formula of `sample`.

Needs Pillow and a C compiler with libjpeg; run in this folder. Everything is computed: no picture of anyone's."""

import pathlib
import struct
import subprocess
import tempfile
import zlib

from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH, HEIGHT = 29, 18


def picture():
    """A gradient with a disc and stripes."""
    image = Image.new("RGB", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            red, green, blue = 8 * x, 14 * y, 255 - 5 * x - 6 * y
            if (x - 9) ** 2 + (y - 8) ** 2 < 30:
                red, green, blue = 240, 40, 30
            if x > 20 and y % 4 < 2:
                red, green, blue = 30, 60, 200
            image.putpixel((x, y), (red, green, blue))
    return image


def write_jpegs():
    image = picture()
    image.save(FOLDER / "baseline.jpg", quality=85)
    image.save(FOLDER / "full-chroma.jpg", quality=85, subsampling=0)
    image.save(FOLDER / "half-chroma.jpg", quality=85, subsampling=1)
    image.save(FOLDER / "progressive.jpg", quality=85, progressive=True)
    image.convert("L").save(FOLDER / "gray.jpg", quality=85)
    image.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=85)
    with tempfile.TemporaryDirectory() as scratch:
        image.save(f"{scratch}/picture.ppm")
        subprocess.run(["cc", FOLDER / "make_jpegs.c", "-ljpeg", "-o", f"{scratch}/make"], check=True)
        subprocess.run([f"{scratch}/make", f"{scratch}/picture.ppm", FOLDER], check=True)
    for path in FOLDER.glob("*.jpg"):
        Image.open(path).convert("RGB").save(path.with_suffix(".ppm"))


def sample(x, y, channel, depth):
    """What a PNG holds at (x, y), 0 ..< 2 ** depth."""
    return (x * 37 + y * 101 + channel * 59 + x * y * 7) * 257 % (1 << depth)


def rows(width, height, left, top, step_x, step_y, channels, depth):
    data = b""
    for y in range(top, height, step_y):
        bits = "".join(
            format(sample(x, y, c, depth), f"0{depth}b")
            for x in range(left, width, step_x)
            for c in range(channels)
        )
        if not bits:
            continue
        bits += "0" * (-len(bits) % 8)
        data += b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")
    return data


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def write_png(name, color, depth, interlaced, width=11, height=9):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    data = b"".join(rows(width, height, *p, channels, depth) for p in passes)
    png = b"\x89PNG\r\n\x1a\n"
    png += chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))
    if color == 3:
        png += chunk(b"PLTE", bytes(sample(i, c, 0, 8) for i in range(1 << depth) for c in range(3)))
        png += chunk(b"tRNS", bytes([0, 128]))
    png += chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")
    (FOLDER / f"{name}.png").write_bytes(png)


def write_pngs():
    kinds = {
        "gray": (0, [1, 2, 4, 8, 16]),
        "color": (2, [8, 16]),
        "palette": (3, [1, 2, 4, 8]),
        "gray-alpha": (4, [8, 16]),
        "color-alpha": (6, [8, 16]),
    }
    for name, (color, depths) in kinds.items():
        for depth in depths:
            write_png(f"{name}-{depth}", color, depth, 0)
            write_png(f"{name}-{depth}-interlaced", color, depth, 1)


write_jpegs()
write_pngs()
