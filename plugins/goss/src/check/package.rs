//! Packages.

use cooper_plugin::{Machine, Result, Schema, quoted};
use futures::FutureExt;
use futures::future::BoxFuture;

use super::{Finding, Subject};
use crate::pattern::Pattern;

/// A package.
#[derive(Schema)]
pub(crate) struct Package {
    /// What it is called.
    name: String,
    /// Whether it should be there.
    #[schema(default = true)]
    installed: bool,
    /// Its version, all of it, or `/an expression/`.
    version: Option<String>,
    /// What knows of packages: `dpkg`, `apk` or `rpm`. Without it, the first of these that is there.
    manager: Option<String>,
}

/// Each prints the versions of a package that is installed, and else nothing.
const MANAGERS: [(&str, &str, &str); 3] = [
    (
        "dpkg",
        "dpkg-query",
        r"dpkg-query -W -f='${db:Status-Status} ${Version}\n' NAME 2>/dev/null | sed -n 's/^installed //p'",
    ),
    ("apk", "apk", "apk info -e -v NAME 2>/dev/null"),
    ("rpm", "rpm", r#"v=$(rpm -q --qf '%{VERSION}-%{RELEASE}\n' NAME 2>/dev/null) && echo "$v""#),
];

impl Package {
    fn script(&self) -> String {
        let name = quoted(&self.name);
        let asked = |manager: &&(&str, &str, &str)| {
            self.manager.as_ref().is_none_or(|wanted| wanted == manager.0)
        };
        let branches = MANAGERS.iter().filter(asked).map(|(manager, program, query)| {
            let query = query.replace("NAME", &name);
            format!("if command -v {program} >/dev/null 2>&1; then echo {manager}; {query}; exit 0; fi\n")
        });
        branches.chain(["exit 0\n".to_owned()]).collect()
    }

    fn compare(&self, printed: &str) -> Vec<Finding> {
        let mut lines = printed.lines();
        let Some(manager) = lines.next() else {
            let wanted = self.manager.as_deref().unwrap_or("dpkg, apk or rpm");
            return vec![Finding::holds("installed", false, format!("there is no {wanted}"))];
        };
        let versions: Vec<&str> = lines
            .filter(|line| !line.is_empty())
            .map(|line| match manager {
                // `curl-8.5.0-r0`
                "apk" => line.strip_prefix(&format!("{}-", self.name)).unwrap_or(line),
                _ => line,
            })
            .collect();
        let is_there = !versions.is_empty();
        let found = if is_there { "is installed" } else { "is not installed" };
        let mut findings = vec![Finding::holds("installed", is_there == self.installed, found)];
        if let Some(expected) = self.version.as_ref().filter(|_| is_there && self.installed) {
            let is_right = versions.iter().any(|version| is_version(expected, version));
            let found = versions.join(", ");
            let otherwise = format!("is `{found}`, and not `{expected}`");
            findings.push(Finding::holds("version", is_right, otherwise));
        }
        findings
    }
}

fn is_version(expected: &str, version: &str) -> bool {
    match expected.starts_with(['/', '!']) {
        true => Pattern::read(expected).is_ok_and(|pattern| pattern.look(version).is_ok()),
        false => expected == version,
    }
}

impl Subject for Package {
    fn kind(&self) -> &'static str {
        "package"
    }

    fn name(&self) -> String {
        self.name.clone()
    }

    fn mistake(&self) -> Option<String> {
        if self.name.is_empty() || self.name.starts_with('-') {
            return Some("`name` must be that of a package".to_owned());
        }
        if let Some(manager) = &self.manager
            && !MANAGERS.iter().any(|(known, ..)| known == manager)
        {
            return Some(format!("`manager` must be `dpkg`, `apk` or `rpm`, and is `{manager}`"));
        }
        let version = self.version.as_deref()?;
        Pattern::read(version).err().map(|mistake| format!("`version`: {mistake}"))
    }

    fn look<'a>(&'a self, machine: &'a Machine) -> BoxFuture<'a, Result<Vec<Finding>>> {
        async move { Ok(self.compare(&machine.read(self.script()).await?)) }.boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(version: Option<&str>) -> Package {
        let version = version.map(str::to_owned);
        Package { name: "curl".to_owned(), installed: true, version, manager: None }
    }

    #[test]
    fn what_managers_print_is_understood() {
        for (printed, version, wrong) in [
            ("dpkg\n8.5.0-2\n", None, None),
            ("dpkg\n", None, Some("is not installed")),
            ("", None, Some("there is no dpkg, apk or rpm")),
            ("dpkg\n8.5.0-2\n", Some("8.5.0-2"), None),
            ("dpkg\n8.5.0-2\n", Some("8.5"), Some("is `8.5.0-2`, and not `8.5`")),
            ("dpkg\n8.5.0-2\n", Some("/^8\\.5\\./"), None),
            ("apk\ncurl-8.5.0-r0\n", Some("8.5.0-r0"), None),
            ("rpm\n8.5.0-1.fc41\n", Some("!/^7/"), None),
            ("rpm\n5.1\n6.2\n", Some("6.2"), None),
        ] {
            let findings = package(version).compare(printed);
            let found = findings.iter().find_map(|finding| finding.wrong.as_deref());
            assert_eq!(found, wrong, "{printed:?}, {version:?}");
        }
    }
}
