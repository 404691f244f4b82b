package lines

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// edit is what is done to a text, checked and ready.
type edit struct {
	settings []setting
	replace  []replacement
	present  []string
	absent   []*regexp.Regexp
}

type setting struct {
	name    string
	line    string
	pattern *regexp.Regexp
}

type replacement struct {
	pattern *regexp.Regexp
	with    string
}

func newEdit(config *Config) (edit, error) {
	var made edit
	var problems []error
	oneLine := func(argument, text string) {
		if strings.ContainsAny(text, "\r\n") {
			problems = append(problems, fmt.Errorf("`%s` must be one line: %q", argument, text))
		}
	}
	pattern := func(argument, text string) *regexp.Regexp {
		compiled, err := regexp.Compile(text)
		if err != nil {
			problems = append(problems, fmt.Errorf("`%s`: %w", argument, err))
		}
		return compiled
	}
	separator := strings.TrimSpace(config.Separator)
	for _, name := range slices.Sorted(maps.Keys(config.Settings)) {
		line := name + config.Separator + config.Settings[name]
		oneLine("settings", line)
		// A comment that shows the default is where the setting belongs.
		between := `\s*` + regexp.QuoteMeta(separator)
		if separator == "" {
			between = `\s`
		}
		sets := pattern("settings", `^\s*[#;]?\s*`+regexp.QuoteMeta(name)+between)
		made.settings = append(made.settings, setting{name, line, sets})
	}
	for _, each := range config.Replace {
		oneLine("replace.with", each.With)
		made.replace = append(made.replace, replacement{pattern("replace.pattern", each.Pattern), each.With})
	}
	for _, line := range config.Present {
		oneLine("present", line)
		made.present = append(made.present, line)
	}
	for _, each := range config.Absent {
		made.absent = append(made.absent, pattern("absent", each))
	}
	if len(made.settings)+len(made.replace)+len(made.present)+len(made.absent) == 0 {
		problems = append(problems, errors.New("nothing is to be done: give `settings`, `replace`, `present` or `absent`"))
	}
	return made, errors.Join(problems...)
}

// apply gives the text as it should be, and what was changed in words. What is right already stays
// as it is, to the byte.
func (e *edit) apply(text string) (string, []string) {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if text == "" {
		lines = nil
	}
	var changes []string
	lines = slices.DeleteFunc(lines, func(line string) bool {
		for _, pattern := range e.absent {
			if pattern.MatchString(line) {
				changes = append(changes, "removed `"+line+"`")
				return true
			}
		}
		return false
	})
	for _, each := range e.replace {
		for index, line := range lines {
			changed := each.pattern.ReplaceAllString(line, each.with)
			if changed != line {
				lines[index] = changed
				changes = append(changes, "`"+line+"` became `"+changed+"`")
			}
		}
	}
	for _, each := range e.settings {
		if change := each.apply(&lines); change != "" {
			changes = append(changes, change)
		}
	}
	for _, line := range e.present {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
			changes = append(changes, "added `"+line+"`")
		}
	}
	if len(changes) == 0 {
		return text, nil
	}
	if len(lines) == 0 {
		return "", changes
	}
	return strings.Join(lines, "\n") + "\n", changes
}

// apply sets the last line that sets the name, or else the last comment that looks like it, or adds
// a line.
func (s *setting) apply(lines *[]string) string {
	at, comment := -1, -1
	for index, line := range *lines {
		if !s.pattern.MatchString(line) {
			continue
		}
		if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.HasPrefix(strings.TrimSpace(line), ";") {
			comment = index
		} else {
			at = index
		}
	}
	if at < 0 {
		at = comment
	}
	if at < 0 {
		*lines = append(*lines, s.line)
		return "added `" + s.line + "`"
	}
	if (*lines)[at] == s.line {
		return ""
	}
	(*lines)[at] = s.line
	return "set `" + s.name + "`"
}
