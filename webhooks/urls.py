"""The REST routes of this app, written with the trailing slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import log_views, views

router = SimpleRouter()
router.register("webhooks", views.WebhookViewSet)
router.register("webhook-deliveries", log_views.DeliveryViewSet)

urlpatterns = [path("events/", log_views.Events.as_view(), name="events"), path("", include(router.urls))]
