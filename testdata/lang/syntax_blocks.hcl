# Mistakes in blocks; each block is parsed by itself.

block {
  a = 1
  a = 2 # error: 3-4 duplicate "`a` is given twice"
}

other = { a = 1, a = 2 } # error: 18-19 duplicate "`a` is set twice"

twice = 1
twice = 2 # error: 1-6 duplicate "`twice` is given twice"

block = { # an object, and fine
  x = 1
}

1 = 2 # error: 1-2 syntax

block "label" 1 { # error: 15-16 syntax
}

key = { a.b = 1 } # error: 9-12 syntax "this key can be read in two ways"

one { a = 1 }
two { a = 1, b = 2 } # error: 12-13 syntax

block { # error: 7-8 syntax "`{` is not closed"
  inline = ["a"]

last {
  a = 1
}
