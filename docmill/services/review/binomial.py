"""Exact bounds on a share of wrong ones (Clopper and Pearson, Biometrika 26, 1934): no normal approximation, right for few and for none."""

import math

_STEPS = 60
"""Halvings of [0, 1]: the bound is exact to 1e-18."""


def upper_bound(wrong: int, count: int, confidence: float) -> float:
    """The share of wrong ones that, with this confidence (0.0-1.0, one-sided), is not exceeded after `wrong` were seen among `count`.

    Raises:
        ValueError: counts that cannot be, or a confidence outside (0, 1).
    """
    if not 0 <= wrong <= count or not 0.0 < confidence < 1.0:
        raise ValueError("0 <= wrong <= count and 0 < confidence < 1")
    if wrong == count:
        return 1.0
    low, high = wrong / count, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if at_most(wrong, count, middle) > 1.0 - confidence else (low, middle)
    return high


def at_most(wrong: int, count: int, share: float) -> float:
    """The probability of at most `wrong` among `count` when each is wrong with probability `share`."""
    if share <= 0.0:
        return 1.0
    if share >= 1.0:
        return 1.0 if wrong >= count else 0.0
    of_none = math.lgamma(count + 1)
    log_right, log_wrong = math.log1p(-share), math.log(share)
    return math.fsum(
        math.exp(of_none - math.lgamma(k + 1) - math.lgamma(count - k + 1) + k * log_wrong + (count - k) * log_right)
        for k in range(wrong + 1)
    )


def least_count(wrong: int, share: float, confidence: float) -> int:
    """How many must be seen so that `wrong` wrong ones among them still bound the share: 59 for none and 5 % at 95 %.

    Raises:
        ValueError: a share or confidence outside (0, 1).
    """
    if not 0.0 < share < 1.0:
        raise ValueError("0 < share < 1")
    low, high = wrong, wrong + 1
    while upper_bound(wrong, high, confidence) > share:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if upper_bound(wrong, middle, confidence) <= share else (middle, high)
    return high
