"""The REST routes of this app, written with the trailing slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import datasets

router = SimpleRouter()
router.register("datasets", datasets.DatasetViewSet)

urlpatterns = [path("", include(router.urls))]
