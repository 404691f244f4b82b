package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
)

// noise is content of a size that nothing makes shorter, and what it comes to.
type noise struct {
	source *rand.ChaCha8
	left   int64
	sum    hash.Hash
}

func newNoise(size int64, seed byte) *noise {
	return &noise{rand.NewChaCha8([32]byte{seed}), size, sha256.New()}
}

// Read gives the next of it.
func (n *noise) Read(into []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	into = into[:min(int64(len(into)), n.left)]
	count, err := n.source.Read(into)
	n.left -= int64(count)
	n.sum.Write(into[:count])
	return count, err
}

// endless is content without an end.
type endless struct{}

// Read gives more of it.
func (*endless) Read(into []byte) (int, error) { return len(into), nil }

// moveMuch moves so many bytes into the machine, the same out of it, and as many others through a
// command that reads and prints them, each with a checksum.
func moveMuch(ctx context.Context, ui packersdk.Ui, machine packersdk.Communicator, size int64) error {
	content := newNoise(size, 1)
	if err := machine.Upload("much", content, nil); err != nil {
		return fmt.Errorf("upload: %w", err)
	}
	back := sha256.New()
	if err := machine.Download("much", back); err != nil {
		return fmt.Errorf("download: %w", err)
	}
	if !bytes.Equal(content.sum.Sum(nil), back.Sum(nil)) {
		return fmt.Errorf("what was uploaded is not what was downloaded")
	}
	ui.Sayf("%d bytes went in and out", size)

	content, back = newNoise(size, 2), sha256.New()
	command := &packersdk.RemoteCmd{Command: "cat", Stdin: content, Stdout: back}
	if err := machine.Start(ctx, command); err != nil {
		return fmt.Errorf("start: %w", err)
	}
	if status := command.Wait(); status != 0 {
		return fmt.Errorf("`cat` ended with status %d", status)
	}
	if !bytes.Equal(content.sum.Sum(nil), back.Sum(nil)) {
		return fmt.Errorf("what a command read is not what it printed")
	}
	ui.Sayf("%d bytes went through a command", size)
	return nil
}
