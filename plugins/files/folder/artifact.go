package folder

import (
	"fmt"
	"os"
)

// BuilderID names the builder to others.
const BuilderID = "cooper.files"

// Artifact is a folder.
type Artifact struct {
	folder string
	files  []string
	size   int64
	data   map[string]any
}

// BuilderId names the builder.
func (*Artifact) BuilderId() string { return BuilderID }

// Files are the files, with their paths on this computer.
func (a *Artifact) Files() []string { return a.files }

// Id is the folder.
func (a *Artifact) Id() string { return a.folder }

func (a *Artifact) String() string {
	files := "files"
	if len(a.files) == 1 {
		files = "file"
	}
	return fmt.Sprintf("%d %s with %d bytes in %s", len(a.files), files, a.size, a.folder)
}

// State tells `folder`, and what provisioners have been told.
func (a *Artifact) State(name string) any {
	switch name {
	case "folder":
		return a.folder
	case "generated_data":
		return a.data
	}
	return nil
}

// Destroy removes the folder.
func (a *Artifact) Destroy() error { return os.RemoveAll(a.folder) }
