import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from afn.data import catalogue, data_dir, dataset_entry, load_dataset

EMBEDDED = ["mnist5k", "digits8", "mnistm5k", "syn"]


def test_importing_loads_no_heavy_package() -> None:
    heavy = "{'torch', 'torchvision', 'sklearn', 'mlxtend', 'matplotlib', 'scipy', 'pandas'}"
    check = f"import afn.data, sys; assert not {heavy} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", check], check=True)


def test_listing_loads_no_heavy_package(folder: Path) -> None:
    heavy = "{'torch', 'torchvision', 'sklearn', 'mlxtend', 'matplotlib', 'scipy', 'pandas'}"
    check = f"import afn.data, sys; afn.data.catalogue(); assert not {heavy} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", check], check=True)


def test_data_dir_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFN_DATA_DIR", "~/somewhere")
    assert data_dir() == Path.home() / "somewhere"
    monkeypatch.delenv("AFN_DATA_DIR")
    assert data_dir() == Path.home() / ".cache/afn/data"


def test_empty_folder_still_has_the_embedded_sets_first(folder: Path) -> None:
    entries = catalogue()

    assert list(entries)[:4] == EMBEDDED
    assert all(entries[name].status == "embedded" for name in EMBEDDED)
    assert entries["svhn"].status == "downloadable"
    assert entries["svhn"].how_to_get == "python -m afn data download svhn (246 MB)"
    assert entries["mnistm"].status == "missing"
    assert "mnistm.npz" in entries["mnistm"].how_to_get
    assert "pacs/photo" in entries


def test_absent_folder_is_an_empty_one(folder: Path) -> None:
    assert catalogue(folder / "nowhere") == catalogue(folder)


def test_every_name_is_valid_and_every_source_a_sentence(folder: Path) -> None:
    for name, entry in catalogue().items():
        assert re.fullmatch(r"[a-z0-9][a-z0-9_.-]*(/[a-z0-9][a-z0-9_-]*)?", name)
        assert entry.name == name
        assert entry.source.endswith(".")
        assert (entry.how_to_get == "") == (entry.status in ("embedded", "on disk"))


def test_entries_are_ordered_by_what_can_be_loaded(
    write: Callable[..., Path], arrays: dict[str, np.ndarray]
) -> None:
    write("zebra", **arrays)

    statuses = [entry.status for entry in catalogue().values()]

    order = ["embedded", "on disk", "downloadable", "missing"]
    assert statuses == sorted(statuses, key=order.index)
    assert set(statuses) == set(order)


@pytest.mark.parametrize("name", ["nope", "", "../..", "../secret", "/etc/passwd", "PACS/photo"])
def test_unknown_name_lists_the_known_ones(folder: Path, name: str) -> None:
    np.savez(folder.parent / "secret.npz", x_train=np.zeros(1))
    for look_up in (load_dataset, dataset_entry):
        with pytest.raises(ValueError, match="known are mnist5k, digits8") as caught:
            look_up(name)
        assert repr(name) in str(caught.value)


@pytest.mark.parametrize("name", ["cifar100", "pacs/sketch"])
def test_absent_known_set_says_how_to_get_it(folder: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=rf"^{name} is not .*; to get it: ") as caught:
        load_dataset(name)

    assert str(caught.value).endswith(dataset_entry(name).how_to_get)


def test_folder_argument_overrides_the_environment(
    write: Callable[..., Path], arrays: dict[str, np.ndarray], tmp_path: Path
) -> None:
    write("mine", **arrays)

    assert "mine" not in catalogue(tmp_path / "other")
    assert "mine" in catalogue()


def test_embedded_set_is_not_shadowed_by_an_archive(
    write: Callable[..., Path], arrays: dict[str, np.ndarray]
) -> None:
    write("mnist5k", **arrays)

    assert dataset_entry("mnist5k").status == "embedded"
    assert catalogue()["mnist5k"].num_train == 4000


def test_a_data_folder_that_is_not_there_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("AFN_DATA_DIR", str(tmp_path / "typo"))
    with pytest.raises(ValueError, match=r"'mine'; .*; there is no data folder .*typo$"):
        load_dataset("mine")
