// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/homeserver/process"
)

// A panel is a running Gatehouse.
type panel struct {
	url  string
	log  string // path
	proc *process.Process
}

// panelBinary is where the program is built.
func panelBinary() (string, error) {
	root, err := homeserver.Root()
	return filepath.Join(root, "bin", "gatehouse"), err
}

// buildPanel builds the program.
func buildPanel(ctx context.Context, binary string) error {
	root := filepath.Dir(filepath.Dir(binary))
	var said bytes.Buffer
	cmd := exec.Command("go", "run", "./tools/build", "-o", binary)
	cmd.Dir, cmd.Stdout, cmd.Stderr = root, &said, &said
	if err := process.Run(ctx, cmd); err != nil {
		return fmt.Errorf("build the panel: %w\n%s", err, said.Bytes())
	}
	return nil
}

// startPanel writes the panel's configuration, starts it and waits until it is
// ready.
func (d demo) startPanel(ctx context.Context, binary string, hs *homeserver.Server, listen string) (*panel, error) {
	dir := filepath.Join(d.dir, "gatehouse")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, err
	}
	if err := makeKey(filepath.Join(dir, "secret.key")); err != nil {
		return nil, err
	}
	addr, err := address(listen)
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "gatehouse.yaml")
	if err := os.WriteFile(config, []byte(panelConfig(addr, hs)), 0o600); err != nil {
		return nil, err
	}
	p := &panel{url: "http://" + addr, log: filepath.Join(dir, "gatehouse.log")}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(binary, "serve", "--config", config)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, environment(os.Environ()), log, log
	d.say("Panel", "starting")
	if p.proc, err = process.Start(cmd, process.Options{Grace: 30 * time.Second}); err != nil {
		return nil, err
	}
	if err := homeserver.WaitHealthy(ctx, p.url+"/readyz", time.Minute, p.proc.Done()); err != nil {
		p.proc.Stop()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		said, _ := os.ReadFile(p.log)
		return nil, fmt.Errorf("the panel did not start: %w\n%s", err, said)
	}
	return p, nil
}

// panelConfig is gatehouse.yaml for one homeserver.
func panelConfig(addr string, hs *homeserver.Server) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by make demo at each start.\nlisten: %s\nsecret_key_file: secret.key\nhomeservers:\n  demo:\n", addr)
	fmt.Fprintf(&b, "    url: %s\n    kind: %s\n    registration_shared_secret: %s\n", hs.URL, hs.Kind, hs.SharedSecret)
	fmt.Fprintf(&b, "    hide_accounts: [whatsapp_*, telegram_*]\n")
	if hs.Kind == homeserver.Dendrite {
		fmt.Fprintf(&b, "    database: %q\n    database_writes: true\n", hs.Database)
	}
	return b.String()
}

// environment leaves out the variables that would configure the panel.
func environment(all []string) []string {
	var env []string
	for _, v := range all {
		if !strings.HasPrefix(v, "GATEHOUSE_") {
			env = append(env, v)
		}
	}
	return env
}

// makeKey makes the panel's secret key unless it is there.
func makeKey(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key := make([]byte, 32)
	rand.Read(key)
	return os.WriteFile(path, key, 0o600)
}

// address is where the panel listens: as it was asked to, or else on its usual port
// if that is free.
func address(listen string) (string, error) {
	if listen != "" {
		return listen, nil
	}
	const usual = "127.0.0.1:8765"
	l, err := net.Listen("tcp", usual)
	if err != nil {
		return homeserver.FreeAddress()
	}
	return usual, l.Close()
}
