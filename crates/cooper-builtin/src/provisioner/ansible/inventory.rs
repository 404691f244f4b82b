//! The inventory of a playbook: the machine, in its groups.

/// The machine as Packer writes it by default, but for a port, which nothing listens on.
pub(super) const HOST: &str =
    "{{ .HostAlias }} ansible_host={{ .Host }}{{ if .User }} ansible_user={{ .User }}{{ end }}\n";

/// The connection that `connection.py` is.
pub(super) const CONNECTION: &str = "cooper";

/// The text of an inventory: `host` is what stands for the machine, once for itself and once in
/// each group; it is given our connection where it has none of its own.
pub(super) fn inventory(host: &str, groups: &[String], empty_groups: &[String]) -> String {
    let host = connected(host);
    let mut text = host.clone();
    for group in groups {
        text.push_str(&format!("[{group}]\n{host}"));
    }
    for group in empty_groups {
        text.push_str(&format!("[{group}]\n"));
    }
    text
}

/// The lines of an inventory, in which each host without a connection has ours.
fn connected(text: &str) -> String {
    let mut lists_hosts = true;
    let mut lines = String::new();
    for line in text.lines() {
        let content = line.trim();
        let is_section = content.starts_with('[');
        if is_section {
            lists_hosts = !content.contains(':');
        }
        lines.push_str(line);
        let is_host = lists_hosts && !is_section && !content.is_empty();
        if is_host && !content.starts_with(['#', ';']) && !content.contains("ansible_connection=") {
            lines.push_str(&format!(" ansible_connection={CONNECTION}"));
        }
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_the_connection_and_nothing_else_does() {
        let groups = ["web".to_owned(), "db".to_owned()];
        assert_eq!(
            inventory("m ansible_user=root\n", &groups, &["none".to_owned()]),
            "m ansible_user=root ansible_connection=cooper\n\
             [web]\nm ansible_user=root ansible_connection=cooper\n\
             [db]\nm ansible_user=root ansible_connection=cooper\n\
             [none]\n"
        );
        let own =
            "# a note\n\nm ansible_connection=docker\n[g]\nn\n[g:vars]\na=b\n[p:children]\ng\n";
        assert_eq!(
            inventory(own, &[], &[]),
            own.replace("\nn\n", "\nn ansible_connection=cooper\n")
        );
    }
}
