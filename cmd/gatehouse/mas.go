// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	if h.MAS.AdminURL, err = c.given(q, c.MASAdminURL, "Address of the admin API of Matrix Authentication Service", "http://localhost:8081"); err != nil {
		return err
	}
	if h.MAS.URL, err = c.given(q, c.MASURL, "Address where it gives tokens, where that is another one (- for the same)", "-"); err != nil {
		return err
	}
	if h.MAS.URL == "-" {
		h.MAS.URL = ""
	}
	if h.MAS.ClientID, err = c.given(q, c.MASClientID, "ID of the client that Gatehouse is there (- to have one made)", "-"); err != nil {
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
		q.say("Matrix Authentication Service's configuration needs this, and a restart:\n\n%s", masConfiguration(h.MAS.ClientID, secretFile))
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
		q.say("%s\nIts configuration needs this, and a restart:\n\n%s", sentence(proven), masConfiguration(h.MAS.ClientID, secretFile))
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

// masConfiguration is what has to stand in Matrix Authentication Service's own configuration.
func masConfiguration(client, secretFile string) string {
	secret := "client_secret: the one in gatehouse.yaml"
	if secretFile != "" {
		if path, err := filepath.Abs(secretFile); err == nil {
			secretFile = path
		}
		secret = "client_secret_file: " + secretFile
	}
	return strings.NewReplacer("CLIENT", client, "SECRET", secret).Replace(`    clients:
      - client_id: CLIENT
        client_auth_method: client_secret_basic
        SECRET
    policy:
      data:
        admin_clients:
          - CLIENT
    http:
      listeners:
        - resources:       # of the listener at admin_url, beside what is there
            - name: adminapi
            - name: oauth
`)
}

// masLacks are the checks that fail where something is missing in MAS's configuration.
var masLacks = map[string]bool{"mas_client_refused": true, "mas_not_admin_client": true, "mas_no_adminapi": true, "mas_no_oauth": true}

// printMAS prints what to add to MAS's configuration, where a report says that something is missing.
func printMAS(w io.Writer, r api.Report) {
	for _, check := range r.Checks {
		if masLacks[check.Code] && check.State == api.CheckFailed {
			fmt.Fprintf(w, "  Matrix Authentication Service's configuration needs this, and a restart:\n%s", masConfiguration(check.Params["client"], ""))
			return
		}
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
