"""Looking into a layer once, the network and what is beside it by name."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from afn.ask.inside import own_picture
from afn.ask.inside.bench import Bench
from afn.ask.inside.look import Batch, Look, Seen
from afn.ask.inside.networks import network
from afn.ask.network import Stats
from afn.ask.records import Order
from afn.files import read_named


def look_inside(
    name: str,
    *,
    dataset: str = "",
    corruption: str | None = None,
    severity: int = 0,
    size: int = 32,
    first: int = 0,
    order: Order = "mixed",
    picture: str | Path = "",
    drawing: str = "",
    damages_picture: bool = True,
    layer: str = "",
    channel: int = 0,
    image: int = 0,
    statistics: Stats | None = None,
    lambdas: Mapping[str, float] | None = None,
    everywhere: bool = True,
    beside: Sequence[str] = (),
) -> Seen:
    """What a norm layer of a network does with a batch of test images, step by step.

    Args:
        name: A run's id, a pretrained model's name, ``untrained-<norm>``, or a model of one's own:
            ``FILE.py:FUNCTION`` or ``ARCHITECTURE:FILE.safetensors``, whose file is executed.
        dataset: Whose test images; the network's own by default.
        corruption: Of the whole batch; None for clean images.
        severity: 1 to 5; 0 for clean images.
        size: Images in the batch.
        first: Where among the test images it begins.
        order: "by label" fills the batch with few classes.
        picture: An image file that takes the first place.
        drawing: The same, as the app's links say a drawing.
        damages_picture: Whether the corruption is applied to that image too.
        layer: A norm layer's name; the first by default.
        channel: Whose feature maps and histograms come back.
        image: Of the batch: the one that is followed.
        statistics: "running" or "batch", for norms that have the choice; None is as trained.
        lambdas: λ that are forced, by name (mu, sigma, gamma, beta), each from 0 to 1.
        everywhere: Whether in every layer, or in this one alone.
        beside: Names of networks that answer the same images.

    Raises:
        ValueError: One of these cannot be.
        FileNotFoundError: There is no such network or picture, or the data set is not on disk.

    Example:
        >>> from afn import look_inside
        >>> seen = look_inside("mnist5k-afn", size=8, lambdas={"mu": 0.5})
        >>> seen["layer"], seen["lambdas"]["mu"], len(seen["channels"]["mu_hat"])
        ('backbone.blocks.0.norm', 0.5, 16)
    """
    looked_at, own = network(name), b""
    if picture:
        file = read_named(Path(picture), "a picture")
        try:
            own = own_picture.from_upload(
                file, looked_at.image_shape, is_digit=looked_at.knows_digits
            )
        except ValueError as error:
            raise ValueError(f"{picture}: {error}") from error
    elif drawing:
        own = own_picture.in_shape(own_picture.from_text(drawing), looked_at.image_shape)
    if not (dataset or looked_at.config.dataset):
        raise ValueError(
            f"no data set here has the classes of {name}: name whose images to send through it "
            f"with dataset=..."
        )
    batch = Batch(
        dataset=dataset or looked_at.config.dataset,
        corruption=corruption,
        severity=severity,
        size=size,
        first=first,
        order=order,
        picture=own,
        damages_picture=damages_picture,
    )
    return Bench().look(
        Look(
            subject=looked_at,
            batch=batch,
            layer=layer,
            channel=channel,
            image=image,
            stats=statistics,
            lambdas=dict(lambdas or {}),
            everywhere=everywhere,
            others=tuple(map(network, beside)),
        )
    )
