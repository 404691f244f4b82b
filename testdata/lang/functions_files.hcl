# Functions on files, which are those in `files`.

abspath         = [abspath("x/../y"), "/template/sub/y"]
abspath_2       = [abspath("x"), "/template/sub/x"]
abspath_null    = abspath(null) # error: 27-31 function-call "the argument `path` must not be null"
abspath_unknown = [abspath(unknown_string), "<unknown string>"]
abspath_wrong   = abspath([]) # error: 27-29 function-call "the argument `path` has the wrong type"
abspath_empty   = [abspath(""), "/template/sub"]
abspath_unicode = [abspath("é👩‍👩‍👧"), "/template/sub/é👩\u200d👩\u200d👧"]
abspath_secret  = [abspath(secret), "<sensitive>"]
abspath_more    = abspath("x", "x") # error: 32-35 function-call "`abspath` takes 1 argument, not 2"
abspath_less    = abspath()         # error: 19-28 function-call "`abspath` takes 1 argument, not 0"

basename         = [[basename(""), basename("/a/b/"), basename("/")], [".", "b", "/"]]
basename_2       = [basename("/a/b"), "b"]
basename_null    = basename(null) # error: 29-33 function-call "the argument `path` must not be null"
basename_unknown = [basename(unknown_string), "<unknown string>"]
basename_wrong   = basename([]) # error: 29-31 function-call "the argument `path` has the wrong type"
basename_empty   = [basename(""), "."]
basename_unicode = [basename("é👩‍👩‍👧"), "é👩\u200d👩\u200d👧"]
basename_secret  = [basename(secret), "<sensitive>"]
basename_more    = basename("/a/b", "x") # error: 37-40 function-call "`basename` takes 1 argument, not 2"
basename_less    = basename()            # error: 20-30 function-call "`basename` takes 1 argument, not 0"

dirname         = [[dirname(""), dirname("/a/b/"), dirname("/a"), dirname("a")], [".", "/a/b", "/", "."]]
dirname_2       = [dirname("/a/b"), "/a"]
dirname_null    = dirname(null) # error: 27-31 function-call "the argument `path` must not be null"
dirname_unknown = [dirname(unknown_string), "<unknown string>"]
dirname_wrong   = dirname([]) # error: 27-29 function-call "the argument `path` has the wrong type"
dirname_empty   = [dirname(""), "."]
dirname_unicode = [dirname("é👩‍👩‍👧"), "."]
dirname_secret  = [dirname(secret), "<sensitive>"]
dirname_more    = dirname("/a/b", "x") # error: 35-38 function-call "`dirname` takes 1 argument, not 2"
dirname_less    = dirname()            # error: 19-28 function-call "`dirname` takes 1 argument, not 0"

file         = [file("a.txt"), "one\n"]
file_2       = [file("~/a.txt"), "one\n"]
file_3       = file("no")    # error: 21-25 function-call "there is no file `/template/no`"
file_4       = file("sub")   # error: 21-26 function-call "`sub` is a folder"
file_5       = file("bytes") # error: 21-28 function-call "the file `bytes` is not UTF-8 text; `filebase64` reads any file"
file_6       = [file("é.txt"), "é"]
file_7       = [file("a.txt/"), "one\n"]
file_null    = file(null) # error: 21-25 function-call "the argument `path` must not be null"
file_unknown = [file(unknown_string), "<unknown string>"]
file_wrong   = file([])           # error: 21-23 function-call "the argument `path` has the wrong type"
file_empty   = file("")           # error: 21-23 function-call "`` is a folder"
file_unicode = file("é👩‍👩‍👧")         # error: 21-29 function-call "there is no file `/template/é👩‍👩‍👧`"
file_secret  = file(secret)       # error: 21-27 function-call "there is no file `/template/hush`"
file_more    = file("a.txt", "x") # error: 30-33 function-call "`file` takes 1 argument, not 2"
file_less    = file()             # error: 16-22 function-call "`file` takes 1 argument, not 0"

filebase64         = [filebase64("b.txt"), "dHdv"]
filebase64_null    = filebase64(null) # error: 33-37 function-call "the argument `path` must not be null"
filebase64_unknown = [filebase64(unknown_string), "<unknown string>"]
filebase64_wrong   = filebase64([])           # error: 33-35 function-call "the argument `path` has the wrong type"
filebase64_empty   = filebase64("")           # error: 33-35 function-call "`` is a folder"
filebase64_unicode = filebase64("é👩‍👩‍👧")         # error: 33-41 function-call "there is no file `/template/sub/é👩‍👩‍👧`"
filebase64_secret  = filebase64(secret)       # error: 33-39 function-call "there is no file `/template/sub/hush`"
filebase64_more    = filebase64("b.txt", "x") # error: 42-45 function-call "`filebase64` takes 1 argument, not 2"
filebase64_less    = filebase64()             # error: 22-34 function-call "`filebase64` takes 1 argument, not 0"

fileexists         = [[fileexists("a.txt"), fileexists("no")], [true, false]]
fileexists_2       = fileexists("sub") # error: 33-38 function-call "`sub` is a folder, not a file"
fileexists_3       = fileexists("")    # error: 33-35 function-call "`` is a folder, not a file"
fileexists_4       = [fileexists("a.txt"), true]
fileexists_null    = fileexists(null) # error: 33-37 function-call "the argument `path` must not be null"
fileexists_unknown = [fileexists(unknown_string), "<unknown bool>"]
fileexists_wrong   = fileexists([]) # error: 33-35 function-call "the argument `path` has the wrong type"
fileexists_unicode = [fileexists("é👩‍👩‍👧"), false]
fileexists_secret  = [fileexists(secret), "<sensitive>"]
fileexists_more    = fileexists("a.txt", "x") # error: 42-45 function-call "`fileexists` takes 1 argument, not 2"
fileexists_less    = fileexists()             # error: 22-34 function-call "`fileexists` takes 1 argument, not 0"

fileset           = [fileset(".", "*.txt"), convert(["a.txt", "version.txt", "é.txt"], set(string))]
fileset_2         = [fileset("/root", "**/*.txt"), convert([], set(string))]
fileset_3         = [fileset("/root", "{.h*,sub/?.txt}"), convert([], set(string))]
fileset_4         = [fileset("/absent", "*"), convert([], set(string))]
fileset_5         = fileset(".", "[") # error: 34-37 function-call "unclosed character class; missing ']'"
fileset_6         = [fileset("", "sub/*"), convert(["sub/b.txt"], set(string))]
fileset_7         = [fileset("sub", "../?.txt"), convert(["../a.txt"], set(string))]
fileset_8         = [fileset(".", "/a.txt"), convert(["a.txt"], set(string))]
fileset_9         = [fileset(".", "[!a]*.txt"), convert(["a.txt"], set(string))]
fileset_10        = [fileset(".", "é*"), convert(["é.txt"], set(string))]
fileset_null      = fileset(null, "*.txt") # error: 29-33 function-call "the argument `folder` must not be null"
fileset_unknown   = [fileset(unknown_string, "*.txt"), "<unknown set(string)>"]
fileset_wrong     = fileset([], "*.txt") # error: 29-31 function-call "the argument `folder` has the wrong type"
fileset_empty     = [fileset("", "*.txt"), convert(["a.txt", "version.txt", "é.txt"], set(string))]
fileset_unicode   = [fileset("é👩‍👩‍👧", "*.txt"), convert([], set(string))]
fileset_secret    = [fileset(secret, "*.txt"), "<sensitive>"]
fileset_null_2    = fileset(".", null) # error: 34-38 function-call "the argument `pattern` must not be null"
fileset_unknown_2 = [fileset(".", unknown_string), "<unknown set(string)>"]
fileset_wrong_2   = fileset(".", []) # error: 34-36 function-call "the argument `pattern` has the wrong type"
fileset_empty_2   = [fileset(".", ""), convert([], set(string))]
fileset_unicode_2 = [fileset(".", "é👩‍👩‍👧"), convert([], set(string))]
fileset_secret_2  = [fileset(".", secret), "<sensitive>"]
fileset_more      = fileset(".", "*.txt", "x") # error: 43-46 function-call "`fileset` takes 2 arguments, not 3"
fileset_less      = fileset(".")               # error: 21-33 function-call "`fileset` takes 2 arguments, not 1"

pathexpand         = [[pathexpand("~/x"), pathexpand("x/~")], ["/template/x", "x/~"]]
pathexpand_2       = pathexpand("~bob/x") # error: 33-41 function-call "only `~` and `~/…` are expanded, not `~user`"
pathexpand_3       = [pathexpand("~/x"), "/template/x"]
pathexpand_null    = pathexpand(null) # error: 33-37 function-call "the argument `path` must not be null"
pathexpand_unknown = [pathexpand(unknown_string), "<unknown string>"]
pathexpand_wrong   = pathexpand([]) # error: 33-35 function-call "the argument `path` has the wrong type"
pathexpand_empty   = [pathexpand(""), ""]
pathexpand_unicode = [pathexpand("é👩‍👩‍👧"), "é👩\u200d👩\u200d👧"]
pathexpand_secret  = [pathexpand(secret), "<sensitive>"]
pathexpand_more    = pathexpand("~/x", "x") # error: 40-43 function-call "`pathexpand` takes 1 argument, not 2"
pathexpand_less    = pathexpand()           # error: 22-34 function-call "`pathexpand` takes 1 argument, not 0"

templatefile           = [templatefile("hello.tpl", { name = "ann", list = [1, "b"] }), "Hello ANN 1 b!"]
templatefile_2         = [templatefile("a.txt", {}), "one\n"]
templatefile_3         = templatefile("broken.tpl", { name = 1 }) # error: 39-51 function-call "broken.tpl:2:3: there is no variable called `nme` (did you mean `name`?)"
templatefile_4         = templatefile("a.txt", { "a b" = 1 })     # error: 48-61 function-call "`a b` cannot be the name of a variable"
templatefile_5         = templatefile("a.txt", 5)                 # error: 48-49 function-call "a map or an object is required"
templatefile_6         = templatefile("no", {})                   # error: 39-43 function-call "there is no file `/template/no`"
templatefile_7         = templatefile("again.tpl", {})            # error: 39-50 function-call "again.tpl:1:3: `templatefile` cannot be called in a template file"
templatefile_8         = [templatefile("only.tpl", { value = [1] }), [1]]
templatefile_9         = [templatefile("only.tpl", { value = unknown_string }), "<unknown any>"]
templatefile_10        = [templatefile("only.tpl", { value = secret }), "<sensitive>"]
templatefile_11        = [templatefile("hello.tpl", { name = "é", list = [] }), "Hello É!"]
templatefile_12        = [templatefile("motd.tpl", { name = "x" }), "Hello x!\n"]
templatefile_null      = templatefile(null, { name = "x" }) # error: 39-43 function-call "the argument `path` must not be null"
templatefile_unknown   = [templatefile(unknown_string, { name = "x" }), "<unknown any>"]
templatefile_wrong     = templatefile([], { name = "x" })     # error: 39-41 function-call "the argument `path` has the wrong type"
templatefile_empty     = templatefile("", { name = "x" })     # error: 39-41 function-call "`` is a folder"
templatefile_unicode   = templatefile("é👩‍👩‍👧", { name = "x" })   # error: 39-47 function-call "there is no file `/template/é👩‍👩‍👧`"
templatefile_secret    = templatefile(secret, { name = "x" }) # error: 39-45 function-call "there is no file `/template/hush`"
templatefile_null_2    = templatefile("motd.tpl", null)       # error: 51-55 function-call "the argument `vars` must not be null"
templatefile_unknown_2 = [templatefile("motd.tpl", unknown_map), "<unknown any>"]
templatefile_wrong_2   = templatefile("motd.tpl", "x")                 # error: 51-54 function-call "a map or an object is required"
templatefile_empty_2   = templatefile("motd.tpl", {})                  # error: 39-49 function-call "motd.tpl:1:9: there is no variable called `name` (a string is written in quotes, a variable as `var.NAME`)"
templatefile_more      = templatefile("motd.tpl", { name = "x" }, "x") # error: 67-70 function-call "`templatefile` takes 2 arguments, not 3"
templatefile_less      = templatefile("motd.tpl")                      # error: 26-50 function-call "`templatefile` takes 2 arguments, not 1"
