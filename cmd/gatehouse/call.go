// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/user"

	"gatehouse/app/api"
	"gatehouse/server/gate"
	"gatehouse/server/operator"
)

type callCommand struct {
	Operation  string `arg:"" help:"Name of the operation; see 'gatehouse operations'."`
	Homeserver string `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
	Key        string `help:"Request key: a write that is sent twice with the same key is done once."`
}

// maxRequest bounds what is read from standard input.
const maxRequest = 1 << 20

// Run calls the operation as the person who runs the command; it goes through the same corridor as every call and is recorded.
func (c callCommand) Run(ctx context.Context, all *commands) error {
	request, err := readRequest(os.Stdin)
	if err != nil {
		return err
	}
	h, err := openHouse(ctx, all.Config, os.Stderr)
	if err != nil {
		return err
	}
	defer h.close()
	name, err := h.only(c.Homeserver)
	if err != nil {
		return err
	}
	key := c.Key
	if key == "" {
		key = gate.NewKey()
	}
	person := operator.Local(localUser())
	result, err := h.gate.Do(ctx, gate.Visit{
		Person: &person, Homeserver: name, Operation: c.Operation, Key: key, RequestID: gate.NewKey(),
		Decode: func(op api.Op) (api.Request, error) { return op.DecodeJSON(request) },
	})
	if err != nil {
		return told(err)
	}
	encoded, err := gate.Encode(c.Operation, result)
	if err != nil {
		return err
	}
	return printJSON(os.Stdout, json.RawMessage(encoded))
}

// readRequest reads the request. A terminal, or nothing, is the empty request.
func readRequest(in *os.File) ([]byte, error) {
	info, err := in.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice != 0 {
		return []byte("{}"), nil
	}
	data, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxRequest {
		return nil, fmt.Errorf("the request is longer than %d bytes", maxRequest)
	}
	if len(data) == 0 {
		return []byte("{}"), nil
	}
	return data, nil
}

// only returns the homeserver that is meant.
func (h *house) only(name string) (string, error) {
	names := h.config.Names()
	if name == "" && len(names) == 1 {
		return names[0], nil
	}
	if _, ok := h.config.Homeservers[name]; ok {
		return name, nil
	}
	return "", fmt.Errorf("say which homeserver with --homeserver: one of %v", names)
}

func localUser() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("uid-%d", os.Getuid())
}

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
