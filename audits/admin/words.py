"""What a base model is worth, in sentences."""

from typing import Any

from ..maths.held_out import FOLDED_IN, GATE_Z
from ..models import BaseModel, BaseState

ALGORITHMS = {
    "baseline": "Baseline: how strict each rater is, and how harsh each comment",
    "svd": "SVD: that, and 20 latent factors (needs scikit-surprise)",
}


def held_out(base: BaseModel) -> str:
    found = base.metrics
    if base.state != BaseState.FITTED:
        return "Not measured: it is not fitted."
    if found is None:
        return "Not measured: the data set has too few raters to hold some of them out."
    better = "better" if found["gain"] >= 0 else "worse"
    return (
        f"{found['raters']:,} raters were held out. From {FOLDED_IN:.0%} of the ratings of each, the others "
        f"were predicted with a mean error of {found['mae']:.3f}. Saying the mean of each comment instead "
        f"has an error of {found['item_mean_mae']:.3f}: the model is {abs(found['gain']):.1%} {better}."
    )


def gate(base: BaseModel) -> str:
    """Whether topic factors are used, and why."""
    found: dict[str, Any] | None = base.metrics and base.metrics["gate"]
    if found is None:
        return "Topic factors are not used: whether they help was not measured."
    measured = f"z = {found['z']:.1f} on {found['raters']:,} raters; more than {GATE_Z:g} is asked"
    if found["passes"]:
        return f"Passed: topic factors help raters that were held out ({measured}). They are used."
    return f"Not passed: topic factors do not surely help raters that were held out ({measured}). Not used."


def in_short(base: BaseModel | None) -> str:
    if base is None:
        return "None yet: nobody can fit a model of their own before there is one."
    found = f"{base}, {ALGORITHMS[base.algorithm].partition(':')[0].lower()}, of {base.ratings:,} ratings"
    if base.metrics is None:
        return f"{found}."
    gain = base.metrics["gain"]
    return f"{found}, {abs(gain):.1%} {'better' if gain >= 0 else 'worse'} than the means of comments."
