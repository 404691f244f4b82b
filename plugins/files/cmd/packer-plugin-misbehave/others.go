package main

import (
	"context"
	"errors"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/zclconf/go-cty/cty"
)

// PostProcessor misbehaves, and makes nothing. There is no machine.
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
	return config.Decode(&p.config, nil, raws...)
}

// PostProcess misbehaves.
func (p *PostProcessor) PostProcess(
	ctx context.Context, ui packersdk.Ui, _ packersdk.Artifact,
) (packersdk.Artifact, bool, bool, error) {
	ui.Sayf("about to %s", p.config.How)
	if err := p.config.misbehave(ctx, ui, nil); err != nil {
		return nil, false, false, err
	}
	return nil, false, false, errors.New("there is nothing to be had here")
}

// Datasource misbehaves, and finds nothing.
type Datasource struct {
	config Config
}

// ConfigSpec tells the arguments.
func (d *Datasource) ConfigSpec() hcldec.ObjectSpec {
	return d.config.FlatMapstructure().HCL2Spec()
}

// OutputSpec tells what it finds.
func (d *Datasource) OutputSpec() hcldec.ObjectSpec { return hcldec.ObjectSpec{} }

// Configure reads the arguments.
func (d *Datasource) Configure(raws ...any) error {
	d.config = Config{}
	return config.Decode(&d.config, nil, raws...)
}

// Execute misbehaves; nobody can cancel it.
func (d *Datasource) Execute() (cty.Value, error) {
	return cty.EmptyObjectVal, d.config.misbehave(context.Background(), nil, nil)
}
