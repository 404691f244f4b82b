//! Asking data sources.

use std::path::Path;

use cooper_hcl::schema::{Part, check_expressions, decode_all};
use cooper_hcl::{
    Code, Diagnostic, Diagnostics, Environment, Reported, Scope, Value, did_you_mean,
};
use futures::StreamExt;

use super::{DataSources, Values};
use crate::component::{Catalog, Config, DataSource, Origin, Phase, not_open};
use crate::failure::Failure;
use crate::session::Session;
use crate::template::DataBlock;

/// So many data sources are asked at once.
const AT_ONCE: usize = 16;

/// What data sources are prepared and asked with.
#[derive(Clone, Copy)]
pub(super) struct Readings<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) sources: DataSources,
    pub(super) values: &'a Values,
    pub(super) root: &'a Path,
    pub(super) session: &'a Session,
}

impl<'a> Readings<'a> {
    pub(super) fn env(&self) -> Environment<'a> {
        Environment {
            functions: &self.session.functions,
            system: &*self.session.system,
            root: self.root,
            diags: &self.session.diags,
        }
    }

    /// Checks the arguments of a data source; nothing when it is not to be asked.
    pub(super) async fn prepare(
        &self,
        block: &DataBlock,
        scope: &Scope<'_>,
    ) -> Result<Option<Box<dyn DataSource>>, Reported> {
        let session = self.session;
        let component = &block.component;
        let Some(kind) = self.catalog.get_data_source(&component.text) else {
            let message = format!("there is no data source type called `{}`", component.text);
            let error = Diagnostic::error(Code::UnknownComponent, message).at(component.span, "");
            check_expressions(&block.body, scope, self.env());
            return Err(session.diags.error(error.help(self.instead(&component.text))));
        };
        kind.open().await.map_err(|failure| session.diags.error(not_open(&failure, component)))?;
        let part = Part { body: &block.body, scope };
        let (decoded, read) = decode_all(&[part], block.header, kind.schema(), self.env());
        // What it needs is not known when that failed, or was not to be asked either.
        let is_known = read.is_ok() && decoded.value.is_wholly_known();
        let doubtful = Diagnostics::new();
        let config = Config {
            value: decoded.value,
            places: decoded.places,
            sources: &session.sources,
            origin: Origin::unknown(),
            facts: &[],
            before: &[],
            phase: if is_known { Phase::Plan } else { Phase::Draft },
            diags: &session.diags,
            doubtful: &doubtful,
            system: &session.system,
            secrets: &session.secrets,
            lock: &session.lock,
        };
        let prepared = kind.prepare(config).await;
        read?;
        let prepared = prepared?;
        Ok(match self.sources {
            DataSources::Read if is_known => Some(prepared),
            DataSources::Read | DataSources::Check => None,
        })
    }

    fn instead(&self, name: &str) -> String {
        if name.starts_with("hcp-packer-") {
            return "Cooper does not talk to HCP Packer; a variable can hold what it knows".into();
        }
        did_you_mean(name, self.catalog.data_source_names()).unwrap_or_else(|| {
            let names: Vec<_> =
                self.catalog.data_source_names().map(|name| format!("`{name}`")).collect();
            format!("there are {}; others come with plugins", names.join(", "))
        })
    }

    /// Asks all of these at once. What went wrong is recorded in their order.
    pub(super) async fn read(
        &self,
        blocks: &[DataBlock],
        asked: Vec<(usize, Option<Box<dyn DataSource>>)>,
    ) -> Vec<(usize, Option<Value>)> {
        let answers = asked.into_iter().map(|(index, prepared)| async move {
            match prepared {
                Some(source) => (index, Some(source.read().await)),
                None => (index, None),
            }
        });
        let answers: Vec<_> = futures::stream::iter(answers).buffered(AT_ONCE).collect().await;
        let value = |(index, answer): (usize, Option<Result<Value, Failure>>)| {
            let block = &blocks[index];
            let answer = answer.map(|answer| answer.and_then(|value| self.checked(block, value)));
            match answer {
                Some(Ok(value)) => {
                    self.session.secrets.add_marked(&value);
                    (index, Some(value))
                }
                Some(Err(failure)) => {
                    let message = format!("`{block}` cannot be read: {failure}");
                    let error = Diagnostic::error(Code::DataSource, message).at(block.header, "");
                    self.session.diags.error(error.help(failure.next_step()));
                    (index, None)
                }
                None => (index, None),
            }
        };
        answers.into_iter().map(value).collect()
    }

    /// The answer as the type that was declared.
    fn checked(&self, block: &DataBlock, value: Value) -> Result<Value, Failure> {
        let kind = self.catalog.get_data_source(&block.component.text);
        let Some(kind) = kind else { return Ok(value) };
        value
            .convert(&kind.result().ty())
            .map_err(|error| Failure::new(format!("its answer is not what it declares: {error}")))
    }
}
