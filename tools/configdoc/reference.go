// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"embed"
	"fmt"
	"strings"

	"gatehouse/server/config"
)

//go:embed intro.md small.yaml proxy.yaml mas.yaml dendrite.yaml
var parts embed.FS

// headings are the sections of the reference, in its order, with what is said about each.
var headings = []struct{ section, title, about string }{
	{"", "The gate", ""},
	{"tls", "tls", "The certificate, where no reverse proxy speaks TLS."},
	{"store", "store", "The gate's own database."},
	{"session", "session", "How long people stay signed in."},
	{"log", "log", ""},
	{"jobs", "jobs", "Work on many accounts, which the gate does by itself."},
	{"homeservers.<name>", "homeservers", "One entry for each homeserver. Its name is yours to choose and is part of the panel's addresses: `a`–`z`, `0`–`9`, `.` and `-`, at most 63, beginning with a letter or a digit. These names are taken: %s. Each homeserver needs a `url`, and `registration_shared_secret`, `admin_token` or `mas`."},
	{"homeservers.<name>.mas", "mas", "For a Synapse that leaves its accounts to Matrix Authentication Service (MAS). `admin_url`, `client_id` and `client_secret` go together, and there is no `registration_shared_secret` then: Gatehouse makes an account and a personal session for itself, and renews that. In MAS's own configuration the client has to be declared, to be allowed to use the admin API, and the API has to be there:\n\n```yaml\nclients:\n  - client_id: 01J44RKQYM4G3TNVANTMTDYTX6\n    client_auth_method: client_secret_basic\n    client_secret_file: gatehouse-client-secret\npolicy:\n  data:\n    admin_clients:\n      - 01J44RKQYM4G3TNVANTMTDYTX6\nhttp:\n  listeners:\n    - name: internal\n      binds:\n        - address: 127.0.0.1:8081\n      resources:\n        - name: adminapi\n        - name: oauth\n```"},
}

// reference returns the document.
func reference() []byte {
	var b bytes.Buffer
	b.WriteString("<!-- Written by go run ./tools/configdoc from the code. Change it there. -->\n")
	intro := part("intro.md")
	for _, name := range []string{"small", "proxy", "mas", "dendrite"} {
		intro = strings.Replace(intro, "{{"+name+"}}", "```yaml\n"+part(name+".yaml")+"```", 1)
	}
	b.WriteString(intro)
	fields := config.Fields()
	for _, h := range headings {
		fmt.Fprintf(&b, "\n### %s\n", h.title)
		about := h.about
		if strings.Contains(about, "%s") {
			about = fmt.Sprintf(about, "`"+strings.Join(config.ReservedNames(), "`, `")+"`")
		}
		if about != "" {
			fmt.Fprintf(&b, "\n%s\n", about)
		}
		for _, f := range fields {
			if sectionOf(f) == h.section {
				describe(&b, f)
			}
		}
	}
	return b.Bytes()
}

func part(name string) string {
	data, err := parts.ReadFile(name)
	if err != nil {
		panic(err) // embedded, or the program does not build
	}
	return string(data)
}

func sectionOf(f config.Field) string {
	if i := strings.LastIndexByte(f.Path, '.'); i >= 0 {
		return f.Path[:i]
	}
	return ""
}

// describe writes one field.
func describe(b *bytes.Buffer, f config.Field) {
	fmt.Fprintf(b, "\n#### `%s`\n\n%s\n\n", f.Path, f.About)
	kind := f.Type
	if f.List {
		kind = "list of " + kind
	}
	if f.Secret {
		kind += ", secret"
	}
	fmt.Fprintf(b, "- Type: %s\n", kind)
	switch {
	case f.Required:
		b.WriteString("- Required\n")
	case f.Default != "":
		fmt.Fprintf(b, "- Default: `%s`\n", f.Default)
	default:
		fmt.Fprintf(b, "- Without it: %s\n", f.Absent)
	}
	if f.Example != "" {
		fmt.Fprintf(b, "- Example: `%s`\n", f.Example)
	}
	fmt.Fprintf(b, "- Environment: `%s`\n", f.Env)
}
