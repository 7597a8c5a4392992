"""``python -m afn.own.keeping RUNS SOURCE``: take a model of one's own, in a process of its own.

The last line that is printed is the digest by which it is kept; with status 1, what is wrong.
"""

import hashlib
import sys
from collections import Counter
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

from afn.data import load_dataset
from afn.data.forms import in_form
from afn.norms import NORMS, Conversion, conversion_report, norm_layers, recalibrate
from afn.norms._found import find_norms, name_of
from afn.norms.registry import OTHER_FORMS
from afn.own.building import OwnModel, adopted, own_model
from afn.own.kept import FoundLayer, KeptModel, OwnStore
from afn.own.source import ModelSource
from afn.pixels import as_float
from afn.settings.norms import ADAPTIVE_NORMS, NORM_NAMES

_MEASURED = 2000
"""Training images that running averages are measured on, in batches of ..."""
_BATCH = 50
_ALIKE = 1e-4
"""So far, in parts of the largest, logits of the model that is built again may be off."""


def keep(source: ModelSource, root: Path) -> KeptModel:
    """Build, try and keep a model, as it is or with the norm and averages that the source names.

    Args:
        source: Its ``norm`` and ``averages`` make another model of it.
        root: The run store's.

    Raises:
        ValueError: One line says what is wrong with it.
        ImportError: What it needs is not installed.
    """
    became, averages = (source.options.get(name, "") for name in ("norm", "averages"))
    if became and became not in NORM_NAMES:
        raise ValueError(f"norm must be one of {', '.join(NORM_NAMES)}, got {became!r}")
    plain = source.said(norm="", averages="")
    made = own_model(plain)
    answering = made.model
    network = answering.network
    report, why_none = _report(made, became)
    layers = _layers(network, report, why_none)
    answering.network = adopted(network, became)
    answering.eval()
    if averages:
        _measure(made, averages)
    digest = made.digest
    if became or averages:
        digest = hashlib.sha256(f"{digest} {became} {averages}".encode()).hexdigest()
    norms = norm_layers(made.model).values()
    switchable = [layer for layer in norms if layer.eval_stats]
    tracked = [layer for layer in switchable if _tracks(layer)]
    kept = KeptModel(
        id=_id(made.name, became, averages),
        digest=digest,
        base=made.digest,
        source=plain.to_text(),
        file_digest=plain.file_digest(),
        what=plain.what,
        norm=_norm(made.model),
        became=became,
        averages=averages,
        image_shape=made.image_shape,
        class_names=made.class_names,
        dataset=made.dataset,
        has_choice=bool(switchable) and len(tracked) == len(switchable),
        tracks=any(_tracks(module) for module in made.model.modules()),
        of_batch=bool(switchable) and len(tracked) < len(switchable),
        pick=answering.pick,
        parameters=sum(it.numel() for it in made.model.parameters()),
        layers=layers,
        summary=tuple(report.summary()) if report else (why_none,) if why_none else (),
        notes=made.notes,
    )
    _write(kept, made, OwnStore(root))
    return kept


def _report(made: OwnModel, became: str) -> tuple[Conversion | None, str]:
    """What a conversion does, and why there can be none."""
    height, width, channels = made.image_shape
    images = torch.rand(4, channels, height, width, generator=torch.Generator().manual_seed(0))
    try:
        return conversion_report(made.model.network, became or "afn", images), ""
    except ValueError as error:
        if became:
            raise
        return None, f"{error}"


def _layers(network: nn.Module, report: Conversion | None, why_none: str) -> tuple[FoundLayer, ...]:
    by_path = {it.path: it for it in report.layers} if report else {}
    found = []
    for it in find_norms(network):
        path = it.paths[0]
        became = by_path[path].became if path in by_path else None
        reason = by_path[path].reason if path in by_path else it.obstacle or why_none
        found.append(
            FoundLayer(
                path=path or "(the model)",
                kind=name_of(it.layer),
                norm=_norm_of(it.layer),
                channels=_channels(it.layer),
                becomes=became or "",
                reason="" if became else reason,
            )
        )
    return tuple(found)


def _channels(layer: nn.Module) -> int:
    from afn.ask.inside.layers import num_channels

    return num_channels(layer)


def _norm(model: nn.Module) -> str:
    """What its layers are, by the norm's name: λ before batches before the most frequent."""
    counts = Counter(_norm_of(it.layer) for it in find_norms(model))
    for nobodys in ("", "none"):
        counts.pop(nobodys, None)
    first = [name for name in (*ADAPTIVE_NORMS, "bn") if name in counts]
    return first[0] if first else counts.most_common(1)[0][0] if counts else "none"


def _norm_of(layer: nn.Module) -> str:
    """The norm's name; empty for none that there is a name for."""
    ours = {cls: name for name, cls in NORMS.items()}
    ours |= {cls: name for name, forms in OTHER_FORMS.items() for cls in forms.values()}
    kinds: list[tuple[bool, str]] = [
        (isinstance(layer, nn.LayerNorm) or "LayerNorm" in name_of(layer), "ln"),
        (isinstance(layer, nn.GroupNorm), "gn"),
        (isinstance(layer, _InstanceNorm), "in"),
        (isinstance(layer, _BatchNorm) or _tracks(layer), "bn"),
    ]
    return ours.get(type(layer)) or next((name for is_it, name in kinds if is_it), "")  # type: ignore[arg-type]


def _tracks(module: nn.Module) -> bool:
    return isinstance(module._buffers.get("running_mean"), torch.Tensor)


def _measure(made: OwnModel, dataset: str) -> None:
    """Measure running averages anew, on a data set's training images in the model's form."""
    if not any(map(_tracks, made.model.modules())):
        raise ValueError(f"{made.name}: has no running averages to measure")
    images = load_dataset(dataset).x_train[:_MEASURED]
    recalibrate(
        made.model,
        (
            as_float(torch.from_numpy(in_form(images[at : at + _BATCH], made.image_shape)))
            for at in range(0, len(images), _BATCH)
        ),
    )


def _write(kept: KeptModel, made: OwnModel, store: OwnStore) -> None:
    """All of it, once it is known that the model can be built again."""
    from afn.ask.models import restored

    folder = store.folder(kept.digest)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: it.detach().contiguous().clone() for name, it in
               made.model.state_dict().items()}  # fmt: skip
    part = folder / "weights.part"
    save_file(tensors, part)
    part.replace(folder / "weights.safetensors")
    network = kept.network(store.root)
    height, width, channels = kept.image_shape
    images = torch.rand(3, channels, height, width, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected, found = made.model(images), restored(network)(images)
    apart = float((expected - found).nan_to_num().abs().max())
    if apart > _ALIKE * (1 + float(expected.nan_to_num().abs().max())):
        raise ValueError(
            f"{kept.id}: built a second time it answers otherwise (by {apart:.2g}): what it knows "
            f"has to be in its state_dict"
        )
    store.write(kept)
    if kept.digest == kept.base:
        store.note(ModelSource.read(kept.source), kept)


def _id(name: str, became: str, averages: str) -> str:
    changes = {"norm": became, "averages": averages}
    return name + "".join(f",{what}={value}" for what, value in changes.items() if value)


def main(root: str, text: str) -> int:
    """As a program does: the status."""
    torch.set_num_threads(1)
    out = sys.stdout
    sys.stdout = sys.stderr  # what the model's own file prints
    try:
        said, status = keep(ModelSource.read(text), Path(root)).digest, 0
    except (ValueError, TypeError, RuntimeError, OSError, ImportError) as error:
        said, status = " ".join(f"{error}".split())[:500], 1
    out.write(f"{said}\n")
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
