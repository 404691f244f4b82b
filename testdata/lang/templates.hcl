# Strings with things to be filled in.

value_itself = ["${[1]}", [1]]
text         = ["a${1}b${true}", "a1btrue"]
nested       = ["a${"b${"c"}"}", "abc"]
strip        = [" a ${~ 1 ~}  ${~ 2 }  \n ${~ 3}", " a123"]
stripped     = [" ${~ 1 ~} ", "1"]
condition    = ["%{ if true }a%{ else }b%{ endif }", "a"]
otherwise    = ["%{ if false }a%{ else }b%{ endif }", "b"]
nothing      = ["%{ if false }a%{ endif }", ""]
loop         = ["%{ for x in [1, 2] }<${x}>%{ endfor }", "<1><2>"]
loop_keys    = ["%{ for k, v in { a = 1 } }${k}=${v} %{ endfor }", "a=1 "]
loop_in_if   = ["%{ if true }%{ for x in [1] }${x}%{ endfor }%{ endif }!", "1!"]
escapes      = ["\t\"\\\u00e9\U0001F600", "	\"\\é😀"]
normal_form  = ["e\u0301", "é"]
no_template  = ["$${a} %%{b} $a %b $$ $ {", join("", ["$", "{a} ", "%", "{b} $a %b $$ $ {"])]
line_inside  = ["a${
  1
}b", "a1b"]

unknown_part = ["a${unknown}", "<unknown string>"]
unknown_if   = ["%{ if unknown_bool }a%{ endif }", "<unknown string>"]
unknown_for  = ["%{ for x in unknown }a%{ endfor }", "<unknown string>"]
secret_part  = ["a${secret}", "<sensitive>"]
secret_if    = ["%{ if secret == "a" }a%{ endif }", "<sensitive>"]
secret_for   = ["%{ for x in secret_list }a%{ endfor }", "<sensitive>"]

null_part   = "a${null}" # error: 19-23 invalid-value "null cannot be put into a string"
list_part   = "a${[1]}" # error: 19-22 wrong-type "a tuple cannot be put into a string"
unknown_bad = "a${unknown_list}" # error: 19-31 wrong-type "a list cannot be put into a string"
if_number   = "%{ if 1 }a%{ endif }" # error: 22-23 wrong-type "must be a bool"
for_null    = "%{ for x in null }a%{ endfor }" # error: 28-32 invalid-value "walk through null"
# error: 18-22 unknown-variable "nope"
two         = "${nope}${nada}" # error: 25-29 unknown-variable "nada"
too_long    = "%{ for x in range(1000) }${format("%080000d", x)}%{ endfor }" # error: 43-64 limit-exceeded "MiB allowed"
