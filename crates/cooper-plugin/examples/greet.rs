//! A provisioner in twenty lines: the plugin `greet`.

use cooper_plugin::{Build, DEFAULT, Machine, Plugin, Provisioner, Result, Schema, Ui};

/// Leaves a greeting in the machine.
#[derive(Schema)]
struct Greet {
    /// Who is greeted.
    who: String,
    /// The file that the greeting goes to.
    #[schema(default = "/etc/motd")]
    path: String,
}

impl Provisioner for Greet {
    async fn provision(&self, machine: &Machine, ui: &Ui, build: &Build) -> Result {
        let name = machine.read("uname -n").await?;
        machine.upload(&self.path, format!("{name} greets {}\n", self.who)).await?;
        machine.run(format!("cat {}", self.path)).await?;
        ui.say(format!("{} is done", build.name)).await;
        Ok(())
    }
}

fn main() -> std::process::ExitCode {
    Plugin::new(env!("CARGO_PKG_VERSION")).provisioner::<Greet>(DEFAULT).main()
}
