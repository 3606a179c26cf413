"""Other engines for the lessons' CNN, each in an environment of its own."""
