// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gatehouse/app/api"
	"gatehouse/server/invitation"
	"gatehouse/server/operator"
)

// Web is the gate's door to the network: what every answer carries, who asks, and the API. Package page adds the pages.
type Web struct {
	Gate     *Gate
	Desk     *operator.Desk
	Sessions *operator.Sessions
	Log      *slog.Logger
	Public   *url.URL       // where people reach the panel; it alone decides about cookies
	Proxies  []netip.Prefix // from these addresses X-Forwarded-For is believed
	Version  string
	// Problem writes an answer for a person who asked for a page; without it every problem is a problem document.
	Problem func(c echo.Context, p *api.Problem) error

	cross     *http.CrossOriginProtection
	listeners chan struct{} // one for each that listens to events
	closing   chan struct{} // closed when the server is: those who listen would keep it open
}

// Limits of what is read from the network.
const (
	maxBody    = 1 << 20
	maxHeaders = 64 << 10
)

// Handler returns the HTTP handler; pages adds routes before it is closed.
func (w *Web) Handler(pages func(*echo.Echo)) (http.Handler, error) {
	w.cross = http.NewCrossOriginProtection()
	w.listeners, w.closing = make(chan struct{}, maxListeners), make(chan struct{})
	if err := w.cross.AddTrustedOrigin(w.origin()); err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = w.address()
	e.HTTPErrorHandler = w.fail
	e.Use(w.first, w.headers, w.recover, w.bounded, w.sameOrigin)
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", w.ready)
	w.api(e)
	pages(e)
	return heads(e), nil
}

// heads answers HEAD wherever there is a GET (RFC 9110, section 9.3.2): net/http sends the headers alone.
func heads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.Clone(r.Context())
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// Server returns an http.Server with time-outs; Shutdown lets running calls end.
func (w *Web) Server(h http.Handler) *http.Server {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 90 * time.Second, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: maxHeaders, ErrorLog: slog.NewLogLogger(w.Log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(func() { close(w.closing) })
	return server
}

// Closing is closed when the program is told to stop: what would last for long ends.
func (w *Web) Closing() <-chan struct{} { return w.closing }

func (w *Web) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), 2*time.Second)
	defer cancel()
	if err := w.Gate.Ready(ctx); err != nil {
		w.Log.Error("not ready", "error", err.Error())
		return c.String(http.StatusServiceUnavailable, "not ready\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

// address finds the caller's IP address: the connection's, or what a trusted proxy says it forwards for.
func (w *Web) address() echo.IPExtractor {
	if len(w.Proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range w.Proxies {
		trust = append(trust, echo.TrustIPRange(ipNet(p)))
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

const (
	requestIDKey = "request id"
	personKey    = "person"
)

// first gives the call its own ID (a client's is not believed) and logs it when it is over. The query is not logged: it may
// hold names; nor is the token of an invitation.
func (w *Web) first(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := NewKey()
		c.Set(requestIDKey, id)
		c.Response().Header().Set("X-Request-Id", id)
		c.Response().Header().Set("Gatehouse-Version", w.Version)
		begin := time.Now()
		err := next(c)
		if err != nil {
			c.Error(err)
		}
		w.Log.Info("request", "request_id", id, "method", c.Request().Method, "path", invitation.Masked(c.Request().URL.Path),
			"status", c.Response().Status, "ms", time.Since(begin).Milliseconds(), "address", c.RealIP())
		return nil
	}
}

// RequestID returns the ID of the call.
func RequestID(c echo.Context) string {
	id, _ := c.Get(requestIDKey).(string)
	return id
}

// recover turns a panic into a 500 and logs it.
func (w *Web) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r == http.ErrAbortHandler {
				panic(r) // it means that
			} else if r != nil {
				w.Log.Error("a handler failed", "request_id", RequestID(c), "panic", r, "stack", stack())
				err = api.NewProblem(api.StatusInternal, "internal")
			}
		}()
		return next(c)
	}
}

func (w *Web) bounded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if takesFiles(r) { // who takes them bounds them
			return next(c)
		}
		if r.ContentLength > maxBody {
			return api.NewProblem(api.StatusTooLarge, "too_large")
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		return next(c)
	}
}

// takesFiles reports whether a request sends a file to be imported.
func takesFiles(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/import/") && strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data")
}

// sameOrigin refuses what another site makes a browser send. The public address counts as our own, because proxies rewrite Host.
func (w *Web) sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := w.cross.Check(c.Request()); err != nil {
			return api.NewProblem(api.StatusForbidden, "cross_site")
		}
		return next(c)
	}
}

// FormOrigin demands of a form more than sameOrigin does: that the browser says where it comes from, and that it is here.
func (w *Web) FormOrigin(r *http.Request) error {
	if site := r.Header.Get("Sec-Fetch-Site"); site == "same-origin" {
		return nil
	} else if site == "" && r.Header.Get("Origin") == w.origin() {
		return nil
	}
	return api.NewProblem(api.StatusForbidden, "cross_site")
}

func (w *Web) origin() string { return w.Public.Scheme + "://" + w.Public.Host }

// Secure reports whether people reach the panel by https.
func (w *Web) Secure() bool { return w.Public.Scheme == "https" }

// fail writes an error: a problem document for programs, a page for people.
func (w *Web) fail(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := asProblem(err)
	if p.Status >= 500 && p.Code == "internal" {
		w.Log.Error("request failed", "request_id", RequestID(c), "error", err.Error())
	}
	named := *p
	named.RequestID = RequestID(c)
	if w.Problem != nil && !strings.HasPrefix(c.Request().URL.Path, "/api/") && c.Request().Method != http.MethodHead {
		if w.Problem(c, &named) == nil {
			return
		}
	}
	_ = writeProblem(c, &named)
}

// asProblem makes a Problem of what handlers and Echo return.
func asProblem(err error) *api.Problem {
	if p, ok := errors.AsType[*api.Problem](err); ok {
		return p
	}
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok && large != nil {
		return api.NewProblem(api.StatusTooLarge, "too_large")
	}
	if e, ok := errors.AsType[*echo.HTTPError](err); ok {
		switch e.Code {
		case http.StatusNotFound:
			return api.NewProblem(api.StatusNotFound, "no_such_page")
		case http.StatusMethodNotAllowed:
			return api.NewProblem(http.StatusMethodNotAllowed, "method_not_allowed")
		case http.StatusUnsupportedMediaType:
			return api.NewProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
		case http.StatusBadRequest:
			return api.NewProblem(http.StatusBadRequest, "invalid_request")
		}
	}
	return api.NewProblem(api.StatusInternal, "internal")
}

// NewKey returns 128 random bits as a text that is good in headers, forms and URLs: for request IDs and request keys.
func NewKey() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}
