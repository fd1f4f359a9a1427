"""Pages to files, for this server and for one in front."""
