//! `cooper console` as a person meets it: on a terminal.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::pty::{Winsize, openpty};
use tempfile::TempDir;

/// How long a reaction may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const TEMPLATE: &str = r#"
variable "name" { default = "world" }
variable "pin" {
  default   = 4711
  sensitive = true
}
variable "password" {
  default   = "hunter22"
  sensitive = true
}
locals { image = { tag = "v1", digest = "sha256:0" } }
"#;

/// A console on a terminal of 80 columns.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    /// What was shown since the last [`Terminal::expect`].
    shown: String,
}

impl Terminal {
    fn start(folder: &Path) -> Self {
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let pair = openpty(&size, None).expect("a terminal");
        let ours = File::from(pair.master);
        let theirs = |fd: &OwnedFd| Stdio::from(fd.try_clone().expect("a descriptor"));
        let child = Command::new(env!("CARGO_BIN_EXE_cooper"))
            .args(["console", "build.pkr.hcl"])
            .current_dir(folder)
            .env_clear()
            .env("TERM", "xterm")
            .env("LANG", "C.UTF-8")
            .env("NO_COLOR", "1")
            .env("HOME", folder)
            .stdin(theirs(&pair.slave))
            .stdout(theirs(&pair.slave))
            .stderr(theirs(&pair.slave))
            .spawn()
            .expect("the program starts");
        let (sender, screen) = mpsc::channel();
        let mut reader = ours.try_clone().expect("a descriptor");
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Reading fails once the program has ended.
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Self { child, keyboard: ours, screen, shown: String::new() };
        terminal.prompt();
        terminal
    }

    /// Waits until a new line can be typed: what is typed before is lost.
    #[track_caller]
    fn prompt(&mut self) -> String {
        const PASTE_ON: &str = "\u{1b}[?2004h";
        let before = self.expect(PASTE_ON);
        before + &self.expect("> ")
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Waits for a text, and returns what was shown up to its end.
    #[track_caller]
    fn expect(&mut self, text: &str) -> String {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = self.shown.find(text) {
                let rest = self.shown.split_off(at + text.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("`{text}` is not shown; there is {:?}", self.shown),
            }
        }
    }

    /// Types a line and waits for what it comes to and the next prompt.
    #[track_caller]
    fn ask(&mut self, line: &str, answer: &str) -> String {
        self.press(&format!("{line}\r"));
        let before = self.expect(answer);
        before + &self.prompt()
    }

    /// Waits for the end; returns how it ended.
    #[track_caller]
    fn end(mut self) -> Option<i32> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.child.kill().expect("a child of ours");
        panic!("it does not end; there is {:?}", self.shown);
    }
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("build.pkr.hcl"), TEMPLATE).expect("room for a file");
    folder
}

#[test]
fn a_person_gets_values_mistakes_and_no_secrets() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path());
    terminal.ask("upper(\"hello ${var.name}\")", "HELLO WORLD");
    let told = terminal.ask("var.nmae", "did you mean `name`?");
    assert!(told.contains("<console>:1:5") && told.contains("────"), "{told}");
    terminal.ask("var.pin", "<sensitive>");
    terminal.ask("[var.password, 1]", "  <sensitive>,\r\n  1,\r\n]");
    let told = terminal.ask("variables", "var.pin: \"<sensitive>\"");
    assert!(!told.contains("4711") && !told.contains("hunter22"), "{told}");
    terminal.ask("help", "Ctrl-D");
    terminal.press("exit\r");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn names_are_completed() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path());
    terminal.press("uppe\t");
    terminal.expect("upper(");
    terminal.press("local.im\t");
    terminal.expect("local.image");
    terminal.press(".t\t");
    terminal.expect("local.image.tag");
    terminal.ask(")", "V1");
    terminal.press("base64\t\t");
    terminal.expect("base64decode(");
    terminal.press("\u{3}");
    terminal.prompt();
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn what_is_open_goes_on_in_the_next_line() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path());
    terminal.press("[for n in [1, 2] :\r");
    terminal.press("n * 1111111]\r");
    terminal.expect("2222222,\r\n]");
    terminal.prompt();
    terminal.press("trimspace(<<EOT\r");
    terminal.press("a ${1 + 1} b\r");
    terminal.press("EOT\r");
    terminal.press(")\r");
    terminal.expect("a 2 b\r\n");
    terminal.prompt();
    // A string does not go on: it is a mistake at once.
    terminal.ask("\"open", "this string is not closed");
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn lines_are_remembered_for_the_next_time_without_secrets() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path());
    terminal.ask("1000 + 234", "1234");
    terminal.ask("\"hunter22\"", "<sensitive>");
    terminal.ask(" 5000 + 1", "5001");
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), Some(0));

    let file = folder.path().join(".local/state/cooper/console_history");
    let content = fs::read_to_string(&file).expect("the history");
    assert!(content.contains("1000 + 234"), "{content}");
    assert!(!content.contains("hunter22") && !content.contains("5000"), "{content}");
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().expect("a folder")), 0o700);

    let mut terminal = Terminal::start(folder.path());
    terminal.press("\u{1b}[A");
    terminal.expect("1000 + 234");
    terminal.ask("", "1234");
    terminal.press("\u{4}");
    assert_eq!(terminal.end(), Some(0));
}

#[test]
fn an_interrupt_clears_a_line_and_leaves_an_empty_one() {
    let folder = folder();
    let mut terminal = Terminal::start(folder.path());
    terminal.press("1 + ");
    terminal.expect("1 + ");
    terminal.press("\u{3}");
    terminal.prompt();
    terminal.ask("41 + 1", "42");
    terminal.press("[1,\r");
    terminal.press("\u{3}");
    terminal.prompt();
    terminal.ask("6 * 111", "666");
    terminal.press("\u{3}");
    assert_eq!(terminal.end(), Some(0));
}
