"""95 % confidence intervals of shares, and of the difference of two shares of the same images."""

from math import sqrt

Z = 1.959964


def wilson(part, whole):
    """E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927."""
    share = part / whole
    middle = (share + Z * Z / (2 * whole)) / (1 + Z * Z / whole)
    half = Z / (1 + Z * Z / whole) * sqrt(share * (1 - share) / whole + Z * Z / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def paired(both, first, second, neither):
    """First minus second, from the images on which both are right, one alone, or none.

    R. G. Newcombe, Improved confidence intervals for the difference between binomial proportions based on paired data, 1998, his
    method 10: Wilson's intervals with the correlation of the two."""
    whole = both + first + second + neither
    one, other = (both + first) / whole, (both + second) / whole
    (low1, high1), (low2, high2) = wilson(both + first, whole), wilson(both + second, whole)
    product = (both + first) * (second + neither) * (both + second) * (first + neither)
    correlation = 0.0
    if product:
        moment = both * neither - first * second
        # A correction for continuity, where the correlation is positive.
        if moment > 0:
            moment = max(moment - whole / 2, 0)
        correlation = moment / sqrt(product)
    difference = one - other
    def reach(near, far):
        return sqrt(max(near * near - 2 * correlation * near * far + far * far, 0))
    return difference - reach(one - low1, high2 - other), difference + reach(high1 - one, other - low2)


def paired_difference(one, other):
    """Difference and its interval, of two lists of whether each image was right."""
    both = sum(a and b for a, b in zip(one, other))
    first = sum(a and not b for a, b in zip(one, other))
    second = sum(b and not a for a, b in zip(one, other))
    neither = len(one) - both - first - second
    low, high = paired(both, first, second, neither)
    return (first - second) / len(one), low, high
