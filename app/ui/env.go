// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"slices"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
)

// Env is what a page knows about its surroundings: who looks at it, at which homeserver, in which language, and when. The server
// makes it for each request and writes it into the page's data block, so that both sides draw from the same values.
type Env struct {
	Person      Person            `json:"person"`
	Permissions map[string]bool   `json:"permissions,omitempty"` // names of permissions that the person has
	Homeserver  string            `json:"homeserver,omitempty"`  // its name in the URL; "" outside of one
	Homeservers []Homeserver      `json:"homeservers,omitempty"` // those that the person may see
	Unavailable map[string]string `json:"-"`                     // operation → reason code why this homeserver has it not; At sets it
	Denied      map[string]string `json:"denied,omitempty"`      // operation → permission that the person lacks for it
	Language    string            `json:"language"`              // BCP 47
	Zone        string            `json:"zone"`                  // IANA name; "" until the person's is known: times are in UTC then
	Theme       string            `json:"theme"`                 // system, light or dark
	LetterKeys  bool              `json:"letter_keys"`           // single-letter shortcuts are on
	Now         int64             `json:"now"`                   // milliseconds since 1970
	Version     string            `json:"version"`               // of Gatehouse
	Notice      string            `json:"notice,omitempty"`      // a sentence above the page, such as "Locked @x:y."

	// Standing says that there is the page as the server wrote it, with the rows of its tables in it: the program takes them from there.
	Standing bool `json:"-"`

	format i18n.Format
}

// Person is who is signed in.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Homeserver is one entry of the switcher.
type Homeserver struct {
	Name       string `json:"name"`        // in URLs
	ServerName string `json:"server_name"` // of its Matrix IDs
	Kind       string `json:"kind"`        // synapse, dendrite
	State      string `json:"state"`       // up, slow, down, or "" when not known
	// MAS says that its accounts are left to Matrix Authentication Service.
	MAS bool `json:"mas,omitempty"`
	// Unavailable maps the operations that it has not to the codes of the reasons.
	Unavailable map[string]string `json:"unavailable,omitempty"`
}

// At returns the surroundings of a page about another homeserver; "" is that of a page about none.
func (e Env) At(homeserver string) Env {
	e.Homeserver, e.Unavailable = homeserver, e.homeserver(homeserver).Unavailable
	return e
}

// WithPrinter returns the environment with the person's language and zone in it.
func (e Env) WithPrinter(f i18n.Format) Env {
	e.format = f
	return e
}

// T returns the text with this key, filled with args: name, value pairs. Without a printer it is the key.
func (e Env) T(key string, args ...any) string {
	if e.format.Printer == nil {
		return key
	}
	return e.format.T(key, args...)
}

// N returns the text for n things; args are as in T.
func (e Env) N(key string, n int, args ...any) string {
	if e.format.Printer == nil {
		return key
	}
	return e.format.N(key, n, args...)
}

// Format writes times and numbers for the person.
func (e Env) Format() i18n.Format { return e.format }

// Can reports whether the person may use the operation and the homeserver has it.
func (e Env) Can(operation string) bool { return e.WhyNot(operation) == "" }

// WhyNot returns the sentence that says why an operation cannot be used here, or "" when it can.
func (e Env) WhyNot(operation string) string {
	if reason, ok := e.Unavailable[operation]; ok {
		return e.T("missing."+reason, "homeserver", e.ServerName())
	}
	if permission, ok := e.Denied[operation]; ok {
		return e.T("ui.denied", "role", e.Person.Role, "permission", permission)
	}
	return ""
}

// ServerName is the name in the Matrix IDs of the current homeserver.
func (e Env) ServerName() string { return e.current().ServerName }

// HomeserverOrFirst is the name of the homeserver that a page leads to: its own, else the first.
func (e Env) HomeserverOrFirst() string {
	if e.Homeserver == "" && len(e.Homeservers) > 0 {
		return e.Homeservers[0].Name
	}
	return e.Homeserver
}

// MAS reports whether the current homeserver leaves its accounts to Matrix Authentication Service, which Gatehouse works with.
func (e Env) MAS() bool { return e.current().MAS }

// WithStates returns e with homeservers as they were seen since: up, slow or down, by their names.
func (e Env) WithStates(states map[string]string) Env {
	e.Homeservers = slices.Clone(e.Homeservers)
	for i, h := range e.Homeservers {
		if state := states[h.Name]; state != "" {
			e.Homeservers[i].State = state
		}
	}
	return e
}

func (e Env) current() Homeserver { return e.homeserver(e.Homeserver) }

func (e Env) homeserver(name string) Homeserver {
	for _, h := range e.Homeservers {
		if h.Name == name {
			return h
		}
	}
	return Homeserver{Name: name, ServerName: name}
}

// ProblemText is the sentence for a problem in the person's language: of its code where that has a text, else the one that it
// carries in English.
func (e Env) ProblemText(p *api.Problem) string { return e.problemText(p.Code, p.Params, p.Detail) }

// FieldText is the sentence for a mistake in a field.
func (e Env) FieldText(f api.FieldProblem) string { return e.problemText(f.Code, f.Params, f.Detail) }

func (e Env) problemText(code string, params map[string]string, detail string) string {
	if e.format.Printer == nil || !e.format.Has("problem."+code) {
		if detail != "" {
			return detail
		}
		return "problem." + code
	}
	return e.format.Problem(code, params)
}

// number writes a number, grouped.
func (e Env) number(n int64) string {
	if e.format.Printer == nil {
		return strconv.FormatInt(n, 10)
	}
	return e.format.Number(n)
}
