//! The same plugin, on the SDK.

use cooper_plugin::{
    Artifact, Build, Builder, CancellationToken, DEFAULT, DataSource, Facts, Machine, Made, Plugin,
    PostProcessor, Processed, Provisioner, Provisioners, Result, Schema, Ui,
};

use super::plugin::Echo;

/// Is the plugin, for a command line.
pub(crate) fn main(arguments: &[String]) {
    let plugin = Plugin::new("1.0.0")
        .builder::<Box>(DEFAULT)
        .provisioner::<Run>("run")
        .post_processor::<Wrap>("wrap")
        .data_source::<Find>("find");
    let program = ["packer-plugin-test".to_owned()];
    let arguments: Vec<String> = program.iter().chain(arguments).cloned().collect();
    let _ = plugin.run(&arguments);
}

/// Makes a machine that echoes.
#[derive(Schema)]
struct Box {
    /// What it is called.
    name: String,
    /// What is written on it.
    tag: Vec<Tag>,
}

/// Something that is written on a box.
#[derive(Schema)]
struct Tag {
    /// What is written.
    key: Option<String>,
}

impl Builder for Box {
    const FACTS: &'static [&'static str] = &["Custom"];

    fn prepare(&mut self, _: &Build) -> Result {
        if self.name == "bad" {
            return Err("the machine cannot be called so".into());
        }
        match self.tag.iter().position(|tag| tag.key.as_deref() == Some("bad")) {
            Some(index) => Err(format!("`tag[{index}].key` is bad").into()),
            None => Ok(()),
        }
    }

    async fn run(
        &self,
        provisioners: &Provisioners,
        ui: &Ui,
        _: &Build,
        _: &CancellationToken,
    ) -> Result<Option<Made>> {
        let Self { name, tag } = self;
        let keys: Vec<&str> = tag.iter().filter_map(|tag| tag.key.as_deref()).collect();
        if !tag.is_empty() {
            ui.say(format!("builder {name} with {} tags {keys:?}", tag.len())).await;
        }
        let facts = [("ID", "i-1"), ("Custom", "custom"), ("Name", name)];
        let facts = facts.map(|(name, value)| (name.to_owned(), value.to_owned()));
        provisioners.run(Echo, &Facts::from(facts)).await?;
        if !tag.is_empty() {
            ui.say("the builder is done").await;
        }
        Ok(Some(Made::new(name)))
    }
}

/// Runs commands.
#[derive(Schema)]
struct Run {
    /// How it is announced.
    title: Option<String>,
    /// What is run.
    #[schema(default)]
    commands: Vec<String>,
    /// What is not to be told.
    #[schema(sensitive)]
    password: Option<String>,
}

impl Provisioner for Run {
    fn prepare(&mut self, _: &Build) -> Result {
        match self.commands.iter().any(|command| command == "bad") {
            true => Err("`commands` has one that is bad".into()),
            false => Ok(()),
        }
    }

    async fn provision(&self, machine: &Machine, ui: &Ui, build: &Build) -> Result {
        let title = self.title.as_deref().unwrap_or_default();
        let id = build.fact("ID").unwrap_or_default();
        ui.say(format!("provisioning {title} with ID {id}")).await;
        for command in &self.commands {
            assert!(command != "panic", "boom with {:?}", self.password);
            let output = machine.command(command).output().await?;
            ui.say(format!("out: {}", output.text())).await;
            match output.status {
                0 => ui.say("status 0").await,
                status => return Err(format!("a command ended with {status}").into()),
            }
        }
        Ok(())
    }
}

/// Wraps an artifact into another.
#[derive(Schema)]
struct Wrap {
    /// What it is wrapped in.
    title: Option<String>,
}

impl PostProcessor for Wrap {
    async fn post_process(&self, input: &Artifact, ui: &Ui, _: &Build) -> Result<Processed> {
        let id = input.id();
        ui.say(format!("wrapping {id}")).await;
        let title = self.title.as_deref().unwrap_or_default();
        Ok(Processed::made(Made::new(format!("{title} {id}"))).keeping_input())
    }
}

/// Finds something.
#[derive(Schema)]
struct Find {
    /// What is looked for.
    name: String,
}

/// What was found.
#[derive(Schema)]
struct Found {
    /// Itself.
    found: String,
}

impl DataSource for Find {
    type Output = Found;

    async fn read(&self) -> Result<Found> {
        Ok(Found { found: format!("the found {}", self.name) })
    }
}
