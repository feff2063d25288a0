"""Benchmarks: one command each, real servers, ratios from one run; never a test that a slow machine fails."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pfm.settings")
django.setup()
