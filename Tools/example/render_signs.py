"""Render road signs in randomised scenes, as labelled JPEG files or as numpy batches.

Every image depends only on (seed, index) and its size: the class is index modulo 12, and the scene comes from a
generator seeded with both numbers. Scene order: background, pole, sign, occlusion, light, optics, sensor, JPEG.
"""

from __future__ import annotations

import argparse
import io
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sign_shapes import LABELS, draw_distractor, draw_sign

NO_SIGN = LABELS.index("no-sign")

Rng = np.random.Generator
Pixels = np.ndarray


# Backgrounds


def _color(rng: Rng, low: tuple[int, int, int], high: tuple[int, int, int]) -> tuple[int, int, int]:
    """Pick a colour between two corners of the RGB cube."""
    return tuple(int(rng.integers(a, b + 1)) for a, b in zip(low, high))


def _any_color(rng: Rng) -> tuple[int, int, int]:
    return _color(rng, (10, 10, 10), (245, 245, 245))


def _gradient(width: int, height: int, top: tuple[int, ...], bottom: tuple[int, ...]) -> Image.Image:
    """A vertical gradient."""
    ramp = np.linspace(0, 1, height)[:, None, None]
    rows = np.array(top) * (1 - ramp) + np.array(bottom) * ramp
    return Image.fromarray(np.broadcast_to(rows, (height, width, 3)).astype(np.uint8))


def _noise(rng: Rng, width: int, height: int, channels: int) -> Pixels:
    """Smooth noise of three octaves in -1...1, as H x W x channels."""
    total = np.zeros((height, width, channels), np.float32)
    cells = int(rng.integers(3, 9))
    for octave in range(3):
        n = cells << octave
        grid = rng.integers(0, 256, (n, n, channels), dtype=np.uint8)
        layer = Image.fromarray(grid if channels == 3 else grid[:, :, 0]).resize(
            (width, height), Image.Resampling.BICUBIC
        )
        total += (np.asarray(layer, np.float32).reshape(height, width, channels) / 127.5 - 1) / 2**octave
    return total / 1.75


def _foliage(image: Image.Image, rng: Rng, count: int, bottom: float) -> None:
    """Scatter green blobs above the height bottom (0 top, 1 bottom)."""
    draw = ImageDraw.Draw(image)
    width, height = image.size
    for _ in range(count):
        x, y = rng.uniform(0, width), rng.uniform(0, height * bottom)
        r = rng.uniform(0.03, 0.14) * width
        draw.ellipse((x - r, y - r * 0.8, x + r, y + r * 0.8), fill=_color(rng, (20, 50, 10), (90, 140, 60)))


def _road(rng: Rng, width: int, height: int) -> Image.Image:
    """Sky, a horizon with foliage or houses, grass and a road."""
    overcast = rng.random() < 0.4
    top = _color(rng, (120, 120, 125), (215, 215, 220)) if overcast else _color(rng, (60, 110, 180), (140, 180, 240))
    image = _gradient(width, height, top, _color(rng, (180, 190, 200), (235, 240, 245)))
    draw = ImageDraw.Draw(image)
    horizon = rng.uniform(0.4, 0.8) * height
    for _ in range(int(rng.integers(0, 5))):
        x, w, h = rng.uniform(-0.2, 1) * width, rng.uniform(0.1, 0.5) * width, rng.uniform(0.1, 0.5) * height
        draw.rectangle((x, horizon - h, x + w, horizon), fill=_color(rng, (90, 70, 60), (220, 210, 200)))
    draw.rectangle((0, horizon, width, height), fill=_color(rng, (50, 70, 30), (150, 150, 90)))
    vanish = rng.uniform(-0.2, 1.2) * width
    left, right = rng.uniform(-1, 0.3) * width, rng.uniform(0.7, 2) * width
    grey = int(rng.integers(60, 140))
    draw.polygon(
        [(vanish - 2, horizon), (vanish + 2, horizon), (right, height), (left, height)], fill=(grey, grey, grey)
    )
    draw.line([(vanish, horizon), ((left + right) / 2, height)], fill=(225, 225, 220), width=max(1, width // 60))
    _foliage(image, rng, int(rng.integers(0, 50)), horizon / height)
    return image


def _wall(rng: Rng, width: int, height: int) -> Image.Image:
    """A facade: a plain wall with a grid of windows or bricks."""
    image = Image.new("RGB", (width, height), _color(rng, (70, 60, 50), (225, 215, 205)))
    draw = ImageDraw.Draw(image)
    pane = _any_color(rng)
    columns, rows = int(rng.integers(2, 9)), int(rng.integers(2, 9))
    inset = rng.uniform(0.05, 0.35)
    dx, dy = width / columns, height / rows
    for row in range(rows):
        for column in range(columns):
            x, y = (column + 0.5 * (row % 2) * (inset < 0.12)) * dx, row * dy
            draw.rectangle((x + inset * dx, y + inset * dy, x + (1 - inset) * dx, y + (1 - inset) * dy), fill=pane)
    return image


def _clutter(rng: Rng, width: int, height: int) -> Image.Image:
    """Random polygons, ellipses and lines over a gradient."""
    image = _gradient(width, height, _any_color(rng), _any_color(rng))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(3, 14))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        w, h = rng.uniform(0.05, 0.5) * width, rng.uniform(0.05, 0.5) * height
        kind = rng.random()
        if kind < 0.35:
            draw.rectangle((x - w / 2, y - h / 2, x + w / 2, y + h / 2), fill=_any_color(rng))
        elif kind < 0.6:
            draw.polygon([(x + rng.uniform(-w, w), y + rng.uniform(-h, h)) for _ in range(3)], fill=_any_color(rng))
        elif kind < 0.8:
            draw.ellipse((x - w / 3, y - h / 3, x + w / 3, y + h / 3), fill=_any_color(rng))
        else:
            draw.line([(x, y), (x + w, y + h)], fill=_any_color(rng), width=int(rng.integers(1, 5)))
    return image


def _forest(rng: Rng, width: int, height: int) -> Image.Image:
    """Foliage everywhere."""
    image = _gradient(
        width, height, _color(rng, (30, 60, 20), (120, 150, 90)), _color(rng, (20, 40, 10), (80, 100, 50))
    )
    _foliage(image, rng, int(rng.integers(40, 120)), 1.0)
    return image


def background(rng: Rng, width: int, height: int) -> Image.Image:
    """A random scene without a sign, textured with smooth noise."""
    makers = (_road, _road, _wall, _clutter, _forest)
    image = makers[int(rng.integers(len(makers)))](rng, width, height)
    strength = rng.uniform(0, 45)
    channels = 3 if rng.random() < 0.3 else 1
    textured = np.asarray(image, np.float32) + strength * _noise(rng, width, height, channels)
    return Image.fromarray(np.clip(textured, 0, 255).astype(np.uint8))


# The sign in the scene


def _homography(source: Pixels, target: Pixels) -> list[float]:
    """Eight coefficients that take target corners to source corners, as Image.transform wants them."""
    rows, values = [], []
    for (sx, sy), (tx, ty) in zip(source, target):
        rows.append([tx, ty, 1, 0, 0, 0, -sx * tx, -sx * ty])
        rows.append([0, 0, 0, tx, ty, 1, -sy * tx, -sy * ty])
        values += [sx, sy]
    return np.linalg.solve(np.array(rows, np.float64), np.array(values, np.float64)).tolist()


def _projected_square(rng: Rng) -> Pixels:
    """Corners of the square -1...1 after a random turn in space and a central projection."""
    yaw, pitch, roll = (math.radians(rng.normal(0, s)) for s in (18, 9, 5))
    yaw, pitch, roll = np.clip([yaw, pitch, roll], [-0.75, -0.4, -0.25], [0.75, 0.4, 0.25])
    turn_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    turn_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
    turn_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
    corners = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) @ (turn_x @ turn_y @ turn_z).T
    distance = rng.uniform(3.0, 7.0)
    return corners[:, :2] * (distance / (distance + corners[:, 2:]))


def _place(image: Image.Image, artwork: Image.Image, rng: Rng, center: Pixels, radius: float) -> None:
    """Paste an RGBA artwork, seen in perspective, around a centre."""
    side = artwork.size[0]
    source = np.array([[0, 0], [side, 0], [side, side], [0, side]])
    target = _projected_square(rng) * radius + center
    coefficients = _homography(source, target)
    seen = artwork.transform(image.size, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR)
    image.paste(seen, (0, 0), seen)


def _pole(image: Image.Image, rng: Rng, center: Pixels, radius: float) -> None:
    """The post under a sign."""
    grey = int(rng.integers(70, 190))
    width = radius * rng.uniform(0.08, 0.16)
    lean = rng.normal(0, 0.03) * image.size[1]
    x, y = center
    corners = [(x - width, y), (x + width, y), (x + width + lean, image.size[1]), (x - width + lean, image.size[1])]
    ImageDraw.Draw(image).polygon(corners, fill=(grey, grey, grey + 4))


def _occlude(image: Image.Image, rng: Rng, center: Pixels, radius: float) -> None:
    """Cover a part of the rim with leaves, a branch or a sticker; the middle stays visible."""
    draw = ImageDraw.Draw(image)
    angle = rng.uniform(0, 2 * math.pi)
    x, y = center + radius * rng.uniform(0.75, 1.1) * np.array([math.cos(angle), math.sin(angle)])
    kind = rng.random()
    if kind < 0.5:
        for _ in range(int(rng.integers(4, 14))):
            px, py = x + rng.normal(0, 0.2) * radius, y + rng.normal(0, 0.2) * radius
            r = rng.uniform(0.04, 0.12) * radius
            draw.ellipse((px - r, py - r, px + r, py + r), fill=_color(rng, (20, 45, 10), (100, 140, 60)))
    elif kind < 0.75:
        along = angle + math.pi / 2 + rng.normal(0, 0.2)
        dx, dy = 1.5 * radius * math.cos(along), 1.5 * radius * math.sin(along)
        width = max(1, round(rng.uniform(0.05, 0.12) * radius))
        draw.line([(x - dx, y - dy), (x + dx, y + dy)], fill=_color(rng, (40, 30, 20), (110, 90, 70)), width=width)
    else:
        r = rng.uniform(0.1, 0.28) * radius
        draw.rectangle((x - r, y - r, x + r, y + r * rng.uniform(0.5, 1.5)), fill=_any_color(rng))


def _scene(rng: Rng, label: int, width: int, height: int) -> Image.Image:
    """The world in front of the lens: background, objects, sign, occlusion."""
    image = background(rng, width, height)
    small = min(width, height)
    distractors = int(rng.integers(0, 4)) if label == NO_SIGN else int(rng.random() < 0.15)
    for _ in range(distractors):
        center = rng.uniform(0.05, 0.95, 2) * (width, height)
        largest = 0.42 if label == NO_SIGN else 0.15
        radius = small * rng.uniform(0.08, largest)
        if rng.random() < 0.4:
            _pole(image, rng, center, radius)
        _place(image, draw_distractor(max(16, round(2 * radius)), rng), rng, center, radius)
    if label == NO_SIGN:
        if rng.random() < 0.3:
            _pole(image, rng, rng.uniform(0.2, 0.8, 2) * (width, height), 0.4 * small)
        return image
    radius = small * rng.uniform(0.29, 0.45)
    slack = np.maximum(np.array([width, height]) / 2 - radius, 0) * 0.9
    center = np.array([width, height]) / 2 + rng.uniform(-1, 1, 2) * slack
    if rng.random() < 0.7:
        _pole(image, rng, center, radius)
    _place(image, draw_sign(label, max(24, round(2.1 * radius)), rng), rng, center, radius)
    if rng.random() < 0.25:
        _occlude(image, rng, center, radius)
    return image


# Light, optics, sensor


def _shadow(pixels: Pixels, rng: Rng) -> Pixels:
    """Darken one side of a random line with a soft edge."""
    height, width, _ = pixels.shape
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across = (x / width - 0.5) * math.cos(angle) + (y / height - 0.5) * math.sin(angle) - rng.uniform(-0.3, 0.3)
    soft = 1 / (1 + np.exp(np.clip(-across / rng.uniform(0.005, 0.08), -40, 40)))
    return pixels * (1 - rng.uniform(0.2, 0.6) * soft[:, :, None])


def _motion_kernel(rng: Rng) -> ImageFilter.Kernel:
    """A 5 x 5 line kernel in a random direction."""
    angle, reach = rng.uniform(0, math.pi), rng.uniform(0.7, 2.0)
    kernel = np.zeros((5, 5))
    for t in np.linspace(-reach, reach, 17):
        kernel[2 + round(t * math.sin(angle)), 2 + round(t * math.cos(angle))] += 1
    return ImageFilter.Kernel((5, 5), kernel.ravel().tolist(), float(kernel.sum()))


def _optics(image: Image.Image, rng: Rng) -> Image.Image:
    """Defocus or motion blur."""
    kind = rng.random()
    if kind < 0.35:
        return image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.0) * max(image.size) / 96))
    if kind < 0.55:
        return image.filter(_motion_kernel(rng))
    return image


def _light(pixels: Pixels, rng: Rng) -> Pixels:
    """Shadow, exposure, contrast and colour temperature."""
    if rng.random() < 0.3:
        pixels = _shadow(pixels, rng)
    warmth = rng.normal(0, 0.06)
    gains = np.array([1 + warmth, 1 + rng.normal(0, 0.02), 1 - warmth], np.float32)
    pixels = pixels * gains * rng.uniform(0.5, 1.3)
    middle = pixels.mean()
    return (pixels - middle) * rng.uniform(0.65, 1.25) + middle + rng.uniform(-12, 20)


def _sensor(pixels: Pixels, rng: Rng) -> Pixels:
    """Read noise and shot noise."""
    read, shot = rng.uniform(0, 6), rng.uniform(0, 0.6)
    sigma = np.sqrt(read**2 + shot**2 * np.clip(pixels, 0, 255))
    return pixels + sigma * rng.standard_normal(pixels.shape, dtype=np.float32)


def jpeg_bytes(image: Image.Image, quality: int) -> bytes:
    """Compress an image."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def render(seed: int, index: int, width: int, height: int) -> tuple[Image.Image, int]:
    """Render image number index of a seed, uncompressed; returns it with its class index."""
    rng = np.random.default_rng([seed, index])
    label = index % len(LABELS)
    image = _optics(_scene(rng, label, width, height), rng)
    pixels = _sensor(_light(np.asarray(image, np.float32), rng), rng)
    return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8)), label


def random_size(seed: int, index: int) -> tuple[int, int]:
    """A width and height of 96...160 pixels, not always square."""
    rng = np.random.default_rng([seed, index, 1])
    width = int(rng.integers(96, 161))
    height = int(np.clip(round(width * rng.uniform(0.8, 1.25)), 96, 160))
    return width, height


# Batches and files


def resize_stretch(pixels: Pixels, size: int) -> Pixels:
    """Resize H x W x 3 bytes to size x size: bilinear, half-pixel centres, no antialias, round half to even.

    The value that torch.nn.functional.interpolate(mode="bilinear", align_corners=False, antialias=False) approximates
    in float: source positions are multiples of 1 / (2 size), so integers give it exactly, and the same on any machine.
    """
    unit = 2 * size

    def taps(length: int) -> tuple[Pixels, Pixels, Pixels]:
        position = np.maximum((2 * np.arange(size, dtype=np.int32) + 1) * length - size, 0)
        low = position // unit
        return low, np.minimum(low + 1, length - 1), position % unit

    top, bottom, fy = taps(pixels.shape[0])
    left, right, fx = taps(pixels.shape[1])
    values, fx, fy = pixels.astype(np.int32), fx[None, :, None], fy[:, None, None]
    upper = values[top][:, left] * (unit - fx) + values[top][:, right] * fx
    lower = values[bottom][:, left] * (unit - fx) + values[bottom][:, right] * fx
    total = upper * (unit - fy) + lower * fy
    whole, rest = total // unit**2, total % unit**2
    return (whole + ((2 * rest + whole % 2) > unit**2)).astype(np.uint8)


def decoded(image: Image.Image, quality: int) -> Pixels:
    """The bytes H x W x 3 that remain after JPEG."""
    with Image.open(io.BytesIO(jpeg_bytes(image, quality))) as compressed:
        return np.asarray(compressed.convert("RGB"))


def render_set(count: int, seed: int, sizes: tuple[int, ...]) -> tuple[list[Pixels], Pixels]:
    """Render images and resize each to every size; returns an N x S x S x 3 array per size, and the labels.

    Half of the images are rendered at 96 x 96 and half at a random size; all went through JPEG.
    """
    arrays = [np.empty((count, size, size, 3), np.uint8) for size in sizes]
    labels = np.empty(count, np.int64)
    for index in range(count):
        rng = np.random.default_rng([seed, index, 2])
        width, height = random_size(seed, index) if rng.random() < 0.5 else (96, 96)
        image, labels[index] = render(seed, index, width, height)
        pixels = decoded(image, int(rng.integers(60, 96)))
        for array, size in zip(arrays, sizes):
            array[index] = resize_stretch(pixels, size)
    return arrays, labels


def cached_set(count: int, seed: int, size: int, cache: Path) -> tuple[Pixels, Pixels]:
    """render_set at 96 and 32 pixels, kept in a folder; returns the images of one size and the labels."""
    path = cache / f"signs_{seed}_{count}.npz"
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        (large, small), labels = render_set(count, seed, (96, 32))
        np.savez(path, size96=large, size32=small, labels=labels)
    with np.load(path) as arrays:
        return arrays[f"size{size}"], arrays["labels"]


def batches(count: int, batch: int, size: int, seed: int) -> Iterator[tuple[Pixels, Pixels]]:
    """Yield (images N x S x S x 3 bytes, labels) rendered on the fly."""
    for start in range(0, count, batch):
        indices = range(start, min(start + batch, count))
        pairs = [render(seed, index, size, size) for index in indices]
        yield np.stack([np.asarray(image) for image, _ in pairs]), np.array([label for _, label in pairs])


def write_files(folder: Path, count: int, seed: int, size: int | None) -> None:
    """Write JPEG files named class_number.jpg and labels.tsv; without a size, each gets a random one."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = []
    for index in range(count):
        width, height = (size, size) if size else random_size(seed, index)
        image, label = render(seed, index, width, height)
        quality = int(np.random.default_rng([seed, index, 3]).integers(85, 96))
        name = f"{LABELS[label]}_{index // len(LABELS) + 1:02}.jpg"
        (folder / name).write_bytes(jpeg_bytes(image, quality))
        lines.append((label, f"{name}\t{label}\t{LABELS[label]}\n"))
    (folder / "labels.tsv").write_text("".join(line for _, line in sorted(lines)))


def main() -> None:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for the JPEG files and labels.tsv")
    parser.add_argument("--count", type=int, default=60, help="number of images; the classes take turns")
    parser.add_argument("--size", type=int, default=96, help="side in pixels; 0 for random sizes of 96 to 160")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other images")
    options = parser.parse_args()
    write_files(options.out, options.count, options.seed, options.size or None)


if __name__ == "__main__":
    main()
