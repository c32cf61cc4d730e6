"""American options: how far off they are, how long they take, and where the errors lie."""
