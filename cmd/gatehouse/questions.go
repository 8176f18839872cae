// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// questions asks a person at a terminal, or takes the answers line by line from standard input, until ctx ends.
type questions struct {
	ctx      context.Context
	file     *os.File
	in       *bufio.Reader
	out      io.Writer
	terminal bool
}

func newQuestions(ctx context.Context, in *os.File, out io.Writer) *questions {
	return &questions{ctx: ctx, file: in, in: bufio.NewReader(in), out: out, terminal: term.IsTerminal(int(in.Fd()))}
}

func (q *questions) say(format string, args ...any) { fmt.Fprintf(q.out, format+"\n", args...) }

// again reports whether a question can be asked again: somebody is there to answer.
func (q *questions) again() bool { return q.terminal }

// read waits for an answer. Ctrl-C ends no reading, so that is left behind; the program ends then, and nothing is read beside it.
func (q *questions) read(from func() (string, error)) (string, error) {
	if q.ctx.Err() != nil {
		return "", errSilent
	}
	type answer struct {
		line string
		err  error
	}
	came := make(chan answer, 1)
	go func() {
		line, err := from()
		came <- answer{line, err}
	}()
	select {
	case a := <-came:
		return a.line, a.err
	case <-q.ctx.Done():
		fmt.Fprintln(q.out)
		return "", errSilent
	}
}

func (q *questions) line() (string, error) { return q.in.ReadString('\n') }

// ask asks for a line; an empty one is the default.
func (q *questions) ask(question, otherwise string) (string, error) {
	if otherwise != "" {
		question += " [" + otherwise + "]"
	}
	fmt.Fprint(q.out, question+": ")
	line, err := q.read(q.line)
	if errors.Is(err, errSilent) {
		return "", err
	}
	if !q.terminal {
		fmt.Fprintln(q.out)
	}
	if err != nil && line == "" && otherwise == "" {
		return "", errors.New("there is no answer on standard input")
	}
	if line = strings.TrimSpace(line); line == "" {
		return otherwise, nil
	}
	return line, nil
}

// askSecret asks for a line that is not shown.
func (q *questions) askSecret(question string) (api.Secret, error) {
	fmt.Fprint(q.out, question+": ")
	if q.terminal {
		fd := int(q.file.Fd())
		if shown, err := term.GetState(fd); err == nil {
			defer func() { _ = term.Restore(fd, shown) }() // a reading that is left behind does not
		}
		line, err := q.read(func() (string, error) {
			line, err := term.ReadPassword(fd)
			return string(line), err
		})
		if !errors.Is(err, errSilent) {
			fmt.Fprintln(q.out)
		}
		return api.NewSecret(strings.TrimSpace(line)), err
	}
	line, err := q.read(q.line)
	if errors.Is(err, errSilent) {
		return api.Secret{}, err
	}
	fmt.Fprintln(q.out)
	if err != nil && line == "" {
		return api.Secret{}, nil // nothing more comes: no answer
	}
	return api.NewSecret(strings.TrimRight(line, "\r\n")), nil
}

// nobody is a memory that forgets: while the configuration is being made there is no store.
type nobody struct{}

func (nobody) ServiceAccount(context.Context, string) (homeserver.ServiceAccount, error) {
	return homeserver.ServiceAccount{}, homeserver.ErrNone
}

func (nobody) ReplaceServiceAccount(context.Context, string, api.UserID, homeserver.ServiceAccount) (bool, error) {
	return false, errors.New("there is no store yet")
}
func (nobody) BeginServiceAccount(context.Context, string, api.UserID) error  { return nil }
func (nobody) ForgetServiceAccount(context.Context, string, api.UserID) error { return nil }
func (nobody) RetireServiceAccount(context.Context, string, api.UserID) error { return nil }
func (nobody) NoteAccount(context.Context, string, api.UserID) error          { return nil }
func (nobody) MadeAccounts(context.Context, string) ([]homeserver.MadeAccount, error) {
	return nil, nil
}
func (nobody) SetStep(context.Context, string, api.UserID, string) error { return nil }
func (nobody) Step(context.Context, string, api.UserID) (string, error)  { return "", nil }

func (nobody) NoteBegun(context.Context, string, homeserver.Begun) error { return nil }

func (nobody) Begun(context.Context, string, api.UserID) (homeserver.Begun, error) {
	return homeserver.Begun{}, homeserver.ErrNone
}
