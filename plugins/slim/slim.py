#!/usr/bin/env python3
"""A plugin whose provisioner removes from an image what it does not need, and tells what that saved."""

import re

from packer_plugin import Failure, Provisioner, serve

#: What can be removed: patterns of paths, by the name that a template gives them.
GROUPS = {
    "package-caches": [
        "/var/lib/apt/lists/*",
        "/var/cache/apt/archives/*.deb",
        "/var/cache/apt/*.bin",
        "/var/cache/debconf/*-old",
        "/var/cache/apk/*",
        "/var/cache/dnf/*",
        "/var/cache/yum/*",
        "/var/cache/zypp/*",
        "/var/cache/pacman/pkg/*",
        "/root/.cache/pip",
        "/root/.npm/_cacache",
    ],
    # The folders of manual pages stay: the scripts of some packages want to write there.
    "documentation": ["/usr/share/doc/*/*", "/usr/share/man/*/*", "/usr/share/info/*", "/usr/share/gtk-doc/*"],
    "locales": ["/usr/share/locale/*"],
    "logs": ["/var/log/*.log", "/var/log/*/*.log", "/var/log/*.gz", "/var/log/*/*.gz", "/var/log/apt/*"],
    "temporary": ["/tmp/*", "/tmp/.[!.]*", "/var/tmp/*", "/var/tmp/.[!.]*"],
}

#: Names that stay where they are found.
KEPT = {"documentation": ["copyright"], "locales": ["locale.alias"]}

#: `clear GROUP "KEPT NAMES" PATH…` removes, and prints `GROUP KiB` for each path that is gone.
#: A mounted folder may be one of the computer that builds, and a link may lead anywhere.
SCRIPT = """\
[ -r /proc/self/mountinfo ] || { echo "there is no /proc/self/mountinfo" >&2; exit 1; }
mounted() {
    while read -r _ _ _ _ point _; do
        [ "$point" = / ] && continue
        case "$point/" in "$1"/*) return 0 ;; esac
        case "$1/" in "$point"/*) return 0 ;; esac
    done < /proc/self/mountinfo
    return 1
}
clear() {
    group=$1 kept=$2
    shift 2
    set -f
    for path; do
        [ -e "$path" ] && [ ! -L "$path" ] || continue
        for name in $kept; do
            case "${path##*/}" in $name) continue 2 ;; esac
        done
        if mounted "$path"; then echo "mounted $path"; continue; fi
        size=$(du -sk "$path") && remove "$path" || exit
        echo "$group ${size%%[!0-9]*}"
    done
    set +f
}
"""


class Slim(Provisioner):
    """Removes what an image does not need when it runs, and tells what that saved.

    Links, and what is mounted into the machine, are left alone. The licences of packages
    (`/usr/share/doc/*/copyright`) stay.
    """

    remove: list[str] = list(GROUPS)
    """What goes: `package-caches`, `documentation`, `locales`, `logs`, `temporary`."""

    also: list[str] = []
    """More paths to remove. They begin with `/`, and may be patterns such as `/opt/*/tests`."""

    keep_locales: list[str] = ["en"]
    """Languages whose translations stay, with all their regions."""

    only_report: bool = False
    """Tells what would go, and removes nothing."""

    def prepare(self):
        for group in self.remove:
            if group not in GROUPS:
                raise Failure(f"`remove` knows no `{group}`; there are {', '.join(f'`{each}`' for each in GROUPS)}")
        for path in self.also:
            if not re.fullmatch(r"/[^/\n*?[]+(/[^/\n]+)*", path) or "/../" in f"{path}/":
                raise Failure(f"`also` must be paths such as `/opt/app/tests` or `/opt/*/tests`: `{path}`")
        for locale in self.keep_locales:
            if not re.fullmatch(r"[A-Za-z0-9_@.-]+", locale):
                raise Failure(f"`keep_locales` must be names such as `en` or `pt_BR`: `{locale}`")

    def provision(self, machine, ui):
        saved, total = {}, 0
        for line in machine.read(self.script()).splitlines():
            group, _, rest = line.partition(" ")
            if group == "mounted":
                ui.say(f"{rest} is mounted, and left alone")
                continue
            saved[group] = saved.get(group, 0) + int(rest)
            total += int(rest)
        ui.say(f"{'would save' if self.only_report else 'saved'} {in_words(total)}")
        for group, kibibytes in saved.items():
            ui.say(f"  {in_words(kibibytes):>10}  {group}")

    def script(self):
        """All that is done in the machine: one script, which plain `sh` runs."""
        languages = [pattern for each in self.keep_locales for pattern in (each, f"{each}_*", f"{each}@*")]
        kept = {**KEPT, "locales": [*KEPT["locales"], *languages]}
        remove = "true" if self.only_report else 'rm -rf -- "$1"'
        lines = [SCRIPT, f"remove() {{ {remove}; }}\n"]
        for group, patterns in [*((each, GROUPS[each]) for each in self.remove), ("also", self.also)]:
            lines.append(f"clear {group} '{' '.join(kept.get(group, []))}' {' '.join(map(quoted, patterns))}\n")
        return "".join(lines)


def quoted(pattern):
    """A pattern for a shell, in which only `*`, `?` and `[…]` are special."""
    return re.sub(r"[^A-Za-z0-9_./*?\[\]!-]", lambda match: "'" + match.group().replace("'", "'\\''") + "'", pattern)


def in_words(kibibytes):
    return f"{kibibytes} KiB" if kibibytes < 1024 else f"{kibibytes / 1024:.1f} MiB"


if __name__ == "__main__":
    serve("0.1.0", Slim)
