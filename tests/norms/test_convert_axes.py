"""Batch normalization over vectors, sequences and volumes, and over several processes."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import LambdaInit
from afn.norms import AFN1d, AFN2d, AFN3d, ASRNorm1d, BatchNorm2d, convert_norm, synchronize_norms

OFF = {"lambda_init": LambdaInit.OFF, "eval_stats": "running"}
CASES = {
    "vectors": (nn.BatchNorm1d, (8, 4), AFN1d),
    "sequences": (nn.BatchNorm1d, (8, 4, 7), AFN1d),
    "volumes": (nn.BatchNorm3d, (3, 4, 2, 6, 5), AFN3d),
}


@pytest.mark.parametrize("name", ["afn", "bn"])
@pytest.mark.parametrize("is_training", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_other_axes_have_their_forms(case, is_training, name, generator, scatter):
    kind, shape, afn = CASES[case]
    x = torch.randn(shape, generator=generator)
    model = scatter(nn.Sequential(kind(4)))
    model(2 * x + 1)
    expected = model.train(is_training)(x)
    old = model[0]
    convert_norm(model, name, **OFF if name == "afn" else {})
    assert model[0].weight is old.weight
    if name == "afn":
        assert type(model[0]) is afn
    else:
        assert isinstance(model[0], kind)
        assert type(model[0]) is not kind
    assert_close(model(x), expected)


@pytest.mark.parametrize(
    ("kind", "shape"), [(nn.BatchNorm1d, "N, C, L"), (nn.BatchNorm3d, "N, C, D, H, W")]
)
def test_a_norm_without_the_form_says_so(kind, shape):
    model = nn.Sequential(nn.BatchNorm2d(4), kind(4))
    with pytest.warns(UserWarning, match=rf" is over \({shape}\), where there is no gn \(1\)"):
        convert_norm(model, "gn")
    assert type(model[1]) is kind


def test_a_single_value_per_image_is_not_left_to_instance_statistics():
    model = nn.Sequential(nn.BatchNorm2d(4), nn.Linear(4, 4), nn.BatchNorm1d(4))
    with pytest.warns(UserWarning, match=r"BatchNorm1d is over \(N, C\), where .* asrnorm \(2\)"):
        convert_norm(model, "asrnorm")
    sequences = nn.Sequential(nn.Conv1d(4, 4, 3), nn.BatchNorm1d(4))
    assert type(convert_norm(sequences, "asrnorm")[1]) is ASRNorm1d


@pytest.mark.parametrize(
    ("beside", "shape", "afn"),
    [
        (nn.Conv2d(3, 4, 3), (2, 3, 8, 8), AFN2d),
        (nn.ConvTranspose3d(3, 4, 3), (2, 3, 8, 8, 8), AFN3d),
        (nn.Linear(3, 4), (8, 3), AFN1d),
    ],
)
def test_what_is_synchronized_stays_so_over_the_axes_of_its_inputs(beside, shape, afn, generator):
    group = object()
    model = nn.Sequential(nn.Linear(9, 9), beside, nn.SyncBatchNorm(4, process_group=group))[1:]
    x = torch.randn(shape, generator=generator)
    expected = model(x)
    convert_norm(model, "afn", **OFF)
    assert type(model[1]) is afn
    assert model[1]._processes.group is group
    assert_close(model(x), expected)


def test_the_layer_behind_tells_where_none_does_before():
    model = nn.Sequential(nn.SyncBatchNorm(4), nn.ReLU(), nn.Conv2d(4, 9, 3))
    assert type(convert_norm(model, "afn")[0]) is AFN2d


def test_nothing_tells_of_which_axes_a_synchronized_layer_is():
    with pytest.raises(ValueError, match=r"SyncBatchNorm takes inputs of any .* beside it tells"):
        convert_norm(nn.Sequential(nn.Conv2d(3, 5, 3), nn.SyncBatchNorm(4)), "afn")


def test_our_own_stay_synchronized_too():
    group = object()
    model = synchronize_norms(nn.Sequential(AFN2d(4)), group)
    assert convert_norm(model, "bn")[0]._processes.group is group
    assert convert_norm(nn.Sequential(BatchNorm2d(4)), "afn")[0]._processes is None
