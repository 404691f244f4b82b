//! What is measured.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use cooper_testbed::{Context, Result};

use super::plugins;

/// One thing that both programs do.
pub(crate) struct Scenario {
    /// `a`
    pub(crate) letter: char,
    /// For the table.
    pub(crate) title: &'static str,
    /// What the programs are called with.
    pub(crate) arguments: &'static [&'static str],
    /// What the programs need besides themselves.
    pub(crate) tools: Tools,
    /// At most this often, where Packer takes minutes; 0 where it does not get through.
    pub(crate) packer_runs: Option<usize>,
    /// What is aimed at, for the table.
    pub(crate) goal: &'static str,
    /// How many MiB are moved, where that is the matter.
    pub(crate) moved: Option<u64>,
    write: fn(&Inputs<'_>) -> Result<()>,
}

/// What programs need besides themselves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tools {
    Nothing,
    /// A Docker daemon and a registry.
    Daemon,
    /// Plugins, which are installed.
    Plugins,
}

/// How many MiB plugins move.
const MOVED: u64 = 512;

/// Where a scenario's files go.
struct Inputs<'a> {
    folder: &'a Path,
    registry: &'a str,
    /// Inputs are this many times smaller than they should be.
    divisor: usize,
}

impl Scenario {
    /// All of them, in order.
    pub(crate) fn all() -> Vec<Self> {
        let build = |letter, title, goal, write| Self {
            letter,
            title,
            arguments: &["build", "template.pkr.hcl"],
            tools: Tools::Daemon,
            packer_runs: None,
            goal,
            moved: None,
            write,
        };
        let alone = |letter, title, arguments, goal, write| Self {
            letter,
            title,
            arguments,
            tools: Tools::Nothing,
            packer_runs: None,
            goal,
            moved: None,
            write,
        };
        // Debian's Packer, 1.6.6, knows no plugin with more than one component.
        let plugin = |letter, title, arguments, write| Self {
            tools: Tools::Plugins,
            packer_runs: Some(0),
            ..alone(letter, title, arguments, "–", write)
        };
        const BUILD: &[&str] = &["build", "-force", "template.pkr.hcl"];
        const VALIDATE: &[&str] = &["validate", "template.pkr.hcl"];
        vec![
            build('a', "the example, tagged and pushed", "ratio 0.50, 60 MB", example),
            build('b', "20 one-line shell steps", "ratio 0.20, 60 MB", many_steps),
            build('c', "a 300 MB file and 5,000 files of 4 KiB", "ratio 0.62, 60 MB", many_bytes),
            build('d', "16 builds in parallel", "ratio 0.45, 60 MB", many_builds),
            Self {
                packer_runs: Some(1),
                ..alone(
                    'e',
                    "`validate` of 5,000 variables, 5,000 locals, 1,000 null sources",
                    VALIDATE,
                    "0.5 s, 200 MB",
                    many_names,
                )
            },
            alone('f', "`version`", &["version"], "10 ms", |_| Ok(())),
            alone(
                'g',
                "`fmt -check` of 5,000 files",
                &["fmt", "-check", "."],
                "ratio 1.00",
                many_files,
            ),
            Self {
                // Packer 1.6.6 does not find the names of so many.
                packer_runs: Some(0),
                ..alone(
                    'h',
                    "`validate` of 20,000 locals in a chain",
                    VALIDATE,
                    "0.5 s, 200 MB",
                    long_chain,
                )
            },
            plugin('i', "`validate` with a component of a plugin in Go", VALIDATE, one_in_go),
            plugin('j', "the same, thirty plugins being installed", VALIDATE, one_of_thirty),
            Self {
                packer_runs: None,
                ..plugin(
                    'm',
                    "`validate` with a component of a plugin in Rust",
                    VALIDATE,
                    one_in_rust,
                )
            },
            plugin(
                'n',
                "1,000 commands of 1,000 `shell` steps, in the machine of a plugin in Go",
                BUILD,
                built_in_commands,
            ),
            plugin(
                'o',
                "1,000 commands of one step of a plugin in Go, in the same machine",
                BUILD,
                commands_of_plugin,
            ),
            Self {
                moved: Some(MOVED),
                ..plugin(
                    'q',
                    "512 MiB from one plugin in Go into the machine of another",
                    BUILD,
                    take,
                )
            },
            Self {
                moved: Some(MOVED),
                ..plugin('r', "512 MiB out of the machine, to that plugin", BUILD, bring)
            },
        ]
    }

    /// Writes a scenario's files: small ones for a trial.
    pub(crate) fn prepare(&self, folder: &Path, registry: &str, small: bool) -> Result<()> {
        (self.write)(&Inputs { folder, registry, divisor: if small { 10 } else { 1 } })
    }
}

impl Inputs<'_> {
    fn file(&self, name: &str, content: &str) -> Result<()> {
        fs::write(self.folder.join(name), content).context(format!("write {name}"))
    }

    fn template(&self, content: &str) -> Result<()> {
        self.file("template.pkr.hcl", content)
    }

    /// A source that commits, and a chain that gives the image a name by which it is removed.
    fn source(&self, name: &str) -> String {
        format!(
            "source \"docker\" \"{name}\" {{\n  image  = \"base:latest\"\n  commit = true\n}}\n"
        )
    }

    fn tag(&self, tag: &str) -> String {
        let repository = self.registry;
        format!(
            "  post-processor \"docker-tag\" {{\n    repository = \"{repository}/bench\"\n    \
             tags       = [{tag}]\n  }}\n"
        )
    }
}

fn example(inputs: &Inputs<'_>) -> Result<()> {
    let template = include_str!("../../../../docs/examples/python-app/template.pkr.hcl");
    // Debian's Packer, 1.6.6, does not know `required_plugins` yet.
    let (_, template) = template.split_once("source \"docker\"").unwrap_or_default();
    let template = format!("source \"docker\"{template}");
    inputs.template(&template.replace("registry.example", inputs.registry))?;
    inputs.file("app.py", include_str!("../../../../docs/examples/python-app/app.py"))?;
    inputs.file("requirements.txt", "# nothing\n")
}

fn many_files(inputs: &Inputs<'_>) -> Result<()> {
    let template = include_str!("../../../../docs/examples/python-app/template.pkr.hcl");
    for n in 0..5_000 / inputs.divisor {
        inputs.file(&format!("{n}.pkr.hcl"), template)?;
    }
    Ok(())
}

fn long_chain(inputs: &Inputs<'_>) -> Result<()> {
    let mut template = "locals {\n  l0 = \"x\"\n".to_owned();
    for n in 1..20_000 / inputs.divisor {
        let _ = writeln!(template, "  l{n} = upper(local.l{})", n - 1);
    }
    template.push_str(
        "}\nsource \"null\" \"n\" {\n  communicator = \"none\"\n}\n\
         build {\n  sources = [\"source.null.n\"]\n}\n",
    );
    inputs.template(&template)
}

fn many_steps(inputs: &Inputs<'_>) -> Result<()> {
    let mut template = inputs.source("it");
    template.push_str("build {\n  sources = [\"source.docker.it\"]\n");
    for n in 0..20 / inputs.divisor {
        let _ = writeln!(template, "  provisioner \"shell\" {{ inline = [\"echo {n} > /{n}\"] }}");
    }
    template.push_str(&inputs.tag("\"it\""));
    template.push_str("}\n");
    inputs.template(&template)
}

fn many_bytes(inputs: &Inputs<'_>) -> Result<()> {
    let mut noise = Noise(0x9e37_79b9_7f4a_7c15);
    noise.fill(&inputs.folder.join("large"), 300_000_000 / inputs.divisor)?;
    for n in 0..5_000 / inputs.divisor {
        let folder = inputs.folder.join("tree").join((n / 100).to_string());
        fs::create_dir_all(&folder).context("make a folder")?;
        noise.fill(&folder.join(n.to_string()), 4096)?;
    }
    let mut template = inputs.source("it");
    template.push_str(
        "build {\n  sources = [\"source.docker.it\"]\n  provisioner \"file\" {\n    \
         source      = \"large\"\n    destination = \"/large\"\n  }\n  provisioner \"file\" {\n    \
         source      = \"tree\"\n    destination = \"/tree\"\n  }\n",
    );
    template.push_str(&inputs.tag("\"it\""));
    template.push_str("}\n");
    inputs.template(&template)
}

fn many_builds(inputs: &Inputs<'_>) -> Result<()> {
    let count = 16 / inputs.divisor.min(8);
    let mut template: String = (0..count).map(|n| inputs.source(&format!("s{n}"))).collect();
    template.push_str("build {\n  sources = [\n");
    (0..count).for_each(|n| {
        let _ = writeln!(template, "    \"source.docker.s{n}\",");
    });
    template.push_str("  ]\n  provisioner \"shell\" { inline = [\"echo done > /done\"] }\n");
    template.push_str(&inputs.tag("source.name"));
    template.push_str("}\n");
    inputs.template(&template)
}

fn many_names(inputs: &Inputs<'_>) -> Result<()> {
    let mut template = String::new();
    for n in 0..5_000 / inputs.divisor {
        let _ = writeln!(template, "variable \"v{n}\" {{\n  default = \"value {n}\"\n}}");
    }
    template.push_str("locals {\n");
    for n in 0..5_000 / inputs.divisor {
        let _ = writeln!(template, "  l{n} = \"local of ${{var.v{n}}}\"");
    }
    template.push_str("}\n");
    let sources = 1_000 / inputs.divisor;
    for n in 0..sources {
        let _ = writeln!(template, "source \"null\" \"s{n}\" {{\n  communicator = \"none\"\n}}");
    }
    template.push_str("build {\n  sources = [\n");
    (0..sources).for_each(|n| {
        let _ = writeln!(template, "    \"source.null.s{n}\",");
    });
    template.push_str("  ]\n}\n");
    inputs.template(&template)
}

fn one_in_go(inputs: &Inputs<'_>) -> Result<()> {
    inputs.template(&plugin_build(""))
}

fn one_of_thirty(inputs: &Inputs<'_>) -> Result<()> {
    plugins::install_others(inputs.folder, 30 / inputs.divisor)?;
    inputs.template(&plugin_build(""))
}

fn one_in_rust(inputs: &Inputs<'_>) -> Result<()> {
    inputs.template(
        "source \"null\" \"n\" {\n  communicator = \"none\"\n}\nbuild {\n  sources = \
         [\"source.null.n\"]\n  provisioner \"greet\" {\n    who = \"you\"\n  }\n}\n",
    )
}

fn built_in_commands(inputs: &Inputs<'_>) -> Result<()> {
    let step = "  provisioner \"shell\" {\n    inline        = [\"exit 0\"]\n    \
                remote_folder = \".\"\n  }\n";
    inputs.template(&plugin_build(&step.repeat(1_000 / inputs.divisor)))
}

fn commands_of_plugin(inputs: &Inputs<'_>) -> Result<()> {
    inputs.template(&plugin_build(&misbehave("start one by one", 1_000 / inputs.divisor)))
}

fn take(inputs: &Inputs<'_>) -> Result<()> {
    let amount = usize::try_from(MOVED).unwrap_or(0) / inputs.divisor;
    inputs.template(&plugin_build(&misbehave("take much", amount)))
}

fn bring(inputs: &Inputs<'_>) -> Result<()> {
    let make = format!(
        "  provisioner \"shell\" {{\n    inline        = [\"truncate -s {}M much\"]\n    \
         remote_folder = \".\"\n  }}\n",
        MOVED / inputs.divisor as u64
    );
    inputs.template(&plugin_build(&(make + &misbehave("bring much", 0))))
}

/// A step of the plugin for tests.
fn misbehave(how: &str, amount: usize) -> String {
    format!("  provisioner \"misbehave\" {{\n    how    = \"{how}\"\n    amount = {amount}\n  }}\n")
}

/// A build in a folder as a machine, which a plugin makes.
fn plugin_build(steps: &str) -> String {
    format!(
        "source \"files\" \"machine\" {{\n  target = \"machine\"\n}}\n\
         build {{\n  sources = [\"source.files.machine\"]\n{steps}}}\n"
    )
}

/// Bytes that nothing can compress, the same in every run.
struct Noise(u64);

impl Noise {
    fn fill(&mut self, path: &Path, length: usize) -> Result<()> {
        let place = || format!("write {}", path.display());
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path).context(place())?);
        for _ in 0..length / 8 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            file.write_all(&self.0.to_le_bytes()).context(place())?;
        }
        file.flush().context(place())
    }
}
