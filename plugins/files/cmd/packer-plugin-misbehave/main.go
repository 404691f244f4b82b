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
	"io"
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
	// Amount is how many seconds, commands or MiB it takes, where that matters.
	Amount int `mapstructure:"amount"`
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
		return p.config.misbehave(context.Background(), nil, nil)
	}
	return nil
}

// Provision misbehaves.
func (p *Provisioner) Provision(
	ctx context.Context, ui packersdk.Ui, machine packersdk.Communicator, _ map[string]any,
) error {
	ui.Sayf("about to %s", p.config.How)
	return p.config.misbehave(ctx, ui, machine)
}

func (c *Config) misbehave(ctx context.Context, ui packersdk.Ui, machine packersdk.Communicator) error {
	switch c.How {
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
		return leaveChild("20")
	case "hang with a child":
		if err := leaveChild("600"); err != nil {
			return err
		}
		ui.Say("there is a child")
		time.Sleep(time.Hour)
	case "be silent":
		time.Sleep(time.Duration(c.Amount) * time.Second)
	case "flood":
		return flood()
	case "move much":
		return moveMuch(ctx, ui, machine, int64(c.Amount)<<20)
	case "upload for ever":
		return machine.Upload("endless", new(endless), nil)
	case "take much":
		return machine.Upload("much", io.LimitReader(new(endless), int64(c.Amount)<<20), nil)
	case "bring much":
		return machine.Download("much", io.Discard)
	case "start one by one":
		return startOneByOne(ctx, machine, c.Amount)
	case "leave out":
		return machine.UploadDir("there", "here/", []string{"secret", "sub/secret"})
	case "start many":
		return startMany(ctx, machine)
	default:
		return fmt.Errorf("it cannot `%s`", c.How)
	}
	return nil
}

// leaveChild starts a process that holds this one's outputs open, for some seconds.
func leaveChild(seconds string) error {
	child, err := os.StartProcess("/bin/sleep", []string{"sleep", seconds}, &os.ProcAttr{
		Files: []*os.File{nil, os.Stdout, os.Stderr},
	})
	if err != nil {
		return err
	}
	return child.Release()
}

// flood writes the beginning of a frame of two gigabytes to the host, and then as much as it takes,
// past the library, which would not.
func flood() error {
	frame := []byte{0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff}
	content := make([]byte, 1<<20)
	var problems []error
	for number := 3; number < 64; number++ {
		peer, err := syscall.Getpeername(number)
		if _, unix := peer.(*syscall.SockaddrUnix); err != nil || !unix {
			continue
		}
		if err := writeAll(number, frame); err != nil {
			problems = append(problems, err)
			continue
		}
		for range 2048 {
			if err := writeAll(number, content); err != nil {
				return err
			}
		}
	}
	return errors.Join(append(problems, errors.New("the host took it all"))...)
}

func writeAll(number int, content []byte) error {
	for len(content) > 0 {
		count, err := syscall.Write(number, content)
		switch {
		case errors.Is(err, syscall.EAGAIN):
			time.Sleep(time.Millisecond)
		case err != nil:
			return err
		default:
			content = content[count:]
		}
	}
	return nil
}

// startOneByOne runs so many small commands, each when the one before has ended.
func startOneByOne(ctx context.Context, machine packersdk.Communicator, count int) error {
	for number := range count {
		command := &packersdk.RemoteCmd{Command: "exit 0"}
		if err := machine.Start(ctx, command); err != nil {
			return err
		}
		if status := command.Wait(); status != 0 {
			return fmt.Errorf("command %d: status %d", number, status)
		}
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
	set.RegisterPostProcessor(plugin.DEFAULT_NAME, new(PostProcessor))
	set.RegisterDatasource(plugin.DEFAULT_NAME, new(Datasource))
	set.SetVersion(version.NewPluginVersion("0.1.0", "", ""))
	if err := set.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
