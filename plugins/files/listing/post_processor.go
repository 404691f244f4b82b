//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config

// Package listing is a post-processor that shows the files of an artifact, and hands the artifact on.
package listing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
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

	// Sums is a file to write with a line for each file, as `sha256sum -c` reads it.
	Sums string `mapstructure:"sums"`

	ctx interpolate.Context
}

// PostProcessor lists.
type PostProcessor struct {
	config Config
}

// ConfigSpec tells the arguments.
func (p *PostProcessor) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Configure reads the arguments.
func (p *PostProcessor) Configure(raws ...any) error {
	p.config = Config{}
	return config.Decode(&p.config, &config.DecodeOpts{
		PluginType:         "files-list",
		Interpolate:        true,
		InterpolateContext: &p.config.ctx,
	}, raws...)
}

// PostProcess lists the files of an artifact, which it hands on and keeps.
func (p *PostProcessor) PostProcess(
	ctx context.Context, ui packersdk.Ui, input packersdk.Artifact,
) (packersdk.Artifact, bool, bool, error) {
	ui.Sayf("%s from %s:", input.String(), input.BuilderId())
	var sums strings.Builder
	for _, name := range input.Files() {
		if err := ctx.Err(); err != nil {
			return nil, false, false, err
		}
		digest, size, err := sum(name)
		if err != nil {
			return nil, false, false, err
		}
		ui.Sayf("  %10d  %s", size, name)
		fmt.Fprintf(&sums, "%s  %s\n", digest, name)
	}
	if p.config.Sums != "" {
		if err := os.WriteFile(p.config.Sums, []byte(sums.String()), 0o644); err != nil {
			return nil, false, false, err
		}
	}
	return input, true, true, nil
}

func sum(name string) (string, int64, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	digest := sha256.New()
	size, err := io.Copy(digest, file)
	return hex.EncodeToString(digest.Sum(nil)), size, errors.Join(err, file.Close())
}
