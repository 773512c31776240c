"""Examples of what this API answers, whose keys are also the fields of the serializers."""

TOPIC = {"id": 41, "number": 6, "label": "football"}
DATASET = {
    "id": 3,
    "title": "Comments of May",
    "project": 12,
    "description": "What the filter of our forum made of the comments of May.",
    "content_warning": "Some comments are insulting.",
    "scale_max": 4,
    "threshold": 2.0,
    "created_at": "2026-05-04T09:30:00.000000Z",
}
SETTINGS = {
    "label_bins": [{"from": 0, "to": 1.5, "n": 6}, {"from": 1.5, "to": 4, "n": 14}],
    "min_labels": 10,
    "good_below": 1.0,
    "okay_below": 1.2,
    "min_topic_comments": 30,
    "min_tuning_comments": 150,
    "min_group": 5,
    "harm_share": 0.3,
    "harms": ["insult", "threat"],
    "developers": ["Example Forum"],
    "deployers": ["Example Forum"],
    "artifact_name": "Comment filter 2",
    "artifact_type": "System",
}
BASE = {
    "id": 5,
    "algorithm": "baseline",
    "seed": 0,
    "ratings": 100000,
    "uses_topic_factors": True,
    "fitted_at": "2026-05-04T09:31:00.000000Z",
}
ONE_DATASET = {**DATASET, **SETTINGS, "comments": 20000, "base_model": BASE, "may_change": False}
PROGRESS = {"labels": 18, "unsure": 2, "needed": 0, "unlabelled": 0}
DISAGREEMENT = {"n": 19800, "mae": 0.81, "rmse": 1.02, "avg_diff": 0.44}
VERSION = {
    "number": 2,
    "labels": 18,
    "unsure": 2,
    "fit_error": 0.73,
    "grade": "good",
    "disagreement": DISAGREEMENT,
    "base_model": 5,
    "created_at": "2026-05-05T10:12:00.000000Z",
}
MODEL = {
    "id": 8,
    "dataset": 3,
    "name": "Calm Heron",
    "kind": "personal",
    "parent": None,
    "topic": None,
    "filters": {},
    "created_at": "2026-05-05T10:00:00.000000Z",
    "progress": PROGRESS,
    "version": VERSION,
}
TO_LABEL = {"id": 907, "external_id": "c-907", "text": "That referee needs new glasses.", "topic": TOPIC}
EXAMPLE = {**TO_LABEL, "system": 2.0, "is_toxic": True, "harms": ["insult"]}
COMMENT = {
    **EXAMPLE,
    "predicted": 1.1,
    "difference": -0.9,
    "magnitude": 0.9,
    "error_type": "over",
    "label": 1,
}
TOPIC_ROW = {
    "topic": TOPIC,
    "is_suggested": True,
    "placed": 1.4,
    "n": 214,
    "system_mean": 1.9,
    "system_median": 2.0,
    "system_toxic": 0.51,
    "mean": 1.4,
    "median": 1.3,
    "mae": 0.6,
    "mse": 0.5,
    "avg_diff": -0.5,
    "fp": 0.21,
    "fn": 0.01,
}
