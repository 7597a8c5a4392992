"""``fully_shard`` takes every norm, and changes nothing that it computes."""

import copy

import pytest
import torch
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.testing import assert_close

from afn.norms import NORMS, make_norm


@pytest.fixture
def mesh(tmp_path):
    """One process, on the CPU."""
    distributed.init_process_group(
        "gloo", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1
    )
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


@pytest.mark.parametrize("name", NORMS)
def test_a_sharded_layer_trains_as_before(name, mesh, draw, scatter):
    model = scatter(nn.Sequential(nn.Conv2d(3, 4, 3), make_norm(name)(4)))
    expected = copy.deepcopy(model)
    lambdas = model[1].lambdas()
    fully_shard(model[1], mesh=mesh)
    fully_shard(model, mesh=mesh)
    assert model[1].lambdas() == lambdas
    x = draw(4, 3, 7, 6)
    for each in (model, expected):
        each(x).square().sum().backward()
        torch.optim.SGD(each.parameters(), lr=0.01).step()
    wholes = {key: value.full_tensor() for key, value in model.named_parameters()}
    assert_close(wholes, dict(expected.named_parameters()))
    assert_close(dict(model.named_buffers()), dict(expected.named_buffers()))
