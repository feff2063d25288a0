"""The Connect page, which the widget shows in its iframe, and the bank's authorization page."""
