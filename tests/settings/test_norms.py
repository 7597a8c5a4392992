"""What is not said of a norm is an error, and nothing that is told."""

import pytest

from afn.cost.counting import inference_statistics, norm_macs
from afn.norms import GroupNorm2d, Norm
from afn.settings.norms import NORM_ROWS, NormRow


def test_a_row_without_statistics_is_refused() -> None:
    said = {"name": "rms", "title": "RMS", "module": "rms", "layers": {2: "RMSNorm2d"}}
    with pytest.raises(TypeError, match="'statistics'"):
        NormRow(**said)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"statistics of rms must be one of batch, .* got 'image'"):
        NormRow(**said, statistics="image")  # type: ignore[arg-type]


def test_a_layer_of_no_row_is_refused_and_not_told_as_another() -> None:
    class OtherNorm2d(Norm):
        num_features = 4

    for ask in (inference_statistics, lambda layer: norm_macs(layer, 8, 8)):
        with pytest.raises(TypeError, match=r"expected a layer of afn, .* got OtherNorm2d"):
            ask(OtherNorm2d())


def test_a_subclass_counts_as_the_layer_that_it_is() -> None:
    class MyGroupNorm2d(GroupNorm2d): ...

    assert inference_statistics(MyGroupNorm2d(8)) == "the image's own"
    assert norm_macs(MyGroupNorm2d(8), 2, 2) == 3 * 8 * 2 * 2


def test_only_a_switchable_norm_has_a_mode_to_switch_from() -> None:
    switchable = [row for row in NORM_ROWS.values() if row.is_switchable]
    assert {row.statistics for row in switchable} == {"batch", "running"}
