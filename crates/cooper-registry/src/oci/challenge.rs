//! What a registry wants to know of who asks.

/// How a registry wants to be told who asks, as `WWW-Authenticate` says it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Challenge {
    /// By name and password.
    Basic,
    /// By a token, which another server gives.
    Bearer {
        /// Where.
        realm: String,
        /// Whom it is for.
        service: Option<String>,
    },
}

impl Challenge {
    /// Reads one; nothing when it wants something else.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Self::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let (mut realm, mut service) = (None, None);
        let mut rest = rest.trim_start();
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"')?,
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "realm" => realm = Some(value.to_owned()),
                "service" => service = Some(value.to_owned()),
                _ => {}
            }
            rest = after.trim_start_matches([',', ' ']);
        }
        Some(Self::Bearer { realm: realm?, service })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges_are_read() {
        let bearer = |realm: &str, service: Option<&str>| {
            Some(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        for (header, expected) in [
            ("Basic realm=\"x\"", Some(Challenge::Basic)),
            ("basic", Some(Challenge::Basic)),
            (
                "Bearer realm=\"https://a/t\",service=\"r\",scope=\"repository:a:pull,push\"",
                bearer("https://a/t", Some("r")),
            ),
            ("Bearer service=r, realm=https://a/t", bearer("https://a/t", Some("r"))),
            ("bearer Realm=\"https://a\"", bearer("https://a", None)),
            ("Bearer service=\"r\"", None),
            ("Bearer realm=\"https://a", None),
            ("Negotiate", None),
            ("", None),
        ] {
            assert_eq!(Challenge::parse(header), expected, "{header}");
        }
    }
}
