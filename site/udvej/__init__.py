"""Udvej: a site that tells of the EXIT programme and takes a person's first word to it."""
