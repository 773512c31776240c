"""Apps do not depend on apps above them. import-linter checks the imports; these tests check other ways."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

DIRECTION = [
    "users",
    "jobs",
    "tasks",
    "reviews",
    "exchange",
    "api",
    "labelstudio",
    "webhooks",
    "crowd",
    "audits",
    "pages",
    "reviewsite",
    "devserver",
]
LOOKED_UP = {
    "select_related",
    "prefetch_related",
    "Prefetch",
    "Count",
    "Exists",
    "F",
    "values",
    "values_list",
    "order_by",
}


def sources(app: str) -> Iterator[tuple[Path, ast.AST]]:
    for path in sorted((settings.BASE_DIR / app).rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.relative_to(settings.BASE_DIR), ast.parse(path.read_text())


def higher(app: str) -> list[str]:
    return DIRECTION[DIRECTION.index(app) + 1 :]


def accessors_from_above(app: str) -> set[str]:
    """The names that relations of higher apps put on the models of this one."""
    models = apps.get_app_config(app).get_models()
    relations = [
        relation for model in models for relation in model._meta.related_objects if not relation.hidden
    ]
    above = [relation for relation in relations if relation.related_model._meta.app_label in higher(app)]
    return {name for relation in above for name in (relation.get_accessor_name(), relation.name) if name}


def dotted_names(tree: ast.AST, app: str) -> Iterator[tuple[int, str]]:
    """Strings such as "reviews.Review", but not sentences that end in "reviews."."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            first, dot, rest = node.value.partition(".")
            if first in higher(app) and dot and rest.replace(".", "_").isidentifier():
                yield node.lineno, node.value


def uses_of(tree: ast.AST, names: set[str]) -> Iterator[tuple[int, str]]:
    """Uses as an attribute, as a keyword of a lookup, or as a string in a lookup."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in names:
            yield node.lineno, node.attr
        if (
            isinstance(node, ast.keyword)
            and node.arg
            and "__" in node.arg
            and node.arg.split("__")[0] in names
        ):
            yield node.value.lineno, node.arg
        if isinstance(node, ast.Call) and called(node) in LOOKED_UP:
            yield from (
                (arg.lineno, word)
                for arg in node.args
                if (word := text(arg)) and word.split("__")[0] in names
            )


def called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("app", DIRECTION)
def test_a_lower_app_names_no_higher_one(app):
    found = [f"{path}:{line} {name}" for path, tree in sources(app) for line, name in dotted_names(tree, app)]
    assert found == []


@pytest.mark.parametrize("app", DIRECTION)
def test_no_app_asks_the_registry_for_a_model(app):
    found = [f"{path}:{line}" for path, tree in sources(app) for line, _ in uses_of(tree, {"get_model"})]
    assert found == []


@pytest.mark.parametrize("app", DIRECTION[:-1])
def test_a_lower_app_uses_no_relation_of_a_higher_one(app):
    names = accessors_from_above(app)
    found = [f"{path}:{line} {name}" for path, tree in sources(app) for line, name in uses_of(tree, names)]
    assert found == []


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("x = 'reviews.Review'", ["reviews.Review"]),
        ("x = 'webhooks.jobs.send'", ["webhooks.jobs.send"]),
        ("'''A task has reviews. They are signed.'''", []),
        ("x = 'users.User'", []),
    ],
)
def test_dotted_names_are_seen(source, names):
    assert [name for _, name in dotted_names(ast.parse(source), "tasks")] == names


@pytest.mark.parametrize(
    "source",
    [
        "annotation.reviews.all()",
        "f(reviews__verdict=1)",
        "q.prefetch_related('reviews__by')",
        "Count('reviews')",
    ],
)
def test_relations_are_seen(source):
    assert list(uses_of(ast.parse(source), {"reviews"})) != []
