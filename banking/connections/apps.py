"""Django app of the connections."""

from django.apps import AppConfig


class ConnectionsConfig(AppConfig):
    name = "banking.connections"
    label = "connections"
    verbose_name = "Connections"
