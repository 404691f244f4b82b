//! A tree to text in native syntax, laid out as `fmt` lays it out.
//!
//! What is printed reads as the same tree, but for places, comments and redundant parentheses.

use std::fmt::Write as _;

use crate::ast::{
    BinaryOp, Block, Body, Call, Expr, ExprKind, For, ObjectItem, Template, TemplatePart, UnaryOp,
};

/// Writes blocks and arguments one after the other.
#[derive(Default)]
pub struct Printer {
    text: String,
    depth: usize,
}

impl Printer {
    /// A printer that has printed nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was printed.
    pub fn finish(self) -> String {
        self.text
    }

    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            self.text.extend(std::iter::repeat_n("  ", self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// An empty line, unless nothing stands before it in this block.
    pub fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("{\n") && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// A comment of one or more lines.
    pub fn comment(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("# {line}").trim_end());
        }
    }

    /// A block.
    pub fn block(&mut self, block: &Block) {
        let Block { kind, labels, body, .. } = block;
        let labels: String =
            labels.iter().map(|label| format!(" {}", quoted(&label.text))).collect();
        let header = format!("{}{labels}", kind.text);
        if body.attributes.is_empty() && body.blocks.is_empty() {
            self.line(&format!("{header} {{}}"));
            return;
        }
        self.line(&format!("{header} {{"));
        self.depth += 1;
        self.body(body);
        self.depth -= 1;
        self.line("}");
    }

    /// What a body holds: its arguments, one a line, then its blocks.
    pub fn body(&mut self, body: &Body) {
        let value = |expr| expr_at(expr, self.depth);
        let arguments = body.attributes.iter();
        let entries: Vec<(String, String)> =
            arguments.map(|given| (given.name.text.to_string(), value(&given.expr))).collect();
        for line in aligned(&entries) {
            self.line(&line);
        }
        for block in &body.blocks {
            self.gap();
            self.block(block);
        }
    }
}

/// An expression on its own.
pub fn expression(expr: &Expr) -> String {
    expr_at(expr, 0)
}

/// Lines `name = value`. The `=` of neighbours that have one line each stand below each other.
fn aligned(entries: &[(String, String)]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = entries;
    while !rest.is_empty() {
        let run = rest.iter().take_while(|(_, value)| !value.contains('\n')).count();
        let (run, after) = rest.split_at(run);
        let width = run.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        for (name, value) in run {
            let space = " ".repeat(width - self::width(name));
            lines.push(format!("{name}{space} = {value}"));
        }
        rest = after;
        if let [(name, value), after @ ..] = rest {
            lines.push(format!("{name} = {value}"));
            rest = after;
        }
    }
    lines
}

fn width(name: &str) -> usize {
    unicode_segmentation::UnicodeSegmentation::graphemes(name, true).count()
}

/// An expression on a line that is indented `depth` times.
fn expr_at(expr: &Expr, depth: usize) -> String {
    let inner = |expr: &Expr| expr_at(expr, depth);
    match &*expr.kind {
        ExprKind::Null => "null".to_owned(),
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Number(number) => number.to_string(),
        ExprKind::String(text) => quoted(text),
        ExprKind::Template(template) => {
            let mut text = String::from("\"");
            template_into(template, depth, &mut text);
            text + "\""
        }
        ExprKind::Tuple(elements) => tuple(elements, depth),
        ExprKind::Object(items) => object(items, depth),
        ExprKind::Variable(name) => name.to_string(),
        ExprKind::Attr { target, name } => format!("{}.{}", target_at(target, depth), name.text),
        ExprKind::Index { target, key } => {
            format!("{}[{}]", target_at(target, depth), inner(key))
        }
        ExprKind::Splat { target, each } => {
            format!("{}[*]{}", target_at(target, depth), inner(each))
        }
        // The chain of a splat begins with it.
        ExprKind::SplatElement => String::new(),
        ExprKind::Call(Call { name, args, expand }) => {
            let args: Vec<String> = args.iter().map(inner).collect();
            let dots = if expand.is_some() { "..." } else { "" };
            format!("{}({}{dots})", name.text, args.join(", "))
        }
        ExprKind::Unary { op, operand, .. } => {
            let sign = match op {
                UnaryOp::Not => "!",
                UnaryOp::Negate => "-",
            };
            format!("{sign}{}", operand_at(operand, 7, depth))
        }
        ExprKind::Binary { op, left, right, .. } => {
            let rank = rank(*op);
            let left = operand_at(left, rank, depth);
            let right = operand_at(right, rank + 1, depth);
            format!("{left} {} {right}", op.as_str())
        }
        ExprKind::Conditional { condition, then, otherwise } => {
            let condition = operand_at(condition, 1, depth);
            format!("{condition} ? {} : {}", inner(then), inner(otherwise))
        }
        ExprKind::For(for_expr) => for_at(for_expr, depth),
        ExprKind::Parenthesis(expr) => format!("({})", inner(expr)),
    }
}

/// How tightly an operator binds.
const fn rank(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::Or => 1,
        BinaryOp::And => 2,
        BinaryOp::Equal | BinaryOp::NotEqual => 3,
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => 4,
        BinaryOp::Add | BinaryOp::Subtract => 5,
        BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => 6,
    }
}

/// An operand of an operator of that rank, in parentheses where it binds less tightly.
fn operand_at(expr: &Expr, wanted: u8, depth: usize) -> String {
    let text = expr_at(expr, depth);
    let loose = match &*expr.kind {
        ExprKind::Binary { op, .. } => rank(*op) < wanted,
        ExprKind::Conditional { .. } => true,
        _ => false,
    };
    if loose { format!("({text})") } else { text }
}

/// What `.name` and `[key]` are asked of.
fn target_at(expr: &Expr, depth: usize) -> String {
    let text = expr_at(expr, depth);
    let loose = matches!(
        &*expr.kind,
        ExprKind::Binary { .. }
            | ExprKind::Conditional { .. }
            | ExprKind::Unary { .. }
            | ExprKind::Number(_)
    );
    if loose { format!("({text})") } else { text }
}

/// Elements on one line, or one a line where any of them has several lines or all are long.
fn tuple(elements: &[Expr], depth: usize) -> String {
    const LONG: usize = 80;
    let on_one: Vec<String> = elements.iter().map(|element| expr_at(element, depth)).collect();
    let length: usize = on_one.iter().map(|element| element.len() + 2).sum();
    if length <= LONG && !on_one.iter().any(|element| element.contains('\n')) {
        return format!("[{}]", on_one.join(", "));
    }
    let inside = "  ".repeat(depth + 1);
    let mut text = String::from("[\n");
    for element in elements {
        text += &format!("{inside}{},\n", expr_at(element, depth + 1));
    }
    text + &"  ".repeat(depth) + "]"
}

fn object(items: &[ObjectItem], depth: usize) -> String {
    if items.is_empty() {
        return "{}".to_owned();
    }
    let entry = |item: &ObjectItem| (key(&item.key, depth), expr_at(&item.value, depth + 1));
    let entries: Vec<_> = items.iter().map(entry).collect();
    let inside = "  ".repeat(depth + 1);
    let lines = aligned(&entries).into_iter().map(|line| format!("{inside}{line}\n"));
    let lines: String = lines.collect();
    format!("{{\n{lines}{}}}", "  ".repeat(depth))
}

fn key(key: &Expr, depth: usize) -> String {
    match &*key.kind {
        ExprKind::String(text) if is_word(text) => text.to_string(),
        ExprKind::String(_) | ExprKind::Template(_) | ExprKind::Parenthesis(_) => {
            expr_at(key, depth)
        }
        _ => format!("({})", expr_at(key, depth)),
    }
}

/// Whether a word can be a key without quotes; `for` begins something else.
fn is_word(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-')
        && text != "for"
}

fn for_at(for_expr: &For, depth: usize) -> String {
    let For { key_name, value_name, collection, key, value, condition, group } = for_expr;
    let inner = |expr: &Expr| expr_at(expr, depth);
    let names = match key_name {
        Some(key) => format!("{}, {}", key.text, value_name.text),
        None => value_name.text.to_string(),
    };
    let condition =
        condition.as_ref().map(|condition| format!(" if {}", inner(condition))).unwrap_or_default();
    let dots = if group.is_some() { "..." } else { "" };
    let intro = format!("for {names} in {} :", inner(collection));
    match key {
        Some(key) => format!("{{ {intro} {} => {}{dots}{condition} }}", inner(key), inner(value)),
        None => format!("[{intro} {}{condition}]", inner(value)),
    }
}

fn template_into(template: &Template, depth: usize, text: &mut String) {
    for part in &template.parts {
        match part {
            TemplatePart::Literal(literal, _) => {
                if literal.starts_with('{') {
                    let signs = text.ends_with(['$', '%']).then(|| text.pop()).flatten();
                    // One sign before a brace is written twice.
                    signs.into_iter().for_each(|sign| text.extend([sign, sign]));
                }
                escape_into(literal, text);
            }
            TemplatePart::Interpolation(expr) => {
                keep_apart('$', text);
                text.push_str("${");
                text.push_str(&expr_at(expr, depth));
                text.push('}');
            }
            TemplatePart::If { condition, then, otherwise, span: _ } => {
                keep_apart('%', text);
                let _ = write!(text, "%{{ if {} }}", expr_at(condition, depth));
                template_into(then, depth, text);
                if let Some(otherwise) = otherwise {
                    keep_apart('%', text);
                    text.push_str("%{ else }");
                    template_into(otherwise, depth, text);
                }
                keep_apart('%', text);
                text.push_str("%{ endif }");
            }
            TemplatePart::For { key_name, value_name, collection, body, span: _ } => {
                let key = key_name.as_ref().map(|key| format!("{}, ", key.text));
                let (key, value) = (key.unwrap_or_default(), &value_name.text);
                keep_apart('%', text);
                let _ = write!(text, "%{{ for {key}{value} in {} }}", expr_at(collection, depth));
                template_into(body, depth, text);
                keep_apart('%', text);
                text.push_str("%{ endfor }");
            }
        }
    }
}

/// Signs right before `${` or `%{` would make it mean itself: they become an interpolation.
fn keep_apart(sign: char, text: &mut String) {
    let signs = text.len() - text.trim_end_matches(sign).len();
    if signs > 0 {
        let quoted = text.split_off(text.len() - signs);
        let _ = write!(text, "${{\"{quoted}\"}}");
    }
}

/// A string in quotes.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    escape_into(text, &mut quoted);
    quoted.push('"');
    quoted
}

fn escape_into(text: &str, out: &mut String) {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' if letters.peek() == Some(&'{') => {
                out.push(letter);
                out.push(letter);
            }
            control if control.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Diagnostics, SourceMap, parse};

    fn printed(text: &str) -> String {
        let file = SourceMap::new().add("x", text).expect("it is short");
        let diags = Diagnostics::new();
        let tree = parse(&file, &diags);
        let tree = tree.unwrap_or_else(|_| panic!("{text}: {:#?}", diags.take()));
        let mut printer = Printer::new();
        printer.body(&tree.body);
        printer.finish()
    }

    #[test]
    fn what_is_printed_prints_the_same_again() {
        let text = r#"
a = 1 + 2 * (3 - 4) / -x.y[0].z
longer = !(a && b || c) ? "x${y}z" : upper("$${a} %%{b} \"\\\n")
list = [for k, v in m : k if v > 1]
map = { for k in m : k => k... }
splat = a[*].b.c[0]
call = f(a, b...)
t = "%{ if a }x%{ else }y%{ endif }%{ for a, b in c }z%{ endfor }"
o = { a = 1, "b c" = [1, 2], (d) = null, "${e}" = true }
block "label" {
  x = 1
  inner {}
}
"#;
        let once = printed(text);
        assert_eq!(printed(&once), once);
        let expected = r#"a      = 1 + 2 * (3 - 4) / -x.y[0].z
longer = !(a && b || c) ? "x${y}z" : upper("$${a} %%{b} \"\\\n")
"#;
        assert!(once.starts_with(expected), "{once}");
    }

    #[test]
    fn signs_do_not_run_into_what_follows() {
        for text in ["a = \"${\"$$\"}${x}\"\n", "a = \"$\\u007bx}\"\n"] {
            let once = printed(text);
            assert_eq!(printed(&once), once);
            assert!(once == text || once == "a = \"$${x}\"\n", "{once}");
        }
    }
}
