"""The figure of the tournament: which dimension predicts the slopes of cells left out."""

import pandas as pd
from matplotlib.figure import Figure

from twotower.report import style
from twotower.study import arms

_TOURNAMENT_TITLES = {arms.ERM: style.TWO_TOWERS, arms.JOINT: "joint regression (joint)"}
_PREDICTORS = {
    "max": "max($d_u$, $d_i$)",
    "sum": "$d_u$ + $d_i$",
    "mean": "mean of $d_u$, $d_i$",
    "ambient": "D",
}


def figure(table: pd.DataFrame) -> Figure:
    """Held-out error of each dimension as a predictor of slopes: bars, the winner's dark."""
    scored = table.dropna(subset=["held_out_rmse"])
    if scored.empty:
        return style.message_figure("Too few cells for a tournament of predictors.")
    present = style.arms_of(scored)
    with style.paper_style():
        width = style.TEXT_WIDTH * 0.75 if len(present) > 1 else style.COLUMN_WIDTH
        fig = Figure(figsize=(width, 1.7), layout="constrained")
        axes = fig.subplots(1, len(present), sharex=True, sharey=True, squeeze=False)[0]
        for ax, (arm, rows) in zip(axes, present, strict=True):
            names = [_PREDICTORS.get(name, name) for name in rows["predictor"]]
            wins = rows["winner"].astype(bool)
            mark = style.arm_mark(arm)
            colors = [mark.color if won else style.pale(mark).color for won in wins]
            errors = rows["held_out_rmse"].to_numpy(float)
            ax.barh(names, errors, color=colors, height=0.62)
            for place, (error, won) in enumerate(zip(errors, wins, strict=True)):
                text = f" {error:.3f}" + (" wins" if won else "")
                ax.annotate(text, (error, place), va="center", fontsize=style.SMALL)
            ax.set_title(f"{_TOURNAMENT_TITLES.get(arm, arm)}, {rows['cells'].iloc[0]} cells")
            ax.spines[["top", "right"]].set_visible(False)
            ax.tick_params(axis="y", length=0)
        axes[0].invert_yaxis()
        axes[0].set_xlim(0, 1.3 * scored["held_out_rmse"].max())
        axes[0].locator_params(axis="x", nbins=4)
        fig.supxlabel("error of the predicted slope in cells left out (root mean square)")
    return fig
