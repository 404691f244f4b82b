//! What arguments components take, kept by the digest of their program: a plugin is not started to
//! be asked for what it said before.

use cooper_wire::spec::{Encoding, Object, Spec};

use crate::cache::Cache;
use crate::discover::{digest_of, is_script};
use crate::plugin::{Plugin, Role};

/// What a component says of itself.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Said {
    /// The arguments it takes.
    pub arguments: Object,
    /// What it finds, if it is a data source.
    pub result: Object,
}

impl From<Object> for Said {
    /// What a component says that finds nothing.
    fn from(arguments: Object) -> Self {
        Self { arguments, result: Object::new() }
    }
}

/// What a component said before.
pub(crate) struct Before<'a> {
    cache: &'a Cache,
    name: String,
}

const ARGUMENTS: &str = "arguments";
const RESULT: &str = "result";

impl<'a> Before<'a> {
    /// Of this component. A script says what the programs say that it runs, which may have changed
    /// since, so nothing is kept of it.
    pub(crate) fn of(
        cache: &'a Cache,
        plugin: &Plugin,
        role: Role,
        component: &str,
    ) -> Option<Self> {
        if is_script(&plugin.path) {
            return None;
        }
        // A component may be called anything.
        let component = digest_of(component.as_bytes());
        let name = format!("{}-{}-{}.schema", plugin.digest, role.as_str(), &component[..16]);
        Some(Self { cache, name })
    }

    /// What it said.
    pub(crate) fn read(&self) -> Option<Said> {
        let mut parts = Encoding::Gob.decode(&self.cache.read(&self.name)?).ok()?;
        match (parts.remove(ARGUMENTS), parts.remove(RESULT)) {
            (Some(Spec::Object(arguments)), Some(Spec::Object(result))) => {
                Some(Said { arguments, result })
            }
            _ => None,
        }
    }

    /// Keeps what it says.
    pub(crate) fn keep(&self, said: &Said) {
        let Said { arguments, result } = said.clone();
        let parts = [(ARGUMENTS, arguments), (RESULT, result)];
        let parts = parts.map(|(name, object)| (name.to_owned(), Spec::Object(object)));
        // Gob has a word for every type.
        if let Ok(bytes) = Encoding::Gob.encode(&Object::from(parts)) {
            self.cache.write(&self.name, &bytes);
        }
    }
}
