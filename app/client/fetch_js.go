// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"net/url"
	"syscall/js"

	"gatehouse/app/api"
)

// Fetch calls the gate's API with the browser's fetch: net/http would cost 850 kB.
type Fetch struct {
	Homeserver string
	// Version is told the gate's version with every answer.
	Version func(string)
	// Health is told with every answer how the gate last saw a homeserver.
	Health func(homeserver, state string)
}

// At implements Caller.
func (f Fetch) At(homeserver string) Caller {
	f.Homeserver = homeserver
	return f
}

// Call implements Caller. Where there is no network the problem's code is offline.
func (f Fetch) Call(ctx context.Context, op api.Op, req api.Request, key string) (any, error) {
	address := "/api/" + f.Homeserver + "/" + op.Info().Name
	headers := map[string]any{"Accept": "application/json"}
	if ctx.Value(polling{}) != nil {
		headers["Gatehouse-Poll"] = "1"
	}
	options := map[string]any{"method": "GET", "headers": headers, "credentials": "same-origin", "redirect": "error", "cache": "no-store"}
	if ctx.Value(again{}) != nil {
		headers["Idempotency-Key"], headers["Gatehouse-Again"] = key, "1"
		options["method"] = "POST"
	} else if op.Info().Kind == api.KindWrite {
		body, err := api.EncodeWire(req)
		if err != nil {
			return nil, err
		}
		headers["Content-Type"], headers["Idempotency-Key"] = "application/json", key
		options["method"], options["body"] = "POST", string(body)
	} else if query := api.EncodeForm(req).Encode(); query != "" {
		address += "?" + query
	}
	abort := js.Global().Get("AbortController").New()
	options["signal"] = abort.Get("signal")
	stop := context.AfterFunc(ctx, func() { abort.Call("abort") })
	defer stop()

	answer, err := Await(js.Global().Call("fetch", address, options))
	if err != nil {
		return nil, f.failed(ctx, op)
	}
	if v := answer.Get("headers").Call("get", "Gatehouse-Version"); f.Version != nil && v.Type() == js.TypeString {
		f.Version(v.String())
	}
	if v := answer.Get("headers").Call("get", "Gatehouse-Homeserver"); f.Health != nil && v.Type() == js.TypeString {
		f.Health(f.Homeserver, v.String())
	}
	text, err := Await(answer.Call("text"))
	if err != nil {
		return nil, f.failed(ctx, op)
	}
	if status := answer.Get("status").Int(); status != 200 {
		var p api.Problem
		if json.Unmarshal([]byte(text.String()), &p) != nil || p.Code == "" {
			return nil, api.NewProblem(status, "internal")
		}
		return nil, &p
	}
	return op.DecodeResult([]byte(text.String()))
}

// failed says what it means that no answer came. Of a write nobody knows whether it was done; sent again with the same key it is
// done at most once.
func (f Fetch) failed(ctx context.Context, op api.Op) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if op.Info().Kind == api.KindWrite && ctx.Value(again{}) == nil {
		return api.NewProblem(0, "offline_write")
	}
	return api.NewProblem(0, "offline")
}

// Page fetches a page of ours as the server writes it, as a document that stands nowhere and of which no script runs. It is undefined where there
// is none to be had, and where the server sends something else than what it was asked for.
func Page(ctx context.Context, address string) js.Value {
	// The browser parses what it fetched so: none of it is ever HTML in a script's hands, which Trusted Types would be asked about.
	request := js.Global().Get("XMLHttpRequest").New()
	done := make(chan struct{}, 1)
	ended := js.FuncOf(func(js.Value, []js.Value) any {
		done <- struct{}{}
		return nil
	})
	defer ended.Release()
	request.Set("onloadend", ended)
	request.Call("open", "GET", address)
	request.Set("responseType", "document")
	stop := context.AfterFunc(ctx, func() { request.Call("abort") })
	defer stop()
	request.Call("send")
	<-done
	if request.Get("status").Int() != 200 {
		return js.Undefined()
	}
	return request.Get("response")
}

// Await waits for a promise. It must not run on the goroutine that handles an event.
func Await(promise js.Value) (js.Value, error) {
	type settled struct {
		value js.Value
		err   error
	}
	done := make(chan settled, 1)
	fulfilled := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	rejected := js.FuncOf(func(_ js.Value, args []js.Value) any {
		done <- settled{err: js.Error{Value: args[0]}}
		return nil
	})
	defer fulfilled.Release()
	defer rejected.Release()
	promise.Call("then", fulfilled, rejected)
	out := <-done
	return out.value, out.err
}

// Reachable reports whether the gate answers.
func Reachable() bool {
	answer, err := Await(js.Global().Call("fetch", "/healthz", map[string]any{"cache": "no-store", "credentials": "omit"}))
	return err == nil && answer.Get("ok").Bool()
}

// SignIn opens a session again, in place, after one has ended. It reports whether the password was right.
func SignIn(homeserver, name, password string) bool {
	answer, err := post("/sign-in", url.Values{"homeserver": {homeserver}, "name": {name}, "password": {password}})
	return err == nil && answer.Get("type").String() == "opaqueredirect"
}

// SetPreferences has the person's cookie remember preferences, in place. It reports whether it does.
func SetPreferences(values url.Values) bool {
	answer, err := post("/preferences", values)
	return err == nil && answer.Get("ok").Bool()
}

// post sends a form, as a page of ours does.
func post(address string, values url.Values) (js.Value, error) {
	form := js.Global().Get("URLSearchParams").New(values.Encode())
	return Await(js.Global().Call("fetch", address, map[string]any{
		"method": "POST", "body": form, "credentials": "same-origin", "redirect": "manual",
	}))
}
