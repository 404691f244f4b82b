# Numbers that cannot be read.

a = 1e5000 # error: 5-11 limit-exceeded "the number has more than 4096 digits"
c = 0x10   # error: 5-9 syntax "`0x10` is no number"
d = 1_000  # error: 5-10 syntax "`1_000` is no number"
