"""The results as Markdown, which a terminal shows as well."""

from peers import ENGINES, OURS


def milliseconds(value):
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def aligned(titles, rows):
    """A Markdown table with columns of one width; the first column left, the others right."""
    widths = [max(len(row[k]) for row in [titles, *rows]) for k in range(len(titles))]
    def line(cells):
        first, *others = [cell.ljust(width) if k == 0 else cell.rjust(width) for k, (cell, width) in enumerate(zip(cells, widths))]
        return "| " + " | ".join([first, *others]) + " |"
    rule = "|" + "|".join("-" * (width + 1) + ("-" if k == 0 else ":") for k, width in enumerate(widths)) + "|"
    return "\n".join([line(titles), rule, *map(line, rows)])


def ratio_text(one):
    return f"{one['median']:.2f} ({one['low']:.2f} … {one['high']:.2f})"


def summary(results):
    """A row a network: our times, the best peers and how far they are behind."""
    titles = ["network", "MMAC", "ours min", "median", "p99 ms", "GMAC/s", "roofline", "best int8 peer", "ratio", "best fp32 peer",
              "ratio", "best ÷ ours"]
    rows = []
    for one in results:
        ours = next((engine for engine in one["engines"] if engine["engine"] == OURS), None)
        row = [one["network"], f"{one['mmac']:.1f}"]
        row += [milliseconds(ours[key]) for key in ("min_ms", "median_ms", "p99_ms")] if ours else ["–"] * 3
        row.append(f"{one['gmac_per_s']:.1f}" if ours else "–")
        row.append(f"{one['percent_of_roofline']:.0f} %" if "percent_of_roofline" in one else "–")
        for word in ("best_int8", "best_fp32"):
            best = one.get(word)
            row += [f"{best['engine']} {milliseconds(best['min_ms'])}", f"{best['median']:.2f}"] if best else ["–", "–"]
        row.append(ratio_text(one["best"]) if "best" in one else "–")
        rows.append(row)
    return aligned(titles, rows)


def all_engines(results):
    """A row a network: the shortest time of every engine, a dash with a number where there is none; then the reasons."""
    columns = [engine for engine in ENGINES if any(
        (one["engine"], one["kind"]) == (engine.name, engine.kind)
        for result in results for one in result["engines"] + result["holes"])]
    reasons, rows = [], []
    for result in results:
        row = [result["network"]]
        for engine in columns:
            key = (engine.name, engine.kind)
            found = next((one for one in result["engines"] if (one["engine"], one["kind"]) == key), None)
            hole = next((one for one in result["holes"] if (one["engine"], one["kind"]) == key), None)
            if found:
                row.append(milliseconds(found["min_ms"]))
            elif hole:
                text = f"{engine.label}: {hole['reason']}"
                if text not in reasons:
                    reasons.append(text)
                row.append(f"– ({reasons.index(text) + 1})")
            else:
                row.append("–")
        rows.append(row)
    text = aligned(["min, ms", *(engine.label for engine in columns)], rows)
    return text, reasons


def machine_text(report):
    machine, text = report["machine"], []
    text.append(f"{report['date']}, {machine['processor']}, {machine['cores']} cores, Linux {machine['kernel']}, "
                f"load {machine['load_before']:.2f} before.")
    if report["roofline"]:
        line = report["roofline"]
        text.append(f"Roofline of one core, measured: {line['int8_gmacs']:.0f} GMAC/s int8 ({report['kernels']}: {line['int8_with']}), "
                    f"{line['fp32_gmacs']:.0f} GMAC/s fp32.")
    versions = {f"{one['engine']} {one['version']}" for result in report["results"] for one in result["engines"] if one["version"]}
    if versions:
        text.append("Peers: " + ", ".join(sorted(versions)) + ".")
    if report["held"]:
        text.append(f"Ours and the peers are held to the instructions of {report['held']}.")
    return "\n".join(text)


def markdown(report):
    parts = ["# EdgeCNN and its peers", machine_text(report)]
    for mean in report["geometric_means"]:
        threads = mean["threads"]
        results = [one for one in report["results"] if one["threads"] == threads]
        parts.append(f"## {threads} thread{'s' if threads > 1 else ''}")
        parts.append(summary(results))
        if mean["best"]:
            words = [f"best peer ÷ ours {mean['best']:.2f}"]
            words += [f"best {kind} {mean[f'best_{kind}']:.2f}" for kind in ("int8", "fp32") if mean[f"best_{kind}"]]
            parts.append("Geometric mean: " + ", ".join(words) + ".")
        text, found = all_engines(results)
        parts.append(text)
        if found:
            parts.append("\n".join(f"{index}. {reason}" for index, reason in enumerate(found, 1)))
    return "\n\n".join(parts) + "\n"
