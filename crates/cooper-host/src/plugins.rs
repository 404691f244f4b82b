//! What a template uses of the plugins that are installed.

use std::path::Path;
use std::sync::{Arc, Once};

use cooper_build::component::Extensions;
use cooper_build::lock::not_locked;
use cooper_build::template::{Components, PluginRequirement};
use cooper_build::{Catalog, Session, Template};
use cooper_hcl::{Code, Diagnostic, System};
use futures::future::BoxFuture;

use crate::describe::Descriptions;
use crate::discover::{Installed, Refused, folder, installed};
use crate::held::{Held, held};
use crate::kind::{DataKind, PostProcessorKind, ProvisionerKind, SourceKind};
use crate::plugin::{Description, Plugin, Role, type_name};
use crate::process::{Launch, Turns};
use crate::spool;
use crate::sweep::sweep;

/// The plugins that are installed on this machine.
pub struct Plugins {
    descriptions: Descriptions,
    run_id: Arc<str>,
    reach: Reach,
    swept: Once,
}

/// Which plugins a template gets the components of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reach {
    /// Those that it uses something of.
    #[default]
    Used,
    /// Those that it requires, too: it may be about to use them.
    Required,
}

/// A plugin that a template may use, and what its components' names begin with.
struct Candidate<'a> {
    prefix: &'a str,
    /// The versions that will do, the best first.
    versions: Vec<&'a Installed>,
    requirement: Option<&'a PluginRequirement>,
    held: Held<'a>,
}

impl Plugins {
    /// Those of the user that Cooper runs for, in a run of this id.
    pub fn of_user(system: &dyn System, run_id: &str) -> Self {
        let descriptions = Descriptions::of_user(system);
        let (run_id, reach) = (run_id.into(), Reach::default());
        Self { descriptions, run_id, reach, swept: Once::new() }
    }

    /// The same, with that reach.
    #[must_use]
    pub fn that_reach(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }

    /// Ends, once, what runs that are gone have left.
    fn sweep(&self) {
        self.swept.call_once(|| {
            tokio::task::spawn_blocking(|| {
                sweep();
                spool::sweep(&std::env::temp_dir());
            });
        });
    }

    /// Adds what a plugin has to a catalog, by names that begin with `prefix`.
    fn add(&self, catalog: &mut Catalog, prefix: &str, plugin: &Arc<Plugin>) {
        // One that hangs when it is started keeps no other one waiting.
        let turns = Turns::default();
        let launch = |role, component: &String| Launch {
            plugin: plugin.clone(),
            role,
            component: component.clone(),
            cache: self.descriptions.cache().clone(),
            run_id: self.run_id.clone(),
            turns: turns.clone(),
        };
        let Description { builders, provisioners, post_processors, datasources, .. } =
            &plugin.description;
        for name in builders {
            let kind = SourceKind::new(launch(Role::Builder, name));
            catalog.source(type_name(prefix, name), kind);
        }
        for name in provisioners {
            let kind = ProvisionerKind::new(launch(Role::Provisioner, name));
            catalog.provisioner(type_name(prefix, name), kind);
        }
        for name in post_processors {
            let kind = PostProcessorKind::new(launch(Role::PostProcessor, name));
            catalog.post_processor(type_name(prefix, name), kind);
        }
        for name in datasources {
            let kind = DataKind::new(launch(Role::Datasource, name));
            catalog.data_source(type_name(prefix, name), kind);
        }
    }

    /// The best version of a plugin that can be used. Why others cannot is told: for one that the
    /// template requires and uses as a mistake, and otherwise in the log.
    async fn best(
        &self,
        candidate: &Candidate<'_>,
        is_used: bool,
        session: &Session,
    ) -> Option<Plugin> {
        let requirement = candidate.requirement.filter(|_| is_used);
        for installed in &candidate.versions {
            let verified = match candidate.held {
                Held::To { sha256, .. } => installed.verified_as(sha256, &self.descriptions).await,
                Held::Loosely(_) => installed.verified(&self.descriptions).await,
            };
            match verified {
                Ok(plugin) => {
                    candidate.held.warn(&plugin, requirement, session);
                    return Some(plugin);
                }
                Err(refused) => {
                    tracing::warn!("a plugin is passed over: {refused}");
                    if let Some(requirement) = requirement {
                        tell(&refused, candidate.held, requirement, session);
                    }
                }
            }
        }
        None
    }
}

/// Tells why a plugin cannot be used that the template requires.
fn tell(refused: &Refused, held: Held<'_>, requirement: &PluginRequirement, session: &Session) {
    let error = match (refused, held) {
        (Refused::NotLocked { .. }, Held::To { locked, .. }) => not_locked(refused.to_string())
            .label(locked.span, "named here")
            .help("`cooper init -locked` installs the one that is named; `cooper init -upgrade` names another"),
        _ => Diagnostic::error(Code::MissingPlugin, refused.to_string())
            .help("install the plugin again"),
    };
    session.diags.error(error.at(requirement.source_span, ""));
}

impl Extensions for Plugins {
    fn extend<'a>(
        &'a self,
        catalog: &'a Catalog,
        template: &'a Template,
        session: &'a Session,
    ) -> BoxFuture<'a, Catalog> {
        Box::pin(async move {
            let mut catalog = catalog.clone();
            let components = template.components();
            let unknown = |name: &String| !catalog.has(name);
            let needed = Components {
                names: components.names.into_iter().filter(unknown).collect(),
                others: components.others,
            };
            let required: Vec<&PluginRequirement> = (template.plugins.iter())
                .filter(|plugin| catalog.plugin_version(plugin.source.as_str()).is_none())
                .collect();
            if required.is_empty() && needed == Components::default() {
                return catalog;
            }
            let Some(folder) = folder(&*session.system) else { return catalog };
            let all = tokio::task::spawn_blocking({
                let folder = folder.clone();
                move || installed(&folder)
            });
            let all = all.await.unwrap_or_default();
            let mut held_ones = Vec::new();
            for requirement in required {
                match held(requirement, session) {
                    Ok(held) => held_ones.push((requirement, held)),
                    Err(_) => catalog.without_plugin(requirement.source.as_str()),
                }
            }
            for (requirement, held) in &held_ones {
                if held.is_missing(requirement, &all, &folder, session) {
                    catalog.without_plugin(requirement.source.as_str());
                }
            }
            for candidate in candidates(&held_ones, &all, &folder) {
                if let (Some(plugin), Some(best)) =
                    (candidate.requirement, candidate.versions.first())
                {
                    catalog.plugin(plugin.source.as_str(), best.version.to_string());
                }
                let is_used = is_used(candidate.prefix, &needed);
                let is_wanted = match self.reach {
                    Reach::Used => is_used,
                    Reach::Required => is_used || candidate.requirement.is_some(),
                };
                // What nobody wants is neither read nor asked.
                if !is_wanted {
                    continue;
                }
                if candidate.requirement.is_none() && session.lock.is_strict() {
                    // Of one that is required, it was told why it cannot be used.
                    if !template.plugins.iter().any(|one| one.source.name() == candidate.prefix) {
                        tell_unlocked(candidate.prefix, &needed, &catalog, session);
                    }
                    continue;
                }
                self.sweep();
                if let Some(plugin) = self.best(&candidate, is_used, session).await {
                    self.add(&mut catalog, candidate.prefix, &Arc::new(plugin));
                }
            }
            catalog
        })
    }
}

/// Tells that a plugin which the template does not require is not in the lock file either, when a
/// component of it is needed.
fn tell_unlocked(prefix: &str, needed: &Components, catalog: &Catalog, session: &Session) {
    let (names, others) = (&needed.names, false);
    let left: Vec<String> = names.iter().filter(|name| !catalog.has(name)).cloned().collect();
    let left = Components { names: left.into_iter().collect(), others };
    if is_used(prefix, &left) {
        let message = format!(
            "the plugin `{prefix}` is not in the lock file, as the template does not require it, \
             and `-locked` allows no other plugin"
        );
        let help = "name it in `required_plugins`, and run `cooper init`";
        session.diags.error(not_locked(message).help(help));
    }
}

/// Whether a template may use a component whose name begins so.
fn is_used(prefix: &str, components: &Components) -> bool {
    let begins = |name: &String| {
        let rest = name.strip_prefix(prefix);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    components.others || components.names.iter().any(begins)
}

/// The plugins that a template requires, by the names it gives them, and then all others, by their
/// own.
fn candidates<'a>(
    required: &[(&'a PluginRequirement, Held<'a>)],
    all: &'a [Installed],
    folder: &Path,
) -> Vec<Candidate<'a>> {
    let mut candidates = Vec::new();
    for &(requirement, held) in required {
        let versions = all.iter().rev().filter(|one| held.allows(one, requirement, folder));
        let versions: Vec<_> = versions.collect();
        if !versions.is_empty() {
            let (prefix, requirement) = (&*requirement.accessor, Some(requirement));
            candidates.push(Candidate { prefix, versions, requirement, held });
        }
    }
    let mut names: Vec<&str> = all.iter().map(|installed| &*installed.name).collect();
    names.dedup();
    for prefix in names {
        let versions = all.iter().rev().filter(|installed| installed.name == prefix).collect();
        candidates.push(Candidate {
            prefix,
            versions,
            requirement: None,
            held: Held::Loosely(None),
        });
    }
    candidates
}
