"""App configuration of the admin, with our site."""

from django.contrib.admin import apps


class AdminConfig(apps.AdminConfig):
    default_site = "pfm.admin.Site"
