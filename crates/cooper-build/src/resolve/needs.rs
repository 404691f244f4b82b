//! Which locals and data sources need which.

use cooper_hcl::ast::{Name, Reference};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Namespace, Span, did_you_mean};

use super::Values;
use crate::graph::{Cycle, Graph, Order};
use crate::template::Template;

/// What can be needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Node {
    /// A local, by its place in the template.
    Local(usize),
    /// A data source, by its place in the template.
    Data(usize),
    /// All data sources of a type: `data.http`.
    Type(usize),
    /// All data sources: `data`.
    AllData,
}

/// Locals and data sources, to be taken in an order in which each comes after what it needs.
pub(super) struct Needs<'a> {
    template: &'a Template,
    values: &'a Values,
    diags: &'a Diagnostics,
    graph: Graph,
    order: Order,
    /// For each node, whether everything that it mentions exists and none of it needs the node.
    sound: Vec<bool>,
}

impl<'a> Needs<'a> {
    /// Looks through every expression. What mentions something that does not exist, and what needs
    /// itself, is recorded.
    pub(super) fn find(template: &'a Template, values: &'a Values, diags: &'a Diagnostics) -> Self {
        let types = values.data.types();
        let count = template.locals.len() + template.data.len() + types.len() + 1;
        let mut needs = Self {
            template,
            values,
            diags,
            graph: Graph::new(count),
            order: Order::default(),
            sound: vec![true; count],
        };
        for (index, local) in template.locals.iter().enumerate() {
            needs.add(Node::Local(index), &local.expr.references());
        }
        for (index, data) in template.data.iter().enumerate() {
            needs.add(Node::Data(index), &data.body.references());
            let ty = values.data.type_of(index);
            needs.need(Node::Type(ty), Node::Data(index), data.header);
        }
        for ty in 0..types.len() {
            needs.need(Node::AllData, Node::Type(ty), Span::NONE);
        }
        let (order, cycles) = needs.graph.order();
        needs.order = order;
        for cycle in cycles {
            needs.tell(&cycle);
        }
        needs
    }

    /// The next node whose needs are all done; nothing when there is none, or none yet.
    pub(super) fn next(&mut self) -> Option<Node> {
        self.order.next().map(|index| self.node(index))
    }

    /// States that a node was dealt with, so that what needs it can come.
    pub(super) fn done(&mut self, node: Node) {
        self.order.done(self.index(node));
    }

    /// Whether a node can be evaluated.
    pub(super) fn is_sound(&self, node: Node) -> bool {
        self.sound[self.index(node)]
    }

    /// What a diagnostic about a node points at.
    pub(super) fn place(&self, node: Node) -> Span {
        match node {
            Node::Local(index) => self.template.locals[index].name.span,
            Node::Data(index) => self.template.data[index].header,
            Node::Type(_) | Node::AllData => Span::NONE,
        }
    }

    fn index(&self, node: Node) -> usize {
        let (locals, data) = (self.template.locals.len(), self.template.data.len());
        match node {
            Node::Local(index) => index,
            Node::Data(index) => locals + index,
            Node::Type(index) => locals + data + index,
            Node::AllData => locals + data + self.values.data.types().len(),
        }
    }

    fn node(&self, index: usize) -> Node {
        let (locals, data) = (self.template.locals.len(), self.template.data.len());
        match index {
            index if index < locals => Node::Local(index),
            index if index < locals + data => Node::Data(index - locals),
            index if index < locals + data + self.values.data.types().len() => {
                Node::Type(index - locals - data)
            }
            _ => Node::AllData,
        }
    }

    fn name(&self, node: Node) -> String {
        match node {
            Node::Local(index) => format!("`local.{}`", self.template.locals[index].name.text),
            Node::Data(index) => format!("`{}`", self.template.data[index]),
            Node::Type(index) => format!("`data.{}`", self.values.data.types()[index].name),
            Node::AllData => "`data`".to_owned(),
        }
    }

    fn need(&mut self, from: Node, to: Node, cause: Span) {
        let (from, to) = (self.index(from), self.index(to));
        self.graph.need(from, to, cause);
    }

    fn add(&mut self, node: Node, references: &[Reference]) {
        for reference in references {
            let target = match &*reference.root.text {
                "local" => self.local(reference),
                "data" => self.data(reference),
                _ => continue,
            };
            match target {
                Some(target) => self.need(node, target, reference.span),
                None => {
                    let index = self.index(node);
                    self.sound[index] = false;
                }
            }
        }
    }

    fn local(&self, reference: &Reference) -> Option<Node> {
        let locals = &self.values.locals;
        let Some(name) = reference.first() else {
            let message = "a local or data source can use locals only by their names";
            let error = Diagnostic::error(Code::NotAllowedHere, message);
            let help = "write `local.NAME`, so that it is known which of them come first";
            self.diags.error(error.at(reference.span, "").help(help));
            return None;
        };
        let text = &*name.text;
        if let Some(target) = locals.position(text) {
            return Some(Node::Local(target));
        }
        let message = format!("there is no local called `{text}`");
        let instead = || match self.values.variables.get(text).is_some() {
            true => format!("did you mean `var.{text}`?"),
            false => format!("declare it: `locals {{ {text} = … }}`"),
        };
        self.missing(message, name, locals.words(), instead)
    }

    /// `data.TYPE.NAME`, or all of a type, or all.
    fn data(&self, reference: &Reference) -> Option<Node> {
        let data = &self.values.data;
        let [component, path @ ..] = &reference.path[..] else { return Some(Node::AllData) };
        let ty = &*component.text;
        let name = path.first();
        let declare = || {
            let name = name.map_or("NAME", |name| &*name.text);
            format!("declare it: `data \"{ty}\" \"{name}\" {{ … }}`")
        };
        let Some(place) = data.type_called(ty) else {
            let message = format!("there is no data source of the type `{ty}`");
            let types = data.types().iter().map(|ty| &*ty.name);
            return self.missing(message, component, types, declare);
        };
        let Some(name) = name else { return Some(Node::Type(place)) };
        match data.position(place, &name.text) {
            Some(target) => Some(Node::Data(target)),
            None => {
                let message = format!("there is no data source called `{ty}.{}`", name.text);
                self.missing(message, name, data.types()[place].names.words(), declare)
            }
        }
    }

    /// Records that a name does not exist.
    fn missing<'n>(
        &self,
        message: String,
        name: &Name,
        candidates: impl Iterator<Item = &'n str>,
        instead: impl FnOnce() -> String,
    ) -> Option<Node> {
        // What is not kept need not be helpful.
        let near = if self.diags.is_full() { None } else { did_you_mean(&name.text, candidates) };
        let error = Diagnostic::error(Code::UnknownReference, message).at(name.span, "");
        self.diags.error(error.help(near.unwrap_or_else(instead)));
        None
    }

    /// Records a loop, with each of its places.
    fn tell(&mut self, cycle: &Cycle) {
        let nodes: Vec<Node> = cycle.iter().map(|&(index, _)| self.node(index)).collect();
        let names: Vec<String> = nodes.iter().map(|&node| self.name(node)).collect();
        let message = match &names[..] {
            [only] => format!("{only} needs itself"),
            names => {
                let all_are = |is: fn(&Node) -> bool| nodes.iter().all(is);
                let what = if all_are(|node| matches!(node, Node::Local(_))) {
                    "locals"
                } else if all_are(|node| !matches!(node, Node::Local(_))) {
                    "data sources"
                } else {
                    "locals and data sources"
                };
                let around: Vec<&str> =
                    names.iter().chain(names.first()).map(String::as_str).collect();
                format!("{what} need each other: {}", around.join(" → "))
            }
        };
        let mut error = Diagnostic::error(Code::Cycle, message);
        for (place, &(index, span)) in cycle.iter().enumerate() {
            self.sound[index] = false;
            let next = &names[(place + 1) % names.len()];
            let text = format!("{} needs {next}", names[place]);
            let is_first = error.primary.is_none();
            error = if is_first { error.at(span, text) } else { error.label(span, text) };
        }
        self.diags.error(error.help("take one of these references out"));
    }
}
