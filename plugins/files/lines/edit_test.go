package lines

import (
	"slices"
	"strings"
	"testing"
)

func TestEdit(t *testing.T) {
	for name, test := range map[string]struct {
		config  Config
		before  string
		after   string
		changes []string
	}{
		"a setting replaces its line": {
			Config{Settings: map[string]string{"port": "80"}},
			"a=1\nport=8080\nb=2\n", "a=1\nport=80\nb=2\n", []string{"set `port`"},
		},
		"a setting takes the place of its comment": {
			Config{Settings: map[string]string{"PermitRootLogin": "no"}, Separator: " "},
			"#PermitRootLogin yes\nPermitRootLoginX yes\n", "PermitRootLogin no\nPermitRootLoginX yes\n",
			[]string{"set `PermitRootLogin`"},
		},
		"the last line that sets it counts, not a comment below": {
			Config{Settings: map[string]string{"a": "3"}},
			"a=1\na = 2\n# a=4\n", "a=1\na=3\n# a=4\n", []string{"set `a`"},
		},
		"a setting that is nowhere is added": {
			Config{Settings: map[string]string{"b": "2", "a": "1"}},
			"c=3", "c=3\na=1\nb=2\n", []string{"added `a=1`", "added `b=2`"},
		},
		"what is right already stays to the byte": {
			Config{Settings: map[string]string{"a": "1"}, Present: []string{"x"}, Absent: []string{"^y$"}},
			"a=1\nx", "a=1\nx", nil,
		},
		"names are no patterns": {
			Config{Settings: map[string]string{"a.b": "1"}},
			"axb=2\n", "axb=2\na.b=1\n", []string{"added `a.b=1`"},
		},
		"groups": {
			Config{Replace: []Replace{{`^deb http://(\S+)`, "deb https://$1"}}},
			"deb http://a b\ndeb https://c d\n", "deb https://a b\ndeb https://c d\n",
			[]string{"`deb http://a b` became `deb https://a b`"},
		},
		"lines go and come": {
			Config{Absent: []string{"^#"}, Present: []string{"z", "b"}},
			"# a\nb\n#\n", "b\nz\n", []string{"removed `# a`", "removed `#`", "added `z`"},
		},
		"a file may become empty": {
			Config{Absent: []string{"a"}}, "a\n", "", []string{"removed `a`"},
		},
		"a file may have been empty": {
			Config{Present: []string{"a"}}, "", "a\n", []string{"added `a`"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.config.Separator == "" {
				test.config.Separator = "="
			}
			edit, err := newEdit(&test.config)
			if err != nil {
				t.Fatal(err)
			}
			after, changes := edit.apply(test.before)
			if after != test.after || !slices.Equal(changes, test.changes) {
				t.Errorf("%q, %q", after, changes)
			}
			again, changes := edit.apply(after)
			if again != after || len(changes) != 0 {
				t.Errorf("a second time: %q, %q", again, changes)
			}
		})
	}
}

func TestEditsThatCannotBeMeant(t *testing.T) {
	for message, config := range map[string]Config{
		"nothing is to be done":         {},
		"`present` must be one line":    {Present: []string{"a\nb"}},
		"`settings` must be one line":   {Settings: map[string]string{"a": "b\nc"}},
		"`absent`: error parsing":       {Absent: []string{"("}},
		"`replace.pattern`: error pars": {Replace: []Replace{{Pattern: "["}}},
	} {
		if _, err := newEdit(&config); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", message, err)
		}
	}
}
