"""Harmless words for generated comments: the harsher a comment is meant, the ruder its template."""

import numpy as np

HARMS = ("insult", "profanity", "identity", "threat")
SUBJECTS = (
    "bicycles",
    "gardening",
    "board games",
    "train journeys",
    "sourdough",
    "cats",
    "choirs",
    "chess",
    "camping",
    "coffee",
    "crosswords",
    "football",
    "hats",
    "kites",
    "libraries",
    "marching bands",
    "museums",
    "pancakes",
    "parking",
    "puzzles",
    "radio plays",
    "rowing",
    "swimming pools",
    "weather reports",
    "woodwork",
)
ASPECTS = ("prices", "beginners", "rules", "clubs", "repairs", "traditions", "neighbours", "opening hours")
# From friendly to rude.
TEMPLATES = (
    (
        "Has anybody tried {subject} with children? We loved it.",
        "Thank you for the article about {subject}, I learned something.",
        "I have been into {subject} for {years} years and it still makes me happy.",
        "A friend showed me {subject} last week and now I read everything about it.",
    ),
    (
        "I do not see why {subject} should matter to anyone, but to each their own.",
        "Talk about {subject} and {aspect} bores me after {years} minutes.",
        "Honestly, this piece on {subject} could have been shorter.",
        "The part about {aspect} was weak; the rest about {subject} was fine.",
    ),
    (
        "People who go on about {subject} should find a better hobby.",
        "You clearly know nothing about {subject} or {aspect}.",
        "That is the silliest opinion on {subject} I have read in {years} years.",
        "What nonsense. Nobody asked for {aspect} in {subject}.",
    ),
    (
        "Whoever wrote this about {subject} is a fool, plain and simple.",
        "Only a blockhead would spend {years} years on {subject}.",
        "You and your {subject} are a joke; so is everything you say on {aspect}.",
        "Fans of {subject} are the dullest clowns in town.",
    ),
    (
        "Shut up about {subject}, you utter nitwit, nobody wants you here.",
        "All you {subject} people are rotten turnips and should be thrown out of every club.",
        "If I see one more {subject} numbskull I will throw their sandwiches into the pond.",
        "You are a worthless muppet, your {subject} is rubbish and so are {years} years of your {aspect}.",
    ),
)
HARSHNESS = (-0.6, 0.1, 0.7, 1.3)  # where one set of templates ends and the next begins


def topic_label(number: int) -> str:
    round_, subject = divmod(number, len(SUBJECTS))
    # The first 25 topics have the bare subjects.
    return SUBJECTS[subject] if not round_ else f"{SUBJECTS[subject]}: {ASPECTS[(round_ - 1) % len(ASPECTS)]}"


def comment_text(random: np.random.Generator, topic: int, harshness: float) -> str:
    templates = TEMPLATES[int(np.digitize(harshness, HARSHNESS))]
    return templates[random.integers(len(templates))].format(
        subject=SUBJECTS[topic % len(SUBJECTS)],
        aspect=ASPECTS[random.integers(len(ASPECTS))],
        years=random.integers(2, 40),
    )
