# `can`, `convert` and `try`.

can          = [can(secret), "<sensitive>"]
can_2        = [can(1), true]
can_null     = [can(null), true]
can_unicode  = [can("👩‍👩‍👧"), true]
can_unknown  = [can(unknown_number), "<unknown bool>"]
can_limit    = [can(1e18), true]
can_negative = [can(-1), true]
can_fraction = [can(0.5), true]
can_more     = can(1, "x") # error: 16-27 function-call "`can` takes exactly one argument"
can_less     = can()       # error: 16-21 function-call "`can` takes exactly one argument"

convert         = [convert([[], ["a"]], set(list(string))), convert([["a"], []], set(list(string)))]
convert_2       = [convert([[1], [10], [2]], set(list(number))), convert([[10], [1], [2]], set(list(number)))]
convert_3       = convert(secret, number) # error: 27-33 wrong-type "this value cannot be converted"
convert_4       = convert("é", number)    # error: 27-30 wrong-type "this value cannot be converted"
convert_5       = [convert("1", number), 1]
convert_null    = [convert(null, number), convert(null, number)]
convert_unknown = [convert(unknown_string, number), "<unknown number>"]
convert_empty   = convert("", number)       # error: 27-29 wrong-type "this value cannot be converted"
convert_unicode = convert("é👩‍👩‍👧", number)     # error: 27-35 wrong-type "this value cannot be converted"
convert_more    = convert("1", number, "x") # error: 19-44 function-call "`convert` takes a value and a type"
convert_less    = convert("1")              # error: 19-31 function-call "`convert` takes a value and a type"

try            = [try(secret, 1), "<sensitive>"]
try_2          = [try([secret, 1]...), "<sensitive>"]
try_3          = try([]...) # error: 18-21 function-call "none of the arguments of `try` has a value"
try_4          = [try(1, 2), 1]
try_unicode    = [try(length("👩‍👩‍👧"), "ü"), 1]
try_null       = [try(null, 2), null]
try_unknown    = [try(unknown_number, 2), "<unknown any>"]
try_limit      = [try(1e18, 2), 1000000000000000000]
try_negative   = [try(-1, 2), -1]
try_fraction   = [try(0.5, 2), 0.5]
try_null_2     = [try(1, null), 1]
try_unknown_2  = [try(1, unknown_number), 1]
try_limit_2    = [try(1, 1e18), 1]
try_negative_2 = [try(1, -1), 1]
try_fraction_2 = [try(1, 0.5), 1]
try_more       = [try(1, 2, "x"), 1]
try_less       = [try(1), 1]
