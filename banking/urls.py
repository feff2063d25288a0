"""The addresses of the banking pages."""

from django.urls import path

from banking.views import (
    cash_flow,
    categories,
    connections,
    flow,
    investments,
    merchants,
    overview,
    pace,
    transactions,
    worth,
)

urlpatterns = [
    path("", overview.overview, name="overview"),
    path("report.json", overview.overview_json, name="overview_json"),
    path("reports/categories/", categories.page, name="report_categories"),
    path("reports/categories.json", categories.data, name="report_categories_json"),
    path("reports/merchants/", merchants.page, name="report_merchants"),
    path("reports/merchants.json", merchants.data, name="report_merchants_json"),
    path("reports/cash-flow/", cash_flow.page, name="report_cash_flow"),
    path("reports/cash-flow.json", cash_flow.data, name="report_cash_flow_json"),
    path("reports/pace/", pace.page, name="report_pace"),
    path("reports/pace.json", pace.data, name="report_pace_json"),
    path("reports/flow/", flow.page, name="report_flow"),
    path("reports/flow.json", flow.data, name="report_flow_json"),
    path("news/", overview.news, name="news"),
    path("transactions/", transactions.transactions_list, name="transactions"),
    path("transactions/<uuid:transaction_id>/", transactions.transaction, name="transaction"),
    path("transactions/<uuid:transaction_id>/same/", transactions.reappearance, name="reappearance"),
    path("worth/", worth.worth, name="worth"),
    path("investments/", investments.investments_list, name="investments"),
    path("investments/<uuid:investment_id>/", investments.investment, name="investment"),
    path("connections/", connections.connections_list, name="connections"),
    path("connections/connect/", connections.connect, name="connect"),
    path("connections/token/", connections.connect_token, name="connect_token"),
    path("connections/claim/", connections.claim, name="claim"),
    path("connections/<uuid:item_id>/", connections.connection, name="connection"),
    path("connections/<uuid:item_id>/progress/", connections.progress, name="progress"),
    path("connections/<uuid:item_id>/refresh/", connections.refresh, name="refresh"),
    path("connections/<uuid:item_id>/disconnect/", connections.disconnect, name="disconnect"),
]
