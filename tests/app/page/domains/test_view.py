"""The Domains page in words and names: sources, contenders, what the networks add."""

from dataclasses import replace
from pathlib import Path

from afn.data.domains import digit_domains
from app.kit import families
from app.kit.draw.domains import MatrixRow
from app.kit.offers import recipe_of
from app.page.domains import view as domains
from app.page.domains.view import COLORS, CONTENDERS, DomainsView
from tests.app.page.domains.test_charts import cell


def test_what_is_trained_keeps_to_its_recipe():
    for recipe in (domains.default_recipe("digits"), domains.default_recipe("pacs")):
        config = domains.config_of(recipe, "bn", "syn")
        assert (config.norm, config.dataset) == ("bn", "syn")
        assert recipe_of(config) == recipe


def test_a_source_is_found_again_in_another_form():
    assert domains.source_like("syn@grey", ["mnist5k", "syn"]) == "syn"
    assert domains.source_like("a+b@rgb", ["c+b", "a+b"]) == "a+b"
    assert domains.source_like("gone", ["mnist5k", "syn"]) == "mnist5k"
    assert domains.source_like("", ["mnist5k", "syn"]) == "mnist5k"


def test_sources_in_words():
    here = digit_domains(Path("nowhere"))
    assert domains.source_words("mnist5k@rgb", here) == "mnist5k"
    assert domains.source_words("mnist5k+digits8+syn@rgb", here) == "all but mnistm5k"
    assert domains.source_words("mnist5k+syn", here) == "mnist5k + syn"
    assert domains.source_words("mnist5k+syn", [here[0], here[-1]]) == "mnist5k + syn"


def test_a_contender_has_one_colour_and_one_place():
    assert len(set(COLORS.values())) == len(CONTENDERS)
    view = DomainsView(contenders=("afn", "afn-off", "bn"))
    assert view.in_order == ["bn", "afn", "afn-off"]
    assert domains.norms_of(view) == ["bn", "afn"]


# -- what the networks add -------------------------------------------------------------------------


def answered(name, **cells):
    """A contender's row, trained on a."""
    contender = CONTENDERS[name]
    return [
        MatrixRow(
            label=contender.label, norm=contender.norm, statistics="running", color=COLORS[name],
            train="a", cells={domain: cell(hits) for domain, hits in cells.items()},
        )
    ]  # fmt: skip


WRONG, HALF, RIGHT = 40 * "x", 20 * "x" + 20 * "o", 40 * "o"


def test_the_gain_over_bn_is_split_at_bn_with_the_test_batch():
    rows = {
        "bn": answered("bn", a=RIGHT, b=WRONG, c=WRONG),
        "bn-batch": answered("bn-batch", a=RIGHT, b=RIGHT, c=HALF),
        "afn": answered("afn", a=WRONG, b=RIGHT, c=RIGHT),
    }
    text = domains.networks_reading(rows, ["a", "b", "c"])
    assert "AFN gives +100.0 points" in text
    assert "give +75.0 points" in text
    assert "is +25.0 points" in text
    assert "chance" not in text
    rows["bn-batch"] = answered("bn-batch", a=RIGHT, b=RIGHT, c=RIGHT)
    assert domains.networks_reading(rows, ["a", "b", "c"]).endswith("which may be chance.")
    rows["afn-off"] = answered("afn-off", b=HALF, c=HALF)
    text = domains.networks_reading(rows, ["a", "b", "c"])
    assert "switched on and off in the same weights, are worth +50.0 points" in text


def test_nothing_is_said_before_all_of_it_is_known():
    rows = {name: answered(name, b=HALF, c=HALF) for name in ("bn", "bn-batch", "afn")}
    assert domains.networks_reading(rows, ["a", "b", "c"])
    for name in rows:
        assert not domains.networks_reading(rows | {name: answered(name, b=HALF)}, ["a", "b", "c"])
        others = {key: mine for key, mine in rows.items() if key != name}
        assert not domains.networks_reading(others, ["a", "b", "c"])


def test_fewer_images_than_wanted_are_named():
    here = digit_domains(Path("nowhere"))
    rows = {"bn": answered("bn", digits8=HALF, syn=HALF + HALF)}
    assert domains.images_words(rows, here, 40) == "first 40 test images of each domain"
    assert domains.images_words(rows, here, 1000) == (
        "first 1,000 test images of each domain (digits8 has 40, syn has 80)"
    )


def test_what_networks_do_not_know_is_told_domain_by_domain():
    here = digit_domains(Path("nowhere"))[:2]
    known = cell("ooxoo")
    partly = replace(known, source="clean, 3 images of unknown classes left out (7, 8)")
    rows = {
        "bn": [
            MatrixRow(label="BN", norm="bn", statistics="running", color="#000", train=train,
                      cells={"mnist5k": known, "digits8": partly})
            for train in ("mnist5k", "syn")
        ]
    }  # fmt: skip
    assert domains.left_out_words(rows, here) == [
        "digits8, to networks trained on mnist5k, syn: 3 images of unknown classes left out (7, 8)."
    ]
    assert domains.left_out_words({"bn": []}, here) == []


def test_a_family_is_found_by_its_former_name():
    assert families.family_now("caf", ["digits", "café"]) == "café"
    assert families.family_now("pacs", ["digits", "pacs"]) == "pacs"
    assert families.family_now("caf", ["cafß", "café"]) == "caf"
