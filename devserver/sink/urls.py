from django.urls import path

from . import views

urlpatterns = [
    path("", views.page, name="sink"),
    path("switch/", views.switch, name="sink-switch"),
    path("resend/", views.resend, name="sink-resend"),
    path("enable/", views.enable, name="sink-enable"),
    path("<str:key>/", views.receive, name="sink-receive"),
]
