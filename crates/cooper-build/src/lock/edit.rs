//! The text of a lock file with something new in it. Comments and the order of what is there stay.

use cooper_hcl::{Diagnostics, SourceMap, format};
use hcl::edit::expr::{Expression, Object, ObjectKey, ObjectValue, ObjectValueTerminator};
use hcl::edit::structure::{Attribute, Block, Body, Structure};
use hcl::edit::{Decorate, Ident};

use crate::version::Version;

/// What a new lock file begins with.
pub(super) const HEADER: &str = "\
# The plugins and base images that the template here is built with. Cooper writes this file:
# `cooper init` and `cooper build` bring it up to date, and `-locked` allows nothing else.
# It belongs into the repository. Comments stay.

";

/// Something that a lock file names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Entry {
    /// A plugin's program for one platform.
    Plugin {
        /// `github.com/hashicorp/amazon`
        source: String,
        /// Its version.
        version: Version,
        /// `linux_amd64`
        platform: String,
        /// The SHA-256 of the program, in hexadecimal.
        sha256: String,
    },
    /// An image that builds start from.
    Image {
        /// Its name and tag: `python:alpine`.
        name: String,
        /// What the name stands for: `sha256:…`.
        digest: String,
    },
}

impl std::fmt::Display for Entry {
    /// What a person is told of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plugin { source, version, platform, sha256 } => {
                write!(f, "{source} {version} {platform} sha256:{sha256}")
            }
            Self::Image { name, digest } => write!(f, "{name} {digest}"),
        }
    }
}

/// The text of a lock file in which all of this is.
///
/// # Errors
///
/// When it cannot be understood.
pub(super) fn edited(text: &str, entries: &[Entry]) -> Result<String, String> {
    let (header, rest) = split_header(text);
    let mut body: Body = rest.parse().map_err(|error| format!("{error}"))?;
    for entry in entries {
        match entry {
            Entry::Plugin { source, version, platform, sha256 } => {
                set_plugin(block(&mut body, "plugin", source), version, platform, sha256);
            }
            Entry::Image { name, digest } => {
                set(&mut block(&mut body, "image", name).body, "digest", digest);
            }
        }
    }
    let text = format!("{header}{body}");
    laid_out(&text).ok_or_else(|| "it cannot be laid out".to_owned())
}

/// The comments at the top, with the empty line that ends them, and the rest. Comments without one
/// belong to the block below them.
fn split_header(text: &str) -> (&str, &str) {
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        match line.trim() {
            "" => return text.split_at(end),
            line if line.starts_with(['#', '/']) => {}
            _ => break,
        }
    }
    ("", text)
}

fn laid_out(text: &str) -> Option<String> {
    let file = SourceMap::new().add("", text).ok()?;
    format(&file, &Diagnostics::new()).ok()
}

/// The block of a kind with a label, which is made where it is not: plugins before images, each by
/// their names.
fn block<'b>(body: &'b mut Body, kind: &str, label: &str) -> &'b mut Block {
    let key = |structure: &Structure| {
        let block = structure.as_block()?;
        let label = block.labels.first().map_or("", |label| label.as_str());
        Some((block.ident.as_str() == "image", label.to_owned()))
    };
    let wanted = Some((kind == "image", label.to_owned()));
    let known = body.iter().position(|structure| key(structure) == wanted);
    let index = match known {
        Some(index) => index,
        None => {
            let index = body.iter().position(|structure| key(structure) > wanted);
            let index = index.unwrap_or(body.len());
            insert(body, index, Block::builder(Ident::new(kind)).label(label).build());
            index
        }
    };
    body.get_mut(index).and_then(Structure::as_block_mut).expect("a block was found there, or put")
}

/// Puts a block into a file, with an empty line between it and its neighbours.
fn insert(body: &mut Body, index: usize, mut block: Block) {
    if index > 0 {
        block.decor_mut().set_prefix("\n");
    } else if let Some(next) = body.get_mut(0).and_then(Structure::as_block_mut) {
        let before = next.decor().prefix().map_or("", |prefix| prefix).to_owned();
        next.decor_mut().set_prefix(format!("\n{before}"));
    }
    body.insert(index, block);
}

fn set_plugin(block: &mut Block, version: &Version, platform: &str, sha256: &str) {
    let version = version.to_string();
    let is_same = block.body.get_attribute("version").is_some_and(|attribute| {
        let text = attribute.value.as_str();
        text.is_some_and(|text| Version::parse(text).is_ok_and(|old| old.to_string() == version))
    });
    if !is_same {
        set(&mut block.body, "version", &version);
        // Programs of another version have other digests.
        block.body.remove_attribute("sha256");
    }
    match block.body.get_attribute_mut("sha256") {
        Some(mut attribute) => {
            if let Expression::Object(object) = attribute.value_mut() {
                set_digest(object, platform, sha256);
            }
        }
        None => {
            let mut object = Object::new();
            set_digest(&mut object, platform, sha256);
            block.body.push(Attribute::new(Ident::new("sha256"), object));
        }
    }
}

/// Sets the digest for a platform, one a line, in the order of their names.
fn set_digest(object: &mut Object, platform: &str, sha256: &str) {
    if let Some((_, value)) = object.iter_mut().find(|(key, _)| name(key.get()) == platform) {
        replace(value.expr_mut(), sha256);
        return;
    }
    let (trailing, decor) = (object.trailing().clone(), object.decor().clone());
    let mut items: Vec<_> = std::mem::take(object).into_iter().collect();
    let index = items.iter().position(|(key, _)| name(key) > platform).unwrap_or(items.len());
    let mut key = ObjectKey::Ident(Ident::new_sanitized(platform).into());
    match index.checked_sub(1) {
        Some(before) => {
            let (_, before) = &mut items[before];
            if before.terminator() == ObjectValueTerminator::None {
                before.set_terminator(ObjectValueTerminator::Newline);
            }
        }
        None => {
            key.decor_mut().set_prefix("\n");
            // The line of the one that was the first begins behind the new one now.
            if let Some((next, _)) = items.first_mut() {
                let prefix = next.decor().prefix().map_or("", |prefix| &**prefix);
                let prefix = prefix.trim_start_matches([' ', '\t']);
                let prefix = prefix.strip_prefix('\n').unwrap_or(prefix).to_owned();
                next.decor_mut().set_prefix(prefix);
            }
        }
    }
    let mut value = ObjectValue::new(sha256);
    value.set_terminator(ObjectValueTerminator::Newline);
    items.insert(index, (key, value));
    *object = items.into_iter().collect();
    object.set_trailing(trailing);
    *object.decor_mut() = decor;
}

/// The platform that a key names.
fn name(key: &ObjectKey) -> &str {
    match key {
        ObjectKey::Ident(name) => name.as_str(),
        ObjectKey::Expression(expr) => expr.as_str().unwrap_or_default(),
    }
}

/// Sets an argument of a block.
fn set(body: &mut Body, name: &str, text: &str) {
    match body.get_attribute_mut(name) {
        Some(mut attribute) => replace(attribute.value_mut(), text),
        None => body.push(Attribute::new(Ident::new(name), text)),
    }
}

/// Puts a string in the place of an expression; comments beside it stay.
fn replace(expr: &mut Expression, text: &str) {
    let decor = expr.decor().clone();
    *expr = Expression::from(text);
    *expr.decor_mut() = decor;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(name: &str, digit: char) -> Entry {
        let digest = format!("sha256:{}", digit.to_string().repeat(3));
        Entry::Image { name: name.to_owned(), digest }
    }

    fn plugin(source: &str, version: &str, platform: &str, digit: char) -> Entry {
        Entry::Plugin {
            source: source.to_owned(),
            version: Version::parse(version).unwrap(),
            platform: platform.to_owned(),
            sha256: digit.to_string().repeat(3),
        }
    }

    #[test]
    fn a_new_file_has_plugins_and_then_images_by_their_names() {
        let entries = [
            image("python:alpine", 'a'),
            plugin("github.com/b/b", "1.2.0", "linux_arm64", 'b'),
            image("debian:12", 'c'),
            plugin("github.com/a/a", "v1", "linux_amd64", 'd'),
            plugin("github.com/b/b", "1.2", "linux_amd64", 'e'),
            plugin("github.com/b/b", "1.2", "windows_amd64", 'f'),
        ];
        let text = edited("# Header.\n\n", &entries).unwrap();
        assert_eq!(
            text,
            r#"# Header.

plugin "github.com/a/a" {
  version = "1.0.0"
  sha256 = {
    linux_amd64 = "ddd"
  }
}

plugin "github.com/b/b" {
  version = "1.2.0"
  sha256 = {
    linux_amd64   = "eee"
    linux_arm64   = "bbb"
    windows_amd64 = "fff"
  }
}

image "debian:12" {
  digest = "sha256:ccc"
}

image "python:alpine" {
  digest = "sha256:aaa"
}
"#
        );
    }

    #[test]
    fn comments_and_order_stay() {
        let text = r#"# What we build with.

# Why this one.
image "zebra:1" {
  digest = "sha256:000" # checked by hand
}
# The base of all.
image "python:alpine" { digest = "sha256:111" }

plugin "github.com/b/b" {
  # Not the newest.
  version = "1.2.0"
  sha256 = {
    # From the release.
    linux_arm64 = "222" # by mail
    // The end.
  }
}
# Last words.
"#;
        let entries = [
            image("zebra:1", 'a'),
            image("python:alpine", 'b'),
            image("debian:12", 'c'),
            plugin("github.com/b/b", "1.2.0", "linux_arm64", 'd'),
            plugin("github.com/b/b", "1.2.0", "linux_amd64", 'e'),
            plugin("github.com/b/b", "1.2.0", "linux_s390x", 'f'),
        ];
        let text = edited(text, &entries).unwrap();
        assert_eq!(
            text,
            r#"# What we build with.

image "debian:12" {
  digest = "sha256:ccc"
}

# Why this one.
image "zebra:1" {
  digest = "sha256:aaa" # checked by hand
}
# The base of all.
image "python:alpine" { digest = "sha256:bbb" }

plugin "github.com/b/b" {
  # Not the newest.
  version = "1.2.0"
  sha256 = {
    linux_amd64 = "eee"
    # From the release.
    linux_arm64 = "ddd" # by mail
    linux_s390x = "fff"
    // The end.
  }
}
# Last words.
"#
        );
    }

    #[test]
    fn another_version_has_none_of_the_old_digests() {
        let old = edited("", &[plugin("a", "1.2.0", "linux_arm64", 'a')]).unwrap();
        let new = edited(&old, &[plugin("a", "1.3.0", "linux_amd64", 'b')]).unwrap();
        assert_eq!(new, edited("", &[plugin("a", "1.3.0", "linux_amd64", 'b')]).unwrap());
    }

    #[test]
    fn every_way_to_write_digests_takes_more() {
        for digests in [
            "{}",
            "{ b_1 = \"222\" }",
            "{ b_1 = \"222\", }",
            "{ \"b_1\" : \"222\" }",
            "{\n b_1 = \"222\"}",
            "{ b_1 = \"222\", c_1 = \"333\" }",
            "{ /* a */ b_1 = \"222\" /* b */ }",
            "{ # a\n b_1 = \"222\" // b\n }",
        ] {
            for platform in ["a_1", "b_1", "b_2", "d_1"] {
                let text =
                    format!("plugin \"p\" {{\n version = \"1.0.0\"\n sha256 = {digests}\n}}\n");
                let text = edited(&text, &[plugin("p", "1", platform, 'f')]).unwrap();
                let body: Body = text.parse().unwrap_or_else(|error| panic!("{text}\n{error}"));
                let block = body.get_blocks("plugin").next().unwrap();
                let object = block.body.get_attribute("sha256").unwrap().value.as_object().unwrap();
                let digest = object.iter().find(|(key, _)| name(key) == platform).unwrap().1;
                assert_eq!(digest.expr().as_str(), Some("fff"), "{text}");
                let before = digests.matches('_').count();
                let expected = before + usize::from(!digests.contains(platform));
                assert_eq!(object.iter().count(), expected, "{text}");
            }
        }
    }
}
