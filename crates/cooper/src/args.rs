//! What the user typed, understood.
//!
//! [`parse`] reads Packer's spelling and clap's: `go_flags` rewrites the one into the other,
//! and the derived [`Cli`] does the rest.

mod go_flags;
mod refusal;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::exit::Exit;

/// A build engine for container images that reads Packer's templates.
#[derive(Parser, Debug)]
#[command(name = "cooper", disable_version_flag = true, disable_help_subcommand = true)]
#[command(after_help = AFTER_HELP, args_override_self = true)]
pub struct Cli {
    /// Print records for programs, as Packer does
    #[arg(long, global = true, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(value_name = "BOOL", hide_possible_values = true, display_order = 900)]
    pub machine_readable: bool,

    /// Print one JSON object a line (docs/events.md)
    #[arg(long, global = true, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", hide_default_value = true)]
    #[arg(value_name = "BOOL", hide_possible_values = true, display_order = 901)]
    pub json: bool,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "Flags may be written with one dash or two, before or after the template:\n\
    `-var region=eu`, `--var=region=eu`.";

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Build images from a template
    Build(BuildArgs),
    /// Check that a template can be built, without building it
    Validate(ValidateArgs),
    /// Show what is in a template
    Inspect(InspectArgs),
    /// Evaluate expressions, one after the other
    Console(ConsoleArgs),
    /// Lay out templates in the canonical way
    Fmt(FmtArgs),
    /// Print a legacy template without the forms that Packer no longer takes
    Fix(FixArgs),
    /// Write a legacy template in HCL
    #[command(name = "hcl2_upgrade")]
    Upgrade(UpgradeArgs),
    /// Install the plugins that a template requires
    Init(InitArgs),
    /// Install, list and remove plugins
    #[command(alias = "plugin")]
    Plugins(PluginsArgs),
    /// Help an editor with templates: the Language Server Protocol on standard input and output
    Lsp(LspArgs),
    /// Print a script that lets a shell complete commands and flags
    Completion(CompletionArgs),
    /// Print the version
    Version,
}

/// What `build` takes.
#[derive(Args, Debug)]
pub struct BuildArgs {
    /// Colour the output; `-color=false` also leaves out the colour legend
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true)]
    pub color: bool,

    /// One build at a time, with a pause after every step
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub debug: bool,

    /// Replace what an earlier build left, where a component would refuse to
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub force: bool,

    /// Use nothing but the plugins and base images that `.cooper.lock.hcl` names
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub locked: bool,

    /// What to do when a step fails
    #[arg(long, value_enum, default_value_t = OnError::Cleanup, value_name = "WHAT")]
    pub on_error: OnError,

    /// How many builds run at once; 0 is no limit. Without it, four for each processor, at most 64
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = count)]
    pub parallel_builds: Option<i64>,

    /// Write the time in front of every message
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub timestamp_ui: bool,

    /// Warn about values in variable files for variables that are not declared
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub warn_on_undeclared_var: bool,

    /// Accepted; concerns a service that Cooper does not use.
    #[arg(long, hide = true, action = clap::ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = false, default_missing_value = "true", require_equals = true)]
    pub skip_enforcement: bool,

    /// The template and its inputs.
    #[command(flatten)]
    pub template: TemplateArgs,
}

/// What `validate` takes.
#[derive(Args, Debug)]
pub struct ValidateArgs {
    /// Check only what can be seen without values: the grammar and the blocks
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub syntax_only: bool,

    /// Use nothing but the plugins and base images that `.cooper.lock.hcl` names
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub locked: bool,

    /// Do not warn about values for variables that are not declared
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub no_warn_undeclared_var: bool,

    /// Ask data sources for their values
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub evaluate_datasources: bool,

    /// The template and its inputs.
    #[command(flatten)]
    pub template: TemplateArgs,
}

/// What `inspect` takes.
#[derive(Args, Debug)]
pub struct InspectArgs {
    /// The template and its inputs.
    #[command(flatten)]
    pub template: TemplateArgs,
}

/// What `hcl2_upgrade` takes.
#[derive(Args, Debug)]
pub struct UpgradeArgs {
    /// The file to write; without it, the template's name with `.pkr.hcl` at its end
    #[arg(long, value_name = "PATH")]
    pub output_file: Option<PathBuf>,

    /// Add comments that say where the parts come from
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub with_annotations: bool,

    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// A legacy template
    #[arg(value_name = "TEMPLATE")]
    pub path: PathBuf,
}

/// What `fix` takes.
#[derive(Args, Debug)]
pub struct FixArgs {
    /// Check the fixed template
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true)]
    pub validate: bool,

    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// A legacy template
    #[arg(value_name = "TEMPLATE")]
    pub path: PathBuf,
}

/// What `init` takes.
#[derive(Args, Debug)]
pub struct InitArgs {
    /// Install newer versions than those that are there, if the template allows them
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub upgrade: bool,

    /// Install the plugins that `.cooper.lock.hcl` names, and no others
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub locked: bool,

    /// Fetch plugins again that are there
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub force: bool,

    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// A template file, or a folder of them
    #[arg(value_name = "TEMPLATE")]
    pub path: PathBuf,
}

/// What `plugins` takes.
#[derive(Args, Debug)]
pub struct PluginsArgs {
    /// What to do with plugins.
    #[command(subcommand)]
    pub command: PluginsCommand,
}

/// The commands of `plugins`.
#[derive(Subcommand, Debug)]
pub enum PluginsCommand {
    /// Install a plugin from its source, or from a file
    Install(PluginsInstallArgs),
    /// Send the programs of a version to a registry of images
    Push(PluginsPushArgs),
    /// List the plugins that are installed
    Installed,
    /// Remove plugins that are installed
    Remove(PluginsRemoveArgs),
    /// List the plugins that a template requires, and what is installed of them
    Required(PluginsRequiredArgs),
}

/// What `plugins install` takes.
#[derive(Args, Debug)]
pub struct PluginsInstallArgs {
    /// Install this program, and fetch nothing; its version is the one it says it has
    #[arg(long = "path", value_name = "FILE")]
    pub file: Option<PathBuf>,

    /// Fetch it again if it is there
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub force: bool,

    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// Where it comes from: `github.com/OWNER/NAME`
    #[arg(value_name = "SOURCE")]
    pub source: String,

    /// Which versions will do: `1.2.3`, `~> 1.2`; the newest of them is installed
    #[arg(value_name = "VERSION")]
    pub version: Option<String>,
}

/// What `plugins push` takes.
#[derive(Args, Debug)]
pub struct PluginsPushArgs {
    /// Replace the version if it is there
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub force: bool,

    /// Where it goes: `oci://REGISTRY/NAMESPACE/NAME`
    #[arg(value_name = "SOURCE")]
    pub source: String,

    /// The version: `1.2.3`
    #[arg(value_name = "VERSION")]
    pub version: String,

    /// The program for each platform: `packer-plugin-NAME_v1.2.3_x5.0_linux_amd64`
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// What `plugins remove` takes.
#[derive(Args, Debug)]
pub struct PluginsRemoveArgs {
    /// Where the plugin came from, or the absolute path of an installed program
    #[arg(value_name = "SOURCE")]
    pub source: String,

    /// Which versions are removed: `1.2.3`, `< 2`; all of them, when it is left out
    #[arg(value_name = "VERSION")]
    pub version: Option<String>,
}

/// What `plugins required` takes.
#[derive(Args, Debug)]
pub struct PluginsRequiredArgs {
    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// A template file, or a folder of them
    #[arg(value_name = "TEMPLATE")]
    pub path: PathBuf,
}

/// What `lsp` takes.
#[derive(Args, Debug)]
pub struct LspArgs {
    /// Accepted, because editors add it; there is no other way to talk.
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// What `completion` takes.
#[derive(Args, Debug)]
#[command(after_help = COMPLETION_HELP)]
pub struct CompletionArgs {
    /// The shell that is to complete commands and flags
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

const COMPLETION_HELP: &str = "\
Once, and again after an update:
  bash  cooper completion bash > ~/.local/share/bash-completion/completions/cooper
  zsh   cooper completion zsh > FOLDER/_cooper    (FOLDER is one of $fpath)
  fish  cooper completion fish > ~/.config/fish/completions/cooper.fish";

/// What `console` takes.
#[derive(Args, Debug)]
pub struct ConsoleArgs {
    /// Where the values of variables come from.
    #[command(flatten)]
    pub inputs: InputArgs,

    /// A template file, or a folder of them; without one there are no variables
    #[arg(value_name = "TEMPLATE")]
    pub path: Option<PathBuf>,
}

/// What `fmt` takes.
#[derive(Args, Debug)]
pub struct FmtArgs {
    /// Write nothing, and end with 3 when something is not as it should be
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub check: bool,

    /// Show what changes, as `diff -u` does
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub diff: bool,

    /// Write the files; `-write=false` shows the layout of a single one instead
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = true, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true)]
    write: bool,

    /// Look into the folders of folders too
    #[arg(long, action = clap::ArgAction::Set, num_args = 0..=1, require_equals = true)]
    #[arg(default_value_t = false, default_missing_value = "true", value_name = "BOOL")]
    #[arg(hide_possible_values = true, hide_default_value = true)]
    pub recursive: bool,

    /// What Packer takes here too.
    #[command(flatten)]
    pub ignored: IgnoredArgs,

    /// Files, folders, or `-` for standard input
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
}

impl FmtArgs {
    /// Whether files are changed.
    pub fn writes(&self) -> bool {
        self.write && !self.check
    }

    /// Whether the layout of a single file is printed instead of written.
    pub fn prints_layout(&self) -> bool {
        let is_single = matches!(&self.paths[..], [path] if !path.is_dir());
        !self.write && !self.check && !self.diff && is_single
    }
}

/// What Packer takes for every command, where it means nothing.
#[derive(Args, Debug)]
pub struct IgnoredArgs {
    /// Values are not looked at.
    #[arg(long = "var", hide = true)]
    variables: Vec<String>,

    /// Files of values are not looked at.
    #[arg(long = "var-file", hide = true)]
    variable_files: Vec<PathBuf>,

    /// Builds are not looked at.
    #[arg(long, hide = true)]
    only: Vec<String>,

    /// Builds are not looked at.
    #[arg(long, hide = true)]
    except: Vec<String>,

    /// There is one kind of file for these commands.
    #[arg(long, value_enum, ignore_case = true, hide = true)]
    config_type: Option<ConfigType>,
}

/// The template, its inputs and the choice of builds.
#[derive(Args, Debug)]
pub struct TemplateArgs {
    /// Where the values of variables come from, and the choice of builds.
    #[command(flatten)]
    pub inputs: InputArgs,

    /// A template file, or a folder of them
    #[arg(value_name = "TEMPLATE")]
    pub path: PathBuf,
}

/// Where the values of variables come from, and the choice of builds.
#[derive(Args, Debug)]
pub struct InputArgs {
    /// Set a variable; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = assignment)]
    pub variables: Vec<(String, String)>,

    /// Read variables from a `.hcl` or `.json` file; may be given several times
    #[arg(long = "var-file", value_name = "PATH")]
    pub variable_files: Vec<PathBuf>,

    /// Only the builds whose names match one of these patterns, separated by commas
    #[arg(long, value_name = "PATTERNS")]
    only: Vec<String>,

    /// Not the builds and post-processors whose names match one of these patterns
    #[arg(long, value_name = "PATTERNS")]
    except: Vec<String>,

    /// What a file is whose name ends in neither `.pkr.hcl` nor `.pkr.json`
    #[arg(long, value_enum, ignore_case = true, value_name = "KIND")]
    pub config_type: Option<ConfigType>,

    /// Accepted; concerns plugins that Cooper does not start.
    #[arg(long, hide = true, action = clap::ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = false, default_missing_value = "true", require_equals = true)]
    pub ignore_prerelease_plugins: bool,

    /// Accepted; Cooper has one order of evaluation.
    #[arg(long, hide = true, action = clap::ArgAction::Set, num_args = 0..=1)]
    #[arg(default_value_t = false, default_missing_value = "true", require_equals = true)]
    pub use_sequential_evaluation: bool,
}

impl InputArgs {
    /// The patterns of `-only`, one by one.
    pub fn only(&self) -> Vec<String> {
        split(&self.only)
    }

    /// The patterns of `-except`, one by one.
    pub fn except(&self) -> Vec<String> {
        split(&self.except)
    }
}

fn split(lists: &[String]) -> Vec<String> {
    lists.iter().flat_map(|list| list.split(',')).map(str::to_owned).collect()
}

/// What `-on-error` can say.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnError {
    /// Clean up and end the build.
    Cleanup,
    /// End the build and leave everything as it is.
    Abort,
    /// Ask which.
    Ask,
    /// Run the error-cleanup-provisioner, then leave everything as it is.
    RunCleanupProvisioner,
}

/// What `-config-type` can say.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub enum ConfigType {
    /// A legacy template, with `builders`; what is taken for granted
    Json,
    /// A template in HCL, which such a file cannot be
    Hcl2,
}

fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(("", _)) => Err("there is no name before the `=`".to_owned()),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("there is no `=`".to_owned()),
    }
}

fn count(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| "that is no whole number".to_owned())
}

/// Why nothing was understood, or nothing needs doing.
#[derive(Debug)]
pub struct Stop {
    /// What to print.
    pub text: String,
    /// How to end. Success is help that was asked for and goes to stdout; the rest is an error.
    pub exit: Exit,
}

/// Reads a command line, the program's own name first.
///
/// # Errors
///
/// [`Stop`], when there is nothing to do but to print something.
pub fn parse(argv: Vec<OsString>) -> Result<Cli, Stop> {
    let mut root = Cli::command();
    root.build();
    let (argv, command) = go_flags::rewrite(argv, &mut root)?;
    Cli::try_parse_from(argv).map_err(|error| refusal::tell(&error, &command))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Result<Cli, Stop> {
        parse(std::iter::once("cooper").chain(line.iter().copied()).map(OsString::from).collect())
    }

    fn build(line: &[&str]) -> BuildArgs {
        match read(line).expect("a valid line").command {
            Command::Build(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_spelling_of_a_variable_is_read() {
        for line in [
            &["build", "-var", "a=b=c", "t.pkr.hcl"][..],
            &["build", "-var=a=b=c", "t.pkr.hcl"],
            &["build", "--var", "a=b=c", "t.pkr.hcl"],
            &["build", "--var=a=b=c", "t.pkr.hcl"],
            &["build", "t.pkr.hcl", "-var", "a=b=c"],
            &["build", "t.pkr.hcl", "--var=a=b=c"],
        ] {
            let args = build(line);
            assert_eq!(
                args.template.inputs.variables,
                [("a".to_owned(), "b=c".to_owned())],
                "{line:?}"
            );
            assert_eq!(args.template.path, PathBuf::from("t.pkr.hcl"));
        }
    }

    #[test]
    fn values_may_begin_with_a_dash() {
        assert_eq!(build(&["build", "-parallel-builds", "-1", "t"]).parallel_builds, Some(-1));
        let args = build(&["build", "-var", "flag=-x", "-only", "-a,b", "t"]);
        assert_eq!(args.template.inputs.only(), ["-a", "b"]);
        assert_eq!(args.template.inputs.variables, [("flag".to_owned(), "-x".to_owned())]);
    }

    #[test]
    fn truth_is_written_as_go_writes_it() {
        for (flag, expected) in [
            ("-force", true),
            ("--force", true),
            ("-force=true", true),
            ("-force=1", true),
            ("-force=T", true),
            ("-force=false", false),
            ("--force=0", false),
        ] {
            assert_eq!(build(&["build", flag, "t"]).force, expected, "{flag}");
        }
        assert!(read(&["build", "-force=maybe", "t"]).is_err());
    }

    #[test]
    fn a_truth_flag_does_not_eat_the_template() {
        let args = build(&["build", "-force", "false"]);
        assert!(args.force);
        assert_eq!(args.template.path, PathBuf::from("false"));
    }

    #[test]
    fn patterns_are_split_at_commas_and_an_empty_one_stays() {
        assert_eq!(
            build(&["build", "-only=a,b", "-only", "c", "t"]).template.inputs.only(),
            ["a", "b", "c"]
        );
        assert_eq!(build(&["build", "-only=", "t"]).template.inputs.only(), [""]);
    }

    #[test]
    fn the_format_is_chosen_anywhere() {
        for line in [
            &["-machine-readable", "build", "t"][..],
            &["build", "-machine-readable", "t"],
            &["build", "t", "--machine-readable"],
        ] {
            assert!(read(line).expect("a valid line").machine_readable, "{line:?}");
        }
        assert!(read(&["version", "-json"]).expect("a valid line").json);
    }

    #[test]
    fn version_has_three_flags_and_a_command() {
        for line in [["-v"], ["-version"], ["--version"], ["version"]] {
            let cli = read(&line).expect("a valid line");
            assert!(matches!(cli.command, Command::Version));
        }
    }

    /// A command, its flags that are true or false, and those that have a value, with one.
    type PackersFlags =
        (&'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

    /// The flags of each of Packer's commands, as its own help has them.
    const PACKERS: &[PackersFlags] = {
        const VALUES: &[(&str, &str)] = &[
            ("var", "a=b"),
            ("var-file", "a.hcl"),
            ("only", "a,b*"),
            ("except", "-a"),
            ("config-type", "Hcl2"),
        ];
        &[
            (
                "build",
                &[
                    "color",
                    "debug",
                    "force",
                    "timestamp-ui",
                    "warn-on-undeclared-var",
                    "ignore-prerelease-plugins",
                    "use-sequential-evaluation",
                    "skip-enforcement",
                    "machine-readable",
                ],
                VALUES,
            ),
            ("build", &[], &[("on-error", "run-cleanup-provisioner"), ("parallel-builds", "-1")]),
            (
                "validate",
                &[
                    "syntax-only",
                    "no-warn-undeclared-var",
                    "evaluate-datasources",
                    "ignore-prerelease-plugins",
                    "use-sequential-evaluation",
                    "machine-readable",
                ],
                VALUES,
            ),
            ("inspect", &["use-sequential-evaluation", "machine-readable"], VALUES),
            ("console", &["use-sequential-evaluation", "machine-readable"], VALUES),
            ("fmt", &["check", "diff", "write", "recursive", "machine-readable"], VALUES),
            ("fix", &["validate", "machine-readable"], VALUES),
            ("hcl2_upgrade", &["with-annotations", "machine-readable"], VALUES),
            ("hcl2_upgrade", &[], &[("output-file", "o.pkr.hcl")]),
            ("version", &["machine-readable"], &[]),
        ]
    };

    #[test]
    fn every_flag_of_packers_is_read_by_its_command() {
        for &(command, truths, values) in PACKERS {
            let mut lines: Vec<Vec<String>> = Vec::new();
            for name in truths {
                for form in ["-{}", "--{}", "-{}=true", "--{}=false", "-{}=0", "-{}=T"] {
                    lines.push(vec![form.replace("{}", name)]);
                }
            }
            for (name, value) in values {
                lines.push(vec![format!("-{name}"), (*value).to_owned()]);
                lines.push(vec![format!("--{name}"), (*value).to_owned()]);
                lines.push(vec![format!("-{name}={value}")]);
                lines.push(vec![format!("--{name}={value}")]);
            }
            for line in &lines {
                let words = line.iter().map(String::as_str);
                let before: Vec<&str> =
                    [command].into_iter().chain(words.clone()).chain(["t"]).collect();
                let after: Vec<&str> = [command, "t"].into_iter().chain(words).collect();
                for line in [before, after] {
                    let read = read(&line);
                    assert!(read.is_ok(), "{line:?}: {}", read.unwrap_err().text);
                }
            }
        }
    }

    #[test]
    fn repeated_flags_add_up_or_the_last_one_counts() {
        let args = build(&[
            "build",
            "-var=a=1",
            "-var=b=2",
            "-var=a=3",
            "-var-file=x.hcl",
            "-var-file=y.json",
            "-force",
            "-force=false",
            "-color=false",
            "-color",
            "t",
        ]);
        let names: Vec<_> = args.template.inputs.variables.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b", "a"]);
        assert_eq!(args.template.inputs.variable_files, ["x.hcl", "y.json"].map(PathBuf::from));
        assert!(!args.force && args.color);
        let twice = [
            "build",
            "-on-error=ask",
            "-on-error=abort",
            "-parallel-builds=1",
            "-parallel-builds=2",
        ];
        let args = build(&[&twice[..], &["t"]].concat());
        assert_eq!((args.on_error, args.parallel_builds), (OnError::Abort, Some(2)));
    }

    #[test]
    fn what_packer_hides_is_accepted() {
        build(&[
            "build",
            "-ignore-prerelease-plugins",
            "-use-sequential-evaluation",
            "-skip-enforcement",
            "-config-type=HCL2",
            "t",
        ]);
    }

    #[test]
    fn wrong_lines_end_with_packers_codes() {
        for (line, code) in [
            (&["build"][..], 1),
            (&["build", "a", "b"], 1),
            (&["build", "-on-error=never", "t"], 1),
            (&["build", "-parallel-builds=x", "t"], 1),
            (&["build", "-var", "a", "t"], 1),
            (&["build", "-nope", "t"], 1),
            (&["build", "t", "-var"], 1),
            (&["-force", "build", "t"], 1),
            (&[], 127),
            (&["bulid", "t"], 127),
            (&["plugins"], 1),
            (&["plugins", "instal"], 1),
            (&["plugins", "install"], 1),
            (&["plugins", "install", "-help"], 0),
            (&["plugin", "-h"], 0),
            (&["-h"], 0),
            (&["help"], 0),
            (&["help", "build"], 0),
            (&["build", "-help"], 0),
            (&["build", "t", "-h"], 0),
            (&["bulid", "-h"], 127),
        ] {
            let stop = read(line).expect_err("nothing to do");
            assert_eq!(stop.exit.code(), code, "{line:?}: {}", stop.text);
        }
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
