//! A script does not want to end.

use std::time::Duration;

use cooper_testbed::Result;

use crate::rig::{Rig, expect_no_containers, template};

/// The script and its child ignore every signal they can. What the clean-up provisioner sees
/// afterwards shows whether they are gone.
const STEPS: &str = r#"
  provisioner "shell" {
    timeout = "2s"
    inline  = [
      "trap '' TERM INT HUP",
      "echo at work",
      "sh -c \"trap '' TERM INT HUP; while :; do sleep 4321; done\"",
    ]
  }
  error-cleanup-provisioner "shell" {
    inline = ["echo sleepers: $(ps | grep -c '[s]leep 4321')."]
  }
"#;

pub(crate) fn stubborn() -> Result<()> {
    let ended = Rig::new("timeout", &template(STEPS))?.run()?;
    ended.expect_failure(&["time"])?;
    ended.expect("it ends soon", ended.took < Duration::from_secs(40))?;
    ended.expect("the script began", ended.stdout.contains("at work"))?;
    ended.expect("its processes are gone", ended.stdout.contains("sleepers: 0."))?;
    expect_no_containers()
}
