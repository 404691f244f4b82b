# Values: what expressions and functions come to, written to a file.

variable "repository" {}

variable "list" {
  type    = list(string)
  default = ["b", "a", "c"]
}

variable "object" {
  default = {
    name = "n"
    size = 3
    tags = ["x", "y"]
  }
}

locals {
  numbers = [1, 2.5, 1e3, 0.1 + 0.2, 7 / 2, 7 % 3, -3]
  all = {
    arithmetic  = local.numbers
    comparison  = [1 < 2, "a" == "a", !true, true && false || true, 1 == 1.0]
    conditional = var.object.size > 2 ? "big" : "small"
    for_list    = [for i, v in var.list : "${i}=${upper(v)}" if v != "a"]
    for_object  = { for v in var.list : v => length(v)... }
    splat       = var.object.tags[*]
    template    = "%{for v in var.list}<${v}>%{endfor}"
    heredoc     = <<-EOT
      one
        two ${var.object.name}
    EOT
    strings = [
      format("%05.1f|%-5s|%q|%v|%x", 3.14159, "ab", "q\"", [1], 255),
      formatlist("%s!", var.list), join(",", var.list), split("/", "a/b/c"),
      replace("aXbX", "X", "-"), replace("a1b22", "/[0-9]+/", "#"),
      substr("héllo", 1, 3), title("two words"), trimspace("  x "), chomp("x\n"),
      indent(2, "a\nb"), strrev("abc"), lower("ÀB"),
    ]
    collections = [
      concat(["a"], ["b"]), contains(var.list, "a"), distinct(["a", "b", "a"]),
      element(var.list, 4), flatten([["a"], [["b"]]]), keys(var.object),
      length(var.object), lookup({ a = "1" }, "z", "none"), merge({ a = 1 }, { b = 2 }),
      reverse(var.list), slice(var.list, 1, 3), sort(var.list), setunion(["a"], ["b", "a"]),
      setintersection(["a", "b"], ["b"]), chunklist(var.list, 2), compact(["", "a"]),
      coalesce("", "b"), coalescelist([], ["c"]), zipmap(["k"], ["v"]), range(3),
      values({ b = "1", a = "2" }), setproduct(["a", "b"], ["1"]),
    ]
    numeric    = [abs(-1), ceil(1.2), floor(-1.2), log(16, 2), max(1, 5), min(1, 5), pow(2, 10), signum(-4), parseint("ff", 16)]
    encoding   = [base64encode("a?b"), base64decode("YT9i"), jsonencode({ b = [1, null, true], a = "<&>" }), jsondecode("{\"k\":[1]}"), urlencode("a b/c?"), csvdecode("a,b\n1,2\n"), yamldecode("k: [1, x]")]
    hashes     = [md5("a"), sha1("a"), sha256("a"), sha512("a")]
    paths      = [basename("/a/b.c"), dirname("/a/b.c")]
    times      = [formatdate("DD MMM YYYY hh:mm ZZZ", "2018-01-02T23:12:01Z"), timeadd("2018-01-02T23:12:01Z", "90m")]
    conversion = [can(var.list[9]), try(var.list[9], "none"), convert("12", number), convert(["b", "a", "b"], set(string))]
  }
}

source "file" "it" {
  content = jsonencode(local.all)
  target  = "values.json"
}

build {
  sources = ["source.file.it"]
}
