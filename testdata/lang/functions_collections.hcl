# Functions on lists, sets, maps, tuples and objects.

alltrue         = [[alltrue([]), alltrue([true, "true"]), alltrue([true, null])], [true, true, false]]
alltrue_2       = [alltrue([true]), true]
alltrue_null    = alltrue(null) # error: 27-31 function-call "the argument `list` must not be null"
alltrue_unknown = [alltrue(unknown_list), "<unknown bool>"]
alltrue_wrong   = alltrue("x") # error: 27-30 function-call "the argument `list` has the wrong type"
alltrue_empty   = [alltrue([]), true]
alltrue_unicode = alltrue(["é", "👩‍👩‍👧"])  # error: 27-41 function-call "the argument `list` has the wrong type"
alltrue_secret  = alltrue(secret_list) # error: 27-38 function-call "the argument `list` has the wrong type"
alltrue_more    = alltrue([true], "x") # error: 35-38 function-call "`alltrue` takes 1 argument, not 2"
alltrue_less    = alltrue()            # error: 19-28 function-call "`alltrue` takes 1 argument, not 0"

anytrue         = [[anytrue([null]), anytrue([false, true])], [false, true]]
anytrue_2       = [anytrue([true]), true]
anytrue_null    = anytrue(null) # error: 27-31 function-call "the argument `list` must not be null"
anytrue_unknown = [anytrue(unknown_list), "<unknown bool>"]
anytrue_wrong   = anytrue("x") # error: 27-30 function-call "the argument `list` has the wrong type"
anytrue_empty   = [anytrue([]), false]
anytrue_unicode = anytrue(["é", "👩‍👩‍👧"])  # error: 27-41 function-call "the argument `list` has the wrong type"
anytrue_secret  = anytrue(secret_list) # error: 27-38 function-call "the argument `list` has the wrong type"
anytrue_more    = anytrue([true], "x") # error: 35-38 function-call "`anytrue` takes 1 argument, not 2"
anytrue_less    = anytrue()            # error: 19-28 function-call "`anytrue` takes 1 argument, not 0"

chunklist           = [chunklist(["a", "b", "c"], 2), convert([["a", "b"], ["c"]], list(list(string)))]
chunklist_2         = [chunklist(["a"], 0), convert([["a"]], list(list(string)))]
chunklist_3         = chunklist(["a"], -1) # error: 40-42 function-call "the size must not be negative"
chunklist_4         = [chunklist(["a", "b"], 1e18), convert([["a", "b"]], list(list(string)))]
chunklist_5         = [chunklist(["a", "b"], 1), convert([["a"], ["b"]], list(list(string)))]
chunklist_null      = chunklist(null, 1) # error: 33-37 function-call "the argument `list` must not be null"
chunklist_unknown   = [chunklist(unknown_list, 1), "<unknown list(list(string))>"]
chunklist_wrong     = chunklist("x", 1) # error: 33-36 function-call "the argument `list` has the wrong type"
chunklist_empty     = [chunklist([], 1), convert([], list(list(any)))]
chunklist_unicode   = [chunklist(["é", "👩‍👩‍👧"], 1), convert([["é"], ["👩\u200d👩\u200d👧"]], list(list(string)))]
chunklist_secret    = [chunklist(secret_list, 1), "<sensitive>"]
chunklist_null_2    = chunklist(["a", "b"], null) # error: 45-49 function-call "the argument `size` must not be null"
chunklist_unknown_2 = [chunklist(["a", "b"], unknown_number), "<unknown list(list(string))>"]
chunklist_wrong_2   = chunklist(["a", "b"], "x") # error: 45-48 function-call "the argument `size` has the wrong type"
chunklist_limit     = [chunklist(["a", "b"], 1e18), convert([["a", "b"]], list(list(string)))]
chunklist_negative  = chunklist(["a", "b"], -1)     # error: 45-47 function-call "the size must not be negative"
chunklist_fraction  = chunklist(["a", "b"], 0.5)    # error: 45-48 function-call "a whole number is required"
chunklist_more      = chunklist(["a", "b"], 1, "x") # error: 48-51 function-call "`chunklist` takes 2 arguments, not 3"
chunklist_less      = chunklist(["a", "b"])         # error: 23-44 function-call "`chunklist` takes 2 arguments, not 1"

coalesce           = [coalesce("", null, "b"), "b"]
coalesce_2         = [coalesce(null, 1), 1]
coalesce_3         = [coalesce("a", 1), "a"]
coalesce_4         = [coalesce(false, true), false]
coalesce_5         = coalesce("", "") # error: 22-38 function-call "every value is null or an empty string"
coalesce_6         = [coalesce(convert(null, list(string)), "A", null), "A"]
coalesce_7         = [coalesce([], "A", null), []]
coalesce_8         = [coalesce("a", "b"), "a"]
coalesce_null      = [coalesce(null, "b"), "b"]
coalesce_unknown   = [coalesce(unknown_string, "b"), "<unknown string>"]
coalesce_wrong     = coalesce([], "b") # error: 22-39 function-call "all values must have one type"
coalesce_empty     = [coalesce("", "b"), "b"]
coalesce_unicode   = [coalesce("é👩‍👩‍👧", "b"), "é👩\u200d👩\u200d👧"]
coalesce_secret    = [coalesce(secret, "b"), "<sensitive>"]
coalesce_null_2    = [coalesce("a", null), "a"]
coalesce_unknown_2 = [coalesce("a", unknown_string), "a"]
coalesce_wrong_2   = coalesce("a", []) # error: 22-39 function-call "all values must have one type"
coalesce_empty_2   = [coalesce("a", ""), "a"]
coalesce_unicode_2 = [coalesce("a", "é👩‍👩‍👧"), "a"]
coalesce_secret_2  = [coalesce("a", secret), "<sensitive>"]
coalesce_more      = [coalesce("a", "b", "x"), "a"]
coalesce_less      = [coalesce("a"), "a"]

coalescelist           = [coalescelist([], ["a"]), ["a"]]
coalescelist_2         = coalescelist([], []) # error: 26-46 function-call "every list is null or empty"
coalescelist_3         = [coalescelist(["a"], ["b"]), ["a"]]
coalescelist_null      = coalescelist(null, ["b"]) # error: 39-43 function-call "a list or a tuple is required, not any"
coalescelist_unknown   = [coalescelist(unknown_list, ["b"]), "<unknown any>"]
coalescelist_wrong     = coalescelist("x", ["b"]) # error: 39-42 function-call "a list or a tuple is required, not string"
coalescelist_empty     = [coalescelist([], ["b"]), ["b"]]
coalescelist_unicode   = [coalescelist(["é", "👩‍👩‍👧"], ["b"]), ["é", "👩\u200d👩\u200d👧"]]
coalescelist_secret    = [coalescelist(secret_list, ["b"]), "<sensitive>"]
coalescelist_null_2    = coalescelist(["a"], null) # error: 46-50 function-call "a list or a tuple is required, not any"
coalescelist_unknown_2 = [coalescelist(["a"], unknown_list), ["a"]]
coalescelist_wrong_2   = coalescelist(["a"], "x") # error: 46-49 function-call "a list or a tuple is required, not string"
coalescelist_empty_2   = [coalescelist(["a"], []), ["a"]]
coalescelist_unicode_2 = [coalescelist(["a"], ["é", "👩‍👩‍👧"]), ["a"]]
coalescelist_secret_2  = [coalescelist(["a"], secret_list), "<sensitive>"]
coalescelist_more      = coalescelist(["a"], ["b"], "x") # error: 53-56 function-call "a list or a tuple is required, not string"
coalescelist_less      = [coalescelist(["a"]), ["a"]]

compact         = [compact(["a", "", null]), convert(["a"], list(string))]
compact_2       = [compact(["a", ""]), convert(["a"], list(string))]
compact_null    = compact(null) # error: 27-31 function-call "the argument `list` must not be null"
compact_unknown = [compact(unknown_list), "<unknown list(string)>"]
compact_wrong   = compact("x") # error: 27-30 function-call "the argument `list` has the wrong type"
compact_empty   = [compact([]), convert([], list(string))]
compact_unicode = [compact(["é", "👩‍👩‍👧"]), convert(["é", "👩\u200d👩\u200d👧"], list(string))]
compact_secret  = [compact(secret_list), "<sensitive>"]
compact_more    = compact(["a", ""], "x") # error: 38-41 function-call "`compact` takes 1 argument, not 2"
compact_less    = compact()               # error: 19-28 function-call "`compact` takes 1 argument, not 0"

concat           = [concat([1], ["a"]), [1, "a"]]
concat_2         = concat() # error: 20-28 function-call "at least one list is required"
concat_3         = [concat(["a"], ["b"]), ["a", "b"]]
concat_null      = concat(null, ["b"]) # error: 27-31 function-call "the argument `lists` must not be null"
concat_unknown   = [concat(unknown_list, ["b"]), "<unknown any>"]
concat_wrong     = concat("x", ["b"]) # error: 27-30 function-call "a list or a tuple is required, not string"
concat_empty     = [concat([], ["b"]), ["b"]]
concat_unicode   = [concat(["é", "👩‍👩‍👧"], ["b"]), ["é", "👩\u200d👩\u200d👧", "b"]]
concat_secret    = [concat(secret_list, ["b"]), "<sensitive>"]
concat_null_2    = concat(["a"], null) # error: 34-38 function-call "the argument `lists` must not be null"
concat_unknown_2 = [concat(["a"], unknown_list), "<unknown any>"]
concat_wrong_2   = concat(["a"], "x") # error: 34-37 function-call "a list or a tuple is required, not string"
concat_empty_2   = [concat(["a"], []), ["a"]]
concat_unicode_2 = [concat(["a"], ["é", "👩‍👩‍👧"]), ["a", "é", "👩\u200d👩\u200d👧"]]
concat_secret_2  = [concat(["a"], secret_list), "<sensitive>"]
concat_more      = concat(["a"], ["b"], "x") # error: 41-44 function-call "a list or a tuple is required, not string"
concat_less      = [concat(["a"]), ["a"]]

contains           = [[contains(["a"], "a"), contains([], "a"), contains([1], "1")], [true, false, false]]
contains_2         = contains({ a = 1 }, 1) # error: 31-40 function-call "a list, set or tuple is required, not object({a = number})"
contains_3         = [contains(["e\u0301"], "é"), true]
contains_4         = [contains(["a", "b"], "a"), true]
contains_null      = contains(null, "a") # error: 31-35 function-call "the argument `list` must not be null"
contains_unknown   = [contains(unknown_list, "a"), "<unknown bool>"]
contains_wrong     = contains("x", "a") # error: 31-34 function-call "a list, set or tuple is required, not string"
contains_empty     = [contains([], "a"), false]
contains_unicode   = [contains(["é", "👩‍👩‍👧"], "a"), false]
contains_secret    = [contains(secret_list, "a"), "<sensitive>"]
contains_null_2    = contains(["a", "b"], null) # error: 43-47 function-call "the argument `value` must not be null"
contains_unknown_2 = [contains(["a", "b"], unknown_string), "<unknown bool>"]
contains_wrong_2   = [contains(["a", "b"], []), false]
contains_empty_2   = [contains(["a", "b"], ""), false]
contains_unicode_2 = [contains(["a", "b"], "é👩‍👩‍👧"), false]
contains_secret_2  = [contains(["a", "b"], secret), "<sensitive>"]
contains_more      = contains(["a", "b"], "a", "x") # error: 48-51 function-call "`contains` takes 2 arguments, not 3"
contains_less      = contains(["a", "b"])           # error: 22-42 function-call "`contains` takes 2 arguments, not 1"

distinct         = [distinct([1, "1"]), convert(["1"], list(string))]
distinct_2       = [distinct(["a", "a"]), convert(["a"], list(string))]
distinct_null    = distinct(null) # error: 29-33 function-call "the argument `list` must not be null"
distinct_unknown = [distinct(unknown_list), "<unknown list(string)>"]
distinct_wrong   = distinct("x") # error: 29-32 function-call "the argument `list` has the wrong type"
distinct_empty   = [distinct([]), convert([], list(any))]
distinct_unicode = [distinct(["é", "👩‍👩‍👧"]), convert(["é", "👩\u200d👩\u200d👧"], list(string))]
distinct_secret  = [distinct(secret_list), "<sensitive>"]
distinct_more    = distinct(["a", "a"], "x") # error: 41-44 function-call "`distinct` takes 1 argument, not 2"
distinct_less    = distinct()                # error: 20-30 function-call "`distinct` takes 1 argument, not 0"

element           = [element(["a", "b"], 3), "b"]
element_2         = element(["a"], -1) # error: 36-38 function-call "the index must not be negative"
element_3         = element([], 0)     # error: 29-31 function-call "an empty list has no elements"
element_4         = [element(["a", "b"], 1e18), "a"]
element_5         = [element(["a", "b"], 1), "b"]
element_null      = element(null, 1) # error: 29-33 function-call "the argument `list` must not be null"
element_unknown   = [element(unknown_list, 1), "<unknown string>"]
element_wrong     = element("x", 1) # error: 29-32 function-call "a list or a tuple is required, not string"
element_empty     = element([], 1)  # error: 29-31 function-call "an empty list has no elements"
element_unicode   = [element(["é", "👩‍👩‍👧"], 1), "👩\u200d👩\u200d👧"]
element_secret    = [element(secret_list, 1), "<sensitive>"]
element_null_2    = element(["a", "b"], null) # error: 41-45 function-call "the argument `index` must not be null"
element_unknown_2 = [element(["a", "b"], unknown_number), "<unknown any>"]
element_wrong_2   = element(["a", "b"], "x") # error: 41-44 function-call "the argument `index` has the wrong type"
element_limit     = [element(["a", "b"], 1e18), "a"]
element_negative  = element(["a", "b"], -1)     # error: 41-43 function-call "the index must not be negative"
element_fraction  = element(["a", "b"], 0.5)    # error: 41-44 function-call "a whole number is required"
element_more      = element(["a", "b"], 1, "x") # error: 44-47 function-call "`element` takes 2 arguments, not 3"
element_less      = element(["a", "b"])         # error: 21-40 function-call "`element` takes 2 arguments, not 1"

flatten         = [flatten([["a"], ["b", ["c"]], [], null]), ["a", "b", "c", null]]
flatten_2       = flatten("x") # error: 27-30 function-call "a list, set or tuple is required, not string"
flatten_3       = [flatten([[["é"]]]), ["é"]]
flatten_4       = [flatten([["a"], ["b"]]), ["a", "b"]]
flatten_null    = flatten(null) # error: 27-31 function-call "the argument `list` must not be null"
flatten_unknown = [flatten(unknown_list), "<unknown any>"]
flatten_empty   = [flatten([]), []]
flatten_unicode = [flatten(["é", "👩‍👩‍👧"]), ["é", "👩\u200d👩\u200d👧"]]
flatten_secret  = [flatten(secret_list), "<sensitive>"]
flatten_more    = flatten([["a"], ["b"]], "x") # error: 43-46 function-call "`flatten` takes 1 argument, not 2"
flatten_less    = flatten()                    # error: 19-28 function-call "`flatten` takes 1 argument, not 0"

index           = [index(["a", "b"], "b"), 1]
index_2         = index(["a"], "z")   # error: 32-35 function-call "the list has no such element"
index_3         = index(["1"], 1)     # error: 32-33 function-call "the list has no such element"
index_4         = index({ a = 1 }, 1) # error: 25-34 function-call "a list or a tuple is required, not object({a = number})"
index_5         = [index(["e\u0301"], "é"), 0]
index_6         = [index(["a", "b"], "b"), 1]
index_null      = index(null, "b") # error: 25-29 function-call "the argument `list` must not be null"
index_unknown   = [index(unknown_list, "b"), "<unknown number>"]
index_wrong     = index("x", "b")         # error: 25-28 function-call "a list or a tuple is required, not string"
index_empty     = index([], "b")          # error: 25-27 function-call "an empty list has no elements"
index_unicode   = index(["é", "👩‍👩‍👧"], "b")  # error: 37-40 function-call "the list has no such element"
index_secret    = index(secret_list, "b") # error: 38-41 function-call "the list has no such element"
index_null_2    = index(["a", "b"], null) # error: 37-41 function-call "the argument `value` must not be null"
index_unknown_2 = [index(["a", "b"], unknown_string), "<unknown number>"]
index_wrong_2   = index(["a", "b"], [])       # error: 37-39 function-call "the list has no such element"
index_empty_2   = index(["a", "b"], "")       # error: 37-39 function-call "the list has no such element"
index_unicode_2 = index(["a", "b"], "é👩‍👩‍👧")     # error: 37-45 function-call "the list has no such element"
index_secret_2  = index(["a", "b"], secret)   # error: 37-43 function-call "the list has no such element"
index_more      = index(["a", "b"], "b", "x") # error: 42-45 function-call "`index` takes 2 arguments, not 3"
index_less      = index(["a", "b"])           # error: 19-36 function-call "`index` takes 2 arguments, not 1"

keys         = [keys({ b = 1, a = 2 }), ["a", "b"]]
keys_2       = [keys({ é = 1, e = 2 }), ["e", "é"]]
keys_3       = [keys({ a = 1 }), ["a"]]
keys_null    = keys(null) # error: 21-25 function-call "the argument `map` must not be null"
keys_unknown = [keys(unknown_map), "<unknown list(string)>"]
keys_wrong   = keys("x") # error: 21-24 function-call "a map or an object is required, not string"
keys_empty   = [keys({}), []]
keys_more    = keys({ a = 1 }, "x") # error: 32-35 function-call "`keys` takes 1 argument, not 2"
keys_less    = keys()               # error: 16-22 function-call "`keys` takes 1 argument, not 0"

lookup           = [lookup({ a = 1, b = "x" }, "c", "z"), "z"]
lookup_2         = lookup({ a = 1 }, "b") # error: 20-42 function-call "`lookup` takes 3 arguments, not 2"
lookup_3         = [lookup({ a = "x" }, "a", "z"), "x"]
lookup_null      = lookup(null, "a", "z")        # error: 27-31 function-call "the argument `map` must not be null"
lookup_unknown   = lookup(unknown_map, "a", "z") # error: 45-48 function-call "the map's number is required, not string"
lookup_wrong     = lookup("x", "a", "z")         # error: 27-30 function-call "a map or an object is required, not string"
lookup_empty     = [lookup({}, "a", "z"), "z"]
lookup_null_2    = lookup({ a = "x" }, null, "z") # error: 40-44 function-call "the argument `key` must not be null"
lookup_unknown_2 = [lookup({ a = "x" }, unknown_string, "z"), "<unknown any>"]
lookup_wrong_2   = lookup({ a = "x" }, [], "z") # error: 40-42 function-call "the argument `key` has the wrong type"
lookup_empty_2   = [lookup({ a = "x" }, "", "z"), "z"]
lookup_unicode   = [lookup({ a = "x" }, "é👩‍👩‍👧", "z"), "z"]
lookup_secret    = [lookup({ a = "x" }, secret, "z"), "<sensitive>"]
lookup_null_3    = lookup({ a = "x" }, "a", null) # error: 45-49 function-call "the argument `default` must not be null"
lookup_unknown_3 = [lookup({ a = "x" }, "a", unknown_string), "x"]
lookup_wrong_3   = [lookup({ a = "x" }, "a", []), "x"]
lookup_empty_3   = [lookup({ a = "x" }, "a", ""), "x"]
lookup_unicode_2 = [lookup({ a = "x" }, "a", "é👩‍👩‍👧"), "x"]
lookup_secret_2  = [lookup({ a = "x" }, "a", secret), "<sensitive>"]
lookup_more      = lookup({ a = "x" }, "a", "z", "x") # error: 50-53 function-call "`lookup` takes 3 arguments, not 4"
lookup_less      = lookup({ a = "x" }, "a")           # error: 20-44 function-call "`lookup` takes 3 arguments, not 2"

merge           = [merge({ a = 1 }, { a = "x" }, null), { "a" : "x" }]
merge_2         = [merge(), {}]
merge_3         = merge({ a = 1 }, ["x"]) # error: 36-41 function-call "a map or an object is required, not tuple([string])"
merge_4         = [merge(null, convert(null, string), { a = 1 }), { "a" : 1 }]
merge_5         = merge(convert(null, string)) # error: 25-46 function-call "a map or an object is required, not string"
merge_6         = [merge({ a = 1 }, { b = 2 }), { "a" : 1, "b" : 2 }]
merge_7         = merge(convert(null, string), { a = 1 }, null) # error: 25-46 function-call "a map or an object is required, not string"
merge_8         = [merge(null, [], { a = 1 }), { "a" : 1 }]
merge_9         = merge(null, ["x"]) # error: 31-36 function-call "a map or an object is required, not tuple([string])"
merge_10        = [merge(convert(null, map(string))), convert({}, map(string))]
merge_null      = [merge(null, { b = 2 }), { "b" : 2 }]
merge_unknown   = [merge(unknown_map, { b = 2 }), "<unknown any>"]
merge_wrong     = merge("x", { b = 2 }) # error: 25-28 function-call "a map or an object is required, not string"
merge_empty     = [merge({}, { b = 2 }), { "b" : 2 }]
merge_unicode   = [merge({ "é" = "👩‍👩‍👧" }, { "e\u0301" = "ü" }), { "é" : "ü" }]
merge_null_2    = [merge({ a = 1 }, null), { "a" : 1 }]
merge_unknown_2 = [merge({ a = 1 }, unknown_map), "<unknown any>"]
merge_wrong_2   = merge({ a = 1 }, "x") # error: 36-39 function-call "a map or an object is required, not string"
merge_empty_2   = [merge({ a = 1 }, {}), { "a" : 1 }]
merge_more      = merge({ a = 1 }, { b = 2 }, "x") # error: 47-50 function-call "a map or an object is required, not string"
merge_less      = [merge({ a = 1 }), { "a" : 1 }]

reverse         = [reverse([1, "a"]), ["a", 1]]
reverse_2       = [reverse(["a", "b"]), ["b", "a"]]
reverse_null    = reverse(null) # error: 27-31 function-call "the argument `list` must not be null"
reverse_unknown = [reverse(unknown_list), "<unknown list(string)>"]
reverse_wrong   = reverse("x") # error: 27-30 function-call "a list or a tuple is required, not string"
reverse_empty   = [reverse([]), []]
reverse_unicode = [reverse(["é", "👩‍👩‍👧"]), ["👩\u200d👩\u200d👧", "é"]]
reverse_secret  = [reverse(secret_list), "<sensitive>"]
reverse_more    = reverse(["a", "b"], "x") # error: 39-42 function-call "`reverse` takes 1 argument, not 2"
reverse_less    = reverse()                # error: 19-28 function-call "`reverse` takes 1 argument, not 0"

setintersection           = [setintersection(["a", "b"], ["b"]), convert(["b"], set(string))]
setintersection_2         = [setintersection(["a"], ["a", "b"]), convert(["a"], set(string))]
setintersection_null      = setintersection(null, ["a", "b"]) # error: 45-49 function-call "the argument `first` must not be null"
setintersection_unknown   = [setintersection(unknown_list, ["a", "b"]), "<unknown set(string)>"]
setintersection_wrong     = setintersection("x", ["a", "b"]) # error: 45-48 function-call "the argument `first` has the wrong type"
setintersection_empty     = [setintersection([], ["a", "b"]), convert([], set(string))]
setintersection_unicode   = [setintersection(["é", "👩‍👩‍👧"], ["a", "b"]), convert([], set(string))]
setintersection_secret    = [setintersection(secret_list, ["a", "b"]), "<sensitive>"]
setintersection_null_2    = setintersection(["a"], null) # error: 52-56 function-call "the argument `sets` must not be null"
setintersection_unknown_2 = [setintersection(["a"], unknown_list), "<unknown set(string)>"]
setintersection_wrong_2   = setintersection(["a"], "x") # error: 52-55 function-call "the argument `sets` has the wrong type"
setintersection_empty_2   = [setintersection(["a"], []), convert([], set(string))]
setintersection_unicode_2 = [setintersection(["a"], ["é", "👩‍👩‍👧"]), convert([], set(string))]
setintersection_secret_2  = [setintersection(["a"], secret_list), "<sensitive>"]
setintersection_more      = setintersection(["a"], ["a", "b"], "x") # error: 64-67 function-call "the argument `sets` has the wrong type"
setintersection_less      = [setintersection(["a"]), convert(["a"], set(string))]

setproduct           = [setproduct([1, 1], ["c"]), convert([[1, "c"], [1, "c"]], list(tuple([number, string])))]
setproduct_2         = setproduct(["a"])                    # error: 24-41 function-call "at least two sets are required"
setproduct_3         = setproduct(range(1000), range(1000)) # error: 24-60 function-call "the result would have more than 1,000,000 elements"
setproduct_4         = [setproduct(["a"], ["b", "c"]), convert([["a", "b"], ["a", "c"]], list(tuple([string, string])))]
setproduct_null      = setproduct(null, ["b", "c"]) # error: 35-39 function-call "the argument `sets` must not be null"
setproduct_unknown   = [setproduct(unknown_list, ["b", "c"]), "<unknown list(tuple([string, string]))>"]
setproduct_wrong     = setproduct("x", ["b", "c"]) # error: 35-38 function-call "a set, list or tuple is required, not string"
setproduct_empty     = [setproduct([], ["b", "c"]), convert([], list(tuple([any, string])))]
setproduct_unicode   = [setproduct(["é", "👩‍👩‍👧"], ["b", "c"]), convert([["é", "b"], ["é", "c"], ["👩\u200d👩\u200d👧", "b"], ["👩\u200d👩\u200d👧", "c"]], list(tuple([string, string])))]
setproduct_secret    = [setproduct(secret_list, ["b", "c"]), "<sensitive>"]
setproduct_null_2    = setproduct(["a"], null) # error: 42-46 function-call "the argument `sets` must not be null"
setproduct_unknown_2 = [setproduct(["a"], unknown_list), "<unknown list(tuple([string, string]))>"]
setproduct_wrong_2   = setproduct(["a"], "x") # error: 42-45 function-call "a set, list or tuple is required, not string"
setproduct_empty_2   = [setproduct(["a"], []), convert([], list(tuple([string, any])))]
setproduct_unicode_2 = [setproduct(["a"], ["é", "👩‍👩‍👧"]), convert([["a", "é"], ["a", "👩\u200d👩\u200d👧"]], list(tuple([string, string])))]
setproduct_secret_2  = [setproduct(["a"], secret_list), "<sensitive>"]
setproduct_more      = setproduct(["a"], ["b", "c"], "x") # error: 54-57 function-call "a set, list or tuple is required, not string"

setunion           = [setunion([1], ["b"]), convert(["1", "b"], set(string))]
setunion_2         = [setunion([{}, { a = 1 }], []), convert([{ "a" : 1 }, {}], set(map(number)))]
setunion_3         = [setunion(["a"], ["b"]), convert(["a", "b"], set(string))]
setunion_null      = setunion(null, ["b"]) # error: 31-35 function-call "the argument `first` must not be null"
setunion_unknown   = [setunion(unknown_list, ["b"]), "<unknown set(string)>"]
setunion_wrong     = setunion("x", ["b"]) # error: 31-34 function-call "the argument `first` has the wrong type"
setunion_empty     = [setunion([], ["b"]), convert(["b"], set(string))]
setunion_unicode   = [setunion(["é", "👩‍👩‍👧"], ["b"]), convert(["b", "é", "👩\u200d👩\u200d👧"], set(string))]
setunion_secret    = [setunion(secret_list, ["b"]), "<sensitive>"]
setunion_null_2    = setunion(["a"], null) # error: 38-42 function-call "the argument `sets` must not be null"
setunion_unknown_2 = [setunion(["a"], unknown_list), "<unknown set(string)>"]
setunion_wrong_2   = setunion(["a"], "x") # error: 38-41 function-call "the argument `sets` has the wrong type"
setunion_empty_2   = [setunion(["a"], []), convert(["a"], set(string))]
setunion_unicode_2 = [setunion(["a"], ["é", "👩‍👩‍👧"]), convert(["a", "é", "👩\u200d👩\u200d👧"], set(string))]
setunion_secret_2  = [setunion(["a"], secret_list), "<sensitive>"]
setunion_more      = setunion(["a"], ["b"], "x") # error: 45-48 function-call "the argument `sets` has the wrong type"
setunion_less      = [setunion(["a"]), convert(["a"], set(string))]

slice            = [slice(["a", "b", "c"], 1, 2), ["b"]]
slice_2          = slice(["a"], 1, 9)      # error: 36-37 function-call "the end is 9, but the list has 1 elements"
slice_3          = slice(["a", "b"], 1, 0) # error: 38-39 function-call "the start must not be greater than the end"
slice_4          = slice(["a"], 0, 1e18)   # error: 36-40 function-call "the end is 1000000000000000000, but the list has 1 elements"
slice_5          = [slice(["a", "b", "c"], 1, 2), ["b"]]
slice_null       = slice(null, 1, 2) # error: 26-30 function-call "the argument `list` must not be null"
slice_unknown    = [slice(unknown_list, 1, 2), "<unknown list(string)>"]
slice_wrong      = slice("x", 1, 2) # error: 26-29 function-call "a list or a tuple is required, not string"
slice_empty      = slice([], 1, 2)  # error: 33-34 function-call "the end is 2, but the list has 0 elements"
slice_unicode    = [slice(["é", "👩‍👩‍👧"], 1, 2), ["👩\u200d👩\u200d👧"]]
slice_secret     = slice(secret_list, 1, 2)        # error: 42-43 function-call "the end is 2, but the list has 1 elements"
slice_null_2     = slice(["a", "b", "c"], null, 2) # error: 43-47 function-call "the argument `start` must not be null"
slice_unknown_2  = [slice(["a", "b", "c"], unknown_number, 2), "<unknown any>"]
slice_wrong_2    = slice(["a", "b", "c"], "x", 2)  # error: 43-46 function-call "the argument `start` has the wrong type"
slice_limit      = slice(["a", "b", "c"], 1e18, 2) # error: 43-47 function-call "the start must not be greater than the end"
slice_negative   = slice(["a", "b", "c"], -1, 2)   # error: 43-45 function-call "the start must not be negative"
slice_fraction   = slice(["a", "b", "c"], 0.5, 2)  # error: 43-46 function-call "a whole number is required"
slice_null_3     = slice(["a", "b", "c"], 1, null) # error: 46-50 function-call "the argument `end` must not be null"
slice_unknown_3  = [slice(["a", "b", "c"], 1, unknown_number), "<unknown any>"]
slice_wrong_3    = slice(["a", "b", "c"], 1, "x")    # error: 46-49 function-call "the argument `end` has the wrong type"
slice_limit_2    = slice(["a", "b", "c"], 1, 1e18)   # error: 46-50 function-call "the end is 1000000000000000000, but the list has 3 elements"
slice_negative_2 = slice(["a", "b", "c"], 1, -1)     # error: 46-48 function-call "the end must not be negative"
slice_fraction_2 = slice(["a", "b", "c"], 1, 0.5)    # error: 46-49 function-call "a whole number is required"
slice_more       = slice(["a", "b", "c"], 1, 2, "x") # error: 49-52 function-call "`slice` takes 3 arguments, not 4"
slice_less       = slice(["a", "b", "c"], 1)         # error: 20-45 function-call "`slice` takes 3 arguments, not 2"

sort         = [sort(["b", 1]), convert(["1", "b"], list(string))]
sort_2       = [sort(["é", "e", "z", "Z", "10", "9"]), convert(["10", "9", "Z", "e", "z", "é"], list(string))]
sort_3       = [sort(["b", "a"]), convert(["a", "b"], list(string))]
sort_null    = sort(null) # error: 21-25 function-call "the argument `list` must not be null"
sort_unknown = [sort(unknown_list), "<unknown list(string)>"]
sort_wrong   = sort("x") # error: 21-24 function-call "the argument `list` has the wrong type"
sort_empty   = [sort([]), convert([], list(string))]
sort_unicode = [sort(["é", "👩‍👩‍👧"]), convert(["é", "👩\u200d👩\u200d👧"], list(string))]
sort_secret  = [sort(secret_list), "<sensitive>"]
sort_more    = sort(["b", "a"], "x") # error: 33-36 function-call "`sort` takes 1 argument, not 2"
sort_less    = sort()                # error: 16-22 function-call "`sort` takes 1 argument, not 0"

values         = [values({ b = 1, a = "x" }), ["x", 1]]
values_2       = [values({ a = 1 }), [1]]
values_null    = values(null) # error: 25-29 function-call "the argument `map` must not be null"
values_unknown = [values(unknown_map), "<unknown list(number)>"]
values_wrong   = values("x") # error: 25-28 function-call "a map or an object is required, not string"
values_empty   = [values({}), []]
values_unicode = [values({ "é" = "👩‍👩‍👧", z = "ü" }), ["ü", "👩‍👩‍👧"]]
values_more    = values({ a = 1 }, "x") # error: 36-39 function-call "`values` takes 1 argument, not 2"
values_less    = values()               # error: 18-26 function-call "`values` takes 1 argument, not 0"

zipmap           = [zipmap(["a", "b"], [1, "x"]), { "a" : 1, "b" : "x" }]
zipmap_2         = zipmap(["a"], [1, 2]) # error: 20-41 function-call "there are 1 keys and 2 values"
zipmap_3         = [zipmap(["é"], [1]), { "é" : 1 }]
zipmap_4         = [zipmap(["a"], [1]), { "a" : 1 }]
zipmap_null      = zipmap(null, [1]) # error: 27-31 function-call "the argument `keys` must not be null"
zipmap_unknown   = [zipmap(unknown_list, [1]), "<unknown any>"]
zipmap_wrong     = zipmap("x", [1])        # error: 27-30 function-call "the argument `keys` has the wrong type"
zipmap_empty     = zipmap([], [1])         # error: 20-35 function-call "there are 0 keys and 1 values"
zipmap_unicode   = zipmap(["é", "👩‍👩‍👧"], [1]) # error: 20-47 function-call "there are 2 keys and 1 values"
zipmap_secret    = [zipmap(secret_list, [1]), "<sensitive>"]
zipmap_null_2    = zipmap(["a"], null) # error: 34-38 function-call "the argument `values` must not be null"
zipmap_unknown_2 = [zipmap(["a"], unknown_list), "<unknown map(string)>"]
zipmap_wrong_2   = zipmap(["a"], "x")        # error: 34-37 function-call "a list or a tuple is required, not string"
zipmap_empty_2   = zipmap(["a"], [])         # error: 20-37 function-call "there are 1 keys and 0 values"
zipmap_unicode_2 = zipmap(["a"], ["é", "👩‍👩‍👧"]) # error: 20-49 function-call "there are 1 keys and 2 values"
zipmap_secret_2  = [zipmap(["a"], secret_list), "<sensitive>"]
zipmap_more      = zipmap(["a"], [1], "x") # error: 39-42 function-call "`zipmap` takes 2 arguments, not 3"
zipmap_less      = zipmap(["a"])           # error: 20-33 function-call "`zipmap` takes 2 arguments, not 1"
