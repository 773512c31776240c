"""A campaign's pages, under its own address and, for the site's default campaign, under short ones."""

from django.urls import include, path

from . import media_views, views

pages = [
    path("review", views.review),
    path("review/submit", views.send),
    path("review/skip", views.pass_on),
    path("review/keep", views.keep),
    path("stats", views.stats),
    path("healthz", views.healthz),
]
urlpatterns = [
    *pages,
    path("c/<slug:slug>/", include(pages)),
    path("c/<slug:slug>/media/<path:path>", media_views.serve),
]
