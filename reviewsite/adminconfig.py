"""Stands in for django.contrib.admin among the installed apps."""

from django.contrib.admin.apps import AdminConfig


class CountersignAdminConfig(AdminConfig):
    default_site = "reviewsite.admin_site.CountersignSite"
