"""The addresses of the banking pages."""

from django.urls import path

from banking.views import connections, edits, exports, overview, parts, transactions

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("report.json", overview.overview_json, name="overview_json"),
    path("news/", overview.news, name="news"),
    path("transactions/", transactions.transactions_list, name="transactions"),
    path("transactions/<uuid:transaction_id>/", transactions.transaction, name="transaction"),
    path("transactions/export.csv", exports.as_csv, name="export_csv"),
    path("transactions/export.xlsx", exports.as_xlsx, name="export_xlsx"),
    path("transactions/edit/", edits.edit_rows, name="edit_rows"),
    path("transactions/edit/<int:edit_id>/undo/", edits.undo, name="undo_edit"),
    path("transactions/<uuid:transaction_id>/category/", edits.category, name="row_category"),
    path("transactions/<uuid:transaction_id>/parts/", parts.parts, name="parts"),
    path("transactions/<uuid:transaction_id>/same/", transactions.reappearance, name="reappearance"),
    path("connections/", connections.connections_list, name="connections"),
    path("connections/connect/", connections.connect, name="connect"),
    path("connections/token/", connections.connect_token, name="connect_token"),
    path("connections/claim/", connections.claim, name="claim"),
    path("connections/<uuid:item_id>/", connections.connection, name="connection"),
    path("connections/<uuid:item_id>/progress/", connections.progress, name="progress"),
    path("connections/<uuid:item_id>/refresh/", connections.refresh, name="refresh"),
    path("connections/<uuid:item_id>/disconnect/", connections.disconnect, name="disconnect"),
]
