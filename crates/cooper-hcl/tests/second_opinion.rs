//! Our parser beside that of `hcl-edit`, on every template of the repository that is sound.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use cooper_hcl::ast::{Body, ExprKind};
use cooper_hcl::{Diagnostics, SourceMap, parse};
use hcl::edit::expr::Expression;
use hcl::edit::structure::{self, BlockLabel, Structure};

#[test]
fn hcl_edit_sees_the_same() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    collect(&root.join("testdata"), &mut texts);
    collect(&root.join("docs/examples"), &mut texts);
    let mut compared = 0;
    for text in texts {
        // hcl-edit overlooks the end of an empty heredoc.
        if text.contains("<<-EOT\n    EOT\n") {
            continue;
        }
        let mut sources = SourceMap::new();
        let file = sources.add("x", text.as_str()).unwrap();
        let (Ok(ours), Ok(theirs)) =
            (parse(&file, &Diagnostics::new()), hcl::edit::parser::parse_body(&text))
        else {
            continue;
        };
        let (mut left, mut right) = (String::new(), String::new());
        outline(&ours.body, &mut left);
        their_outline(&theirs, &mut right);
        assert_same(&left, &right, &text);
        compared += 1;
    }
    assert!(compared > 100, "only {compared} templates were compared");
}

fn assert_same(ours: &str, theirs: &str, text: &str) {
    // Arguments and blocks are two lists for us.
    let sorted = |outline: &str| {
        let mut lines: Vec<String> = outline.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(ours), sorted(theirs), "{text}");
}

/// The templates in a folder: `.hcl` files, and the sections of cases.
fn collect(folder: &Path, texts: &mut Vec<String>) {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "hcl") {
            texts.push(std::fs::read_to_string(&path).unwrap());
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            let case = std::fs::read_to_string(&path).unwrap();
            for section in case.split("\n-- ").skip(1) {
                if let Some((title, text)) = section.split_once(" --\n")
                    && title.ends_with(".hcl")
                {
                    texts.push(text.to_owned());
                }
            }
        }
    }
}

fn outline(body: &Body, out: &mut String) {
    for attribute in &body.attributes {
        let kind = match &*attribute.expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) => "literal".to_owned(),
            ExprKind::String(_) | ExprKind::Template(_) => "string".into(),
            ExprKind::Tuple(elements) => format!("list of {}", elements.len()),
            ExprKind::Object(items) => format!("object of {}", items.len()),
            ExprKind::Variable(name) => format!("variable {name}"),
            ExprKind::Attr { .. } | ExprKind::Index { .. } | ExprKind::Splat { .. } => {
                "traversal".into()
            }
            ExprKind::SplatElement => "element".into(),
            ExprKind::Call(call) => {
                let name = call.name.text.rsplit("::").next().unwrap();
                format!("{name} of {}", call.args.len())
            }
            ExprKind::Unary { .. } => "unary".into(),
            ExprKind::Binary { op, .. } => format!("binary {}", op.as_str()),
            ExprKind::Conditional { .. } => "condition".into(),
            ExprKind::For(for_expr) => format!("for {}", for_expr.value_name.text),
            ExprKind::Parenthesis(_) => "parenthesis".into(),
        };
        let _ = writeln!(out, "{} = {kind}", attribute.name.text);
    }
    for block in &body.blocks {
        let labels: Vec<&str> = block.labels.iter().map(|label| &*label.text).collect();
        let _ = writeln!(out, "{} {labels:?}", block.kind.text);
        outline(&block.body, out);
    }
}

fn their_outline(body: &structure::Body, out: &mut String) {
    for item in body {
        match item {
            Structure::Attribute(attribute) => {
                let kind = match &attribute.value {
                    Expression::Null(_) | Expression::Bool(_) | Expression::Number(_) => {
                        "literal".to_owned()
                    }
                    Expression::String(_)
                    | Expression::StringTemplate(_)
                    | Expression::HeredocTemplate(_) => "string".into(),
                    Expression::Array(elements) => format!("list of {}", elements.len()),
                    Expression::Object(items) => format!("object of {}", items.len()),
                    Expression::Variable(name) => format!("variable {}", name.as_str()),
                    Expression::Traversal(_) => "traversal".into(),
                    Expression::FuncCall(call) => {
                        format!("{} of {}", call.name.name.as_str(), call.args.len())
                    }
                    Expression::UnaryOp(_) => "unary".into(),
                    Expression::BinaryOp(binary) => {
                        format!("binary {}", binary.operator.value().as_str())
                    }
                    Expression::Conditional(_) => "condition".into(),
                    Expression::ForExpr(for_expr) => {
                        format!("for {}", for_expr.intro.value_var.as_str())
                    }
                    Expression::Parenthesis(_) => "parenthesis".into(),
                };
                let _ = writeln!(out, "{} = {kind}", attribute.key.as_str());
            }
            Structure::Block(block) => {
                let labels: Vec<&str> = block
                    .labels
                    .iter()
                    .map(|label| match label {
                        BlockLabel::Ident(word) => word.as_str(),
                        BlockLabel::String(word) => word.as_str(),
                    })
                    .collect();
                let _ = writeln!(out, "{} {labels:?}", block.ident.as_str());
                their_outline(&block.body, out);
            }
        }
    }
}
