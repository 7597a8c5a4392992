"""The cells of domain matrices. Needs no torch."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from afn.ask.records import Cell, Question


@dataclass(frozen=True, kw_only=True, slots=True)
class Crossing:
    """A model's answers to one domain, whichever it was trained on: a place in a domain matrix."""

    model: str
    """The row: the model's name."""
    question: Question
    """What was asked of it; its data set is the column."""
    cell: Cell
    """The answers to the clean images; its source says how they were brought to the model."""

    def gain_over(self, other: "Crossing") -> tuple[float, float, float]:
        """Accuracy above another model's on the same domain, and its paired 95 % interval.

        Raises:
            ValueError: The images are not the same.
        """
        if self.question.dataset != other.question.dataset:
            raise ValueError(
                f"a paired difference needs the same images, got those of "
                f"{self.question.dataset} and {other.question.dataset}"
            )
        return self.cell.gain_over(other.cell)

    def to_json(self) -> dict[str, Any]:
        """A flat record."""
        return {"model": self.model, **asdict(self.question), **self.cell.to_json()}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> "Crossing":
        """The inverse of `to_json`.

        Raises:
            ValueError: A value is missing or not of its kind.
        """
        cell = Cell.from_json(record)
        try:
            asked = {"classes": "", **record}  # added later than the others
            question = Question(**{field.name: asked[field.name] for field in fields(Question)})
            return cls(model=record["model"], question=question, cell=cell)
        except KeyError as error:
            raise ValueError(f"not a place in a domain matrix: no {error}") from error
