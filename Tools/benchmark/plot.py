"""The results as SVG, readable on light and on dark pages: how long each peer takes relative to ours."""

import math
from html import escape

from peers import OURS

WIDTH, LEFT, RIGHT, ROW, TOP = 560, 160, 20, 40, 116
SHAPES = {"ONNX Runtime": "a", "OpenVINO": "b", "LiteRT": "c", "ncnn": "d"}
# Every peer has a height of its own in a row, so that spreads do not hide each other.
TRACKS = {name: 8 * index - 12 for index, name in enumerate(SHAPES)}
STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", sans-serif; fill: var(--ink) }
.title { font-size: 18px; font-weight: 600 } .small { font-size: 12.5px; fill: var(--soft) } .end { text-anchor: end }
.middle { text-anchor: middle } .grid { stroke: var(--grid); stroke-width: 1 } .one { stroke: var(--ink); stroke-width: 1.5 }
.page { fill: var(--page) } .ahead { fill: var(--ahead) }
.a { --c: var(--a) } .b { --c: var(--b) } .c { --c: var(--cc) } .d { --c: var(--d) }
.int8 { fill: var(--c); stroke: var(--page); stroke-width: 1 } .fp32 { fill: var(--page); stroke: var(--c); stroke-width: 2 }
.spread { stroke: var(--c); stroke-width: 2; stroke-opacity: .45 } .line { fill: none; stroke: var(--c); stroke-width: 2 }
.dash { stroke-dasharray: 5 4 }
svg { --page: #ffffff; --ink: #1d2329; --soft: #59636e; --grid: #e2e6ea; --ahead: #fbeeee;
  --a: #2563c9; --b: #7a3fb0; --cc: #c2590a; --d: #0e7f6b }
@media (prefers-color-scheme: dark) { svg { --page: #0e1218; --ink: #e8edf2; --soft: #9aa5b1; --grid: #2a313a; --ahead: #301a1d;
  --a: #6ea2ff; --b: #c495f2; --cc: #f2994a; --d: #45c4a8 } }
"""


class Drawing:
    def __init__(self, height, label):
        self.height = height
        self.parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
            f'role="img" aria-label="{escape(label)}"><style>{STYLE}</style>',
            f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        ]

    def text(self, x, y, words, style=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(words)}</text>')

    def line(self, x1, y1, x2, y2, style):
        self.parts.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>')

    def rectangle(self, x, y, width, height, style):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="{style}"/>')

    def path(self, points, style):
        steps = " ".join(f"{'L' if k else 'M'}{x:.1f} {y:.1f}" for k, (x, y) in enumerate(points))
        self.parts.append(f'<path d="{steps}" class="{style}"/>')

    def mark(self, x, y, name, kind, note=""):
        """A peer's sign: a shape of its own beside its colour, filled for int8."""
        shape = SHAPES[name]
        body = {
            "a": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.8"',
            "b": f'<rect x="{x - 4.3:.1f}" y="{y - 4.3:.1f}" width="8.6" height="8.6"',
            "c": f'<path d="M{x:.1f} {y - 5.6:.1f}l5.4 9.4h-10.8z"',
            "d": f'<path d="M{x:.1f} {y - 5.8:.1f}l5.8 5.8l-5.8 5.8l-5.8 -5.8z"',
        }[shape]
        self.parts.append(f'{body} class="{shape} {kind}"><title>{escape(note)}</title></{body[1:].split()[0]}>')

    @property
    def svg(self):
        return "\n".join(self.parts + ["</svg>"]) + "\n"


def ratios(report):
    """A panel for each number of threads, a row for each network, a mark for each peer on a logarithmic axis."""
    panels = [(mean, [one for one in report["results"] if one["threads"] == mean["threads"]]) for mean in report["geometric_means"]]
    peers = [(result, one) for _, results in panels for result in results for one in results and result["engines"] if "ratio" in one]
    if not peers:
        return None
    low = min([0.8] + [one["ratio"]["low"] for _, one in peers]) * 0.95
    # One peer far behind must not press the others together.
    high = min(12.0, max([2.0] + [one["ratio"]["high"] for _, one in peers]) * 1.05)

    def x(value):
        return LEFT + (WIDTH - LEFT - RIGHT) * math.log(min(max(value, low), high) / low) / math.log(high / low)

    height = TOP + sum(66 + ROW * len(results) for _, results in panels)
    drawing = Drawing(height, "Time of each peer divided by that of EdgeCNN, per network")
    drawing.text(16, 30, "Time of each peer ÷ time of EdgeCNN (int8)", "title")
    line = f"{report['date']} · {report['machine']['processor']} · kernels {report['kernels']}"
    drawing.text(16, 52, line, "small")
    shown = {(one["engine"], one["kind"]) for _, one in peers}
    for row, kind in enumerate(("int8", "fp32")):
        for column, name in enumerate(SHAPES):
            if (name, kind) in shown:
                at = 23 + (0, 154, 286, 392)[column]
                drawing.mark(at, 74 + 22 * row, name, kind)
                drawing.text(at + 12, 78 + 22 * row, f"{name} {kind}", "small")
    y = TOP
    for mean, results in panels:
        threads = mean["threads"]
        words = f"{threads} thread{'s' if threads > 1 else ''}"
        drawing.text(16, y + 22, words, "title")
        drawing.text(WIDTH - RIGHT, y + 22, f"best peer ÷ ours, geometric mean: {mean['best']:.2f}", "end")
        bottom = y + 36 + ROW * len(results)
        drawing.rectangle(LEFT, y + 32, x(1) - LEFT, bottom - y - 32, "ahead")
        for tick in (0.25, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 12):
            if low <= tick <= high:
                drawing.line(x(tick), y + 32, x(tick), bottom, "one" if tick == 1 else "grid")
                drawing.text(x(tick), bottom + 15, f"{tick:g}", "small middle")
        for index, result in enumerate(results):
            middle = y + 36 + ROW * (index + 0.5)
            ours = next((one for one in result["engines"] if one["engine"] == OURS), None)
            drawing.line(LEFT, middle + ROW / 2, WIDTH - RIGHT, middle + ROW / 2, "grid")
            drawing.text(LEFT - 10, middle - 1, result["network"], "end")
            if ours:
                drawing.text(LEFT - 10, middle + 14, f"{ours['min_ms']:.3g} ms", "small end")
            for one in sorted((one for one in result["engines"] if "ratio" in one), key=lambda one: -one["ratio"]["median"]):
                found = one["ratio"]
                track = middle + TRACKS[one["engine"]]
                drawing.line(x(found["low"]), track, x(found["high"]), track, f"spread {SHAPES[one['engine']]}")
                note = f"{one['engine']} {one['kind']}: {one['min_ms']:.3f} ms, {found['median']:.2f} × ours"
                drawing.mark(x(found["median"]), track, one["engine"], one["kind"], note)
        y = bottom + 30
    return drawing.svg
