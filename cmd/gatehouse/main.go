// SPDX-License-Identifier: Apache-2.0

// Gatehouse is the admin panel for Matrix homeservers in which the keys stay at the gate.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
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
	k := kong.Parse(&c, kong.Name("gatehouse"), kong.Description("The admin panel for Matrix homeservers in which the keys stay at the gate."),
		kong.UsageOnError(), kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(&c))
	err := k.Run()
	if err == nil {
		return
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "gatehouse:", err)
	}
	stop()
	os.Exit(1)
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	fmt.Println("gatehouse", version.String())
	return nil
}
