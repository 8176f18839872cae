// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
)

// A wire is a TCP relay in front of a server. It changes nothing, and keeps what
// went over it, so that all of what a browser or a client got can be looked at
// after the test.
type wire struct {
	listener net.Listener

	mu     sync.Mutex
	target string
	links  []*link
	wg     sync.WaitGroup
}

// A link is one connection over a wire. Its fields may be read when the wire is
// closed.
type link struct {
	requests, responses bytes.Buffer
	client, server      net.Conn
}

// newWire opens a relay to a server's address on a free port.
func newWire(target string) (*wire, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	w := &wire{listener: l, target: target}
	w.wg.Go(w.accept)
	return w, nil
}

// to has the wire lead to another address, and hangs up all connections.
func (w *wire) to(target string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.target = target
	for _, l := range w.links {
		l.client.Close()
		l.server.Close()
	}
}

func (w *wire) addr() string { return w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return // closed
		}
		w.mu.Lock()
		target := w.target
		w.mu.Unlock()
		server, err := net.Dial("tcp", target)
		if err != nil {
			client.Close() // as if nobody listened
			continue
		}
		l := &link{client: client, server: server}
		w.mu.Lock()
		w.links = append(w.links, l)
		w.mu.Unlock()
		w.wg.Go(func() { relay(server, client, &l.requests) })
		w.wg.Go(func() { relay(client, server, &l.responses) })
	}
}

// relay copies one direction of a connection and keeps it.
func relay(to, from net.Conn, keep *bytes.Buffer) {
	// An error is one side hanging up: the other side is told so.
	_, _ = io.Copy(to, io.TeeReader(from, keep))
	if half, ok := to.(*net.TCPConn); ok {
		_ = half.CloseWrite()
	}
}

// close hangs up all connections and waits until nothing moves any more.
func (w *wire) close() {
	w.listener.Close()
	w.mu.Lock()
	for _, l := range w.links {
		l.client.Close()
		l.server.Close()
	}
	w.mu.Unlock()
	w.wg.Wait()
}

// An exchange is a request and what was answered, the body decompressed.
type exchange struct {
	request string // method and path; "" where bytes came that answer no request
	status  int
	header  http.Header
	body    []byte
}

// exchanges reads the requests and answers of a closed wire. What a connection was
// cut off in is read as far as it got.
func (w *wire) exchanges() ([]exchange, error) {
	var all []exchange
	for _, l := range w.links {
		requests := bufio.NewReader(&l.requests)
		responses := bufio.NewReader(&l.responses)
		for {
			request, err := http.ReadRequest(requests)
			if err != nil {
				break // no further request, or half a one that was never answered
			}
			if _, err := io.Copy(io.Discard, request.Body); err != nil && !cutOff(err) {
				return nil, fmt.Errorf("request %s %s: %w", request.Method, request.URL, err)
			}
			name := request.Method + " " + request.URL.Path
			response, err := readResponse(responses, request)
			if cutOff(err) {
				break
			}
			if err != nil {
				return nil, fmt.Errorf("answer to %s: %w", name, err)
			}
			body, err := plainBody(response)
			if err != nil && !cutOff(err) {
				return nil, fmt.Errorf("body of the answer to %s: %w", name, err)
			}
			all = append(all, exchange{name, response.StatusCode, response.Header, body})
		}
		rest, err := io.ReadAll(responses)
		if err != nil {
			return nil, err
		}
		if len(rest) > 0 {
			all = append(all, exchange{body: rest})
		}
	}
	return all, nil
}

// readResponse reads the final answer to a request: what is only on the way to it
// (1xx) is skipped.
func readResponse(r *bufio.Reader, request *http.Request) (*http.Response, error) {
	for {
		response, err := http.ReadResponse(r, request)
		if err != nil || response.StatusCode >= 200 || response.StatusCode == http.StatusSwitchingProtocols {
			return response, err
		}
	}
}

func cutOff(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// plainBody reads a body and undoes its Content-Encoding.
func plainBody(response *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(response.Body)
	if err != nil || len(raw) == 0 {
		return raw, err
	}
	if response.Header.Get("Content-Type") == "application/wasm" { // the same program again and again
		key := sha256.Sum256(raw)
		if body, ok := programs.Load(key); ok {
			return body.([]byte), nil
		}
		body, err := decoded(response, raw)
		if err == nil {
			programs.Store(key, body)
		}
		return body, err
	}
	return decoded(response, raw)
}

// programs are the bodies that are programs, by the digests of what went over the wire.
var programs sync.Map

func decoded(response *http.Response, raw []byte) ([]byte, error) {
	switch coding := response.Header.Get("Content-Encoding"); coding {
	case "":
		return raw, nil
	case "br":
		return io.ReadAll(brotli.NewReader(bytes.NewReader(raw)))
	case "gzip":
		z, err := gzip.NewReader(bytes.NewReader(raw))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(z)
	default:
		return nil, fmt.Errorf("content coding %q", coding)
	}
}
