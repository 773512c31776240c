"""The REST routes of this app, written with the trailing slash."""

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from . import update_views, views

router = SimpleRouter()
router.register("webhooks", views.WebhookViewSet)
router.register("webhook-deliveries", views.DeliveryViewSet)

urlpatterns = [
    path("events/", views.Events.as_view(), name="events"),
    path("updates/", update_views.ChangesSinceView.as_view(), name="updates"),
    path("", include(router.urls)),
]
