"""A folded model leaves for other runtimes as convolutions and little else."""

import onnxruntime
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from afn import fold_norms, set_eval_stats
from afn.backbones import build_model, initialize
from afn.norms import AFN2d

OPERATIONS = {
    "convnet": {"Conv", "Relu", "MaxPool", "Reshape", "Gemm"},
    "resnet8": {"Conv", "Relu", "Slice", "Pad", "Add", "ReduceMean", "Gemm"},
    "resnet20": {"Conv", "Relu", "Slice", "Pad", "Add", "ReduceMean", "Gemm"},
}
INPUT_NORMALIZATION = {"Sub", "Div"}


def exported(model, x):
    """The model in ONNX, for any batch size."""
    program = torch.onnx.export(
        model, (x,), input_names=["images"], dynamic_shapes=({0: "batch"},), verbose=False
    )
    return program.model_proto


def run(proto, x):
    session = onnxruntime.InferenceSession(
        proto.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return torch.from_numpy(session.run(None, {"images": x.numpy()})[0])


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["afn", "bn"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_folded_backbones_compute_the_same_in_onnxruntime(name, norm, draw, season):
    model = build_model(
        name, norm, in_channels=3, num_classes=10, image_size=(16, 16),
        mean=[0.4, 0.5, 0.6], std=[0.2, 0.3, 0.25],
    )  # fmt: skip
    season(initialize(model, 0), 16, 3, 16, 16)
    set_eval_stats(model.eval(), "running")
    proto = exported(fold_norms(model), draw(2, 3, 16, 16))
    nodes = [node.op_type for node in proto.graph.node]
    assert set(nodes) == OPERATIONS[name] | INPUT_NORMALIZATION
    convs = sum(isinstance(layer, nn.Conv2d) for layer in model.modules())
    linears = 2 if name == "convnet" else 1
    assert (nodes.count("Conv"), nodes.count("Gemm")) == (convs, linears)

    for num in (1, 5):
        x = draw(num, 3, 16, 16)
        with torch.no_grad():
            assert_close(run(proto, x), model(x), rtol=1e-5, atol=1e-5)


def test_a_norm_without_a_convolution_is_one_operation(draw, season):
    model = season(nn.Sequential(AFN2d(4, eval_stats="running"), nn.ReLU()), 8, 4, 6, 6).eval()
    proto = exported(fold_norms(model), draw(2, 4, 6, 6))
    assert [node.op_type for node in proto.graph.node] == ["BatchNormalization", "Relu"]
    x = draw(3, 4, 6, 6)
    with torch.no_grad():
        assert_close(run(proto, x), model(x), rtol=1e-5, atol=1e-5)
