package archive

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// pack writes the archive, and gives it as an artifact.
func (p *PostProcessor) pack(ctx context.Context, folder string, files []string) (*Artifact, error) {
	if err := os.MkdirAll(filepath.Dir(p.config.Output), 0o755); err != nil {
		return nil, err
	}
	output, err := os.Create(p.config.Output)
	if err != nil {
		return nil, err
	}
	defer output.Close()
	digest := sha256.New()
	var into io.Writer = io.MultiWriter(output, digest)
	var compressed *gzip.Writer
	if strings.HasSuffix(p.config.Output, ".gz") || strings.HasSuffix(p.config.Output, ".tgz") {
		compressed = gzip.NewWriter(into)
		into = compressed
	}
	archive := tar.NewWriter(into)
	for _, file := range slices.Sorted(slices.Values(files)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := p.add(archive, folder, file); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if compressed != nil {
		if err := compressed.Close(); err != nil {
			return nil, err
		}
	}
	if err := output.Close(); err != nil {
		return nil, err
	}
	return &Artifact{path: p.config.Output, digest: hex.EncodeToString(digest.Sum(nil))}, nil
}

func (p *PostProcessor) add(archive *tar.Writer, folder, name string) error {
	inside, err := filepath.Rel(folder, name)
	if err != nil || !filepath.IsLocal(inside) {
		return errors.Join(fmt.Errorf("%s is not in %s", name, folder), err)
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	err = archive.WriteHeader(&tar.Header{
		Name:    path.Join(p.config.Prefix, filepath.ToSlash(inside)),
		Mode:    int64(info.Mode().Perm()),
		Size:    info.Size(),
		ModTime: time.Unix(p.config.Time, 0),
		Format:  tar.FormatPAX,
	})
	if err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}
