//! What a legacy template says, as it was written: nothing between braces is filled in.

use cooper_hcl::json::{Node, NodeKind, Property};

/// What a legacy template says. What has the wrong shape is left out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct LegacyInspection {
    /// `description`; nothing when it has none.
    pub description: Option<String>,
    /// The variables, by name.
    pub variables: Vec<LegacyVariable>,
    /// The builders, by name.
    pub builders: Vec<LegacyBuilder>,
    /// The types of the provisioners, in order.
    pub provisioners: Vec<String>,
}

/// A variable.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LegacyVariable {
    /// Its name.
    pub name: String,
    /// Its default; nothing when a value is required.
    pub default: Option<String>,
    /// Whether its value must not be shown.
    pub sensitive: bool,
}

/// A builder.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct LegacyBuilder {
    /// Its name, or its type when it has none.
    pub name: String,
    /// Its type.
    pub component: String,
}

impl LegacyInspection {
    pub(super) fn read(root: &Node) -> Self {
        let sensitive: Vec<&str> =
            elements(property(root, "sensitive-variables")).filter_map(text).collect();
        let variable = |Property { name, value, .. }: &Property| {
            let default = match &value.kind {
                NodeKind::Null => None,
                NodeKind::String(text) => Some(text.to_string()),
                _ => return None,
            };
            let sensitive = sensitive.contains(&&**name);
            Some(LegacyVariable { name: name.to_string(), default, sensitive })
        };
        let variables = property(root, "variables").into_iter().flat_map(properties);
        let mut variables: Vec<_> = variables.filter_map(variable).collect();
        variables.sort();
        let builder = |builder: &Node| {
            let component = property(builder, "type").and_then(text)?.to_owned();
            let name = property(builder, "name").and_then(text).filter(|name| !name.is_empty());
            Some(LegacyBuilder { name: name.unwrap_or(&component).to_owned(), component })
        };
        let mut builders: Vec<_> =
            elements(property(root, "builders")).filter_map(builder).collect();
        builders.sort();
        let provisioners = elements(property(root, "provisioners"));
        let provisioners = provisioners.filter_map(|step| property(step, "type").and_then(text));
        let description = property(root, "description").and_then(text);
        Self {
            description: description.filter(|text| !text.is_empty()).map(str::to_owned),
            variables,
            builders,
            provisioners: provisioners.map(str::to_owned).collect(),
        }
    }
}

fn properties(node: &Node) -> &[Property] {
    match &node.kind {
        NodeKind::Object(properties) => properties,
        _ => &[],
    }
}

fn property<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    properties(node).iter().find(|property| &*property.name == name).map(|found| &found.value)
}

fn elements(node: Option<&Node>) -> impl Iterator<Item = &Node> {
    let elements = match node.map(|node| &node.kind) {
        Some(NodeKind::Array(elements)) => &elements[..],
        _ => &[],
    };
    elements.iter()
}

fn text(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::String(text) => Some(text),
        _ => None,
    }
}
