"""The root URL configuration."""

from django.contrib import admin
from django.urls import include, path

from accounts.views import choose_language

admin.site.site_header = admin.site.site_title = "Lume"

handler429 = "accounts.limits.handler429"  # allauth's name, for its own limits

urlpatterns = [
    path("", include("banking.web.urls")),
    path("accounts/", include("accounts.sign_in_urls")),
    path("accounts/", include("allauth.urls")),
    path("preferences/", include("accounts.urls")),
    path("i18n/setlang/", choose_language, name="set_language"),
    path(".well-known/", include("pfm.well_known")),
    path("webhooks/", include("webhooks.urls")),
    path("admin/", admin.site.urls),
]
