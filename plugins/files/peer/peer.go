// Package peer starts a plugin as Packer does, with Packer's own library at this end: what it gets
// on with, Packer gets on with.
package peer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/rpc"
)

// Encoding is how specifications and values travel.
type Encoding string

const (
	// Gob is the older one, which every plugin knows.
	Gob Encoding = "gob"
	// Protobuf is the newer one.
	Protobuf Encoding = "protobuf"
)

// Plugin is a process that serves one component.
type Plugin struct {
	*rpc.Client
	command *exec.Cmd
	// Greeting is the line that the plugin said first.
	Greeting string
}

// Start runs the command of a plugin for one component, and connects to it. The plugin ends with the
// context.
func Start(
	ctx context.Context, command []string, kind, component string, encoding Encoding, log io.Writer,
) (*Plugin, error) {
	arguments := append([]string{}, command[1:]...)
	arguments = append(arguments, "start", kind)
	if encoding == Protobuf {
		arguments = append(arguments, "--protobuf")
	}
	process := exec.CommandContext(ctx, command[0], append(arguments, component)...)
	process.Env = append(os.Environ(), plugin.MagicCookieKey+"="+plugin.MagicCookieValue)
	process.Stderr = log
	// Its children may keep the log open.
	process.WaitDelay = time.Second
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	started, err := connect(output, encoding)
	if err != nil {
		return nil, errors.Join(err, process.Process.Kill(), process.Wait())
	}
	started.command = process
	return started, nil
}

func connect(output io.Reader, encoding Encoding) (*Plugin, error) {
	lines := bufio.NewReader(output)
	line, err := lines.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("read the greeting: %w", err)
	}
	greeting := strings.TrimSpace(line)
	parts := strings.Split(greeting, "|")
	if len(parts) != 4 {
		return nil, fmt.Errorf("the greeting has %d parts: %s", len(parts), greeting)
	}
	connection, err := net.Dial(parts[2], parts[3])
	if err != nil {
		return nil, err
	}
	client, err := rpc.NewClient(connection)
	if err != nil {
		return nil, errors.Join(err, connection.Close())
	}
	client.UseProto = encoding == Protobuf
	go io.Copy(io.Discard, lines)
	return &Plugin{Client: client, Greeting: greeting}, nil
}

// Stop ends the connection, and gives what the plugin ended with.
func (p *Plugin) Stop() error {
	return errors.Join(p.Close(), p.command.Wait())
}
