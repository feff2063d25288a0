"""The control panel: simulate bank actions, switch faults on, and show events. Only for this machine."""
