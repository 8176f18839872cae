// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"gatehouse/tools/homeserver"
	"gatehouse/tools/homeserver/process"
)

// binary is the path of the program under test: GATEHOUSE_BIN, or else what this
// run builds with the race detector when the first test asks for it.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GATEHOUSE_BIN"); path != "" {
		return filepath.Abs(path)
	}
	root, err := homeserver.Root()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "gatehouse-e2e-")
	if err != nil {
		return "", err
	}
	atEnd.add(func() error { return os.RemoveAll(dir) })
	path := filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "run", "./tools/build", "-race", "-o", path)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

// environment is this process's without the variables that configure Gatehouse,
// so that what a test does not set is not set.
func environment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GATEHOUSE_") {
			env = append(env, v)
		}
	}
	return env
}

// run executes the program with arguments and returns what it printed and its
// exit status.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return runIn(t, t.TempDir(), nil, stdin, args...)
}

// runIn is run in a folder, with more variables in the environment.
func runIn(t *testing.T, dir string, env []string, stdin string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(timeout(t), path, args...)
	cmd.Dir = dir
	cmd.Env = append(environment(), env...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("gatehouse %s: %v", strings.Join(args, " "), err)
	}
	if bad := crash(errs.Bytes()); bad != "" {
		t.Errorf("gatehouse %s: %s", strings.Join(args, " "), bad)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// command executes the program with the configuration of this gatehouse, which may be
// running or not. The test fails where it prints a secret of the configuration.
func (g *gatehouse) command(stdin string, args ...string) (stdout, stderr string, code int) {
	g.t.Helper()
	stdout, stderr, code = runIn(g.t, g.Dir, nil, stdin, append([]string{"--config", g.Config}, args...)...)
	found := append(g.secrets().known([]byte(stdout)), g.secrets().search([]byte(stderr))...)
	if !slices.ContainsFunc(args, handsToken) {
		found = append(found, tokens([]byte(stdout))...)
	}
	for _, what := range found {
		g.t.Errorf("SECRET printed by gatehouse %s: %s", strings.Join(args, " "), what)
	}
	return stdout, stderr, code
}

// gatehouse is a running "gatehouse serve".
type gatehouse struct {
	URL    string // http://127.0.0.1:PORT, its public_url
	Dir    string // the folder of its configuration, key, store and log
	Config string // path of gatehouse.yaml

	t        *testing.T
	database string // the address of its store, where that is in PostgreSQL
	listen   string // where it really listens; URL is a wire to it
	wire     *wire
	args     []string
	proc     *process.Process

	passwords passwords // that are looked for besides the secrets of the configuration
}

// homeservers is the section of a configuration that connects to servers, each
// under the name of its kind, with the shared secret, and for Dendrite with its
// database.
func homeservers(servers ...*homeserver.Server) string {
	var b strings.Builder
	b.WriteString("homeservers:\n")
	for _, hs := range servers {
		fmt.Fprintf(&b, "  %s:\n    url: %s\n    registration_shared_secret: %q\n", hs.Kind, hs.URL, hs.SharedSecret)
		if hs.Kind == homeserver.Dendrite {
			fmt.Fprintf(&b, "    database: %q\n    database_writes: true\n", hs.Database)
		}
	}
	return b.String()
}

// startGatehouse writes a configuration into a folder of its own, starts "gatehouse
// serve" and waits until it is ready. It is stopped at the end of the test. The test
// fails where the log tells of a panic or a data race, and where a secret of the
// configuration is found in anything that was answered, logged, stored, or kept by
// the browser. The configuration may leave out listen, public_url and
// secret_key_file.
func startGatehouse(t *testing.T, config string) *gatehouse {
	t.Helper()
	g := prepareGatehouse(t, config)
	g.start()
	return g
}

// prepareGatehouse does what startGatehouse does, but the start.
func prepareGatehouse(t *testing.T, config string) *gatehouse {
	t.Helper()
	g := &gatehouse{Dir: t.TempDir(), t: t}
	g.Config = filepath.Join(g.Dir, "gatehouse.yaml")
	var err error
	if g.listen = topLevel(config, "listen"); g.listen == "" {
		if g.listen, err = homeserver.FreeAddress(); err != nil {
			t.Fatal(err)
		}
		config = "listen: " + g.listen + "\n" + config
	}
	if g.wire, err = newWire(g.listen); err != nil {
		t.Fatal(err)
	}
	g.URL = "http://" + g.wire.addr()
	forget(g.URL)
	if topLevel(config, "public_url") == "" {
		config = "public_url: " + g.URL + "\n" + config
	}
	if topLevel(config, "secret_key_file") == "" && topLevel(config, "secret_key") == "" {
		key := make([]byte, 32)
		rand.Read(key)
		g.write("secret.key", key)
		config = "secret_key_file: secret.key\n" + config
	}
	if storedInPostgres(t) && topLevel(config, "store") == "" {
		g.database = postgres(t)
		config += fmt.Sprintf("\nstore:\n  database: %q\n", g.database) // behind what tests count the lines of
	}
	if err := os.MkdirAll(filepath.Join(g.Dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	g.write("gatehouse.yaml", []byte(config))
	g.args = []string{"serve", "--config", g.Config}
	t.Cleanup(func() {
		g.stop()
		g.wire.close()
		if bad := crash([]byte(g.Log())); bad != "" {
			t.Errorf("the log of gatehouse: %s", bad)
		}
		g.checkSecrets()
		if t.Failed() {
			t.Logf("the log of gatehouse:\n%s", g.Log())
		}
	})
	return g
}

// topLevel is the value of a key at the top of a YAML text, "" if it is not there.
func topLevel(yaml, key string) string {
	for line := range strings.Lines(yaml) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
}

func (g *gatehouse) write(name string, data []byte) {
	g.t.Helper()
	if err := os.WriteFile(filepath.Join(g.Dir, name), data, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// start runs the program and waits until it is ready. After stop or kill it starts
// again on the same address, with the same store.
func (g *gatehouse) start() {
	g.t.Helper()
	path, err := binary()
	if err != nil {
		g.t.Fatal(err)
	}
	log, err := os.OpenFile(g.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		g.t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(path, g.args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = g.Dir, environment(), log, log
	if g.proc, err = process.Start(cmd, process.Options{Grace: 30 * time.Second}); err != nil {
		g.t.Fatal(err)
	}
	if err := homeserver.WaitHealthy(context.Background(), "http://"+g.listen+"/readyz", limit, g.proc.Done()); err != nil {
		g.t.Fatalf("start gatehouse: %v", err)
	}
}

// stop ends the program as an operator does.
func (g *gatehouse) stop() {
	g.t.Helper()
	if g.proc == nil {
		return
	}
	if err := g.proc.Stop(); err != nil {
		g.t.Error(err)
	}
	if err := g.proc.Err(); err != nil {
		g.t.Errorf("gatehouse ended with %v", err)
	}
	g.proc = nil
}

// kill ends the program at once, as a power cut does.
func (g *gatehouse) kill() {
	g.t.Helper()
	if err := syscall.Kill(-g.proc.Pid(), syscall.SIGKILL); err != nil {
		g.t.Fatal(err)
	}
	<-g.proc.Done()
	g.proc = nil
}

func (g *gatehouse) logPath() string { return filepath.Join(g.Dir, "gatehouse.log") }

// Log is everything that the program has printed so far.
func (g *gatehouse) Log() string {
	data, err := os.ReadFile(g.logPath())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		g.t.Error(err)
	}
	return string(data)
}

// crashes are the lines that Go's runtime and race detector print. A recovered
// panic that the program logs itself counts as well.
var crashes = regexp.MustCompile(`(?i)WARNING: DATA RACE|\bpanic\b|fatal error:`)

// crash returns the first line of a crash in a log and what follows it, or "".
func crash(log []byte) string {
	at := crashes.FindIndex(log)
	if at == nil {
		return ""
	}
	rest := log[bytes.LastIndexByte(log[:at[0]], '\n')+1:]
	return string(rest[:min(len(rest), 8000)])
}

// get fetches a path of the panel without a browser and returns the answer with
// its body read. It follows no redirect.
func (g *gatehouse) get(path string) (*http.Response, string) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(timeout(g.t), http.MethodGet, g.URL+path, nil)
	if err != nil {
		g.t.Fatal(err)
	}
	return g.send(req)
}

// send sends a request as it is and returns the answer with its body read. It
// follows no redirect.
func (g *gatehouse) send(req *http.Request) (*http.Response, string) {
	g.t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(resp.Body); err != nil {
		g.t.Fatal(err)
	}
	return resp, body.String()
}
