"""Where the golden tests find what they pin: the one place that says modules' paths.

Who moves a module changes its line here, and nothing else below ``tests/golden``.
"""
# ruff: noqa: F401 -- all are used by the tests beside this

from types import SimpleNamespace

from afn.adapt.records import StreamStep
from afn.adapt.task import StreamTask
from afn.ask.evaluation import Evaluation, EvaluationStore
from afn.ask.map_task import MapTask
from afn.ask.network import Network
from afn.ask.pictures import PicturesFile
from afn.ask.records import NETWORKS, Cell, GridFile, Question
from afn.ask.tasks import GridTask, MovementTask, PicturesTask, RescalingTask, SpreadTask
from afn.cli.options import arguments
from afn.engine.execution import execute
from afn.pretrained.cards import pretrained_names, read_card, write_card
from afn.runs.fork import fork
from afn.runs.store import RunStore
from afn.settings.config import TrainConfig
from afn.settings.corruptions import RULE
from afn.settings.lambda_init import LambdaInit
from afn.sweep.spec import SweepSpec
from afn.sweep.store import SweepStore
from afn.work.runner import LocalRunner
from app.kit import comparison
from app.page.ablations.ready_made import READY_MADE
from app.page.ablations.sweeping import ready_made_plan
from app.page.ablations.view import VIEW as ablations
from app.page.cost.view import VIEW as costing
from app.page.domains.view import VIEW as domains
from app.page.dynamics.view import VIEW as dynamics
from app.page.inside.view import VIEW as inside
from app.page.lessons.experiments.trial import Trial
from app.page.lessons.lessons import LESSONS
from app.page.lessons.view import LessonsView
from app.page.lessons.view import from_url as lessons_from_url
from app.page.paper.view import VIEW as paper
from app.page.rescaling.view import VIEW as rescaling
from app.page.robustness.view import VIEW as robustness
from tests.app.one_view import drawn, opened

LINKS = {
    "ablations": ablations,
    "cost": costing,
    "domains": domains,
    "gamma-beta": rescaling,
    "home": comparison,
    "inside": inside,
    "lambda": dynamics,
    "lessons": SimpleNamespace(from_url=lessons_from_url, to_url=LessonsView.to_url),
    "paper": paper,
    "robustness": robustness,
}
"""A page by its path -> what reads (``from_url``) and writes (``to_url``) its link."""
VIEWS = {"home": "playground", "lambda": "dynamics", "gamma-beta": "rescaling"}
"""A page by its path -> the name under which tests open it, where that is another one."""
