//! What a registry wants to know of who asks.

use reqwest::header::{HeaderMap, WWW_AUTHENTICATE};

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
    /// The one that is answered: a token before a password, which would be sent with every request.
    /// Nothing when there is none that we know.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|text| text.to_str().ok());
        let mut all: Vec<Self> = texts.flat_map(Self::parse).collect();
        let bearer = all.iter().position(|challenge| matches!(challenge, Self::Bearer { .. }));
        (!all.is_empty()).then(|| all.swap_remove(bearer.unwrap_or_default()))
    }

    /// Reads a header, which may have several. Schemes that we do not know are left out, and so is
    /// what follows something that is none.
    fn parse(header: &str) -> Vec<Self> {
        let mut read = Vec::new();
        let mut rest = Rest(header);
        while let Some(scheme) = rest.scheme() {
            let (mut realm, mut service) = (None, None);
            while let Some((name, value)) = rest.parameter() {
                match name.to_ascii_lowercase().as_str() {
                    "realm" => realm = realm.or(Some(value)),
                    "service" => service = service.or(Some(value)),
                    _ => {}
                }
            }
            match (scheme.to_ascii_lowercase().as_str(), realm) {
                ("basic", _) => read.push(Self::Basic),
                ("bearer", Some(realm)) => read.push(Self::Bearer { realm, service }),
                _ => {}
            }
        }
        read
    }
}

/// What is left of a header.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    /// The name of a way to tell who asks.
    fn scheme(&mut self) -> Option<&'a str> {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
        let scheme = self.word()?;
        // Some have something without a name behind them: `Negotiate a2V5==`.
        self.0 = without_bare(self.0.trim_start_matches([' ', '\t']));
        Some(scheme)
    }

    /// A name and its value, if one comes next.
    fn parameter(&mut self) -> Option<(&'a str, String)> {
        let mut next = Rest(self.0.trim_start_matches([' ', '\t', ',']));
        let name = next.word()?;
        next.0 = next.0.trim_start_matches([' ', '\t']).strip_prefix('=')?;
        next.0 = next.0.trim_start_matches([' ', '\t']);
        let value = match next.0.strip_prefix('"') {
            Some(quoted) => {
                let (value, after) = unquoted(quoted)?;
                next.0 = after;
                value
            }
            None => {
                // Not only what may stand there without quotes, because many do not care.
                let end = next.0.find([',', ' ', '\t']).unwrap_or(next.0.len());
                let (value, after) = next.0.split_at(end);
                next.0 = after;
                value.to_owned()
            }
        };
        *self = next;
        Some((name, value))
    }

    fn word(&mut self) -> Option<&'a str> {
        let is_part = |part: char| part.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(part);
        let end = self.0.find(|part| !is_part(part)).unwrap_or(self.0.len());
        let (word, after) = self.0.split_at(end);
        self.0 = after;
        (!word.is_empty()).then_some(word)
    }
}

/// A text without digits of base64 that it begins with and that are all of a challenge.
fn without_bare(text: &str) -> &str {
    let is_digit = |part: char| part.is_ascii_alphanumeric() || "-._~+/".contains(part);
    let after = text.trim_start_matches(is_digit).trim_start_matches('=');
    let rest = after.trim_start_matches([' ', '\t']);
    if rest.is_empty() || rest.starts_with(',') { after } else { text }
}

/// What stands in quotes, and what follows them.
fn unquoted(quoted: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut parts = quoted.char_indices();
    while let Some((at, part)) = parts.next() {
        match part {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(parts.next()?.1),
            part => value.push(part),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use reqwest::header::HeaderValue;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges_are_read() {
        for (header, expected) in [
            ("Basic realm=\"x\"", vec![Challenge::Basic]),
            ("basic", vec![Challenge::Basic]),
            (
                "Bearer realm=\"https://a/t\",service=\"r\",scope=\"repository:a:pull,push\"",
                vec![bearer("https://a/t", Some("r"))],
            ),
            ("Bearer service=r, realm=https://a/t", vec![bearer("https://a/t", Some("r"))]),
            ("bearer Realm=\"https://a\"", vec![bearer("https://a", None)]),
            ("Bearer  realm = \"https://a\" , service=\"\"", vec![bearer("https://a", Some(""))]),
            (
                "Bearer realm=\"a\\\"b\\\\c, d=e\",service=r",
                vec![bearer("a\"b\\c, d=e", Some("r"))],
            ),
            ("Bearer realm=\"a\",realm=\"b\"", vec![bearer("a", None)]),
            (
                "Negotiate, Basic realm=\"a, b\", Bearer realm=\"https://a\",error=\"invalid_token\"",
                vec![Challenge::Basic, bearer("https://a", None)],
            ),
            ("Negotiate a2V5==, Bearer realm=\"https://a\"", vec![bearer("https://a", None)]),
            (
                "Bearer realm=\"https://a\", Basic",
                vec![bearer("https://a", None), Challenge::Basic],
            ),
            ("Bearer service=\"r\"", vec![]),
            ("Bearer realm=\"https://a", vec![]),
            ("Bearer realm=\"https://a\\", vec![]),
            ("Bearer", vec![]),
            ("Negotiate", vec![]),
            (",, ,", vec![]),
            ("=\"", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(Challenge::parse(header), expected, "{header}");
        }
    }

    #[test]
    fn a_token_comes_before_a_password() {
        let of = |texts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for text in texts {
                headers.append(WWW_AUTHENTICATE, HeaderValue::from_static(text));
            }
            Challenge::of(&headers)
        };
        let token = "Bearer realm=\"https://a\"";
        assert_eq!(of(&["Basic realm=\"x\"", token]), Some(bearer("https://a", None)));
        assert_eq!(of(&["Digest realm=\"x\"", "Basic"]), Some(Challenge::Basic));
        assert_eq!(of(&["Digest realm=\"x\""]), None);
        assert_eq!(of(&[]), None);
    }

    proptest! {
        /// Every header is read, in the time that its length takes.
        #[test]
        fn no_header_does_harm(header in "[ -~]{0,200}|([a-zA-Z]{0,6}[=\", \\\\]{0,3}){0,60}") {
            Challenge::parse(&header);
        }

        /// What was quoted is what was meant.
        #[test]
        fn what_is_quoted_comes_out(realm in "[ -~]{0,40}") {
            let quoted = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let read = Challenge::parse(&format!("Bearer realm=\"{quoted}\", service=s"));
            prop_assert_eq!(read, vec![bearer(&realm, Some("s"))]);
        }
    }
}
