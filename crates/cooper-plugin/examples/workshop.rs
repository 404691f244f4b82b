//! One component of each kind: the plugin `workshop`, whose machines are folders of this computer.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cooper_plugin::communicator::Local;
use cooper_plugin::{
    Artifact, Build, Builder, CancellationToken, DEFAULT, DataSource, Facts, Machine, Made, Plugin,
    PostProcessor, Processed, Provisioner, Provisioners, Result, Schema, Ui, quoted,
};

fn main() -> std::process::ExitCode {
    Plugin::new(env!("CARGO_PKG_VERSION"))
        .builder::<Workshop>(DEFAULT)
        .provisioner::<Move>("move")
        .post_processor::<List>("list")
        .data_source::<Words>("words")
        .main()
}

/// A folder as a machine. What is in it at the end is the artifact.
#[derive(Schema)]
struct Workshop {
    /// The folder, which must not be there yet.
    folder: PathBuf,
}

impl Builder for Workshop {
    const FACTS: &'static [&'static str] = &["Folder"];

    fn warnings(&self) -> Vec<String> {
        match self.folder.is_relative() {
            true => vec![format!("`folder` is where you stand: {}", self.folder.display())],
            false => Vec::new(),
        }
    }

    async fn run(
        &self,
        provisioners: &Provisioners,
        ui: &Ui,
        build: &Build,
        cancelled: &CancellationToken,
    ) -> Result<Option<Made>> {
        let folder = std::path::absolute(&self.folder)?;
        ui.say(format!("making {} for {}", self.folder.display(), build.name)).await;
        tokio::fs::create_dir(&folder).await?;
        let id = format!("workshop-{}", build.name);
        let facts = [("ID", id.clone()), ("Folder", folder.display().to_string())];
        let facts = facts.map(|(name, value)| (name.to_owned(), value));
        let provisioned = provisioners.run(Local::new(&folder), &Facts::from(facts)).await;
        if cancelled.is_cancelled() || provisioned.is_err() {
            tokio::fs::remove_dir_all(&folder).await?;
        }
        provisioned?;
        let mut made = Made::new(id).builder_id("example.workshop").state("colour", "green");
        let mut entries = tokio::fs::read_dir(&folder).await?;
        while let Some(entry) = entries.next_entry().await? {
            if entry.file_type().await?.is_file() {
                made = made.file(entry.path());
            }
        }
        Ok(Some(made.removed_by(move || {
            let folder = folder.clone();
            async move { Ok(tokio::fs::remove_dir_all(folder).await?) }
        })))
    }
}

/// Moves things into the machine and out of it again, in every way there is.
#[derive(Schema)]
struct Move {
    /// A folder here that is copied into the machine.
    source: PathBuf,
    /// A folder here that gets what was made in the machine.
    target: PathBuf,
    /// Files that are made: what is in them, by their name.
    #[schema(default)]
    files: BTreeMap<String, String>,
    /// What is done to them.
    step: Vec<Step>,
    /// What the machine is locked with.
    #[schema(sensitive)]
    password: Option<String>,
}

/// Something that is done in the machine.
#[derive(Schema)]
struct Step {
    /// A command.
    run: String,
    /// What it reads.
    #[schema(default)]
    input: String,
    /// What its status is to be.
    #[schema(default = 0)]
    status: i64,
}

impl Provisioner for Move {
    fn prepare(&mut self, _: &Build) -> Result {
        match self.source.is_dir() {
            true => Ok(()),
            false => Err(format!("`source` is no folder: {}", self.source.display()).into()),
        }
    }

    async fn provision(&self, machine: &Machine, ui: &Ui, build: &Build) -> Result {
        let id = build.fact("ID").unwrap_or("?");
        ui.say(format!("{id} is locked with {:?}", self.password)).await;
        machine.upload_dir(&self.source, ".").await?;
        for (name, content) in &self.files {
            machine.upload_with_mode(name, content, 0o640).await?;
            let read = machine.download(name).await?;
            assert_eq!(read, content.as_bytes(), "what was uploaded is what is there");
        }
        for Step { run, input, status } in &self.step {
            let output = machine.command(run).input(input.as_bytes()).output().await?;
            if output.status != *status {
                let complaint = output.complaint();
                return Err(format!("`{run}` ended with {}: {complaint}", output.status).into());
            }
            ui.message(output.text().trim_end()).await;
        }
        machine.run(format!("ls {}", quoted("."))).await?;
        machine.download_dir("./", &self.target).await
    }
}

/// Writes down which files an artifact has.
#[derive(Schema)]
struct List {
    /// Where to.
    output: PathBuf,
    /// What becomes of the input: `goes`, `stays`, `needed`, or `handed on`.
    #[schema(default = "goes")]
    input: String,
}

impl PostProcessor for List {
    async fn post_process(&self, input: &Artifact, ui: &Ui, _: &Build) -> Result<Processed> {
        let colour = input.state("colour").await?.unwrap_or_default();
        let mut list = format!("{} by {}, {colour}\n", input.id(), input.builder_id());
        let names = input.files().iter().filter_map(|file| file.rsplit('/').next());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        list.extend(names.iter().flat_map(|name| [name, "\n"]));
        tokio::fs::write(&self.output, list).await?;
        ui.say(format!("{} files in {}", names.len(), self.output.display())).await;
        let made = Made::new(self.output.display().to_string())
            .file(&self.output)
            .summary(format!("a list: {}", self.output.display()));
        Ok(match self.input.as_str() {
            "goes" => Processed::made(made),
            "stays" => Processed::made(made).keeping_input(),
            "needed" => Processed::made(made).needing_input(),
            _ => Processed::input(input),
        })
    }
}

/// Counts words.
#[derive(Schema)]
struct Words {
    /// What they are counted in.
    text: String,
}

/// What was counted.
#[derive(Schema)]
struct Counted {
    /// How many there are.
    count: u64,
    /// Their mean length.
    mean: f64,
    /// Each of them.
    words: Vec<String>,
    /// How often each is there.
    times: BTreeMap<String, u32>,
    /// Whether there is none.
    is_empty: bool,
    /// The longest.
    longest: Option<String>,
}

impl DataSource for Words {
    type Output = Counted;

    async fn read(&self) -> Result<Counted> {
        let words: Vec<String> = self.text.split_whitespace().map(str::to_owned).collect();
        let letters: usize = words.iter().map(String::len).sum();
        let mut times = BTreeMap::new();
        for word in &words {
            *times.entry(word.clone()).or_insert(0) += 1;
        }
        Ok(Counted {
            count: u64::try_from(words.len())?,
            mean: if words.is_empty() { 0.0 } else { letters as f64 / words.len() as f64 },
            is_empty: words.is_empty(),
            longest: words.iter().max_by_key(|word| word.len()).cloned(),
            words,
            times,
        })
    }
}
