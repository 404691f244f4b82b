//! Groups.

use cooper_plugin::{Machine, Result, Schema};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Finding, Subject, database, field, named};

/// A group, as `/etc/group` has them.
#[derive(Schema)]
pub(crate) struct Group {
    /// The name.
    name: String,
    /// Whether there should be such a group.
    #[schema(default = true)]
    exists: bool,
    /// The number.
    gid: Option<u32>,
}

impl Group {
    fn compare(&self, groups: &[Vec<String>]) -> Vec<Finding> {
        let group = named(groups, &self.name);
        let found = if group.is_some() { "is there, and should not be" } else { "there is none" };
        let mut findings = vec![Finding::holds("exists", group.is_some() == self.exists, found)];
        if let (true, Some(group), Some(gid)) = (self.exists, group, self.gid) {
            findings.push(Finding::same("gid", &gid.to_string().as_str(), &field(group, 2)));
        }
        findings
    }
}

impl Subject for Group {
    fn kind(&self) -> &'static str {
        "group"
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn mistake(&self) -> Option<String> {
        self.name.is_empty().then(|| "`name` is empty".to_owned())
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move { Ok(self.compare(&database(machine, "/etc/group").await?)) }.boxed()
    }
}
