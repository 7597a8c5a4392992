import pytest
import torch

from afn.engine.snapshots import Snapshot
from afn.norms import AFN2d, ASRNorm2d, BatchNorm2d


def recorded(layer):
    x = torch.randn(6, 4, 5, 5, generator=torch.Generator().manual_seed(0)) * 3 + 1
    with Snapshot({"layer": layer}) as snapshot:
        layer(x)
    [record] = snapshot.layers
    return record, layer.trace(x)


@pytest.mark.parametrize("kind", [AFN2d, ASRNorm2d])
def test_layers_with_lambda_say_how_far_it_moves_the_statistics(kind):
    torch.manual_seed(0)
    record, trace = recorded(kind(4).eval())
    move, ratio = record["moves"]
    assert move == pytest.approx(((trace.mu_hat - trace.mu).abs() / trace.sigma).mean().item())
    assert ratio == pytest.approx((trace.sigma_hat / trace.sigma).mean().item())
    assert move > 0.001
    assert abs(ratio - 1) > 0.001
    assert len(record["gamma"]) == 4


def test_layers_without_say_nothing_of_it():
    record, _ = recorded(BatchNorm2d(4))
    assert "moves" not in record
    assert recorded(AFN2d(4, adaptive=False).eval())[0]["moves"] == [0.0, 1.0]
