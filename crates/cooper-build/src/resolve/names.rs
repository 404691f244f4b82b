//! Names whose values become known one after the other.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use cooper_hcl::{Namespace, Type, Value};

use crate::component::Catalog;
use crate::template::DataBlock;

/// Names whose values become known one after the other. A value that is not known yet, because
/// what it needs could not be had, is unknown to the language too, and thus quiet.
pub(super) struct Names {
    index: HashMap<Arc<str>, usize>,
    names: Vec<Arc<str>>,
    values: Vec<OnceLock<Value>>,
    /// The type of what is not known.
    ty: Type,
}

impl Names {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a Arc<str>>) -> Self {
        let names: Vec<Arc<str>> = names.cloned().collect();
        let index = names.iter().cloned().enumerate().map(|(index, name)| (name, index)).collect();
        let values = names.iter().map(|_| OnceLock::new()).collect();
        Self { index, names, values, ty: Type::Any }
    }

    pub(super) fn set(&self, index: usize, value: Value) {
        // Each is set once; a second declaration of a name was recorded as a mistake.
        let _ = self.values[index].set(value);
    }

    /// The place of a name in the order of declaration; the last, should there be several.
    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// All names, in the order of declaration.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    fn at(&self, index: usize) -> Value {
        self.values[index].get().cloned().unwrap_or_else(|| Value::unknown(self.ty.clone()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        self.names.iter().enumerate().map(|(index, name)| (&**name, self.at(index)))
    }
}

impl Namespace for Names {
    fn get(&self, name: &str) -> Option<Value> {
        self.index.get(name).map(|&index| self.at(index))
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.names.clone()
    }

    fn whole(&self) -> Value {
        match &self.ty {
            Type::Any => Value::object(self.iter()),
            ty => Value::map(ty.clone(), self.iter()),
        }
    }
}

/// `data`: its attributes are types of data sources, and theirs are data sources.
pub(super) struct DataNames {
    /// The types, in the order of their first data source.
    types: Vec<DataType>,
    index: HashMap<Arc<str>, usize>,
    /// For each data source of the template, its type and its place among those.
    places: Vec<(usize, usize)>,
}

/// The data sources of one type.
pub(super) struct DataType {
    pub(super) name: Arc<str>,
    pub(super) names: Names,
    /// Their places in the template.
    members: Vec<usize>,
}

impl DataNames {
    pub(super) fn new(blocks: &[DataBlock], catalog: &Catalog) -> Self {
        let mut index: HashMap<Arc<str>, usize> = HashMap::new();
        let mut members: Vec<(Arc<str>, Vec<usize>)> = Vec::new();
        let mut places = Vec::new();
        for (place, DataBlock { component, .. }) in blocks.iter().enumerate() {
            let name = &component.text;
            let ty = *index.entry(name.clone()).or_insert_with(|| {
                members.push((name.clone(), Vec::new()));
                members.len() - 1
            });
            places.push((ty, members[ty].1.len()));
            members[ty].1.push(place);
        }
        let of_type = |(name, members): (Arc<str>, Vec<usize>)| {
            let kind = catalog.get_data_source(&name);
            let ty = kind.map_or(Type::Any, |kind| kind.result().ty());
            let names = Names::new(members.iter().map(|&place| &blocks[place].label.text));
            DataType { name, names: Names { ty, ..names }, members }
        };
        Self { types: members.into_iter().map(of_type).collect(), index, places }
    }

    /// Makes the value of a data source known, which is at that place in the template.
    pub(super) fn set(&self, place: usize, value: Value) {
        let (ty, index) = self.places[place];
        self.types[ty].names.set(index, value);
    }

    /// The types, in the order of their first data source.
    pub(super) fn types(&self) -> &[DataType] {
        &self.types
    }

    /// The place of a type among [`DataNames::types`].
    pub(super) fn type_called(&self, name: &str) -> Option<usize> {
        self.index.get(name).copied()
    }

    /// The place among [`DataNames::types`] of a data source's type.
    pub(super) fn type_of(&self, place: usize) -> usize {
        self.places[place].0
    }

    /// The place in the template of a type's data source.
    pub(super) fn position(&self, ty: usize, name: &str) -> Option<usize> {
        let DataType { names, members, .. } = &self.types[ty];
        names.position(name).map(|index| members[index])
    }
}

impl Namespace for DataNames {
    fn get(&self, name: &str) -> Option<Value> {
        self.type_called(name).map(|ty| self.types[ty].names.whole())
    }

    fn inner(&self, name: &str) -> Option<&dyn Namespace> {
        self.type_called(name).map(|ty| &self.types[ty].names as &dyn Namespace)
    }

    fn names(&self) -> Vec<Arc<str>> {
        self.types.iter().map(|ty| ty.name.clone()).collect()
    }

    fn whole(&self) -> Value {
        Value::object(self.types.iter().map(|ty| (ty.name.clone(), ty.names.whole())))
    }
}
