package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

func ui() packersdk.Ui {
	return &packersdk.BasicUi{Reader: strings.NewReader(""), Writer: io.Discard, ErrorWriter: io.Discard}
}

func input(t *testing.T) *packersdk.MockArtifact {
	t.Helper()
	folder := t.TempDir()
	artifact := &packersdk.MockArtifact{StateValues: map[string]any{"folder": folder}}
	for _, name := range []string{"b", "a/c"} {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o640); err != nil {
			t.Fatal(err)
		}
		artifact.FilesValue = append(artifact.FilesValue, path)
	}
	return artifact
}

func pack(t *testing.T, values map[string]any, input packersdk.Artifact) (packersdk.Artifact, error) {
	t.Helper()
	processor := new(PostProcessor)
	if err := processor.Configure(values); err != nil {
		t.Fatal(err)
	}
	artifact, keep, force, err := processor.PostProcess(t.Context(), ui(), input)
	if keep || force {
		t.Error("the input is not needed any more")
	}
	return artifact, err
}

func TestTheSameFilesGiveTheSameArchive(t *testing.T) {
	output := filepath.Join(t.TempDir(), "new", "a.tar.gz")
	values := map[string]any{"output": output, "prefix": "top"}
	first, err := pack(t, values, input(t))
	if err != nil {
		t.Fatal(err)
	}
	bytesBefore, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	second, err := pack(t, values, input(t))
	if err != nil || second.Id() != first.Id() {
		t.Error(first.Id(), second, err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(bytesBefore))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || header.Mode != 0o640 || !header.ModTime.Equal(time.Unix(0, 0)) {
			t.Fatal(header, err)
		}
		names = append(names, header.Name)
	}
	if !slices.Equal(names, []string{"top/a/c", "top/b"}) {
		t.Error(names)
	}
}

func TestAFailureLeavesNoArchive(t *testing.T) {
	output := filepath.Join(t.TempDir(), "a.tar")
	artifact := input(t)
	artifact.FilesValue = append(artifact.FilesValue, "/nonexistent")
	if _, err := pack(t, map[string]any{"output": output}, artifact); err == nil {
		t.Error("a file that is not there was packed")
	}
	if _, err := os.Stat(output); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}
