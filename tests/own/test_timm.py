"""timm's small networks, without weights: built, kept as the app keeps them, converted."""

import pytest
import torch

from afn import conversion_report, own_model
from afn.ask.models import restored
from afn.own.keeping import keep
from afn.own.kept import OwnStore
from afn.own.source import ModelSource

pytestmark = pytest.mark.slow
timm = pytest.importorskip("timm", reason="timm is not installed")


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("test_resnet", {"BatchNorm2d": "AFN2d"}),
        ("test_efficientnet", {"BatchNormAct2d": "NormAct(AFN2d)"}),
        ("test_efficientnet_gn", {"GroupNormAct": "NormAct(AFN2d)"}),
        ("test_efficientnet_ln", {"LayerNormAct2d": "NormAct(AFN2d)"}),
        ("test_convnext", {"LayerNorm2d": "AFN2d", "LayerNorm": None}),
    ],
)
def test_it_is_built_kept_and_converted(name, kinds, tmp_path):
    file = tmp_path / "theirs.py"
    file.write_text(
        f"import timm\ndef build():\n    return timm.create_model({name!r}, num_classes=10)\n"
        'build.classes, build.input = "digits8", (3, 64, 64)\n'
    )
    source = ModelSource.read(f"{file}:build")
    made = own_model(source)
    images = torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    report = conversion_report(made.model.network, "afn", images)
    found = {layer.was: layer.became for layer in report.layers}
    assert kinds.items() <= found.items()
    kept = keep(source.said(norm="afn"), OwnStore(tmp_path / "runs").root)
    assert {it.becomes for it in kept.layers} >= {became for became in kinds.values() if became}
    with torch.inference_mode():
        assert restored(kept.network(tmp_path / "runs"))(images).shape == (4, 10)


def test_weights_of_a_name_of_timms_are_read(tmp_path):
    from safetensors.torch import save_file

    model = timm.create_model("test_resnet", num_classes=7).eval()
    file = tmp_path / "weights.safetensors"
    save_file(model.state_dict(), file)
    made = own_model(f"timm:test_resnet:{file}")
    assert len(made.class_names) == 7
    images = torch.rand(2, *made.image_shape[2:], *made.image_shape[:2])
    mean, std = (torch.tensor(made.model.network.default_cfg[it])[:, None, None]
                 for it in ("mean", "std"))  # fmt: skip
    with torch.inference_mode():
        torch.testing.assert_close(made.model(images), model((images - mean) / std))
