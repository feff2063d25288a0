"""The Connect page: what the widget's iframe shows when it is pointed at the local Pluggy."""
