"""URLs of the preferences; signing in and out is allauth's."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.preferences, name="preferences"),
    path("look/", views.look, name="look"),
    path("activity/", views.activity, name="activity"),
    path("email/undo/<str:token>/", views.undo_email_change, name="undo_email_change"),
]
