package folder

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

func machine(t *testing.T) (*Communicator, string) {
	t.Helper()
	folder := t.TempDir()
	made, err := NewCommunicator(t.Context(), folder, []string{"sh", "-c"}, map[string]string{"COLOUR": "blue"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { made.Close() })
	return made, folder
}

func TestCommandsRunInTheFolder(t *testing.T) {
	machine, folder := machine(t)
	var output, errors bytes.Buffer
	command := &packersdk.RemoteCmd{
		Command: "pwd; echo $COLOUR $HOME; cat; echo oh >&2; exit 4",
		Stdin:   strings.NewReader("input"), Stdout: &output, Stderr: &errors,
	}
	if err := machine.Start(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	status := command.Wait()
	want := folder + "\nblue " + folder + "\ninput"
	if status != 4 || output.String() != want || errors.String() != "oh\n" {
		t.Errorf("%d %q %q", status, &output, &errors)
	}
}

func TestWhatACommandLeavesRunningIsNotWaitedFor(t *testing.T) {
	machine, _ := machine(t)
	var output bytes.Buffer
	command := &packersdk.RemoteCmd{Command: "sleep 30 & echo started", Stdout: &output}
	begin := time.Now()
	if err := machine.Start(t.Context(), command); err != nil {
		t.Fatal(err)
	}
	if status := command.Wait(); status != 0 || time.Since(begin) > 10*time.Second {
		t.Error(status, time.Since(begin))
	}
}

func TestFilesStayInTheFolder(t *testing.T) {
	machine, folder := machine(t)
	outside := t.TempDir()
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	if err := machine.Upload("link/file", strings.NewReader("x"), nil); err == nil {
		t.Error("a link led outside")
	}
	for _, path := range []string{"/a/b", "../a/b", "a/./b", "/../../a/b"} {
		if err := machine.Upload(path, strings.NewReader(path), nil); err != nil {
			t.Fatal(err)
		}
		var content bytes.Buffer
		if err := machine.Download(path, &content); err != nil || content.String() != path {
			t.Error(path, content.String(), err)
		}
		if there, err := os.ReadFile(filepath.Join(folder, "a/b")); err != nil || string(there) != path {
			t.Error(path, string(there), err)
		}
	}
}

func TestFoldersAreCopied(t *testing.T) {
	machine, folder := machine(t)
	source := t.TempDir()
	for name, mode := range map[string]fs.FileMode{"a": 0o600, "sub/b": 0o755, "left/out": 0o644} {
		path := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := machine.UploadDir("with", source+"/", []string{"left"}); err != nil {
		t.Fatal(err)
	}
	if err := machine.UploadDir("named", source, nil); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(t.TempDir(), "back")
	if err := machine.DownloadDir("/with", back, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	base := filepath.Base(source)
	for path, there := range map[string]bool{
		folder + "/with/a":                      true,
		folder + "/with/sub/b":                  true,
		folder + "/with/left":                   false,
		folder + "/named/" + base + "/left/out": true,
		back + "/sub/b":                         true,
		back + "/a":                             false,
	} {
		if _, err := os.Stat(path); (err == nil) != there {
			t.Error(path, err)
		}
	}
	info, err := os.Stat(folder + "/with/sub/b")
	if err != nil || info.Mode().Perm() != 0o755 {
		t.Error(info, err)
	}
}
