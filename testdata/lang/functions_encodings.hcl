# Functions that read and write other formats.

base64decode         = [base64decode(base64encode("é")), "é"]
base64decode_2       = base64decode("!!!")  # error: 37-42 function-call "it is not Base64: Invalid symbol 33, offset 0."
base64decode_3       = base64decode("/w==") # error: 37-43 function-call "the decoded bytes are not UTF-8 text"
base64decode_4       = [base64decode("YR=="), "a"]
base64decode_5       = [base64decode("YW\nJj"), "abc"]
base64decode_6       = [base64decode("YQ=="), "a"]
base64decode_null    = base64decode(null) # error: 37-41 function-call "the argument `text` must not be null"
base64decode_unknown = [base64decode(unknown_string), "<unknown string>"]
base64decode_wrong   = base64decode([]) # error: 37-39 function-call "the argument `text` has the wrong type"
base64decode_empty   = [base64decode(""), ""]
base64decode_unicode = base64decode("é👩‍👩‍👧")        # error: 37-45 function-call "it is not Base64: Invalid symbol 195, offset 0."
base64decode_secret  = base64decode(secret)      # error: 37-43 function-call "the decoded bytes are not UTF-8 text"
base64decode_more    = base64decode("YQ==", "x") # error: 45-48 function-call "`base64decode` takes 1 argument, not 2"
base64decode_less    = base64decode()            # error: 24-38 function-call "`base64decode` takes 1 argument, not 0"

base64encode         = [base64encode("a"), "YQ=="]
base64encode_null    = base64encode(null) # error: 37-41 function-call "the argument `text` must not be null"
base64encode_unknown = [base64encode(unknown_string), "<unknown string>"]
base64encode_wrong   = base64encode([]) # error: 37-39 function-call "the argument `text` has the wrong type"
base64encode_empty   = [base64encode(""), ""]
base64encode_unicode = [base64encode("é👩‍👩‍👧"), "w6nwn5Gp4oCN8J+RqeKAjfCfkac="]
base64encode_secret  = [base64encode(secret), "<sensitive>"]
base64encode_more    = base64encode("a", "x") # error: 42-45 function-call "`base64encode` takes 1 argument, not 2"
base64encode_less    = base64encode()         # error: 24-38 function-call "`base64encode` takes 1 argument, not 0"

base64gzip         = [base64gzip(""), "H4sIAAAAAAAA/wMAAAAAAAAAAAA="]
base64gzip_2       = [base64gzip("a"), "H4sIAAAAAAAA/0sEAEO+t+gBAAAA"]
base64gzip_null    = base64gzip(null) # error: 33-37 function-call "the argument `text` must not be null"
base64gzip_unknown = [base64gzip(unknown_string), "<unknown string>"]
base64gzip_wrong   = base64gzip([]) # error: 33-35 function-call "the argument `text` has the wrong type"
base64gzip_unicode = [base64gzip("é👩‍👩‍👧"), "H4sIAAAAAAAA/zu88sP8iSsfNfQiqOUAzs8IxhQAAAA="]
base64gzip_secret  = [base64gzip(secret), "<sensitive>"]
base64gzip_more    = base64gzip("a", "x") # error: 38-41 function-call "`base64gzip` takes 1 argument, not 2"
base64gzip_less    = base64gzip()         # error: 22-34 function-call "`base64gzip` takes 1 argument, not 0"

csvdecode         = [csvdecode("a,b\n1,2\n3,4\n"), convert([{ "a" : "1", "b" : "2" }, { "a" : "3", "b" : "4" }], list(object({ a = string, b = string })))]
csvdecode_2       = csvdecode("a,b\n1\n")   # error: 31-41 function-call "line 2 has 1 fields, but the first line has 2"
csvdecode_3       = csvdecode("a,a\n1,2\n") # error: 31-43 function-call "two columns are called `a`"
csvdecode_4       = csvdecode("")           # error: 31-33 function-call "the first line must name the columns"
csvdecode_5       = [csvdecode("a\n\"x\ry\"\n"), convert([{ "a" : "x\ry" }], list(object({ a = string })))]
csvdecode_6       = [csvdecode("a\r\n\"x\r\ny\""), convert([{ "a" : "x\ny" }], list(object({ a = string })))]
csvdecode_7       = [csvdecode("a\n1\n\n2\n"), convert([{ "a" : "1" }, { "a" : "2" }], list(object({ a = string })))]
csvdecode_8       = csvdecode("a\nx\"y")    # error: 31-40 function-call "line 2 has a quote in a field that does not begin with one"
csvdecode_9       = csvdecode("a\n\"x\"y")  # error: 31-42 function-call "line 2 has more than a comma behind a quoted field"
csvdecode_10      = csvdecode("a\n\"x")     # error: 31-39 function-call "line 2 begins a quoted field that has no end"
csvdecode_11      = csvdecode("a,b\n1,2,3") # error: 31-43 function-call "line 2 has 3 fields, but the first line has 2"
csvdecode_12      = [csvdecode("\"é\",b\n1,\"\"\"\""), convert([{ "b" : "\"", "é" : "1" }], list(object({ b = string, é = string })))]
csvdecode_13      = [csvdecode("a"), convert([], list(object({ a = string })))]
csvdecode_14      = [csvdecode("a,b\n1,2"), convert([{ "a" : "1", "b" : "2" }], list(object({ a = string, b = string })))]
csvdecode_null    = csvdecode(null) # error: 31-35 function-call "the argument `text` must not be null"
csvdecode_unknown = [csvdecode(unknown_string), "<unknown any>"]
csvdecode_wrong   = csvdecode([]) # error: 31-33 function-call "the argument `text` has the wrong type"
csvdecode_unicode = [csvdecode("é\n👩‍👩‍👧"), convert([{ "é" : "👩\u200d👩\u200d👧" }], list(object({ é = string })))]
csvdecode_secret  = [csvdecode(secret), "<sensitive>"]
csvdecode_more    = csvdecode("a,b\n1,2", "x") # error: 43-46 function-call "`csvdecode` takes 1 argument, not 2"
csvdecode_less    = csvdecode()                # error: 21-32 function-call "`csvdecode` takes 1 argument, not 0"

jsondecode         = [jsondecode("{\"a\":1.50,\"b\":[1,\"x\",null]}"), { "a" : 1.5, "b" : [1, "x", null] }]
jsondecode_2       = [jsondecode("[12345678901234567890.123456789, 1e400, -0]"), [12345678901234567890.123456789, 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000, 0]]
jsondecode_3       = [jsondecode(" {\"a\":1,\"e\u0301\":2,\"a\":3} "), { "a" : 3, "é" : 2 }]
jsondecode_4       = [jsondecode("\"\\ud83d\\ude00\""), "😀"]
jsondecode_5       = jsondecode("{")           # error: 33-36 function-call "it is not JSON: EOF while parsing an object at line 1 column 1"
jsondecode_6       = jsondecode("1 2")         # error: 33-38 function-call "it is not JSON: trailing characters at line 1 column 3"
jsondecode_7       = jsondecode("1e9999")      # error: 33-41 function-call "it is not JSON: the number has more than 4096 digits"
jsondecode_8       = jsondecode("[1,]")        # error: 33-39 function-call "it is not JSON: expected value at line 1 column 4"
jsondecode_9       = jsondecode("\"\\ud83d\"") # error: 33-46 function-call "it is not JSON: unexpected end of hex escape at line 1 column 8"
jsondecode_10      = jsondecode("")            # error: 33-35 function-call "it is not JSON: EOF while parsing a value at line 1 column 0"
jsondecode_11      = [jsondecode("{}"), {}]
jsondecode_null    = jsondecode(null) # error: 33-37 function-call "the argument `text` must not be null"
jsondecode_unknown = [jsondecode(unknown_string), "<unknown any>"]
jsondecode_wrong   = jsondecode([])        # error: 33-35 function-call "the argument `text` has the wrong type"
jsondecode_unicode = jsondecode("é👩‍👩‍👧")      # error: 33-41 function-call "it is not JSON: expected value at line 1 column 1"
jsondecode_secret  = jsondecode(secret)    # error: 33-39 function-call "it is not JSON: expected value at line 1 column 1"
jsondecode_more    = jsondecode("{}", "x") # error: 39-42 function-call "`jsondecode` takes 1 argument, not 2"
jsondecode_less    = jsondecode()          # error: 22-34 function-call "`jsondecode` takes 1 argument, not 0"

jsonencode         = [jsonencode({ b = 1000000, a = "<&>\u2028\u0001/é\t", d = null, e = 1e30 }), "{\"a\":\"\\u003c\\u0026\\u003e\\u2028\\u0001/é\\t\",\"b\":1000000,\"d\":null,\"e\":1000000000000000000000000000000}"]
jsonencode_2       = [jsonencode("\u007f\u2028<é>"), "\"\u007f\\u2028\\u003cé\\u003e\""]
jsonencode_3       = [jsonencode({ a = 1 }), "{\"a\":1}"]
jsonencode_null    = [jsonencode(null), "null"]
jsonencode_unknown = [jsonencode(unknown_map), "<unknown string>"]
jsonencode_empty   = [jsonencode({}), "{}"]
jsonencode_more    = jsonencode({ a = 1 }, "x") # error: 44-47 function-call "`jsonencode` takes 1 argument, not 2"
jsonencode_less    = jsonencode()               # error: 22-34 function-call "`jsonencode` takes 1 argument, not 0"

textdecodebase64           = [textdecodebase64("gA==", "ISO-8859-1"), "\u0080"]
textdecodebase64_2         = [textdecodebase64("//5hAA==", "UTF-16"), "a"]
textdecodebase64_3         = [textdecodebase64("k/qWew==", "Shift_JIS"), "日本"]
textdecodebase64_4         = [textdecodebase64(textencodebase64("中", "GB18030"), "GB18030"), "中"]
textdecodebase64_5         = textdecodebase64("gQ==", "windows-1252") # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_6         = textdecodebase64("6Q==", "US-ASCII")     # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_7         = textdecodebase64("/w==", "UTF-8")        # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_8         = textdecodebase64("2AA=", "UTF-16BE")     # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_9         = textdecodebase64("AA==", "UTF-16BE")     # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_10        = textdecodebase64("!", "UTF-8")           # error: 47-50 function-call "it is not Base64: Invalid symbol 33, offset 0."
textdecodebase64_11        = [textdecodebase64("YQ==", "UTF-8"), "a"]
textdecodebase64_null      = textdecodebase64(null, "UTF-8") # error: 47-51 function-call "the argument `text` must not be null"
textdecodebase64_unknown   = [textdecodebase64(unknown_string, "UTF-8"), "<unknown string>"]
textdecodebase64_wrong     = textdecodebase64([], "UTF-8") # error: 47-49 function-call "the argument `text` has the wrong type"
textdecodebase64_empty     = [textdecodebase64("", "UTF-8"), ""]
textdecodebase64_unicode   = textdecodebase64("é👩‍👩‍👧", "UTF-8")   # error: 47-55 function-call "it is not Base64: Invalid symbol 195, offset 0."
textdecodebase64_secret    = textdecodebase64(secret, "UTF-8") # error: 47-53 function-call "some of its bytes stand for nothing in this charset"
textdecodebase64_null_2    = textdecodebase64("YQ==", null)    # error: 55-59 function-call "the argument `charset` must not be null"
textdecodebase64_unknown_2 = [textdecodebase64("YQ==", unknown_string), "<unknown string>"]
textdecodebase64_wrong_2   = textdecodebase64("YQ==", [])           # error: 55-57 function-call "the argument `charset` has the wrong type"
textdecodebase64_empty_2   = textdecodebase64("YQ==", "")           # error: 55-57 function-call "`` is not the IANA name of a known charset"
textdecodebase64_unicode_2 = textdecodebase64("YQ==", "é👩‍👩‍👧")         # error: 55-63 function-call "`é👩‍👩‍👧` is not the IANA name of a known charset"
textdecodebase64_secret_2  = textdecodebase64("YQ==", secret)       # error: 55-61 function-call "`hush` is not the IANA name of a known charset"
textdecodebase64_more      = textdecodebase64("YQ==", "UTF-8", "x") # error: 64-67 function-call "`textdecodebase64` takes 2 arguments, not 3"
textdecodebase64_less      = textdecodebase64("YQ==")               # error: 30-54 function-call "`textdecodebase64` takes 2 arguments, not 1"

textencodebase64           = [textencodebase64("é", "ISO-8859-1"), "6Q=="]
textencodebase64_2         = [textencodebase64("é€", "windows-1252"), "6YA="]
textencodebase64_3         = [textencodebase64("aé", "UTF-16"), "/v8AYQDp"]
textencodebase64_4         = [textencodebase64("a😀", "utf-16le"), "YQA92ADe"]
textencodebase64_5         = [textencodebase64("日本", "Shift_JIS"), "k/qWew=="]
textencodebase64_6         = [textencodebase64("日本", "ISO-2022-JP"), "GyRCRnxLXBsoQg=="]
textencodebase64_7         = [textencodebase64("ş", "ISO-8859-9"), "/g=="]
textencodebase64_8         = [textencodebase64("", "UTF-16BE"), ""]
textencodebase64_9         = textencodebase64("a€", "ISO-8859-1")    # error: 47-51 function-call "the charset has no `€` (U+20AC)"
textencodebase64_10        = textencodebase64("é", "US-ASCII")       # error: 47-50 function-call "the charset has no `é` (U+00E9)"
textencodebase64_11        = textencodebase64("日", "ISO-8859-2")     # error: 47-50 function-call "the charset has no `日` (U+65E5)"
textencodebase64_12        = textencodebase64("a", "UTF-32")         # error: 52-60 function-call "`UTF-32` is not the IANA name of a known charset"
textencodebase64_13        = textencodebase64("a", "")               # error: 52-54 function-call "`` is not the IANA name of a known charset"
textencodebase64_14        = textencodebase64("a", "x-user-defined") # error: 52-68 function-call "`x-user-defined` is not the IANA name of a known charset"
textencodebase64_15        = [textencodebase64("é", "utf-16le"), "6QA="]
textencodebase64_16        = [textencodebase64("a", "UTF-8"), "YQ=="]
textencodebase64_null      = textencodebase64(null, "UTF-8") # error: 47-51 function-call "the argument `text` must not be null"
textencodebase64_unknown   = [textencodebase64(unknown_string, "UTF-8"), "<unknown string>"]
textencodebase64_wrong     = textencodebase64([], "UTF-8") # error: 47-49 function-call "the argument `text` has the wrong type"
textencodebase64_empty     = [textencodebase64("", "UTF-8"), ""]
textencodebase64_unicode   = [textencodebase64("é👩‍👩‍👧", "UTF-8"), "w6nwn5Gp4oCN8J+RqeKAjfCfkac="]
textencodebase64_secret    = [textencodebase64(secret, "UTF-8"), "<sensitive>"]
textencodebase64_null_2    = textencodebase64("a", null) # error: 52-56 function-call "the argument `charset` must not be null"
textencodebase64_unknown_2 = [textencodebase64("a", unknown_string), "<unknown string>"]
textencodebase64_wrong_2   = textencodebase64("a", [])           # error: 52-54 function-call "the argument `charset` has the wrong type"
textencodebase64_unicode_2 = textencodebase64("a", "é👩‍👩‍👧")         # error: 52-60 function-call "`é👩‍👩‍👧` is not the IANA name of a known charset"
textencodebase64_secret_2  = textencodebase64("a", secret)       # error: 52-58 function-call "`hush` is not the IANA name of a known charset"
textencodebase64_more      = textencodebase64("a", "UTF-8", "x") # error: 61-64 function-call "`textencodebase64` takes 2 arguments, not 3"
textencodebase64_less      = textencodebase64("a")               # error: 30-51 function-call "`textencodebase64` takes 2 arguments, not 1"

urlencode         = [urlencode("a b&c=é/~*"), "a+b%26c%3D%C3%A9%2F~%2A"]
urlencode_2       = [urlencode("a b"), "a+b"]
urlencode_null    = urlencode(null) # error: 31-35 function-call "the argument `text` must not be null"
urlencode_unknown = [urlencode(unknown_string), "<unknown string>"]
urlencode_wrong   = urlencode([]) # error: 31-33 function-call "the argument `text` has the wrong type"
urlencode_empty   = [urlencode(""), ""]
urlencode_unicode = [urlencode("é👩‍👩‍👧"), "%C3%A9%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7"]
urlencode_secret  = [urlencode(secret), "<sensitive>"]
urlencode_more    = urlencode("a b", "x") # error: 38-41 function-call "`urlencode` takes 1 argument, not 2"
urlencode_less    = urlencode()           # error: 21-32 function-call "`urlencode` takes 1 argument, not 0"

yamldecode         = [yamldecode("a: &x {c: 1}\nb:\n  <<: *x\n  d: [2, ~]"), { "a" : { "c" : 1 }, "b" : { "c" : 1, "d" : [2, null] } }]
yamldecode_2       = [yamldecode("- yes\n- \"yes\"\n- Off\n- ~\n- 0x1f\n- 017\n- 1_000\n- 0b11\n- .5\n- 1e400"), [true, "yes", false, null, "0x1f", 17, 1000, 3, 0.5, 10000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000]]
yamldecode_3       = [yamldecode("- 2020-01-02\n- 2020-1-2 3:4:5.5\n- 2020-01-02T03:04:05+02:00\n- 2020-13-01\n- 12:30:45"), ["2020-01-02T00:00:00Z", "2020-01-02T03:04:05Z", "2020-01-02T03:04:05+02:00", "2020-13-01", "12:30:45"]]
yamldecode_4       = [yamldecode("- !!str 1\n- !!int 0x1f\n- !!binary aGk=\n- !!null x"), ["1", 31, "aGk=", null]]
yamldecode_5       = [yamldecode("a: 1\na: 2\n12345678901234567890.5: x"), { "12345678901234567890.5" : "x", "a" : 2 }]
yamldecode_6       = [yamldecode("--- a\n...\n"), "a"]
yamldecode_7       = [yamldecode("1: a\ntrue: b"), { "1" : "a", "true" : "b" }]
yamldecode_8       = yamldecode("")                # error: 33-35 function-call "it is not YAML that can be read: there is no document"
yamldecode_9       = yamldecode("a: 1\n---\nb: 2") # error: 33-50 function-call "it is not YAML that can be read: there is more than one document"
yamldecode_10      = yamldecode("a: !foo b")       # error: 33-44 function-call "it is not YAML that can be read: the tag `!foo` is not known"
yamldecode_11      = yamldecode("!!int x")         # error: 33-42 function-call "it is not YAML that can be read: `x` is not what its tag says"
yamldecode_12      = yamldecode("!!map [a]")       # error: 33-44 function-call "it is not YAML that can be read: the tag `tag:yaml.org,2002:!map` cannot stand here"
yamldecode_13      = yamldecode(".inf")            # error: 33-39 function-call "it is not YAML that can be read: `.inf` is not finite"
yamldecode_14      = yamldecode(".nan")            # error: 33-39 function-call "it is not YAML that can be read: `.nan` is not a number"
yamldecode_15      = yamldecode("&a [*a]")         # error: 33-42 function-call "it is not YAML that can be read: an alias stands inside its own anchor"
yamldecode_16      = yamldecode("*a")              # error: 33-37 function-call "it is not YAML that can be read: line 1, column 1: while parsing node, found unknown anchor"
yamldecode_17      = yamldecode("~: a")            # error: 33-39 function-call "it is not YAML that can be read: null cannot be a name in a mapping"
yamldecode_18      = yamldecode("<<: 1")           # error: 33-40 function-call "it is not YAML that can be read: `<<` needs a mapping"
yamldecode_19      = yamldecode("a: [")            # error: 33-39 function-call "it is not YAML that can be read: line 2, column 1: while parsing a node, did not find expected node content"
yamldecode_20      = yamldecode("? [a]\n: b")      # error: 33-45 function-call "it is not YAML that can be read: only strings can be names in a mapping"
yamldecode_21      = [yamldecode("!!int '5'"), "5"]
yamldecode_22      = yamldecode("!!bool 'x'") # error: 33-45 function-call "it is not YAML that can be read: `x` is not what its tag says"
yamldecode_23      = [yamldecode("a: &x [1]\nb: *x"), { "a" : [1], "b" : [1] }]
yamldecode_24      = [yamldecode("a: 1"), { "a" : 1 }]
yamldecode_null    = yamldecode(null) # error: 33-37 function-call "the argument `text` must not be null"
yamldecode_unknown = [yamldecode(unknown_string), "<unknown any>"]
yamldecode_wrong   = yamldecode([]) # error: 33-35 function-call "the argument `text` has the wrong type"
yamldecode_unicode = [yamldecode("é👩‍👩‍👧"), "é👩\u200d👩\u200d👧"]
yamldecode_secret  = [yamldecode(secret), "<sensitive>"]
yamldecode_more    = yamldecode("a: 1", "x") # error: 41-44 function-call "`yamldecode` takes 1 argument, not 2"
yamldecode_less    = yamldecode()            # error: 22-34 function-call "`yamldecode` takes 1 argument, not 0"

yamlencode         = [yamlencode({ a = 1, b = ["x", { c = null, d = "l1\nl2" }], e = {}, f = [], k = [["a"], []] }), "\"a\": 1\n\"b\":\n- \"x\"\n- \"c\": null\n  \"d\": |-\n    l1\n    l2\n\"e\": {}\n\"f\": []\n\"k\":\n- - \"a\"\n- []\n"]
yamlencode_2       = [yamlencode({ a = " x\ny", b = "x \ny", d = "x\n\n", k = "\n", i = "😀" }), "\"a\": |2-\n   x\n  y\n\"b\": \"x \\ny\"\n\"d\": |+\n  x\n\n\"i\": \"\\U0001F600\"\n\"k\": |2+\n\n"]
yamlencode_3       = [yamlencode(1000000), "1000000\n...\n"]
yamlencode_4       = [yamlencode([[{ a = [{}] }]]), "- - \"a\":\n    - {}\n"]
yamlencode_5       = [yamlencode("\u00a0é\u2028"), "\"\u00a0é\\L\"\n"]
yamlencode_6       = [yamlencode(""), "\"\"\n"]
yamlencode_7       = [yamlencode({ a = 1 }), "\"a\": 1\n"]
yamlencode_8       = [yamlencode("été été été été été été été été été été été été été été été été été été été été été été été été fin"), "\"été été été été été été été été été été été été été été été été été été été été été\n  été été été fin\"\n"]
yamlencode_null    = [yamlencode(null), "null\n...\n"]
yamlencode_unknown = [yamlencode(unknown_map), "<unknown string>"]
yamlencode_empty   = [yamlencode({}), "{}\n"]
yamlencode_more    = yamlencode({ a = 1 }, "x") # error: 44-47 function-call "`yamlencode` takes 1 argument, not 2"
yamlencode_less    = yamlencode()               # error: 22-34 function-call "`yamlencode` takes 1 argument, not 0"
