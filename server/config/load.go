// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads the configuration from the file at path, if path is not empty, and from env, which has "NAME=value" entries
// as os.Environ returns them and goes before the file. Either everything in it holds, or the error is an *Error with
// every mistake. Relative paths in it start at the file's folder, without a file at the working directory.
func Load(path string, env []string) (*Config, error) {
	l := newLoader(path)
	base, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		l.add(origin{}, "", "the folder of the configuration cannot be found: %v.", errors.Unwrap(err))
		return nil, l.failure()
	}
	l.base = base
	if path != "" {
		data, fault := l.files.read(path, maxConfig)
		if fault != "" {
			if !l.files.exists(path) {
				fault += " gatehouse init makes one."
			}
			l.add(origin{}, "", "the configuration file %s", fault)
			return nil, l.failure()
		}
		l.readYAML(data)
	}
	return l.load(env)
}

// loader is one run of Load.
type loader struct {
	file     string
	base     string
	files    files
	mistakes []Mistake
	// values has what is given, well formed or not: a field that is here is not missing.
	values map[slot]value
	// servers has the homeservers that are named, and where first.
	servers map[string]origin
	// brokenServers says that there are homeservers without a usable name, unreadable that the file was not read.
	brokenServers, unreadable bool
	// failed has the fields whose value was refused, so that nothing is concluded from them.
	failed map[slot]bool
}

// slot is where a value belongs: a field, and the homeserver's name if the field is a homeserver's.
type slot struct{ server, path string }

// value is what was given for a field. Without items and not empty it was refused already.
type value struct {
	items []item
	empty bool
	at    origin
}

type item struct {
	text string
	at   origin
}

func newLoader(path string) *loader {
	return &loader{
		file: path, files: osFiles{}, values: map[slot]value{}, servers: map[string]origin{}, failed: map[slot]bool{},
	}
}

// load goes on where the file has been read.
func (l *loader) load(env []string) (*Config, error) {
	l.readEnv(env)
	if l.unreadable {
		return nil, l.failure()
	}
	c := Default()
	if l.file != "" {
		c.File = filepath.Join(l.base, filepath.Base(l.file))
	}
	l.fill(&place{config: c, base: l.base}, "")
	for _, name := range l.serverNames() {
		h := DefaultHomeserver()
		l.fill(&place{homeserver: &h, base: l.base}, name)
		c.Homeservers[name] = h
	}
	l.checkTogether(c)
	if err := l.failure(); err != nil {
		return nil, err
	}
	return c, nil
}

func (l *loader) serverNames() []string {
	var names []string
	for name := range l.servers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fill puts what is given into its place, each value checked by itself.
func (l *loader) fill(p *place, server string) {
	for _, f := range fields {
		if f.ofHomeserver() != (server != "") {
			continue
		}
		s := slot{server, f.Path}
		v, isGiven := l.values[s]
		switch {
		case isGiven && len(v.items) == 0 && !v.empty:
			l.failed[s] = true
		case isGiven && f.FileOf != "":
			l.fillFromFile(p, f, s, v.items[0])
		case isGiven:
			l.fillItems(p, f, s, v)
		case f.Default != "" && p.config != nil && f.Type == "path" && f.FileOf == "":
			_ = f.codec.set(p, f.Default) // once more, now that the folder is known
		case f.Required:
			l.missing(f, server)
		}
	}
}

func (l *loader) fillItems(p *place, f Field, s slot, v value) {
	for _, item := range v.items {
		if err := f.codec.set(p, item.text); err != nil {
			l.failed[s] = true
			subject := "the value"
			if !f.Secret {
				subject = quote(item.text)
			}
			l.add(item.at, shownField(f.Path, s.server, item.at), "%s", ended(subject+" "+err.Error()))
		}
	}
}

// fillFromFile reads a secret's file. The path is not repeated in a mistake before there is such a file: people put
// the secret itself there.
func (l *loader) fillFromFile(p *place, f Field, s slot, from item) {
	shown := shownField(f.Path, s.server, from.at)
	if _, both := l.values[slot{s.server, f.FileOf}]; both {
		l.failed[s] = true
		l.add(from.at, shown, "%s is given, too. Leave one of the two.", Field{Path: f.FileOf}.name())
		return
	}
	path, err := resolve(l.base, from.text)
	if err != nil {
		l.failed[s] = true
		l.add(from.at, shown, "the value %v.", err)
		return
	}
	if !l.readSecret(p, f, path, from.at, shown) {
		l.failed[s] = true
	}
}

// readSecret reads a file with a secret in it and puts the secret in its place.
func (l *loader) readSecret(p *place, f Field, path string, at origin, shown string) bool {
	data, fault := l.files.readPrivate(path, maxSecret)
	if fault != "" {
		l.add(at, shown, "the file %s", fault)
		return false
	}
	text := string(data)
	if of, _ := fieldAt(f.FileOf); of.Type != typeKey { // there, raw bytes may look like white space
		text = trimSecret(text)
	}
	if text == "" {
		l.add(at, shown, "the file is empty.")
		return false
	}
	if err := f.codec.set(p, text); err != nil {
		l.add(at, shown, "%s", ended("what is in the file "+err.Error()))
		return false
	}
	return true
}

// missing notes a field that has to be given and is not.
func (l *loader) missing(f Field, server string) {
	at := l.servers[server]
	if at.env != "" {
		l.add(origin{env: strings.Replace(f.Env, "<NAME>", envServer(server), 1)}, "",
			"this is not set, and the homeserver %s (from %s) needs it.", server, at.env)
		return
	}
	l.add(at, shownPath(f.Path, server), "this is missing. Add it: it is needed for every homeserver.")
}

// isGiven reports whether a field or its "…_file" is given, well or badly.
func (l *loader) isGiven(server, path string) bool {
	_, direct := l.values[slot{server, path}]
	_, fromFile := l.values[slot{server, path + fileSuffix}]
	return direct || fromFile
}

// where returns the place of a field that is given, or of its "…_file".
func (l *loader) where(server, path string) origin {
	if v, ok := l.values[slot{server, path}]; ok {
		return v.at
	}
	return l.values[slot{server, path + fileSuffix}].at
}
