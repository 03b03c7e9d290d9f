"""How time grows with a network's image size, width and depth: time for each multiply-accumulate should stay the same."""

import statistics

import figures
import plot
import table
from measure import Course
from peers import ENGINES, OURS, say

AXES = {
    "mobilenet_v2": {
        "size": [96, 128, 160, 192, 224, 256, 320, 384, 448, 512],
        "width": [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2],
        "depth": [0.5, 1, 2, 3, 4],
    },
    "resnet18": {
        "size": [96, 128, 160, 192, 224, 256, 320, 384, 448, 512],
        "width": [0.25, 0.5, 0.75, 1, 1.25, 1.5],
        "depth": [0.5, 1, 1.5, 2, 3],
    },
}
QUICK = {"resnet18": {"size": [32, 64]}}
TITLES = {"size": "image size", "width": "width", "depth": "depth"}


def measure(bench):
    options = bench.options
    axes = QUICK if options.quick else AXES
    series = [(network, axis, values) for network in axes if network in options.networks for axis, values in axes[network].items()]
    if not series:
        raise SystemExit(f"bench: scaling has {' and '.join(axes)}, none of --networks")
    names = {(network, axis, value): f"{network}@{axis}={value}" for network, axis, values in series for value in values}
    # A float peer needs no quantized models of every variant.
    peer = next((one for one in bench.engines if one.name == "OpenVINO" and one.kind == "fp32"), None)
    engines = [one for one in ENGINES if one.name == OURS] + ([peer] if peer else [])
    settings = bench.prepare(list(names.values()), with_formats=False)
    report = bench.report(names[next(iter(names))])
    report["rounds"], report["results"], report["series"] = settings.rounds, [], []
    for threads in options.threads:
        if threads > len(settings.cores):
            say(f"skipped: {threads} threads, this machine lets us use {len(settings.cores)} cores")
            continue
        for network, axis, values in series:
            points = []
            for value in values:
                name = names[network, axis, value]
                say(f"measuring {name} on {threads} thread{'s' if threads > 1 else ''}")
                course = Course(settings, name, threads).run(engines)
                for engine, reason in course.failures.items():
                    say(f"skipped: {engine.label} with {name}: {reason}")
                macs = int((bench.models / f"{name}.macs").read_text())
                result = figures.measured(course, macs)
                report["results"].append(result)
                points.append({"value": value, "mmac": macs / 1e6} | {
                    "ours" if one["engine"] == OURS else "peer": one["min_ms"] * 1e9 / macs for one in result["engines"]})
            report["series"].append(summary(network, axis, threads, points))
    return report


def summary(network, axis, threads, points):
    """The points, in picoseconds for each multiply-accumulate, and how far they are from their median."""
    record = {"network": network, "axis": axis, "threads": threads, "points": points}
    for who in ("ours", "peer"):
        found = [point[who] for point in points if who in point]
        if found:
            middle = statistics.median(found)
            record[who] = {"median_ps_per_mac": middle, "lowest": min(found) / middle, "highest": max(found) / middle}
    return record


def markdown(report):
    parts = ["# How time grows", table.machine_text(report)]
    for one in report["series"]:
        threads = one["threads"]
        parts.append(f"## {one['network']}: {TITLES[one['axis']]}, {threads} thread{'s' if threads > 1 else ''}")
        rows = []
        for point in one["points"]:
            row = [f"{point['value']:g}", f"{point['mmac']:.1f}"]
            for who in ("ours", "peer"):
                if who in point:
                    row += [table.milliseconds(point[who] * point["mmac"] / 1e3), f"{point[who]:.1f}",
                            f"{point[who] / one[who]['median_ps_per_mac']:.2f}"]
                else:
                    row += ["–"] * 3
            rows.append(row)
        titles = [TITLES[one["axis"]], "MMAC", "ours ms", "ps/MAC", "÷ median", "OpenVINO fp32 ms", "ps/MAC", "÷ median"]
        parts.append(table.aligned(titles, rows))
    return "\n\n".join(parts) + "\n"


def svg(report):
    """A panel a series: picoseconds for each multiply-accumulate over what varies. A level line is linear growth."""
    series = report["series"]
    if not series:
        return None
    columns, panel, chart, top = 2, 262, 122, 92
    rows = -(-len(series) // columns)
    drawing = plot.Drawing(top + rows * (chart + 74), "Time for each multiply-accumulate over image size, width and depth")
    drawing.text(16, 30, "Picoseconds for each multiply-accumulate", "title")
    drawing.text(16, 52, f"{report['date']} · {report['machine']['processor']} · kernels {report['kernels']}", "small")
    drawing.text(plot.WIDTH - 16, 76, "level: time grows as the work does", "small end")
    drawing.path([(16, 72), (40, 72)], "line a")
    drawing.text(46, 76, "EdgeCNN int8", "small")
    if any("peer" in one for one in series):
        drawing.path([(146, 72), (170, 72)], "line c dash")
        drawing.text(176, 76, "OpenVINO fp32", "small")
    for index, one in enumerate(series):
        left = 46 + (index % columns) * (panel + 14)
        upper = top + 30 + (index // columns) * (chart + 74)
        width, points = panel - 42, one["points"]
        high = max(value for point in points for value in (point.get("ours", 0), point.get("peer", 0))) * 1.1
        values = [point["value"] for point in points]
        reach = max(values) - min(values) or 1
        threads = one["threads"]
        drawing.text(left - 30, upper - 10, f"{one['network']}, {TITLES[one['axis']]}" + (f", {threads} threads" if threads > 1 else ""))
        step = next(size for size in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1e9) if high / size <= 5)
        for tick in range(int(high / step) + 1):
            y = upper + chart * (1 - tick * step / high)
            drawing.line(left, y, left + width, y, "grid")
            drawing.text(left - 6, y + 4, f"{tick * step:g}", "small end")
        last = -100
        for value in values:
            x = left + width * (value - min(values)) / reach
            if x - last > 27:
                drawing.text(x, upper + chart + 16, f"{value:g}", "small middle")
                last = x
        for who, style in (("peer", "line c dash"), ("ours", "line a")):
            found = [(left + width * (point["value"] - min(values)) / reach, upper + chart * (1 - point[who] / high))
                     for point in points if who in point]
            if found:
                drawing.path(found, style)
    return drawing.svg
