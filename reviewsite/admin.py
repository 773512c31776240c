from django.contrib import admin

from users.admin.base import SiteAdmin

from .models import Heartbeat


@admin.register(Heartbeat)
class HeartbeatAdmin(SiteAdmin):
    list_display = ("name", "at")
