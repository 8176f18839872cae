// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/config"
	"gatehouse/server/homeserver/mas"
)

// masSecretFile is where init puts a client secret that it has made, beside the configuration.
const masSecretFile = "mas-client-secret.txt"

// mas asks how Matrix Authentication Service is reached and as which client, until that is proven. A client that nobody names is made:
// its ID, and its secret in a file beside the configuration.
func (c initCommand) mas(ctx context.Context, q *questions, all *commands, h *config.Homeserver) error {
	var err error
	name := c.name(h.ServerName)
	if h.MAS.AdminURL, err = c.given(q, c.MASAdminURL, "Address of the admin API of Matrix Authentication Service", "http://localhost:8081", "homeservers.<name>.mas.admin_url"); err != nil {
		return err
	}
	if h.MAS.URL, err = c.given(q, c.MASURL, "Address where it gives tokens, where that is another one (- for the same)", "-", "homeservers.<name>.mas.url"); err != nil {
		return err
	}
	if h.MAS.URL == "-" {
		h.MAS.URL = ""
	}
	if h.MAS.ClientID, err = c.given(q, c.MASClientID, "ID of the client that Gatehouse is there (- to have one made)", "-", "homeservers.<name>.mas.client_id"); err != nil {
		return err
	}
	if h.MAS.ClientSecret, err = fromFile(c.MASClientSecretFile); err != nil {
		return err
	}
	secretFile := c.MASClientSecretFile
	switch {
	case h.MAS.ClientID == "-":
		h.MAS.ClientID, h.MAS.ClientSecret = newULID(time.Now()), api.NewSecret(rand.Text()+rand.Text())
		secretFile = filepath.Join(filepath.Dir(all.Config), masSecretFile)
		if err := config.Create(secretFile, []byte(h.MAS.ClientSecret.Reveal()+"\n")); err != nil {
			return err
		}
		q.say("Made a client. Its secret is in %s (mode 0600).", secretFile)
		q.say("Matrix Authentication Service's configuration needs this, and a restart:\n\n%s", masConfiguration(h.MAS.ClientID, secretIn(secretFile, name), newClient))
	case h.MAS.ClientSecret.IsZero():
		if h.MAS.ClientSecret, err = q.askSecret("Secret of that client"); err != nil {
			return err
		}
	}
	for {
		proven := mas.Prove(ctx, masOf(*h), h.Timeout)
		if proven == nil {
			q.say("The client may use the admin API of Matrix Authentication Service.")
			return nil
		}
		q.say("%s\nIts configuration needs this, and a restart:\n\n%s", sentence(proven), masConfiguration(h.MAS.ClientID, secretIn(secretFile, name), newClient))
		if !q.again() {
			return errors.New("the client does not work yet; nothing was written but what is said above")
		}
		if _, err := q.ask("Press Enter to try again", "-"); err != nil {
			return err
		}
	}
}

// provenWithMAS runs the check with the configuration that was just written: it makes the personal session for Synapse, which is kept.
func provenWithMAS(ctx context.Context, all *commands, name string) error {
	h, err := openHouse(ctx, all.Config, io.Discard)
	if err != nil {
		return err
	}
	report, err := h.check(ctx, name)
	if err = errors.Join(err, h.close()); err != nil {
		return err
	}
	printReport(os.Stderr, report)
	if !report.OK() {
		return fmt.Errorf("%s is written, but not everything works yet; gatehouse check says so again", all.Config)
	}
	return nil
}

// newClient is the check of a client that MAS does not know: then nothing more is known, and all of it may be missing.
const newClient = "mas_client_refused"

// masParts are what has to stand in Matrix Authentication Service's own configuration, section by section, with the checks that fail or warn
// where it does not. Whoever adds them adds to what is there.
var masParts = []struct {
	checks []string
	yaml   string
}{
	{[]string{newClient}, `    clients:
      - client_id: CLIENT
        client_auth_method: client_secret_basic
        SECRET
`},
	{[]string{newClient, "mas_not_admin_client"}, `    policy:
      data:
        admin_clients:
          - CLIENT
`},
	{[]string{newClient, "mas_not_admin_client", "mas_no_adminapi", "mas_no_oauth", "mas_no_compat"}, `    http:
      listeners:
LISTENERS`},
}

// masListeners are the resources of its listeners, in the same way.
var masListeners = []struct {
	checks []string
	yaml   string
}{
	{[]string{newClient, "mas_not_admin_client", "mas_no_adminapi", "mas_no_oauth"}, `        - resources: # of the listener at admin_url (oauth: at url, where that is another one), beside what is there
            - name: adminapi
            - name: oauth
`},
	{[]string{newClient, "mas_no_compat"}, `        - resources: # of the listener that clients reach, beside what is there: people sign in with a password by it
            - name: compat
`},
}

// masConfiguration is what has to be added there where some checks say that something is missing: all of it for a client that is not known yet.
// secret is the line with the client's secret.
func masConfiguration(client, secret string, lacks ...string) string {
	missing := func(checks []string) bool {
		return slices.ContainsFunc(checks, func(c string) bool { return slices.Contains(lacks, c) })
	}
	var all, listeners strings.Builder
	for _, l := range masListeners {
		if missing(l.checks) {
			listeners.WriteString(l.yaml)
		}
	}
	for _, part := range masParts {
		if missing(part.checks) {
			all.WriteString(part.yaml)
		}
	}
	return strings.NewReplacer("LISTENERS", listeners.String(), "CLIENT", client, "SECRET", secret).Replace(all.String())
}

// secretIn is the line for a client secret that is in a file; where it is in none, it says where it is, and nothing prints it.
func secretIn(file, name string) string {
	if file == "" {
		return `client_secret: "…" # put in what homeservers.` + name + `.mas has in gatehouse.yaml; or client_secret_file:, with its path`
	}
	if path, err := filepath.Abs(file); err == nil {
		file = path
	}
	return "client_secret_file: " + file
}

// printMAS prints what to add to MAS's configuration, where a report says that something is missing.
func printMAS(w io.Writer, r api.Report) {
	var lacks []string
	client := ""
	for _, check := range r.Checks {
		if check.State != api.CheckPassed {
			lacks, client = append(lacks, check.Code), cmp.Or(client, check.Params["client"])
		}
	}
	if text := masConfiguration(client, secretIn("", r.Server.Name), lacks...); text != "" {
		fmt.Fprintf(w, "  Matrix Authentication Service's configuration needs this, and a restart:\n%s", text)
	}
}

// newULID makes an identifier as MAS wants its clients to have (github.com/ulid/spec): the time, and 80 random bits.
func newULID(now time.Time) string {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	out := make([]byte, 26)
	for i, ms := 9, uint64(now.UnixMilli()); i >= 0; i, ms = i-1, ms>>5 {
		out[i] = alphabet[ms&31]
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		out[10+i] = alphabet[b&31]
	}
	return string(out)
}
