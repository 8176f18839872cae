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

// Ctrl-C ends a question, which ends the program: the terminal's reading goes on, and there is no other.
func TestQuestionsEndWithTheProgram(t *testing.T) {
	for name, ask := range map[string]func(*questions) error{
		"a question":              func(q *questions) error { _, err := q.ask("What", "this"); return err },
		"a question for a secret": func(q *questions) error { _, err := q.askSecret("What"); return err },
	} {
		nobody, end := io.Pipe()
		ctx, cancel := context.WithCancel(t.Context())
		q := &questions{ctx: ctx, in: bufio.NewReader(interrupted{nobody, cancel}), out: io.Discard}
		for range 2 {
			if err := ask(q); !errors.Is(err, errSilent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		end.Close()
	}
}

// interrupted is a terminal at which somebody presses Ctrl-C while it is read.
type interrupted struct {
	io.Reader
	interrupt func()
}

func (i interrupted) Read(p []byte) (int, error) {
	i.interrupt()
	return i.Reader.Read(p)
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
