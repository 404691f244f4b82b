//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config

// Package archive is a post-processor that packs the files of an artifact into a tar archive, the
// same bytes for the same files.
package archive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/packer-plugin-sdk/common"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// Config holds the arguments.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// Output is the archive. One that ends in `.gz` or `.tgz` is compressed.
	Output string `mapstructure:"output" required:"true"`
	// Prefix is the folder in the archive that the files are in.
	Prefix string `mapstructure:"prefix"`
	// Time is the time of the files, in seconds since 1970. It is 0.
	Time int64 `mapstructure:"time"`

	ctx interpolate.Context
}

// PostProcessor packs.
type PostProcessor struct {
	config Config
}

// ConfigSpec tells the arguments.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Configure reads and checks the arguments.
func (p *PostProcessor) Configure(raws ...any) error {
	p.config = Config{}
	err := config.Decode(&p.config, &config.DecodeOpts{
		PluginType:         "files-tar",
		Interpolate:        true,
		InterpolateContext: &p.config.ctx,
	}, raws...)
	if err != nil {
		return err
	}
	if p.config.Output == "" {
		return errors.New("`output` is missing: say how the archive is called")
	}
	if p.config.Prefix != "" && !filepath.IsLocal(p.config.Prefix) {
		return fmt.Errorf("`prefix` must be a folder in the archive: `%s`", p.config.Prefix)
	}
	return nil
}

// PostProcess packs the files of an artifact, which is then no longer needed.
func (p *PostProcessor) PostProcess(
	ctx context.Context, ui packersdk.Ui, input packersdk.Artifact,
) (packersdk.Artifact, bool, bool, error) {
	files := input.Files()
	if len(files) == 0 {
		return nil, false, false, fmt.Errorf("%s is not made of files, so nothing can be packed", input.String())
	}
	folder, _ := input.State("folder").(string)
	if folder == "" {
		folder = filepath.Dir(files[0])
	}
	ui.Sayf("Packing %d files into %s", len(files), p.config.Output)
	packed, err := p.pack(ctx, folder, files)
	if err != nil {
		return nil, false, false, errors.Join(fmt.Errorf("pack %s: %w", p.config.Output, err), removed(p.config.Output))
	}
	return packed, false, false, nil
}

func removed(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
