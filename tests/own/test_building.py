"""Models of one's own: what is found by trying, and one line for whatever is wrong."""

import textwrap
import time

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from afn import own_model
from afn.own.source import ModelSource

HEAD = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, channels=3, classes=4, norm=nn.BatchNorm2d, wrap=lambda logits: logits):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, 8, 3), norm(8)
        self.head, self.wrap = nn.Linear(8, classes), wrap
    def forward(self, x):
        return self.wrap(self.head(self.norm(self.conv(x)).relu().mean((2, 3))))
"""


@pytest.fixture
def write(tmp_path):
    def write(body, name="my.py"):
        path = tmp_path / name
        path.write_text(HEAD + textwrap.dedent(body))
        return f"{path}:build"

    return write


def refused(source, **said):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the line is what is looked at
        own_model(source, **said)
    line = str(caught.value)
    assert "\n" not in line
    assert len(line) < 500
    return line


def test_a_model_answers_images_as_the_package_asks_them(write):
    source = write("def build():\n    return Net(channels=1)\nbuild.input = (1, 20, 24)\n")
    made = own_model(source)
    assert made.name == "my.py:build"
    assert made.image_shape == (20, 24, 1)
    assert made.class_names == ("class 0", "class 1", "class 2", "class 3")
    assert not made.has_names
    assert not made.model.training
    images = torch.rand(3, 1, 20, 24)
    torch.testing.assert_close(made.model(images), made.model.network(images))


def test_what_is_said_of_images_and_classes_is_heeded_and_the_nearest_word_wins(write):
    source = write(
        """
        def build():
            return {"model": Net(), "mean": 0.25, "classes": ["a", "b", "c", "d"]}
        build.std, build.mean = (0.5, 0.25, 0.125), 9.0
        """
    )
    made = own_model(f"{source},classes=k+l+m+n", input="3x16x16")
    assert made.class_names == ("k", "l", "m", "n")
    images = torch.rand(2, 3, 16, 16)
    std = torch.tensor([0.5, 0.25, 0.125]).view(3, 1, 1)
    torch.testing.assert_close(made.model(images), made.model.network((images - 0.25) / std))


def test_a_size_that_fits_is_found_by_trying_and_said_where_others_fit_too(write):
    body = "def build():\n    return nn.Sequential(nn.Flatten(), nn.Linear(784, 10))\n"
    only = own_model(write(body))
    assert only.image_shape == (28, 28, 1)
    assert not any("assumed" in note for note in only.notes)
    several = own_model(write("def build():\n    return Net()\n", "other.py"))
    assert several.image_shape == (32, 32, 3)
    assert any("input=3x32x32 was assumed" in note for note in several.notes)
    small = own_model(write("def build():\n    return Net(1, 10)\n"), classes="digits8")
    assert small.image_shape == (8, 8, 1)  # that data set's


@pytest.mark.parametrize(
    ("wrap", "said"),
    [
        ("lambda y: (y, y + 1)", "returns a tuple of 2: number 1 is taken"),
        ("lambda y: [None, y]", "returns a list of 2: number 2 is taken"),
        ("lambda y: {'features': y, 'logits': y}", "its 'logits' are taken"),
        ("lambda y: {'out': y}", "its 'out' are taken"),
        ("lambda y: y[..., None, None]", "4×1×1 values an image"),
    ],
)
def test_logits_are_taken_out_of_what_comes_around_them(write, wrap, said):
    made = own_model(write(f"def build():\n    return Net(wrap={wrap})\n"))
    assert any(said in note for note in made.notes), made.notes
    assert made.model(torch.rand(5, 3, 32, 32)).shape == (5, 4)


def test_models_come_to_the_processor_and_to_single_precision(write):
    made = own_model(write("def build():\n    return Net().double()\n"))
    assert "brought from float64 to float32" in made.notes
    assert made.model(torch.rand(1, 3, 32, 32)).dtype == torch.float32
    assert "on the meta device" in refused(
        write("def build():\n    return Net().to('meta')\n", "b.py")
    )


def test_a_model_without_weights_of_its_own_is_the_same_each_time(write):
    source = write("def build():\n    return Net()\n")
    state = torch.get_rng_state()
    one, two = own_model(source), own_model(source)
    assert torch.equal(torch.get_rng_state(), state)
    assert one.digest == two.digest
    other = own_model(write("def build():\n    return Net(norm=nn.InstanceNorm2d)\n"))
    assert other.digest != one.digest
    assert own_model(source, mean=0.5).digest != other.digest


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("pass", "has no function 'build'; it has Net"),
        ("build = 3", "build is a int, no function"),
        ("def build(", "raises SyntaxError"),
        ("def build():\n    raise KeyError('no weights')", "raises KeyError: 'no weights' in line"),
        ("def build():\n    open('/nowhere/at/all')", "raises FileNotFoundError"),
        ("def build():\n    raise SystemExit(2)", "ends the program in line"),
        ("def build(size):\n    return Net()", "raises TypeError"),
        ("def build():\n    return None", "returned nothing, expected a torch.nn.Module"),
        ("def build():\n    return Net", "returned a type, expected a torch.nn.Module"),
        ("def build():\n    return {'net': Net()}", "returned a dictionary with 'net'"),
        ("def build():\n    return Net(classes=1)", "expected logits (2, classes)"),
        ("def build():\n    return Net(channels=5)", "takes no images of any size"),
        ("def build():\n    return nn.Conv2d(3, 4, 1)", "expected logits (2, classes)"),
        ("def build():\n    return Net(wrap=lambda y: {'a': y, 'b': y})", "none of them logits"),
        ("def build():\n    return Net(wrap=lambda y: 'dog')", "returns a str"),
        ("def build():\n    return torch.jit.trace(Net(), torch.rand(1, 3, 32, 32))", "torch.jit"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_what_is_wrong_with_a_file_is_said_in_a_line(write, body, line):
    said = refused(write(body))
    assert said.startswith("my.py:build: ")
    assert line in said


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ({"input": "3x32"}, "input is channels (1 or 3), height and width"),
        ({"input": (1, 32, 32)}, "takes no images of 1×32×32"),
        ({"classes": ["a", "b"]}, "has 4 logits, and 2 classes are named"),
        ({"classes": ["a", "b", "b", "c"]}, "two classes are called 'b'"),
        ({"classes": "no such thing"}, "neither a data set"),
        ({"classes": "none.txt"}, "expected a text with a name a line"),
        ({"mean": (0.5, 0.5)}, "mean is a number for each of 3 channels"),
        ({"std": 0}, "std is a number above 0"),
    ],
)
def test_what_is_said_of_it_is_checked(write, said, line):
    assert line in refused(write("def build():\n    return Net()\n"), **said)


def test_one_that_takes_too_long_is_ended(write):
    started = time.monotonic()
    line = refused(write("import time\ndef build():\n    time.sleep(60)\n"), seconds=0.2)
    assert "takes more than 0.2 s" in line
    assert time.monotonic() - started < 30


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("resnet18", "name a model as FILE.py:FUNCTION"),
        ("my.py", "name a model as FILE.py:FUNCTION"),
        ("resnet18:weights.pth", "can run what is in it"),
        ("nowhere.py:build", "nowhere.py: expected a Python file, got no such file"),
        ("resnet18:none.safetensors", "expected a safetensors file, got no such file"),
    ],
)
def test_what_names_no_model_is_said_in_a_line(text, line):
    assert line in refused(text)


def test_a_source_is_read_as_it_is_written():
    source = ModelSource.read("dir,with=comma/my.py:build,input=3x8x8,mean=0.5/0.4/0.3,norm=afn")
    assert source.file.parent.name == "dir,with=comma"
    assert source.options == {"input": "3x8x8", "mean": "0.5/0.4/0.3", "norm": "afn"}
    assert ModelSource.read(source.to_text()).options == source.options
    assert source.said(norm="", input="1x8x8").options == {"input": "1x8x8", "mean": "0.5/0.4/0.3"}


# -- weights of a known architecture ---------------------------------------------------------------


@pytest.fixture(scope="module")
def squeezed(tmp_path_factory):
    """A small architecture's weights, of seven classes."""
    from torchvision.models import squeezenet1_1

    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = squeezenet1_1(num_classes=7)
    path = tmp_path_factory.mktemp("weights") / "seven.safetensors"
    save_file(model.state_dict(), path)
    return path, model.eval()


def test_weights_of_a_known_architecture_are_taken_as_they_are(squeezed):
    path, model = squeezed
    made = own_model(f"squeezenet1_1:{path}", input=(3, 64, 64), mean=0.0, std=1.0)
    assert made.name == "squeezenet1_1:seven.safetensors"
    assert len(made.class_names) == 7
    images = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        torch.testing.assert_close(made.model(images), model(images))


def test_weights_of_another_architecture_are_told_by_name(squeezed, tmp_path):
    path, model = squeezed
    line = refused(f"resnet18:{path}")
    assert "is not of resnet18: it misses conv1.weight, bn1.weight and 120 more" in line
    assert "has classifier.1.bias, classifier.1.weight" in line
    state = {**model.state_dict(), "features.0.weight": torch.zeros(64, 3, 5, 5)}
    save_file(state, tmp_path / "odd.safetensors")
    assert "has features.0.weight of (64, 3, 5, 5) in place of (64, 3, 3, 3)" in refused(
        f"squeezenet1_1:{tmp_path / 'odd.safetensors'}"
    )
    (tmp_path / "text.safetensors").write_text("no such thing")
    assert "is no safetensors file" in refused(f"resnet18:{tmp_path / 'text.safetensors'}")
    assert "did you mean resnet18" in refused(f"resnet_18:{path}").replace(
        "resnet18 or", "resnet18"
    )
    assert "architectures are torchvision's and timm's" in refused(f"keras:resnet18:{path}")


def test_a_module_is_no_more_than_it_says(squeezed):
    path, _ = squeezed
    made = own_model(f"squeezenet1_1:{path}", input=(3, 64, 64))
    assert isinstance(made.model.network, nn.Module)
    assert "images are normalized as ImageNet's: mean= and std= say otherwise" in made.notes
