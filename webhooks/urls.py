"""The URL to which Pluggy delivers webhooks."""

from django.urls import path

from webhooks import views

urlpatterns = [path("pluggy", views.pluggy, name="pluggy_webhook")]
