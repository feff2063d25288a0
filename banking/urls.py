"""The addresses of the banking pages."""

from django.urls import path

from banking.views import connections, overview, rules, transactions

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("report.json", overview.overview_json, name="overview_json"),
    path("news/", overview.news, name="news"),
    path("transactions/", transactions.transactions_list, name="transactions"),
    path("transactions/<uuid:transaction_id>/", transactions.transaction, name="transaction"),
    path("transactions/<uuid:transaction_id>/same/", transactions.reappearance, name="reappearance"),
    path("rules/", rules.rules_list, name="rules"),
    path("rules/new/", rules.new_rule, name="new_rule"),
    path("rules/<int:rule_id>/", rules.rule, name="rule"),
    path("rules/<int:rule_id>/move/", rules.move_rule, name="move_rule"),
    path("rules/<int:rule_id>/delete/", rules.delete_rule, name="delete_rule"),
    path("connections/", connections.connections_list, name="connections"),
    path("connections/connect/", connections.connect, name="connect"),
    path("connections/token/", connections.connect_token, name="connect_token"),
    path("connections/claim/", connections.claim, name="claim"),
    path("connections/<uuid:item_id>/", connections.connection, name="connection"),
    path("connections/<uuid:item_id>/progress/", connections.progress, name="progress"),
    path("connections/<uuid:item_id>/refresh/", connections.refresh, name="refresh"),
    path("connections/<uuid:item_id>/disconnect/", connections.disconnect, name="disconnect"),
]
