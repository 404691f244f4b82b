package tree

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// look finds the files. What is neither a file nor a folder is no part of it.
func look(config *Config) (*Output, error) {
	output := &Output{Sums: map[string]string{}}
	all := sha256.New()
	tree := os.DirFS(config.Path)
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if matches(config.Exclude, name) {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if !entry.Type().IsRegular() || len(config.Include) > 0 && !matches(config.Include, name) {
			return nil
		}
		file, err := describe(tree, name)
		if err != nil {
			return err
		}
		fmt.Fprintf(all, "%s %s %q\n", file.SHA256, file.Mode, file.Path)
		output.Files = append(output.Files, file)
		output.Paths = append(output.Paths, name)
		output.Sums[name] = file.SHA256
		output.Count++
		output.Bytes += file.Size
		return nil
	})
	output.Digest = "sha256:" + hex.EncodeToString(all.Sum(nil))
	return output, err
}

func describe(tree fs.FS, name string) (File, error) {
	file, err := tree.Open(name)
	if err != nil {
		return File{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return File{}, err
	}
	digest := sha256.New()
	size, err := io.Copy(digest, file)
	if err != nil {
		return File{}, err
	}
	mode := info.Mode().Perm()
	return File{
		Path:       name,
		Size:       size,
		Mode:       fmt.Sprintf("%04o", mode),
		Executable: mode&0o111 != 0,
		SHA256:     hex.EncodeToString(digest.Sum(nil)),
	}, nil
}

// matches compares patterns with a path and with its last part.
func matches(patterns []string, name string) bool {
	for _, pattern := range patterns {
		whole, _ := path.Match(pattern, name)
		last, _ := path.Match(pattern, path.Base(name))
		if whole || last {
			return true
		}
	}
	return false
}

func checkPatterns(argument string, patterns []string) error {
	var problems []error
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			problems = append(problems, fmt.Errorf("`%s`: `%s`: %w", argument, pattern, err))
		}
	}
	return errors.Join(problems...)
}
