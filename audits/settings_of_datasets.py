"""The structured settings of a data set: their defaults, and what may be stored."""

from typing import Any

from django.core.exceptions import ValidationError

from users.sentences import sentence as _

MAX_BINS = 20
MAX_BATCH = 200
MAX_NAMES = 20
MAX_END = 1000  # beyond every scale, and a number that a float holds


def default_bins(scale_max: int = 4) -> list[dict[str, float]]:
    """20 comments, most of them where people differ. A rating that is the upper end belongs to the next
    bin."""
    edges = [edge if scale_max == 4 else edge * scale_max / 4 for edge in (0, 0.5, 1.5, 2.5, 3.5, 4)]
    return [
        {"from": low, "to": high, "n": n}
        for low, high, n in zip(edges[:-1], edges[1:], (2, 4, 8, 4, 2), strict=True)
    ]


def for_scale(scale_max: int) -> dict[str, Any]:
    """The defaults of a data set whose ratings go from 0 to `scale_max`: those of 0 to 4, stretched."""
    return {
        "scale_max": scale_max,
        "threshold": scale_max / 2,
        "label_bins": default_bins(scale_max),
        "good_below": scale_max / 4,
        "okay_below": 1.2 * scale_max / 4,
    }


def validate_bins(value: Any) -> None:
    """Bins that follow each other without a gap, in order, with 1 to 200 comments in all."""
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_BINS:
        raise ValidationError(_("A list of 1 to %(max_bins)s bins.", max_bins=MAX_BINS), code="bins")
    for number, one in enumerate(value):
        if not isinstance(one, dict) or one.keys() != {"from", "to", "n"}:
            raise ValidationError(_('Each bin has "from", "to" and "n".'), code="bins")
        if not all(_is_number(one[key]) for key in one) or one["from"] >= one["to"]:
            raise ValidationError(_("The ends of a bin are numbers, the lower one first."), code="bins")
        if not isinstance(one["n"], int) or one["n"] < 0:
            raise ValidationError(_('"n" is a whole number from 0.'), code="bins")
        if number and one["from"] != value[number - 1]["to"]:
            raise ValidationError(_("A bin begins where the one before ends."), code="bins")
    if not 1 <= sum(one["n"] for one in value) <= MAX_BATCH:
        raise ValidationError(
            _("The bins have 1 to %(max_batch)s comments in all.", max_batch=MAX_BATCH), code="bins"
        )


def validate_names(value: Any) -> None:
    if not isinstance(value, list) or len(value) > MAX_NAMES:
        raise ValidationError(_("A list of at most %(max_names)s names.", max_names=MAX_NAMES), code="names")
    if not all(isinstance(name, str) and 0 < len(name) <= 200 for name in value):
        raise ValidationError(_("Each name is a text of 1 to 200 characters."), code="names")
    if len(set(value)) < len(value):
        raise ValidationError(_("Each name once."), code="names")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= MAX_END
