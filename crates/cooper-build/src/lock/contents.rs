//! What is in a lock file.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use cooper_hcl::ast::{Block, Body, Expr, ExprKind, Name};
use cooper_hcl::{Code, Diagnostic, Diagnostics, Reported, SourceFile, Span, parse, plainly};

use super::{Entry, Locking, not_locked};
use crate::session::Session;
use crate::template::shape::{ArgumentShape, BlockShape, Rest, Shape};
use crate::version::Version;

/// A lock file may be this large.
pub(super) const MAX_FILE: usize = 1 << 20;

/// It may name so many plugins and images.
const MOST_ENTRIES: usize = 4096;

/// A plugin may have digests for so many platforms.
const MOST_PLATFORMS: usize = 64;

/// A plugin that a template is built with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockedPlugin {
    /// `github.com/hashicorp/amazon`
    pub source: String,
    /// Its version.
    pub version: Version,
    /// The SHA-256 of its program, in hexadecimal, for each platform that is known:
    /// `linux_amd64`.
    pub sha256: BTreeMap<String, String>,
    /// Where it stands.
    pub span: Span,
}

/// An image that builds start from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LockedImage {
    /// Its name and tag: `python:alpine`.
    pub name: String,
    /// What the name stands for: `sha256:…`.
    pub digest: String,
    /// Where the digest stands.
    pub span: Span,
}

/// What is in a lock file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Contents {
    pub(super) plugins: Vec<LockedPlugin>,
    pub(super) images: Vec<LockedImage>,
}

static ROOT: Shape = Shape {
    what: "a lock file",
    arguments: &[],
    blocks: &[
        BlockShape {
            name: "plugin",
            labels: &["source"],
            doc: "A plugin that the template is built with.",
            shape: &PLUGIN,
        },
        BlockShape {
            name: "image",
            labels: &["name"],
            doc: "An image that builds start from.",
            shape: &IMAGE,
        },
    ],
    rest: Rest::Nothing,
};

static PLUGIN: Shape = Shape {
    what: "a `plugin` block",
    arguments: &[
        ArgumentShape::new("version", "string", "Its version.").required(),
        ArgumentShape::new("sha256", "map(string)", "The digest of its program, by platform.")
            .required(),
    ],
    blocks: &[],
    rest: Rest::Nothing,
};

static IMAGE: Shape = Shape {
    what: "an `image` block",
    arguments: &[ArgumentShape::new("digest", "string", "What the name stands for.").required()],
    blocks: &[],
    rest: Rest::Nothing,
};

impl Contents {
    /// What is in the file at a path; nothing when there is none, or when something is wrong with
    /// it, which is recorded.
    pub(super) fn read(path: &Path, locking: Locking, session: &mut Session) -> Option<Self> {
        let shown = path.display().to_string();
        let unreadable = |message: String| {
            let error = Diagnostic::error(Code::UnreadableFile, message);
            error.help("remove it, and make it again with `cooper init`")
        };
        let bytes = match session.system.read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if locking == Locking::Strict {
                    let message = format!("`-locked` needs a lock file, and there is no `{shown}`");
                    let help = "make it with `cooper init`, and name base images in it with \
                                `cooper build`";
                    session.diags.error(not_locked(message).help(help));
                }
                return None;
            }
            Err(error) => {
                session
                    .diags
                    .error(unreadable(format!("`{shown}` cannot be read: {}", plainly(&error))));
                return None;
            }
        };
        if bytes.len() > MAX_FILE {
            let message = format!("`{shown}` is larger than {} KiB", MAX_FILE >> 10);
            session.diags.error(unreadable(message));
            return None;
        }
        let Ok(text) = String::from_utf8(bytes) else {
            session.diags.error(unreadable(format!("`{shown}` is not UTF-8")));
            return None;
        };
        let file = session.add(&shown, text).ok()?;
        Self::parse(&file, &session.diags).ok()
    }

    /// What a lock file says.
    pub(super) fn parse(file: &SourceFile, diags: &Diagnostics) -> Result<Self, Reported> {
        // A mistake anywhere makes all of it doubtful.
        let found = Diagnostics::new();
        let contents = parse(file, &found).map(|tree| Self::of(tree.body, file, &found));
        let sound = found.check();
        diags.append(&found);
        sound.and(contents)
    }

    fn of(body: Body, file: &SourceFile, diags: &Diagnostics) -> Self {
        let body = ROOT.read(body, Span::NONE, diags);
        let mut contents = Self::default();
        if body.blocks.len() > MOST_ENTRIES {
            let message =
                format!("`{}` names more than {MOST_ENTRIES} plugins and images", file.name());
            let place = body.blocks[MOST_ENTRIES].header;
            diags.error(Diagnostic::error(Code::LimitExceeded, message).at(place, ""));
            return contents;
        }
        for block in body.blocks {
            match (&*block.kind.text, &block.labels[..]) {
                ("plugin", [label]) => {
                    let label = label.clone();
                    contents.plugins.extend(plugin(&label, block, diags));
                }
                ("image", [label]) => {
                    let label = label.clone();
                    contents.images.extend(image(&label, block, diags));
                }
                // What is wrong with it was recorded.
                _ => {}
            }
        }
        let plugins = contents.plugins.iter().map(|plugin| (&*plugin.source, plugin.span));
        no_twins("plugin", plugins, diags);
        let images = contents.images.iter().map(|image| (&*image.name, image.span));
        no_twins("image", images, diags);
        contents
    }

    /// Whether something is in it already.
    pub(super) fn has(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Plugin { source, version, platform, sha256 } => {
                let mut same = self.plugins.iter().filter(|plugin| plugin.source == *source);
                same.any(|plugin| {
                    plugin.version == *version && plugin.sha256.get(platform) == Some(sha256)
                })
            }
            Entry::Image { name, digest } => {
                let mut same = self.images.iter().filter(|image| image.name == *name);
                same.any(|image| image.digest == *digest)
            }
        }
    }
}

fn no_twins<'a>(what: &str, all: impl Iterator<Item = (&'a str, Span)>, diags: &Diagnostics) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    for (name, span) in all {
        if let Some(&first) = first.get(name) {
            let message = format!("the {what} `{name}` is in the lock file twice");
            let error = Diagnostic::error(Code::Duplicate, message).at(span, "again here");
            let help = "remove the wrong one of them";
            diags.error(error.label(first, "first here").help(help));
        } else {
            first.insert(name, span);
        }
    }
}

fn plugin(label: &Name, block: Block, diags: &Diagnostics) -> Option<LockedPlugin> {
    let body = PLUGIN.read(block.body, block.header, diags);
    let version = body.attribute("version").and_then(|attribute| {
        let text = literal(&attribute.expr, diags)?;
        let version = Version::parse(text).map_err(|cause| {
            let error = Diagnostic::error(Code::InvalidValue, cause.to_string());
            diags.error(error.at(attribute.expr.span, ""));
        });
        version.ok()
    });
    let sha256 = body.attribute("sha256").and_then(|attribute| digests(&attribute.expr, diags));
    Some(LockedPlugin {
        source: label.text.to_string(),
        version: version?,
        sha256: sha256?,
        span: label.span,
    })
}

/// The digests of a plugin's program, by platform.
fn digests(expr: &Expr, diags: &Diagnostics) -> Option<BTreeMap<String, String>> {
    let invalid = |code, message: String, span| {
        let error = Diagnostic::error(code, message).at(span, "");
        diags.error(error.help("write `{ linux_amd64 = \"64 hexadecimal digits\" }`"));
    };
    let ExprKind::Object(items) = &*expr.kind else {
        invalid(Code::WrongType, "digests by platform are required".to_owned(), expr.span);
        return None;
    };
    if items.len() > MOST_PLATFORMS {
        let message = format!("there are more than {MOST_PLATFORMS} platforms");
        invalid(Code::LimitExceeded, message, expr.span);
        return None;
    }
    let mut all = BTreeMap::new();
    for item in items {
        let (platform, digits) = (literal(&item.key, diags), literal(&item.value, diags));
        let (Some(platform), Some(digits)) = (platform, digits) else { continue };
        if !is_sha256(digits) {
            let message = format!("`{digits}` is not a SHA-256");
            invalid(Code::InvalidValue, message, item.value.span);
        } else if all.insert(platform.to_owned(), digits.to_owned()).is_some() {
            let message = format!("the platform `{platform}` is there twice");
            invalid(Code::Duplicate, message, item.key.span);
        }
    }
    Some(all)
}

fn image(label: &Name, block: Block, diags: &Diagnostics) -> Option<LockedImage> {
    let body = IMAGE.read(block.body, block.header, diags);
    let digest = &body.attribute("digest")?.expr;
    let text = literal(digest, diags)?;
    if !text.strip_prefix("sha256:").is_some_and(is_sha256) {
        let message = format!("`{text}` is not a digest");
        let error = Diagnostic::error(Code::InvalidValue, message).at(digest.span, "");
        diags.error(error.help("a digest is `sha256:` and 64 hexadecimal digits"));
        return None;
    }
    let (name, digest_text) = (label.text.to_string(), text.to_owned());
    Some(LockedImage { name, digest: digest_text, span: digest.span })
}

fn is_sha256(digits: &str) -> bool {
    digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A string that is written as such: nothing is evaluated in a lock file.
fn literal<'e>(expr: &'e Expr, diags: &Diagnostics) -> Option<&'e str> {
    match &*expr.kind {
        ExprKind::String(text) => Some(text),
        _ => {
            let error = Diagnostic::error(Code::NotAllowedHere, "a string is required");
            diags.error(error.at(expr.span, "").help("a lock file has nothing but strings"));
            None
        }
    }
}
