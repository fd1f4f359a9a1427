"""Requests in, answers out: a blueprint for each kind of address."""
