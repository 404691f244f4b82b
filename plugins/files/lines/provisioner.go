//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config,Replace

// Package lines is a provisioner that edits a text file of the machine: it says which lines are to
// be in it, and changes nothing when they are.
package lines

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// sizeLimit is how large a file may be: it is a text that somebody could edit by hand.
const sizeLimit = 16 << 20

// Config holds the arguments.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// Path is the file.
	Path string `mapstructure:"path" required:"true"`
	// Settings are lines `name` `separator` `value`: each replaces the line that sets the name, also
	// one that is commented out, or is added.
	Settings map[string]string `mapstructure:"settings"`
	// Separator stands between a name and a value. It is `=`.
	Separator string `mapstructure:"separator"`
	// Replace changes lines that match.
	Replace []Replace `mapstructure:"replace"`
	// Present are lines that are added if they are not there.
	Present []string `mapstructure:"present"`
	// Absent are patterns of lines that are removed.
	Absent []string `mapstructure:"absent"`
	// Create says whether a file that is not there is made. It is true.
	Create config.Trilean `mapstructure:"create"`
	// Mode is what the file gets, such as `0644`; otherwise it keeps its own.
	Mode string `mapstructure:"mode"`

	edit edit
	mode fs.FileMode
	ctx  interpolate.Context
}

// Replace changes lines that match.
type Replace struct {
	// Pattern is a regular expression for a part of a line.
	Pattern string `mapstructure:"pattern" required:"true"`
	// With is what that part becomes; `$1` is the first group.
	With string `mapstructure:"with" required:"true"`
}

// Provisioner edits a file.
type Provisioner struct {
	config Config
}

// ConfigSpec tells the arguments.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads and checks the arguments.
func (p *Provisioner) Prepare(raws ...any) error {
	p.config = Config{}
	err := config.Decode(&p.config, &config.DecodeOpts{
		PluginType:         "files-lines",
		Interpolate:        true,
		InterpolateContext: &p.config.ctx,
	}, raws...)
	if err != nil {
		return err
	}
	if p.config.Separator == "" {
		p.config.Separator = "="
	}
	return p.check()
}

func (p *Provisioner) check() error {
	var problems []error
	if p.config.Path == "" {
		problems = append(problems, errors.New("`path` is missing: say which file is to be edited"))
	}
	p.config.mode = 0
	if p.config.Mode != "" {
		mode, err := strconv.ParseUint(p.config.Mode, 8, 9)
		if err != nil {
			problems = append(problems, fmt.Errorf("`mode` must be like `0644`: `%s`", p.config.Mode))
		}
		p.config.mode = fs.FileMode(mode)
	}
	edit, err := newEdit(&p.config)
	p.config.edit = edit
	return errors.Join(append(problems, err)...)
}

// Provision reads the file, edits it, and writes it back if something has changed.
func (p *Provisioner) Provision(
	ctx context.Context, ui packersdk.Ui, machine packersdk.Communicator, _ map[string]any,
) error {
	before, found, err := p.read(ctx, machine)
	if err != nil {
		return fmt.Errorf("read `%s`: %w", p.config.Path, err)
	}
	if !found && p.config.Create.False() {
		return fmt.Errorf("there is no `%s`, and `create` is false", p.config.Path)
	}
	after, changes := p.config.edit.apply(before)
	if len(changes) == 0 {
		ui.Sayf("%s is as it should be", p.config.Path)
		return nil
	}
	for _, change := range changes {
		ui.Sayf("%s: %s", p.config.Path, change)
	}
	if err := p.write(ctx, machine, after, found); err != nil {
		return fmt.Errorf("write `%s`: %w", p.config.Path, err)
	}
	return nil
}

// read also says whether there is such a file.
func (p *Provisioner) read(ctx context.Context, machine packersdk.Communicator) (string, bool, error) {
	status, err := run(ctx, machine, "test -e "+quoted(p.config.Path))
	if err != nil || status != 0 {
		return "", false, err
	}
	var content limited
	if err := machine.Download(p.config.Path, &content); err != nil {
		return "", true, err
	}
	return content.buffer.String(), true, nil
}

// write keeps the mode of a file that was there: an upload may replace it.
func (p *Provisioner) write(
	ctx context.Context, machine packersdk.Communicator, content string, found bool,
) error {
	mode := p.config.mode
	if mode == 0 {
		mode = 0o644
		if found {
			var octal bytes.Buffer
			command := &packersdk.RemoteCmd{Command: "stat -c %a " + quoted(p.config.Path), Stdout: &octal}
			if err := machine.Start(ctx, command); err != nil {
				return err
			}
			command.Wait()
			if own, err := strconv.ParseUint(strings.TrimSpace(octal.String()), 8, 12); err == nil {
				mode = fs.FileMode(own).Perm()
			}
		}
	}
	var info os.FileInfo = written{path.Base(p.config.Path), int64(len(content)), mode}
	if err := machine.Upload(p.config.Path, strings.NewReader(content), &info); err != nil {
		return err
	}
	status, err := run(ctx, machine, fmt.Sprintf("chmod %o %s", mode, quoted(p.config.Path)))
	if err == nil && status != 0 {
		err = fmt.Errorf("`chmod` ended with status %d", status)
	}
	return err
}

func run(ctx context.Context, machine packersdk.Communicator, command string) (int, error) {
	remote := &packersdk.RemoteCmd{Command: command}
	if err := machine.Start(ctx, remote); err != nil {
		return 0, err
	}
	status := remote.Wait()
	if status == packersdk.CmdDisconnect {
		return 0, errors.New("the connection to the machine is lost")
	}
	return status, nil
}

// quoted is a path as one word of a shell.
func quoted(path string) string {
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// limited refuses a file that is too large to be edited.
type limited struct {
	buffer bytes.Buffer
}

func (l *limited) Write(data []byte) (int, error) {
	if l.buffer.Len()+len(data) > sizeLimit {
		return 0, fmt.Errorf("it is larger than %d bytes", sizeLimit)
	}
	return l.buffer.Write(data)
}

// written is what an upload tells about the file.
type written struct {
	name string
	size int64
	mode fs.FileMode
}

func (w written) Name() string      { return w.name }
func (w written) Size() int64       { return w.size }
func (w written) Mode() fs.FileMode { return w.mode }
func (written) ModTime() time.Time  { return time.Now() }
func (written) IsDir() bool         { return false }
func (written) Sys() any            { return nil }
