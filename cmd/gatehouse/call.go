// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"gatehouse/app/api"
	"gatehouse/server/gate"
)

type callCommand struct {
	Operation  string `arg:"" help:"Name of the operation; see 'gatehouse operations'."`
	Homeserver string `help:"Name of the homeserver in the configuration; not needed where there is only one." short:"s"`
	Key        string `help:"Request key: a write that is sent twice with the same key is done once."`
}

// maxRequest bounds what is read from standard input.
const maxRequest = 1 << 20

// Run calls the operation as the person who runs the command.
func (c callCommand) Run(ctx context.Context, all *commands) error {
	request, err := readRequest(os.Stdin)
	if err != nil {
		return err
	}
	way, err := openCorridor(ctx, all, c.Homeserver)
	if err != nil {
		return err
	}
	defer way.close()
	result, err := way.gate.Do(ctx, way.visit(c.Operation, c.Key, func(op api.Op) (api.Request, error) { return op.DecodeJSON(request) }))
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

func printJSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(value)
}
