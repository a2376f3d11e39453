"""Tierline: one queue for everyone who needs help, answered in Slack."""

__version__ = "0.1.0"
