//! Cooper, a plugin of its, or both are killed while they work.

use std::fs;
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Error, Result, process};
use libtest_mimic::Trial;

use crate::docker_trial;
use crate::plugin::{Encoding, install};
use crate::run::{Run, Running, Working, check};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        docker_trial("a_plugin_that_is_killed_leaves_nothing", plugin),
        docker_trial("a_cooper_that_is_killed_leaves_nothing_but_for_the_next_run", || {
            killed("hang with a child", "there is a child", |_, running| {
                running.kill();
                Ok(())
            })
        }),
        docker_trial("a_cooper_that_is_killed_while_a_plugin_uploads_leaves_nothing", || {
            killed("upload for ever", "about to upload", |run, running| {
                let on_its_way = || fs::read_dir(run.temporary()).is_ok_and(|all| all.count() > 0);
                let begun = process::wait_until(Duration::from_secs(20), on_its_way);
                running.kill();
                check(begun, || "nothing is on its way".to_owned())
            })
        }),
        docker_trial("both_killed_leave_nothing_but_for_the_next_run", || {
            killed("hang with a child", "there is a child", |run, running| {
                let plugins = plugins(run);
                check(!plugins.is_empty(), || "there is no plugin".to_owned())?;
                running.kill();
                plugins.iter().for_each(|plugin| process::kill(plugin.id));
                Ok(())
            })
        }),
    ]
}

/// Begins a build in a container, and waits until its plugin says something.
fn start(how: &str, said: &str) -> Result<(Run, Running)> {
    let run = Run::of("killed.pkr.hcl", install(Encoding::Newer)?)?;
    let mut running = run.start(&[&format!("-var=how={how}")])?;
    running.wait_for(said)?;
    Ok((run, running))
}

/// The processes of plugins, without those that they started.
fn plugins(run: &Run) -> Vec<Working> {
    let processes = run.processes().into_iter();
    processes.filter(|process| process.command_line.contains("packer-plugin-")).collect()
}

/// The build ends at once, with one error that names the plugin, and cleans up.
fn plugin() -> Result<()> {
    let (run, running) = start("hang with a child", "there is a child")?;
    plugins(&run).iter().for_each(|plugin| process::kill(plugin.id));
    let output = running.end()?;
    run.expect(&output, false, &["packer-plugin-misbehave_v0.1.0", "signal: 9"])?;
    run.nothing_is_left()?;
    expect_no_container(&container(&output.stdout)?)
}

/// After a Cooper that could not clean up, the next run does.
fn killed(how: &str, said: &str, kill: impl FnOnce(&Run, &Running) -> Result<()>) -> Result<()> {
    let (run, running) = start(how, said)?;
    kill(&run, &running)?;
    let killed = running.end()?;
    let next = run.build(&["-var=how=leave no trace"])?;
    run.expect(&next, false, &["it cannot `leave no trace`"])?;
    run.nothing_is_left()?;
    expect_no_container(&container(&killed.stdout)?)
}

/// The id of the container that a build says it has made.
fn container(printed: &str) -> Result<String> {
    let id = printed.split("Container ID: ").nth(1).and_then(|rest| rest.lines().next());
    let id = id.map(|id| id.trim().to_owned());
    id.ok_or_else(|| Error::new(format!("there is no container in\n{printed}")))
}

fn expect_no_container(id: &str) -> Result<()> {
    let list = || {
        let mut docker = Command::new("docker");
        docker.args(["ps", "--all", "--quiet", "--no-trunc"]);
        process::run(&mut docker, Duration::from_secs(60))
    };
    // A removal that was begun may still be under way.
    let is_gone = || list().is_ok_and(|list| !list.contains(id));
    let gone = process::wait_until(Duration::from_secs(10), is_gone);
    check(gone, || format!("container {id} is left"))
}
