//! Which origins a source has.

use std::sync::Arc;

use cooper_build::plugin_source::Protocol;
use cooper_build::{Failure, PluginSource};
use cooper_hcl::System;
use reqwest::Url;

use crate::fetch::{Limits, Token, Web};
use crate::mirror::{Layout, Mirror, Mirrors};
use crate::oci::Oci;
use crate::origin::Origin;
use crate::release::{Asker, GITHUB_TOKEN, GitHub, HashiCorp};

/// The host whose releases everybody knows.
const GITHUB: &str = "github.com";

/// Whose plugins are on releases.hashicorp.com. Packer looks for everybody's there, and so takes
/// HashiCorp's `docker` for anybody's.
const HASHICORP: &str = "hashicorp";

/// Finds the origins of sources.
pub struct Origins {
    web: Web,
    mirrors: Mirrors,
    system: Arc<dyn System>,
}

impl Origins {
    /// Those of the internet, or the mirrors that stand for them.
    ///
    /// # Errors
    ///
    /// When web servers cannot be asked at all.
    pub fn new(mirrors: Mirrors, system: Arc<dyn System>) -> Result<Self, Failure> {
        let web = Web::new(&*system, Limits::PLUGIN)?;
        Ok(Self { web, mirrors, system })
    }

    /// The origins of a source, in the order in which they are asked; none, when it can only be
    /// installed from a file. A source that has a mirror has no other.
    pub fn of(&self, source: &PluginSource) -> Vec<Box<dyn Origin>> {
        match source.protocol() {
            Protocol::Releases => match self.mirrors.of(source) {
                Some(mirror) => vec![self.mirrored(source, mirror)],
                None => self.released(source),
            },
            Protocol::Oci => vec![Box::new(Oci::new(source, &*self.system))],
        }
    }

    fn released(&self, source: &PluginSource) -> Vec<Box<dyn Origin>> {
        let mut origins: Vec<Box<dyn Origin>> = Vec::new();
        let is_repository = source.parts().count() == 3;
        if source.host() != GITHUB || !is_repository {
            return origins;
        }
        if source.namespace() == HASHICORP
            && let Ok(base) = Url::parse("https://releases.hashicorp.com")
        {
            origins.push(self.hashicorp(source, "releases.hashicorp.com", base));
        }
        if let (Ok(base), Ok(api)) =
            (Url::parse("https://github.com"), Url::parse("https://api.github.com"))
        {
            origins.push(self.github(source, GITHUB, base, api, Some(GITHUB_TOKEN)));
        }
        origins
    }

    fn mirrored(&self, source: &PluginSource, mirror: &Mirror) -> Box<dyn Origin> {
        let base = mirror.base.clone();
        let name = base.host_str().unwrap_or_default().to_owned();
        match &mirror.layout {
            Layout::HashiCorp => self.hashicorp(source, &name, base),
            Layout::GitHub { api, token_variable } => {
                self.github(source, &name, base, api.clone(), token_variable.as_deref())
            }
        }
    }

    fn hashicorp(&self, source: &PluginSource, name: &str, base: Url) -> Box<dyn Origin> {
        let asker = Asker { web: self.web.clone(), token: None, variable: None };
        Box::new(HashiCorp { name: name.to_owned(), base, source: source.clone(), asker })
    }

    fn github(
        &self,
        source: &PluginSource,
        name: &str,
        base: Url,
        api: Url,
        variable: Option<&str>,
    ) -> Box<dyn Origin> {
        let token = variable.and_then(|variable| self.system.env(variable));
        let token = token.filter(|token| !token.trim().is_empty());
        let token = token.and_then(|token| Token::new(&api, &token));
        let variable = variable.map(str::to_owned);
        let asker = Asker { web: self.web.clone(), token, variable };
        Box::new(GitHub { name: name.to_owned(), base, api, source: source.clone(), asker })
    }
}

#[cfg(test)]
mod tests {
    use cooper_hcl::system::Nowhere;

    use super::*;

    fn names(source: &str) -> Vec<String> {
        let origins = Origins::new(Mirrors::default(), Arc::new(Nowhere)).unwrap();
        let origins = origins.of(&PluginSource::parse(source).unwrap());
        origins.iter().map(|origin| origin.name().to_owned()).collect()
    }

    #[test]
    fn only_plugins_of_hashicorp_are_looked_for_at_hashicorp() {
        let both = ["releases.hashicorp.com", "github.com"];
        assert_eq!(names("github.com/hashicorp/docker"), both);
        assert_eq!(names("github.com/anyone/docker"), ["github.com"]);
        assert_eq!(names("github.com/hashicorp/more/docker"), [""; 0]);
        assert_eq!(names("example.com/hashicorp/docker"), [""; 0]);
    }
}
