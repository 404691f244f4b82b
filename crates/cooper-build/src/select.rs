//! `-only` and `-except`.

/// Which builds were asked for: patterns on full build names, `*` and `?` as in a shell.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// `-only`, split at commas: a build is kept when any of them matches.
    pub only: Vec<String>,
    /// `-except`, split at commas: a build, or the rest of a chain of post-processors, is
    /// dropped when any of them matches.
    pub except: Vec<String>,
}
