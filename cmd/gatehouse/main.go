// SPDX-License-Identifier: Apache-2.0

// Gatehouse is the admin panel for Matrix homeservers in which the keys stay at the gate.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"gatehouse/server/version"
)

// commands are the command line.
type commands struct {
	Config string `help:"Configuration file." short:"c" type:"path" default:"gatehouse.yaml" env:"GATEHOUSE_CONFIG"`

	Serve      serveCommand      `cmd:"" help:"Run the panel."`
	Init       initCommand       `cmd:"" help:"Ask a few questions, prove the keys and write the configuration."`
	Check      checkCommand      `cmd:"" help:"Prove every key and say what works, and why the rest does not."`
	Call       callCommand       `cmd:"" help:"Run an operation: the request as JSON on standard input, the result as JSON on standard output."`
	Export     exportCommand     `cmd:"" help:"Write a whole list as a file: CSV or JSON Lines."`
	Job        jobCommand        `cmd:"" help:"Follow jobs: work on many accounts."`
	Import     importCommand     `cmd:"" help:"Make and change accounts from a file: CSV or JSON Lines."`
	Apply      applyCommand      `cmd:"" help:"Do an operation to all accounts that a file names: CSV or JSON Lines."`
	Operations operationsCommand `cmd:"" help:"List the operations."`
	Operator   operatorCommand   `cmd:"" help:"Manage people who sign in without a homeserver."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// errSilent ends the program with status 1 when everything was said already.
var errSilent = errors.New("")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	parser := c.parser(kong.BindTo(ctx, (*context.Context)(nil)))
	k, err := parser.Parse(asked(os.Args[1:]))
	parser.FatalIfErrorf(err)
	err = k.Run()
	if err == nil {
		return
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = context.Cause(ctx) // which signal it was
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "gatehouse:", err)
	}
	stop()
	os.Exit(1)
}

// misused is the exit status where the command line itself is wrong, and nothing was begun.
const misused = 2

// parser reads the command line. A mistake in it is answered in two lines, and not with all that there is to say about the command.
func (c *commands) parser(more ...kong.Option) *kong.Kong {
	return kong.Must(c, append(more, kong.Name("gatehouse"), kong.Description("The admin panel for Matrix homeservers in which the keys stay at the gate."),
		kong.ShortUsageOnError(), kong.Bind(c), kong.Exit(func(status int) {
			if status != 0 {
				status = misused
			}
			os.Exit(status)
		}))...)
}

// asked has "gatehouse help import" mean the same as "gatehouse import --help".
func asked(args []string) []string {
	if len(args) > 0 && args[0] == "help" {
		return append(slices.Clone(args[1:]), "--help")
	}
	return args
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("gatehouse", version.String())
	return nil
}
