package tree

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/zclconf/go-cty/cty"
)

func folder(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{"a.conf", "sub/b.conf", "sub/c.txt", "cache/d.conf"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestPatternsChooseFiles(t *testing.T) {
	folder := folder(t)
	for _, test := range []struct {
		include, exclude, want []string
	}{
		{nil, nil, []string{"a.conf", "cache/d.conf", "sub/b.conf", "sub/c.txt"}},
		{[]string{"*.conf"}, []string{"cache"}, []string{"a.conf", "sub/b.conf"}},
		{[]string{"sub/*"}, nil, []string{"sub/b.conf", "sub/c.txt"}},
		{[]string{"none"}, nil, nil},
	} {
		output, err := look(&Config{Path: folder, Include: test.include, Exclude: test.exclude})
		if err != nil || !slices.Equal(output.Paths, test.want) || output.Count != len(test.want) {
			t.Error(test, output, err)
		}
	}
}

func TestTheDigestSeesWhatMatters(t *testing.T) {
	folder := folder(t)
	seen := map[string]bool{}
	add := func(what string) {
		t.Helper()
		output, err := look(&Config{Path: folder})
		if err != nil || seen[output.Digest] {
			t.Error(what, err)
		}
		seen[output.Digest] = true
	}
	add("as it is")
	change := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		add(what)
	}
	change("another content", os.WriteFile(folder+"/a.conf", []byte("new"), 0o644))
	change("another mode", os.Chmod(folder+"/a.conf", 0o755))
	change("another name", os.Rename(folder+"/a.conf", folder+"/e.conf"))
}

func TestTheValueIsOfTheTypeThatWasTold(t *testing.T) {
	source := new(Datasource)
	path := cty.ObjectVal(map[string]cty.Value{
		"path":    cty.StringVal(folder(t)),
		"include": cty.NullVal(cty.List(cty.String)),
		"exclude": cty.NullVal(cty.List(cty.String)),
	})
	if err := source.Configure(path); err != nil {
		t.Fatal(err)
	}
	value, err := source.Execute()
	if err != nil || !value.Type().Equals(hcldec.ImpliedType(source.OutputSpec())) {
		t.Errorf("%#v %v", value, err)
	}
	if err := source.Configure(map[string]any{"path": "x", "include": "["}); err == nil {
		t.Error("a broken pattern was taken")
	}
}
