//! What is typed at a console.

/// Expressions about the secret, which is `@`.
pub(crate) const EXPRESSIONS: &str = r#"@
"${@}"
"-${@}-"
upper(@)
base64encode(@)
base64encode("a${@}")
base64gzip(@)
urlencode(@)
jsonencode({ a = [@] })
yamlencode([@])
sha256(@)
md5(@)
substr(@, 0, 4)
split("", @)
[for c in [@] : { c = c }]
{ (@) = 1 }
keys({ (@) = 1 })
[@][7]
{ (@) = 1 }.x
format("%q %s", @, @)
length(@)
strrev(@)
convert(@, number)
parseint(@, 2)
var
local
variables
@.x
@[0]
@ + 1
file(@)
regex("^(.)", @)
[@, "x"]
toset([@])
try(tonumber(@), @)
can(@)
merge({ a = @ }, { b = 1 })
"%{ for x in [@] }${x}%{ endfor }"
"%{ if @ == "" }a%{ else }b%{ endif }"
"#;
