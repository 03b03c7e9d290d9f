"""The report as Markdown, which a terminal shows as well."""

from table import aligned


def percent(value):
    return f"{100 * value:.2f}"


def cell(one):
    if "failure" in one:
        return "–"
    if "top1" not in one:
        return f"– / {percent(one['agreement']['share'])}"
    return f"{percent(one['top1']['share'])} / {percent(one['agreement']['share'])}"


def by_name(row, name):
    return next((one for one in row["ours"] + row["peers"] if one["engine"] == name), None)


def shares(report):
    ours, peers = report["variants"], report["peers"]
    rows = []
    for row in report["rows"]:
        cells = [row["network"], str(row["images"]), percent(row["float_top1"]["share"]) if "float_top1" in row else "–"]
        cells += [cell(one) if (one := by_name(row, name)) else "–" for name in ours + peers]
        rows.append([*cells, row["ours"][0].get("target", "–"), row["verdict"]])
    return aligned(["network", "images", "float", *ours, *peers, "points of float", "beside the peers"], rows)


def signed(one):
    return f"{100 * one['difference']:+.2f} ({100 * one['low']:+.2f} … {100 * one['high']:+.2f})"


def losses(report):
    """Int8 minus float in points of top-1."""
    rows = []
    for row in report["rows"]:
        if "float_top1" in row:
            low, high = row["float_top1"]["low"], row["float_top1"]["high"]
            cells = [row["network"], f"{percent(low)} … {percent(high)}", str(row["allowed_points"])]
            cells += [signed(one["top1_to_float"]) if "top1_to_float" in one else "–" for one in row["ours"]]
            rows.append(cells)
    return aligned(["network", "float top-1, interval", "allowed", *report["variants"]], rows) if rows else ""


def differences(report, key):
    """The first of our columns minus each peer, in points."""
    rows = []
    for row in report["rows"]:
        found = {one["peer"]: one[key] for one in row.get("ours_minus_peers", []) if key in one}
        if found:
            rows.append([row["network"], *(signed(found[name]) if name in found else "–" for name in report["peers"])])
    return aligned(["network", *report["peers"]], rows) if rows else ""


def holes(report):
    lines = [f"- {row['network']}, {one['engine']}: {one['failure']}"
             for row in report["rows"] for one in row["ours"] + row["peers"] if "failure" in one]
    lines += [f"- {row['network']}: {row['note']}" for row in report["rows"] if row["note"]]
    return "\n".join([*lines, *(f"- skipped: {line}" for line in report["skipped"])])


def methods(report):
    found = {}
    for row in report["rows"]:
        for one in row["ours"] + row["peers"]:
            if "failure" not in one:
                versions = f" ({one['versions']})" if "versions" in one else ""
                found[one["engine"]] = f"- {one['engine']}: {one['method']}{versions}"
    return "\n".join(found.values())


def markdown(report):
    machine, first = report["machine"], report["variants"][0]
    parts = [
        "# Accuracy of EdgeCNN and its peers",
        f"{report['date']}, {machine['processor']}, Linux {machine['kernel']}.\n"
        "Each cell: int8 top-1 / agreement with float, in percent of the test images; the same pixels for all. Intervals are of 95 %.",
        shares(report), methods(report)]
    for title, text in [("Top-1 minus float, in points", losses(report)),
                        (f"Agreement with float of {first} minus that of the peers, in points", differences(report, "agreement")),
                        (f"Top-1 of {first} minus that of the peers, in points", differences(report, "top1")),
                        ("Holes", holes(report))]:
        if text:
            parts += [f"## {title}", text]
    return "\n\n".join(part for part in parts if part) + "\n"
