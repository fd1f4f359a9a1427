"""Processes: the entry of a web worker, and the delivery beside the workers."""
