// SPDX-License-Identifier: Apache-2.0

package api

import "strings"

// Problem is an error as it reaches people and programs: a problem document (RFC 9457) with a stable code. The sentence for
// people is the text `problem.<code>` of their language, filled with Params.
type Problem struct {
	Type      string            `json:"type"`                  // always "about:blank#" + code
	Title     string            `json:"title,omitempty"`       // the HTTP status in words
	Status    int               `json:"status"`                // the HTTP status
	Detail    string            `json:"detail,omitempty"`      // the sentence, in English
	Code      string            `json:"code"`                  // stable, for programs
	Params    map[string]string `json:"params,omitempty"`      // what fills the sentence
	Fields    []FieldProblem    `json:"fields,omitempty"`      // what is wrong with which field
	RequestID string            `json:"request_id,omitempty"`  // names the call in the log and the audit
	RetryMS   int64             `json:"retry_after,omitempty"` // milliseconds until another try makes sense
	// Conflict holds the account as it is now, where an edit met another one (code changed_meanwhile).
	Conflict *User `json:"conflict,omitempty"`
}

// FieldProblem is one mistake in one field of a request.
type FieldProblem struct {
	Field  string            `json:"field"` // dotted path, as in a form: threepids.to.0.address
	Code   string            `json:"code"`
	Params map[string]string `json:"params,omitempty"`
	Detail string            `json:"detail,omitempty"` // the sentence, in English
}

// Of returns the field of the request that the mistake is in: the first part of its path.
func (f FieldProblem) Of() string {
	field, _, _ := strings.Cut(f.Field, ".")
	return field
}

// NewProblem makes a problem; params are name, value pairs for the sentence.
func NewProblem(status int, code string, params ...string) *Problem {
	return &Problem{Type: "about:blank#" + code, Status: status, Code: code, Params: pairs(params)}
}

// At names the field at fault and returns the problem.
func (p *Problem) At(field string) *Problem {
	p.Fields = append(p.Fields, FieldProblem{Field: field, Code: p.Code, Params: p.Params})
	return p
}

// Error implements error with the code and the fields, for logs.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Code)
	for _, f := range p.Fields {
		b.WriteString(" [" + f.Field + ": " + f.Code + "]")
	}
	return b.String()
}

// Unclear reports whether what was asked for may be done, in whole or in part, though nobody said that it is.
func (p *Problem) Unclear() bool {
	if unclear(p.Code) {
		return true
	}
	for _, f := range p.Fields {
		if unclear(f.Code) {
			return true
		}
	}
	return false
}

func unclear(code string) bool {
	switch code {
	case "outcome_unknown", "media_outcome_unknown", "token_outcome_unknown", "personal_outcome_unknown", "homeserver_failed", "mas_failed":
		return true
	}
	return false
}

// Away reports whether the homeserver, or Matrix Authentication Service beside it, was not reached: nothing is wrong with what was asked, and it may
// be asked again until it is.
func (p *Problem) Away() bool {
	switch p.Code {
	case "homeserver_down", "mas_down", "mas_down_at_synapse":
		return true
	}
	return false
}

// OfMAS reports whether Matrix Authentication Service is what was not reached, or not in time.
func (p *Problem) OfMAS() bool {
	switch p.Code {
	case "mas_down", "mas_timeout", "mas_down_at_synapse":
		return true
	}
	return false
}

// Passing reports whether another try may be answered: it is Away, one of the two did not answer in time, or the homeserver not MAS, which may be about
// this very request.
func (p *Problem) Passing() bool {
	switch p.Code {
	case "homeserver_timeout", "mas_timeout", "mas_synapse_down":
		return true
	}
	return p.Away()
}

// KeyDead reports whether the gate's own key is not taken, or does not open what it should: until whoever runs the gate mends that, asking again
// gets no other answer.
func (p *Problem) KeyDead() bool {
	switch p.Code {
	case "homeserver_token_dead", "homeserver_token_missing", "homeserver_not_admin", "homeserver_secret_wrong", "homeserver_secret_missing",
		"mas_client_refused", "mas_not_admin_client", "mas_token_refused", "mas_own_locked":
		return true
	}
	return false
}

// Invalid collects the mistakes of a request while it validates itself.
type Invalid struct{ fields []FieldProblem }

// Add notes a mistake; params are name, value pairs.
func (v *Invalid) Add(field, code string, params ...string) {
	v.fields = append(v.fields, FieldProblem{Field: field, Code: code, Params: pairs(params)})
}

// Check notes the mistake that err is, if any. A Problem keeps its code and parameters.
func (v *Invalid) Check(field string, err error) {
	if err == nil {
		return
	}
	if p, ok := err.(*Problem); ok {
		v.fields = append(v.fields, FieldProblem{Field: field, Code: p.Code, Params: p.Params})
		return
	}
	v.Add(field, "invalid_request")
}

// Err returns nil, or a Problem with status 422 and all the mistakes.
func (v *Invalid) Err() error {
	if len(v.fields) == 0 {
		return nil
	}
	p := NewProblem(StatusUnprocessable, "invalid_request")
	p.Fields = v.fields
	return p
}

func pairs(list []string) map[string]string {
	if len(list) == 0 {
		return nil
	}
	m := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// The HTTP statuses (RFC 9110) that operations answer with; here because app/ does without net/http.
const (
	StatusBadRequest    = 400
	StatusUnauthorized  = 401
	StatusForbidden     = 403
	StatusNotFound      = 404
	StatusConflict      = 409
	StatusTooLarge      = 413
	StatusUnprocessable = 422
	StatusTooMany       = 429
	StatusInternal      = 500
	StatusNotSupported  = 501
	StatusBadGateway    = 502
	StatusUnavailable   = 503
	StatusTimeout       = 504
)
