# `for` expressions.

tuple     = [[for x in [1, 2] : x * 2], [2, 4]]
keys      = [[for k, v in { a = 1, b = 2 } : "${k}${v}"], ["a1", "b2"]]
indexes   = [[for i, x in ["a", "b"] : "${i}${x}"], ["0a", "1b"]]
filter    = [[for x in [1, 2, 3] : x if x > 1], [2, 3]]
object    = [{ for x in ["a", "b"] : x => upper(x) }, { a = "A", b = "B" }]
group     = [{ for x in ["a", "b", "ab"] : substr(x, 0, 1) => x... }, { a = ["a", "ab"], b = ["b"] }]
of_set    = [[for x in convert(["b", "a", "b"], set(string)) : x], ["a", "b"]]
nested    = [[for x in [1, 2] : [for y in [3] : x * y]], [[3], [6]]]
shadow    = [[for local in [1] : local], [1]]
outer     = [[for x in [1] : local.region], ["eu"]]
lines = [[
  for x in [1, 2] :
  x
], [1, 2]]

unknown_collection = [[for x in unknown : x], "<unknown any>"]
unknown_condition  = [[for x in [1] : x if unknown_bool], "<unknown any>"]
unknown_key        = [{ for x in [1] : unknown_string => x }, "<unknown any>"]
unknown_element    = [[for x in [unknown_string] : x], "[<unknown string>]"]
secret_collection  = [[for x in secret_list : x], "<sensitive>"]
secret_condition   = [[for x in [1] : x if secret == "a"], "<sensitive>"]
secret_element     = [[for x in [secret] : x], "[<sensitive>]"]

twice      = { for x in ["a", "a"] : x => x } # error: 38-39 duplicate "two elements have the key `a`"
of_null    = [for x in null : x] # error: 24-28 invalid-value "cannot walk through null"
of_string  = [for x in "abc" : x] # error: 24-29 wrong-type "needs a list, set, map or object"
null_key   = { for x in [1] : null => x } # error: 31-35 invalid-value "a key must not be null"
condition  = [for x in [1] : x if null] # error: 35-39 invalid-value "must not be null"
not_bool   = [for x in [1] : x if 1] # error: 35-36 wrong-type "must be a bool"
in_element = [for x in [1] : nope] # error: 30-34 unknown-variable "`nope`"
