//! The picture in the README: a real run in a real terminal, drawn as SVG.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use cooper_testbed::{Context, Environment, Error, Result, process};

use crate::demo;
use crate::workspace::{Workspace, in_environment};

const COLUMNS: usize = 148;
const LINES: usize = 60;
const END: &str = "(end)";

/// Shows a mistake and then the example's build, and writes what a terminal shows.
pub(crate) fn draw(workspace: &Workspace) -> Result<()> {
    let cooper = workspace.build_cooper(false)?;
    let environment = workspace.testbed().up()?;
    let folder = workspace.target("demo");
    demo::lay_out(workspace, &environment, &folder)?;
    let template = fs::read_to_string(folder.join("template.pkr.hcl")).context("read")?;
    let mistake = folder.join("mistake");
    fs::create_dir_all(&mistake).context("make folder `mistake`")?;
    fs::write(
        mistake.join("template.pkr.hcl"),
        template.replace("source.docker.python-app", "source.docker.pyton-app"),
    )
    .context("write a template with a mistake")?;

    let cooper = cooper.display();
    let script = format!(
        "clear; echo '$ cooper validate mistake/template.pkr.hcl'; \
         {cooper} validate mistake/template.pkr.hcl; \
         echo; echo '$ cooper build template.pkr.hcl'; {cooper} build template.pkr.hcl; echo '{END}'; \
         sleep 60"
    );
    let screen = terminal(&script, &folder, &environment)?;
    let screen = screen.split(END).next().unwrap_or_default();
    let path = workspace.path("docs/picture.svg");
    fs::write(&path, svg(screen.trim_end())).context(format!("write {}", path.display()))
}

/// Runs a script in a terminal until it has printed [`END`]; returns the screen with its colours.
fn terminal(script: &str, folder: &std::path::Path, environment: &Environment) -> Result<String> {
    let limit = Duration::from_secs(10);
    // A server of our own, so that nobody's sessions and settings take part.
    let name = format!("cooper-{}", std::process::id());
    let tmux = |arguments: &[&str]| {
        let mut command = Command::new("tmux");
        command.args(["-L", &name, "-f", "/dev/null"]).args(arguments).current_dir(folder);
        command.env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color").env_remove("TMUX");
        process::run(in_environment(&mut command, environment), limit)
    };
    let (columns, lines) = (COLUMNS.to_string(), LINES.to_string());
    tmux(&["new-session", "-d", "-x", &columns, "-y", &lines, "sh", "-c", script])?;
    let mut screen = Ok(String::new());
    let ended = process::wait_until(Duration::from_secs(120), || {
        screen = tmux(&["capture-pane", "-e", "-p"]);
        screen.as_ref().map_or(true, |screen| screen.contains(END))
    });
    let _ = tmux(&["kill-server"]);
    if ended { screen } else { Err(Error::new("the run in the terminal did not end")) }
}

/// A character's size, in pixels.
const CELL: (f64, usize) = (8.43, 19);
const MARGIN: usize = 16;

fn svg(screen: &str) -> String {
    let lines: Vec<_> = screen.lines().collect();
    let width = (COLUMNS as f64 * CELL.0) as usize + 2 * MARGIN;
    let height = lines.len() * CELL.1 + 2 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#16181d\"/>\n"
    );
    let mut style = Style::default();
    for (number, line) in lines.iter().enumerate() {
        let y = MARGIN + number * CELL.1 + 14;
        let mut column = 0;
        for (text, style) in pieces(line, &mut style) {
            let x = MARGIN as f64 + column as f64 * CELL.0;
            let count = text.chars().count();
            column += count;
            if text.trim().is_empty() {
                continue;
            }
            // The length keeps columns in line whatever the font.
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{y}\" textLength=\"{:.1}\" fill=\"{}\"{} \
                 xml:space=\"preserve\">{}</text>",
                count as f64 * CELL.0,
                style.colour,
                if style.bold { " font-weight=\"bold\"" } else { "" },
                text.replace('&', "&amp;").replace('<', "&lt;"),
            );
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Style {
    colour: String,
    bold: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { colour: "#d6d9e0".to_owned(), bold: false }
    }
}

/// A line's text between escape sequences, each with its style, which goes on in the next line.
fn pieces(line: &str, style: &mut Style) -> Vec<(String, Style)> {
    let mut pieces = Vec::new();
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default();
    pieces.push((first.to_owned(), style.clone()));
    for part in parts {
        let (codes, text) = part.split_once('m').unwrap_or(("", part));
        style.apply(codes);
        pieces.push((text.to_owned(), style.clone()));
    }
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

impl Style {
    /// Follows the numbers of a sequence; what a picture does not need is passed over.
    fn apply(&mut self, codes: &str) {
        const PALETTE: [&str; 16] = [
            "#5c6370", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d6d9e0",
            "#7f848e", "#ff7b86", "#b1e18b", "#ffd68a", "#7cc4ff", "#de8ef5", "#6fd3e0", "#ffffff",
        ];
        let mut codes = codes.split(';').map(|code| code.parse::<usize>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                0 => *self = Self::default(),
                1 => self.bold = true,
                22 => self.bold = false,
                30..=37 => self.colour = PALETTE[code - 30].to_owned(),
                90..=97 => self.colour = PALETTE[code - 82].to_owned(),
                39 => self.colour = Self::default().colour,
                38 if codes.next() == Some(5) => {
                    let colour = codes.next().and_then(|code| PALETTE.get(code));
                    self.colour = colour.map_or(Self::default().colour, |c| (*c).to_owned());
                }
                38 => {
                    let mut part = || codes.next().unwrap_or(0).min(255);
                    self.colour = format!("#{:02x}{:02x}{:02x}", part(), part(), part());
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_followed() {
        let mut style = Style::default();
        let line = "a\x1b[1;32mb\x1b[0mc\x1b[38;2;1;2;3md\x1b[38;5;1me\x1b[39mf";
        let seen: Vec<_> = pieces(line, &mut style)
            .into_iter()
            .map(|(text, style)| {
                format!("{text} {}{}", style.colour, if style.bold { "!" } else { "" })
            })
            .collect();
        assert_eq!(
            seen,
            ["a #d6d9e0", "b #98c379!", "c #d6d9e0", "d #010203", "e #e06c75", "f #d6d9e0"]
        );
    }
}
