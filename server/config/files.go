// SPDX-License-Identifier: Apache-2.0

package config

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxConfig = 1 << 20 // bytes of a configuration file
	maxSecret = 1 << 16 // bytes of a file with a secret or a certificate
)

// files is what a loader needs of the file system. A fault goes on from "the file": it is "" or ends a sentence, and
// has the path in it only where there is a file with that path.
type files interface {
	read(path string, limit int64) (data []byte, fault string)
	// readPrivate is read for a file that holds a secret: it refuses one that other people can read.
	readPrivate(path string, limit int64) (data []byte, fault string)
	// private is the check of readPrivate alone.
	private(path string) (fault string)
	exists(path string) bool
	isFolder(path string) bool
}

type osFiles struct{}

func (osFiles) read(path string, limit int64) ([]byte, string) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "is not there."
	case errors.Is(err, fs.ErrPermission):
		return nil, "may not be read by the user that Gatehouse runs as."
	case err != nil:
		return nil, "cannot be read."
	case !info.Mode().IsRegular(): // opening a pipe would wait for its writer
		return nil, "is not a regular file."
	case info.Size() > limit:
		return nil, fmt.Sprintf("is larger than %d KiB.", limit>>10)
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, "may not be read by the user that Gatehouse runs as."
	}
	if err != nil {
		return nil, "cannot be read."
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil, "cannot be read."
	}
	return data, ""
}

func (o osFiles) readPrivate(path string, limit int64) ([]byte, string) {
	data, fault := o.read(path, limit)
	if fault == "" {
		fault = o.private(path)
	}
	if fault != "" {
		return nil, fault
	}
	return data, ""
}

func (osFiles) private(path string) string {
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return "cannot be read."
	}
	info, err := os.Stat(real)
	if err != nil {
		return "cannot be read."
	}
	if uid, known := owner(info); known && !mayHoldSecret(real, info.Mode().Perm(), uid) {
		return fmt.Sprintf("can be read or changed by others (mode %04o). Make it private with: chmod 600 %s", info.Mode().Perm(), shellQuote(path))
	}
	return ""
}

// mayHoldSecret tells whether a file is private enough for a secret: its owner alone can use it; or it is root's and a
// group may read it; or it is root's, under /run, where containers and systemd put secrets and choose the mode.
func mayHoldSecret(path string, mode fs.FileMode, uid uint32) bool {
	switch {
	case mode&0o077 == 0:
		return true
	case uid != 0:
		return false
	}
	return mode&0o037 == 0 || strings.HasPrefix(path, "/run/") && mode&0o022 == 0
}

func (osFiles) exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func (osFiles) isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// isKeyPair keeps the error of crypto/tls to itself: it may repeat what is in the files.
func isKeyPair(certificate, key []byte) bool {
	_, err := tls.X509KeyPair(certificate, key)
	return err == nil
}

// trimSecret removes the white space around a secret that is a file of its own, as Synapse does: editors and echo end
// a file with a line break.
func trimSecret(text string) string { return strings.TrimSpace(text) }

// shellQuote writes a path so that it can be pasted into a shell.
func shellQuote(path string) string {
	plain := func(r rune) bool { return isAlphanumeric(r) || strings.ContainsRune("/._-+", r) }
	if !strings.ContainsFunc(path, func(r rune) bool { return !plain(r) }) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
