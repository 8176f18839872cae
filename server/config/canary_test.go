// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const canary = "c4naryS3cret"

// TestErrorsHaveNoSecrets puts a canary into every secret field, in each kind of mistake that can befall it, in the
// file, in a file of its own and in the environment. Each has to be refused, and without the canary in the error.
func TestErrorsHaveNoSecrets(t *testing.T) {
	// Each is the text after the field's name, at the indentation of a homeserver's field.
	inFile := map[string]string{
		"list":             ": [" + canary + "]",
		"mapping":          ": {" + canary + ": " + canary + "}",
		"mapping below":    ":\n      " + canary + ":\n",
		"list below":       ":\n      - " + canary,
		"alias":            ": *" + canary,
		"anchor":           ": &" + canary + " " + canary,
		"tag":              ": !" + canary + " " + canary,
		"bad tag":          ": !<" + canary + "^ x",
		"second colon":     ": " + canary + ": " + canary,
		"at sign":          ": @" + canary,
		"percent":          ": %" + canary,
		"backtick":         ": `" + canary,
		"open quote":       ": \"" + canary,
		"open bracket":     ": [" + canary,
		"after a quote":    ": '" + canary + "' " + canary,
		"bad escape":       `: "` + canary + `\q"`,
		"no space":         ":" + canary,
		"no space in flow": ": x\n    ? {" + "x:" + canary + "}\n    : y",
		"no colon":         " " + canary,
		"equals":           "=" + canary + ": x",
		"misspelt":         "x: " + canary,
		"capitals":         "_" + canary + ": " + canary,
		"spaces around":    ": ' " + canary + " '",
		"control":          `: "` + canary + `\0"`,
		"line break":       ": |\n      " + canary + "\n      " + canary,
		"twice":            ": " + canary + "1\n    FIELD: " + canary,
		"both":             ": " + canary + "\n    FIELD_file: " + canary,
		"file not there":   "_file: " + canary,
		"file in folder":   "_file: " + canary + "/" + canary,
		"file with zero":   `_file: "` + canary + `\0"`,
		"file is a list":   "_file: [" + canary + "]",
		"file's content":   "_file: broken.txt",
		"file is open":     "_file: open.txt",
		"wrong database":   ": mysql://u:" + canary + "@h/d",
		"bad database":     ": postgres://u:" + canary + "%zz@h:port/d",
		"relative file":    ": file:" + canary,
	}
	// These are right for the field that is named: there they are no mistake.
	right := map[string]string{
		"wrong database": "registration_shared_secret admin_token", "bad database": "registration_shared_secret admin_token",
		"relative file": "registration_shared_secret admin_token",
	}
	for _, f := range Fields() {
		if !f.Secret {
			continue
		}
		for name, text := range inFile {
			if strings.Contains(right[name], f.name()) {
				continue
			}
			t.Run(f.Path+"/"+name, func(t *testing.T) {
				line := strings.ReplaceAll(f.name()+text, "FIELD", f.name())
				yaml := lines("homeservers:", "  main:", "    url: http://a", "    database_writes: true", "    "+line)
				switch {
				case f.ofHomeserver():
				case f.section() != "":
					yaml = f.section() + ":\n    " + line + "\n" + minimal
				default:
					yaml = strings.ReplaceAll(line, "\n    ", "\n") + "\n" + minimal
				}
				if f.name() != "admin_token" && f.ofHomeserver() {
					yaml = strings.Replace(yaml, "    url:", "    admin_token: x\n    url:", 1)
				}
				refuse(t, yaml, nil)
			})
		}
		for name, variable := range map[string]string{
			"control":        "=" + canary + "\n" + canary,
			"file not there": "_FILE=" + canary,
			"file's content": "_FILE=broken.txt",
			"misspelt":       "X=" + canary,
			"unknown":        "_" + strings.ToUpper(canary) + "_FOO=" + canary,
		} {
			t.Run(f.Env+"/"+name, func(t *testing.T) {
				refuse(t, minimal, []string{strings.Replace(f.Env, "<NAME>", "MAIN", 1) + variable})
			})
		}
	}
	for name, yaml := range map[string]string{
		"no name":          "homeservers:\n  admin_token: " + canary + "\n  " + canary + ": x\n",
		"a name's place":   "homeservers: " + canary + "\n",
		"whole file":       canary + "\n",
		"top":              canary + ": " + canary + "\n" + minimal,
		"password in url":  "homeservers: {main: {url: 'http://u:" + canary + "@h', admin_token: x}}\n",
		"query in url":     "homeservers: {main: {url: 'http://h?access_token=" + canary + "', admin_token: x}}\n",
		"directive":        "%" + canary + " x\n---\na: b\n",
		"second document":  minimal + "---\nadmin_token: " + canary + "\n",
		"merge":            "homeservers: {main: {<<: {admin_token: " + canary + "}}}\n",
		"other section":    "log: {admin_token: " + canary + "}\n" + minimal,
		"dotted":           "homeservers.main.admin_token: " + canary + "\n" + minimal,
		"environment-like": "GATEHOUSE_SECRET_KEY=" + canary + "\n",
	} {
		t.Run(name, func(t *testing.T) { refuse(t, yaml, nil) })
	}
}

// refuse loads with files around that have the canary in them, and looks for it in the error.
func refuse(t *testing.T, yaml string, env []string) {
	t.Helper()
	folder(t, map[string]string{"gatehouse.yaml": yaml, "broken.txt": canary + "\x00\n" + canary})
	write(t, "open.txt", canary, 0o644)
	c, err := Load("gatehouse.yaml", env)
	if err == nil {
		t.Fatalf("accepted:\n%s\n%+v", yaml, c)
	}
	for _, said := range []string{err.Error(), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		// The name of a variable is not its value, so capitals do not count.
		if strings.Contains(said, canary) {
			t.Errorf("the canary is in the error: %s\n---\n%s", said, yaml)
		}
	}
}

// TestConfigPrintsNoSecrets prints and logs a configuration with a canary in every secret field.
func TestConfigPrintsNoSecrets(t *testing.T) {
	c, h := Default(), DefaultHomeserver()
	planted := 0
	for _, f := range Fields() {
		if !f.Secret {
			continue
		}
		text := canary
		switch f.name() {
		case "secret_key", "previous_secret_key":
			text = ("\x01" + canary + "0QqWw9ZzXx8KkVv7JjGg6PpBb5FfHh4MmDd3")[:keySize]
		case "database":
			text = "postgres://u:" + canary + "@h/d"
		}
		p := &place{config: c, homeserver: &h}
		if err := f.codec.set(p, text); err != nil {
			t.Fatalf("%s %v", f.Path, err)
		}
		if !strings.Contains(f.codec.get(p)[0], canary) {
			t.Fatalf("%s: the canary is not in it", f.Path)
		}
		planted++
	}
	c.Homeservers["main"] = h
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "config", c, "homeserver", h)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "config", c, "homeserver", h)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprintf("%v %+v %#v %s %v %s", c, c, c, logged.String(), h, encoded)
	if strings.Contains(said, canary) {
		t.Errorf("the canary is printed: %s", said)
	}
	if n := strings.Count(string(encoded), "[redacted]"); n != planted {
		t.Errorf("JSON has %d secrets, want %d", n, planted)
	}
}
