"""Verdicts of what is shipped, computed again from the raw files by another route.

Nothing of `afn.pretrained` but what is to be checked: the table is read by its text, answers are
unpacked by hand, the seeds' interval is SciPy's, and the noise of the images a bootstrap.
"""

import base64
import csv
import gzip
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from afn.pretrained.cards import pretrained_dir
from afn.pretrained.measured import Results
from afn.pretrained.published import TABLES
from afn.pretrained.replication import replicated
from afn.pretrained.ways import Ask

FOLDER = Path(__file__).parents[2] / "pretrained"
DOMAINS = ("mnist", "mnistm", "usps", "syn")
STANDARD = (
    "gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur",
    "zoom_blur", "snow", "frost", "fog", "brightness", "contrast", "elastic_transform", "pixelate",
    "jpeg_compression",
)  # fmt: skip


@pytest.fixture(scope="module")
def table():
    found = {}
    with (FOLDER / "results.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["model"], []).append(row)
    return found


def accuracy(table, model, tests, statistics, rule=""):
    """In percent over tests (data, corruption, severity), by seed; of most images.

    Corrupted images are those of one rule of corruptions, named by its number.
    """
    found = {}
    for seed in range(10):
        rows = table.get(model + (f"-s{seed}" if seed else ""), [])
        values = {}
        for row in sorted(rows, key=lambda row: int(row["n"])):
            test = row["test_data"], row["corruption"], int(row["severity"])
            is_meant = row["statistics"].startswith(statistics) and row["networks"] == "on"
            if is_meant and test[1:] != ("clean", 0):
                is_meant = (row.get("rule") or "1") == rule
            if is_meant:
                values[test] = 100 * int(row["correct"]) / int(row["n"])
        if all(test in values for test in tests):
            found[seed] = np.mean([values[test] for test in tests])
    return found


@cache
def answers_of(model):
    """Question, cell and which images were right, of each line of the shipped file of seed 0."""
    found, question = [], {}
    with gzip.open(FOLDER / f"{model}.cells.jsonl.gz", "rt") as lines:
        for record in map(json.loads, lines):
            if "answers" in record:
                answers, labels = (base64.b64decode(record[key]) for key in ("answers", "labels"))
                hits = np.frombuffer(answers, np.uint8) == np.frombuffer(labels, np.uint8)
                found.append((question, record, hits.astype(float)))
            else:
                question = record
    return found


def right(model, data, corruption, severity, statistics, rule=1):
    """Of each image; of most images."""
    found = [
        hits
        for question, cell, hits in answers_of(model)
        if question["dataset"] == data
        and question["networks"] in (True, "on")
        and question["statistics"].startswith(statistics)
        and (cell["corruption"] or "clean", cell["severity"]) == (corruption, severity)
        and (corruption == "clean" or cell.get("rule", 1) == rule)
    ]
    return max(found, key=len)


def bootstrapped(differences_of_data, num_tests):
    """Of a mean over tests, drawn again: images within each data set."""
    draw, means = np.random.default_rng(0), []
    for _ in range(1500):
        total = 0.0
        for each in differences_of_data:
            total += each[draw.integers(0, len(each), len(each))].mean()
        means.append(100 * total / num_tests)
    return np.std(means)


def decided(ours, theirs, published, image_error):
    """Mean, half-width and verdict, by the rules that the page states."""
    seeds = sorted(set(ours) & set(theirs))
    a, b = np.array([ours[s] for s in seeds]), np.array([theirs[s] for s in seeds])
    if len(seeds) < 3:
        return (a - b).mean(), None, "too few seeds"
    variance = min(np.var(a - b, ddof=1), np.var(a, ddof=1) + np.var(b, ddof=1))
    of_seeds = stats.t.ppf(0.975, len(seeds) - 1) * np.sqrt(variance / len(seeds))
    half, mean = np.sqrt(of_seeds**2 + (1.96 * image_error) ** 2), (a - b).mean()
    if abs(mean) > half:
        return mean, half, "holds here" if mean * published > 0 else "does not hold here"
    return mean, half, "cannot tell" if abs(mean - published) <= half else "not found here"


def shown(name, row_name, way, over):
    table = next(each for each in TABLES if each.name == name)
    rows = replicated(Results.read(pretrained_dir()), table)
    row = next(each for each in rows if each.row.name == row_name)
    return row.gain(way, over), row.verdict(way, over)


def agree(found, expected):
    gain, verdict = found
    mean, half, told = expected
    assert gain.mean == pytest.approx(mean, abs=1e-9)
    assert verdict == told
    if half is not None:
        assert gain.half_width == pytest.approx(half, rel=0.06)  # the bootstrap's own chance


def test_the_headline_on_digits_in_grey(table):
    pairs = [(source, target) for source in DOMAINS for target in DOMAINS if source != target]
    by_seed = {}
    for norm, mode in (("afn", "test batch"), ("asrnorm", "")):
        each = [accuracy(table, f"{s}-grey-{norm}", [(t, "clean", 0)], mode) for s, t in pairs]
        by_seed[norm] = {seed: np.mean([one[seed] for one in each]) for seed in each[0]}
    differences = [
        sum(
            right(f"{source}-grey-afn", target, "clean", 0, "test batch")
            - right(f"{source}-grey-asrnorm", target, "clean", 0, "")
            for source in DOMAINS
            if source != target
        )
        for target in DOMAINS
    ]
    error = bootstrapped(differences, len(pairs))
    expected = decided(by_seed["afn"], by_seed["asrnorm"], 0.9, error)
    assert expected[0] == pytest.approx(-0.52, abs=0.005)
    agree(shown("digits_single_each", "average", "afn", "asrnorm"), expected)


@pytest.mark.parametrize(
    ("target", "published", "over", "mode"),
    [("syn", 34.1 - 33.8, "asrnorm", ""), ("usps", 81.2 - 76.9, "bn", "running")],
)
def test_digits_from_mnist(table, target, published, over, mode):
    test = [(target, "clean", 0)]
    ours = accuracy(table, "mnist-rgb-afn", test, "test batch")
    theirs = accuracy(table, f"mnist-rgb-{over}", test, mode)
    difference = right("mnist-rgb-afn", target, "clean", 0, "test batch") - right(
        f"mnist-rgb-{over}", target, "clean", 0, mode
    )
    sign = -1 if over == "asrnorm" else 1
    expected = decided(ours, theirs, sign * published, bootstrapped([difference], 1))
    row = {"syn": "SVHN", "usps": "USPS"}[target]
    agree(shown("digits_from_mnist", row, "afn", over), expected)


def test_the_headline_on_corrupted_cifar10(table):
    tests = [("cifar10", name, severity) for name in STANDARD for severity in range(1, 6)]
    rule = Results.read(pretrained_dir()).rule([Ask("cifar10", *test) for test in tests])
    ours = accuracy(table, "cifar10-afn", tests, "test batch", f"{rule}")
    theirs = accuracy(table, "cifar10-asrnorm", tests, "", f"{rule}")
    difference = sum(
        right("cifar10-afn", *test, "test batch", rule) - right("cifar10-asrnorm", *test, "", rule)
        for test in tests
    )
    expected = decided(ours, theirs, 1.3, bootstrapped([difference], len(tests)))
    agree(shown("cifar10c", "average", "afn", "asrnorm"), expected)
