// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"gatehouse/tools/homeserver/process"
)

// Postgres is a PostgreSQL server on the loopback address with a data folder of
// its own. What is in it is gone after Stop.
type Postgres struct {
	dir      string
	server   string // path of the program
	addr     string
	password string
	account  *syscall.Credential
	proc     *process.Process
}

// PostgresInstalled tells whether a PostgreSQL server is there to be started.
func PostgresInstalled() bool {
	_, err := postgresProgram("initdb")
	return err == nil
}

// postgresProgram finds one of PostgreSQL's programs, in the PATH or where Debian
// keeps them; of several versions there, the newest.
func postgresProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", fmt.Errorf("PostgreSQL: %w; run: go run ./tools/setup -only postgres", ErrNotInstalled)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }), nil
}

// StartPostgres starts an installed PostgreSQL in a temporary folder and waits
// until it takes connections. It runs without fsync. PostgreSQL refuses to run as
// root, so root runs it as the account postgres, or as nobody. ctx bounds the
// start; the server lives until Stop.
func StartPostgres(ctx context.Context) (*Postgres, error) {
	initdb, err := postgresProgram("initdb")
	if err != nil {
		return nil, err
	}
	server, err := postgresProgram("postgres")
	if err != nil {
		return nil, err
	}
	p := &Postgres{server: server, password: rand.Text()}
	if p.account, err = unprivileged(); err != nil {
		return nil, err
	}
	if p.dir, err = os.MkdirTemp("", "gatehouse-postgres-"); err != nil {
		return nil, err
	}
	if err := p.start(ctx, initdb); err != nil {
		os.RemoveAll(p.dir)
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context, initdb string) error {
	passwordFile := filepath.Join(p.dir, "password")
	if err := os.WriteFile(passwordFile, []byte(p.password), 0o600); err != nil {
		return err
	}
	if p.account != nil {
		for _, path := range []string{p.dir, passwordFile} {
			if err := os.Chown(path, int(p.account.Uid), int(p.account.Gid)); err != nil {
				return err
			}
		}
	}
	if out, err := p.command(ctx, initdb, "-D", p.data(), "-U", "postgres", "-E", "UTF8", "--locale=C",
		"--no-sync", "--auth=scram-sha-256", "--pwfile="+passwordFile).CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	const tries = 5
	for range tries {
		var err error
		if p.addr, err = FreeAddress(); err != nil {
			return err
		}
		if err = p.Resume(ctx); !errors.Is(err, errAddressInUse) {
			return err
		}
	}
	return errAddressInUse
}

func (p *Postgres) data() string { return filepath.Join(p.dir, "data") }

// Halt ends the server as its restart does: those who are connected are hung up on, and what was committed stays.
func (p *Postgres) Halt() error { return p.proc.Stop() }

// Resume starts the server that Halt ended, at the same address, and waits until it takes connections.
func (p *Postgres) Resume(ctx context.Context) error {
	_, port, _ := strings.Cut(p.addr, ":")
	logPath := filepath.Join(p.dir, "postgres.log")
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := p.command(context.Background(), p.server, "-D", p.data(), "-p", port, "-h", "127.0.0.1", "-k", "",
		"-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
	cmd.Stdout, cmd.Stderr = log, log
	// SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
	if p.proc, err = process.Start(cmd, process.Options{Signal: syscall.SIGINT}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		if _, err = p.psql(ctx, "postgres", "SELECT 1"); err == nil {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			p.proc.Stop()
			return fmt.Errorf("it takes no connections: %w", err)
		case <-p.proc.Done():
			out, _ := os.ReadFile(logPath)
			if strings.Contains(string(out), "ddress already in use") {
				return errAddressInUse
			}
			return fmt.Errorf("it ended before it took connections:\n%s", tail(out, 20))
		}
	}
}

// CreateDatabase makes an empty database and returns its connection string.
func (p *Postgres) CreateDatabase(ctx context.Context, name string) (string, error) {
	quoted := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
	if out, err := p.psql(ctx, "postgres", "CREATE DATABASE "+quoted); err != nil {
		return "", fmt.Errorf("create database %s: %w\n%s", name, err, out)
	}
	dsn := url.URL{
		Scheme:   "postgres",
		User:     url.UserPassword("postgres", p.password),
		Host:     p.addr,
		Path:     "/" + name,
		RawQuery: "sslmode=disable",
	}
	return dsn.String(), nil
}

// Stop ends the server and removes its folder.
func (p *Postgres) Stop() error {
	return errors.Join(p.proc.Stop(), os.RemoveAll(p.dir))
}

// psql runs one statement in a database as the superuser.
func (p *Postgres) psql(ctx context.Context, database, statement string) ([]byte, error) {
	program, err := postgresProgram("psql")
	if err != nil {
		return nil, err
	}
	host, port, _ := strings.Cut(p.addr, ":")
	cmd := exec.CommandContext(ctx, program, "-X", "-h", host, "-p", port, "-U", "postgres", "-d", database, "-c", statement)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+p.password)
	return cmd.CombinedOutput()
}

// command prepares a program that runs as the account of the server.
func (p *Postgres) command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = p.dir
	if p.account != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.account}
	}
	return cmd
}

// unprivileged is the account that PostgreSQL runs as: nil, which is one's own,
// unless one is root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(account.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(account.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("root has no account postgres or nobody to run PostgreSQL as")
}
