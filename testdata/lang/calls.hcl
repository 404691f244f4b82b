# Function calls; what each function does is tested beside it.

plain        = [upper("a"), "A"]
converts     = [upper(1), "1"]
expands      = [max([1, 3, 2]...), 3]
expands_set  = [max(convert([1, 2], set(number))...), 2]
trailing     = [max(
  1,
  2,
), 2]

try_first    = [try(1 / "x", nope, 3), 3]
try_attr     = [try({ a = 1 }.b, "none"), "none"]
try_unknown  = [try(unknown.a, 1), "<unknown any>"]
can_not      = [can(nope), false]
can          = [can(1), true]
can_unknown  = [can(unknown), "<unknown bool>"]
can_secret   = [can(secret), "<sensitive>"]

unknown_argument = [upper(unknown), "<unknown string>"]
unknown_expanded = [max(unknown...), "<unknown any>"]
secret_argument  = [upper(secret), "<sensitive>"]
secret_expanded  = [join("", secret_list), "<sensitive>"]

no_function  = uper("a") # error: 16-20 unknown-function "there is no function called `uper`"
namespaced   = a::b(1) # error: 16-20 unknown-function "`a::b`"
too_many     = upper("a", "b") # error: 27-30 function-call "`upper` takes 1 argument, not 2"
too_few      = upper() # error: 16-23 function-call "`upper` takes 1 argument, not 0"
null_given   = upper(null) # error: 22-26 function-call "must not be null"
wrong_type   = upper([]) # error: 22-24 function-call "has the wrong type"
fails        = length(1) # error: 23-24 function-call "`length`"
expand_text  = max("a"...) # error: 20-23 function-call "`...` needs a list"
try_none     = try(nope) # error: 16-19 function-call "none of the arguments of `try` has a value"
try_empty    = try() # error: 16-21 function-call "at least one argument"
can_two      = can(1, 2) # error: 16-25 function-call "exactly one argument"
convert_one  = convert(1) # error: 16-26 function-call "a value and a type"
argument     = upper(nope) # error: 22-26 unknown-variable "`nope`"
