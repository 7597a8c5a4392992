"""Running averages of what is measured, kept as torch's batch normalization keeps them."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from afn.norms._base import Norm
from afn.norms._checks import check_counts, check_eps, check_momentum
from afn.norms._joint import Processes, joint_moments
from afn.norms._moments import Moments
from afn.norms._scale_shift import add_scale_and_shift, reset_scale_and_shift
from afn.norms.trace import Trace


class TracksAverages(Norm):
    """A layer with running averages of mean and variance per channel, or on request without."""

    _version = 2  # 2 counts the batches, as torch does; `num_batches_tracked` is not older

    momentum: float | None
    """Weight of the new value; None makes all batches count alike."""
    track_running_stats: bool
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None
    _processes: Processes | None = None
    """Those that measure their batches together; set by `synchronize_norms`."""

    def _start_averages(
        self,
        momentum: float | None,
        track_running_stats: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> None:
        check_momentum(momentum)
        self.momentum = momentum
        self.track_running_stats = track_running_stats
        mean = var = count = None
        if track_running_stats:
            mean = torch.zeros(self.num_features, device=device, dtype=dtype)
            var = torch.ones(self.num_features, device=device, dtype=dtype)
            count = torch.tensor(0, device=device)
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)
        self.averages = Averages(self)

    def reset_running_stats(self) -> None:
        """Let the running averages start anew."""
        if self.track_running_stats:
            mean, var = self._running()
            mean.zero_()
            var.fill_(1)
            assert self.num_batches_tracked is not None
            self.num_batches_tracked.zero_()

    def add_module(self, name: str, module: nn.Module | None) -> None:
        """As torch's. A `SyncBatchNorm` in the place of `averages` synchronizes the layer.

        That is what `SyncBatchNorm.convert_sync_batchnorm` does.
        """
        if name == "averages" and isinstance(module, nn.SyncBatchNorm):
            self._processes = Processes(module.process_group)
        else:
            super().add_module(name, module)

    def _running(self) -> tuple[Tensor, Tensor]:
        """Running mean and variance, (C,) each.

        Raises:
            ValueError: There are none.
        """
        mean, var = self.running_mean, self.running_var
        if mean is None or var is None:
            raise ValueError(
                f"{type(self).__name__} without running averages takes the statistics of each "
                f"input, so that no fixed scale and shift are its own: build it with "
                f"track_running_stats=True"
            )
        return mean, var

    @property
    def _tracks(self) -> bool:
        """Whether a forward pass moves the averages."""
        return self.training and self.track_running_stats

    @property
    def _is_joint(self) -> bool:
        """Whether the batch is that of several processes together."""
        return self._processes is not None and self.training and self._processes.are_several

    def _of_batch(self, x: Tensor, images: Moments | None = None) -> Moments:
        """Moments of the batch, (C,); from those of its images where these are known."""
        if self._is_joint:
            assert self._processes is not None
            return joint_moments(x, self._processes)
        return (Moments.of_images(x) if images is None else images).pooled(0)

    @torch.no_grad()
    def _track(self, batch: Moments) -> None:
        """Let the averages move towards a batch's moments, where they are tracked."""
        if self._tracks:
            batch.update(*self._running(), self._weight_of_next_batch())

    def _weight_of_next_batch(self) -> float:
        """The weight in the averages of the batch at hand, which is counted."""
        count, momentum = self.num_batches_tracked, self.momentum
        assert count is not None
        count.add_(1)
        return 1.0 / float(count) if momentum is None else momentum

    def _of_nothing(self, x: Tensor) -> Tensor:
        if self._is_joint:  # the other processes wait for the sums of this one
            return self._normalize(x)
        if self._tracks:
            self._weight_of_next_batch()  # torch counts it
        return super()._of_nothing(x)

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *args: Any
    ) -> None:
        count, version = f"{prefix}num_batches_tracked", local_metadata.get("version")
        if self.num_batches_tracked is not None and (version is None or version < 2):
            on_meta = self.num_batches_tracked.is_meta
            state_dict.setdefault(count, torch.tensor(0) if on_meta else self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *args)


class TrackedNorm2d(TracksAverages):
    """A layer of images with γ and β, and running averages that its steps move in training."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        check_counts(num_features=num_features)
        check_eps(eps)
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.affine = affine
        given: dict[str, Any] = {"device": device, "dtype": dtype}
        add_scale_and_shift(self, affine, bias, **given)
        self._add_parameters(**given)
        self._start_averages(momentum, track_running_stats, **given)

    def reset_parameters(self) -> None:
        """Start anew: γ, β, what else is learned, and the running averages."""
        self.reset_running_stats()
        reset_scale_and_shift(self)

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, track_running_stats={self.track_running_stats}"
        )

    def _add_parameters(self, **factory: Any) -> None:
        """What is learned besides γ and β."""

    def _normalize(self, x: Tensor) -> Tensor:
        return self._steps(x, tracks=self.training).y

    def _steps(self, x: Tensor, *, tracks: bool = False) -> Trace:
        """The equations; the averages move where `tracks` says so."""
        raise NotImplementedError


class Averages(_BatchNorm):
    """Stands for a layer's running averages where torch's own tools look for them.

    `update_bn` measures anew what is an instance of `_BatchNorm`, and `convert_sync_batchnorm`
    puts a `SyncBatchNorm` in its place. A layer with networks cannot be one itself: it would lose
    them. This child of it, which is never called and has no tensors, passes on what it is told.
    """

    def __init__(self, layer: TracksAverages) -> None:
        vars(self)["_layer"] = (layer,)  # torch would take it for a child, and walk in circles
        super().__init__(
            layer.num_features, momentum=layer.momentum, affine=False, track_running_stats=False
        )

    @property
    def momentum(self) -> float | None:
        """The layer's."""
        return self._of.momentum

    @momentum.setter
    def momentum(self, value: float | None) -> None:
        self._of.momentum = value

    def reset_running_stats(self) -> None:
        """Let the layer's running averages start anew."""
        self._of.reset_running_stats()

    def extra_repr(self) -> str:
        return ""

    @property
    def _of(self) -> TracksAverages:
        layer: TracksAverages
        (layer,) = vars(self)["_layer"]
        return layer
