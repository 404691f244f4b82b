//! What `ansible-galaxy` installs before a playbook runs.

use std::io;
use std::path::Path;

/// What a requirements file asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::provisioner) struct Requirements {
    /// Roles, or a list in the old form, which are roles.
    pub(in crate::provisioner) roles: bool,
    /// Collections.
    pub(in crate::provisioner) collections: bool,
}

impl Requirements {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// As the operating system says.
    pub(in crate::provisioner) fn read(file: &Path) -> io::Result<Self> {
        Ok(Self::of(&String::from_utf8_lossy(&std::fs::read(file)?)))
    }

    fn of(text: &str) -> Self {
        let has = |key: &str| text.lines().any(|line| line.starts_with(key));
        let collections = has("collections:");
        Self { roles: has("roles:") || !collections, collections }
    }
}

/// How roles and collections are installed.
pub(in crate::provisioner) struct Install<'a> {
    /// The requirements file, where `ansible-galaxy` runs.
    pub(in crate::provisioner) file: &'a str,
    /// `-f`
    pub(in crate::provisioner) force: bool,
    /// `--force-with-deps`
    pub(in crate::provisioner) force_with_deps: bool,
    /// Where roles go.
    pub(in crate::provisioner) roles_path: Option<&'a str>,
    /// Where collections go.
    pub(in crate::provisioner) collections_path: Option<&'a str>,
}

impl Install<'_> {
    /// The arguments of each call of `ansible-galaxy` that is needed.
    pub(in crate::provisioner) fn calls(&self, wanted: Requirements) -> Vec<Vec<String>> {
        let call = |first: &[&str], path: Option<&str>| {
            let mut call: Vec<&str> = [first, &["install", "-r", self.file]].concat();
            call.extend(self.force.then_some("-f"));
            call.extend(self.force_with_deps.then_some("--force-with-deps"));
            call.extend(path.into_iter().flat_map(|path| ["-p", path]));
            call.into_iter().map(str::to_owned).collect()
        };
        let roles = wanted.roles.then(|| call(&[], self.roles_path));
        let collections = wanted.collections.then(|| call(&["collection"], self.collections_path));
        roles.into_iter().chain(collections).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_decides_what_is_called() {
        let install = Install {
            file: "r.yml",
            force: true,
            force_with_deps: false,
            roles_path: Some("roles"),
            collections_path: None,
        };
        for (text, expected) in [
            ("- src: a.role\n", &["install -r r.yml -f -p roles"][..]),
            ("---\nroles:\n  - a.role\n", &["install -r r.yml -f -p roles"]),
            ("collections:\n  - a.b\n", &["collection install -r r.yml -f"]),
            (
                "collections: [a.b]\nroles: [c]\n",
                &["install -r r.yml -f -p roles", "collection install -r r.yml -f"],
            ),
        ] {
            let calls = install.calls(Requirements::of(text));
            assert_eq!(calls.iter().map(|call| call.join(" ")).collect::<Vec<_>>(), expected);
        }
    }
}
