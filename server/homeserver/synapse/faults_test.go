// SPDX-License-Identifier: Apache-2.0

package synapse

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
	"gatehouse/server/homeserver/fakesynapse"
	"gatehouse/server/homeserver/matrix"
	"gatehouse/server/homeserver/sharedsecret"
)

// faulty is an adapter on a fake whose answer to the requests that match ("METHOD path-part") is another one.
func faulty(t *testing.T, match string, status int, body string) *bench {
	t.Helper()
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	b := newBench(t, f.URL, homeserver.Settings{})
	if _, err := b.keys.Own(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.person(t, "alice", false)
	method, part, _ := strings.Cut(match, " ")
	b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
		if r.Method != method || !strings.Contains(r.URL.Path, part) {
			return nil, nil, false
		}
		return answer(r, status, body), nil, true
	}
	return b
}

// What servers answer, by configuration and module, and where it is shown.
func TestServerErrors(t *testing.T) {
	const alice = api.UserID("@alice:localhost")
	create := func(b *bench) error {
		_, err := b.create(t.Context(), api.UserCreate{Localpart: "new", Password: typed("wonderland")})
		return err
	}
	rename := func(b *bench) error {
		_, err := b.update(t.Context(), api.UserUpdate{ID: alice, DisplayName: to("X")})
		return err
	}
	picture := func(b *bench) error {
		_, err := b.update(t.Context(), api.UserUpdate{ID: alice, AvatarURL: to(api.MXC("mxc://h/x"))})
		return err
	}
	reset := func(b *bench) error {
		_, err := b.resetPassword(t.Context(), api.PasswordReset{ID: alice, Password: typed("new password")})
		return err
	}
	deactivate := func(b *bench) error { _, err := b.deactivate(t.Context(), api.UserDeed{ID: alice}); return err }
	signIn := func(b *bench) error {
		_, err := b.verify(t.Context(), api.Credentials{Name: "alice", Password: api.NewSecret("wonderland")})
		return err
	}
	for _, tt := range []struct {
		name, match string
		status      int
		body        string
		do          func(*bench) error
		want        string
	}{
		{"name reserved by a bridge", "POST register", 400, `{"errcode":"M_EXCLUSIVE","error":"reserved"}`, create, "localpart_exclusive [localpart: localpart_exclusive]"},
		{"name refused", "POST register", 400, `{"errcode":"M_INVALID_USERNAME","error":"no"}`, create, "invalid_username [localpart: invalid_username]"},
		{"name taken in between", "POST register", 400, `{"errcode":"M_USER_IN_USE","error":"taken"}`, create, "name_in_use [localpart: name_in_use]"},
		{"refused by a spam checker", "POST register", 429, `{"errcode":"M_UNKNOWN","error":"Rate limited"}`, create, "registration_refused"},
		{"registrations limited", "POST register", 429, `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`, create, "homeserver_limited"},
		{"nonces of another process", "POST register", 400, `{"errcode":"M_UNKNOWN","error":"unrecognised nonce"}`, create, "nonce_forgotten"},
		{"a policy of passwords", "POST register", 400, `{"errcode":"M_PASSWORD_NO_DIGIT","error":"x"}`, create, "password_no_digit [password.password: password_no_digit]"},
		{"a policy of passwords at a reset", "POST reset_password", 400, `{"errcode":"M_PASSWORD_TOO_SHORT","error":"x"}`, reset, "password_too_short [password.password: password_too_short]"},
		{"registration failed inside", "POST register", 500, `{"errcode":"M_UNKNOWN","error":"Internal server error"}`, create, "homeserver_failed"},
		{"too large for a proxy", "PUT users", 413, `<html>`, rename, "homeserver_too_large [display_name.to: homeserver_too_large]"},
		{"password refused", "POST register", 400, `{"errcode":"M_UNKNOWN","error":"Invalid password"}`, create, "password_refused [password.password: password_refused]"},
		{"password too weak", "POST register", 400, `{"errcode":"M_WEAK_PASSWORD","error":"x"}`, create, "weak_password [password.password: weak_password]"},
		{"secret changed", "POST register", 403, `{"errcode":"M_UNKNOWN","error":"HMAC incorrect"}`, create, "homeserver_secret_wrong"},
		{"secret taken away", "POST register", 400, `{"errcode":"M_UNKNOWN","error":"Shared secret registration is not enabled"}`, create, "homeserver_secret_missing"},
		{"another server name", "POST register", 200, `{"user_id":"@new:other.example"}`, create, "homeserver_other_name"},
		{"made by somebody else meanwhile", "POST register", 502, `<html>`, create, "outcome_unknown"},
		{"avatar forbidden", "PUT users", 403, `{"errcode":"M_FORBIDDEN","error":"This avatar is not allowed"}`, picture, "avatar_refused [avatar_url.to: avatar_refused]"},
		{"internal error", "PUT users", 500, `{"errcode":"M_UNKNOWN","error":"Internal server error"}`, rename, "homeserver_failed"},
		{"token of no administrator", "PUT users", 403, `{"errcode":"M_FORBIDDEN","error":"You are not a server admin"}`, rename, "homeserver_not_admin"},
		{"proxy refuses", "PUT users", 403, `<html>`, rename, "homeserver_hidden"},
		{"passwords off", "POST reset_password", 403, `{"errcode":"M_FORBIDDEN","error":"Password change disabled"}`, reset, "password_disabled"},
		{"reset never answered", "POST reset_password", 502, `<html>`, reset, "outcome_unknown"},
		{"module forbids", "POST deactivate", 403, `{"errcode":"M_FORBIDDEN","error":"Deactivation of this user is forbidden"}`, deactivate, "homeserver_forbids"},
		{"identity server", "POST deactivate", 400, `{"errcode":"M_UNKNOWN","error":"Failed to remove threepid from ID server"}`, deactivate, "identity_server_kept"},
		{"a lie", "POST deactivate", 200, `{"id_server_unbind_result":"success"}`, deactivate, "did_not_stick"},
		{"sign-in limited", "POST login", 429, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":1000}`, signIn, "homeserver_limited"},
		{"passwords off at sign-in", "POST login", 400, `{"errcode":"M_UNKNOWN","error":"Unknown login type m.login.password"}`, signIn, "password_disabled"},
		{"sign-in delegated", "POST login", 404, `{"errcode":"M_UNRECOGNIZED"}`, signIn, "not_supported"},
		{"account expired", "POST login", 403, `{"errcode":"ORG_MATRIX_EXPIRED_ACCOUNT","error":"User account has expired"}`, signIn, "sign_in_expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := problem(tt.do(faulty(t, tt.match, tt.status, tt.body))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// An account that is there after a lost answer is ours only if it was made since, as it was asked for.
func TestMade(t *testing.T) {
	since := time.Unix(1_800_000_000, 0)
	m := making{UserCreate: api.UserCreate{Localpart: "alice", DisplayName: "Alice"}}
	bare := making{UserCreate: api.UserCreate{Localpart: "alice"}}
	for _, tt := range []struct {
		name  string
		m     making
		u     api.User
		since time.Time
		want  bool
	}{
		{"ours", m, api.User{DisplayName: "Alice", CreatedMS: since.UnixMilli()}, since, true},
		{"later", m, api.User{DisplayName: "Alice", CreatedMS: since.UnixMilli() + 5000}, since, true},
		{"before", m, api.User{DisplayName: "Alice", CreatedMS: since.UnixMilli() - 1000}, since, false},
		{"called otherwise", m, api.User{DisplayName: "alice", CreatedMS: since.UnixMilli()}, since, false},
		{"no name asked", bare, api.User{DisplayName: "alice", CreatedMS: since.UnixMilli()}, since, true},
		{"the server's time is unknown", m, api.User{DisplayName: "Alice", CreatedMS: since.UnixMilli()}, time.Time{}, false},
	} {
		if got := tt.m.made(tt.u, tt.since); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

// The first PUT arrives and its answer is lost; the fields that follow are set all the same.
func TestCreateWithoutSecretUnanswered(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	with := newBench(t, f.URL, homeserver.Settings{})
	b := newBench(t, f.URL, homeserver.Settings{Token: with.admin(t)})
	puts := 0
	b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
		if r.Method != http.MethodPut {
			return nil, nil, false
		}
		if puts++; puts > 2 {
			return nil, nil, false
		}
		if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
			resp.Body.Close()
		}
		return answer(r, http.StatusGatewayTimeout, "<html>"), nil, true
	}
	card, err := b.create(t.Context(), api.UserCreate{Localpart: "alice", DisplayName: "Alice", Password: typed("wonderland")})
	if err != nil || len(card.Left) != 0 || card.User.DisplayName != "Alice" || with.signsIn(t, card.User.ID, "wonderland") != "" {
		t.Errorf("%+v, %v", card, err)
	}
}

// Versions that cannot tell whose an address is are not a reason to refuse it.
func TestUnownedOnOldVersions(t *testing.T) {
	for _, part := range []string{"threepid", "auth_providers"} {
		b := faulty(t, "GET "+part, 404, `{"errcode":"M_UNRECOGNIZED"}`)
		card, err := b.create(t.Context(), api.UserCreate{Localpart: "new", Password: typed("wonderland"),
			Threepids: []api.Threepid{{Medium: "email", Address: "a@example.org"}}, ExternalIDs: []api.ExternalID{{AuthProvider: "x", ExternalID: ".."}}})
		if err != nil || len(card.Left) != 0 || len(card.User.Threepids) != 1 || len(card.User.ExternalIDs) != 1 {
			t.Errorf("%s: %+v, %v", part, card, err)
		}
	}
}

func TestDeviceOrder(t *testing.T) {
	b := faulty(t, "GET devices", 200, `{"devices":[{"device_id":"B"},{"device_id":"OLD","last_seen_ts":5},{"device_id":"NEW","last_seen_ts":9,"last_seen_ip":"192.0.2.1","last_seen_user_agent":"x","display_name":"D"},
		{"device_id":"A","last_seen_ts":null},{"device_id":"DRY","dehydrated":true,"last_seen_ts":99}],"total":5}`)
	list, err := b.devices(t.Context(), api.UserRef{ID: "@alice:localhost"})
	var order []string
	for _, d := range list.Devices {
		order = append(order, string(d.ID))
	}
	if err != nil || strings.Join(order, " ") != "NEW OLD A B" || list.Devices[0] != (api.Device{ID: "NEW", DisplayName: "D", LastSeenMS: 9, LastSeenIP: "192.0.2.1", UserAgent: "x"}) {
		t.Errorf("%+v, %v", list, err)
	}
}

// SQLite writes 1 and 0 for true and false, null is an answer, and a field that is not sent is not known.
func TestDecodeUser(t *testing.T) {
	b := faulty(t, "GET users", 200, `{"name":"@alice:localhost","admin":1,"deactivated":0,"is_guest":true,"displayname":null,"last_seen_ts":null,"creation_ts":1700000000,"threepids":[],"external_ids":[],"appservice_id":"irc"}`)
	u, err := b.get(t.Context(), api.UserRef{ID: "@alice:localhost"})
	if err != nil || !u.Admin || u.Deactivated || !u.Guest || !u.System || u.AppService != "irc" || u.CreatedMS != 1700000000000 || strings.Join(u.Unknown, " ") != "erased locked suspended" {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestReactivateWhileTheServerIsUpdating(t *testing.T) {
	for status, want := range map[string]string{`{"enabled":true,"current_updates":{"master":{}}}`: "homeserver_updating", `{"enabled":true,"current_updates":{}}`: "homeserver_failed"} {
		b := faulty(t, "PUT users", 500, `{"errcode":"M_UNKNOWN","error":"Internal server error"}`)
		if _, err := b.deactivate(t.Context(), api.UserDeed{ID: "@alice:localhost"}); err != nil {
			t.Fatal(err)
		}
		put := b.sent.fail
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if strings.Contains(r.URL.Path, "background_updates") {
				return answer(r, 200, status), nil, true
			}
			return put(r)
		}
		if _, err := b.reactivate(t.Context(), api.UserReactivation{ID: "@alice:localhost", Password: typed("new password")}); problem(err) != want {
			t.Errorf("%v", err)
		}
	}
}

// A reset or a signing-out that nobody answered is sent again: twice does what once does.
func TestRepeatedWrites(t *testing.T) {
	for name, do := range map[string]func(*bench) error{
		"reset_password": func(b *bench) error {
			_, err := b.resetPassword(t.Context(), api.PasswordReset{ID: "@alice:localhost", Password: typed("new password")})
			return err
		},
		"delete_devices": func(b *bench) error {
			done, err := b.signOut(t.Context(), api.DeviceSignOut{ID: "@alice:localhost", All: true})
			if err == nil && done.Count != 1 {
				err = errors.New("another count")
			}
			return err
		},
	} {
		b := faulty(t, "POST "+name, 502, "<html>")
		lose, sent := b.sent.fail, 0
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if strings.Contains(r.URL.Path, name) {
				if sent++; sent == 2 {
					return nil, nil, false
				}
			}
			return lose(r)
		}
		if err := do(b); err != nil || sent != 2 {
			t.Errorf("%s: %v after %d", name, err, sent)
		}
	}
}

func TestClock(t *testing.T) {
	for shift, want := range map[time.Duration]string{0: "clock:passed", time.Hour: "clock_behind:warning", -time.Hour: "clock_ahead:warning"} {
		b := faulty(t, "GET nothing", 0, "")
		b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
			if !strings.HasSuffix(r.URL.Path, "server_version") {
				return nil, nil, false
			}
			resp := answer(r, 200, `{"server_version":"1.163.2"}`)
			resp.Header.Set("Date", time.Now().Add(shift).UTC().Format(http.TimeFormat))
			return resp, nil, true
		}
		r, err := b.check(t.Context(), api.ServerQuery{})
		if err != nil || !strings.Contains(states(r), want) {
			t.Errorf("%s: %s, %v", shift, states(r), err)
		}
	}
}

func TestHandoutNamesThePublicAddress(t *testing.T) {
	for _, public := range []string{"", "https://matrix.example.org/"} {
		f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret, Public: public})
		b := newBench(t, f.URL, homeserver.Settings{ClientURL: "https://app.example.org"})
		card, err := b.create(t.Context(), api.UserCreate{Localpart: "alice", Password: typed("wonderland")})
		want := strings.TrimRight(public, "/")
		if public == "" {
			want = f.URL
		}
		if err != nil || card.Homeserver != want || card.ClientURL != "https://app.example.org" {
			t.Errorf("%+v, %v", card, err)
		}
	}
}

func TestPreviewOfAnErasedAccount(t *testing.T) {
	f := fakesynapse.New(t, fakesynapse.Options{Secret: testSecret})
	f.AddUser("gone", func(u fakesynapse.Fields) { u["deactivated"], u["erased"], u["locked"] = true, true, true })
	b := newBench(t, f.URL, homeserver.Settings{})
	e, err := b.preview(t.Context(), api.DeedQuery{ID: "@gone:localhost", Operation: "users.reactivate"})
	if err != nil || shown(e.Happens) != "signs_in_with_password lock_ends messages_shown_again" || shown(e.Cannot) != "rooms_not_back profile_not_back" {
		t.Errorf("%+v, %v", e, err)
	}
}

// What is asked of the server with a secret in it leaves no trace of it in what is said of a failure.
func TestNoSecretInProblems(t *testing.T) {
	const canary = "canary-password"
	b := faulty(t, "POST reset_password", 0, "")
	b.sent.fail = func(r *http.Request) (*http.Response, error, bool) {
		if !strings.Contains(r.URL.Path, "reset_password") {
			return nil, nil, false
		}
		data, _ := io.ReadAll(r.Body)
		text := strings.ReplaceAll(string(data)+r.Header.Get("Authorization"), `"`, "'")
		return answer(r, 400, `{"errcode":"M_UNKNOWN","error":"input_value=`+text+`"}`), nil, true
	}
	_, err := b.resetPassword(t.Context(), api.PasswordReset{ID: "@alice:localhost", Password: typed(canary)})
	p := matrix.Problem(err)
	if p.Params["error"] == "" || strings.Contains(p.Params["error"], canary) || strings.Contains(p.Params["error"], b.keeper.now.Token.Reveal()) {
		t.Errorf("%+v", p)
	}
	if sharedsecret.Problem(err) != p {
		t.Error("a problem was replaced")
	}
}

// The guard decides by what an account's answer says, so an answer about nobody, or about somebody else, is none.
func TestAnswerAboutSomebodyElse(t *testing.T) {
	for _, body := range []string{`{}`, `{"admin":false}`, `{"name":"@root:localhost","admin":true}`, `{"name":"@Alice:localhost"}`} {
		b := faulty(t, "GET /_synapse/admin/v2/users/@alice:localhost", 200, body)
		if u, err := b.get(t.Context(), api.UserRef{ID: "@alice:localhost"}); problem(err) != "homeserver_unknown_answer" {
			t.Errorf("%s: %+v, %v", body, u, err)
		}
	}
}
