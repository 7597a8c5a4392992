"""Names of domains and classes in image trees: scripts, encodings, twins."""

import re
from pathlib import Path

import pytest
from PIL import Image

from afn.cli.main import main
from afn.data import catalogue, dataset_entry, load_dataset
from tests.data.test_trees import SIZE, plant, save

# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("domain", ["写真", "スケッチ", "हिन्दी", "фото", "Été", "🐝"])
def test_names_stay_in_their_script(folder: Path, domain: str) -> None:
    plant(folder, domain)
    plant(folder, "عربي")

    assert {"insects/عربي", f"insects/{domain.lower()}"} <= catalogue().keys()
    assert load_dataset(f"insects/{domain.lower()}").name == f"insects/{domain.lower()}"


def test_a_name_may_come_with_its_accents_apart(folder: Path) -> None:
    plant(folder, "e\u0301te\u0301")  # as macOS writes it

    assert load_dataset("insects/été").name == "insects/été"
    assert load_dataset("insects/e\u0301te\u0301").name == "insects/été"


def test_former_names_still_load(folder: Path) -> None:
    plant(folder, "Café 1")

    assert load_dataset("insects/caf-1").name == "insects/café-1"
    assert dataset_entry("insects/caf-1@grey").name == "insects/caf-1@grey"

    plant(folder, "Cafß 1")  # formerly the same: neither is meant
    with pytest.raises(ValueError, match="unknown data set 'insects/caf-1'"):
        load_dataset("insects/caf-1")


def test_domains_that_would_have_one_name_are_told(folder: Path) -> None:
    plant(folder, "Photo 1")
    plant(folder, "photo-1")

    with pytest.raises(ValueError, match=r"^Insects/Photo 1 and Insects/photo-1: expected names"):
        load_dataset("insects/photo-1")
    assert "rename one" in catalogue()["insects/photo-1"].how_to_get


def test_a_class_in_two_encodings_is_told(folder: Path) -> None:
    root = plant(folder)
    save(root / "été" / "0.png", Image.new("RGB", SIZE))
    save(root / "e\u0301te\u0301" / "0.png", Image.new("RGB", SIZE))

    with pytest.raises(
        ValueError, match=r"got two that both read été \(.*\); put their images into"
    ):
        load_dataset("insects/photo")


def test_a_class_has_one_name_in_either_encoding(folder: Path) -> None:
    for domain, name in (("a", "été"), ("b", "e\u0301te\u0301")):
        save(plant(folder, domain) / name / "0.png", Image.new("RGB", SIZE))

    assert load_dataset("insects/a").class_names == ("ant", "bee", "été")
    assert load_dataset("insects/b").class_names == ("ant", "bee", "été")


def test_a_broken_name_is_told_and_can_be_printed(folder: Path) -> None:
    plant(folder, "caf\udce9")
    save(plant(folder, "photo") / "b\udce9" / "0.png", Image.new("RGB", SIZE))

    found = catalogue()

    assert found["insects/caf"].title == "Insects · caf?"
    assert re.search(r"in UTF-8, .* got b\?; rename it", found["insects/photo"].how_to_get)
    str(found).encode()


@pytest.mark.parametrize(
    "other", ["ant ", " ant", "ant\u200b", "\u200fant", "ant\xa0", "an\u00adt"]
)
def test_classes_that_look_alike_are_told(folder: Path, other: str) -> None:
    save(plant(folder) / other / "0.png", Image.new("RGB", SIZE))

    with pytest.raises(ValueError, match=r"^Insects/photo: .* two that both read ant \(they diff"):
        load_dataset("insects/photo")
    assert "rename one" in catalogue()["insects/photo"].how_to_get


@pytest.mark.parametrize("other", ["Ant", "an t", "🏴\U000e0067\U000e007f"])
def test_classes_that_look_different_are_two(folder: Path, other: str) -> None:
    save(plant(folder) / other / "0.png", Image.new("RGB", SIZE))

    assert other in load_dataset("insects/photo").class_names


@pytest.mark.parametrize("sign", ["\n", "\t", "\u202e", "\u2028"])
def test_names_that_break_or_turn_a_line_are_not_let_through(
    folder: Path, sign: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plant(folder, f"a{sign}t")
    save(plant(folder) / f"a{sign}t" / "0.png", Image.new("RGB", SIZE))

    assert dataset_entry("insects/a-t").title == "Insects · a?t"
    assert "got a?t; rename it" in dataset_entry("insects/photo").how_to_get
    main(["data"])
    lines = [line for line in capsys.readouterr().out.split("\n") if "nsects" in line]
    assert len(lines) == 2
    assert sign not in "".join(lines)
