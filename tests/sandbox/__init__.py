"""Tests of the local Pluggy: they start it as a program and talk to it over HTTP."""
