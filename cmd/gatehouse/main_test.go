// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/app/api"
)

func TestHelp(t *testing.T) {
	for line, want := range map[string]string{"": "", "help": "--help", "help job watch": "job watch --help", "import help": "import help"} {
		if got := strings.Join(asked(strings.Fields(line)), " "); got != want {
			t.Errorf("%q is read as %q, want %q", line, got, want)
		}
	}
}

// A list of operations fits into a terminal, has one line for each, and gives the reasons that it names, once.
func TestListOperations(t *testing.T) {
	list := operations()
	var out strings.Builder
	if err := listOperations(&out, list); err != nil {
		t.Fatal(err)
	}
	rows, notes, _ := strings.Cut(out.String(), "\n\n")
	lines := strings.Split(rows, "\n")
	if len(lines) != len(list)+1 {
		t.Errorf("%d lines, want a head and %d", len(lines), len(list))
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("wider than a terminal: %s", line)
		}
	}
	for _, o := range list {
		for kind, can := range o.Servers {
			why, missing := can.(string)
			if !missing {
				continue
			}
			if flat := strings.Join(strings.Fields(notes), " "); strings.Count(flat+" (", ") "+why+" (") != 1 {
				t.Errorf("why %s is not on %s is not said once: %q\n%s", o.Name, kind, why, notes)
			}
		}
	}
	var erase string
	for _, line := range lines {
		if strings.HasPrefix(line, "users.erase ") {
			erase = strings.Join(strings.Fields(line), " ")
		}
	}
	_, number, _ := strings.Cut(erase, "yes yes no (")
	n, err := strconv.Atoi(strings.TrimSuffix(number, ")"))
	if err != nil || !strings.HasPrefix(erase, "users.erase write! ") || !strings.Contains(notes, "("+strconv.Itoa(n)+") Dendrite cannot erase accounts.\n") {
		t.Errorf("erasing is listed as %q", erase)
	}
}

// A command that people type says what is wrong in sentences, and moves no cursor with what a file has in it.
func TestPlain(t *testing.T) {
	other := errors.New("something else")
	if err := plain(other); !errors.Is(err, other) {
		t.Errorf("another error became %v", err)
	}
	refused := api.NewProblem(api.StatusUnprocessable, "job_not_found")
	refused.RequestID = "R1"
	wrong := api.NewProblem(api.StatusUnprocessable, "invalid_request")
	wrong.Fields = []api.FieldProblem{
		{Field: "length", Code: "out_of_range", Params: map[string]string{"min": "12", "max": "64"}},
		{Field: "mode", Code: "invalid_choice", Params: map[string]string{"choices": "create, \x1b[31mupdate"}},
	}
	for _, c := range []struct {
		problem *api.Problem
		want    string
	}{
		{refused, "There is no such job here. (job_not_found, request R1)"},
		{wrong, "--length: This is out of range; from 12 to 64. --mode: This cannot be chosen here. Take one of the list. It has: create, �[31mupdate. (invalid_request)"},
	} {
		if got := plain(c.problem).Error(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
