# What is not closed is named with both ends, and the rest of the file is still read.

# error: 5-6 syntax "this string is not closed"
a = "text
b = 1 + # error: 7-8 syntax "a value is missing after `+`"
c = 'x' # error: 5-8 syntax "strings stand in double quotes"
d = 1;  # error: 6-7 syntax "`;` has no meaning here"
e = [1, 2, # no error here
  3]
# error: 6-8 syntax "is not closed"
f = "${1"
g = (1] # error: 7-8 syntax "`]` cannot close `(`"
h = 1) # error: 6-7 syntax "this `)` closes nothing"
i = “x” # error: 5-8 syntax "strings stand in double quotes"
j = "%{ if true }x" # error: 6-18 syntax "`%{ if }` without `%{ endif }`"
k = "%{ else }" # error: 6-15 syntax "`%{ else }` without `%{ if }`"
l = "%{ wat }" # error: 9-12 syntax "there is no directive `wat`"
# error: 6-22 syntax "`%{ for }` without `%{ endfor }`"
m = "%{ for x in [] }%{ endif }" # error: 22-32 syntax "`%{ endif }` without `%{ if }`"
n = "\q" # error: 6-8 syntax "there is no such escape"
o = "\u12" # error: 6-10 syntax "needs hexadecimal digits"
p = << EOT # error: 5-7 syntax "a heredoc begins with `<<` and a word"
q = 1 2 # error: 7-8 syntax "expected the end of the line"
r = 1.e # nothing else
