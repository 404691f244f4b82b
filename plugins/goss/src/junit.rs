//! The report for programs, in JUnit's form.

use std::path::Path;

use cooper_plugin::Result;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::check::{Checked, Finding};

/// A report of a suite with a name: a case for each thing that was expected.
pub(crate) fn report(suite: &str, checked: &[Checked]) -> Result<Vec<u8>> {
    let findings = || checked.iter().flat_map(|checked| &checked.findings);
    let tests = findings().count().to_string();
    let failures = findings().filter(|finding| finding.wrong.is_some()).count().to_string();
    let time = seconds(checked.iter().map(|checked| checked.took.as_secs_f64()).sum());
    let counts = [("tests", tests.as_str()), ("failures", &failures), ("errors", "0")];
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = writer.create_element("testsuites").with_attributes(counts);
    suites.write_inner_content(|writer| {
        let named = [("name", suite), ("time", time.as_str())];
        let suite = writer.create_element("testsuite").with_attributes(named);
        suite.with_attributes(counts).write_inner_content(|writer| {
            checked.iter().try_for_each(|checked| cases(writer, checked))
        })?;
        Ok(())
    })?;
    let mut text = writer.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn cases(writer: &mut Writer<Vec<u8>>, checked: &Checked) -> std::io::Result<()> {
    let Checked { kind, name, findings, took } = checked;
    // All that is expected of a subject is looked at at once.
    let count = u32::try_from(findings.len().max(1)).unwrap_or(u32::MAX);
    let time = seconds(took.as_secs_f64() / f64::from(count));
    for Finding { what, wrong } in findings {
        let name = allowed(&format!("{name}: {what}"));
        let case = [("classname", *kind), ("name", name.as_str()), ("time", time.as_str())];
        let case = writer.create_element("testcase").with_attributes(case);
        match wrong {
            None => case.write_empty()?,
            Some(wrong) => case.write_inner_content(|writer| {
                let wrong = allowed(wrong);
                let failure = [("message", wrong.as_str()), ("type", "failed")];
                let failure = writer.create_element("failure").with_attributes(failure);
                failure.write_text_content(BytesText::new(&wrong))?;
                Ok(())
            })?,
        };
    }
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

/// A text without what XML cannot say, escaped or not.
fn allowed(text: &str) -> String {
    let is_allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if is_allowed(c) { c } else { '\u{fffd}' }).collect()
}

/// Writes a file, and makes the folders above it.
pub(crate) async fn write(path: &Path, report: &[u8]) -> Result {
    let failed = |error: std::io::Error| format!("`{}`: {error}", path.display());
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    tokio::fs::write(path, report).await.map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_report_says_everything_and_is_xml() {
        let findings = vec![
            Finding::holds("exists", true, ""),
            Finding::holds("contains <\"&'>\u{1b}", false, "is not in \"a<b>\\n\""),
        ];
        let took = Duration::from_millis(500);
        let checked = [Checked { kind: "file", name: "/etc/motd".to_owned(), findings, took }];
        let report = String::from_utf8(report("docker.base", &checked).expect("it is written"));
        assert_eq!(
            report.expect("it is text"),
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="2" failures="1" errors="0">
  <testsuite name="docker.base" time="0.500" tests="2" failures="1" errors="0">
    <testcase classname="file" name="/etc/motd: exists" time="0.250"/>
    <testcase classname="file" name="/etc/motd: contains &lt;&quot;&amp;&apos;&gt;�" time="0.250">
      <failure message="is not in &quot;a&lt;b&gt;\n&quot;" type="failed">is not in &quot;a&lt;b&gt;\n&quot;</failure>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
    }
}
