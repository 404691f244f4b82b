package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// Communicator works in a folder. Paths of files are below it, whether they begin with a slash or
// not, and links in it lead nowhere else; commands run in it, and see this computer.
type Communicator struct {
	root        *os.Root
	folder      string
	shell       []string
	environment map[string]string
	// The interface of the SDK does not hand on the context of a build across processes.
	ctx context.Context
}

var _ packersdk.Communicator = new(Communicator)

// NewCommunicator works in a folder that is there. Commands get `environment`, are the last argument
// of `shell`, and end with the context.
func NewCommunicator(
	ctx context.Context, folder string, shell []string, environment map[string]string,
) (*Communicator, error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	return &Communicator{root, folder, shell, environment, ctx}, nil
}

// Close ends the access to files.
func (c *Communicator) Close() error { return c.root.Close() }

// Start runs a command.
func (c *Communicator) Start(_ context.Context, remote *packersdk.RemoteCmd) error {
	arguments := append(slices.Clone(c.shell[1:]), remote.Command)
	command := exec.CommandContext(c.ctx, c.shell[0], arguments...)
	command.Dir = c.folder
	command.Env = c.variables()
	command.Stdin, command.Stdout, command.Stderr = remote.Stdin, remote.Stdout, remote.Stderr
	// What a command leaves running keeps its output open; it is not waited for.
	command.WaitDelay = time.Second
	if err := command.Start(); err != nil {
		return err
	}
	go func() {
		err := command.Wait()
		if command.ProcessState == nil {
			fmt.Fprintln(os.Stderr, "wait for the command:", err)
			remote.SetExited(packersdk.CmdDisconnect)
			return
		}
		// A command that a signal ended has no status; a shell calls it so.
		status := command.ProcessState.ExitCode()
		if status < 0 {
			status = 137
		}
		remote.SetExited(status)
	}()
	return nil
}

func (c *Communicator) variables() []string {
	variables := []string{"HOME=" + c.folder, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	for name, value := range c.environment {
		variables = append(variables, name+"="+value)
	}
	return variables
}

// Upload writes a file.
func (c *Communicator) Upload(path string, content io.Reader, info *os.FileInfo) error {
	mode := fs.FileMode(0o644)
	if info != nil {
		mode = (*info).Mode().Perm()
	}
	return c.write(path, content, mode)
}

func (c *Communicator) write(name string, content io.Reader, mode fs.FileMode) error {
	name = inside(name)
	if err := c.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	file, err := c.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, content)
	return errors.Join(err, file.Chmod(mode), file.Close())
}

// Download reads a file.
func (c *Communicator) Download(path string, target io.Writer) error {
	file, err := c.root.Open(inside(path))
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(target, file)
	return err
}

// UploadDir copies a folder; with a final slash, what is in it.
func (c *Communicator) UploadDir(target string, source string, exclude []string) error {
	if !strings.HasSuffix(source, "/") {
		target = path.Join(target, filepath.Base(source))
	}
	return copyTree(os.DirFS(source), ".", exclude, func(name string, mode fs.FileMode, content io.Reader) error {
		return c.write(path.Join(target, name), content, mode)
	})
}

// DownloadDir copies what is in a folder to this computer.
func (c *Communicator) DownloadDir(source string, target string, exclude []string) error {
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	into, err := os.OpenRoot(target)
	if err != nil {
		return err
	}
	defer into.Close()
	other := &Communicator{root: into}
	return copyTree(c.root.FS(), inside(source), exclude, other.copied)
}

func (c *Communicator) copied(name string, mode fs.FileMode, content io.Reader) error {
	return c.write(name, content, mode)
}

// copyTree hands on the regular files below a folder, with their paths from there.
func copyTree(
	tree fs.FS, top string, exclude []string, each func(string, fs.FileMode, io.Reader) error,
) error {
	return fs.WalkDir(tree, top, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		from, err := filepath.Rel(top, name)
		if err != nil {
			return err
		}
		if slices.Contains(exclude, from) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		file, err := tree.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		return each(from, info.Mode().Perm(), file)
	})
}

// inside is a path of the machine as one below the folder: no `..` climbs out of it.
func inside(name string) string {
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "."
	}
	return name
}
