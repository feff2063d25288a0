"""Where Pluggy delivers."""

from django.urls import path

from webhooks import views

urlpatterns = [path("pluggy", views.pluggy, name="pluggy_webhook")]
