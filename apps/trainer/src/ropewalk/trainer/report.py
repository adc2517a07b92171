"""What was learnt, for people: a report as one HTML file, and the model card."""

import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import matplotlib as mpl
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.inspection import permutation_importance

from ropewalk.features import FeatureFlow

if TYPE_CHECKING:
    from ropewalk.trainer.pipelines.train import Training

BASELINE, MODEL, WINNER = "#9aa5b1", "#5b8def", "#0b6b50"
# Rows that are enough to tell which columns matter, and few enough not to be waited for.
IMPORTANCE_ROWS = 500
MOST_IMPORTANT = 12

_TEMPLATES = Environment(
    loader=PackageLoader("ropewalk.trainer", "templates"),
    autoescape=select_autoescape(("html.j2",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def render_card(training: "Training") -> str:
    """Give the model card of the winner, as Markdown."""
    return _TEMPLATES.get_template("card.md.j2").render(_content(training))


def render_report(training: "Training") -> str:
    """Give the report, as one HTML page that needs no other file and no network."""
    content = _content(training)
    content["score_plot"] = _svg(
        lambda axes: _draw_scores(axes, training),
        "Error of each candidate",
        max(2.6, 0.9 + 0.34 * len(training.scores)),
    )
    content["hour_plot"] = _svg(
        lambda axes: _draw_hours(axes, training), "Mean of what happened and of what was predicted"
    )
    importances = _importances(training)
    content["importance_plot"] = _svg(
        lambda axes: _draw_importances(axes, importances),
        "What the winner leans on",
        max(2.6, 0.9 + 0.3 * len(importances)),
    )
    return _TEMPLATES.get_template("report.html.j2").render(content)


def _content(training: "Training") -> dict[str, object]:
    config, data, winner = training.config, training.data, training.winner
    columns = data.columns[winner.name]
    return {
        "config": config,
        "rows_read": data.rows_read,
        "dropped": data.dropped,
        "train_rows": len(data.train),
        "test_rows": len(data.test),
        "train_period": _period(data.train[config.prediction_time]),
        "test_period": _period(data.test[config.prediction_time]),
        "unit": data.schema.columns[config.target].unit or "",
        "scores": training.scores,
        "descriptions": {name: one.description for name, one in config.candidates.items()},
        "winner": winner,
        "coverage": training.coverage,
        "calibration_rows": len(training.intervals.scores_),
        "columns": [
            {
                "name": name,
                "known_at": (
                    "the prediction time, by the rule for other rows"
                    if name in data.made
                    else data.schema.known_at(name)
                ),
                "description": (
                    data.schema.columns[name].description if name in data.schema.columns else None
                )
                or "",
            }
            for name in columns
        ],
        "account": _account(training),
        "lineage": data.lineage,
    }


def _period(times: "pd.Series[pd.Timestamp]") -> str:
    return f"{times.min():%Y-%m-%d} to {times.max():%Y-%m-%d}"


def _account(training: "Training") -> list[dict[str, object]]:
    """Tell what each flow of the winner did with each column, and why."""
    pipeline = training.pipelines[training.winner.name]
    if "features" not in pipeline.named_steps:
        return []
    fitted: dict[str, FeatureFlow] = pipeline.named_steps["features"].named_transformers_
    flows = training.config.candidates[training.winner.name].flows
    return [{"flow": flow, "row": row} for flow in flows for row in fitted[flow].account_]


def _importances(training: "Training") -> "pd.Series[float]":
    """Tell by how much the winner's error grows when a column's test values are shuffled."""
    config, data, winner = training.config, training.data, training.winner
    columns = data.columns[winner.name]
    rows = data.test.sample(n=min(IMPORTANCE_ROWS, len(data.test)), random_state=config.seed)
    found = permutation_importance(
        training.pipelines[winner.name],
        rows[columns],
        rows[config.target],
        scoring={"rmse": "neg_root_mean_squared_error", "mae": "neg_mean_absolute_error"}[
            config.choose_by
        ],
        n_repeats=1,
        random_state=config.seed,
    )
    grown = pd.Series(found.importances_mean, index=columns)
    return grown.sort_values(ascending=False, kind="stable").head(MOST_IMPORTANT)


def _draw_scores(axes: Axes, training: "Training") -> None:
    config, scores = training.config, training.scores
    errors = [getattr(score, config.choose_by) for score in scores]
    colours = [
        WINNER if score is training.winner else BASELINE if score.is_baseline else MODEL
        for score in scores
    ]
    bars = axes.barh([score.name for score in scores], errors, color=colours)
    axes.bar_label(bars, fmt="%.2f", padding=3)
    best = min(getattr(score, config.choose_by) for score in scores if score.is_baseline)
    axes.axvline(best, color="#52606d", linestyle="--", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlim(0, max(errors) * 1.12)
    axes.set_xlabel(f"{config.choose_by.upper()}; the line is the best naive model")


def _draw_hours(axes: Axes, training: "Training") -> None:
    config, data = training.config, training.data
    hours = pd.DataFrame(
        {
            "hour": data.test[config.prediction_time].dt.hour,
            "what happened": data.test[config.target],
            "predicted": training.predictions[training.winner.name],
        }
    )
    means = hours.groupby("hour").mean()
    axes.plot(means.index, means["what happened"], color="#52606d", marker="o", markersize=4)
    axes.plot(means.index, means["predicted"], color=WINNER, marker="o", markersize=4)
    axes.legend(["what happened", "predicted"], frameon=False)
    axes.set_xlabel(f"hour of {config.prediction_time}, UTC")
    axes.set_ylabel(f"mean {config.target}")


def _draw_importances(axes: Axes, importances: "pd.Series[float]") -> None:
    axes.barh(list(importances.index), importances.to_numpy(), color=WINNER)
    axes.invert_yaxis()
    axes.set_xlabel("how much the error grows when the column is shuffled")


def _svg(draw: Callable[[Axes], None], label: str, height: float = 3.2) -> str:
    """Draw a plot, its height in inches, as an SVG element, the same bytes each time."""
    with mpl.rc_context({"svg.hashsalt": label, "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(8.2, height), layout="constrained")
        axes = figure.subplots()
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        draw(axes)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    svg = drawn.getvalue()
    svg = svg[svg.index("<svg ") :]
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
