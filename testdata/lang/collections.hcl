# Tuples, objects, indexes, attributes and splats.

empty_tuple   = [[], []]
trailing      = [[1, 2,], [1, 2]]
object_colon  = [{ a : 1, "b" : 2 }, { a = 1, b = 2 }]
key_computed  = [{ ("a" + 0 == 0 ? "x" : "y") = 1 }, { x = 1 }] # error: 21-24 invalid-operand "needs a number"
key_parens    = [{ (local.region) = 1 }, { eu = 1 }]
key_template  = [{ "${local.region}-1" = 1 }, { eu-1 = 1 }]
key_number    = [{ 1 = 2 }, { "1" = 2 }]
key_keyword   = [{ null = 1, true = 2 }, { "null" = 1, "true" = 2 }]
key_equal     = [{ "a" = 1, ("a") = 2 }, { a = 2 }]
lines = [{
  a = 1
  b = 2, c = 3 # a comment
}, { a = 1, b = 2, c = 3 }]

index         = [["a", "b"][1], "b"]
index_string  = [["a", "b"]["1"], "b"]
index_old     = [["a", "b"].1, "b"]
index_object  = [{ a = 1 }["a"], 1]
index_map     = [convert({ a = 1 }, map(number))["a"], 1]
attr          = [{ a = { b = 1 } }.a.b, 1]
attr_map      = [convert({ a = 1 }, map(number)).a, 1]
namespace     = [local.region, "eu"]
namespace_key = [local["region"], "eu"]
namespace_all = [local, { region = "eu" }]
chain         = [{ a = [{ b = 1 }] }.a[0].b, 1]

splat            = [[{ a = 1 }, { a = 2 }][*].a, [1, 2]]
splat_attr       = [[{ a = 1 }, { a = 2 }].*.a, [1, 2]]
splat_index      = [[[1, 2], [3]][*][0], [1, 3]]
splat_attr_index = [[[1, 2], [3]].*.0, [1, 3]]
splat_then_index = [[{ a = 1 }, { a = 2 }].*.a[1], 2]
splat_bare       = [[1, 2][*], [1, 2]]
splat_scalar     = ["a"[*], ["a"]]
splat_null       = [null[*], []]
splat_object     = [{ a = 1 }[*].a, [1]]
splat_nested     = [[{ a = [{ b = 1 }, { b = 2 }] }][*].a[*].b, [[1, 2]]]
splat_list       = [convert(["a"], list(string))[*], convert(["a"], list(string))]

unknown_attr       = [unknown.a.b, "<unknown any>"]
unknown_index      = [unknown_list[0], "<unknown string>"]
unknown_key        = [["a"][unknown], "<unknown any>"]
unknown_map_attr   = [unknown_map.a, "<unknown number>"]
unknown_object     = [unknown_object.name, "<unknown string>"]
unknown_pair_index = [unknown_pair[1], "<unknown bool>"]
unknown_splat      = [unknown[*].a, "<unknown any>"]
unknown_list_splat = [unknown_list[*], "<unknown list(string)>"]
unknown_pair_splat = [unknown_pair[*], "<unknown tuple([string, bool])>"]
unknown_object_key = [{ (unknown_string) = 1 }, "<unknown any>"]

secret_element = [[secret, "b"][1], "b"]
secret_chosen  = [[secret, "b"][0], "<sensitive>"]
secret_list    = [secret_list[0], "<sensitive>"]
secret_splat   = [secret_list[*], "<sensitive>"]
secret_key     = [{ (secret) = 1 }, "<sensitive>"]
secret_index   = [{ hush = 1 }[secret], "<sensitive>"]

name        = nope # error: 15-19 unknown-variable "there is no variable called `nope`"
near        = secre # error: 15-20 unknown-variable "`secre`"
no_attr     = { a = 1 }.b # error: 25-26 unknown-attribute "this object has no attribute `b`"
no_local    = local.regoin # error: 21-27 unknown-reference "there is no local called `regoin`"
no_element  = convert({ a = 1 }, map(number)).b # error: 47-48 invalid-index "there is no element `b`"
no_key      = { a = 1 }["b"] # error: 25-28 invalid-index "there is no element `b`"
past_end    = [1][1] # error: 19-20 invalid-index "this index is not in the list"
before      = [1][-1] # error: 19-21 invalid-index "this index is not in the list"
half        = [1, 2][0.5] # error: 22-25 invalid-index "whole number"
word        = [1]["a"] # error: 19-22 invalid-index "must be a number"
null_index  = [1][null] # error: 19-23 invalid-index "must not be null"
of_null     = null[0] # error: 15-22 invalid-index "null has no elements"
attr_null   = null.a # error: 20-21 unknown-attribute "null has no attribute `a`"
attr_list   = [{ a = 1 }].a # error: 27-28 unknown-attribute "a tuple has no attributes"
of_string   = "abc"[0] # error: 15-23 invalid-index "a string has no elements"
of_set      = convert([1], set(number))[0] # error: 41-42 invalid-index "set have no index"
null_key    = { (null) = 1 } # error: 17-23 invalid-value "a key must not be null"
list_key    = { ([]) = 1 } # error: 17-21 wrong-type "a key must be a string"
unknown_far = unknown_pair[2] # error: 28-29 invalid-index "not in the list"
unknown_bad = unknown_object.nam # error: 30-33 unknown-attribute "no attribute `nam`"

# The last of two equal keys counts.
equal_keys = [{ a = 1, a = 2 }.a, 2] # error: 24-25 duplicate "`a` is set twice"
