"""What the interface offers to whoever opens an experiment: a description and saved views.

A saved view is a tag of the experiment, as MLflow 3.17 writes it when somebody saves one. It
skips a tag that it cannot read, so that in another version a view is absent and nothing breaks.
"""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from icans_risk.tracking.mlflow_calls import import_mlflow, in_one_line
from icans_risk.tracking.reading import NOTE
from icans_risk.tracking.store import Store

__all__ = ["SavedView", "describe_experiment"]

_VIEW = "mlflow.sharedViewState."
_KIND = ("mlflow.experimentKind", "custom_model_development")
_RUN_NAME, _CREATED, _DURATION = "attributes.`Run Name`", "runDateAndNestInfo", "duration"
_WIDTHS = {_RUN_NAME: 190, _CREATED: 122, _DURATION: 80}
_FIGURES, _FIGURES_HEIGHT = "icans-figures", 900
_BARS, _LINES = "icans-bars", "icans-lines"


@dataclass(frozen=True)
class SavedView:
    """One way to look at the runs of an experiment.

    Attributes
    ----------
    key, name : str
        For the tag, and for the menu.
    only : str
        Which runs, in MLflow's language of filters.
    order_by : str
        Column that they are sorted by.
    columns : mapping of str to int
        Columns from left to right, such as ``metrics.auroc`` or ``tags.model``, and how wide
        each is, in pixels.
    images : sequence of str
        Figures of the gallery that the charts show, a row each and a column for each run.
    bars, lines : sequence of str
        Metrics that have a bar chart, and columns that parallel coordinates lead through.
    is_ascending : bool
        Which way it is sorted.
    """

    key: str
    name: str
    only: str
    order_by: str
    columns: Mapping[str, int]
    images: Sequence[str] = ()
    bars: Sequence[str] = ()
    lines: Sequence[str] = ()
    is_ascending: bool = True


def describe_experiment(
    store: Store, note: str, views: Sequence[SavedView], *, instead_of: Collection[str] = ()
) -> None:
    """Give an experiment a description and views, and leave alone what is there.

    Parameters
    ----------
    store : Store
        From ``open_store``.
    note : str
        In Markdown.
    views : sequence of SavedView
        In the order of the menu.
    instead_of : collection of str
        Descriptions that this one replaces; any other was written by somebody.
    """
    client = import_mlflow().MlflowClient(tracking_uri=store.uri)
    now = int(time.time() * 1000)
    wanted = {NOTE: note, _KIND[0]: _KIND[1]}
    for place, view in enumerate(views):
        # The menu puts the latest first.
        wanted[f"{_VIEW}{view.key}"] = _envelope(view, created=now - place)
    with in_one_line(store.uri):
        present = client.get_experiment(store.experiment_id).tags
        for key, value in wanted.items():
            if key not in present or (key == NOTE and present[key] in instead_of):
                client.set_experiment_tag(store.experiment_id, key, value)


def _envelope(view: SavedView, *, created: int) -> str:
    state = json.dumps(_state(view))
    told = {"name": view.name, "createdAt": created, "updatedAt": created, "state": state}
    return json.dumps(told)


def _state(view: SavedView) -> dict[str, Any]:
    columns = {_quoted(name): width for name, width in view.columns.items()}
    return {
        "searchFilter": view.only,
        "orderByKey": _quoted(view.order_by),
        "orderByAsc": view.is_ascending,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns),
        "columnOrder": [_RUN_NAME, *columns, _CREATED, _DURATION],
        "columnWidths": _WIDTHS | columns,
        "runsHiddenMode": "FIRST_20_RUNS",
        # Figures of several runs need the width.
        "runListHidden": True,
        "compareRunCharts": _charts(view),
        "compareRunSections": [
            _section(_FIGURES, "Figures", columns=1, cardHeight=_FIGURES_HEIGHT),
            _section(_BARS, "Metrics", columns=3),
            _section(_LINES, "Metrics by landmark and model", columns=1),
        ],
        # Or the interface would sort the sections anew.
        "isAccordionReordered": True,
    }


def _charts(view: SavedView) -> list[dict[str, Any]]:
    # Several figures in one card stand in rows, and the runs side by side.
    charts = [_card("figures", "IMAGE", _FIGURES, imageKeys=list(view.images), step=0)]
    charts += [_card(name, "BAR", _BARS, metricKey=name) for name in view.bars]
    split = {kind: [] for kind in ("params", "metrics")}  # type: dict[str, list[str]]
    for column in view.lines:
        kind, _, name = column.partition(".")
        split[kind].append(name)
    chosen = {"selectedParams": split["params"], "selectedMetrics": split["metrics"]}
    return [*charts, _card("lines", "PARALLEL", _LINES, showAllRuns=True, **chosen)]


def _card(name: str, kind: str, section: str, **settings: Any) -> dict[str, Any]:
    return {
        "uuid": f"icans-{name}",
        "type": kind,
        "metricSectionId": section,
        "runsCountToCompare": 20,
        "deleted": False,
        "isGenerated": False,
    } | settings


def _section(uuid: str, name: str, **settings: Any) -> dict[str, Any]:
    shown = {"display": True, "isReordered": True, "deleted": False, "isGenerated": False}
    return {"uuid": uuid, "name": name} | shown | settings


def _quoted(column: str) -> str:
    kind, _, name = column.partition(".")
    return f"{kind}.`{name}`"
