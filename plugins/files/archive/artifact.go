package archive

import (
	"fmt"
	"os"
)

// BuilderID names the post-processor to others.
const BuilderID = "cooper.files.tar"

// Artifact is an archive.
type Artifact struct {
	path   string
	digest string
}

// BuilderId names the post-processor.
func (*Artifact) BuilderId() string { return BuilderID }

// Files is the archive.
func (a *Artifact) Files() []string { return []string{a.path} }

// Id is the digest of the archive.
func (a *Artifact) Id() string { return "sha256:" + a.digest }

func (a *Artifact) String() string { return fmt.Sprintf("%s, sha256:%s", a.path, a.digest) }

// State tells nothing more.
func (*Artifact) State(string) any { return nil }

// Destroy removes the archive.
func (a *Artifact) Destroy() error { return os.Remove(a.path) }
