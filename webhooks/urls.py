"""The REST routes of this app, written with the trailing slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import views

router = SimpleRouter()
router.register("webhooks", views.WebhookViewSet)
router.register("webhook-deliveries", views.DeliveryViewSet)

urlpatterns = [path("events/", views.Events.as_view(), name="events"), path("", include(router.urls))]
