//! Names and what they stand for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::value::Value;

/// Names in scope, and the scope around them.
#[derive(Default)]
pub struct Scope<'a> {
    parent: Option<&'a Scope<'a>>,
    bindings: HashMap<Arc<str>, Binding<'a>>,
}

/// What a name stands for.
#[derive(Clone)]
pub enum Binding<'a> {
    /// A value.
    Value(Value),
    /// A name whose attributes are looked up one by one, as in `local.region`.
    Namespace(&'a dyn Namespace),
}

/// Something like an object that need not be built to be asked: `var`, `local`.
pub trait Namespace: Send + Sync {
    /// The value of one attribute, when there is one of that name.
    fn get(&self, name: &str) -> Option<Value>;

    /// The attributes of an attribute, where those are looked up one by one too: `data.http`.
    fn inner(&self, name: &str) -> Option<&dyn Namespace> {
        let _ = name;
        None
    }

    /// The names of all attributes, for suggestions.
    fn names(&self) -> Vec<Arc<str>>;

    /// All attributes as an object, for expressions that use the bare name.
    fn whole(&self) -> Value;
}

impl<'a> Scope<'a> {
    /// A scope without any name.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty scope inside this one.
    pub fn child(&'a self) -> Scope<'a> {
        Scope { parent: Some(self), bindings: HashMap::new() }
    }

    /// Gives a name a value; hides the same name further out.
    pub fn bind(&mut self, name: impl Into<Arc<str>>, value: Value) -> &mut Self {
        self.bindings.insert(name.into(), Binding::Value(value));
        self
    }

    /// Gives a name attributes that are looked up one by one.
    pub fn bind_namespace(
        &mut self,
        name: impl Into<Arc<str>>,
        namespace: &'a dyn Namespace,
    ) -> &mut Self {
        self.bindings.insert(name.into(), Binding::Namespace(namespace));
        self
    }

    /// What a name stands for, here or further out.
    pub fn get(&self, name: &str) -> Option<&Binding<'a>> {
        self.bindings.get(name).or_else(|| self.parent?.get(name))
    }

    /// All names, for suggestions.
    pub fn names(&self) -> Vec<&str> {
        let mut names = self.parent.map_or_else(Vec::new, Scope::names);
        names.extend(self.bindings.keys().map(|name| &**name));
        names.sort_unstable();
        names.dedup();
        names
    }
}
