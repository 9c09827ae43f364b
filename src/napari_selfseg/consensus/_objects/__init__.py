"""Objects as plausible nodes of trees."""
