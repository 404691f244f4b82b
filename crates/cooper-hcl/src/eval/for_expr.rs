//! `for` expressions, and the walk through a collection that template directives share.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use super::{Evaluator, Scope, budget};
use crate::ast::{Expr, For, Name};
use crate::diagnostic::{Code, Diagnostic, Reported};
use crate::source::Span;
use crate::value::{Attributes, Marks, Type, Value, ValueKind};

/// What a loop walks through: pairs of key and value, or nothing when that is unknown.
pub(super) type Items = Option<Vec<(Value, Value)>>;

impl Evaluator<'_> {
    pub(super) fn for_expr(
        &self,
        for_expr: &For,
        span: Span,
        scope: &Scope<'_>,
    ) -> Result<Value, Reported> {
        let For { key_name, value_name, collection, key, value, condition, group } = for_expr;
        let (items, mut marks) = self.items(collection, scope)?;
        let Some(items) = items else {
            return Ok(Value::unknown(Type::Any).with_marks(marks));
        };
        if let Some(condition) = condition
            && items.is_empty()
        {
            // A condition that can never be one is a mistake even where nothing asks it.
            let any = || Value::unknown(Type::Any);
            let inner = self.turn(scope, key_name.as_ref(), value_name, any(), any());
            let never = self.expr(condition, &inner)?;
            self.condition(never, condition.span, "the `if` of a `for`")?;
        }
        let mut results = Results::new(key.is_some(), group.is_some());
        let mut unknown = false;
        for (item_key, item_value) in items {
            let inner = self.turn(scope, key_name.as_ref(), value_name, item_key, item_value);
            if let Some(condition) = condition {
                let keep = self.expr(condition, &inner)?;
                let (keep, own) = self.condition(keep, condition.span, "the `if` of a `for`")?;
                marks = marks.union(own);
                match keep {
                    Some(true) => {}
                    Some(false) => continue,
                    None => {
                        unknown = true;
                        continue;
                    }
                }
            }
            let name = match key {
                Some(key) => {
                    let name = self.expr(key, &inner)?;
                    let (name, own) = self.object_key(name, key.span)?;
                    marks = marks.union(own);
                    Some(name)
                }
                None => None,
            };
            let element = self.expr(value, &inner)?;
            match name {
                Some(None) => unknown = true,
                Some(Some(name)) => self.add(&mut results, name, element, for_expr)?,
                None => results.push(element),
            }
            if results.count > budget::MAX_ELEMENTS {
                return Err(budget::too_many(self.env.diags, span));
            }
        }
        if unknown {
            return Ok(Value::unknown(Type::Any).with_marks(marks));
        }
        self.bounded(results.into_value().with_marks(marks), span)
    }

    fn add(
        &self,
        results: &mut Results,
        name: Arc<str>,
        element: Value,
        for_expr: &For,
    ) -> Result<(), Reported> {
        if results.insert(name.clone(), element) {
            return Ok(());
        }
        let place = for_expr.key.as_ref().map_or(Span::NONE, |key| key.span);
        Err(self.error(
            Diagnostic::error(Code::Duplicate, format!("two elements have the key `{name}`"))
                .at(place, "")
                .help("`...` after the value gathers the values of equal keys into lists"),
        ))
    }

    /// The pairs that a loop over `collection` walks through, and the collection's marks.
    pub(super) fn items(
        &self,
        collection: &Expr,
        scope: &Scope<'_>,
    ) -> Result<(Items, Marks), Reported> {
        let (value, marks) = self.expr(collection, scope)?.unmark();
        let items = match value.kind() {
            ValueKind::List(_, elements) | ValueKind::Tuple(elements) => elements
                .iter()
                .enumerate()
                .map(|(index, element)| (Value::number(index), element.clone()))
                .collect(),
            ValueKind::Set(_, elements) => {
                elements.iter().map(|element| (element.clone(), element.clone())).collect()
            }
            ValueKind::Map(_, elements) | ValueKind::Object(elements) => elements
                .iter()
                .map(|(name, element)| {
                    let name = Value::new(ValueKind::String(name.clone()), Marks::NONE);
                    (name, element.clone())
                })
                .collect(),
            ValueKind::Unknown(
                Type::Any
                | Type::List(_)
                | Type::Set(_)
                | Type::Map(_)
                | Type::Tuple(_)
                | Type::Object(_),
            ) => return Ok((None, marks)),
            ValueKind::Null(_) => {
                return Err(self.error(
                    Diagnostic::error(Code::InvalidValue, "`for` cannot walk through null")
                        .at(collection.span, "this is null"),
                ));
            }
            ValueKind::Bool(_)
            | ValueKind::Number(_)
            | ValueKind::String(_)
            | ValueKind::Unknown(Type::Bool | Type::Number | Type::String) => {
                let text = format!("this is {}", value.ty().with_article());
                return Err(self.error(
                    Diagnostic::error(Code::WrongType, "`for` needs a list, set, map or object")
                        .at(collection.span, text),
                ));
            }
        };
        Ok((Some(items), marks))
    }

    /// The scope of one turn of a loop.
    pub(super) fn turn<'s>(
        &self,
        scope: &'s Scope<'s>,
        key_name: Option<&Name>,
        value_name: &Name,
        key: Value,
        value: Value,
    ) -> Scope<'s> {
        let mut inner = scope.child();
        if let Some(key_name) = key_name {
            inner.bind(key_name.text.clone(), key);
        }
        inner.bind(value_name.text.clone(), value);
        inner
    }
}

/// What a `for` has made so far.
struct Results {
    shape: Shape,
    count: usize,
}

enum Shape {
    Tuple(Vec<Value>),
    Object(Attributes),
    Grouped(BTreeMap<Arc<str>, Vec<Value>>),
}

impl Results {
    fn new(keyed: bool, grouped: bool) -> Self {
        let shape = match (keyed, grouped) {
            (false, _) => Shape::Tuple(Vec::new()),
            (true, false) => Shape::Object(Attributes::new()),
            (true, true) => Shape::Grouped(BTreeMap::new()),
        };
        Self { shape, count: 0 }
    }

    fn push(&mut self, element: Value) {
        self.count += 1;
        if let Shape::Tuple(elements) = &mut self.shape {
            elements.push(element);
        }
    }

    /// Adds an element under a key; false when the key is taken.
    fn insert(&mut self, name: Arc<str>, element: Value) -> bool {
        self.count += 1;
        match &mut self.shape {
            Shape::Tuple(elements) => elements.push(element),
            Shape::Grouped(groups) => groups.entry(name).or_default().push(element),
            Shape::Object(attributes) => match attributes.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(element);
                }
                Entry::Occupied(_) => return false,
            },
        }
        true
    }

    fn into_value(self) -> Value {
        match self.shape {
            Shape::Tuple(elements) => Value::tuple(elements),
            Shape::Object(attributes) => {
                Value::new(ValueKind::Object(Arc::new(attributes)), Marks::NONE)
            }
            Shape::Grouped(groups) => {
                Value::object(groups.into_iter().map(|(name, group)| (name, Value::tuple(group))))
            }
        }
    }
}
