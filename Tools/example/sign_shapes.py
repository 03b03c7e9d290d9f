"""Vector artwork of twelve road sign classes, drawn from discs, polygons and strokes.

Coordinates are signs' own: the unit disc around (0, 0), x to the right, y down.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

LABELS = (
    "stop",
    "yield",
    "no-entry",
    "speed-30",
    "speed-50",
    "speed-80",
    "turn-left",
    "turn-right",
    "straight-ahead",
    "pedestrian-crossing",
    "priority-road",
    "no-sign",
)

SUPERSAMPLING = 3

Point = tuple[float, float]
Color = tuple[int, int, int]


class Painter:
    """Draws shapes in unit coordinates on a transparent square image."""

    def __init__(self, side: int) -> None:
        self.side = side
        self.canvas = side * SUPERSAMPLING
        self.image = Image.new("RGBA", (self.canvas, self.canvas), (0, 0, 0, 0))
        self.draw = ImageDraw.Draw(self.image)
        self.unit = self.canvas / 2 / 1.05

    def _pixel(self, point: Point) -> Point:
        half = self.canvas / 2
        return half + point[0] * self.unit, half + point[1] * self.unit

    def ellipse(self, center: Point, rx: float, ry: float, color: Color) -> None:
        """Fill an ellipse with the half axes rx and ry."""
        left, top = self._pixel((center[0] - rx, center[1] - ry))
        right, bottom = self._pixel((center[0] + rx, center[1] + ry))
        self.draw.ellipse((left, top, right, bottom), fill=color + (255,))

    def disc(self, center: Point, radius: float, color: Color) -> None:
        """Fill a circle."""
        self.ellipse(center, radius, radius, color)

    def polygon(self, points: Sequence[Point], color: Color, rounding: float = 0.0) -> None:
        """Fill a polygon, grown by rounding with round corners."""
        self.draw.polygon([self._pixel(p) for p in points], fill=color + (255,))
        if rounding > 0:
            self.stroke([*points, points[0]], 2 * rounding, color)

    def stroke(self, points: Sequence[Point], width: float, color: Color) -> None:
        """Draw a polyline with round joins and caps."""
        pixels = [self._pixel(p) for p in points]
        thickness = max(1, round(width * self.unit))
        self.draw.line(pixels, fill=color + (255,), width=thickness, joint="curve")
        radius = thickness / 2
        for x, y in (pixels[0], pixels[-1]):
            self.draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=color + (255,))

    def finish(self) -> Image.Image:
        """Return the antialiased RGBA image of the requested side."""
        return self.image.resize((self.side, self.side), Image.Resampling.BOX)


class Palette:
    """Paint colours of one sign: slightly different pigments, faded and dirty by chance."""

    def __init__(self, rng: np.random.Generator) -> None:
        fade = rng.uniform(0.0, 0.25)
        dirt = rng.uniform(0.85, 1.0)

        def paint(base: Color, spread: int) -> Color:
            jitter = rng.integers(-spread, spread + 1, 3)
            faded = (np.array(base) + jitter) * (1 - fade) + 200 * fade
            return tuple(int(v) for v in np.clip(faded * dirt, 0, 255))

        self.red = paint((200, 22, 34), 18)
        self.blue = paint((14, 78, 170), 18)
        self.yellow = paint((248, 190, 16), 16)
        self.white = paint((244, 244, 240), 8)
        self.black = paint((22, 22, 24), 12)


def arc(center: Point, rx: float, ry: float, start: float, stop: float, steps: int = 20) -> list[Point]:
    """Points of an elliptic arc; angles in degrees, 0 to the right, growing clockwise."""
    angles = np.radians(np.linspace(start, stop, steps))
    return [(center[0] + rx * math.cos(a), center[1] + ry * math.sin(a)) for a in angles]


# Glyphs as strokes in a box of x in -0.5...0.5 and y in -1...1.
GLYPHS: dict[str, list[list[Point]]] = {
    "0": [arc((0, 0), 0.5, 1.0, -90, 270, 32)],
    "1": [[(-0.3, -0.6), (0.1, -1.0), (0.1, 1.0)]],
    "2": [[*arc((0, -0.5), 0.5, 0.5, -180, 30), (-0.5, 1.0), (0.5, 1.0)]],
    "3": [arc((-0.05, -0.5), 0.5, 0.5, -160, 90), arc((-0.05, 0.48), 0.55, 0.52, -90, 160)],
    "4": [[(0.25, 1.0), (0.25, -1.0), (-0.5, 0.45), (0.5, 0.45)]],
    "5": [[(0.45, -1.0), (-0.38, -1.0), (-0.45, -0.12), *arc((-0.03, 0.38), 0.53, 0.62, -140, 145)]],
    "6": [arc((0, 0.42), 0.5, 0.58, 0, 360, 28), arc((0.3, 0.3), 0.8, 1.3, -80, -180)],
    "7": [[(-0.5, -1.0), (0.5, -1.0), (-0.15, 1.0)]],
    "8": [arc((0, -0.5), 0.43, 0.5, 90, 450, 28), arc((0, 0.5), 0.52, 0.5, -90, 270, 28)],
    "9": [arc((0, -0.42), 0.5, 0.58, 0, 360, 28), arc((-0.3, -0.3), 0.8, 1.3, 0, 100)],
    "S": [[*arc((0, -0.5), 0.5, 0.5, -25, -270), *arc((0, 0.5), 0.5, 0.5, -90, 155)]],
    "T": [[(-0.5, -1.0), (0.5, -1.0)], [(0, -1.0), (0, 1.0)]],
    "O": [arc((0, 0), 0.5, 1.0, -90, 270, 32)],
    "P": [[(-0.45, 1.0), (-0.45, -1.0), (0.05, -1.0), *arc((0.05, -0.48), 0.45, 0.52, -90, 90), (-0.45, 0.04)]],
    "A": [[(-0.5, 1.0), (0, -1.0), (0.5, 1.0)], [(-0.3, 0.3), (0.3, 0.3)]],
    "E": [[(0.5, -1.0), (-0.4, -1.0), (-0.4, 1.0), (0.5, 1.0)], [(-0.4, 0), (0.3, 0)]],
    "H": [[(-0.45, -1.0), (-0.45, 1.0)], [(0.45, -1.0), (0.45, 1.0)], [(-0.45, 0), (0.45, 0)]],
    "L": [[(-0.4, -1.0), (-0.4, 1.0), (0.5, 1.0)]],
    "N": [[(-0.45, 1.0), (-0.45, -1.0), (0.45, 1.0), (0.45, -1.0)]],
    "R": [[(-0.45, 1.0), (-0.45, -1.0), *arc((0.0, -0.5), 0.45, 0.5, -90, 90), (-0.45, 0)], [(0, 0), (0.5, 1.0)]],
    "U": [[(-0.45, -1.0), *arc((0, 0.5), 0.45, 0.5, 180, 0), (0.45, -1.0)]],
}


def text(painter: Painter, word: str, center: Point, height: float, weight: float, color: Color) -> None:
    """Draw a word of GLYPHS centred on a point; height and weight in sign units."""
    glyph_width = height * 0.42
    pitch = glyph_width + weight * 1.75
    for index, letter in enumerate(word):
        x = center[0] + (index - (len(word) - 1) / 2) * pitch
        for line in GLYPHS[letter]:
            points = [(x + px * glyph_width, center[1] + py * height / 2) for px, py in line]
            painter.stroke(points, weight, color)


def regular_polygon(sides: int, radius: float, phase: float) -> list[Point]:
    """Corners of a regular polygon; the phase in degrees is the first corner's angle."""
    angles = [math.radians(phase + 360 * k / sides) for k in range(sides)]
    return [(radius * math.cos(a), radius * math.sin(a)) for a in angles]


def stop(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """Red octagon with a white rim and the word STOP."""
    painter.polygon(regular_polygon(8, 1.04, 22.5), paint.white)
    painter.polygon(regular_polygon(8, rng.uniform(0.94, 0.98), 22.5), paint.red)
    text(painter, "STOP", (0, 0), rng.uniform(0.56, 0.66), rng.uniform(0.10, 0.14), paint.white)


def yield_sign(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """White triangle on its tip with a red rim."""
    corners = [(x, y - 0.24) for x, y in regular_polygon(3, 1.06, 90)]
    painter.polygon(corners, paint.red, rounding=0.08)
    inner = rng.uniform(0.52, 0.62)
    painter.polygon([(x, y - 0.24) for x, y in regular_polygon(3, inner, 90)], paint.white, rounding=0.03)


def no_entry(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """Red disc with a white bar."""
    painter.disc((0, 0), 1.0, paint.white)
    painter.disc((0, 0), rng.uniform(0.93, 0.98), paint.red)
    half, thick = rng.uniform(0.62, 0.74), rng.uniform(0.15, 0.20)
    painter.polygon([(-half, -thick), (half, -thick), (half, thick), (-half, thick)], paint.white)


def speed(limit: str) -> Callable[[Painter, Palette, np.random.Generator], None]:
    """Return the drawing of a speed limit: digits in a red ring."""

    def draw(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
        painter.disc((0, 0), 1.0, paint.red)
        painter.disc((0, 0), rng.uniform(0.74, 0.82), paint.white)
        text(painter, limit, (0, 0), rng.uniform(0.72, 0.84), rng.uniform(0.13, 0.18), paint.black)

    return draw


def blue_disc(painter: Painter, paint: Palette) -> None:
    """Ground of the mandatory signs: blue with a thin white rim."""
    painter.disc((0, 0), 1.0, paint.white)
    painter.disc((0, 0), 0.95, paint.blue)


def arrow_head(painter: Painter, tip: Point, direction: Point, length: float, color: Color) -> None:
    """Fill a triangular arrow head; the direction is a unit vector."""
    (tx, ty), (dx, dy) = tip, direction
    base = (tx - dx * length, ty - dy * length)
    wing = length * 0.85
    painter.polygon(
        [tip, (base[0] - dy * wing, base[1] + dx * wing), (base[0] + dy * wing, base[1] - dx * wing)], color
    )


def turn(side: int) -> Callable[[Painter, Palette, np.random.Generator], None]:
    """Return the drawing of a turn arrow: side -1 to the left, 1 to the right."""

    def draw(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
        blue_disc(painter, paint)
        width = rng.uniform(0.22, 0.30)
        level, stem = rng.uniform(-0.22, -0.08), -side * rng.uniform(0.28, 0.38)
        bend = arc((stem + side * 0.25, level + 0.25), side * 0.25, 0.25, 180, 270, 8)
        painter.stroke([(stem, 0.58), *bend, (side * 0.2, level)], width, paint.white)
        arrow_head(painter, (side * 0.72, level), (side, 0), 0.5, paint.white)

    return draw


def straight_ahead(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """Blue disc with an arrow upwards."""
    blue_disc(painter, paint)
    painter.stroke([(0, 0.62), (0, -0.25)], rng.uniform(0.22, 0.30), paint.white)
    arrow_head(painter, (0, -0.74), (0, -1), rng.uniform(0.5, 0.58), paint.white)


def pedestrian_crossing(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """Blue square with a white triangle, in it a walking figure on a crossing."""
    side = 0.92
    square = [(-side, -side), (side, -side), (side, side), (-side, side)]
    painter.polygon(square, paint.white, rounding=0.08)
    painter.polygon([(x * 0.97, y * 0.97) for x, y in square], paint.blue, rounding=0.06)
    painter.polygon([(0, -0.74), (0.76, 0.64), (-0.76, 0.64)], paint.white, rounding=0.04)
    facing = 1 if rng.random() < 0.5 else -1
    width = rng.uniform(0.10, 0.13)

    def limb(*points: Point) -> None:
        painter.stroke([(facing * x, y) for x, y in points], width, paint.black)

    painter.disc((facing * 0.03, -0.36), 0.10, paint.black)
    limb((0.02, -0.18), (-0.01, 0.12))
    limb((0.02, -0.14), (0.17, -0.02), (0.24, 0.08))
    limb((0.0, -0.14), (-0.13, 0.0), (-0.18, 0.10))
    limb((0.0, 0.12), (0.13, 0.28), (0.16, 0.48))
    limb((-0.01, 0.12), (-0.10, 0.30), (-0.24, 0.46))
    for x in (-0.55, -0.3, 0.3, 0.55):
        painter.polygon([(x - 0.07, 0.62), (x + 0.05, 0.62), (x * 0.9 + 0.04, 0.5), (x * 0.9 - 0.06, 0.5)], paint.black)


def priority_road(painter: Painter, paint: Palette, rng: np.random.Generator) -> None:
    """Yellow diamond with a white rim and a dark edge."""
    painter.polygon(regular_polygon(4, 0.99, 0), paint.black, rounding=0.05)
    painter.polygon(regular_polygon(4, 0.95, 0), paint.white, rounding=0.05)
    painter.polygon(regular_polygon(4, rng.uniform(0.60, 0.70), 0), paint.yellow, rounding=0.03)


SIGNS: tuple[Callable[[Painter, Palette, np.random.Generator], None], ...] = (
    stop,
    yield_sign,
    no_entry,
    speed("30"),
    speed("50"),
    speed("80"),
    turn(-1),
    turn(1),
    straight_ahead,
    pedestrian_crossing,
    priority_road,
)


def draw_sign(label: int, side: int, rng: np.random.Generator) -> Image.Image:
    """Draw the sign of a class index below 11 as an RGBA image of side x side pixels."""
    painter = Painter(side)
    SIGNS[label](painter, Palette(rng), rng)
    return painter.finish()


def draw_distractor(side: int, rng: np.random.Generator) -> Image.Image:
    """Draw something that stands at a roadside and is none of the signs."""
    painter = Painter(side)
    color: Color = tuple(int(v) for v in rng.integers(20, 235, 3))
    other: Color = tuple(int(v) for v in rng.integers(20, 235, 3))
    DISTRACTORS[int(rng.integers(len(DISTRACTORS)))](painter, rng, color, other)
    return painter.finish()


def _sign_back(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """The grey back of a sign with its clamps."""
    grey = int(rng.integers(90, 170))
    sides, phase = [(8, 22.5), (3, 90.0), (40, 0.0), (4, 0.0), (4, 45.0)][int(rng.integers(5))]
    painter.polygon(regular_polygon(sides, 0.98, phase), (grey, grey, grey))
    clamp = (grey - 40, grey - 40, grey - 36)
    for y in (-0.3, 0.3):
        painter.stroke([(-0.5, y), (0.5, y)], 0.08, clamp)


def _plain_shape(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """A plain polygon or disc, perhaps with a rim of another colour off centre."""
    sides = int(rng.integers(3, 9)) if rng.random() < 0.6 else 40
    phase, radius = rng.uniform(0, 90), rng.uniform(0.6, 1.0)
    painter.polygon(regular_polygon(sides, radius, phase), color)
    if rng.random() < 0.3:
        painter.disc((rng.uniform(-0.4, 0.4), rng.uniform(-0.4, 0.4)), radius * rng.uniform(0.2, 0.4), other)


def _billboard(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """A rectangular board with lines of letters."""
    half = rng.uniform(0.35, 0.9)
    painter.polygon([(-1, -half), (1, -half), (1, half), (-1, half)], color)
    letters = list(GLYPHS)
    for y in (-half / 2, half / 2):
        word = "".join(letters[int(k)] for k in rng.integers(0, len(letters), int(rng.integers(3, 6))))
        text(painter, word, (0, y), half * 0.55, 0.07, other)


def _traffic_light(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """Three lamps in a dark box, one of them lit."""
    painter.polygon([(-0.36, -1), (0.36, -1), (0.36, 1), (-0.36, 1)], (28, 30, 32))
    lit = int(rng.integers(3))
    lamps: list[Color] = [(230, 40, 40), (240, 180, 30), (40, 210, 110)]
    for index, lamp in enumerate(lamps):
        shade = lamp if index == lit else tuple(v // 4 for v in lamp)
        painter.disc((0, -0.64 + 0.64 * index), 0.26, shade)


def _tyre(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """A wheel: dark ring, bright rim, spokes."""
    painter.disc((0, 0), 1.0, (30, 30, 32))
    painter.disc((0, 0), rng.uniform(0.55, 0.7), (170, 172, 176))
    for x, y in regular_polygon(int(rng.integers(4, 8)), 0.55, rng.uniform(0, 90)):
        painter.stroke([(0, 0), (x, y)], 0.12, (70, 70, 74))


def _house_number(painter: Painter, rng: np.random.Generator, color: Color, other: Color) -> None:
    """A small plate with digits."""
    painter.polygon([(-0.8, -0.5), (0.8, -0.5), (0.8, 0.5), (-0.8, 0.5)], color, rounding=0.05)
    text(painter, str(int(rng.integers(10, 1000))), (0, 0), 0.6, 0.1, other)


DISTRACTORS: tuple[Callable[[Painter, np.random.Generator, Color, Color], None], ...] = (
    _sign_back,
    _plain_shape,
    _plain_shape,
    _billboard,
    _traffic_light,
    _tyre,
    _house_number,
)
