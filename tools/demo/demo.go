// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"gatehouse/tools/demo/accounts"
	"gatehouse/tools/homeserver"
)

// A state is what a demo remembers between its starts.
type state struct {
	Mix           int    `json:"mix"` // version of the accounts; 0: there are none yet
	Secret        string `json:"registration_shared_secret"`
	AdminPassword string `json:"admin_password"`
}

const stateFile = "demo.json"

// loadState reads the state of an earlier demo. Where there is none, or one that was
// not finished or has other accounts, it clears the folder and begins a new one.
func loadState(dir string) (*state, error) {
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var s state
	if err == nil && json.Unmarshal(data, &s) == nil && s.Mix == accounts.Version {
		return &s, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &state{Secret: rand.Text(), AdminPassword: rand.Text()[:16]}, nil
}

func (s *state) save(dir string) error {
	data, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, stateFile), data, 0o600)
}

// A demo is one homeserver and its folder.
type demo struct {
	kind  string
	dir   string
	state *state
	out   io.Writer
}

func (d demo) say(what, text string) { line(d.out, what, text) }

// startHomeserver starts the homeserver, and the first time fills it.
func (d demo) startHomeserver(ctx context.Context) (*homeserver.Server, error) {
	d.say("Homeserver", "starting "+d.kind)
	hs, err := d.launch(ctx)
	if err != nil || d.state.Mix == accounts.Version {
		return hs, err
	}
	d.say("Accounts", fmt.Sprintf("creating %d", accounts.Count))
	err = accounts.Populate(ctx, hs, d.state.AdminPassword, func(done int) {
		if done%50 == 0 {
			d.say("Accounts", fmt.Sprintf("%d of %d", done, accounts.Count))
		}
	})
	if err != nil {
		hs.Stop()
		return nil, err
	}
	if err := hs.Stop(); err != nil {
		return nil, err
	}
	d.say("Accounts", "dating them back")
	if err := accounts.Age(ctx, hs, time.Now()); err != nil {
		return nil, err
	}
	d.state.Mix = accounts.Version
	if err := d.state.save(d.dir); err != nil {
		return nil, err
	}
	return d.launch(ctx)
}

// launch starts the homeserver in its folder.
func (d demo) launch(ctx context.Context) (*homeserver.Server, error) {
	const serverName = "demo.example"
	dir := filepath.Join(d.dir, "homeserver")
	if d.kind == homeserver.Dendrite {
		return homeserver.StartDendrite(ctx, homeserver.DendriteOptions{Dir: dir, ServerName: serverName, SharedSecret: d.state.Secret})
	}
	return homeserver.StartSynapse(ctx, homeserver.SynapseOptions{
		Dir: dir, ServerName: serverName, SharedSecret: d.state.Secret, Persistent: true, XForwarded: true,
		// Or else Synapse forgets after 28 days that somebody was there.
		ExtraYAML: "user_ips_max_age: null\n",
	})
}
