"""Udvej: a site that explains the EXIT programme and takes a person's first word to it."""
