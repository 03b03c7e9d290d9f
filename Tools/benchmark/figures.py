"""From samples to figures: what one engine took, how far the peers are behind, and the share of the roofline."""

import math
import statistics

from peers import OURS


def percentile(values, percent):
    """Nearest rank: the smallest value that so many per cent do not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values)) if values else None


def measured(course, multiply_accumulates):
    """The record of one network on so many threads, as JSON has it."""
    records = []
    for engine, facts in course.facts.items():
        if engine not in course.samples:
            continue
        times = course.samples[engine]
        records.append({
            "engine": engine.name, "kind": engine.kind, "version": facts.get("version"), "runs": len(times),
            "min_ms": min(times) / 1e6, "median_ms": statistics.median(times) / 1e6,
            "p99_ms": percentile(times, 99) / 1e6,
            "rounds": [{"min_ms": least, "median_ms": median} for least, median in course.rounds[engine]],
        })
    record = {
        "network": course.name, "threads": course.threads, "mmac": multiply_accumulates / 1e6, "engines": records,
        "holes": [{"engine": engine.name, "kind": engine.kind, "reason": reason} for engine, reason in course.failures.items()],
    }
    ours = next((one for one in records if one["engine"] == OURS), None)
    if ours is None:
        return record
    ours["kernels"] = next(facts["kernels"] for engine, facts in course.facts.items() if engine.name == OURS)
    ours["open_ms"] = next(facts["open_ms"] for engine, facts in course.facts.items() if engine.name == OURS)
    record["gmac_per_s"] = multiply_accumulates / ours["min_ms"] / 1e6
    for one in records:
        if one is not ours:
            one["ratio"] = ratio(one, ours)
    for word, kinds in (("best", ("int8", "fp32")), ("best_int8", ("int8",)), ("best_fp32", ("fp32",))):
        peers = [one for one in records if one is not ours and one["kind"] in kinds]
        if peers:
            best = min(peers, key=lambda one: one["ratio"]["median"])
            record[word] = {"engine": best["engine"], "kind": best["kind"], "min_ms": best["min_ms"], **best["ratio"]}
    return record


def add_share(record, roofline):
    if roofline and "gmac_per_s" in record:
        record["percent_of_roofline"] = 100 * record["gmac_per_s"] / (roofline["int8_gmacs"] * record["threads"])


def ratio(peer, ours):
    """The peer's time ÷ ours by the shortest run of each round: median over the rounds, lowest and highest."""
    values = [a["min_ms"] / b["min_ms"] for a, b in zip(peer["rounds"], ours["rounds"])]
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def means(results):
    """Geometric means of the ratios, for each number of threads."""
    found = []
    for threads in sorted({one["threads"] for one in results}):
        row = {"threads": threads}
        for word in ("best", "best_int8", "best_fp32"):
            row[word] = geometric_mean([one[word]["median"] for one in results if one["threads"] == threads and word in one])
        found.append(row)
    return found
