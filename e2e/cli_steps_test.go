// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A problem is what the program prints where a call does not work.
type problem struct {
	Type   string `json:"type"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Fields []struct {
		Field  string `json:"field"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	} `json:"fields"`
	RequestID string `json:"request_id"`
}

// at lists the mistakes of a problem: the field and the code of each.
func (p problem) at() []string {
	var list []string
	for _, f := range p.Fields {
		list = append(list, f.Field+" "+f.Code)
	}
	slices.Sort(list)
	return list
}

// call runs "gatehouse call" with a request and fills the result. It expects it to work.
func (g *gatehouse) call(t *testing.T, operation string, request, result any, flags ...string) {
	t.Helper()
	out, errs, code := g.command(encode(t, request), append([]string{"call", operation}, flags...)...)
	if code != 0 || errs != "" {
		t.Fatalf("call %s: status %d\n%s", operation, code, errs)
	}
	if err := json.Unmarshal([]byte(out), result); err != nil {
		t.Fatalf("call %s printed %q: %v", operation, out, err)
	}
}

// callFails runs "gatehouse call" and returns its problem, which is all that it prints.
func (g *gatehouse) callFails(t *testing.T, operation string, request any, flags ...string) problem {
	t.Helper()
	out, errs, code := g.command(encode(t, request), append([]string{"call", operation}, flags...)...)
	if code != 1 || out != "" {
		t.Fatalf("call %s: status %d, want 1\n%s%s", operation, code, out, errs)
	}
	var p problem
	if err := json.Unmarshal([]byte(errs), &p); err != nil {
		t.Fatalf("call %s printed %q, which is no problem: %v", operation, errs, err)
	}
	if p.Type != "about:blank#"+p.Code || p.Code == "" || !strings.HasSuffix(p.Detail, ".") {
		t.Errorf("call %s: the problem is not whole: %s", operation, errs)
	}
	return p
}

// encode writes a request as JSON; a text is taken as it is.
func encode(t *testing.T, request any) string {
	t.Helper()
	if text, ok := request.(string); ok {
		return text
	}
	data, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// cliUser is an account as the program prints it.
type cliUser struct {
	ID          string              `json:"id"`
	DisplayName string              `json:"display_name"`
	Admin       bool                `json:"admin"`
	UserType    string              `json:"user_type"`
	Deactivated bool                `json:"deactivated"`
	Erased      bool                `json:"erased"`
	Locked      bool                `json:"locked"`
	Own         bool                `json:"own"`
	Threepids   []map[string]any    `json:"threepids"`
	ExternalIDs []map[string]string `json:"external_ids"`
	Step        string              `json:"step"`
	Unknown     []string            `json:"unknown"`
}

// cliCard is a hand-out card as the program prints it.
type cliCard struct {
	User       cliUser          `json:"user"`
	Password   string           `json:"password"`
	Homeserver string           `json:"homeserver"`
	SignedOut  bool             `json:"signed_out"`
	Left       []map[string]any `json:"left"`
}

// object is a request.
type object = map[string]any

// change is an edit of one field.
func change(from, to any) object { return object{"from": from, "to": to} }

// ask is a request about an account.
func ask(id string, more ...any) object {
	o := object{"id": id}
	for i := 0; i+1 < len(more); i += 2 {
		o[fmt.Sprint(more[i])] = more[i+1]
	}
	return o
}
