// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
)

// Ctrl-C ends a question, which ends the program: the terminal's reading goes on.
func TestQuestionsEndWithTheProgram(t *testing.T) {
	nobody, end := io.Pipe()
	defer end.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := &questions{ctx: ctx, in: bufio.NewReader(nobody), out: io.Discard}
	if _, err := q.ask("What", "this"); !errors.Is(err, errSilent) {
		t.Errorf("a question: %v", err)
	}
	if _, err := q.askSecret("What"); !errors.Is(err, errSilent) {
		t.Errorf("a question for a secret: %v", err)
	}
}

// An address that the configuration would refuse is asked for again, where somebody is there.
func TestGivenAsksAgain(t *testing.T) {
	for _, tt := range []struct {
		field, answers, want, said string
	}{
		{"public_url", "http://panel.example\nhttps://panel.example\n", "https://panel.example", `"http://panel.example" is http, which`},
		{"public_url", "\n", "http://localhost:1", ""},
		{"homeservers.<name>.client_url", "app.example\n-\n", "-", `"app.example" is not a web address.`},
		{"homeservers.<name>.mas.admin_url", "x\nhttp://mas\n", "http://mas", `"x" is not a web address.`},
	} {
		var out strings.Builder
		q := &questions{ctx: t.Context(), in: bufio.NewReader(strings.NewReader(tt.answers)), out: &out, terminal: true}
		got, err := initCommand{}.given(q, "", "Where", "http://localhost:1", tt.field)
		if got != tt.want || err != nil || !strings.Contains(out.String(), tt.said) {
			t.Errorf("%s: %q, %v\n%s", tt.field, got, err, out.String())
		}
	}
}
