"""Programs of a map: accuracy over λ_μ and λ_σ, by `afn.lambda_map`."""

from collections.abc import Iterable

from afn.ask.lambda_maps import MapPoint
from afn.ask.records import Place

from .code import call, literal
from .program import line

POINTS = """\
points = sorted(found.points, key=lambda each: (each.mu, each.sigma))
rows = [(f"λ_μ {it.mu:.3f}", f"λ_σ {it.sigma:.3f}", it.cell.accuracy) for it in points]
for name, where, accuracy in rows:
    print(f"{name}  {where}  {accuracy:.4f}")
"""
PLOT = """\
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 5))
picture = axes.imshow(100 * found.accuracies.T, origin="lower", extent=(0, 1, 0, 1))
axes.set_xlabel("λ_μ")
axes.set_ylabel("λ_σ")
figure.colorbar(picture, label="accuracy, %")
plt.show()
"""


def asked(
    network: str,
    place: Place,
    num_images: int,
    points: int,
    beside: tuple[tuple[float, float], ...] = (),
) -> str:
    """The call; `network` is Python for it."""
    corruption, severity = place
    where = [f"corruption={literal(corruption)}", f"severity={severity}"] if corruption else []
    given = [network, *where, f"num_images={num_images}", f"points={points}"]
    given += [f"beside={literal(beside)}"] if beside else []
    return f"found = {call('lambda_map', given)}\n"


def expected(points: Iterable[MapPoint]) -> tuple[str, ...]:
    """What it prints of them."""
    return tuple(
        line(f"λ_μ {point.mu:.3f}", f"λ_σ {point.sigma:.3f}", point.cell.accuracy)
        for point in sorted(points, key=lambda each: (each.mu, each.sigma))
    )
