"""What the predictions say: shares, differences and their intervals, and whether ours is behind."""

from intervals import paired_difference, wilson

DATA_FREE_ALLOWED = 1.0  # points below float


def share(right):
    low, high = wilson(sum(right), len(right))
    return {"share": sum(right) / len(right), "low": low, "high": high}


def difference(one, other):
    value, low, high = paired_difference(one, other)
    return {"difference": value, "low": low, "high": high}


def judged(loss, allowed):
    """Whether `loss`, int8 minus float, keeps to `allowed` points."""
    if -100 * loss["difference"] <= allowed + 1e-9:
        return "held"
    return "within the interval" if -100 * loss["high"] <= allowed else "missed"


class Row:
    """A network: what float, ours and the peers named for each test image."""

    def __init__(self, facts, actual, results):
        self.facts, self.actual = facts, actual
        self.has_classes = facts["has_classes"]
        self.float = next(one["classes"] for one in results if one["engine"] == "float")
        self.engines = [one for one in results if one["engine"] != "float"]

    def right(self, named):
        return [one == actual for one, actual in zip(named, self.actual)]

    def agreeing(self, named):
        return [one == other for one, other in zip(named, self.float)]

    def measured(self, engine):
        if "classes" not in engine:
            return {key: engine[key] for key in ("engine", "method", "versions", "failure") if key in engine}
        named, result = engine["classes"], {key: engine[key] for key in ("engine", "method", "versions") if key in engine}
        result["agreement"] = share(self.agreeing(named))
        if self.has_classes:
            result["top1"] = share(self.right(named))
            result["top1_to_float"] = difference(self.right(named), self.right(self.float))
        return result

    def compared(self, ours, peer):
        """Ours minus the peer on the same images."""
        result = {"peer": peer["engine"]}
        result["agreement"] = difference(self.agreeing(ours["classes"]), self.agreeing(peer["classes"]))
        if self.has_classes:
            result["top1"] = difference(self.right(ours["classes"]), self.right(peer["classes"]))
        return result

    def report(self, variants):
        """`variants`: our columns, the first of which is held against the peers."""
        ours = [one for one in self.engines if one["engine"] in variants]
        peers = [one for one in self.engines if one["engine"] not in variants]
        result = {"network": self.facts["name"], "note": self.facts["note"], "images": len(self.actual),
                  "calibration_images": self.facts["calibration"], "allowed_points": self.facts["allowed"]}
        if self.has_classes:
            result["float_top1"] = share(self.right(self.float))
        result["ours"], result["peers"] = list(map(self.measured, ours)), list(map(self.measured, peers))
        for one, text in zip(ours, result["ours"]):
            allowed = DATA_FREE_ALLOWED if "without images" in one["method"] else self.facts["allowed"]
            if "top1_to_float" in text:
                text["target"] = judged(text["top1_to_float"], allowed)
        first = ours[0]
        if "classes" in first:
            result["ours_minus_peers"] = [self.compared(first, peer) for peer in peers if "classes" in peer]
            result["verdict"] = verdict(result["ours_minus_peers"])
        else:
            result["verdict"] = "failed"
        return result


def verdict(comparisons):
    """best: no peer has a better number. equal: where one has, the interval of the difference reaches ours. Else who leads."""
    values = [(one["peer"], key, one[key]) for one in comparisons for key in ("top1", "agreement") if key in one]
    behind = [f"{peer} in {'top-1' if key == 'top1' else key}" for peer, key, value in values if value["high"] < 0]
    if behind:
        return "behind " + ", ".join(behind)
    if not values:
        return "no peer"
    return "best" if all(value["difference"] >= 0 for _, _, value in values) else "equal"
