"""Measure the product's speed on real servers. Results are ratios within one run, not absolute times."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")
django.setup()
