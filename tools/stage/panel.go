// SPDX-License-Identifier: Apache-2.0

package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/homeserver/process"
)

// Name is what the configuration calls the homeserver.
const Name = "main"

// A Panel is a running "gatehouse serve".
type Panel struct {
	URL    string // public_url
	Listen string // where it listens
	Pid    int
	Dir    string // configuration, key, store and log

	proc *process.Process
}

// PanelOptions say how to run the program.
type PanelOptions struct {
	Dir        string // a folder that an earlier Panel has left is used again: the same key and the same store
	Listen     string // address and port
	URL        string // public_url; empty: http:// and Listen
	Homeserver *homeserver.Server
	Upstream   string // address of the homeserver; empty: its own
	Extra      string // more lines of the homeserver's part of the configuration
}

// Binary is the path of the built program. It is an error if there is none.
func Binary() (string, error) {
	root, err := homeserver.Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, "bin", "gatehouse")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s is not there; `make build` makes it", path)
	}
	return path, nil
}

// StartPanel starts the built program and waits until it is ready. ctx bounds the start; the program ends with Stop.
func StartPanel(ctx context.Context, o PanelOptions) (*Panel, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	p := &Panel{URL: o.URL, Listen: o.Listen, Dir: o.Dir}
	if p.URL == "" {
		p.URL = "http://" + o.Listen
	}
	if err := prepare(o, p.URL); err != nil {
		return nil, err
	}
	log, err := os.Create(p.log())
	if err != nil {
		return nil, err
	}
	defer log.Close() // the child has its own handle
	cmd := exec.Command(binary, "serve", "--config", filepath.Join(o.Dir, "gatehouse.yaml"))
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = o.Dir, environment(), log, log
	if p.proc, err = process.Start(cmd, process.Options{Grace: 30 * time.Second}); err != nil {
		return nil, err
	}
	p.Pid = p.proc.Pid()
	if err := homeserver.WaitHealthy(ctx, "http://"+o.Listen+"/readyz", time.Minute, p.proc.Done()); err != nil {
		p.Stop()
		return nil, fmt.Errorf("start gatehouse: %w\n%s", err, p.Said())
	}
	return p, nil
}

// Stop ends the program. It is an error if it had ended by itself.
func (p *Panel) Stop() error {
	select {
	case <-p.proc.Done():
		return fmt.Errorf("gatehouse ended by itself (%v); the end of its log:\n%s", p.proc.Err(), p.Said())
	default:
		return p.proc.Stop()
	}
}

func (p *Panel) log() string { return filepath.Join(p.Dir, "gatehouse.log") }

// Said is the end of the program's log.
func (p *Panel) Said() string {
	const end = 4000
	data, err := os.ReadFile(p.log())
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-end):])
}

// prepare writes the configuration, and the key where there is none.
func prepare(o PanelOptions, publicURL string) error {
	if err := os.MkdirAll(filepath.Join(o.Dir, "data"), 0o700); err != nil {
		return err
	}
	key := filepath.Join(o.Dir, "gatehouse.key")
	if _, err := os.Stat(key); errors.Is(err, fs.ErrNotExist) {
		bytes := make([]byte, 32)
		rand.Read(bytes)
		if err := os.WriteFile(key, bytes, 0o600); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(o.Dir, "gatehouse.yaml"), []byte(config(o, publicURL)), 0o600)
}

func config(o PanelOptions, publicURL string) string {
	hs := o.Homeserver
	upstream := o.Upstream
	if upstream == "" {
		upstream = hs.URL
	}
	var b strings.Builder
	fmt.Fprintf(&b, "listen: %s\npublic_url: %s\nhomeservers:\n  %s:\n", o.Listen, publicURL, Name)
	fmt.Fprintf(&b, "    url: %s\n    kind: %s\n    server_name: %s\n    registration_shared_secret: %q\n", upstream, hs.Kind, hs.ServerName, hs.SharedSecret)
	for line := range strings.Lines(o.Extra) {
		b.WriteString("    " + line)
	}
	return b.String()
}

// environment is this process's, without what would configure the program.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GATEHOUSE_") {
			env = append(env, v)
		}
	}
	return env
}
