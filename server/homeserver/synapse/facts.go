// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"gatehouse/server/homeserver/matrix"
)

// facts are what is known of the server beside its accounts. The zero value means that it has not been asked yet.
type facts struct {
	version version
	mas     bool      // Matrix Authentication Service does the accounts
	notices string    // "on" or "off", "" where that is not known
	public  string    // the address that clients use, "" where the server does not tell
	asked   time.Time // when it told this
}

// factsLast is how long facts are taken for true. A server that is updated says so to the next page that asks for its state.
const factsLast = 10 * time.Minute

type factbook struct {
	mu   sync.Mutex // held while the facts are replaced
	ask  sync.Mutex // held while the server is asked
	kept facts
	// expireNot is when the server last said that accounts do not expire on it.
	expireNot time.Time
}

// lacksValidity reports whether accounts are known not to expire here. After a while it is tried again.
func (f *factbook) lacksValidity() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return !f.expireNot.IsZero() && time.Since(f.expireNot) < factsLast
}

func (f *factbook) lackValidity() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expireNot = time.Now()
}

func (f *factbook) now() facts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.kept
}

func (f *factbook) keep(now facts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kept = now
}

// learn returns what is known of the server, and asks it where that is nothing or old. A server that does not answer is
// taken for what it was: the call that follows says what is wrong.
func (s *synapse) learn(ctx context.Context) facts {
	s.facts.ask.Lock()
	defer s.facts.ask.Unlock()
	known := s.facts.now()
	if time.Since(known.asked) < factsLast {
		return known
	}
	text, _, err := s.askVersion(ctx)
	if err != nil {
		return known
	}
	return s.refresh(ctx, text)
}

// refresh asks for what belongs to a version.
func (s *synapse) refresh(ctx context.Context, text string) facts {
	known := facts{version: parseVersion(text), mas: s.askMAS(ctx), public: s.askPublic(ctx), notices: s.askNotices(ctx), asked: time.Now()}
	s.facts.keep(known)
	return known
}

// askVersion asks for the version as the server writes it (GET /_synapse/admin/v1/server_version, no token).
func (s *synapse) askVersion(ctx context.Context) (string, matrix.Answer, error) {
	var out struct {
		Version string `json:"server_version"`
	}
	answer, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/server_version")}, &out)
	return out.Version, answer, err
}

// askMAS asks whether accounts are delegated (GET /_matrix/client/v1/auth_metadata, since 1.138; its unstable name since
// 1.123). The registration endpoint tells it for all versions: without MAS it is always there.
func (s *synapse) askMAS(ctx context.Context) bool {
	_, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/_synapse/admin/v1/register")}, nil)
	return matrix.Unrecognized(err)
}

// askPublic asks for the address that clients shall use (GET /.well-known/matrix/client; specification, "Server Discovery").
func (s *synapse) askPublic(ctx context.Context) string {
	var out struct {
		Homeserver struct {
			BaseURL string `json:"base_url"`
		} `json:"m.homeserver"`
	}
	if _, err := s.client.Do(ctx, matrix.Call{Method: http.MethodGet, Path: matrix.At("/.well-known/matrix/client")}, &out); err != nil {
		return ""
	}
	return out.Homeserver.BaseURL
}

// version is the beginning of a version text; what follows it (release candidates, branches, a distribution's words) does
// not matter.
type version struct {
	major, minor int
	known        bool
}

func parseVersion(text string) version {
	var v version
	n, err := fmt.Sscanf(text, "%d.%d", &v.major, &v.minor)
	v.known = err == nil && n == 2
	return v
}

// atLeast reports whether the version is that one or newer. One that cannot be read is taken for the newest.
func (v version) atLeast(major, minor int) bool {
	return !v.known || v.major > major || (v.major == major && v.minor >= minor)
}
