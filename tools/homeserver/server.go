// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"gatehouse/tools/homeserver/process"
)

// The kinds of homeserver.
const (
	Synapse  = "synapse"
	Dendrite = "dendrite"
)

// A Server is a running homeserver on the loopback address.
type Server struct {
	Kind         string // Synapse or Dendrite
	URL          string // http://127.0.0.1:PORT
	ServerName   string // the part of a Matrix ID behind the colon
	SharedSecret string // registration shared secret; empty: none is configured
	Database     string // file:PATH or postgres://…; empty: in memory
	Dir          string // configuration, keys, media, SQLite files
	Log          string // path of the file with everything that the server prints

	proc    *process.Process
	tempDir bool // Dir was made by Start and goes away with Stop

	adminOnce  sync.Once
	adminToken string
	adminErr   error
}

// Stop ends the server and waits until it is gone. The folder goes too where
// Start has made it. The error says that the server had to be killed.
func (s *Server) Stop() error {
	err := s.proc.Stop()
	if s.tempDir {
		err = errors.Join(err, os.RemoveAll(s.Dir))
	}
	return err
}

// Done is closed when the server has ended, whether it was stopped or not.
func (s *Server) Done() <-chan struct{} { return s.proc.Done() }

// startTime is how long a server may take until it answers. Alone on two cores
// it is under 3 seconds; a machine that compiles beside it needs more.
const startTime = 90 * time.Second

// errAddressInUse says that somebody took the port between its choice and the
// server's start.
var errAddressInUse = errors.New("the port is taken")

// launch prepares a folder, then writes the configuration for a port, starts
// the server and waits until it answers. Where the port was left to us, another
// one is tried when it turns out to be taken.
func (s *Server) launch(ctx context.Context, port int, prepare func(addr string) (*exec.Cmd, error), health string) error {
	if s.Dir == "" {
		dir, err := os.MkdirTemp("", "gatehouse-"+s.Kind+"-")
		if err != nil {
			return err
		}
		s.Dir, s.tempDir = dir, true
	} else if err := os.MkdirAll(s.Dir, 0o700); err != nil {
		return err
	}
	s.Log = filepath.Join(s.Dir, s.Kind+".log")
	const tries = 5
	var err error
	for range tries {
		err = s.launchOnce(ctx, port, prepare, health)
		if port != 0 || !errors.Is(err, errAddressInUse) {
			break
		}
	}
	if err != nil && s.tempDir {
		os.RemoveAll(s.Dir)
	}
	return err
}

func (s *Server) launchOnce(ctx context.Context, port int, prepare func(addr string) (*exec.Cmd, error), health string) error {
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if port == 0 {
		var err error
		if addr, err = FreeAddress(); err != nil {
			return err
		}
	}
	cmd, err := prepare(addr)
	if err != nil {
		return err
	}
	log, err := os.Create(s.Log)
	if err != nil {
		return err
	}
	defer log.Close() // the child has its own handle
	cmd.Dir, cmd.Stdout, cmd.Stderr = s.Dir, log, log
	if s.proc, err = process.Start(cmd, process.Options{}); err != nil {
		return err
	}
	s.URL = "http://" + addr
	if err := WaitHealthy(ctx, s.URL+health, startTime, s.proc.Done()); err != nil {
		s.proc.Stop()
		out, _ := os.ReadFile(s.Log)
		if bytes.Contains(out, []byte("ddress already in use")) {
			return fmt.Errorf("start %s: %w", s.Kind, errAddressInUse)
		}
		return fmt.Errorf("start %s: %w; the end of its log:\n%s", s.Kind, err, tail(out, 20))
	}
	return nil
}

// FreeAddress returns a loopback address with a port that is free now.
func FreeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// WaitHealthy returns when url answers 200. It gives up when the limit or ctx
// has ended, or when ended is closed because the server is gone.
func WaitHealthy(ctx context.Context, url string, limit time.Duration, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s did not answer within %s", url, limit))
	defer cancel()
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		if healthy(ctx, url) {
			return nil
		}
		select {
		case <-retry.C:
		case <-ended:
			return errors.New("it ended before it answered")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func healthy(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := httpClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// tail returns the last lines of a text.
func tail(text []byte, lines int) []byte {
	text = bytes.TrimRight(text, "\n")
	for i := len(text) - 1; i >= 0; i-- {
		if text[i] != '\n' {
			continue
		}
		if lines--; lines == 0 {
			return text[i+1:]
		}
	}
	return text
}
