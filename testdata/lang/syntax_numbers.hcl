# Numbers that cannot be read.

a = 1e5000 # error: 6-11 limit-exceeded "a number can be written up to 1e308"
c = 0x10   # error: 6-9 syntax "expected a new line"
d = 1_000  # error: 6-10 syntax "expected a new line"
