//go:generate go tool packer-sdc mapstructure-to-hcl2 -type Config

// packer-plugin-misbehave is for tests of hosts: a plugin on Packer's own library that breaks its
// word in one way or another, and says in which.
package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/version"
)

// Config holds the arguments of the provisioner.
type Config struct {
	// When is the moment: `prepare` or `provision`, which it is if nothing is said.
	When string `mapstructure:"when"`
	// How is one of the ways of [misbehave].
	How string `mapstructure:"how" required:"true"`
}

// Provisioner does as it is told.
type Provisioner struct {
	config Config
}

// ConfigSpec tells the arguments.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec {
	return p.config.FlatMapstructure().HCL2Spec()
}

// Prepare reads the arguments.
func (p *Provisioner) Prepare(raws ...any) error {
	p.config = Config{}
	if err := config.Decode(&p.config, nil, raws...); err != nil {
		return err
	}
	if p.config.When == "prepare" {
		return misbehave(context.Background(), p.config.How, nil, nil)
	}
	return nil
}

// Provision misbehaves.
func (p *Provisioner) Provision(
	ctx context.Context, ui packersdk.Ui, machine packersdk.Communicator, _ map[string]any,
) error {
	ui.Sayf("about to %s", p.config.How)
	return misbehave(ctx, p.config.How, ui, machine)
}

func misbehave(ctx context.Context, how string, ui packersdk.Ui, machine packersdk.Communicator) error {
	switch how {
	case "fail":
		return errors.New("it was told to fail")
	case "panic":
		panic("it was told to panic")
	case "exit":
		os.Exit(3)
	case "kill":
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "wait":
		// As long as it may.
		<-ctx.Done()
		return ctx.Err()
	case "hang":
		// Whatever happens, and for longer than anybody waits.
		time.Sleep(time.Hour)
	case "print":
		// Other lines on standard output than the one that is for the host.
		for range 2000 {
			fmt.Println("5|0|unix|/this/is/not/for/you")
		}
	case "complain":
		for range 20000 {
			fmt.Fprintln(os.Stderr, "this is for the log, and there is much of it")
		}
	case "shout":
		// One line without an end.
		output := bufio.NewWriter(os.Stderr)
		for range 16 {
			output.Write(bytes.Repeat([]byte("a"), 1<<20))
		}
		return output.Flush()
	case "leave a child":
		// It holds this process's outputs open for a while.
		child, err := os.StartProcess("/bin/sleep", []string{"sleep", "20"}, &os.ProcAttr{
			Files: []*os.File{nil, os.Stdout, os.Stderr},
		})
		if err != nil {
			return err
		}
		return child.Release()
	case "start many":
		return startMany(ctx, machine)
	default:
		return fmt.Errorf("it cannot `%s`", how)
	}
	return nil
}

// startMany runs commands at the same time, each with output on both streams.
func startMany(ctx context.Context, machine packersdk.Communicator) error {
	const count = 200
	results := make(chan error, count)
	for number := range count {
		go func() {
			var output, errors bytes.Buffer
			command := &packersdk.RemoteCmd{
				Command: fmt.Sprintf("echo %d; echo %d >&2; exit %d", number, number, number%5),
				Stdout:  &output,
				Stderr:  &errors,
			}
			if err := machine.Start(ctx, command); err != nil {
				results <- err
				return
			}
			status, want := command.Wait(), fmt.Sprintf("%d\n", number)
			if status != number%5 || output.String() != want || errors.String() != want {
				results <- fmt.Errorf("command %d: status %d, %q, %q", number, status, &output, &errors)
				return
			}
			results <- nil
		}()
	}
	var problems []error
	for range count {
		problems = append(problems, <-results)
	}
	return errors.Join(problems...)
}

// atStart breaks the word before there is a connection: `MISBEHAVE_AT_START` says how.
func atStart() {
	switch os.Getenv("MISBEHAVE_AT_START") {
	case "print":
		fmt.Println("hello, this is a plugin")
	case "exit":
		fmt.Fprintln(os.Stderr, "it was told to exit")
		os.Exit(3)
	case "silence":
		time.Sleep(time.Hour)
	case "other protocol":
		fmt.Println("6|0|unix|/tmp/none")
		time.Sleep(time.Hour)
	case "no listener":
		fmt.Println("5|0|unix|/nonexistent/socket")
		time.Sleep(time.Hour)
	}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "start" {
		atStart()
	}
	set := plugin.NewSet()
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(Provisioner))
	set.SetVersion(version.NewPluginVersion("0.1.0", "", ""))
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
