"""What the columns of CSV files are called. A value like `harm_columns` names the columns that hold the share
of raters who see a harm."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Preset:
    """Names of columns. An empty name: the file has no such column."""

    says: str
    comment: str
    text: str
    system: str
    topic: str = ""  # a number; -1 for outliers. Without it, all comments are of one topic.
    topic_label: str = ""
    is_evaluated: str = ""
    harm_columns: dict[str, str] = field(default_factory=dict)  # column → category
    harm_prefix: str = ""  # or all columns that begin with it
    system_scale: float = 1  # what the system's ratings are multiplied with
    rating_comment: str = "comment"
    rating_rater: str = "rater"
    rating_value: str = "rating"
    rating_scale: float = 1
    rater: str = "rater"
    gender: str = "gender"
    politics: str = "politics"
    religion: str = "religion"
    lgbtq: str = "lgbtq"
    races: str = "races"
    race_separator: str = "|"

    @property
    def columns(self) -> dict[str, list[str]]:
        """Those that each file must have, and those that begin with a word of one's own."""
        comments = [self.comment, self.text, self.topic, self.topic_label, self.system, self.is_evaluated]
        harms = [*self.harm_columns, f"{self.harm_prefix}…" if self.harm_prefix else ""]
        return {
            "comments": [name for name in [*comments, *harms] if name],
            "ratings": [self.rating_rater, self.rating_comment, self.rating_value],
            "raters": [self.rater, self.gender, self.politics, self.religion, self.lgbtq, self.races],
        }


PRESETS = {
    "plain": Preset(
        "The columns that generate_audit_data --csv writes.",
        comment="comment",
        text="text",
        system="system",
        topic="topic",
        topic_label="topic_label",
        is_evaluated="is_evaluated",
        harm_prefix="harm:",
    ),
    "indielabel": Preset(
        "The data frames of IndieLabel, saved as CSV.",
        comment="item_id",
        text="comment",
        system="rating",
        topic="topic_id",
        topic_label="topic",
        harm_columns={
            "is_profane_frac": "profanity",
            "is_threat_frac": "threat",
            "is_identity_attack_frac": "identity",
            "is_insult_frac": "insult",
            "is_sexual_harassment_frac": "sexual harassment",
        },
        rating_comment="item_id",
        rating_rater="user_id",
        rater="worker_id",
        politics="political_affilation",  # sic
        religion="religion_important",
        lgbtq="lgbtq_status",
        races="race",
        race_separator=",",
    ),
    "civil_comments": Preset(
        "Civil Comments with its individual annotations: shares of raters, taken as ratings from 0 to 4.",
        comment="id",
        text="comment_text",
        system="toxicity",
        harm_columns={name: name for name in ("obscene", "threat", "insult", "identity_attack")},
        system_scale=4,
        rating_comment="id",
        rating_rater="worker",
        rating_value="toxic",
        rating_scale=4,
    ),
}
