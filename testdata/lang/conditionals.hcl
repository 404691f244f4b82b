# Conditionals evaluate both sides for their types, and fail only for the chosen one.

simple     = [true ? 1 : 2, 1]
text       = ["false" ? 1 : 2, 2]
unified    = [true ? 1 : "a", "1"]
null_then  = [(true ? null : 1) == null, true]
null_else  = [true ? 1 : null, 1]
lists      = [true ? [1] : ["a", "b"], convert(["1"], list(string))]
tuples     = [true ? [1, "x"] : ["a", "b"], ["1", "x"]]
objects    = [true ? { a = 1 } : { b = "x" }, convert({ a = "1" }, map(string))]
same_names = [true ? { a = 1, b = true } : { a = "x", b = false }, { a = "1", b = true }]
other_bad  = [true ? 1 : nope, 1]
nested     = [false ? 1 : true ? 2 : 3, 2]

unknown_condition = [unknown_bool ? 1 : "a", "<unknown string>"]
unknown_bad_side  = [unknown_bool ? 1 : nope, "<unknown any>"]
secret_condition  = [secret == "hush" ? 1 : 2, "<sensitive>"]

chosen_bad  = true ? nope : 1 # error: 22-26 unknown-variable "`nope`"
null_cond   = null ? 1 : 2 # error: 15-19 invalid-value "must not be null"
number_cond = 1 ? 1 : 2 # error: 15-16 wrong-type "must be a bool"
mixed       = true ? 1 : true # error: 15-30 wrong-type "must have the same type"
deep_mixed  = true ? { a = 1 } : { a = "x", b = [] } # error: 15-53 wrong-type "must have the same type"
