//! Where sources are asked instead of on their own hosts.

use std::path::PathBuf;

use cooper_build::{PluginSource, Session};
use cooper_hcl::ast::{Block, Expr, ExprKind};
use cooper_hcl::{Code, Diagnostic, Reported, Span, System, parse};
use reqwest::Url;

/// The variable that names mirrors, instead of the file.
pub const VARIABLE: &str = "COOPER_PLUGIN_MIRRORS";

/// What stands for every source.
const EVERY: &str = "*";

/// What each entry of the variable looks like.
const ENTRY: &str = "write `PREFIX=LAYOUT+URL`, such as `*=github+https://git.example` or \
    `github.com/hashicorp=releases+https://mirror.example`";

/// What a block of the file looks like.
const BLOCK: &str = "write `mirror \"PREFIX\" { releases = \"URL\" }`, or `github` for `releases`";

/// How the releases on a mirror are laid out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Layout {
    /// As those on releases.hashicorp.com.
    HashiCorp,
    /// As those on GitHub.
    GitHub {
        /// Where it can be asked which there are.
        api: Url,
        /// The variable that has a token for that.
        token_variable: Option<String>,
    },
}

/// A server that has the releases of some sources.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mirror {
    /// What the sources begin with, in whole parts; empty for every source.
    prefix: String,
    /// Where it is.
    pub base: Url,
    /// How it is laid out.
    pub layout: Layout,
}

/// The mirrors of a user.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Mirrors(Vec<Mirror>);

impl Mirrors {
    /// Those that the variable names, or else the file `cooper/plugins.hcl` in the folder of the
    /// user's configuration, if it is there.
    ///
    /// # Errors
    ///
    /// [`Reported`], after recording what is wrong with either.
    pub fn of_user(session: &mut Session) -> Result<Self, Reported> {
        match session.system.env(VARIABLE).filter(|text| !text.trim().is_empty()) {
            Some(text) => Self::read_variable(&text).map_err(|message| {
                let message = format!("`{VARIABLE}`: {message}");
                session.diags.error(Diagnostic::error(Code::InvalidValue, message).help(ENTRY))
            }),
            None => match file(&*session.system) {
                Some(path) => Self::read_file(path, session),
                None => Ok(Self::default()),
            },
        }
    }

    /// The mirror of a source: the one with the longest prefix.
    pub fn of(&self, source: &PluginSource) -> Option<&Mirror> {
        let fits = |mirror: &&Mirror| {
            let rest = source.as_str().strip_prefix(&mirror.prefix);
            mirror.prefix.is_empty()
                || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.0.iter().filter(fits).max_by_key(|mirror| mirror.prefix.len())
    }

    fn add(&mut self, mirror: Mirror) -> Result<(), String> {
        if self.0.iter().any(|other| other.prefix == mirror.prefix) {
            let prefix = if mirror.prefix.is_empty() { EVERY } else { &mirror.prefix };
            return Err(format!("`{prefix}` has two mirrors"));
        }
        self.0.push(mirror);
        Ok(())
    }

    fn read_variable(text: &str) -> Result<Self, String> {
        let mut mirrors = Self::default();
        for entry in text.split_whitespace() {
            let parts = entry.split_once('=').and_then(|(prefix, rest)| {
                rest.split_once('+').map(|(layout, url)| (prefix, layout, url))
            });
            let Some((prefix, layout, url)) = parts else {
                return Err("an entry is no mirror".to_owned());
            };
            let base = address(url)?;
            let layout = match layout {
                "releases" => Layout::HashiCorp,
                "github" => Layout::GitHub { api: api_of(&base), token_variable: None },
                other => return Err(format!("there is no layout `{}`", other.escape_debug())),
            };
            mirrors.add(Mirror { prefix: read_prefix(prefix)?, base, layout })?;
        }
        Ok(mirrors)
    }

    fn read_file(path: PathBuf, session: &mut Session) -> Result<Self, Reported> {
        let unreadable = |cause: String, session: &Session| {
            let message = format!("`{}` cannot be read: {cause}", path.display());
            session.diags.error(Diagnostic::error(Code::UnreadableFile, message))
        };
        let bytes = match session.system.read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(unreadable(error.to_string(), session)),
        };
        let text = String::from_utf8(bytes)
            .map_err(|_| unreadable("it is not text in UTF-8".to_owned(), session))?;
        let file = session.sources.add(path.to_string_lossy(), text);
        let file = file.map_err(|cause| unreadable(cause.to_string(), session))?;
        let body = parse(&file, &session.diags)?.body;
        let mut mirrors = Self::default();
        for attribute in &body.attributes {
            refuse(Code::UnknownArgument, "there are only mirrors here", attribute.span, session);
        }
        for block in &body.blocks {
            let Ok(mirror) = read_block(block, session) else { continue };
            if let Err(message) = mirrors.add(mirror) {
                refuse(Code::Duplicate, &message, block.header, session);
            }
        }
        session.diags.check()?;
        Ok(mirrors)
    }
}

fn file(system: &dyn System) -> Option<PathBuf> {
    let config = system.env("XDG_CONFIG_HOME").filter(|path| path.starts_with('/'));
    let config = config.map(PathBuf::from);
    let config = config.or_else(|| system.home_dir().map(|home| home.join(".config")))?;
    Some(config.join("cooper").join("plugins.hcl"))
}

fn refuse(code: Code, message: &str, place: Span, session: &Session) -> Reported {
    session.diags.error(Diagnostic::error(code, message).at(place, "").help(BLOCK))
}

fn read_block(block: &Block, session: &Session) -> Result<Mirror, Reported> {
    let ([prefix], "mirror") = (&block.labels[..], &*block.kind.text) else {
        let message = "this is no mirror of one prefix";
        return Err(refuse(Code::UnknownBlock, message, block.header, session));
    };
    let wrong = |message: String, place| Err(refuse(Code::InvalidValue, &message, place, session));
    let (mut releases, mut github, mut api, mut token_variable) = (None, None, None, None);
    for attribute in &block.body.attributes {
        let value = string(&attribute.expr, session)?;
        let place = attribute.expr.span;
        let url = |value: &str| {
            address(value).map_err(|message| refuse(Code::InvalidValue, &message, place, session))
        };
        match &*attribute.name.text {
            "releases" => releases = Some(url(&value)?),
            "github" => github = Some(url(&value)?),
            "api" => api = Some(url(&value)?),
            "token_variable" => token_variable = Some(value),
            other => {
                let message = format!("a mirror has no `{other}`");
                return Err(refuse(Code::UnknownArgument, &message, attribute.name.span, session));
            }
        }
    }
    if let Some(inner) = block.body.blocks.first() {
        let message = format!("a mirror has no `{}` block", inner.kind.text);
        return Err(refuse(Code::UnknownBlock, &message, inner.header, session));
    }
    let prefix = match read_prefix(&prefix.text) {
        Ok(prefix) => prefix,
        Err(message) => return wrong(message, prefix.span),
    };
    match (releases, github) {
        (Some(base), None) if api.is_none() && token_variable.is_none() => {
            Ok(Mirror { prefix, base, layout: Layout::HashiCorp })
        }
        (None, Some(base)) => {
            let api = api.unwrap_or_else(|| api_of(&base));
            Ok(Mirror { prefix, base, layout: Layout::GitHub { api, token_variable } })
        }
        (Some(_), None) => {
            wrong("`api` and `token_variable` belong to `github`".to_owned(), block.header)
        }
        (None, None) | (Some(_), Some(_)) => {
            wrong("a mirror has either `releases` or `github`".to_owned(), block.header)
        }
    }
}

/// A text in which nothing is named.
fn string(expr: &Expr, session: &Session) -> Result<String, Reported> {
    match &*expr.kind {
        ExprKind::String(text) => Ok(text.to_string()),
        _ => Err(refuse(Code::WrongType, "a plain string is required", expr.span, session)),
    }
}

fn read_prefix(text: &str) -> Result<String, String> {
    if text == EVERY {
        return Ok(String::new());
    }
    // Enough parts make it an address, whose rules are the same.
    let is_sound = !text.is_empty() && PluginSource::parse(&format!("{text}/a/a")).is_ok();
    match is_sound {
        true => Ok(text.to_owned()),
        false => Err(format!("`{}` is not what sources begin with", text.escape_debug())),
    }
}

/// An address of a server. Passwords do not belong into it, because it is told.
fn address(text: &str) -> Result<Url, String> {
    let wrong = |what: &str| format!("a mirror's address {what}");
    let url = Url::parse(text).map_err(|cause| wrong(&format!("is none: {cause}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("begins with `https://`, or `http://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has no user and no password in it"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has no `?` and no `#` in it"));
    }
    Ok(url)
}

/// Where servers like GitHub have their API.
fn api_of(base: &Url) -> Url {
    let mut api = base.clone();
    if let Ok(mut segments) = api.path_segments_mut() {
        segments.pop_if_empty().extend(["api", "v3"]);
    }
    api
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str) -> PluginSource {
        PluginSource::parse(text).unwrap()
    }

    #[test]
    fn the_longest_prefix_of_whole_parts_counts() {
        let mirrors = Mirrors::read_variable(
            "*=github+https://all.example/git github.com/hashicorp=releases+http://hc.example/ \
             github.com/hashicorp/amazon=releases+http://amazon.example",
        );
        let mirrors = mirrors.unwrap();
        let table = [
            ("github.com/hashicorp/docker", "hc.example"),
            ("github.com/hashicorp/amazon", "amazon.example"),
            ("github.com/hashicorp2/docker", "all.example"),
            ("example.com/a/b", "all.example"),
        ];
        for (text, host) in table {
            let found = mirrors.of(&source(text)).map(|mirror| mirror.base.host_str());
            assert_eq!(found, Some(Some(host)), "{text}");
        }
        let all = mirrors.of(&source("example.com/a/b")).unwrap();
        let Layout::GitHub { api, .. } = &all.layout else { panic!("{all:?}") };
        assert_eq!(api.as_str(), "https://all.example/git/api/v3");
        assert_eq!(Mirrors::default().of(&source("example.com/a/b")), None);
    }

    #[test]
    fn what_names_no_mirror_is_refused() {
        for text in [
            "https://mirror.example",
            "*=https://mirror.example",
            "*=ftp+https://mirror.example",
            "*=github+ftp://mirror.example",
            "*=github+https://user:secret@mirror.example",
            "*=github+https://mirror.example?a=b",
            "*=github+mirror.example",
            "=github+https://mirror.example",
            "github.com/=github+https://mirror.example",
            "../x=github+https://mirror.example",
            "*=github+https://a.example *=releases+https://b.example",
        ] {
            let refused = Mirrors::read_variable(text).expect_err(text);
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
