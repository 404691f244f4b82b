//! Names of images, as Docker understands them.

use std::fmt;

use crate::error::{Error, Result};

/// The registry that names without one mean.
pub const DEFAULT_REGISTRY: &str = "docker.io";

/// The name of an image in a registry: `python:alpine`, `127.0.0.1:5000/team/app@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    /// The registry: `docker.io`, `127.0.0.1:5000`.
    pub registry: String,
    /// The repository in it: `library/python`.
    pub repository: String,
    /// The tag, when there is one.
    pub tag: Option<String>,
    /// The digest, when there is one.
    pub digest: Option<String>,
    /// Registry and repository as they were written.
    name: String,
}

impl Reference {
    /// Reads a name, or says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self> {
        read(text).map_err(|reason| {
            Error::Invalid(format!("`{text}` is not the name of an image: {reason}"))
        })
    }

    /// Registry and repository as they were written: `python`, `127.0.0.1:5000/team/app`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The digest, else the tag, else `latest`: what an engine asks a registry for.
    pub fn version(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or("latest")
    }
}

impl fmt::Display for Reference {
    /// The name as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Whether a text is the id of a local image: 64 hexadecimal digits, or `sha256:` and some.
pub fn is_image_id(text: &str) -> bool {
    match text.strip_prefix("sha256:") {
        Some(digits) => !digits.is_empty() && digits.len() <= 64 && is_hexadecimal(digits),
        None => text.len() == 64 && is_hexadecimal(text),
    }
}

fn read(text: &str) -> std::result::Result<Reference, String> {
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let (rest, digest) = match text.split_once('@') {
        Some((rest, digest)) => (rest, Some(check_digest(digest)?)),
        None => (text, None),
    };
    // A colon after the last slash starts a tag; one before belongs to the registry's port.
    let (name, tag) = match rest.rfind(':').filter(|colon| !rest[*colon..].contains('/')) {
        Some(colon) => (&rest[..colon], Some(check_tag(&rest[colon + 1..])?)),
        None => (rest, None),
    };
    if name.len() > 255 {
        return Err("it has more than 255 characters".to_owned());
    }
    if digest.is_none() && name.len() == 64 && is_hexadecimal(name) {
        return Err("64 hexadecimal digits are an image's id".to_owned());
    }
    let (registry, repository) = match name.split_once('/') {
        Some((first, path)) if is_registry(first) => (first, path),
        _ => (DEFAULT_REGISTRY, name),
    };
    if registry != DEFAULT_REGISTRY {
        check_registry(registry)?;
    }
    check_repository(repository)?;
    let registry = match registry {
        "index.docker.io" | "registry-1.docker.io" => DEFAULT_REGISTRY,
        other => other,
    };
    let repository = if registry == DEFAULT_REGISTRY && !repository.contains('/') {
        format!("library/{repository}")
    } else {
        repository.to_owned()
    };
    Ok(Reference { registry: registry.to_owned(), repository, tag, digest, name: name.to_owned() })
}

/// Whether the first part of a name is a registry rather than a folder.
fn is_registry(part: &str) -> bool {
    part == "localhost" || part.contains(['.', ':']) || part.chars().any(|c| c.is_ascii_uppercase())
}

fn check_registry(registry: &str) -> std::result::Result<(), String> {
    let (host, port) = match registry.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or("a bracket is not closed")?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("`{host}` is not an IPv6 address"));
            }
            (None, port.strip_prefix(':'))
        }
        None => match registry.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(registry), None),
        },
    };
    let bad_label = |label: &str| {
        label.is_empty()
            || label.starts_with('-')
            || label.ends_with('-')
            || !label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    if host.is_some_and(|host| host.split('.').any(bad_label)) {
        return Err(format!("`{registry}` is not a registry's address"));
    }
    match port {
        Some(port) if port.is_empty() || !port.chars().all(|c| c.is_ascii_digit()) => {
            Err(format!("`{port}` is not a port"))
        }
        _ => Ok(()),
    }
}

fn check_repository(repository: &str) -> std::result::Result<(), String> {
    for part in repository.split('/') {
        if part.is_empty() {
            return Err("a part of it is empty".to_owned());
        }
        if part.chars().any(|c| c.is_ascii_uppercase()) {
            return Err(format!("`{part}` has capital letters"));
        }
        if !is_path_part(part) {
            return Err(format!(
                "`{part}` may have small letters and digits, with `.`, `_`, `__` or `-` between"
            ));
        }
    }
    Ok(())
}

/// Small letters and digits; between them one `.`, one or two `_`, or any number of `-`.
fn is_path_part(part: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    part.starts_with(is_word)
        && part.ends_with(is_word)
        && part.split(is_word).all(|separator| {
            matches!(separator, "" | "." | "_" | "__") || separator.chars().all(|c| c == '-')
        })
}

fn check_tag(tag: &str) -> std::result::Result<String, String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if tag.len() <= 128
        && tag.starts_with(is_word)
        && tag.chars().all(|c| is_word(c) || c == '.' || c == '-')
    {
        Ok(tag.to_owned())
    } else {
        Err(format!(
            "the tag `{tag}` may have up to 128 letters, digits, `_`, `.` and `-`, \
             and starts with none of the last two"
        ))
    }
}

fn check_digest(digest: &str) -> std::result::Result<String, String> {
    let length = match digest.split_once(':') {
        Some(("sha256", _)) => 64,
        Some(("sha384", _)) => 96,
        Some(("sha512", _)) => 128,
        _ => return Err(format!("`{digest}` is not a digest: `sha256:…`")),
    };
    let digits = digest.split_once(':').map_or("", |(_, digits)| digits);
    if digits.len() == length && is_hexadecimal(digits) {
        Ok(digest.to_owned())
    } else {
        Err(format!("the digest must have {length} hexadecimal digits"))
    }
}

fn is_hexadecimal(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, registry, repository, version) in [
            ("python", "docker.io", "library/python", "latest"),
            ("python:alpine", "docker.io", "library/python", "alpine"),
            ("team/app", "docker.io", "team/app", "latest"),
            ("docker.io/python", "docker.io", "library/python", "latest"),
            ("index.docker.io/a/b:1", "docker.io", "a/b", "1"),
            ("localhost/app", "localhost", "app", "latest"),
            ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000", "a/b", "v1"),
            ("[::1]:5000/a", "[::1]:5000", "a", "latest"),
            ("r.example/a__b/c--d.e", "r.example", "a__b/c--d.e", "latest"),
            (&format!("app@{digest}"), "docker.io", "library/app", &digest),
            (&format!("app:1@{digest}"), "docker.io", "library/app", &digest),
        ] {
            let found = Reference::parse(text).unwrap();
            assert_eq!(found.registry, registry, "{text}");
            assert_eq!(found.repository, repository, "{text}");
            assert_eq!(found.version(), version, "{text}");
            assert_eq!(found.to_string(), text);
        }
    }

    #[test]
    fn names_that_are_none_say_why() {
        for (text, reason) in [
            ("", "it is empty"),
            ("Python", "`Python` has capital letters"),
            ("a//b", "a part of it is empty"),
            ("a/", "a part of it is empty"),
            ("a:", "the tag ``"),
            ("a:b c", "the tag `b c`"),
            ("a:.b", "the tag `.b`"),
            ("a___b", "`a___b` may have"),
            ("-a", "`-a` may have"),
            ("a b", "`a b` may have"),
            ("a@sha256:12", "64 hexadecimal digits"),
            ("a@b", "`b` is not a digest"),
            ("r.example:x/a", "`x` is not a port"),
            ("-.example/a", "not a registry's address"),
            ("../a", "not a registry's address"),
            ("é", "`é` may have"),
        ] {
            let error = Reference::parse(text).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(Reference::parse(&"a".repeat(64)).is_err());
        assert!(is_image_id(&"a".repeat(64)));
        assert!(is_image_id("sha256:0123ab"));
        assert!(!is_image_id("sha256:xyz"));
    }
}
