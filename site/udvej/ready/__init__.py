"""Whether a site is ready to be told of: a list of questions, each with one answer."""
