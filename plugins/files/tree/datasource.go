//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config,Output,File

// Package tree is a data source that tells which files there are in a folder, and one digest for
// all of them: a build can depend on what is in it.
package tree

import (
	"errors"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/hcl2helper"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"
)

// Config holds the arguments.
type Config struct {
	// Path is the folder.
	Path string `mapstructure:"path" required:"true"`
	// Include are patterns, such as `*.conf`, of which a file must match one. It is all files.
	Include []string `mapstructure:"include"`
	// Exclude are patterns of files and folders that are left out.
	Exclude []string `mapstructure:"exclude"`
}

// Output is what a template sees.
type Output struct {
	// Digest is a text that changes when a path, a mode or a content does.
	Digest string `mapstructure:"digest"`
	// Count is how many files there are.
	Count int `mapstructure:"count"`
	// Bytes is how many bytes they have together.
	Bytes int64 `mapstructure:"bytes"`
	// Paths are their paths in the folder, in order.
	Paths []string `mapstructure:"paths"`
	// Sums tells the digest of each path.
	Sums map[string]string `mapstructure:"sums"`
	// Files tells more about each.
	Files []File `mapstructure:"files"`
}

// File is one file.
type File struct {
	// Path is its path in the folder.
	Path string `mapstructure:"path"`
	// Size is how many bytes it has.
	Size int64 `mapstructure:"size"`
	// Mode is what may be done with it, such as `0644`.
	Mode string `mapstructure:"mode"`
	// Executable says whether it may be run.
	Executable bool `mapstructure:"executable"`
	// SHA256 is the digest of its content.
	SHA256 string `mapstructure:"sha256"`
}

// Datasource looks at a folder.
type Datasource struct {
	config Config
}

// ConfigSpec tells the arguments.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec {
	return d.config.FlatMapstructure().HCL2Spec()
}

// OutputSpec tells what a template sees.
func (*Datasource) OutputSpec() hcldec.ObjectSpec {
	return new(Output).FlatMapstructure().HCL2Spec()
}

// Configure reads and checks the arguments.
func (d *Datasource) Configure(raws ...any) error {
	d.config = Config{}
	if err := config.Decode(&d.config, nil, raws...); err != nil {
		return err
	}
	problems := []error{checkPatterns("include", d.config.Include), checkPatterns("exclude", d.config.Exclude)}
	if d.config.Path == "" {
		problems = append(problems, errors.New("`path` is missing: say which folder is meant"))
	}
	return errors.Join(problems...)
}

// Execute looks.
func (d *Datasource) Execute() (cty.Value, error) {
	output, err := look(&d.config)
	if err != nil {
		return cty.NullVal(cty.EmptyObject), fmt.Errorf("look at %s: %w", d.config.Path, err)
	}
	return hcl2helper.HCL2ValueFromConfig(output, d.OutputSpec()), nil
}
