package peer_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/zclconf/go-cty/cty"

	"cooper.test/packer-plugin-files/folder"
	"cooper.test/packer-plugin-files/peer"
)

func python(t *testing.T, kind, component string, encoding peer.Encoding) *peer.Plugin {
	t.Helper()
	kit, err := filepath.Abs("../../slim")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PYTHONPATH", kit)
	t.Setenv("PYTHONDONTWRITEBYTECODE", "1")
	t.Setenv("TMPDIR", t.TempDir())
	var log bytes.Buffer
	// The context of a test ends before its clean-up begins, which is to end the plugin by itself.
	command := []string{"python3", "testdata/everything.py"}
	plugin, err := peer.Start(context.Background(), command, kind, component, encoding, &log)
	if err != nil {
		t.Fatal(err, log.String())
	}
	t.Cleanup(func() {
		if err := plugin.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return plugin
}

func bothEncodings(t *testing.T, test func(*testing.T, peer.Encoding)) {
	for _, encoding := range []peer.Encoding{peer.Protobuf, peer.Gob} {
		t.Run(string(encoding), func(t *testing.T) { test(t, encoding) })
	}
}

// user collects what a user would see.
type user struct {
	packersdk.BasicUi
	lock  sync.Mutex
	lines []string
}

func newUser() *user {
	return &user{BasicUi: packersdk.BasicUi{Reader: strings.NewReader(""), Writer: io.Discard, ErrorWriter: io.Discard}}
}

func (u *user) Say(text string)   { u.add(text) }
func (u *user) Error(text string) { u.add("error: " + text) }

func (u *user) add(text string) {
	u.lock.Lock()
	defer u.lock.Unlock()
	u.lines = append(u.lines, text)
}

func (u *user) seen() []string {
	u.lock.Lock()
	defer u.lock.Unlock()
	return slices.Clone(u.lines)
}

func disk(size float64, label string) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{"size": cty.NumberFloatVal(size), "label": cty.StringVal(label)})
}

func probe(count int64) cty.Value {
	noLabel := cty.ObjectVal(map[string]cty.Value{"size": cty.NumberIntVal(7), "label": cty.NullVal(cty.String)})
	return cty.ObjectVal(map[string]cty.Value{
		"text":   cty.StringVal("text"),
		"count":  cty.NumberIntVal(count),
		"on":     cty.True,
		"names":  cty.ListVal([]cty.Value{cty.StringVal("x"), cty.StringVal("y")}),
		"table":  cty.MapVal(map[string]cty.Value{"k": cty.StringVal("v")}),
		"grid":   cty.NullVal(cty.List(cty.List(cty.String))),
		"single": disk(20.5, "one"),
		"disk":   cty.ListVal([]cty.Value{disk(1, "five"), noLabel}),
	})
}

func TestArgumentsOfPython(t *testing.T) {
	bothEncodings(t, func(t *testing.T, encoding peer.Encoding) {
		spec := python(t, "provisioner", "probe", encoding).Provisioner().ConfigSpec()
		disk := cty.Object(map[string]cty.Type{"size": cty.Number, "label": cty.String})
		want := cty.Object(map[string]cty.Type{
			"text":   cty.String,
			"count":  cty.Number,
			"on":     cty.Bool,
			"names":  cty.List(cty.String),
			"table":  cty.Map(cty.String),
			"grid":   cty.List(cty.List(cty.String)),
			"single": disk,
			"disk":   cty.List(disk),
		})
		if got := hcldec.ImpliedType(spec); !got.Equals(want) {
			t.Errorf("%#v", got)
		}
		if !spec["text"].(*hcldec.AttrSpec).Required || spec["count"].(*hcldec.AttrSpec).Required {
			t.Error("only `text` must be given")
		}
	})
}

func TestPythonProvisions(t *testing.T) {
	bothEncodings(t, func(t *testing.T, encoding peer.Encoding) {
		provisioner := python(t, "provisioner", "probe", encoding).Provisioner()
		if err := provisioner.Prepare(probe(500)); err == nil || err.Error() != "`count` is too large" {
			t.Fatal(err)
		}
		if err := provisioner.Prepare(map[string]any{"packer_debug": "true"}, probe(5), map[string]any{"count": 6}); err != nil {
			t.Fatal(err)
		}
		machine, err := folder.NewCommunicator(t.Context(), t.TempDir(), []string{"sh", "-c"}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer machine.Close()
		ui := newUser()
		if err := provisioner.Provision(t.Context(), ui, machine, map[string]any{"Port": 2222}); err != nil {
			t.Fatal(err)
		}
		seen := ui.seen()
		// The two outputs of a command come in any order.
		slices.Sort(seen[2:5])
		want := []string{
			"text 6 True ['x', 'y'] {'k': 'v'} []",
			"20.5 [(1.0, 'five'), (7.0, 'none')] 2222",
			"error: err", "input", "out",
			"`echo wrong >&2; exit 3` ended with status 3: wrong",
			"600\ncontent",
			"True 0 8388608",
		}
		if !slices.Equal(seen, want) {
			t.Errorf("%q", seen)
		}
	})
}

func TestPythonIsCancelled(t *testing.T) {
	provisioner := python(t, "provisioner", "wait", peer.Protobuf).Provisioner()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	machine, err := folder.NewCommunicator(ctx, t.TempDir(), []string{"sh", "-c"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	ui, done := newUser(), make(chan error)
	go func() { done <- provisioner.Provision(ctx, ui, machine, nil) }()
	for len(ui.seen()) == 0 {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	select {
	case err := <-done:
		if err == nil || err.Error() != "context canceled" {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it goes on")
	}
}

func TestPythonReadsData(t *testing.T) {
	bothEncodings(t, func(t *testing.T, encoding peer.Encoding) {
		source := python(t, "datasource", "facts", encoding).Datasource()
		if err := source.Configure(cty.ObjectVal(map[string]cty.Value{"path": cty.StringVal("here")})); err != nil {
			t.Fatal(err)
		}
		value, err := source.Execute()
		if err != nil {
			t.Fatal(err)
		}
		if !value.Type().Equals(hcldec.ImpliedType(source.OutputSpec())) {
			t.Errorf("%#v is not of its type", value)
		}
		for name, want := range map[string]cty.Value{
			"number":  cty.NumberFloatVal(-1.5),
			"text":    cty.StringVal("here"),
			"table":   cty.MapVal(map[string]cty.Value{"a": cty.StringVal("b")}),
			"flags":   cty.ListVal([]cty.Value{cty.True, cty.False}),
			"nothing": cty.NullVal(cty.String),
		} {
			if got := value.GetAttr(name); !got.RawEquals(want) {
				t.Errorf("%s is %#v", name, got)
			}
		}
		// Packer's library cannot use numbers in lists of objects that came by gob.
		label := value.GetAttr("disks").Index(cty.NumberIntVal(0)).GetAttr("label")
		if !label.RawEquals(cty.StringVal("ü")) {
			t.Errorf("%#v", label)
		}
	})
}

func TestPythonPostProcesses(t *testing.T) {
	input := &packersdk.MockArtifact{BuilderIdValue: "builder", FilesValue: []string{"a", "b"}, IdValue: "the-id",
		StateValues: map[string]any{"generated_data": map[string]any{"ID": "x"}}}
	t.Run("handing it on", func(t *testing.T) {
		processor, ui := python(t, "post-processor", "note", peer.Protobuf).PostProcessor(), newUser()
		if err := processor.Configure(map[string]any{}); err != nil {
			t.Fatal(err)
		}
		artifact, keep, force, err := processor.PostProcess(t.Context(), ui, input)
		if err != nil || !keep || !force || artifact.Id() != "the-id" {
			t.Error(artifact, keep, force, err)
		}
		if seen := ui.seen(); !slices.Equal(seen, []string{"string the-id builder ['a', 'b'] {'ID': 'x'}"}) {
			t.Errorf("%q", seen)
		}
	})
	t.Run("making another", func(t *testing.T) {
		processor, output := python(t, "post-processor", "wrap", peer.Protobuf).PostProcessor(), filepath.Join(t.TempDir(), "out")
		if err := processor.Configure(cty.ObjectVal(map[string]cty.Value{"output": cty.StringVal(output)})); err != nil {
			t.Fatal(err)
		}
		artifact, keep, _, err := processor.PostProcess(t.Context(), newUser(), input)
		if err != nil || keep || artifact.Id() != "made of the-id" || artifact.BuilderId() != "wrap" {
			t.Fatal(artifact, keep, err)
		}
		if !slices.Equal(artifact.Files(), []string{output}) || artifact.State("unknown") != nil {
			t.Error(artifact.Files(), artifact.State("unknown"))
		}
		if err := artifact.Destroy(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(output); !os.IsNotExist(err) {
			t.Error("the file is still there")
		}
		// A second time there is nothing to delete: the error comes through, and the plugin lives on.
		if err := artifact.Destroy(); err == nil || artifact.Id() != "made of the-id" {
			t.Error(err)
		}
	})
}
