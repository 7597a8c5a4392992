"""From a Python file's function, or a file of weights, to a model that answers images."""

import hashlib
import importlib.util
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from afn.ask.network import Rebuilt
from afn.norms import convert_norm
from afn.norms._base import Norm
from afn.norms._found import find_norms
from afn.own.kept import unnamed
from afn.own.source import ModelSource
from afn.own.trying import Answering, Said, answer_once, tried
from afn.own.weights import from_weights

SECONDS = 120.0
"""So long building and trying may take."""
_SAID = ("input", "classes", "mean", "std")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class OwnModel:
    """A model that anybody wrote, as this package asks models.

    Example:
        >>> from pathlib import Path
        >>> from afn import OwnModel, own_model
        >>> _ = Path("tiny.py").write_text('''
        ... from torch import nn
        ... def build():
        ...     return nn.Sequential(
        ...         nn.Conv2d(1, 4, 3), nn.GroupNorm(2, 4), nn.Flatten(), nn.Linear(144, 10)
        ...     )
        ... ''')
        >>> made = own_model("tiny.py:build", classes="digits8")
        >>> isinstance(made, OwnModel), made.image_shape, made.class_names[3]
        (True, (8, 8, 1), '3')
    """

    model: Answering
    """Images (N, C, H, W) in [0, 1] to logits; on the CPU, in eval mode. What was returned is its
    ``network``."""
    image_shape: tuple[int, int, int]
    """(H, W, C) of the images that it takes."""
    class_names: tuple[str, ...]
    """What each logit stands for: "class 0" and so on where nobody said."""
    dataset: str
    """Whose classes these are, where they were said by its name; else empty."""
    name: str
    digest: str
    """SHA-256 of file, weights and normalization: another model has another one."""
    source: ModelSource
    notes: tuple[str, ...] = ()
    """What was assumed or done, in a line each."""

    @property
    def has_names(self) -> bool:
        """Whether somebody said what its classes are called."""
        return self.class_names != unnamed(len(self.class_names))


def own_model(
    source: str | ModelSource,
    *,
    input: Sequence[int] | str | None = None,
    classes: Sequence[str] | str | None = None,
    mean: Sequence[float] | float | str | None = None,
    std: Sequence[float] | float | str | None = None,
    seconds: float = SECONDS,
) -> OwnModel:
    """The model that a function of a Python file returns, or weights of a known architecture.

    The file is executed, in this process. What is not said here is looked for in the source's
    options (``my.py:build,input=3x64x64``), then in what the function returns where that is a
    dictionary (``{"model": ..., "classes": [...]}``), then on the function (``build.classes =
    [...]``) and on the model; the size of images is tried where nobody says it.

    Args:
        source: ``FILE.py:FUNCTION``, or ``ARCHITECTURE:FILE.safetensors`` with a name of
            torchvision's or timm's (``timm:NAME:FILE`` where both have it).
        input: Channels, height and width of images.
        classes: Names of the logits; or the name of a data set, or a text file with one a line.
        mean: What images in [0, 1] are normalized by, of each channel; "imagenet" for ImageNet's.
            Without it, and without `std`, they are not.
        std: The standard deviations.
        seconds: So long it may take, where this is the main thread.

    Raises:
        ValueError: One line says what is wrong with file, function, model or options.
        ImportError: An architecture of timm's, which is not installed.

    Example:
        >>> import torch
        >>> from pathlib import Path
        >>> from afn import own_model
        >>> _ = Path("net.py").write_text('''
        ... from torch import nn
        ... def build():
        ...     layers = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.AdaptiveAvgPool2d(1)
        ...     return nn.Sequential(*layers, nn.Flatten(), nn.Linear(8, 2))
        ... build.classes = ["cat", "dog"]
        ... ''')
        >>> made = own_model("net.py:build", input=(3, 24, 24))
        >>> made.model(torch.rand(5, 3, 24, 24)).shape, made.class_names
        (torch.Size([5, 2]), ('cat', 'dog'))
    """
    source = ModelSource.read(source) if isinstance(source, str) else source
    given = dict(zip(_SAID, (input, classes, mean, std), strict=True))
    options: dict[str, Any] = {
        name: source.options[name] for name in _SAID if name in source.options
    }
    options |= {name: value for name, value in given.items() if value is not None}
    file_digest = source.file_digest()
    with _told(source.name), _limited(seconds), _as_before():
        if source.kind == "weights":
            model, said, notes = from_weights(source.what, source.file)
        else:
            model, said, notes = _from_function(source)
        model, moved = _brought(model)
        told = Said.of({**said, **options})
        is_known = source.kind == "weights"
        answering, image_shape, class_names, more = tried(model, told, is_known=is_known)
    return OwnModel(
        model=answering,
        image_shape=image_shape,
        class_names=class_names,
        dataset=told.dataset,
        name=source.name,
        digest=_digest(file_digest, source.what, answering),
        source=source,
        notes=(*notes, *moved, *more),
    )


def built_again(rebuilt: Rebuilt, image_shape: tuple[int, int, int]) -> Answering:
    """The same model once more, its norms as `adopted` and converted; its tensors are to come.

    Raises:
        ValueError: It cannot be built, or its file has changed since.
    """
    source = ModelSource.read(rebuilt.source)
    if source.file_digest() != rebuilt.file_digest:
        raise ValueError(f"{source.name} has changed since it was taken: start the app again")
    height, width, channels = image_shape
    with _told(source.name), _limited(SECONDS), _as_before():
        if source.kind == "weights":
            model = from_weights(source.what, source.file)[0]
        else:
            model = _from_function(source)[0]
        model = _brought(model)[0]
        answer_once(model, (channels, height, width))  # lazy layers have no channels before
        converted = adopted(model, rebuilt.became)
    return Answering(converted, (0.0,) * channels, (1.0,) * channels, rebuilt.pick)


def adopted(model: nn.Module, norm: str = "") -> nn.Module:
    """A model whose batch normalizations can choose statistics, or with another norm.

    Those of torch's become ours, which compute the same; with a name, all that can become it does.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the report lists what was left
        if norm:
            return convert_norm(model, norm)
        of_torch = {it.paths for it in find_norms(model)
                    if not it.obstacle and isinstance(it.layer, _BatchNorm)
                    and not isinstance(it.layer, Norm)}  # fmt: skip
        if not of_torch:
            return model
        paths = {path for each in of_torch for path in each}
        try:
            return convert_norm(model, "bn", only=lambda path, _: path in paths)
        except ValueError:  # none has a form of ours
            return model


# -- a function of a file --------------------------------------------------------------------------


def _from_function(source: ModelSource) -> tuple[nn.Module, dict[str, Any], list[str]]:
    module = _executed(source.file)
    make = getattr(module, source.what, None)
    if make is None:
        known = [
            name
            for name, value in vars(module).items()
            if callable(value) and getattr(value, "__module__", "") == module.__name__
        ]
        raise ValueError(
            f"has no function {source.what!r}; "
            f"{'it has ' + ', '.join(known[:6]) if known else 'it has none at all'}"
        )
    if not callable(make):
        raise ValueError(f"{source.what} is a {type(make).__name__}, no function")
    made = _called(make, source.file)
    said: dict[str, Any] = {}
    if isinstance(made, Mapping):
        if unknown := set(made) - {"model", *_SAID}:
            raise ValueError(
                f"returned a dictionary with {sorted(map(str, unknown))[0]!r}; it may have model, "
                f"{', '.join(_SAID)}"
            )
        said, made = {name: made[name] for name in _SAID if name in made}, made.get("model")
    if not isinstance(made, nn.Module):
        raise ValueError(f"returned {_kind(made)}, expected a torch.nn.Module")
    here = vars(make) if hasattr(make, "__dict__") and not isinstance(make, type) else {}
    on_function = {name: here[name] for name in _SAID if name in here}
    return made, {**_of_timm(made), **on_function, **said}, []


def _of_timm(model: nn.Module) -> dict[str, Any]:
    """What timm's models say of themselves."""
    told = getattr(model, "default_cfg", None)
    if not isinstance(told, Mapping):
        return {}
    names = {"input": "input_size", "mean": "mean", "std": "std"}
    return {name: told[key] for name, key in names.items() if told.get(key)}


def _executed(file: Path) -> ModuleType:
    """The file as a module; what lies beside it can be imported, as by ``python FILE``."""
    path = file.absolute()
    folder = str(path.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    name = f"afn_own_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look there
    _called(lambda: spec.loader.exec_module(module), file)  # type: ignore[union-attr]
    return module


def _called(make: Callable[[], Any], file: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make()
    except (Exception, SystemExit) as error:  # a foreign function can fail in any way
        where = [at.lineno for at in traceback.extract_tb(error.__traceback__)
                 if Path(at.filename).absolute() == file.absolute()]  # fmt: skip
        line = where[-1] if where else getattr(error, "lineno", None)
        at = f" in line {line}" if line else ""
        said = "ends the program" if isinstance(error, SystemExit) else f"raises {_one_line(error)}"
        raise ValueError(f"{said}{at}") from None


def made_by(file: Path, function: str) -> Any:
    """What a function of a Python file returns, whatever it is. The file is executed, here.

    Raises:
        ValueError: One line says what is wrong with file or function.
    """
    with _told(f"{file.name}:{function}"):
        if not file.is_file():
            raise ValueError("there is no such file: check its name")
        make = getattr(_executed(file), function, None)
        if not callable(make):
            raise ValueError(f"has no function {function!r}")
        return _called(make, file)


# -- whatever it is --------------------------------------------------------------------------------


def _brought(model: nn.Module) -> tuple[nn.Module, list[str]]:
    """On the CPU, in float32 and in eval mode; and what had to be done for that."""
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError("returned a compiled torch.jit module, whose layers are closed: take the "
                         "model that was compiled")  # fmt: skip
    tensors = [*model.parameters(), *model.buffers()]
    devices = {tensor.device.type for tensor in tensors}
    if "meta" in devices:
        raise ValueError("has parameters on the meta device, which hold no values: load them first")
    notes = []
    if others := sorted(devices - {"cpu"}):
        notes.append(f"moved from {' and '.join(others)} to the CPU")
    halves = {str(it.dtype).removeprefix("torch.") for it in tensors
              if it.is_floating_point() and it.dtype != torch.float32}  # fmt: skip
    if halves:
        notes.append(f"brought from {' and '.join(sorted(halves))} to float32")
    return model.to("cpu").float().eval(), notes


def _digest(file: str, what: str, model: Answering) -> str:
    found = hashlib.sha256(f"{file} {what}".encode())
    for name, tensor in model.state_dict().items():
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().contiguous().view(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Names the model before whatever is wrong with it."""
    try:
        yield
    except (ValueError, ImportError) as error:
        kind = type(error) if type(error) in (ValueError, ImportError) else ValueError
        raise kind(f"{name}: {_one(str(error))}") from None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Ends what takes longer, where signals come: in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise _Late

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except _Late:
        raise ValueError(
            f"takes more than {seconds:g} s to be built and tried: have the function load what is "
            f"ready, not make it"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


class _Late(BaseException):
    """Nobody's but ours to catch."""


@contextmanager
def _as_before() -> Iterator[None]:
    """Random numbers begin alike each time, so that a model without weights is always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def _kind(value: object) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _one_line(error: BaseException) -> str:
    return _one(f"{type(error).__name__}: {error}")


def _one(text: str) -> str:
    return " ".join(text.split())[:400].rstrip(" :")
