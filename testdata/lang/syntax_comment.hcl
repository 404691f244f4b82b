# A comment that never ends.
a = 1
# error: 1-3 syntax "this comment is not closed"
/* more
