import json
import sys

import pytest
import torch
from torch import nn

from afn.cli.main import main

SMALL = ["convert", "torchvision:resnet18", "--size", "32"]


def small():
    """Two norms, one of which may not be replaced; grey images."""
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.GroupNorm(2, 4))


def broken():
    raise KeyError("nothing there")


def number():
    return 3


def dense():
    return nn.Sequential(nn.Linear(7, 4), nn.Unflatten(1, (4, 1, 1)), nn.BatchNorm2d(4)).eval()


def test_the_report_has_a_line_for_every_layer(capsys):
    state = torch.get_rng_state()
    main([*SMALL, "--report", "--skip", "layer4", "*downsample*"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["layer", "was", "becomes", "parameters"]
    assert lines[1].split() == ["bn1", "BatchNorm2d", "AFN2d", "128", "→", "7,336"]
    assert len(lines[1 : lines.index("")]) == 20
    assert "13 of 20 normalization layers become AFN2d" in lines
    assert "7 kept: BatchNorm2d is among skip" in lines
    assert any(
        line.startswith("largest difference of the outputs with every new λ at 0: ")
        for line in lines
    )
    assert torch.equal(torch.get_rng_state(), state)


def test_without_it_there_is_a_summary(capsys):
    main([*SMALL, "--norm", "bn", "--only", "bn1"])
    out = capsys.readouterr().out
    assert out.startswith("1 of 20 normalization layers become BatchNorm2d\n")
    assert "train 0.0e+00, eval 0.0e+00" in out


def test_json_has_a_record_a_line(capsys):
    main([*SMALL, "--report", "--json"])
    *layers, conversion = map(json.loads, capsys.readouterr().out.splitlines())
    assert len(layers) == 20
    assert layers[0] == {
        "kind": "layer", "path": "bn1", "was": "BatchNorm2d", "became": "AFN2d", "reason": "",
        "parameters_before": 128, "parameters_after": 7336, "is_called": True,
        "carried": ["γ", "β", "running averages"], "lost": [],
    }  # fmt: skip
    assert conversion["kind"] == "conversion"
    assert conversion["parameters_before"] == 11_689_512
    assert conversion["parameters_after"] == 14_649_092
    assert [it["mode"] for it in conversion["differences"]] == ["train", "eval"]
    assert max(it["relative"] for it in conversion["differences"]) < 1e-9


@pytest.mark.parametrize("function", ["small", "dense"])
def test_a_function_of_ones_own(function, capsys):
    main(["convert", f"{__name__}:{function}", "--size", "8", "--norm", "bn"])
    assert "normalization layers become BatchNorm2d" in capsys.readouterr().out


@pytest.mark.slow
def test_a_model_that_takes_images_and_their_objects(capsys):
    """Its losses are compared, since untrained it finds no object."""
    main(["convert", "torchvision:ssdlite320_mobilenet_v3_large", "--norm", "bn", "--json"])
    train, evaluated = json.loads(capsys.readouterr().out)["differences"]
    assert train["num_values"] == 2
    assert train["relative"] == evaluated["relative"] == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["resnet18"], "name a model as torchvision:NAME, timm:NAME or module:function"),
        (["torchvision:resnet19"], "torchvision has no model 'resnet19': did you mean resnet18"),
        (["torchvision:xyz"], "torchvision has no model 'xyz'; it has"),
        (["torchvision:alexnet"], "nothing to convert in this AlexNet, which has no"),
        (["nowhere:function"], "nowhere:function: No module named 'nowhere'"),
        ([f"{__name__}:missing"], "has no function missing"),
        ([f"{__name__}:broken"], "makes no model (KeyError: 'nothing there')"),
        ([f"{__name__}:number"], "makes a int, which is no torch.nn.Module"),
        (["torchvision:resnet18", "--norm", "xyz"], "norm must be one of afn, asrnorm, bn"),
        (["torchvision:resnet18", "--only", "xyz"], "only='xyz' matches no normalization layer"),
        (["torchvision:resnet18", "--size", "0"], "--size must be at least 1, got 0"),
        (["torchvision:resnet18", "--batch-size", "0"], "--batch-size must be at least 1, got 0"),
        (["torchvision:googlenet", "--size", "1"], "the model does not take the batch ("),
    ],
)
def test_bad_input_is_one_line(options, says, capsys):
    with pytest.raises(SystemExit) as left:
        main(["convert", *options])
    assert left.value.code == 1
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("afn: ")
    assert says in error
    assert error.count("\n") == 1


def test_without_timm_one_line_says_what_to_install(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(SystemExit):
        main(["convert", "timm:resnet18"])
    assert capsys.readouterr().err.startswith("afn: timm:resnet18 needs timm: pip install timm")


def test_a_file_of_ones_own_is_converted(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "from torch import nn\n"
        "def build():\n"
        "    layers = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1)\n"
        "    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4, 2))\n"
    )
    main(["convert", f"{file}:build", "--size", "16"])
    assert capsys.readouterr().out.startswith("1 of 1 normalization layers become AFN2d\n")
