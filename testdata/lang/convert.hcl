# Conversions between types, by `convert`.

to_string    = [convert(1.50, string), "1.5"]
bool_string  = [convert(true, string), "true"]
to_number    = [convert("1e3", number), 1000]
to_bool      = [convert("1", bool), true]
any          = [convert([1], any), [1]]
list         = [[for x in convert([1, "a", true], list(string)) : x], ["1", "a", "true"]]
list_any     = [convert([1, "a"], list(any)), convert(["1", "a"], list(string))]
list_empty   = [convert([], list(any)), convert([], list(any))]
set          = [[for x in convert(["b", "a", "b"], set(string)) : x], ["a", "b"]]
map          = [convert({ a = 1, b = "x" }, map(any)), convert({ a = "1", b = "x" }, map(string))]
object       = [convert({ a = 1, extra = 2 }, object({ a = string })), { a = "1" }]
map_object   = [convert(convert({ a = 1 }, map(number)), object({ a = string })), { a = "1" }]
optional     = [convert({}, object({ a = optional(string) })).a == null, true]
default      = [convert({ b = null }, object({ a = optional(string, 1), b = optional(number, 2) })), { a = "1", b = 2 }]
tuple        = [convert([1, "2"], tuple([string, number])), ["1", 2]]
nested       = [convert([{ a = 1 }], list(object({ a = string })))[0].a, "1"]
null_string  = [convert(null, string) == null, true]
null_first   = [convert([null, 1], list(any)), convert([null, 1], list(number))]
null_only    = [convert([null, null], list(any)), convert([null, null], list(any))]
null_in_map  = [convert({ a = null, b = 1 }, map(any)), convert({ a = null, b = 1 }, map(number))]
unknown      = [convert(unknown, list(string)), "<unknown list(string)>"]
unknown_list = [convert(unknown_list, set(any)), "<unknown set(string)>"]
secret       = [convert([secret], list(string)), "[<sensitive>]"]
secret_set   = [convert([secret], set(string)), "<sensitive>"]

not_number   = convert("a", number) # error: 24-27 wrong-type "cannot be converted"
not_bool     = convert("yes", bool) # error: 24-29 wrong-type "cannot be converted"
not_list     = convert("a", list(string)) # error: 24-27 wrong-type "cannot be converted"
mixed        = convert([true, 1], list(any)) # error: 24-33 wrong-type "cannot be converted"
mixed_null   = convert([null, { a = 1 }, ["x"]], list(any)) # error: 24-48 wrong-type "cannot be converted"
empty_other  = convert(convert([], list(bool)), list(object({ a = any }))) # error: 24-47 wrong-type "cannot be converted"
missing      = convert({}, object({ a = string })) # error: 24-26 wrong-type "cannot be converted"
length       = convert([1], tuple([number, number])) # error: 24-27 wrong-type "cannot be converted"
deep         = convert([{ a = [] }], list(object({ a = string }))) # error: 24-36 wrong-type "cannot be converted"
unknown_bad  = convert(unknown_string, list(string)) # error: 24-38 wrong-type "cannot be converted"
null_list    = convert(null, list(string)) == nope # error: 47-51 unknown-variable "nope"

type_name    = convert(1, strin) # error: 27-32 wrong-type "there is no type called `strin`"
type_bare    = convert(1, list) # error: 27-31 wrong-type "`list` needs an element type"
type_tuple   = convert(1, tuple) # error: 27-32 wrong-type "`tuple` needs the types"
type_object  = convert(1, object) # error: 27-33 wrong-type "`object` needs the types"
type_many    = convert(1, list(string, string)) # error: 27-47 wrong-type "exactly one argument"
type_empty   = convert(1, any(string)) # error: 27-38 wrong-type "takes no arguments"
type_quoted  = convert(1, "string") # error: 27-35 wrong-type "without quotes"
type_value   = convert(1, 1) # error: 27-28 wrong-type "this is not a type"
type_inside  = convert(1, list(foo)) # error: 32-35 wrong-type "`foo`"
type_call    = convert(1, foo(string)) # error: 27-38 wrong-type "`foo`"
type_list    = convert(1, tuple(string)) # error: 33-39 wrong-type "`tuple` takes a list of types"
type_names   = convert(1, object(string)) # error: 34-40 wrong-type "`object` takes the types"
type_key     = convert(1, object({ (1) = string })) # error: 36-39 wrong-type "plain word"
type_default = convert(1, object({ a = optional(number, "x") })) # error: 57-60 wrong-type "does not have the attribute's type"
type_opt     = convert(1, optional(string)) # error: 27-43 wrong-type "only for the type of an object's attribute"
type_opts    = convert(1, object({ a = optional() })) # error: 40-50 wrong-type "takes a type and"
