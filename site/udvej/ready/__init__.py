"""Whether a site is ready to be announced: a list of questions, each with one answer."""
