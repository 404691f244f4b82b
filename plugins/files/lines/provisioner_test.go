package lines

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"cooper.test/packer-plugin-files/folder"
)

func provision(t *testing.T, target string, values map[string]any) (string, error) {
	t.Helper()
	machine, err := folder.NewCommunicator(t.Context(), target, []string{"sh", "-c"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	provisioner := new(Provisioner)
	if err := provisioner.Prepare(values); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	ui := &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: &said, ErrorWriter: io.Discard}
	err = provisioner.Provision(t.Context(), ui, machine, nil)
	return said.String(), err
}

func TestAFileIsEditedAndKeepsItsMode(t *testing.T) {
	target := t.TempDir()
	path := filepath.Join(target, "it's a file")
	if err := os.WriteFile(path, []byte("a=1\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	values := map[string]any{"path": "it's a file", "settings": map[string]any{"a": "2"}}
	said, err := provision(t, target, values)
	if err != nil || !strings.Contains(said, "set `a`") {
		t.Error(said, err)
	}
	content, _ := os.ReadFile(path)
	info, _ := os.Stat(path)
	if string(content) != "a=2\n" || info.Mode().Perm() != 0o640 {
		t.Errorf("%q %v", content, info.Mode())
	}
	said, err = provision(t, target, values)
	if err != nil || !strings.Contains(said, "is as it should be") {
		t.Error(said, err)
	}
}

func TestAFileIsMadeUnlessItMustBeThere(t *testing.T) {
	target := t.TempDir()
	values := map[string]any{"path": "new", "present": []any{"a"}, "create": false}
	if _, err := provision(t, target, values); err == nil || !strings.Contains(err.Error(), "there is no `new`") {
		t.Error(err)
	}
	values["create"], values["mode"] = true, "0600"
	if _, err := provision(t, target, values); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(target, "new"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
}

func TestEditsOfNoFile(t *testing.T) {
	for message, values := range map[string]map[string]any{
		"`path` is missing":         {"present": []any{"a"}},
		"`mode` must be like":       {"path": "x", "present": []any{"a"}, "mode": "rw"},
		"nothing is to be done":     {"path": "x"},
		"unknown configuration key": {"path": "x", "present": []any{"a"}, "mod": "0644"},
	} {
		if err := new(Provisioner).Prepare(values); err == nil || !strings.Contains(err.Error(), message) {
			t.Errorf("%s: %v", message, err)
		}
	}
}
