"""The pages people work in: the review screen and the annotate screen of a project."""
