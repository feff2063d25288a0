"""The root URL configuration."""

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = admin.site.site_title = "Lume"

handler429 = "accounts.limits.handler429"  # allauth's name, for its own limits

urlpatterns = [
    path("", include("banking.web.urls")),
    path("accounts/", include("allauth.urls")),
    path("preferences/", include("accounts.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path(".well-known/", include("pfm.well_known")),
    path("webhooks/", include("webhooks.urls")),
    path("admin/", admin.site.urls),
]
