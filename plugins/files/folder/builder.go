//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config,File,Limit

// Package folder is a builder whose machine is a folder of this computer: files go into it, and the
// commands of provisioners run in it.
package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// Config holds the arguments.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// Target is the folder that is made.
	Target string `mapstructure:"target" required:"true"`
	// From is a folder whose content is there at the beginning.
	From string `mapstructure:"from"`
	// Files are there at the beginning, too.
	Files []File `mapstructure:"file"`
	// Shell runs commands, which are its last argument.
	Shell []string `mapstructure:"shell"`
	// Environment is set for commands.
	Environment map[string]string `mapstructure:"environment"`
	// Limit says how large the folder may become.
	Limit *Limit `mapstructure:"limit"`

	ctx interpolate.Context
}

// File is one file that is there at the beginning.
type File struct {
	// Path is where it is in the folder.
	Path string `mapstructure:"path" required:"true"`
	// Content is what is in it.
	Content string `mapstructure:"content"`
	// Executable says whether it may be run.
	Executable bool `mapstructure:"executable"`
}

// Limit says how large the folder may become.
type Limit struct {
	// Files is how many files there may be.
	Files int `mapstructure:"files"`
	// Bytes is how many bytes they may have together.
	Bytes int64 `mapstructure:"bytes"`
}

// Builder makes a folder.
type Builder struct {
	config Config
}

// ConfigSpec tells the arguments.
func (b *Builder) ConfigSpec() hcldec.ObjectSpec {
	return b.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads and checks the arguments.
func (b *Builder) Prepare(raws ...any) ([]string, []string, error) {
	b.config = Config{}
	err := config.Decode(&b.config, &config.DecodeOpts{
		PluginType:         BuilderID,
		Interpolate:        true,
		InterpolateContext: &b.config.ctx,
	}, raws...)
	if err != nil {
		return nil, nil, err
	}
	if len(b.config.Shell) == 0 {
		b.config.Shell = []string{"/bin/sh", "-c"}
	}
	var warnings []string
	if filepath.IsAbs(b.config.Target) && filepath.Dir(filepath.Clean(b.config.Target)) == "/" {
		warnings = append(warnings, fmt.Sprintf("`target` is %s, right below the root", b.config.Target))
	}
	return []string{"Folder"}, warnings, b.check()
}

func (b *Builder) check() error {
	var problems []error
	if b.config.Target == "" {
		problems = append(problems, errors.New("`target` is missing: say which folder is to be made"))
	}
	for _, file := range b.config.Files {
		if !filepath.IsLocal(strings.TrimPrefix(file.Path, "/")) {
			problems = append(problems, fmt.Errorf("`file.path` must stay in the folder: `%s`", file.Path))
		}
	}
	if limit := b.config.Limit; limit != nil && (limit.Files < 0 || limit.Bytes < 0) {
		problems = append(problems, errors.New("`limit` must not be negative"))
	}
	return errors.Join(problems...)
}

// Run makes the folder, has it provisioned, and removes it again if that fails.
func (b *Builder) Run(ctx context.Context, ui packersdk.Ui, hook packersdk.Hook) (packersdk.Artifact, error) {
	target, err := filepath.Abs(b.config.Target)
	if err != nil {
		return nil, err
	}
	if err := b.make(target, ui); err != nil {
		return nil, err
	}
	artifact, err := b.fill(ctx, target, ui, hook)
	switch {
	case err == nil:
		return artifact, nil
	case b.config.PackerOnError == "abort":
		return nil, err
	default:
		return nil, errors.Join(err, os.RemoveAll(target))
	}
}

func (b *Builder) make(target string, ui packersdk.Ui) error {
	if b.config.PackerForce {
		if err := os.RemoveAll(target); err != nil {
			return fmt.Errorf("remove the folder of an earlier build: %w", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	if err := os.Mkdir(target, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s is already there: remove it, or build with `-force`", target)
		}
		return err
	}
	ui.Sayf("Made the folder %s", target)
	return nil
}

func (b *Builder) fill(
	ctx context.Context, target string, ui packersdk.Ui, hook packersdk.Hook,
) (*Artifact, error) {
	if b.config.From != "" {
		if err := os.CopyFS(target, os.DirFS(b.config.From)); err != nil {
			return nil, fmt.Errorf("copy %s: %w", b.config.From, err)
		}
	}
	communicator, err := NewCommunicator(ctx, target, b.config.Shell, b.config.Environment)
	if err != nil {
		return nil, err
	}
	defer communicator.Close()
	for _, file := range b.config.Files {
		mode := fs.FileMode(0o644)
		if file.Executable {
			mode = 0o755
		}
		if err := communicator.write(file.Path, strings.NewReader(file.Content), mode); err != nil {
			return nil, fmt.Errorf("write `%s`: %w", file.Path, err)
		}
	}
	data := map[string]any{
		"ID":            target,
		"Folder":        target,
		"ConnType":      "folder",
		"PackerRunUUID": os.Getenv("PACKER_RUN_UUID"),
	}
	if err := hook.Run(ctx, packersdk.HookProvision, ui, communicator, data); err != nil {
		// The `error-cleanup-provisioner`, if there is one, sees the folder as it was left.
		cleanup := hook.Run(context.WithoutCancel(ctx), packersdk.HookCleanupProvision, ui, communicator, data)
		return nil, errors.Join(err, cleanup)
	}
	files, size, err := contents(target)
	if err != nil {
		return nil, err
	}
	if limit := b.config.Limit; limit != nil {
		if limit.Files > 0 && len(files) > limit.Files {
			return nil, fmt.Errorf("there are %d files, and `limit.files` is %d", len(files), limit.Files)
		}
		if limit.Bytes > 0 && size > limit.Bytes {
			return nil, fmt.Errorf("there are %d bytes, and `limit.bytes` is %d", size, limit.Bytes)
		}
	}
	return &Artifact{folder: target, files: files, size: size, data: data}, nil
}

// contents lists the files of a folder, in their order, and how many bytes they have.
func contents(folder string) ([]string, int64, error) {
	var files []string
	var size int64
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		files, size = append(files, path), size+info.Size()
		return nil
	})
	return files, size, err
}
