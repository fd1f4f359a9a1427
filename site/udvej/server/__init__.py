"""Processes: the entry of a web worker, and the delivery next to the workers."""
