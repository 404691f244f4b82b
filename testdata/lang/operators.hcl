# Operators, and what they make of operands of another type.

add          = [1 + 2, 3]
exact        = [0.1 + 0.2 == 0.3, true]
big          = [123456789012345678901234567890 + 1, 123456789012345678901234567891]
converts     = ["1" + 2, 3]
interpolated = ["${1}" + 1, 2]
precedence   = [1 + 2 * 3 - 4 / 2, 5]
parentheses  = [(1 + 2) * 3, 9]
division     = [1 / 4, 0.25]
third        = [length("x${1 / 3}"), 158]
remainder    = [-5 % 3, -2]
fraction     = [5.5 % 2, 1.5]
negate       = [-"3", -3]
not          = [!"true", false]
less         = [1 < "2", true]
at_most      = [2 <= 2 && 3 >= 3, true]
exponent     = [1.5e3, 1500]

equal_strings   = ["a" == "a", true]
different_types = [1 == "1", false]
nulls           = [null == null, true]
open_type       = [distinct([]) == sort([]), false]
null_and_value  = [null == 1, false]
tuples          = [[1, { a = 2 }] == [1, { a = 2 }], true]
not_equal       = [[1] != [2], true]
sets            = [convert([2, 1, 2], set(number)) == convert([1, 2], set(number)), true]

# What the left side decides, the right side cannot spoil.
or_decided  = [true || nope, true]
and_decided = [false && nope, false]
or_unknown  = [unknown_bool || true, true]
and_unknown = [unknown_bool && false, false]

undecided      = [unknown_bool && true, "<unknown bool>"]
unknown_sum    = [unknown + 1, "<unknown number>"]
unknown_less   = [unknown < 1, "<unknown bool>"]
order_of_quoted = [[for e in convert([["\u0001"], ["A"], ["\""], ["a"]], set(list(string))) : e[0]], ["A", "\"", "\u0001", "a"]]
unknown_equal  = [unknown_string == "a", "<unknown bool>"]
unknown_inside = [[unknown, 1] == ["a", 2], false]
unknown_not    = [!unknown, "<unknown bool>"]

secret_sum   = [secret == "hush", "<sensitive>"]
secret_not   = [!(secret == "a"), "<sensitive>"]
secret_below = [[secret] == ["hush"], "<sensitive>"]

no_number   = "a" + 1 # error: 15-18 invalid-operand "`+` needs a number"
no_bool     = !1 # error: 16-17 invalid-operand "`!` needs a bool"
list_add    = [1] + 2 # error: 15-18 invalid-operand "`+` needs a number"
null_add    = 1 + null # error: 19-23 invalid-operand "must not be null"
by_zero     = 1 / 0 # error: 19-20 invalid-operand "division by zero"
rest_zero   = 1 % 0 # error: 19-20 invalid-operand "division by zero"
right_type  = false && "a" # error: 24-27 invalid-operand "`&&` needs a bool"
too_large   = 1e300 * ("1e4000" * 1) # error: 21-22 limit-exceeded "more than 4096 digits"
# error: 15-18 invalid-operand "`+` needs a number"
both_sides  = "a" + "b" # error: 21-24 invalid-operand "`+` needs a number"
unknown_list_add = unknown_list + 1 # error: 20-32 invalid-operand "`+` needs a number"
