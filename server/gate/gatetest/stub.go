// SPDX-License-Identifier: Apache-2.0

// Package gatetest puts a gate together for tests: the real store, audit log, sessions and limits, and in place of a homeserver an
// adapter that remembers what it was asked. Everything of ours is the real thing.
package gatetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// A Call is one that reached the adapter.
type Call struct {
	Operation string
	Request   api.Request
}

// A Stub is a homeserver with a few accounts. Its zero value is not usable: see NewStub.
type Stub struct {
	name string

	mu    sync.Mutex
	calls []Call
	users map[api.UserID]api.User
	on    map[string]func(context.Context, api.Request) (any, error)
	why   map[string]string
}

// Password is what every account of a Stub has; Generated is what it answers where a password was to be made.
const (
	Password  = "correct horse battery"
	Generated = "made-by-the-stub-Zq9"
)

// NewStub returns a homeserver with the accounts @root and @admin (administrators), @ann, @bob, and @gatehouse, the gate's own.
func NewStub(serverName string) *Stub {
	s := &Stub{name: serverName}
	s.Reset()
	return s
}

// Reset makes it as it was when it was new.
func (s *Stub) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls, s.users, s.on, s.why = nil, map[api.UserID]api.User{}, map[string]func(context.Context, api.Request) (any, error){}, map[string]string{}
	for _, u := range []api.User{
		{ID: s.ID("root"), Admin: true}, {ID: s.ID("admin"), Admin: true, DisplayName: "Admin"}, {ID: s.ID("ann"), DisplayName: "Ann"},
		{ID: s.ID("bob")}, {ID: s.ID("gatehouse"), Admin: true, Own: true},
	} {
		s.users[u.ID] = u
	}
}

// ID returns the account's whole name.
func (s *Stub) ID(localpart string) api.UserID { return api.UserID("@" + localpart + ":" + s.name) }

// Put adds or replaces an account.
func (s *Stub) Put(u api.User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[u.ID] = u
}

// Calls returns what reached the adapter since the last Forget, those of the named operations, or all.
func (s *Stub) Calls(operations ...string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Call
	for _, c := range s.calls {
		if len(operations) == 0 || slices.Contains(operations, c.Operation) {
			list = append(list, c)
		}
	}
	return list
}

// Forget forgets the calls.
func (s *Stub) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = nil
}

// On replaces what an operation does; nil gives it back.
func On[Req api.Request, Res any](s *Stub, op *api.Operation[Req, Res], f func(context.Context, Req) (Res, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == nil {
		delete(s.on, op.Info().Name)
		return
	}
	s.on[op.Info().Name] = func(ctx context.Context, r api.Request) (any, error) { return f(ctx, r.(Req)) }
}

// Lack makes the server unable to do an operation, at run time; "" makes it able again.
func (s *Stub) Lack(op api.Op, reason string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why[op.Info().Name] = reason
}

// Adapter returns the table, with every operation of the catalogue.
func (s *Stub) Adapter(t testing.TB) homeserver.Adapter {
	t.Helper()
	table := homeserver.Adapter{
		entry(s, api.ListUsers, s.list),
		entry(s, api.GetUser, func(r api.UserRef) (api.User, error) { return s.Get(r.ID) }),
		entry(s, api.CheckName, func(q api.NameQuery) (api.Availability, error) {
			id := s.ID(string(q.Localpart))
			if _, err := s.Get(id); err == nil {
				return api.Availability{ID: id, Code: "name_in_use"}, nil
			}
			return api.Availability{ID: id, Free: true}, nil
		}),
		entry(s, api.CreateUser, s.create),
		entry(s, api.UpdateUser, s.update),
		entry(s, api.ResetPassword, func(r api.PasswordReset) (api.Handout, error) { return s.handout(r.ID, r.Password) }),
		entry(s, api.LockUser, func(d api.UserDeed) (api.User, error) { return s.change(d.ID, func(u *api.User) { u.Locked = true }) }),
		entry(s, api.UnlockUser, func(d api.UserRef) (api.User, error) { return s.change(d.ID, func(u *api.User) { u.Locked = false }) }),
		entry(s, api.DeactivateUser, func(d api.UserDeed) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.Deactivated = true })
		}),
		entry(s, api.EraseUser, func(d api.UserErasure) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.Deactivated, u.Erased = true, true })
		}),
		entry(s, api.ReactivateUser, func(r api.UserReactivation) (api.Handout, error) {
			if _, err := s.change(r.ID, func(u *api.User) { u.Deactivated = false }); err != nil {
				return api.Handout{}, err
			}
			return s.handout(r.ID, r.Password)
		}),
		entry(s, api.RepairUser, func(d api.UserRepair) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.Drift = nil })
		}),
		entry(s, api.PreviewDeed, func(q api.DeedQuery) (api.Effects, error) {
			u, err := s.Get(q.ID)
			return api.Effects{User: u}, err
		}),
		entry(s, api.ListDevices, func(api.UserRef) (api.DeviceList, error) {
			return api.DeviceList{Devices: []api.Device{{ID: "PHONE", DisplayName: "A phone"}, {ID: "LAPTOP"}}}, nil
		}),
		entry(s, api.ListConnections, func(api.UserRef) (api.ConnectionList, error) { return api.ConnectionList{}, nil }),
		entry(s, api.ListPushers, func(api.UserRef) (api.PusherList, error) { return api.PusherList{}, nil }),
		entry(s, api.ListRooms, func(api.RoomQuery) (api.RoomPage, error) { return api.RoomPage{}, nil }),
		entry(s, api.CountActivity, func(api.UserRef) (api.Activity, error) { return api.Activity{}, nil }),
		entry(s, api.ReadData, func(api.UserRef) (api.AccountData, error) { return api.AccountData{}, nil }),
		entry(s, api.FindUser, func(api.UserFind) (api.Found, error) { return api.Found{}, nil }),
		entry(s, api.RedactUser, func(r api.UserRedaction) (api.Redaction, error) { return api.Redaction{ID: r.ID, RedactID: "r1"}, nil }),
		entry(s, api.RedactionStatus, func(q api.RedactionQuery) (api.RedactionState, error) {
			return api.RedactionState{ID: q.ID, RedactID: q.RedactID, State: api.RedactionComplete}, nil
		}),
		entry(s, api.SignOut, func(d api.DeviceSignOut) (api.SignedOut, error) {
			return api.SignedOut{ID: d.ID, Count: max(len(d.Devices), 1)}, nil
		}),
		entry(s, api.SendNotice, func(n api.Notice) (api.NoticeReport, error) {
			return homeserver.SendNotices(n, func(id api.UserID) error {
				_, err := s.Get(id)
				return err
			})
		}),
		entry(s, api.ListMedia, func(q api.MediaQuery) (api.MediaPage, error) {
			return api.MediaPage{Media: []api.Media{Media(q.ID)}}, nil
		}),
		entry(s, api.GetMedia, func(r api.MediaRef) (api.Media, error) { return Media(r.ID), nil }),
		entry(s, api.GetThumbnail, func(api.ThumbnailQuery) (api.Picture, error) {
			return api.Picture{Type: "image/png", Data: Pixel()}, nil
		}),
		entry(s, api.QuarantineMedia, func(d api.MediaDeed) (api.Media, error) { return Media(d.ID), nil }),
		entry(s, api.UnquarantineMedia, func(r api.MediaRef) (api.Media, error) { return Media(r.ID), nil }),
		entry(s, api.ProtectMedia, func(r api.MediaRef) (api.Media, error) { return Media(r.ID), nil }),
		entry(s, api.UnprotectMedia, func(r api.MediaRef) (api.Media, error) { return Media(r.ID), nil }),
		entry(s, api.DeleteMedia, func(d api.MediaDeed) (api.MediaDone, error) { return api.MediaDone{ID: d.ID, Count: 1}, nil }),
		entry(s, api.QuarantineAllMedia, func(d api.UserDeed) (api.MediaDone, error) { return api.MediaDone{ID: d.ID, Count: 1}, nil }),
		entry(s, api.DeleteAllMedia, func(d api.MediaDeletion) (api.MediaDone, error) { return api.MediaDone{ID: d.ID, Count: 1}, nil }),
		entry(s, api.ListProviders, func(api.ServerQuery) (api.ProviderList, error) { return api.ProviderList{}, nil }),
		entry(s, api.ListClients, func(api.ClientQuery) (api.ClientPage, error) { return api.ClientPage{}, nil }),
		entry(s, api.GetClient, func(r api.ClientRef) (api.Client, error) { return api.Client{ID: r.ID}, nil }),
		entry(s, api.GetSite, func(api.ServerQuery) (api.Site, error) { return api.Site{ServerName: s.name}, nil }),
		entry(s, api.GetPolicy, func(api.ServerQuery) (api.Policy, error) { return api.Policy{}, nil }),
		entry(s, api.ListPersonal, func(api.PersonalQuery) (api.PersonalPage, error) { return api.PersonalPage{}, nil }),
		entry(s, api.GetPersonal, func(r api.PersonalRef) (api.PersonalSession, error) { return api.PersonalSession{ID: r.ID}, nil }),
		entry(s, api.CreatePersonal, func(c api.PersonalCreate) (api.PersonalCard, error) {
			return api.PersonalCard{Session: api.PersonalSession{Actor: c.Actor}, Token: api.NewSecret("mpt_stub")}, nil
		}),
		entry(s, api.RenewPersonal, func(r api.PersonalRenewal) (api.PersonalCard, error) {
			return api.PersonalCard{Session: api.PersonalSession{ID: r.ID}, Token: api.NewSecret("mpt_stub")}, nil
		}),
		entry(s, api.RevokePersonal, func(r api.PersonalRevocation) (api.PersonalSession, error) {
			return api.PersonalSession{ID: r.ID, Actor: r.Actor}, nil
		}),
		entry(s, api.ListTokens, func(api.TokenQuery) (api.TokenList, error) { return api.TokenList{Tokens: []api.Token{s.token()}}, nil }),
		entry(s, api.ShowToken, func(api.TokenRef) (api.TokenCard, error) { return s.tokenCard(RegistrationToken), nil }),
		entry(s, api.CreateToken, func(c api.TokenCreate) (api.TokenCard, error) {
			if text := c.Token.Reveal(); text != "" {
				return s.tokenCard(text), nil
			}
			return s.tokenCard(RegistrationToken), nil
		}),
		entry(s, api.UpdateToken, func(api.TokenUpdate) (api.Token, error) { return s.token(), nil }),
		entry(s, api.DeleteToken, func(api.TokenRef) (api.Token, error) { return s.token(), nil }),
		entry(s, api.RevokeToken, func(api.TokenRef) (api.Token, error) { return s.token(), nil }),
		entry(s, api.UnrevokeToken, func(api.TokenRef) (api.Token, error) { return s.token(), nil }),
		entry(s, api.JoinRooms, func(j api.RoomsJoin) (api.RoomsJoined, error) { return api.RoomsJoined{Joined: j.Rooms}, nil }),
		entry(s, api.ServerInfo, func(api.ServerQuery) (api.Server, error) { return s.server(), nil }),
		entry(s, api.CheckServer, func(api.ServerQuery) (api.Report, error) {
			return api.Report{Server: s.server(), Checks: []api.Check{{Code: "reachable", State: api.CheckPassed}}}, nil
		}),
		entry(s, api.VerifyOperator, s.verify),
	}
	table = append(table, s.settings()...)
	if err := table.Complete(); err != nil {
		t.Fatal(err)
	}
	return table
}

func entry[Req api.Request, Res any](s *Stub, op *api.Operation[Req, Res], f func(Req) (Res, error)) homeserver.Entry {
	name := op.Info().Name
	return homeserver.Implement(op, func(ctx context.Context, r Req) (Res, error) {
		s.mu.Lock()
		s.calls = append(s.calls, Call{name, r})
		other := s.on[name]
		s.mu.Unlock()
		if other == nil {
			return f(r)
		}
		out, err := other(ctx, r)
		res, _ := out.(Res)
		return res, err
	}).When(func() string {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.why[name]
	})
}

func (s *Stub) server() api.Server {
	return api.Server{Name: "hs", ServerName: s.name, Kind: "synapse", Version: "1.163.2", State: "up", LatencyMS: 3, UserTypes: []string{"bot"}}
}

func (s *Stub) list(q api.UserQuery) (api.UserPage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := api.UserPage{Users: []api.User{}}
	for _, u := range s.users {
		left := q.Admins == api.Only && !u.Admin || q.Deactivated == api.Without && u.Deactivated || q.Locked == api.Without && u.Locked
		if !left && strings.Contains(string(u.ID), q.Search) {
			page.Users = append(page.Users, u)
		}
	}
	slices.SortFunc(page.Users, func(a, b api.User) int { return strings.Compare(string(a.ID), string(b.ID)) })
	total := int64(len(page.Users))
	page.Total = &total
	return page, nil
}

// Get returns an account as the homeserver has it; the error is a *api.Problem.
func (s *Stub) Get(id api.UserID) (api.User, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u, ok := s.users[id]
	if !ok {
		return api.User{}, api.NewProblem(api.StatusNotFound, "not_found")
	}
	return u, nil
}

func (s *Stub) change(id api.UserID, f func(*api.User)) (api.User, error) {
	u, err := s.Get(id)
	if err == nil {
		f(&u)
		s.Put(u)
	}
	return u, err
}

func (s *Stub) create(c api.UserCreate) (api.Handout, error) {
	id := s.ID(string(c.Localpart))
	if _, err := s.Get(id); err == nil {
		return api.Handout{}, api.NewProblem(api.StatusConflict, "localpart_taken", "id", string(id)).At("localpart")
	}
	s.Put(api.User{ID: id, DisplayName: c.DisplayName, Admin: c.Admin})
	return s.handout(id, c.Password)
}

func (s *Stub) update(r api.UserUpdate) (api.User, error) {
	return s.change(r.ID, func(u *api.User) {
		if r.DisplayName != nil {
			u.DisplayName = r.DisplayName.To
		}
		if r.Admin != nil {
			u.Admin = r.Admin.To
		}
	})
}

func (s *Stub) handout(id api.UserID, c api.PasswordChoice) (api.Handout, error) {
	u, err := s.Get(id)
	out := api.Handout{User: u, Homeserver: "https://" + s.name, ClientURL: "https://client.example/#/login"}
	switch c.Mode {
	case api.PasswordTyped:
		out.Password = c.Password
	case api.PasswordNone:
	default:
		out.Password = api.NewSecret(Generated)
	}
	return out, err
}

func (s *Stub) verify(c api.Credentials) (api.Identity, error) {
	name := strings.TrimPrefix(strings.TrimSuffix(c.Name, ":"+s.name), "@")
	u, err := s.Get(s.ID(name))
	if err != nil || c.Password.Reveal() != Password {
		return api.Identity{}, api.NewProblem(api.StatusUnauthorized, "sign_in_wrong")
	}
	return api.Identity{ID: u.ID, DisplayName: u.DisplayName, Admin: u.Admin}, nil
}

// String lists the calls, for messages of tests.
func (c Call) String() string { return fmt.Sprintf("%s %+v", c.Operation, c.Request) }
