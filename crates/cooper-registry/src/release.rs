//! Origins that are releases on a web server, in one of two layouts.

mod github;
mod hashicorp;
mod sums;

use std::path::{Path, PathBuf};

use cooper_build::version::Version;
use cooper_build::{Failure, PluginSource};
use cooper_host::discover::speaks_ours;
use reqwest::Url;
use serde::de::DeserializeOwned;

pub use github::{GITHUB_TOKEN, GitHub};
pub use hashicorp::HashiCorp;

use crate::archive::{self, extract};
use crate::fetch::{FetchError, Token, Web, shown};
use crate::origin::{Offer, OriginError};

/// How many versions of a list are looked at.
const MOST_VERSIONS: usize = 10_000;

/// What GitHub wants for JSON, and everybody understands.
const JSON: &str = "application/json";

/// A list of checksums.
const TEXT: &str = "text/plain, application/octet-stream;q=0.9, */*;q=0.8";

/// An address below another, every part of it escaped.
fn below(base: &Url, parts: &[&str]) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(parts);
    }
    url
}

/// The versions among texts. One with build metadata is none: two files would have its name.
fn versions<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Version> {
    let sound = texts.filter(|text| !text.contains('+')).take(MOST_VERSIONS);
    sound.filter_map(|text| Version::parse(text).ok()).collect()
}

/// Who asks.
pub struct Asker {
    /// The way to servers.
    pub web: Web,
    /// Who we are to the one that lists versions.
    pub token: Option<Token>,
    /// The variable that has the token, or would have it.
    pub variable: Option<String>,
}

impl Asker {
    async fn page(&self, url: &Url, accept: &'static str) -> Result<Vec<u8>, OriginError> {
        let page = self.web.page(url, accept, self.token.as_ref()).await;
        page.map_err(|error| self.refused(error))
    }

    /// A page of JSON.
    async fn json<T: DeserializeOwned>(&self, url: &Url) -> Result<T, OriginError> {
        read_json(&self.page(url, JSON).await?, url)
    }

    /// Fetches an archive, compares it with its digest, and takes the program out of it.
    async fn program(
        &self,
        url: Url,
        source: &PluginSource,
        offer: &Offer,
        scratch: &Path,
    ) -> Result<PathBuf, OriginError> {
        let zip = scratch.join("archive.zip");
        let wanted = program_name(source, offer);
        let digest = self.web.file(&url, self.token.as_ref(), &zip).await;
        let digest = digest.map_err(|error| self.refused(error))?;
        if digest != offer.digest {
            let message =
                format!("`{}` is not the file that its checksum was made for", offer.file);
            let failure = Failure::new(message)
                .caused_by(format!("its SHA-256 is {digest}, and should be {}", offer.digest));
            return Err(failure
                .help("it was damaged or exchanged on the way; nothing is installed")
                .into());
        }
        let program = scratch.join("program");
        let extracting = tokio::task::spawn_blocking({
            let program = program.clone();
            move || {
                let extracted = extract(&zip, &wanted, &program, &archive::Limits::PLUGIN);
                // Its space may be needed.
                let _ = std::fs::remove_file(zip);
                extracted
            }
        });
        let failed = |cause: String| {
            let message = format!("the program cannot be taken out of `{}`", offer.file);
            OriginError::Failed(Failure::new(message).caused_by(cause))
        };
        match extracting.await {
            Ok(Ok(())) => Ok(program),
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Why something was not fetched, as an origin tells it.
    fn refused(&self, error: FetchError) -> OriginError {
        let is_limited = match error {
            FetchError::Absent(_) => return OriginError::Unfit(error.to_string()),
            FetchError::Failed(failure) => return OriginError::Failed(failure),
            FetchError::Refused { .. } => false,
            FetchError::Limited { .. } => true,
        };
        let failure = Failure::new(error.to_string());
        OriginError::Failed(match (&self.token, &self.variable) {
            (None, Some(variable)) => {
                failure.help(format!("a token in `{variable}` lets you ask more"))
            }
            (_, _) if is_limited => failure.help("try again later"),
            (Some(_), Some(variable)) => {
                failure.help(format!("is the token in `{variable}` right?"))
            }
            (_, None) => failure,
        })
    }
}

fn read_json<T: DeserializeOwned>(page: &[u8], url: &Url) -> Result<T, OriginError> {
    serde_json::from_slice(page).map_err(|error| {
        let failure = Failure::new(format!("`{}` is not what it should be: {error}", shown(url)));
        let is_page = page.trim_ascii_start().starts_with(b"<");
        OriginError::Failed(match is_page {
            true => failure.help("a web page came instead: does a proxy want a login?"),
            false => failure,
        })
    })
}

/// What a program is called in its archive.
fn program_name(source: &PluginSource, offer: &Offer) -> String {
    let Offer { version, api, .. } = offer;
    format!("{}v{version}_{api}_{}", source.file_prefix(), cooper_host::Platform::this())
}

/// The best of what there is for this machine, by the versions of the protocol.
fn best_api<T>(offers: impl Iterator<Item = (String, T)>) -> Result<(String, T), OriginError> {
    let mut best: Option<(u32, (String, T))> = None;
    let mut others = Vec::new();
    for (api, offer) in offers {
        let minor = api.rsplit_once('.').and_then(|(_, minor)| minor.parse().ok());
        match minor.filter(|_| speaks_ours(&api)) {
            Some(minor) if best.as_ref().is_none_or(|(best, _)| *best < minor) => {
                best = Some((minor, (api, offer)));
            }
            Some(_) => {}
            None => others.push(api),
        }
    }
    best.map(|(_, best)| best).ok_or_else(|| {
        let machine = cooper_host::Platform::this();
        OriginError::Unfit(match others.first() {
            Some(api) => format!("it speaks version {api} of the plugin protocol"),
            None => format!("there is no program for {machine}"),
        })
    })
}
