//! `-only` and `-except`.

mod pattern;

use std::sync::atomic::{AtomicBool, Ordering};

use cooper_hcl::{Code, Diagnostic, Diagnostics, Reported, did_you_mean};

use pattern::Pattern;

/// Which builds were asked for: patterns on full build names, `*` and `?` as in a shell.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `-only`, split at commas: a build is kept when any of them matches.
    pub only: Vec<String>,
    /// `-except`, split at commas: a build, or the rest of a chain of post-processors, is
    /// dropped when any of them matches.
    pub except: Vec<String>,
}

impl Selection {
    /// Whether everything is selected.
    pub fn is_all(&self) -> bool {
        self.only.is_empty() && self.except.is_empty()
    }

    /// Reads the patterns.
    pub(crate) fn compile(&self, diags: &Diagnostics) -> Result<Patterns, Reported> {
        let only = compile("-only", &self.only, diags);
        let except = compile("-except", &self.except, diags);
        Ok(Patterns { only: only?, except: except? })
    }
}

/// A selection that can be asked.
pub(crate) struct Patterns {
    only: Vec<Given>,
    except: Vec<Given>,
}

/// A pattern as it was given.
struct Given {
    text: String,
    pattern: Pattern,
    matched: AtomicBool,
}

impl Given {
    fn matches(&self, name: &str) -> bool {
        let matches = self.pattern.matches(name);
        self.matched.fetch_or(matches, Ordering::Relaxed);
        matches
    }
}

fn compile(flag: &str, patterns: &[String], diags: &Diagnostics) -> Result<Vec<Given>, Reported> {
    let read = |text: &String| {
        let pattern = Pattern::parse(text).map_err(|cause| {
            let message = format!("`{flag}={text}` is not a pattern: {cause}");
            let help = "a backslash takes its meaning from the letter behind it";
            diags.error(Diagnostic::error(Code::InvalidValue, message).help(help))
        })?;
        Ok(Given { text: text.clone(), pattern, matched: AtomicBool::new(false) })
    };
    let read: Vec<_> = patterns.iter().map(read).collect();
    read.into_iter().collect()
}

/// Asks every pattern, so that each knows whether it ever matched.
fn any(patterns: &[Given], name: &str) -> bool {
    patterns.iter().filter(|pattern| pattern.matches(name)).count() > 0
}

impl Patterns {
    /// Whether a build is selected.
    pub(crate) fn keeps(&self, build: &str) -> bool {
        let kept = self.only.is_empty() || any(&self.only, build);
        kept && !any(&self.except, build)
    }

    /// Whether a post-processor, by its name or type, and what follows it is dropped.
    pub(crate) fn drops_post_processor(&self, name: &str) -> bool {
        any(&self.except, name)
    }

    /// Warns of patterns that matched nothing.
    pub(crate) fn warn_unmatched(
        &self,
        builds: &[String],
        post_processors: &[String],
        diags: &Diagnostics,
    ) {
        let names = || builds.iter().map(String::as_str);
        for (flag, patterns) in [("-only", &self.only), ("-except", &self.except)] {
            for pattern in
                patterns.iter().filter(|pattern| !pattern.matched.load(Ordering::Relaxed))
            {
                let message = format!("`{flag}={}` matches nothing", pattern.text);
                let also = match flag {
                    "-except" => post_processors,
                    _ => &[],
                };
                let candidates = names().chain(also.iter().map(String::as_str));
                let help = did_you_mean(&pattern.text, candidates).unwrap_or_else(|| {
                    if pattern.text.contains(['{', '}']) {
                        return "a comma ends a pattern, between braces too: write each as a whole"
                            .to_owned();
                    }
                    let shown: Vec<_> = names().take(10).map(|name| format!("`{name}`")).collect();
                    let more = builds.len().saturating_sub(shown.len());
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let list = shown.join(", ");
                    format!("the builds are {list}{more}; `*` stands for any letters")
                });
                diags.warn(Diagnostic::warning(Code::NoMatch, message).help(help));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_about_the_whole_name() {
        let table = [
            ("docker.*", "docker.b", true),
            ("docker.*", "a.docker.b", false),
            ("a.*", "a.docker.b", true),
            ("Docker.b", "docker.b", false),
            ("docker", "docker.b", false),
        ];
        for (pattern, name, expected) in table {
            let selection = Selection { only: vec![pattern.to_owned()], except: Vec::new() };
            let patterns = selection.compile(&Diagnostics::new()).unwrap();
            assert_eq!(patterns.keeps(name), expected, "{pattern} on {name}");
        }
    }

    /// How often a pattern matches `nm.null.a` and `nm.null.b`, as Packer 1.16 has it.
    #[test]
    fn odd_patterns_match_as_in_packer() {
        let table = [
            ("**", 2),
            ("nm.**", 2),
            ("nm.null.{a}", 1),
            ("nm.null.[^a]", 1),
            ("nm.null.[.-b]", 2),
            ("nm.null.[!a-a]", 1),
            ("nm\\.null\\.a", 1),
            ("NM.NULL.A", 0),
            ("{nm.null.a}x", 0),
            ("a]", 0),
        ];
        for (pattern, expected) in table {
            let selection = Selection { only: vec![pattern.to_owned()], except: Vec::new() };
            let patterns = selection.compile(&Diagnostics::new()).unwrap();
            let names = ["nm.null.a", "nm.null.b"];
            let found = names.into_iter().filter(|name| patterns.keeps(name)).count();
            assert_eq!(found, expected, "{pattern}");
        }
        for pattern in ["[", "[]", "[a", "nm.null.[b-a]"] {
            let selection = Selection { only: vec![pattern.to_owned()], except: Vec::new() };
            assert!(selection.compile(&Diagnostics::new()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn a_malformed_pattern_is_an_error() {
        let diags = Diagnostics::new();
        let selection = Selection { only: Vec::new(), except: vec!["[".to_owned()] };
        assert!(selection.compile(&diags).is_err());
        assert!(diags.to_vec()[0].message.starts_with("`-except=[` is not a pattern"));
    }
}
