"""The addresses of the banking pages."""

from django.urls import path

from banking.views import cards, connections, overview, transactions

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("report.json", overview.overview_json, name="overview_json"),
    path("news/", overview.news, name="news"),
    path("transactions/", transactions.transactions_list, name="transactions"),
    path("transactions/<uuid:transaction_id>/", transactions.transaction, name="transaction"),
    path("transactions/<uuid:transaction_id>/same/", transactions.reappearance, name="reappearance"),
    path("cards/", cards.cards_list, name="cards"),
    path("cards/due/", cards.bills_due, name="bills_due"),
    path("cards/instalments/", cards.instalments, name="instalments"),
    path("cards/<uuid:account_id>/<str:name>/", cards.bill, name="bill"),
    path("connections/", connections.connections_list, name="connections"),
    path("connections/connect/", connections.connect, name="connect"),
    path("connections/token/", connections.connect_token, name="connect_token"),
    path("connections/claim/", connections.claim, name="claim"),
    path("connections/<uuid:item_id>/", connections.connection, name="connection"),
    path("connections/<uuid:item_id>/progress/", connections.progress, name="progress"),
    path("connections/<uuid:item_id>/refresh/", connections.refresh, name="refresh"),
    path("connections/<uuid:item_id>/disconnect/", connections.disconnect, name="disconnect"),
]
