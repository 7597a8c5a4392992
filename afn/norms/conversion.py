"""What a conversion does to a model, layer by layer, and the proof that it does no more."""

import copy
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from afn.norms._adaptive import AdaptiveNorm
from afn.norms._base import EvalStats, Norm, norm_layers
from afn.norms._carried import is_at_each_place
from afn.norms._differences import AnsweringCopy, OutputDifference, difference, same_draws
from afn.norms._found import is_per_image, name_of
from afn.norms._selection import Selection
from afn.norms.convert import Replacement, replace_norms
from afn.norms.norm_act import NormAct
from afn.norms.registry import row_of
from afn.settings.lambda_init import LAMBDAS
from afn.settings.norms import NORM_ROWS

_ALONE = "no longer each image by itself"
_AVERAGES = "running averages"


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerConversion:
    """What became of one normalization.

    Example:
        >>> import torch
        >>> from afn import conversion_report
        >>> from afn.norms import LayerConversion
        >>> (layer,) = conversion_report(torch.nn.Sequential(torch.nn.BatchNorm2d(8)), "bn").layers
        >>> isinstance(layer, LayerConversion), layer.path, layer.became
        (True, '0', 'BatchNorm2d')
    """

    path: str
    """Its name in the model; "" is the model itself."""
    was: str
    """The class of the layer that was there."""
    became: str | None
    """The class of the layer in its place; None where it was kept."""
    reason: str = ""
    """Why it was kept."""
    carried: tuple[str, ...] = ()
    """What it took over: "γ", "β", "running averages"."""
    lost: tuple[str, ...] = ()
    """What it did not take over as it was, in a few words each."""
    parameters_before: int
    parameters_after: int
    is_called: bool | None = None
    """Whether the batch went through it; None where it was kept, or without a batch."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Conversion:
    """A converted copy of a model, and what was done to it; as a string it is a table.

    Example:
        >>> import torch
        >>> from afn import Conversion, conversion_report
        >>> conversion = conversion_report(torch.nn.Sequential(torch.nn.BatchNorm2d(8)), "afn")
        >>> isinstance(conversion, Conversion), conversion.parameters_after
        (True, 177)
        >>> print(conversion.rows()[1])
        0      BatchNorm2d  AFN2d    16 → 177
    """

    model: nn.Module
    """The copy."""
    name: str
    """Of the norm."""
    layers: tuple[LayerConversion, ...]
    """Every normalization that was there, in order."""
    parameters_before: int
    parameters_after: int
    new_parameters: int
    """Of those after, the ones that an optimizer built before does not train."""
    differences: tuple[OutputDifference, ...] = ()
    """Of the outputs with every new λ at 0 from the original's; none without a batch."""

    def __str__(self) -> str:
        return "\n".join([*self.rows(), "", *self.summary()])

    def rows(self) -> list[str]:
        """A line for every layer, below a header."""
        cells = [("layer", "was", "becomes", "parameters")]
        for layer in self.layers:
            before, after = layer.parameters_before, layer.parameters_after
            counts = f"{before:,}" if before == after else f"{before:,} → {after:,}"
            cells.append((layer.path or "(the model)", layer.was, layer.became or "kept", counts))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        rows = ["  ".join(map(str.ljust, row, widths)) for row in cells]
        reasons = ["", *(layer.reason or "; ".join(layer.lost) for layer in self.layers)]
        return [f"{row}  {why}".rstrip() for row, why in zip(rows, reasons, strict=True)]

    def summary(self) -> list[str]:
        """What holds for the model as a whole, in a few lines."""
        lines = []
        became = Counter(layer.became for layer in self.layers if layer.became)
        for kind, count in became.items():
            lines.append(f"{count} of {len(self.layers)} normalization layers become {kind}")
        lost = Counter((it.was, it.carried, it.lost) for it in self.layers if it.lost)
        for (was, carried, what), count in lost.items():
            kept_on = f"{' and '.join(carried)} carried over, " if carried else ""
            lines.append(f"{count} {was}: {kept_on}{'; '.join(what)}")
        kept = Counter((it.was, it.reason) for it in self.layers if not it.became)
        lines += [f"{count} kept: {was} {reason}" for (was, reason), count in kept.items()]
        lines += [*self._growth(), *self._proof()]
        adapting = {type(it).__name__ for it in norm_layers(self.model).values() if _adapts(it)}
        if adapting:
            lines.append(
                f"at test time {' and '.join(sorted(adapting))} takes the test batch's statistics; "
                f'running averages: set_eval_stats(model, "running")'
            )
        return lines

    def record(self) -> dict[str, Any]:
        """All but the model, for JSON."""
        return {
            "norm": self.name,
            "parameters_before": self.parameters_before,
            "parameters_after": self.parameters_after,
            "new_parameters": self.new_parameters,
            "differences": [asdict(it) for it in self.differences],
            "layers": [asdict(layer) for layer in self.layers],
        }

    def _growth(self) -> list[str]:
        before, after = self.parameters_before, self.parameters_after
        share = f" ({100 * (after - before) / before:+.1f} %)" if before else ""
        lines = [f"parameters of the model: {before:,} → {after:,}{share}"]
        if self.new_parameters:
            lines.append(
                f"{self.new_parameters:,} of them are new: an optimizer built before lacks them"
            )
        return lines

    def _proof(self) -> list[str]:
        if not self.differences:
            return []
        found = ", ".join(
            f"{it.mode} {it.relative:.1e}"
            if it.num_values
            else f"{it.mode} gave nothing to compare"
            for it in self.differences
        )
        dtype = self.differences[0].dtype
        when = " with every new λ at 0" if NORM_ROWS[self.name].is_adaptive else ""
        line = f"largest difference of the outputs{when}: {found} (relative, in {dtype})"
        is_bn = NORM_ROWS[self.name].is_bn_at_zero
        if not is_bn or any(_ALONE in layer.lost for layer in self.layers):
            line += f"; {self.name} is another function"
        uncalled = [layer.path for layer in self.layers if layer.is_called is False]
        if not uncalled:
            return [line]
        return [
            line,
            f"no part in this batch, unless the model reads their parameters itself: "
            f"{', '.join(uncalled)}",
        ]


def conversion_report(
    model: nn.Module,
    name: str,
    batch: Any = None,
    *,
    skip: Selection = (),
    only: Selection | None = None,
    **options: Any,
) -> Conversion:
    """Convert a copy of a model, and say what `convert_norm` does to every normalization.

    Given a batch, the outputs of the copy with every new λ at 0 are compared with the original's,
    in the mode that the model is in and in evaluation mode, there with running averages where the
    original took them. Both compute in float64, if they can, so that rounding hides no error, and
    draw the same random numbers, for dropout, say. AFN, BIN and BN differ by rounding alone; that
    is not little where a model sorts, as detection networks do with scores that are nearly equal.

    Args:
        model: Left as it is, its running averages and mode included, and so is the state of the
            random generators.
        name: One of `NORMS`.
        batch: What the model takes: a tensor or list, a tuple of positional arguments, or a
            dictionary of keyword arguments.
        skip: As in `convert_norm`.
        only: As in `convert_norm`.
        **options: For the factory.

    Raises:
        ValueError: As in `convert_norm`; or the model does not take the batch.
        TypeError: As in `convert_norm`.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from afn import conversion_report
        >>> model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.LayerNorm(6))
        >>> conversion = conversion_report(model, "bn", torch.rand(4, 3, 8, 8))
        >>> [(layer.path, layer.became, layer.reason[:21]) for layer in conversion.layers]
        [('1', 'BatchNorm2d', ''), ('2', None, 'is over the last axis')]
        >>> max(difference.relative for difference in conversion.differences) < 1e-12
        True
    """
    with same_draws(model):
        copied = copy.deepcopy(model)
        known = set(copied.parameters())
        converted, replacements = replace_norms(copied, name, skip, only, options)
    called: set[str] = set()
    differences: tuple[OutputDifference, ...] = ()
    if batch is not None:
        differences = _compared(model, converted, replacements, batch, called)
    return Conversion(
        model=converted,
        name=name,
        layers=tuple(_layer(it, None if batch is None else called) for it in replacements),
        parameters_before=_count(model.parameters()),
        parameters_after=_count(converted.parameters()),
        new_parameters=_count(set(converted.parameters()) - known),
        differences=differences,
    )


def _layer(replacement: Replacement, called: set[str] | None) -> LayerConversion:
    old, new, path = replacement.found.layer, replacement.new, replacement.found.paths[0]
    carried, lost = _taken_over(old, new) if new else ((), ())
    return LayerConversion(
        path=path,
        was=name_of(old),
        became=_kind(new) if new else None,
        reason=replacement.reason,
        carried=carried,
        lost=lost,
        parameters_before=_count(old.parameters()),
        parameters_after=_count((new or old).parameters()),
        is_called=None if new is None or called is None else path in called,
    )


def _taken_over(old: nn.Module, new: nn.Module) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a layer has of the one that was there, and what it has not as it was."""
    layer = new.norm if isinstance(new, NormAct) else new
    before, after = ({**it._parameters, **it._buffers} for it in (old, layer))
    carried, lost = [], []
    if is_per_image(old) and isinstance(layer, Norm) and row_of(layer).measures_batch:
        lost.append(_ALONE)
    for tensor, name in (("weight", "γ"), ("bias", "β"), ("running_mean", _AVERAGES)):
        values, kept = before.get(tensor), after.get(tensor)
        if values is not None and kept is values:
            carried.append(name)
        elif name == _AVERAGES and kept is not None:
            lost.append(f"{_AVERAGES} start anew: recalibrate(model, loader)")
        elif values is not None and kept is None:
            lost.append(f"without its {name}")
        elif is_at_each_place(values):
            flat = values.flatten(1)
            if bool((flat == flat[:, :1]).all()):
                carried.append(name)
            else:
                lost.append(f"{name} is its mean over all places")
    return tuple(carried), tuple(lost)


def _kind(layer: nn.Module) -> str:
    return f"NormAct({name_of(layer.norm)})" if isinstance(layer, NormAct) else name_of(layer)


def _count(parameters: Iterable[nn.Parameter]) -> int:
    return sum(parameter.numel() for parameter in parameters if not is_lazy(parameter))


def _compared(
    model: nn.Module,
    converted: nn.Module,
    replacements: Sequence[Replacement],
    batch: Any,
    called: set[str],
) -> tuple[OutputDifference, ...]:
    """The differences by mode; `called` takes the paths of new layers that a batch went through."""
    trains = any(module.training for module in model.modules())
    modes = ["train", "eval"] if trains else ["eval"]
    before, dtype = _answers(model, modes, batch)
    copied = AnsweringCopy(converted, batch, dtype)
    for it in replacements:
        if it.new is not None:
            path = it.found.paths[0]
            layer = copied.model.get_submodule(path)
            layer.register_forward_pre_hook(lambda *_, path=path: called.add(path))
            _let_be_as(it.found.layer, layer.norm if isinstance(layer, NormAct) else layer)
    after = [copied(mode) for mode in modes]
    return tuple(map(difference, modes, before, after))


def _answers(
    model: nn.Module, modes: list[str], batch: Any
) -> tuple[list[list[Tensor]], torch.dtype | None]:
    """The model's outputs by mode, and the precision that it can compute in besides its own."""
    error: Exception | None = None
    for dtype in (torch.float64, None):
        try:
            answers = AnsweringCopy(model, batch, dtype)
            return [answers(mode) for mode in modes], dtype
        except Exception as raised:  # a foreign forward can fail in any way
            error = raised
    reason = " ".join(str(error).split())
    raise ValueError(f"the model does not take the batch ({type(error).__name__}: {reason})")


def _let_be_as(old: nn.Module, new: nn.Module) -> None:
    """Let the new layer do what the old one does, as far as λ and statistics are concerned."""
    if isinstance(new, AdaptiveNorm):
        new.lambda_overrides = dict.fromkeys(LAMBDAS, 0.0)
        new.stat_dropout = 0.0  # it would draw
    if isinstance(new, Norm) and new.eval_stats is not None:
        tracked = old._buffers.get("running_mean") is not None and not is_per_image(old)
        stats: EvalStats = "running" if tracked else "batch"
        new.eval_stats = getattr(old, "eval_stats", None) or stats


def _adapts(layer: Norm) -> bool:
    return layer.eval_stats == "batch" and layer._buffers.get("running_mean") is not None
