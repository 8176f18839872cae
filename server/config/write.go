// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Write makes a new configuration file at path with the values of c, its secrets included, and a comment for every
// field. Beside it, it makes the secret key's file, unless there is one, and the folder of the store, where that is the
// default one. The two files are for their owner alone (mode 0600). c.SecretKey is not written.
//
// A field of c with its zero value gets its default; for the boolean fields that means to begin with Default and
// DefaultHomeserver. A file that is there already is left alone, and the error then matches fs.ErrExist. What Load
// would refuse is not written, and the error is Load's. In no case is a part of the file left behind.
func Write(path string, c *Config) (err error) {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already and is left as it is: %w", path, fs.ErrExist)
	}
	folder := filepath.Dir(path)
	undo, err := prepare(folder, c)
	if err != nil {
		return err
	}
	defer func() {
		// Where the file is there in spite of an error, from here or from another Write, it needs what is beside it.
		if _, gone := os.Lstat(path); err != nil && gone != nil {
			undo()
		}
	}()
	data := render(c)
	temporary, err := writeTemporary(folder, data)
	if err != nil {
		return err
	}
	defer os.Remove(temporary)
	if err := wouldLoad(temporary, path, data); err != nil {
		return err
	}
	// A hard link fails where there is a file of that name, a rename would replace it.
	if err := os.Link(temporary, path); err != nil {
		return fmt.Errorf("the configuration cannot be written: %w", err)
	}
	return syncFolder(folder)
}

// prepare makes what the configuration needs beside it, and returns how to unmake it.
func prepare(folder string, c *Config) (undo func(), err error) {
	var made []string
	undo = func() {
		for _, path := range made {
			_ = os.Remove(path)
		}
	}
	f, _ := fieldAt("store.path")
	if c.Store.Database.IsZero() && (c.Store.Path == "" || c.Store.Path == f.Default) {
		store := filepath.Join(folder, filepath.Dir(f.Default))
		switch err := os.Mkdir(store, 0o700); {
		case err == nil:
			made = append(made, store)
		case !errors.Is(err, fs.ErrExist):
			return undo, fmt.Errorf("the folder of the store cannot be made: %w", err)
		}
	}
	keyFile := filepath.Join(folder, defaultKeyFile)
	switch err := Create(keyFile, newKey()); {
	case err == nil:
		made = append(made, keyFile)
	case !errors.Is(err, fs.ErrExist):
		undo()
		return undo, fmt.Errorf("the file of the secret key cannot be made: %w", err)
	}
	return undo, nil
}

// Create writes a new file for its owner alone (mode 0600), down to the disk. One that is there already is left alone,
// and the error then matches fs.ErrExist; nothing is left of one that could not be written whole.
func Create(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(path)
	}
	return err
}

func writeTemporary(folder string, data []byte) (path string, err error) {
	f, err := os.CreateTemp(folder, ".gatehouse-*.yaml") // mode 0600
	if err != nil {
		return "", fmt.Errorf("the configuration cannot be written: %w", err)
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", fmt.Errorf("the configuration cannot be written: %w", err)
	}
	return f.Name(), nil
}

// wouldLoad checks the file that stands at temporary as the one that path is going to be.
func wouldLoad(temporary, path string, data []byte) error {
	base, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return err
	}
	l := newLoader(temporary)
	l.base = base
	l.readYAML(data)
	_, err = l.load(nil)
	var refused *Error
	if errors.As(err, &refused) {
		for i := range refused.Mistakes {
			m := &refused.Mistakes[i]
			m.File, m.Line, m.Column = path, 0, 0 // nobody can look the line up
		}
	}
	return err
}

const fileHead = `# The configuration of Gatehouse. Every field is described in docs/configuration.md.
# A line that begins with "#" is a comment: remove the "#" in front of a field to give it another value than it shows.
# There are secrets in this file: keep it readable for its owner alone (chmod 600).
`

// render writes the file's text. Fields that have their default, or no value, are there as comments.
func render(c *Config) []byte {
	w := &renderer{}
	w.WriteString(fileHead)
	section := ""
	for _, f := range fields {
		if f.ofHomeserver() || f.section() == "" && (f.Secret || f.FileOf != "" && f.Default == "") {
			continue
		}
		if f.section() != section {
			section = f.section()
			fmt.Fprintf(w, "\n%s:\n", section)
		} else if section == "" {
			w.WriteByte('\n')
		}
		w.field(f, &place{config: c}, strings.Repeat("  ", depth(section)))
	}
	fmt.Fprintf(w, "\n%s:\n", homeserversKey)
	for _, name := range c.Names() {
		fmt.Fprintf(w, "  %s:\n", scalarText(name))
		h := c.Homeservers[name]
		section := homeserverPath
		for _, f := range fields {
			if !f.ofHomeserver() {
				continue
			}
			if f.section() != section {
				section = f.section()
				fmt.Fprintf(w, "    %s:\n", strings.TrimPrefix(section, homeserverPath+"."))
			}
			indent := "    "
			if section != homeserverPath {
				indent += "  "
			}
			w.field(f, &place{homeserver: &h}, indent)
		}
	}
	return w.Bytes()
}

func depth(section string) int {
	if section == "" {
		return 0
	}
	return 1
}

type renderer struct{ bytes.Buffer }

// field writes a field's comment and its line or lines. The "…_file" of a secret is there in its own right only where
// it has a default; else the secret's comment names it.
func (w *renderer) field(f Field, p *place, indent string) {
	var now []string
	if f.FileOf == "" {
		now = f.codec.get(p)
	} else if f.Default == "" {
		return
	}
	about := strings.ReplaceAll(f.About, "`", "")
	if f.Secret {
		about += " Or give the path of a file with it, as " + f.name() + fileSuffix + "."
	}
	for _, line := range wrap(about, 100-len(indent)) {
		fmt.Fprintf(w, "%s# %s\n", indent, line)
	}
	mark := ""
	if len(now) == 0 || slices.Equal(now, given(f.Default)) {
		mark = "# "
		now = given(f.Default)
		if f.Default == "" {
			now = given(f.Example)
		}
	}
	if !f.List {
		value := ""
		if len(now) > 0 {
			value = " " + scalarText(now[0])
		}
		fmt.Fprintf(w, "%s%s%s:%s\n", indent, mark, f.name(), value)
		return
	}
	fmt.Fprintf(w, "%s%s%s:\n", indent, mark, f.name())
	for _, item := range now {
		fmt.Fprintf(w, "%s%s  - %s\n", indent, mark, scalarText(item))
	}
}

var plainText = regexp.MustCompile(`^[A-Za-z0-9/][A-Za-z0-9/._-]*(:[A-Za-z0-9/._-]+)*$`)

// scalarText writes a text as YAML: as it is where that is safe, else in double quotes. Go's escapes for ASCII are
// all YAML's, too (YAML 1.2.2 section 5.7).
func scalarText(text string) string {
	if plainText.MatchString(text) && !strings.EqualFold(text, "null") {
		return text
	}
	return strconv.QuoteToASCII(text)
}

// wrap breaks a text into lines of at most width bytes, where its words allow.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
