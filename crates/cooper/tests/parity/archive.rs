//! What is in an archive of a file system, times left out.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use cooper_testbed::{Context, Result};
use sha2::{Digest, Sha256};
use tar::{Archive, EntryType};

/// Entries by path, which has no leading or trailing slash.
pub(crate) type Tree = BTreeMap<String, Entry>;

/// What stands at a path.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    kind: EntryType,
    mode: u32,
    owner: (u64, u64),
    link: Option<String>,
    size: u64,
    digest: String,
    device: Option<(u32, u32)>,
    attributes: BTreeMap<String, Vec<u8>>,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, mode, owner, link, size, digest, device, attributes } = self;
        write!(f, "{kind:?} {mode:04o} {}:{} {size} bytes {digest:.12}", owner.0, owner.1)?;
        if let Some(link) = link {
            write!(f, " -> {link:?}")?;
        }
        if let Some((major, minor)) = device {
            write!(f, " device {major},{minor}")?;
        }
        if !attributes.is_empty() {
            write!(f, " {attributes:?}")?;
        }
        Ok(())
    }
}

/// Reads an archive to its end.
pub(crate) fn tree(archive: impl Read) -> Result<Tree> {
    let mut tree = Tree::new();
    let mut archive = Archive::new(archive);
    for entry in archive.entries().context("read an archive")? {
        let mut entry = entry.context("read an entry")?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let path = path.trim_start_matches("./").trim_matches('/').to_owned();
        let mut attributes = BTreeMap::new();
        if let Some(extensions) = entry.pax_extensions().context("read extensions")? {
            for extension in extensions {
                let extension = extension.context("read an extension")?;
                let key = extension.key().context("read an extension's name")?;
                if let Some(name) = key.strip_prefix("SCHILY.xattr.") {
                    attributes.insert(name.to_owned(), extension.value_bytes().to_vec());
                }
            }
        }
        let (size, digest) = digest(&mut entry).context("read a file")?;
        let header = entry.header();
        let link = entry.link_name_bytes().map(|link| String::from_utf8_lossy(&link).into_owned());
        let device = match header.entry_type() {
            EntryType::Char | EntryType::Block => {
                let number = |n: std::io::Result<Option<u32>>| n.ok().flatten().unwrap_or_default();
                Some((number(header.device_major()), number(header.device_minor())))
            }
            _ => None,
        };
        let entry = Entry {
            kind: header.entry_type(),
            mode: header.mode().context("read a mode")? & 0o7777,
            owner: (header.uid().context("read an owner")?, header.gid().context("read a group")?),
            link,
            size,
            digest,
            device,
            attributes,
        };
        tree.insert(path, entry);
    }
    Ok(tree)
}

fn digest(content: &mut impl Read) -> std::io::Result<(u64, String)> {
    let (mut digest, mut size, mut piece) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let count = content.read(&mut piece)?;
        if count == 0 {
            return Ok((size, digest.finalize().iter().map(|b| format!("{b:02x}")).collect()));
        }
        digest.update(&piece[..count]);
        size += count as u64;
    }
}

/// Whether an archive has an entry of this name.
pub(crate) fn has_entry(archive: impl Read, name: &str) -> Result<bool> {
    let mut archive = Archive::new(archive);
    for entry in archive.entries().context("read an archive")? {
        if *entry.context("read an entry")?.path_bytes() == *name.as_bytes() {
            return Ok(true);
        }
    }
    Ok(false)
}
