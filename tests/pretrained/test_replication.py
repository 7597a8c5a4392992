"""Which tests answer which published row, what they gave, and what is still to be made."""

import csv
import shlex
from dataclasses import replace
from fnmatch import fnmatchcase

import pytest

from afn.cli.main import _parser
from afn.cli.options import config_of
from afn.data.derived import derive
from afn.data.entries import DatasetSource
from afn.data.known import KNOWN
from afn.engine.ready import check_ready
from afn.pretrained.asks import (
    asks_of,
    corrupted,
    digits,
    imagenet_multi,
    imagenet_single,
    pacs,
)
from afn.pretrained.cards import read_card
from afn.pretrained.lacking import command, lacking, what_it_takes
from afn.pretrained.ladder import ladder
from afn.pretrained.measured import Results
from afn.pretrained.plan import PLAN
from afn.pretrained.protocols import ASPECTS, protocol, stems_of
from afn.pretrained.published import TABLES
from afn.pretrained.replication import COMPARISONS, replicated
from afn.pretrained.results import COLUMNS, FILE
from afn.pretrained.ways import WAYS, Ask
from afn.settings.corruptions import RULE
from tests.pretrained.accuracies import answer

BY_NAME = {table.name: table for table in TABLES}


def row_named(table, name):
    return next(row for row in BY_NAME[table].rows if row.name == name)


# -- what answers what -----------------------------------------------------------------------------


def test_a_domain_that_trains_is_tested_on_the_other_three_in_grey():
    table = BY_NAME["digits_single_each"]
    assert asks_of(table, row_named(table.name, "SVHN")) == [
        Ask("syn-grey", "mnist"), Ask("syn-grey", "mnistm"), Ask("syn-grey", "usps"),
    ]  # fmt: skip
    assert asks_of(table, row_named(table.name, "SVHN"), "tests") == [
        Ask("mnist-grey", "syn"), Ask("mnistm-grey", "syn"), Ask("usps-grey", "syn"),
    ]  # fmt: skip


def test_the_average_is_the_same_in_both_readings():
    table = BY_NAME["digits_single_each"]
    row = row_named(table.name, "average")
    assert asks_of(table, row, "trains") == asks_of(table, row, "tests") == digits("grey")
    assert len(digits("grey")) == 12


def test_the_other_tables_have_their_tests():
    assert asks_of(BY_NAME["digits_from_mnist"], row_named("digits_from_mnist", "MNIST-M")) == [
        Ask("mnist-rgb", "mnistm")
    ]
    cifar = BY_NAME["cifar10c"]
    third = asks_of(cifar, row_named("cifar10c", "severity 3"))
    assert len(third) == 15
    assert {ask.severity for ask in third} == {3}
    assert "spatter" not in {ask.corruption for ask in third}
    assert len(asks_of(cifar, row_named("cifar10c", "average"))) == 75
    assert len(asks_of(BY_NAME["pacs_single"], row_named("pacs_single", "average"))) == 12
    assert asks_of(BY_NAME["pacs_single"], row_named("pacs_single", "photo")) == [
        Ask("pacs-photo", f"pacs/{domain}") for domain in ("art_painting", "cartoon", "sketch")
    ]
    assert asks_of(BY_NAME["pacs_multi"], BY_NAME["pacs_multi"].rows[0]) == []
    measured = [row.name for row in BY_NAME["images"].rows if asks_of(BY_NAME["images"], row)]
    assert measured == ["CIFAR-10, ResNet-32"]


def test_every_test_is_planned():
    for table in TABLES:
        for row in table.rows:
            for reading in ("trains", "tests"):
                for ask in asks_of(table, row, reading):
                    spec = PLAN[f"{ask.trained}-afn"]
                    assert ask.data in (*spec.domains, spec.config.dataset)
                    assert ask.severity == 0 or spec.grid_images


# -- what they gave --------------------------------------------------------------------------------


def test_means_are_over_tests_and_need_all_of_them():
    asks = [Ask("mnist-rgb", "usps"), Ask("mnist-rgb", "syn")]
    bn = WAYS["bn"]
    rows = [
        answer(asks[0], bn, 0, 80.0),
        answer(asks[1], bn, 0, 30.0),
        answer(asks[0], bn, 1, 70.0),
    ]
    found = Results(rows).over_seeds(asks, bn)
    assert found.values == ((0, 55.0),)
    assert Results(rows).over_seeds(asks[:1], bn).values == ((0, 80.0), (1, 70.0))
    assert Results(rows).over_seeds(asks, WAYS["bn-batch"]) is None
    assert Results([]).over_seeds(asks, bn) is None


def test_of_two_tests_that_of_more_images_counts():
    ask, afn = Ask("cifar10", "cifar10"), WAYS["afn"]
    rows = [answer(ask, afn, 0, 90.0, n=10_000), answer(ask, afn, 0, 50.0, n=2000)]
    for order in (rows, rows[::-1]):
        assert Results(order).over_seeds([ask], afn).mean == 90.0
        assert Results(order).images([ask]) == (10_000,)


def test_norms_are_held_against_each_other_under_one_rule_of_corruptions():
    asks, bn, afn = corrupted("cifar10", [1]), WAYS["bn"], WAYS["afn"]
    old = [answer(ask, way, 0, 50.0, rule=1) for way in (bn, afn) for ask in asks]
    new = [answer(ask, bn, 0, 60.0) for ask in asks]
    results = Results(old + new)  # AFN is not asked again yet
    assert results.rule(asks) == 1
    assert results.over_seeds(asks, bn).mean == results.over_seeds(asks, afn).mean == 50.0
    results = Results(old + new + [answer(ask, afn, 0, 70.0) for ask in asks])
    assert results.rule(asks) == RULE
    assert (results.over_seeds(asks, bn).mean, results.over_seeds(asks, afn).mean) == (60.0, 70.0)
    assert Results(new[:-1]).over_seeds(asks, bn) is None
    assert results.rule([Ask("cifar10", "cifar10")]) is None


def test_what_was_made_under_an_older_rule_is_said_beside_its_table():
    table = BY_NAME["cifar10c"]
    asks = corrupted("cifar10")
    for rule, words in ((1, "corrupted under rule 1 (today's is 2)"), (RULE, None)):
        results = Results([answer(ask, WAYS["bn"], 0, 50.0, rule=rule) for ask in asks])
        said = protocol(table, replicated(results, table), results, lambda name: None)
        assert (words in said["corruptions"]) if words else ("rule" not in said["corruptions"])


def test_statistics_and_networks_are_told_apart_and_variants_too():
    ask = Ask("mnist-grey", "usps")
    rows = [answer(ask, way, 0, 50.0 + i) for i, way in enumerate(WAYS.values())]
    rows.append(answer(ask, WAYS["afn"], 0, 99.0) | {"model": "mnist-grey-afn-open"})
    results = Results(rows)
    found = {name: results.over_seeds([ask], way).mean for name, way in WAYS.items()}
    assert found == {name: 50.0 + i for i, name in enumerate(WAYS)}
    assert "mnist-grey-afn-open" in results.models


def test_a_row_has_published_and_measured_gains_and_both_verdicts():
    table = BY_NAME["digits_from_mnist"]
    ask = Ask("mnist-rgb", "usps")
    levels = {"bn": (70.0, 72.0, 74.0), "bn-batch": (76.0, 78.1, 80.2), "afn": (75.0, 77.0, 79.2)}
    rows = [
        answer(ask, WAYS[name], seed, percent, n=1_000_000)
        for name, values in levels.items()
        for seed, percent in enumerate(values)
    ]
    usps = replicated(Results(rows), table)[1]
    assert usps.row.name == "USPS"
    assert usps.gain("afn").mean == pytest.approx(76.4 + 2 / 3 - 72.0)
    assert usps.verdict("afn") == "holds here"
    assert usps.verdict("afn", "bn-batch") == "does not hold here"
    assert usps.verdict("asrnorm") == "not measured yet"
    assert replicated(Results(rows), table)[0].verdict("afn") == "not measured yet"


def test_the_headline_is_a_gain_over_asrnorm():
    table, ask = BY_NAME["digits_from_mnist"], Ask("mnist-rgb", "usps")
    rows = [
        answer(ask, WAYS[name], seed, percent, n=1_000_000)
        for name, values in {"asrnorm": (70.0, 71.0, 72.0), "afn": (69.0, 70.1, 71.2)}.items()
        for seed, percent in enumerate(values)
    ]
    usps = replicated(Results(rows), table)[1]
    assert usps.published("afn", "asrnorm") == 2.7
    assert usps.gain("afn", "asrnorm").mean == pytest.approx(-0.9)
    assert usps.verdict("afn", "asrnorm") == "does not hold here"
    assert set(usps.gains) == {(each.way, each.over) for each in COMPARISONS}


def test_below_three_seeds_there_is_no_verdict():
    table, ask = BY_NAME["images"], Ask("cifar10", "cifar10")
    rows = [
        answer(ask, WAYS[name], seed, percent + seed, n=10_000)
        for name, percent in {"bn-batch": 81.0, "afn": 81.52}.items()
        for seed in (0, 1)
    ]
    row = replicated(Results(rows), table)[1]
    assert row.gain("afn", "bn-batch").mean == pytest.approx(0.52)
    assert row.verdict("afn", "bn-batch") == "too few seeds"
    assert row.condition == "trained on 25,000 of 50,000 images"
    assert row.condition in row.note
    assert read_card("cifar10-afn").trained_on.num_train == 25_000


def test_what_is_near_chance_gets_no_verdict_and_says_so():
    table = BY_NAME["pacs_single"]
    rows = [
        answer(ask, WAYS[name], seed, 21.0 + seed, n=1_000_000)
        for name in ("bn", "asrnorm", "afn")
        for seed in range(3)
        for ask in pacs()
    ]
    for row in replicated(Results(rows), table):
        assert row.verdict("afn", "asrnorm") == "no verdict"
        assert "BN has 22 % on average, where chance is 14 %" in row.refusal


def test_the_number_of_images_widens_every_interval():
    table, ask = BY_NAME["digits_from_mnist"], Ask("mnist-rgb", "usps")
    widths = []
    for n in (1000, 1_000_000):
        rows = [
            answer(ask, WAYS[name], seed, percent + seed, n=n)
            for name, percent in {"bn": 70.0, "afn": 75.0}.items()
            for seed in range(3)
        ]
        usps = replicated(Results(rows), table)[1]
        widths.append((usps.gain("afn").half_width, usps.half_widths["afn"]))
    share = 100 * (0.7 * 0.3 + 0.75 * 0.25) ** 0.5  # bounds, where counts alone are known
    assert [gain for gain, _ in widths] == pytest.approx(
        [1.959964 * share / n**0.5 for n in (1000, 1_000_000)]
    )
    assert widths[0][1] > widths[1][1] == pytest.approx(4.302653 / 3**0.5, rel=1e-3)


def test_pacs_is_told_of_networks_from_imagenet_once_they_are_there():
    """The published +1.6 is held against what began as the published networks did."""
    asks = [*imagenet_single(), *imagenet_multi()]
    levels = {"bn": 50.0, "asrnorm": 40.0, "afn": 52.0}
    rows = [
        answer(ask, WAYS[norm], seed, level + 5 * ("sketch" in ask.trained), n=1_000_000)
        for ask in asks
        for norm, level in levels.items()
        for seed in range(3)
    ]
    for name in ("pacs_single", "pacs_multi"):
        before = replicated(Results([]), BY_NAME[name])
        assert not any(row.measured["bn"] for row in before)
        after = {row.row.name: row for row in replicated(Results(rows), BY_NAME[name])}
        assert after["average"].measured["afn"].mean == pytest.approx(52 + 5 / 4)
        assert after["sketch"].measured["bn"].mean == pytest.approx(55)
        assert after["photo"].measured["bn"].mean == pytest.approx(50)
        assert after["average"].verdict("afn", "asrnorm") == "holds here"
        assert after["average"].refusal == ""
        assert "2×2 put ASRNorm at a disadvantage" in after["average"].condition
        here = protocol(BY_NAME[name], list(after.values()), Results(rows), lambda _: None)
        assert "from ImageNet weights" in here["network"]
        assert here["training"].endswith("RSC 0.33")
    assert "chance is 14 %" in replicated(Results([]), BY_NAME["pacs_single"])[0].refusal


def test_rows_that_are_not_measured_name_a_command_that_is_understood():
    for name, total in (("images", 22), ("pacs_multi", 4)):
        table = BY_NAME[name]
        commands = [what_it_takes(table, row) for row in table.rows if not asks_of(table, row)]
        assert sum(bool(each) for each in commands) == total
        for each in filter(None, commands):
            options = _parser().parse_args(shlex.split(each)[3:])
            assert all(part in KNOWN for part in options.dataset.split("+"))


def published_set(name):
    """As it is listed where it is on disk."""
    parts = [DatasetSource(replace(KNOWN[part], how_to_get=""), dict) for part in name.split("+")]
    return derive(name, parts).entry if len(parts) > 1 else parts[0].entry


def test_those_commands_train_to_their_end(monkeypatch):
    """On the published numbers of images; 200 epochs of SVHN are 114,400 steps, and take hours."""
    monkeypatch.setattr("afn.engine.ready.weights_file", lambda: None)
    for table in TABLES:
        for row in table.rows:
            if each := what_it_takes(table, row):
                config = config_of(_parser().parse_args(shlex.split(each)[3:]))
                check_ready(config, published_set, to_its_end=True)
                assert config.max_seconds >= 24 * 3600


def test_the_ladder_has_only_seeds_that_are_on_every_rung():
    ask = Ask("mnist-rgb", "usps")
    rows = [
        answer(ask, WAYS[name], seed, 60.0 + rung)
        for rung, name in enumerate(("bn", "bn-batch", "afn-off", "afn"))
        for seed in (0, 1)
        if (name, seed) != ("afn-off", 1)
    ]
    steps = ladder(Results(rows), [ask])
    names, rungs = zip(*steps.rungs, strict=True)
    assert names == ("BN, running", "BN, test batch", "AFN, networks off", "AFN")
    assert [rung.values for rung in rungs] == [((0, 60.0 + i),) for i in range(4)]
    assert [gain.mean for gain in (*steps.gains, steps.total)] == [1.0, 1.0, 1.0, 3.0]
    assert ladder(Results(rows[:1]), [ask]) is None
    assert ladder(Results([]), corrupted("cifar10")) is None
    rows += [answer(ask, WAYS["afn-frozen"], seed, 62.5) for seed in (0, 1)]
    frozen = ladder(Results(rows), [ask])
    assert [name for name, _ in frozen.rungs] == [
        "BN, running", "BN, test batch", "AFN, networks frozen", "AFN",
    ]  # fmt: skip
    assert [rung.n for _, rung in frozen.rungs] == [2] * 4


def test_the_table_is_read_from_the_folder(tmp_path):
    assert Results.read(tmp_path).models == frozenset()
    row = answer(Ask("mnist-rgb", "usps"), WAYS["bin"], 2, 60.0)
    with (tmp_path / FILE).open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerow(row)
    assert Results.read(tmp_path).models == {"mnist-rgb-bin-s2"}
    for damage in ("model,seed\nmnist,x\n", "model\nmnist\n"):
        (tmp_path / FILE).write_text(damage)
        with pytest.raises(ValueError, match="is damaged"):
            Results.read(tmp_path)


# -- what is still to be made ----------------------------------------------------------------------


@pytest.mark.parametrize("table", [t for t in TABLES if any(asks_of(t, r) for r in t.rows)])
def test_the_command_names_what_is_lacking_and_nothing_else(table):
    rows = replicated(Results([]), table)
    missing = lacking(Results([]), stems_of(table, rows))
    assert missing
    for names in (missing, missing[1:], missing[::2], missing[:1]):
        if not names:
            continue
        start, line = "python -m afn pretrained train ", command(names)
        assert line.startswith(start)
        patterns = [part.strip("'") for part in line.removeprefix(start).split()]
        matched = {name for name in PLAN for each in patterns if fnmatchcase(name, each)}
        assert matched == set(names)
    assert len(command(missing)) < 130


def test_what_is_there_is_not_lacking():
    results = Results([answer(Ask("cifar10", "cifar10"), WAYS["bn"], 0, 80.0)])
    assert lacking(results, ["cifar10-bn"]) == ["cifar10-bn-s1", "cifar10-bn-s2"]


# -- protocols -------------------------------------------------------------------------------------


def test_our_side_of_a_protocol_follows_the_plan():
    table = BY_NAME["cifar10c"]
    results = Results([answer(Ask("cifar10", "cifar10"), WAYS["bn"], 0, 80.0)])
    said = protocol(table, replicated(results, table), results, lambda name: None)
    assert said["network"] == "ResNet-20, from scratch"
    assert "25 epochs" in said["training"]
    assert "cosine" in said["training"]
    assert said["augmentation"] == "random crops and flips, in training only"
    assert "15 standard" in said["corruptions"]
    assert said["seeds"] == "none yet"
    assert set(said) <= set(ASPECTS)
    for each in TABLES:
        assert set(each.protocol) <= set(ASPECTS)


def test_what_is_not_measured_here_has_no_protocol_of_ours():
    table = BY_NAME["pacs_multi"]
    results = Results([])
    assert protocol(table, replicated(results, table), results, lambda name: None) == {}
