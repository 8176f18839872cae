// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// readYAML takes the values out of the file and notes what is no field, not where it belongs, or not of its shape.
// It walks the nodes by itself instead of decoding into structs: so that every value keeps its position, one mistake
// does not hide the next, and no error of the library, some of which repeat the text at fault, is passed on.
func (l *loader) readYAML(data []byte) {
	var document yaml.Node
	if err := yaml.Load(data, &document); err != nil {
		var at *yaml.LoadError
		errors.As(err, &at)
		if at != nil && document.Kind == 0 && strings.Contains(at.Message, "no documents") {
			return // An empty file, or comments only: the same as no field at all.
		}
		l.unreadable = true
		switch {
		case at == nil:
			l.add(origin{}, "", "this is not YAML.")
		case document.Kind != 0:
			l.add(origin{}, "", "there is a second document in the file, after a line with ---. Leave one.")
		default:
			mark, text := explain(at)
			l.add(origin{line: mark.Line, column: mark.Column}, "", "%s The rest of the file could not be checked.", text)
		}
		return
	}
	if root := document.Content[0]; !isNull(root) {
		l.unreadable = !l.section(root, "", "")
	}
}

const quoteIt = "Text with special characters goes in quotes: \"…\"."

// explain says in plain words why a file is not YAML, and where to look. It has nothing of the file's text in it.
func explain(err *yaml.LoadError) (yaml.Mark, string) {
	begin := err.ContextMark
	if begin.Line == 0 {
		begin = err.Mark
	}
	switch {
	case err.Stage == yaml.ReaderStage:
		return err.Mark, "the file is not text in UTF-8, or has control characters in it."
	case strings.Contains(err.Message, "mapping values are not allowed"):
		return err.Mark, "there is a second \": \" in the line, or the line is indented wrongly. " + quoteIt
	case strings.Contains(err.Message, "cannot start any token"):
		return err.Mark, "no value can begin with this character, and no line with a tab. " + quoteIt
	case strings.Contains(err.Message, "unknown anchor"):
		return err.Mark, "a value that begins with * refers to another one, which is not there. " + quoteIt
	case strings.Contains(err.ContextMsg, "quoted scalar"):
		return begin, "this quoted text has no end, or an escape in it that YAML does not know."
	case strings.Contains(err.ContextMsg, "flow"):
		return begin, "this [ or { has no matching end, or a comma is missing after it."
	case strings.Contains(err.Message, "did not find expected key"):
		return err.Mark, "the line is indented differently from those it belongs to, or something follows a quoted text."
	}
	return err.Mark, "this is not YAML: look at the indentation, the colons and the quotes."
}

// section reads a mapping and reports whether it was one. pattern is its path in the table, server the homeserver that
// it belongs to, if any.
func (l *loader) section(node *yaml.Node, pattern, server string) bool {
	shown := shownPath(pattern, server)
	if !l.plain(node, shown) {
		return false
	}
	if node.Kind != yaml.MappingNode {
		if pattern == "" {
			l.add(at(node), "", "this is not a list of fields. Each is a line of its own, a name, a colon, a space and a value, such as: listen: 127.0.0.1:8765")
		} else {
			l.add(at(node), shown, "fields belong here, each indented on a line of its own: a name, a colon, a space and a value.")
		}
		return false
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			l.add(at(key), shown, "the name of a field belongs here. Merge keys (<<) and other names of YAML's are not used in this file.")
			continue
		}
		first, twice := seen[key.Value]
		if !twice {
			seen[key.Value] = key.Line
		}
		switch {
		case pattern == homeserversKey:
			l.homeserver(key, value, first)
		default:
			l.entry(key, value, pattern, server, first)
		}
	}
	return true
}

// entry reads one key of a section and its value.
func (l *loader) entry(key, value *yaml.Node, pattern, server string, first int) {
	path := key.Value
	if pattern != "" {
		path = pattern + "." + key.Value
	}
	field, isField := fieldAt(path)
	isField = isField && !strings.Contains(key.Value, ".")
	isSection := !isField && slices.Contains(keysIn(pattern), key.Value)
	switch {
	case !isField && !isSection:
		l.unknownKey(key, pattern, server)
	case first > 0:
		l.add(at(key), shownPath(path, server), "this is given twice, first in line %d. Leave one.", first)
	case isSection && isNull(value):
		// A section whose fields are all commented out.
	case isSection:
		l.section(value, path, server)
	default:
		l.values[slot{server, path}] = l.leaf(field, value, server)
	}
}

// homeserver reads one entry under "homeservers".
func (l *loader) homeserver(key, value *yaml.Node, first int) {
	name := key.Value
	if _, isField := fieldAt(homeserverPath + "." + name); isField {
		l.add(at(key), homeserversKey, "the homeserver's name is missing: between homeservers and %s goes a line with a name of your choice, such as main, and a colon.", name)
		l.brokenServers = true
		return
	}
	if fault := checkName(name); fault != "" {
		l.add(at(key), homeserversKey, "%s", fault)
		l.brokenServers = true
		return
	}
	if first > 0 {
		l.add(at(key), homeserversKey+"."+name, "this is given twice, first in line %d. Leave one.", first)
		return
	}
	if !isNull(value) && !l.section(value, homeserverPath, name) {
		l.brokenServers = true
		return
	}
	l.servers[name] = at(key)
}

// leaf reads a field's value.
func (l *loader) leaf(field Field, node *yaml.Node, server string) value {
	shown := shownPath(field.Path, server)
	v := value{at: at(node)}
	if !l.plain(node, shown) {
		return v
	}
	if !field.List {
		if text, ok := l.scalar(node, shown); ok {
			v.items = []item{{text, at(node)}}
		}
		return v
	}
	switch {
	case isNull(node):
		v.empty = true
	case node.Kind != yaml.SequenceNode:
		l.add(at(node), shown, "this is a list: each value goes on a line of its own, after a hyphen and a space.")
	default:
		v.empty = len(node.Content) == 0
		for _, n := range node.Content {
			if !l.plain(n, shown) {
				continue
			}
			if text, ok := l.scalar(n, shown); ok {
				v.items = append(v.items, item{text, at(n)})
			}
		}
	}
	return v
}

// scalar returns a node's text as it stands in the file: 0123 stays 0123.
func (l *loader) scalar(node *yaml.Node, shown string) (string, bool) {
	switch {
	case node.Kind != yaml.ScalarNode:
		l.add(at(node), shown, "one value belongs here, not several.")
	case isNull(node) || node.Value == "":
		l.add(at(node), shown, "the value is missing. Give one, or remove the line.")
	default:
		return node.Value, true
	}
	return "", false
}

// plain notes the parts of YAML that are not used here. Where they turn up, an unquoted secret is the likely reason.
func (l *loader) plain(node *yaml.Node, shown string) bool {
	switch {
	case node.Kind == yaml.AliasNode:
		l.add(at(node), shown, "a value that begins with * is an alias in YAML, and those are not used in this file. %s", quoteIt)
	case node.Anchor != "":
		l.add(at(node), shown, "a value that begins with & is an anchor in YAML, and those are not used in this file. %s", quoteIt)
	case node.Style&yaml.TaggedStyle != 0:
		l.add(at(node), shown, "a value that begins with ! is a tag in YAML, and those are not used in this file. %s", quoteIt)
	default:
		return true
	}
	return false
}

func at(node *yaml.Node) origin { return origin{line: node.Line, column: node.Column} }

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.Tag == "!!null" && node.Anchor == "" && node.Style&yaml.TaggedStyle == 0
}
