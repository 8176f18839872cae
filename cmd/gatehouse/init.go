// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gatehouse/app/api"
	"gatehouse/app/i18n"
	"gatehouse/server/config"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/dendrite"
	"gatehouse/server/homeserver/detect"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
	"gatehouse/server/store"
	"gatehouse/web/languages"
)

type initCommand struct {
	URL              string `arg:"" optional:"" help:"Address of the homeserver, or its server name."`
	Name             string `help:"What the panel calls it in addresses; default: its server name."`
	SharedSecretFile string `help:"File with the registration shared secret; asked for where it is not given." type:"existingfile"`
	AdminTokenFile   string `help:"File with an administrator's access token, in place of the shared secret." type:"existingfile"`
	DatabaseFile     string `help:"File with the address of Dendrite's own database, file:… or postgres://…; asked for where it is not given." type:"existingfile"`
	MASAdminURL      string `name:"mas-admin-url" help:"Address of the admin API of Matrix Authentication Service, where the homeserver leaves its accounts to one."`
	MASURL           string `name:"mas-url" help:"Where that gives tokens, if it is another address; - for the same."`
	MASClientID      string `name:"mas-client-id" help:"The client that Gatehouse is there; - to have one made."`

	MASClientSecretFile string `name:"mas-client-secret-file" help:"File with that client's secret; asked for where it is not given." type:"existingfile"`

	StoreDatabaseFile string `help:"File with the address of a PostgreSQL database for Gatehouse's own store, postgres://…; default: an SQLite file." type:"existingfile"`

	PublicURL string `help:"Where people reach the panel."`
	Listen    string `help:"Address and port that the panel listens on."`
	ClientURL string `help:"Web client for hand-out cards."`
}

// Run asks for what is not given, proves it, and writes the configuration. Nothing is written before every key is proven.
func (c initCommand) Run(ctx context.Context, all *commands) error {
	if _, err := os.Stat(all.Config); err == nil {
		return fmt.Errorf("%s exists already; it is not overwritten", all.Config)
	}
	q := newQuestions(ctx, os.Stdin, os.Stderr)
	found, address, err := c.look(ctx, q)
	if err != nil {
		return err
	}
	h := config.DefaultHomeserver()
	h.URL, h.Kind, h.ServerName = address, found.Kind, found.ServerName
	if h.ServerName == "" {
		if h.ServerName, err = q.ask("It does not tell its server name (what stands after the colon of its Matrix IDs)", ""); err != nil {
			return err
		}
	}
	if found.MAS && c.AdminTokenFile == "" {
		err = c.mas(ctx, q, all, &h)
	} else {
		if found.NoSecret {
			q.say("It has no registration shared secret (client_api.registration_shared_secret), so the panel cannot make accounts there until it has one.")
		}
		err = c.keys(ctx, q, &h, found.MAS || found.NoSecret)
	}
	if err != nil {
		return err
	}
	if h.Kind == "dendrite" {
		if err := c.database(ctx, q, &h); err != nil {
			return err
		}
	}
	cfg := config.Default()
	if err := c.store(ctx, q, cfg); err != nil {
		return err
	}
	if cfg.PublicURL, err = c.given(q, c.PublicURL, "Where people will reach the panel", "http://"+localhost(c.listenOn(cfg)), "public_url"); err != nil {
		return err
	}
	cfg.Listen = c.listenOn(cfg)
	if h.ClientURL, err = c.given(q, c.ClientURL, "Web client that hand-out cards send people to (- for none)", "https://app.element.io", "homeservers.<name>.client_url"); err != nil {
		return err
	}
	if h.ClientURL == "-" {
		h.ClientURL = ""
	}
	cfg.Homeservers[c.name(h.ServerName)] = h
	if err := config.Write(all.Config, cfg); err != nil {
		return err
	}
	if h.MAS.Enabled() {
		if err := provenWithMAS(ctx, all, c.name(h.ServerName)); err != nil {
			return err
		}
	}
	q.say("Wrote %s and its secret key beside it, for your eyes only (mode 0600).", all.Config)
	q.say("Next: gatehouse check --config %[1]s, then gatehouse serve --config %[1]s and open %[2]s", all.Config, cfg.PublicURL)
	return nil
}

// look asks for the address until there is a homeserver.
func (c initCommand) look(ctx context.Context, q *questions) (detect.Found, string, error) {
	address := c.URL
	for {
		var err error
		if address == "" {
			if address, err = q.ask("Address of the homeserver (https://matrix.example.org, or its server name)", "http://localhost:8008"); err != nil {
				return detect.Found{}, "", err
			}
		}
		found, err := detect.Detect(ctx, address)
		if err == nil {
			q.say("%s is %s.", found.URL, describe(found))
			return found, found.URL, nil
		}
		if c.URL != "" || !q.again() {
			return detect.Found{}, "", sentence(err)
		}
		q.say("%s", sentence(err))
		address = ""
	}
}

func describe(f detect.Found) string {
	name := map[string]string{"synapse": "Synapse", "dendrite": "Dendrite"}[f.Kind]
	text := strings.TrimSpace(name + " " + f.Version)
	if f.MAS {
		text += " with Matrix Authentication Service"
	}
	if f.ServerName != "" {
		text += ", named " + f.ServerName
	}
	return text
}

// keys asks for the shared secret, or for a token where there is none, until one is proven. noSecret says that the homeserver is known to have none.
func (c initCommand) keys(ctx context.Context, q *questions, h *config.Homeserver, noSecret bool) error {
	secret, err := fromFile(c.SharedSecretFile)
	if err != nil {
		return err
	}
	token, err := fromFile(c.AdminTokenFile)
	if err != nil {
		return err
	}
	given := !secret.IsZero() || !token.IsZero()
	for {
		if secret.IsZero() && token.IsZero() && !noSecret {
			if secret, err = q.askSecret("Registration shared secret (Enter to use an administrator's token)"); err != nil {
				return err
			}
		}
		if secret.IsZero() && token.IsZero() {
			if token, err = q.askSecret("Access token of an administrator"); err != nil {
				return err
			}
		}
		proven := prove(ctx, *h, secret, token)
		if proven == nil {
			if !secret.IsZero() {
				q.say("The shared secret is right. Nothing was made to find that out.")
			}
			if !token.IsZero() {
				q.say("The token is an administrator's.")
			}
			h.RegistrationSharedSecret, h.AdminToken = secret, token
			return nil
		}
		if given || !q.again() {
			return sentence(proven)
		}
		q.say("%s", sentence(proven))
		secret, token = api.Secret{}, api.Secret{}
	}
}

// prove proves what is given of a secret and a token.
func prove(ctx context.Context, h config.Homeserver, secret, token api.Secret) error {
	if secret.IsZero() && token.IsZero() {
		return errors.New("without a shared secret or a token there is nothing that the panel could do")
	}
	if !secret.IsZero() {
		registrar := sharedsecret.NewRegistrar(matrix.New(h.URL, h.Timeout), sharedsecret.Kind(h.Kind), secret, nil)
		if err := registrar.Prove(ctx); err != nil {
			return sharedsecret.Problem(err)
		}
	}
	if token.IsZero() {
		return nil
	}
	return examine(ctx, homeserver.Settings{
		Name: "init", URL: h.URL, ServerName: h.ServerName, Token: token, Database: h.Database, Timeout: h.Timeout,
	}, h.Kind)
}

// examine runs the doctor's report and returns the first thing that failed.
func examine(ctx context.Context, s homeserver.Settings, kind string) error {
	adapter, end, err := adapterOf(kind, s, nobody{})
	if end != nil {
		defer end(ctx)
	}
	if err != nil {
		return err
	}
	report, err := homeserver.Call(ctx, adapter, api.CheckServer, api.ServerQuery{})
	if err != nil {
		return err
	}
	for _, check := range report.Checks {
		if check.State == api.CheckFailed {
			return errors.New(i18n.Bare(languages.Printer(languages.Default).T("check."+check.Code, params(check.Params)...)))
		}
	}
	return nil
}

// database asks for Dendrite's database, which is optional, and proves that it can be read.
func (c initCommand) database(ctx context.Context, q *questions, h *config.Homeserver) error {
	for {
		given, err := fromFile(c.DatabaseFile)
		if err != nil {
			return err
		}
		text := given.Reveal()
		if text == "" {
			answer, err := q.askSecret("Dendrite's database, file:/path or postgres://… (Enter for none: then only accounts that Gatehouse made, or that are in the directory, can be listed)")
			if err != nil {
				return err
			}
			text = answer.Reveal()
		}
		if text == "" {
			return nil
		}
		h.Database = api.NewSecret(text)
		err = dendrite.ProveDatabase(ctx, h.Database)
		if err == nil {
			q.say("The database can be read.")
			return nil
		}
		if c.DatabaseFile != "" || !q.again() {
			return sentence(err)
		}
		q.say("%s", sentence(err))
	}
}

// store takes the gate's own database, where it is not to be a file, and proves that it can be used.
func (c initCommand) store(ctx context.Context, q *questions, cfg *config.Config) error {
	address, err := fromFile(c.StoreDatabaseFile)
	if err != nil || address.IsZero() {
		return err
	}
	if !store.IsPostgres(address.Reveal()) {
		return fmt.Errorf("%s does not begin with postgres://", c.StoreDatabaseFile)
	}
	cfg.Store = config.Store{Database: address}
	s, err := store.Open(ctx, cfg.Store.Source())
	if err != nil {
		return err
	}
	q.say("The store can be used: %s.", s.Place())
	return s.Close()
}

// given returns what a flag says, or asks for it until it will do as a field of the configuration; - is for none.
func (c initCommand) given(q *questions, flag, question, otherwise, field string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	for {
		answer, err := q.ask(question, otherwise)
		if err != nil || answer == "-" || !q.again() {
			return answer, err
		}
		wrong := config.CheckField(field, answer)
		if wrong == nil {
			return answer, nil
		}
		q.say("%q %v.", answer, wrong)
	}
}

func (c initCommand) listenOn(cfg *config.Config) string {
	if c.Listen != "" {
		return c.Listen
	}
	return cfg.Listen
}

// localhost names the loopback address as browsers like it.
func localhost(listen string) string {
	if port, ok := strings.CutPrefix(listen, "127.0.0.1:"); ok {
		return "localhost:" + port
	}
	return listen
}

// name makes a segment of a path of a server name.
func (c initCommand) name(serverName string) string {
	if c.Name != "" {
		return c.Name
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(serverName))
	name = strings.Trim(name, ".-")
	if name == "" || slices.Contains(config.ReservedNames(), name) {
		name = "homeserver-" + name
	}
	return strings.Trim(name, "-")
}

// fromFile reads a secret from a file; without a name there is none.
func fromFile(name string) (api.Secret, error) {
	if name == "" {
		return api.Secret{}, nil
	}
	data, err := os.ReadFile(filepath.Clean(name))
	if err != nil {
		return api.Secret{}, err
	}
	return api.NewSecret(strings.TrimRight(string(data), "\r\n")), nil
}

// sentence makes an error readable: a problem says its sentence.
func sentence(err error) error {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return errors.New(i18n.Bare(languages.Printer(languages.Default).Problem(p.Code, p.Params)))
	}
	return err
}
