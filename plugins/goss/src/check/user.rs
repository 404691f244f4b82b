//! Users.

use cooper_plugin::{Machine, Result, Schema};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Finding, Subject, database, field, named};

/// A user, as `/etc/passwd` has them.
#[derive(Schema)]
pub(crate) struct User {
    /// The name.
    name: String,
    /// Whether there should be such a user.
    #[schema(default = true)]
    exists: bool,
    /// The number.
    uid: Option<u32>,
    /// The number of the first group.
    gid: Option<u32>,
    /// Groups that the user should be in, the first one or others.
    #[schema(default)]
    groups: Vec<String>,
    /// The home folder.
    home: Option<String>,
    /// The shell.
    shell: Option<String>,
}

impl User {
    fn compare(&self, users: &[Vec<String>], groups: &[Vec<String>]) -> Vec<Finding> {
        let Some(user) = named(users, &self.name) else {
            return vec![Finding::holds("exists", !self.exists, "there is none")];
        };
        if !self.exists {
            return vec![Finding::holds("exists", false, "is there, and should not be")];
        }
        let mut findings = vec![Finding::holds("exists", true, "")];
        let number = |number: &Option<u32>| number.map(|number| number.to_string());
        for (what, expected, index) in [
            ("uid", number(&self.uid), 2),
            ("gid", number(&self.gid), 3),
            ("home", self.home.clone(), 5),
            ("shell", self.shell.clone(), 6),
        ] {
            if let Some(expected) = expected {
                findings.push(Finding::same(what, &expected.as_str(), &field(user, index)));
            }
        }
        for name in &self.groups {
            let (what, group) = (format!("group {name}"), named(groups, name));
            let is_in = group.is_some_and(|group| {
                let is_first = field(group, 2) == field(user, 3);
                is_first || field(group, 3).split(',').any(|member| member == self.name)
            });
            let otherwise = if group.is_some() { "is not in it" } else { "there is no such group" };
            findings.push(Finding::holds(&what, is_in, otherwise));
        }
        findings
    }
}

impl Subject for User {
    fn kind(&self) -> &'static str {
        "user"
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn mistake(&self) -> Option<String> {
        self.name.is_empty().then(|| "`name` is empty".to_owned())
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move {
            let users = database(machine, "/etc/passwd").await?;
            let groups = match self.groups.is_empty() {
                true => Vec::new(),
                false => database(machine, "/etc/group").await?,
            };
            Ok(self.compare(&users, &groups))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::super::records;
    use super::*;

    #[test]
    fn users_are_compared() {
        let users = records("root:x:0:0:root:/root:/bin/sh\n\napp:x:100:101::/srv:/sbin/nologin\n");
        let groups = records("root:x:0:\napp:x:101:\nweb:x:102:www,app\n");
        let user = User {
            name: "app".to_owned(),
            exists: true,
            uid: Some(100),
            gid: Some(0),
            groups: ["app", "web", "root", "none"].map(str::to_owned).into(),
            home: Some("/srv".to_owned()),
            shell: Some("/bin/sh".to_owned()),
        };
        let findings = user.compare(&users, &groups);
        let found: Vec<_> =
            findings.iter().map(|each| (each.what.as_str(), each.wrong.as_deref())).collect();
        assert_eq!(
            found,
            [
                ("exists", None),
                ("uid", None),
                ("gid", Some("is `101`, and not `0`")),
                ("home", None),
                ("shell", Some("is `/sbin/nologin`, and not `/bin/sh`")),
                ("group app", None),
                ("group web", None),
                ("group root", Some("is not in it")),
                ("group none", Some("there is no such group")),
            ]
        );
    }
}
