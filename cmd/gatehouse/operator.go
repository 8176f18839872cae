// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/config"
	"gatehouse/server/gate"
	"gatehouse/server/homeserver/password"
	"gatehouse/server/operator"
	"gatehouse/server/store"
)

type operatorCommand struct {
	Add     operatorAdd     `cmd:"" help:"Add a person who signs in without a homeserver; the password is read from the terminal or from standard input."`
	List    operatorList    `cmd:"" help:"List them."`
	Disable operatorDisable `cmd:"" help:"Keep one from signing in and end their sessions."`
	Enable  operatorEnable  `cmd:"" help:"Let one sign in again."`
}

type operatorAdd struct {
	Name     string `arg:"" help:"What the person types to sign in."`
	Role     string `help:"What they may do." enum:"owner,admin,moderator,registrar,helpdesk,auditor" default:"owner"`
	Generate bool   `help:"Make a passphrase and print it, once."`
}

const maxOperatorName = 64

// Run adds the operator.
func (c operatorAdd) Run(ctx context.Context, all *commands) error {
	name := strings.TrimSpace(c.Name)
	if name == "" || len(name) > maxOperatorName || strings.ContainsAny(name, "@:\x00\r\n\t") {
		return fmt.Errorf("a name has 1 to %d bytes and none of @ and :", maxOperatorName)
	}
	return withStore(ctx, all, func(s *store.Store) error {
		secret, err := c.password(ctx)
		if err != nil {
			return err
		}
		hash, err := operator.HashPassword(ctx, secret)
		if err != nil {
			return err
		}
		err = record(ctx, s, "add", name, map[string]string{"role": c.Role}, func() error {
			return s.AddOperator(ctx, store.Operator{Name: name, Password: hash, Role: c.Role, Created: time.Now()})
		})
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("there is an operator %s already", name)
		}
		if err != nil {
			return err
		}
		fmt.Printf("%s can sign in as local operator, with the role %s.\n", name, c.Role)
		if c.Generate {
			fmt.Printf("Password, shown once: %s\n", secret.Reveal())
		}
		return nil
	})
}

func (c operatorAdd) password(ctx context.Context) (api.Secret, error) {
	if c.Generate {
		return password.Make(api.PasswordChoice{Mode: api.PasswordPassphrase})
	}
	secret, err := newQuestions(ctx, os.Stdin, os.Stderr).askSecret("Password")
	if err != nil {
		return api.Secret{}, err
	}
	if n := len(secret.Reveal()); n < 12 || n > api.MaxPassword {
		return api.Secret{}, fmt.Errorf("a password of an operator has 12 to %d bytes; --generate makes one", api.MaxPassword)
	}
	return secret, nil
}

type operatorList struct{}

// Run lists the operators.
func (operatorList) Run(ctx context.Context, all *commands) error {
	return withStore(ctx, all, func(s *store.Store) error {
		list, err := s.Operators(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "NAME\tROLE\tSINCE\tSTATE")
		for _, o := range list {
			state := "enabled"
			if !o.Disabled.IsZero() {
				state = "disabled"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", o.Name, o.Role, o.Created.Format(time.DateOnly), state)
		}
		return w.Flush()
	})
}

type operatorDisable struct {
	Name string `arg:""`
}

// Run disables the operator.
func (c operatorDisable) Run(ctx context.Context, all *commands) error {
	return withStore(ctx, all, func(s *store.Store) error {
		return record(ctx, s, "disable", c.Name, nil, func() error {
			if err := s.DisableOperator(ctx, c.Name, time.Now()); err != nil {
				return err
			}
			_, err := s.EndSessions(ctx, "operator:"+c.Name, time.Now())
			return err
		})
	})
}

type operatorEnable struct {
	Name string `arg:""`
}

// Run enables the operator.
func (c operatorEnable) Run(ctx context.Context, all *commands) error {
	return withStore(ctx, all, func(s *store.Store) error {
		return record(ctx, s, "enable", c.Name, nil, func() error { return s.EnableOperator(ctx, c.Name) })
	})
}

// record writes down who changes what about an operator, before it is done and after: whoever can make operators can make an owner.
func record(ctx context.Context, s *store.Store, verb, name string, request map[string]string, deed func() error) error {
	log, person := audit.New(s, time.Now), operator.Local(localUser())
	asked, err := audit.Redact(request)
	if err != nil {
		return err
	}
	intent, err := log.Intent(ctx, audit.Entry{
		RequestID: gate.NewKey(), Actor: person.ID, Role: string(person.Role), Operation: "operators." + verb,
		Targets: []string{"operator:" + name}, Request: asked,
	})
	if err != nil {
		return fmt.Errorf("nothing was changed, because the audit log cannot be written: %w", err)
	}
	done := deed()
	result := audit.Result{Outcome: audit.Done}
	switch {
	case errors.Is(done, store.ErrExists), errors.Is(done, store.ErrNotFound):
		result = audit.Result{Outcome: audit.Refused}
	case done != nil:
		result = audit.Result{Outcome: audit.Unknown}
	}
	return errors.Join(done, log.Outcome(ctx, intent, result))
}

// withStore opens the store alone: operators have nothing to do with homeservers, and are there for when those cannot be reached.
func withStore(ctx context.Context, all *commands, f func(*store.Store) error) (err error) {
	cfg, err := config.Load(all.Config, os.Environ())
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, cfg.Store.Source())
	if err != nil {
		return err
	}
	if err := s.Beat(ctx, time.Now()); err != nil {
		return errors.Join(err, s.Close())
	}
	defer func() { err = errors.Join(err, s.Leave(context.WithoutCancel(ctx)), s.Close()) }()
	return f(s)
}
