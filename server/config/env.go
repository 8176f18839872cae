// SPDX-License-Identifier: Apache-2.0

package config

import (
	"regexp"
	"slices"
	"strings"
)

// PathEnv is the environment variable that the program takes the path of the configuration file from. It is no field.
const PathEnv = envPrefix + "CONFIG"

// serviceLink matches the variables that Kubernetes sets in every container of a namespace that has a service called
// "gatehouse": they begin as ours do, and are not.
var serviceLink = regexp.MustCompile(`^GATEHOUSE_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$`)

// readEnv takes the values out of the environment, over those of the file. An empty variable counts as not set.
func (l *loader) readEnv(env []string) {
	variables := map[string]string{}
	for _, entry := range env {
		name, text, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && name != PathEnv && !serviceLink.MatchString(name) {
			variables[name] = text
		}
	}
	names := make([]string, 0, len(variables))
	for name := range variables {
		names = append(names, name)
	}
	slices.Sort(names)
	// The homeservers of the file, before those of the environment join them: only they decide what a name stands for.
	inFile := make([]string, 0, len(l.servers))
	for name := range l.servers {
		inFile = append(inFile, name)
	}
	slices.Sort(inFile)
	set := map[slot]value{}
	for _, name := range names {
		field, server, ok := l.meaning(name, inFile)
		if !ok || variables[name] == "" {
			continue
		}
		origin := origin{env: name}
		v := value{at: origin}
		if field.List {
			for part := range strings.SplitSeq(variables[name], ",") {
				if part = strings.TrimSpace(part); part != "" {
					v.items = append(v.items, item{part, origin})
				}
			}
			v.empty = len(v.items) == 0
		} else {
			v.items = []item{{variables[name], origin}}
		}
		if _, known := l.servers[server]; server != "" && !known {
			l.servers[server] = origin
		}
		set[slot{server, field.Path}] = v
	}
	for s := range set {
		// A secret that the environment gives in one form also takes the place of the other form in the file.
		delete(l.values, slot{s.server, twinOf(s.path)})
	}
	for s, v := range set {
		l.values[s] = v
	}
}

// meaning finds the field that a variable stands for, and its homeserver.
func (l *loader) meaning(name string, inFile []string) (Field, string, bool) {
	for _, f := range fields {
		if !f.ofHomeserver() && f.Env == name {
			return f, "", true
		}
	}
	rest, ok := strings.CutPrefix(name, homeserverEnvPrefix)
	if !ok {
		l.unknownVariable(name, "", name)
		return Field{}, "", false
	}
	var field Field
	var found []string
	for _, f := range fields {
		for _, server := range inFile {
			if f.ofHomeserver() && rest == envServer(server)+"_"+f.envKey() {
				field, found = f, append(found, server)
			}
		}
	}
	switch len(found) {
	case 1:
		return field, found[0], true
	case 0:
		return l.newServer(name, rest, inFile)
	}
	slices.Sort(found)
	l.add(origin{env: name}, "", "this can be meant for each of the homeservers %s. Set it in the file.", strings.Join(found, ", "))
	return Field{}, "", false
}

// newServer reads a variable of a homeserver that the file does not have. The longest field's name that fits is the
// field; what is left is the homeserver's name, in lower case and with "-" for "_".
func (l *loader) newServer(name, rest string, inFile []string) (Field, string, bool) {
	var field Field
	prefix := ""
	for _, f := range fields {
		before, fits := strings.CutSuffix(rest, "_"+f.envKey())
		if f.ofHomeserver() && fits && len(f.envKey()) > len(field.envKey()) {
			field, prefix = f, before
		}
	}
	if field.Path == "" {
		for _, server := range inFile {
			if wrong, ok := strings.CutPrefix(rest, envServer(server)+"_"); ok {
				l.unknownVariable(name, envServer(server)+"_", wrong)
				return Field{}, "", false
			}
		}
		server, wrong, _ := strings.Cut(rest, "_")
		l.unknownVariable(name, server+"_", wrong)
		return Field{}, "", false
	}
	server := strings.ReplaceAll(strings.ToLower(prefix), "_", "-")
	if prefix != strings.ToUpper(prefix) {
		l.add(origin{env: name}, "", "the homeserver's name is written in capitals here: %s.", strings.ToUpper(name))
		return Field{}, "", false
	}
	if fault := checkName(server); fault != "" {
		l.add(origin{env: name}, "", "%s", fault)
		return Field{}, "", false
	}
	return field, server, true
}

// unknownVariable notes a variable that is no field. server is the part of a homeserver's name, with "_", or "".
func (l *loader) unknownVariable(name, server, wrong string) {
	var known []string
	for _, f := range fields {
		switch {
		case server == "" && !f.ofHomeserver():
			known = append(known, f.Env)
		case server != "" && f.ofHomeserver():
			known = append(known, f.envKey())
		}
	}
	if meant := nearest(wrong, known); meant != "" {
		if server != "" {
			meant = homeserverEnvPrefix + server + meant
		}
		l.add(origin{env: name}, "", "there is no such variable. Did you mean %s?", meant)
		return
	}
	l.add(origin{env: name}, "", "there is no such variable. Those that begin with %s are all Gatehouse's: see docs/configuration.md for what there is.", envPrefix)
}

// envServer writes a homeserver's name as variables have it.
func envServer(name string) string {
	return strings.Map(func(r rune) rune {
		if isAlphanumeric(r) {
			return r
		}
		return '_'
	}, strings.ToUpper(name))
}

// twinOf returns the other form of a secret: "…_file" for the value, the value for "…_file".
func twinOf(path string) string {
	if f, ok := fieldAt(path); ok && f.FileOf != "" {
		return f.FileOf
	}
	return path + fileSuffix
}
