//! Names that HCL takes.

use std::collections::{HashMap, HashSet};

use cooper_hcl::ast::{Expr, ExprKind};
use cooper_hcl::{SourceFile, Span};

use super::tree::{expr, string};
use crate::template::Template;

/// What the builders are called in HCL.
pub(super) struct Names<'a> {
    template: &'a Template,
    file: &'a SourceFile,
    /// For each source.
    labels: Vec<String>,
    /// The sources, in the order in which they are built.
    order: Vec<usize>,
    /// The sources by their names as the text has them.
    sources: HashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    pub(super) fn choose(template: &'a Template, file: &'a SourceFile) -> Self {
        let mut taken = HashSet::new();
        let labels = template.sources.iter().map(|source| free(&source.label.text, &mut taken));
        let labels = labels.collect();
        let mut order: Vec<usize> = (0..template.sources.len()).collect();
        order.sort_by_key(|&index| &template.sources[index].label.text);
        let sources = template.sources.iter().enumerate();
        let sources =
            sources.map(|(index, source)| (file.slice(source.label.span), index)).collect();
        Self { template, file, labels, order, sources }
    }

    /// The sources, in the order in which they are built.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> {
        self.order.iter().copied()
    }

    pub(super) fn label(&self, source: usize) -> &str {
        &self.labels[source]
    }

    /// `docker.ubuntu`
    pub(super) fn reference(&self, source: usize) -> String {
        format!("{}.{}", self.template.sources[source].component.text, self.labels[source])
    }

    /// The label of the source whose name stands at a place.
    pub(super) fn label_at(&self, span: Span) -> Option<&str> {
        self.sources.get(self.file.slice(span)).map(|&index| self.label(index))
    }

    /// A list of names of builders, as references to sources.
    pub(super) fn references(&self, list: &Expr) -> Expr {
        let ExprKind::Tuple(elements) = &*list.kind else { return list.clone() };
        let of = |element: &Expr| self.sources.get(self.file.slice(element.span));
        let elements = elements.iter().filter_map(of);
        let elements = elements.map(|&index| string(&self.reference(index)));
        expr(ExprKind::Tuple(elements.collect()))
    }
}

/// A word that can be a name in HCL, as near to the wanted one as can be, and that is not taken.
pub(super) fn free(wanted: &str, taken: &mut HashSet<String>) -> String {
    let fits = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    let mut name = String::new();
    for letter in wanted.chars() {
        match letter {
            letter if fits(letter) => name.push(letter),
            // What only encloses is left out.
            '{' | '}' | '`' | '"' => {}
            _ if name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    if !name.starts_with(|first: char| first.is_alphabetic() || first == '_') {
        name.insert(0, '_');
    }
    let mut free = name.clone();
    let mut count = 1;
    while !taken.insert(free.clone()) {
        count += 1;
        free = format!("{name}_{count}");
    }
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_near_to_what_was_wanted() {
        let mut taken = HashSet::new();
        for (wanted, expected) in [
            ("base", "base"),
            ("a b.c", "a_b_c"),
            ("a-{{user `x`}}", "a-user_x"),
            ("1", "_1"),
            ("", "_"),
            ("a b c", "a_b_c_2"),
        ] {
            assert_eq!(free(wanted, &mut taken), expected);
        }
    }
}
