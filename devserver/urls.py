"""The site's routes, plus the webhook sink."""

from django.urls import include, path

from reviewsite.urls import handler400, handler403, handler404, handler500
from reviewsite.urls import urlpatterns as site

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("demo/sink/", include("devserver.sink.urls")), *site]
