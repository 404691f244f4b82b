package folder

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// hook is what a host does with the machine.
type hook func(name string, machine packersdk.Communicator, data any) error

func (h hook) Run(
	_ context.Context, name string, _ packersdk.Ui, machine packersdk.Communicator, data any,
) error {
	return h(name, machine, data)
}

func ui() packersdk.Ui {
	return &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: io.Discard, ErrorWriter: io.Discard}
}

func prepared(t *testing.T, values map[string]any) (*Builder, string) {
	t.Helper()
	target := filepath.Join(t.TempDir(), "made", "here")
	values["target"] = target
	builder := new(Builder)
	generated, warnings, err := builder.Prepare(values)
	if err != nil || len(warnings) != 0 || !slices.Equal(generated, []string{"Folder"}) {
		t.Fatal(generated, warnings, err)
	}
	return builder, target
}

func TestAFolderIsMadeAndFilled(t *testing.T) {
	from := t.TempDir()
	if err := os.WriteFile(from+"/base", []byte("base"), 0o644); err != nil {
		t.Fatal(err)
	}
	builder, target := prepared(t, map[string]any{
		"from": from,
		"file": []any{map[string]any{"path": "/bin/run", "content": "#!/bin/sh\n", "executable": true}},
	})
	artifact, err := builder.Run(t.Context(), ui(), hook(func(name string, machine packersdk.Communicator, data any) error {
		if name != packersdk.HookProvision || data.(map[string]any)["Folder"] != target {
			t.Error(name, data)
		}
		return machine.Upload("etc/conf", strings.NewReader("conf"), nil)
	}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{target + "/base", target + "/bin/run", target + "/etc/conf"}
	if !slices.Equal(artifact.Files(), want) || artifact.Id() != target || artifact.State("folder") != target {
		t.Error(artifact.Files(), artifact.Id(), artifact.State("folder"))
	}
	if info, err := os.Stat(target + "/bin/run"); err != nil || info.Mode().Perm() != 0o755 {
		t.Error(info, err)
	}
	if _, err := builder.Run(t.Context(), ui(), hook(nil)); err == nil || !strings.Contains(err.Error(), "already there") {
		t.Error(err)
	}
	if err := artifact.Destroy(); err != nil {
		t.Error(err)
	}
}

func TestAFailureLeavesNothing(t *testing.T) {
	for name, values := range map[string]map[string]any{
		"hook":         {},
		"limit, files": {"limit": map[string]any{"files": 1}},
		"limit, bytes": {"limit": map[string]any{"bytes": 3}},
		"from":         {"from": "/nonexistent"},
	} {
		builder, target := prepared(t, values)
		cleanups := 0
		_, err := builder.Run(t.Context(), ui(), hook(func(stage string, machine packersdk.Communicator, _ any) error {
			if stage == packersdk.HookCleanupProvision {
				cleanups++
				return nil
			}
			if name == "hook" {
				return errors.New("it failed")
			}
			return errors.Join(
				machine.Upload("a", strings.NewReader("12"), nil),
				machine.Upload("b", strings.NewReader("34"), nil))
		}))
		if _, there := os.Stat(target); err == nil || !errors.Is(there, os.ErrNotExist) {
			t.Error(name, err, there)
		}
		if cleanups > 0 != (name == "hook") {
			t.Error(name, "cleanups:", cleanups)
		}
	}
}

func TestFoldersThatCannotBeMeant(t *testing.T) {
	for message, values := range map[string]map[string]any{
		"`target` is missing":                  {},
		"`file.path` must stay in the folder":  {"target": "x", "file": map[string]any{"path": "../up"}},
		"`limit` must not be negative":         {"target": "x", "limit": map[string]any{"files": -1}},
		"unknown configuration key: '\"tarjet": {"tarjet": "x"},
	} {
		if _, _, err := new(Builder).Prepare(values); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", message, err)
		}
	}
	_, warnings, err := new(Builder).Prepare(map[string]any{"target": "/made"})
	if err != nil || len(warnings) != 1 {
		t.Error(warnings, err)
	}
}
