// SPDX-License-Identifier: Apache-2.0

// Package process starts the servers that tests and the demo stand on, and
// makes sure that none of them outlives the program that started it.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// A Process is a running child in a process group of its own.
type Process struct {
	cmd   *exec.Cmd
	stop  syscall.Signal
	grace time.Duration

	done chan struct{}
	err  error // set before done is closed

	stopOnce sync.Once
}

// Options say how a child is asked to end.
type Options struct {
	// Signal asks the child to end. Zero means SIGTERM.
	Signal syscall.Signal
	// Grace is the time between the signal and SIGKILL. Zero means 10 seconds.
	Grace time.Duration
}

// Start runs cmd in a new process group. On Linux the child also gets the stop
// signal when this program dies, however it dies.
func Start(cmd *exec.Cmd, opts Options) (*Process, error) {
	p := &Process{
		cmd:   cmd,
		stop:  opts.Signal,
		grace: opts.Grace,
		done:  make(chan struct{}),
	}
	if p.stop == 0 {
		p.stop = syscall.SIGTERM
	}
	if p.grace == 0 {
		p.grace = 10 * time.Second
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = new(syscall.SysProcAttr)
	}
	cmd.SysProcAttr.Setpgid = true
	signalOnParentDeath(cmd.SysProcAttr, p.stop)

	started := make(chan error)
	go func() {
		// Linux sends the parent-death signal when the thread that started the
		// child ends, so this goroutine keeps its thread until the child is gone.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// Run runs cmd to its end. When ctx ends first, cmd and everything it has started
// is stopped, and the error is that of ctx.
func Run(ctx context.Context, cmd *exec.Cmd) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	p, err := Start(cmd, Options{Grace: time.Second})
	if err != nil {
		return err
	}
	select {
	case <-p.Done():
		return p.Err()
	case <-ctx.Done():
		_ = p.Stop() // an error only says that it had to be killed
		return ctx.Err()
	}
}

// Pid is the child's process id, which is its process group as well.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err is how the child ended: nil for exit status 0. It may be read only after
// Done is closed.
func (p *Process) Err() error { return p.err }

// Stop asks the child to end, waits for it, and kills what is left of its
// process group. It returns an error only where the child had to be killed.
// Calling it again is harmless.
func (p *Process) Stop() error {
	var err error
	p.stopOnce.Do(func() { err = p.shutDown() })
	return err
}

func (p *Process) shutDown() error {
	defer p.killGroup()
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := p.cmd.Process.Signal(p.stop); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %s: %w", p.cmd.Path, err)
	}
	timer := time.NewTimer(p.grace)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
	}
	p.killGroup()
	<-p.done
	return fmt.Errorf("%s did not end within %s after %s and was killed", p.cmd.Path, p.grace, p.stop)
}

// killGroup ends whatever the child has started and left behind. An error means
// that nothing is left.
func (p *Process) killGroup() {
	_ = syscall.Kill(-p.Pid(), syscall.SIGKILL)
}
