//! Expressions and bodies by chance, but the same ones for the same seed.
//!
//! The generator knows types: most of what it writes has a value. Now and then it takes another
//! type than it should, so that mistakes are compared too.

use std::fmt::Write as _;

use crate::chance::Chance;

/// What an expression is to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Text,
    Number,
    Bool,
    /// A list, set or tuple of texts.
    Texts,
    /// A list, set or tuple of numbers.
    Numbers,
    /// A list, set or tuple of anything.
    Sequence,
    /// A map or an object.
    Mapping,
    Anything,
    /// Texts that a function reads.
    Pattern,
    Format,
    Time,
    Duration,
    DateFormat,
    Json,
    Yaml,
    Csv,
    Base64,
    Cidr,
    /// A small whole number.
    Index,
    /// By how many bits a network is split.
    Bits,
}

/// The functions, what they take, and what they give. `…` repeats the last up to three times.
const FUNCTIONS: &[(&str, &[Kind], bool, Kind)] = {
    use Kind::*;
    &[
        ("abs", &[Number], false, Number),
        ("basename", &[Text], false, Text),
        ("base64decode", &[Base64], false, Text),
        ("base64encode", &[Text], false, Text),
        ("can", &[Anything], false, Bool),
        ("ceil", &[Number], false, Number),
        ("chomp", &[Text], false, Text),
        ("chunklist", &[Sequence, Index], false, Sequence),
        ("cidrhost", &[Cidr, Index], false, Text),
        ("cidrnetmask", &[Cidr], false, Text),
        ("cidrsubnet", &[Cidr, Bits, Index], false, Text),
        ("cidrsubnets", &[Cidr, Bits], true, Texts),
        ("coalesce", &[Text], true, Text),
        ("coalesce", &[Anything], true, Anything),
        ("coalescelist", &[Sequence], true, Sequence),
        ("compact", &[Texts], false, Texts),
        ("concat", &[Sequence], true, Sequence),
        ("concat", &[Texts], true, Texts),
        ("contains", &[Sequence, Anything], false, Bool),
        ("contains", &[Texts, Text], false, Bool),
        ("csvdecode", &[Csv], false, Sequence),
        ("dirname", &[Text], false, Text),
        ("distinct", &[Sequence], false, Sequence),
        ("element", &[Texts, Index], false, Text),
        ("element", &[Sequence, Index], false, Anything),
        ("flatten", &[Sequence], false, Sequence),
        ("floor", &[Number], false, Number),
        ("format", &[Format, Anything], true, Text),
        ("format", &[Format, Number], true, Text),
        ("formatdate", &[DateFormat, Time], false, Text),
        ("formatlist", &[Format, Texts], true, Texts),
        ("indent", &[Index, Text], false, Text),
        ("join", &[Text, Texts], true, Text),
        ("jsondecode", &[Json], false, Anything),
        ("jsonencode", &[Anything], false, Text),
        ("keys", &[Mapping], false, Texts),
        ("log", &[Number, Number], false, Number),
        ("lookup", &[Mapping, Text, Anything], false, Anything),
        ("lower", &[Text], false, Text),
        ("max", &[Number], true, Number),
        ("md5", &[Text], false, Text),
        ("merge", &[Mapping], true, Mapping),
        ("min", &[Number], true, Number),
        ("parseint", &[Text, Index], false, Number),
        ("pow", &[Number, Index], false, Number),
        ("range", &[Index], true, Numbers),
        ("regex", &[Pattern, Text], false, Anything),
        ("regex_replace", &[Text, Pattern, Text], false, Text),
        ("regexall", &[Pattern, Text], false, Sequence),
        ("replace", &[Text, Text, Text], false, Text),
        ("reverse", &[Sequence], false, Sequence),
        ("setintersection", &[Sequence], true, Sequence),
        ("setintersection", &[Texts], true, Texts),
        ("setproduct", &[Sequence, Sequence], false, Sequence),
        ("setunion", &[Sequence], true, Sequence),
        ("setunion", &[Numbers], true, Numbers),
        ("sha1", &[Text], false, Text),
        ("sha256", &[Text], false, Text),
        ("sha512", &[Text], false, Text),
        ("signum", &[Number], false, Number),
        ("slice", &[Sequence, Index, Index], false, Sequence),
        ("sort", &[Texts], false, Texts),
        ("split", &[Text, Text], false, Texts),
        ("strrev", &[Text], false, Text),
        ("substr", &[Text, Index, Index], false, Text),
        ("timeadd", &[Time, Duration], false, Text),
        ("title", &[Text], false, Text),
        ("trim", &[Text, Text], false, Text),
        ("trimprefix", &[Text, Text], false, Text),
        ("trimspace", &[Text], false, Text),
        ("trimsuffix", &[Text, Text], false, Text),
        ("try", &[Anything], true, Anything),
        ("upper", &[Text], false, Text),
        ("urlencode", &[Text], false, Text),
        ("values", &[Mapping], false, Sequence),
        ("yamldecode", &[Yaml], false, Anything),
        ("yamlencode", &[Anything], false, Text),
        ("zipmap", &[Texts, Sequence], false, Mapping),
    ]
};

const TYPES: &[&str] = &[
    "string",
    "number",
    "bool",
    "any",
    "list(string)",
    "list(any)",
    "set(number)",
    "set(string)",
    "map(string)",
    "map(any)",
    "tuple([string, number])",
    "object({ a = string })",
    "object({ a = optional(string), b = number })",
    "list(object({ a = any }))",
    "set(any)",
    "map(list(string))",
];

/// The text of an expression.
pub(crate) fn expression(chance: &mut Chance) -> String {
    let kind =
        [Kind::Text, Kind::Number, Kind::Bool, Kind::Sequence, Kind::Mapping, Kind::Anything]
            [chance.below(6)];
    let depth = 1 + chance.below(4);
    Generator { chance, bound: Vec::new() }.of(kind, depth)
}

/// The text of a file: attributes and blocks.
pub(crate) fn body(chance: &mut Chance) -> String {
    let mut text = String::new();
    Generator { chance, bound: Vec::new() }.body(&mut text, 0);
    text
}

struct Generator<'a> {
    chance: &'a mut Chance,
    /// The names that loops around have bound.
    bound: Vec<String>,
}

impl Generator<'_> {
    fn of(&mut self, kind: Kind, depth: usize) -> String {
        // A mistake now and then.
        let kind = if self.chance.one_in(60) { self.some_kind() } else { kind };
        if depth == 0 {
            return self.leaf(kind);
        }
        match self.chance.below(12) {
            0 | 1 => self.leaf(kind),
            2 => self.conditional(kind, depth - 1),
            3..=6 => self.call(kind, depth - 1),
            7 if !self.bound.is_empty() => {
                let index = self.chance.below(self.bound.len());
                self.bound[index].clone()
            }
            _ => self.made(kind, depth - 1),
        }
    }

    fn some_kind(&mut self) -> Kind {
        [
            Kind::Text,
            Kind::Number,
            Kind::Bool,
            Kind::Texts,
            Kind::Numbers,
            Kind::Sequence,
            Kind::Mapping,
        ][self.chance.below(7)]
    }

    fn leaf(&mut self, kind: Kind) -> String {
        if self.chance.one_in(25) {
            return self.chance.pick(&["null", "unknown", "null_string", "null_list"]).into();
        }
        let unknown = self.chance.one_in(12);
        let secret = self.chance.one_in(12);
        let pick = |generator: &mut Self, choices: &[&str]| generator.chance.pick(choices).into();
        match kind {
            Kind::Text if unknown => "unknown_string".into(),
            Kind::Text if secret => "secret".into(),
            Kind::Text => pick(
                self,
                &[
                    "text",
                    r#""""#,
                    r#""a""#,
                    r#""b c""#,
                    r#""1""#,
                    r#""true""#,
                    r#"" x y ""#,
                    r#""é😀e\u0301""#,
                    r#""l1\nl2\n""#,
                    r#""a/b//c.txt""#,
                    r#""-""#,
                    r#""A-b-C""#,
                    r#""$${x} %%{y}""#,
                    r#""<&>\"\\\t""#,
                    r#""ß Straße ǆ İ""#,
                    r#""👩‍👩‍👧 🇩🇪""#,
                    r#""\u0001b a\u007f""#,
                    r#""a\u200b \u2028x""#,
                    r#""é ü  ß Straße ǆ 👩‍👩‍👧 日本語 \u0001 ñandú  l’été est là, où naïveté et cœur règnent jusqu’à l’automne  proche""#,
                    r#""12.50""#,
                    "<<EOT\n one\n  two ${1 + 1}\nEOT\n",
                    "<<-EOT\n    in\n      deeper\n    EOT\n",
                ],
            ),
            Kind::Number if unknown => "unknown_number".into(),
            Kind::Number if secret => "secret_number".into(),
            Kind::Number => pick(
                self,
                &[
                    "0",
                    "1",
                    "2",
                    "-1",
                    "3.5",
                    "0.1",
                    "10",
                    "1000000",
                    "1e3",
                    "1.5e-3",
                    "-2.75",
                    "12345678901234567890",
                    "100",
                    "7",
                    r#""4""#,
                ],
            ),
            Kind::Bool if unknown => "unknown_bool".into(),
            Kind::Bool if secret => "secret_bool".into(),
            Kind::Bool => pick(self, &["true", "false", r#""true""#, "1 < 2"]),
            Kind::Texts if unknown => "unknown_list".into(),
            Kind::Texts if secret => pick(self, &["secret_list", "secret_inside"]),
            Kind::Texts => pick(
                self,
                &[
                    "list",
                    "set",
                    r#"["z", "a"]"#,
                    "[]",
                    r#"["a", "b", "a"]"#,
                    "empty_list",
                    r#"["x", 1]"#,
                ],
            ),
            Kind::Numbers => pick(self, &["numbers", "number_set", "[2, 1]", "[1.5]", "empty_set"]),
            Kind::Sequence if unknown => pick(self, &["unknown_list", "unknown_pair"]),
            Kind::Sequence if secret => pick(self, &["secret_list", "secret_inside"]),
            Kind::Sequence => pick(
                self,
                &[
                    "list",
                    "set",
                    "numbers",
                    r#"[1, "a", true]"#,
                    "[[1], [2, 3]]",
                    r#"[{ a = 1 }, { a = 2 }]"#,
                    "[]",
                    "[null, 1]",
                    "empty_list",
                ],
            ),
            Kind::Mapping if unknown => pick(self, &["unknown_map", "unknown_object"]),
            Kind::Mapping if secret => "secret_object".into(),
            Kind::Mapping => pick(
                self,
                &[
                    "map",
                    "empty_map",
                    "{}",
                    r#"{ a = 1, b = "x" }"#,
                    r#"{ "k 1" = [1], a = null }"#,
                    r#"{ a = { b = { c = 1 } } }"#,
                    "{ 1 = 2, true = 3 }",
                ],
            ),
            Kind::Anything => {
                let kind = self.some_kind();
                self.leaf(kind)
            }
            Kind::Pattern => pick(
                self,
                &[
                    r#""[a-z]+""#,
                    r#""(\\w+) (\\w+)""#,
                    r#""(?P<first>.)(?P<rest>.*)""#,
                    r#""o|é""#,
                    r#""^$""#,
                    r#""(a)|(b)""#,
                    r#""\\d{1,2}""#,
                    r#""(?i)W""#,
                    r#""[[:alpha:]]*""#,
                    r#""\\pL""#,
                    r#""(""#,
                    r#""\\Qa.b\\E""#,
                    r#""x*""#,
                    r#""[^a-m\\s]""#,
                ],
            ),
            Kind::Format => pick(
                self,
                &[
                    r#""%s""#,
                    r#""%v %v""#,
                    r#""%d-%03d""#,
                    r#""%#v""#,
                    r#""%q""#,
                    r#""%5s|%-5s|""#,
                    r#""%.2f""#,
                    r#""%08.3f""#,
                    r#""%x %X""#,
                    r#""%b""#,
                    r#""%e""#,
                    r#""%g""#,
                    r#""%+d""#,
                    r#""%[2]v %[1]v""#,
                    r#""%%""#,
                    r#""%t""#,
                    r#""%o %#o""#,
                    r#""%.3s""#,
                    r#""%G %E""#,
                    r#""%10v""#,
                    r#""% d""#,
                    r#""%.1g""#,
                ],
            ),
            Kind::Time => pick(
                self,
                &[
                    r#""2020-01-02T03:04:05Z""#,
                    r#""2024-02-29T23:59:59+02:00""#,
                    r#""1999-12-31T12:00:00.5-07:30""#,
                    r#""2020-13-01T00:00:00Z""#,
                    r#""2021-02-29T00:00:00Z""#,
                    r#""2020-01-02 03:04:05Z""#,
                ],
            ),
            Kind::Duration => pick(
                self,
                &[r#""1h""#, r#""-90m""#, r#""1.5h30s""#, r#""10us""#, r#""24""#, r#""0""#],
            ),
            Kind::DateFormat => pick(
                self,
                &[
                    r#""YYYY-MM-DD""#,
                    r#""DD MMM YY hh:mm ZZZ""#,
                    r#""EEEE, D MMMM 'at' H:mm AA""#,
                    r#""EEE h m s aa""#,
                    r#""YYYYMMDDhhmmss ZZZZ ZZZZZ Z""#,
                    r#""'''quoted'''""#,
                    r#""HH M ss""#,
                    r#""YYY""#,
                    r#""'open""#,
                ],
            ),
            Kind::Json => pick(
                self,
                &[
                    r#""{\"a\":[1,2.50,null],\"b\":{\"c\":true}}""#,
                    r#""[]""#,
                    r#""\"x\\u00e9\"""#,
                    r#""1e400""#,
                    r#""12345678901234567890.123456789""#,
                    r#""{""#,
                    r#"" [ 1 , \"a\" ] ""#,
                    r#""{\"a\":1,\"a\":2}""#,
                    r#""nul""#,
                    r#""[1,]""#,
                ],
            ),
            Kind::Yaml => pick(
                self,
                &[
                    r#""a: 1\nb: [x, 2.5, null, true]\n""#,
                    r#""- a\n- b: c\n""#,
                    r#""'quoted'""#,
                    r#""|\n  block\n  text\n""#,
                    r#""a: &x 1\nb: *x\n""#,
                    r#""yes""#,
                    r#""0x1f""#,
                    r#""a: b: c""#,
                    r#""{a: 1, b: {c: [~]}}""#,
                    r#""1e3""#,
                    r#""2020-01-02""#,
                    r#""""#,
                ],
            ),
            Kind::Csv => pick(
                self,
                &[
                    r#""a,b\n1,2\n3,4\n""#,
                    r#""a\n\"x \"\"y\"\"\"\n""#,
                    r#""a,b\n1\n""#,
                    r#""a,a\n1,2\n""#,
                    r#""""#,
                    r#""a,b""#,
                    r#""a , b\r\n 1,\"2\n3\"\r\n""#,
                    r#""a\n\nx\n""#,
                ],
            ),
            Kind::Base64 => pick(
                self,
                &[r#""aGk=""#, r#""aGk""#, r#""w6k=""#, r#""/w==""#, r#""a G k=""#, r#""""#],
            ),
            Kind::Cidr => pick(
                self,
                &[
                    r#""10.0.0.0/8""#,
                    r#""192.168.1.77/24""#,
                    r#""10.1.2.3/30""#,
                    r#""fd00::/48""#,
                    r#""2001:db8::1/64""#,
                    r#""10.0.0.0/33""#,
                    r#""10.0.0.256/8""#,
                    r#""10.0.0.0""#,
                    r#""128.0.0.0/1""#,
                    r#""010.0.0.0/8""#,
                ],
            ),
            Kind::Bits => pick(self, &["1", "2", "8", "16", r#""4""#, "33", "0"]),
            Kind::Index => pick(
                self,
                &["0", "1", "2", "3", "-1", "5", "10", "16", "62", "1.5", r#""2""#, "4", "8", "-3"],
            ),
        }
    }

    fn made(&mut self, kind: Kind, depth: usize) -> String {
        match kind {
            Kind::Text => match self.chance.below(4) {
                0 => self.template(depth),
                1 => self.heredoc(depth),
                2 => format!("({})", self.of(Kind::Text, depth)),
                _ => {
                    format!("{}[{}]", self.target(Kind::Texts, depth), self.of(Kind::Index, depth))
                }
            },
            Kind::Number => {
                let operator = self.chance.pick(&["+", "-", "*", "/", "%"]);
                match self.chance.below(4) {
                    0 => format!("-{}", self.closed(Kind::Number, depth)),
                    _ => format!(
                        "{} {operator} {}",
                        self.closed(Kind::Number, depth),
                        self.closed(Kind::Number, depth)
                    ),
                }
            }
            Kind::Bool => match self.chance.below(4) {
                0 => format!("!{}", self.closed(Kind::Bool, depth)),
                1 => {
                    let operator = self.chance.pick(&["&&", "||"]);
                    let (left, right) = (Kind::Bool, Kind::Bool);
                    format!("{} {operator} {}", self.closed(left, depth), self.closed(right, depth))
                }
                2 => {
                    let operator = self.chance.pick(&["<", "<=", ">", ">="]);
                    let (left, right) = (Kind::Number, Kind::Number);
                    format!("{} {operator} {}", self.closed(left, depth), self.closed(right, depth))
                }
                _ => {
                    let operator = self.chance.pick(&["==", "!="]);
                    let kind = self.some_kind();
                    format!("{} {operator} {}", self.closed(kind, depth), self.closed(kind, depth))
                }
            },
            Kind::Texts | Kind::Numbers | Kind::Sequence => self.sequence(kind, depth),
            Kind::Mapping => self.mapping(depth),
            Kind::Anything => match self.chance.below(6) {
                0 => {
                    let ty = self.chance.pick(TYPES);
                    format!("convert({}, {ty})", self.of(Kind::Anything, depth))
                }
                1 => format!(
                    "{}[{}]",
                    self.target(Kind::Sequence, depth),
                    self.of(Kind::Index, depth)
                ),
                2 => format!("{}.a", self.target(Kind::Mapping, depth)),
                3 => format!("{}[\"b\"]", self.target(Kind::Mapping, depth)),
                _ => {
                    let kind = self.some_kind();
                    self.of(kind, depth)
                }
            },
            _ => self.leaf(kind),
        }
    }

    /// An operand: in parentheses unless it is one word.
    fn closed(&mut self, kind: Kind, depth: usize) -> String {
        let inner = self.of(kind, depth);
        let plain = inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
        if plain { inner } else { format!("({inner})") }
    }

    /// What an index or a splat can stand behind.
    fn target(&mut self, kind: Kind, depth: usize) -> String {
        let inner = self.of(kind, depth);
        let word = inner.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let open = inner.starts_with(['[', '{']) && !inner.contains(".*");
        if word || open { inner } else { format!("({inner})") }
    }

    fn conditional(&mut self, kind: Kind, depth: usize) -> String {
        let condition = self.closed(Kind::Bool, depth);
        let other = if self.chance.one_in(8) { self.some_kind() } else { kind };
        let (then, otherwise) = (self.closed(kind, depth), self.closed(other, depth));
        format!("({condition} ? {then} : {otherwise})")
    }

    fn call(&mut self, kind: Kind, depth: usize) -> String {
        let fits: Vec<_> = FUNCTIONS
            .iter()
            .filter(|(.., gives)| {
                *gives == kind
                    || kind == Kind::Anything
                    || (kind == Kind::Sequence && matches!(gives, Kind::Texts | Kind::Numbers))
            })
            .collect();
        if fits.is_empty() {
            return self.leaf(kind);
        }
        let (name, takes, repeats, _) = fits[self.chance.below(fits.len())];
        let mut kinds = takes.to_vec();
        if *repeats && let Some(last) = takes.last() {
            kinds.extend(std::iter::repeat_n(*last, self.chance.below(3)));
        }
        // One too few now and then.
        if self.chance.one_in(80) {
            kinds.pop();
        }
        let mut arguments: Vec<String> =
            kinds.into_iter().map(|kind| self.of(kind, depth)).collect();
        if *repeats && self.chance.one_in(10) {
            let spread = self.of(Kind::Sequence, depth.min(1));
            if let Some(last) = arguments.last_mut() {
                *last = format!("{spread}...");
            }
        }
        format!("{name}({})", arguments.join(", "))
    }

    fn name(&mut self) -> String {
        format!("{}{}", self.chance.pick(&["v", "k", "x"]), self.bound.len())
    }

    fn sequence(&mut self, kind: Kind, depth: usize) -> String {
        let element = match kind {
            Kind::Texts => Kind::Text,
            Kind::Numbers => Kind::Number,
            _ => Kind::Anything,
        };
        match self.chance.below(4) {
            0 => {
                let value = self.name();
                let collection = if self.chance.one_in(4) { Kind::Mapping } else { Kind::Sequence };
                let collection = self.of(collection, depth);
                let names =
                    if self.chance.one_in(2) { format!("i, {value}") } else { value.clone() };
                self.bound.push(value);
                let body = self.of(element, depth);
                let filter = match self.chance.one_in(3) {
                    true => format!(" if {}", self.closed(Kind::Bool, depth)),
                    false => String::new(),
                };
                self.bound.pop();
                format!("[for {names} in {collection} : {body}{filter}]")
            }
            1 => {
                let splat = self.chance.pick(&["[*]", "[*].a", ".*.a", "[*][0]", ".*"]);
                format!("{}{splat}", self.target(Kind::Sequence, depth))
            }
            _ => {
                let count = self.chance.below(4);
                let elements: Vec<String> = (0..count).map(|_| self.of(element, depth)).collect();
                format!("[{}]", elements.join(", "))
            }
        }
    }

    fn mapping(&mut self, depth: usize) -> String {
        if self.chance.one_in(3) {
            let value = self.name();
            let kind = if self.chance.one_in(2) { Kind::Mapping } else { Kind::Sequence };
            let collection = self.of(kind, depth);
            self.bound.push(value.clone());
            let body = self.of(Kind::Anything, depth);
            let filter = match self.chance.one_in(3) {
                true => format!(" if {}", self.closed(Kind::Bool, depth)),
                false => String::new(),
            };
            self.bound.pop();
            let key = self.chance.pick(&["k", r#""${k}x""#, "k"]);
            let group = self.chance.pick(&["", "..."]);
            return format!("{{for k, {value} in {collection} : {key} => {body}{group}{filter}}}");
        }
        let mut text = String::from("{");
        for index in 0..self.chance.below(4) {
            let key = match self.chance.below(4) {
                0 => format!("\"k {index}\""),
                1 => format!("(\"p${{{index}}}\")"),
                _ => format!("{}{index}", self.chance.pick(&["a", "b", "c-d", "é"])),
            };
            let sign = self.chance.pick(&["=", ":"]);
            let comma = self.chance.pick(&[",", "\n"]);
            let value = self.of(Kind::Anything, depth);
            let _ = write!(text, " {key} {sign} {value}{comma}");
        }
        text + " }"
    }

    fn template(&mut self, depth: usize) -> String {
        format!("\"{}\"", self.parts(depth, false))
    }

    fn heredoc(&mut self, depth: usize) -> String {
        let flush = self.chance.one_in(2);
        let parts = self.parts(depth, true);
        match flush {
            true => format!("<<-EOT\n    first {parts}\n  second\n  EOT\n"),
            false => format!("<<EOT\nfirst {parts}\n  second\nEOT\n"),
        }
    }

    fn parts(&mut self, depth: usize, lines: bool) -> String {
        let mut text = String::new();
        for _ in 0..1 + self.chance.below(3) {
            let (open, close) =
                (self.chance.pick(&["", "", "~"]), self.chance.pick(&["", "", "~"]));
            // Heredocs end lines, which a quoted template cannot have.
            let inner = |generator: &mut Self, kind| loop {
                let inner = generator.of(kind, depth.min(1));
                if !inner.contains('\n') {
                    return inner;
                }
            };
            match self.chance.below(6) {
                0 => {
                    let condition = inner(self, Kind::Bool);
                    let _ = write!(text, "%{{{open} if {condition} {close}}} yes ");
                    if self.chance.one_in(2) {
                        let _ = write!(text, "%{{{open} else }}no");
                    }
                    let _ = write!(text, "%{{ endif {close}}}");
                }
                1 => {
                    let value = self.name();
                    let collection = inner(self, Kind::Sequence);
                    let _ = write!(text, "%{{ for {value} in {collection} {close}}}");
                    self.bound.push(value.clone());
                    let body = inner(self, Kind::Text);
                    self.bound.pop();
                    let _ = write!(text, " ${{{body}}} %{{ endfor {open}}}");
                }
                2 => text.push_str(self.chance.pick(&["$${no}", "%%{no}", "$", "%", "é", " "])),
                3 if lines => text.push_str("\n    "),
                _ => {
                    let kind = if self.chance.one_in(3) { Kind::Number } else { Kind::Text };
                    let value = inner(self, kind);
                    let _ = write!(text, " ${{{open} {value} {close}}} ");
                }
            }
        }
        text
    }

    fn body(&mut self, text: &mut String, level: usize) {
        let indent = "  ".repeat(level);
        for index in 0..1 + self.chance.below(5) {
            if self.chance.one_in(5) {
                let comment = self.chance.pick(&["# a", "// b", "/* c\n d */", ""]);
                let _ = writeln!(text, "{indent}{comment}");
            }
            if level < 3 && self.chance.one_in(4) {
                let labels =
                    self.chance.pick(&["", "\"l 1\" ", "l2 ", "\"a\" \"é\\n\" ", "a \"b\" "]);
                if self.chance.one_in(6) {
                    let value = self.of(Kind::Number, 1);
                    let _ = writeln!(text, "{indent}block{index} {labels}{{ a = {value} }}");
                    continue;
                }
                let _ = writeln!(text, "{indent}block{index} {labels}{{");
                self.body(text, level + 1);
                let _ = writeln!(text, "{indent}}}");
                continue;
            }
            let name =
                self.chance.pick(&["a", "name", "with-dash", "_x", "für", "if", "for", "null"]);
            let kind = self.some_kind();
            let depth = 1 + self.chance.below(3);
            let value = self.of(kind, depth);
            let space = self.chance.pick(&[" ", "  ", "", "\t"]);
            let end = self.chance.pick(&["\n", " # end\n", "\n", " // end\n", "\r\n"]);
            // A heredoc has ended its line.
            let end = if value.ends_with('\n') { "" } else { end };
            let _ = write!(text, "{indent}{name}{index}{space}={space}{value}{end}");
        }
    }
}
