from django.contrib import admin

from users.admin.base import SiteAdmin

from .models import Received, Sink


@admin.register(Sink)
class SinkAdmin(SiteAdmin):
    list_display = ("id", "behaviour")


@admin.register(Received)
class ReceivedAdmin(SiteAdmin):
    list_display = ("id", "at", "action", "message", "attempt", "answered", "refusal")
