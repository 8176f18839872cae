// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"maps"
	"strings"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/screen"
	"gatehouse/app/servers"
	"gatehouse/app/tokens"
	"gatehouse/app/ui"
	"gatehouse/app/users"
)

// The screens of a homeserver whose accounts are Matrix Authentication Service's: the panel's own ones, with data of every kind in them, with
// none, and failing.

// masStories are those screens.
func masStories() []story {
	mistakes := ui.FormState{Typed: map[string][]string{"localpart": {"ida"}, "threepids": {""}}}
	refused := ui.FormState{Typed: map[string][]string{"actor": {"@robot"}, "name": {""}, "scope": {api.ScopeMAS}, "days": {"900"}}}
	refused.Problem, _ = errors.AsType[*api.Problem](api.PersonalCreate{Actor: "@robot", Scope: api.ScopeMAS, Days: 900}.Validate())
	return []story{
		{name: "mas-create", draw: drawn("Accounts", func() screen.Screen { return &users.Create{Server: masServer, Providers: &masProviders} })},
		{name: "mas-create-no-email", draw: drawn("Accounts", func() screen.Screen {
			return &users.Create{Server: masServer, Providers: &masProviders, FormBase: screen.FormBase{State: mistakes}}
		})},
		{name: "mas-continue", draw: drawn("Accounts", func() screen.Screen { return &users.Create{Server: masServer, Providers: &masProviders, User: &begun} })},
		{name: "mas-handout", draw: drawn("Accounts", func() screen.Screen {
			return &users.Handout{Operation: api.CreateUser.Info().Name, Card: api.Handout{User: begun, Password: api.NewSecret("anchor-velvet-tundra-mosaic"), Left: begun.Begun.Left}}
		})},
		{name: "mas-drift", draw: drawn("Accounts", func() screen.Screen {
			return &users.List{Query: api.UserQuery{Drift: api.Only}, Page: api.UserPage{Users: []api.User{differs, onlyAtMAS, onlyAtSynapse}, Total: ptr(int64(3))}}
		})},
		{name: "mas-account", draw: drawn("Accounts", func() screen.Screen { return &users.Account{User: differs, Devices: &masSessions} })},
		{name: "mas-sessions", draw: drawn("Accounts", func() screen.Screen { return &users.Devices{User: differs, Devices: &masSessions} })},
		{name: "mas-repair", draw: drawn("Accounts", func() screen.Screen {
			return &users.Repair{Drift: api.DriftLocked, Question: users.Question{Effects: api.Effects{User: differs, Happens: []api.Effect{
				{Code: "repair_locked_off", Params: map[string]string{"drift": api.DriftLocked}},
			}}}}
		})},
		{name: "mas-server", draw: drawn("Homeservers", func() screen.Screen {
			return &servers.Server{Status: servers.Status{Server: masServer, Accounts: ptr(int64(12481))}}
		})},
		{name: "mas-personal", draw: drawn("Homeservers", func() screen.Screen { return &servers.Personals{Page: personal} })},
		{name: "mas-personal-empty", draw: drawn("Homeservers", func() screen.Screen { return &servers.Personals{Query: api.PersonalQuery{State: api.PersonalRevoked}} })},
		{name: "mas-personal-one", draw: drawn("Homeservers", func() screen.Screen { return &servers.Personal{Session: personal.Sessions[1]} })},
		{name: "mas-personal-create", draw: drawn("Homeservers", func() screen.Screen {
			return &servers.CreatePersonal{FormBase: screen.FormBase{State: refused}}
		})},
		{name: "mas-personal-card", draw: drawn("Homeservers", func() screen.Screen {
			return &servers.PersonalCard{Card: api.PersonalCard{Session: personal.Sessions[1], Token: api.NewSecret("mpt_" + strings.Repeat("k3", 18)), Homeserver: "https://matrix.uni-lindau.example"}}
		})},
		{name: "mas-clients", draw: drawn("Homeservers", func() screen.Screen { return &servers.Clients{Page: clients} })},
		{name: "mas-clients-empty", draw: drawn("Homeservers", func() screen.Screen { return &servers.Clients{Query: api.ClientQuery{Search: "fluffy"}} })},
		{name: "mas-client", draw: drawn("Homeservers", func() screen.Screen { return &servers.Client{Client: clients.Clients[1]} })},
		{name: "mas-site", draw: drawn("Homeservers", func() screen.Screen { return &servers.Site{Site: site, Providers: masProviders, Policy: policy} })},
		{name: "mas-site-empty", draw: drawn("Homeservers", func() screen.Screen { return &servers.Site{} })},
		{name: "mas-tokens", draw: drawn("Accounts", func() screen.Screen { return &tokens.List{List: registration} })},
	}
}

// drawn draws a screen of the panel for an owner, in front of a homeserver with Matrix Authentication Service.
func drawn(current string, open func() screen.Screen) func(ui.Env) app.UI {
	return func(env ui.Env) app.UI {
		env.Homeservers[0].MAS = true
		env.Homeservers[0].Unavailable = maps.Clone(masUnavailable)
		env.Permissions = map[string]bool{}
		for _, p := range api.Owner.Permissions() {
			env.Permissions[string(p)] = true
		}
		s := open()
		s.Use(env.At("uni"))
		return shell(env.At("uni"), current, s)
	}
}

func ptr[T any](v T) *T { return &v }

const (
	ulid  = "01J44RKQYM4G3TNVANTMTDYTX"
	robot = api.UserID("@robot" + server)
)

var (
	masUnavailable = map[string]string{
		"devices.create": "mas_no_device_edit", "devices.rename": "mas_no_device_edit", "tokens.delete": "mas_no_token_delete", "users.renew": "mas_no_validity",
	}
	masServer = api.Server{
		Name: "uni", ServerName: "uni-lindau.example", Kind: "synapse", Version: "1.163.2 + MAS 1.22.0", State: "up", LatencyMS: 38,
		Unavailable: map[string]string{"users.create.threepids.phone": "mas_no_phones", "users.update.threepids.phone": "mas_no_phones"},
	}
	masProviders = api.ProviderList{Providers: []api.Provider{
		{ID: ulid + "1", Name: "University account", Issuer: "https://sso.uni-lindau.example/realms/staff-and-students", Brand: "keycloak", CreatedMS: ago(797 * day)},
		{ID: ulid + "2", Name: "Old directory", Issuer: "https://adfs.uni-lindau.example/adfs", Disabled: true, CreatedMS: ago(1723 * day)},
	}}
	begun = api.User{
		ID: "@ida.lund" + server, DisplayName: "Ida Lund", CreatedMS: ago(4),
		Begun: &api.Begun{
			By:    "@nadia.okafor" + server,
			Left:  []api.FieldProblem{{Field: "threepids.0.address", Code: "mas_taken"}, {Field: "admin", Code: "mas_down"}},
			Asked: api.Wanted{DisplayName: "Ida Lund", Admin: true, PasswordMode: api.PasswordPassphrase, Threepids: []api.Threepid{{Medium: "email", Address: "ida@uni-lindau.example"}}},
		},
	}
	differs = api.User{
		ID: "@misaki.tanaka" + server, DisplayName: "田中 美咲", CreatedMS: ago(797 * day), LastSeenMS: ago(3 * day), Drift: []string{api.DriftLocked, api.DriftAdmin},
		Threepids:   []api.Threepid{{Medium: "email", Address: "misaki.tanaka@stud.uni-lindau.example"}},
		ExternalIDs: []api.ExternalID{{AuthProvider: "University account", ExternalID: "mtanaka"}},
	}
	onlyAtMAS     = api.User{ID: "@new" + server, Drift: []string{api.DriftMASOnly}, Unknown: []string{"display_name", "avatar_url", "last_seen_ms"}, CreatedMS: ago(day)}
	onlyAtSynapse = api.User{ID: "@jonas.weiss" + server, DisplayName: "Jonas Weiß", Drift: []string{api.DriftSynapseOnly}, Deactivated: true, CreatedMS: ago(1877 * day), LastSeenMS: ago(250 * day)}
	masSessions   = api.DeviceList{Devices: []api.Device{
		{ID: "oauth2." + ulid + "1", Kind: "oauth2", DisplayName: "Element on Misaki’s phone", Client: "Element X", Device: "PHONEDEVICE", LastSeenMS: ago(2), LastSeenIP: "2001:db8:1f0:42::7", UserAgent: "Element X/26.11 (iPhone; iOS 21.1)", CreatedMS: ago(90 * day)},
		{ID: "browser." + ulid + "2", Kind: "browser", LastSeenMS: ago(60), LastSeenIP: "198.51.100.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", CreatedMS: ago(3 * day)},
		{ID: "compat." + ulid + "3", Kind: "compat", Device: "OLDCLIENT1", LastSeenMS: ago(3 * day), LastSeenIP: "198.51.100.7", CreatedMS: ago(400 * day)},
		{ID: "personal." + ulid + "4", Kind: "personal", DisplayName: "Statistics of the library", Admin: true, ExpiresMS: ago(-20 * day), LastSeenMS: ago(0), CreatedMS: ago(10 * day)},
		{ID: "ONLYATSYNAPSE", Kind: "device", DisplayName: "Left over", LastSeenMS: ago(500 * day)},
	}}
	personal = api.PersonalPage{Total: 61, Next: ulid + "4", Sessions: []api.PersonalSession{
		{ID: ulid + "1", Name: "Gatehouse", Actor: "@gatehouse-k2v9q0xw" + server, Client: "Gatehouse", Scope: api.ScopeMatrix + " " + api.ScopeSynapse, Admin: true, State: api.PersonalActive, CreatedMS: ago(9 * day), ExpiresMS: ago(-21 * day), LastSeenMS: ago(0), Ours: true, Own: true},
		{ID: ulid + "2", Name: "Statistics of the library, every night, for the report of the rectorate", Actor: robot, Client: "Gatehouse", Scope: api.ScopeMAS + " " + api.ScopeMatrix + " " + api.ScopeSynapse, Admin: true, State: api.PersonalActive, CreatedMS: ago(day), ExpiresMS: ago(-30 * day), LastSeenMS: ago(12), Ours: true},
		{ID: ulid + "3", Name: "Door sign", Actor: robot, Owner: "@nadia.okafor" + server, Scope: "urn:matrix:client:api:* urn:matrix:client:device:ABCDEFGHIJ", State: api.PersonalExpired, CreatedMS: ago(99 * day), ExpiresMS: ago(9 * day), LastSeenMS: ago(9 * day)},
		{ID: ulid + "4", Name: `"><b onclick=alert(1)>bold</b>`, Actor: robot, Client: ulid + "9", Scope: api.ScopeMatrix, State: api.PersonalRevoked, CreatedMS: ago(200 * day)},
	}}
	clients = api.ClientPage{Total: 3, Next: ulid + "3", Clients: []api.Client{
		{ID: ulid + "1", Name: "Gatehouse", Static: true, GrantTypes: []string{"client_credentials"}},
		{ID: ulid + "2", Name: "Element Web", URL: "https://chat.uni-lindau.example/", GrantTypes: []string{"authorization_code", "refresh_token"}, RedirectURLs: []string{"https://chat.uni-lindau.example/?no_universal_links=true", "https://chat.uni-lindau.example/"}},
		{ID: ulid + "3", URL: "https://a-client-with-a-very-long-address.students.informatik.uni-lindau.example/callback/of/oauth"},
	}}
	site   = api.Site{ServerName: "uni-lindau.example", Passwords: true, MinimumPasswordQuality: 3, EmailChange: true, DisplayNameChange: true, PasswordChange: true, Recovery: true}
	policy = api.Policy{CreatedMS: ago(40 * day), Data: "{\n  \"admin_clients\": [\n    \"" + ulid + "1\"\n  ],\n  \"client_registration\": {\n    \"allow_host_mismatch\": true\n  }\n}"}

	registration = api.TokenList{Tokens: []api.Token{
		{ID: ulid + "1", Start: "kurs", State: api.TokenValid, Uses: 30, Completed: 12, ExpiresMS: ago(-20 * day), CreatedMS: ago(9 * day)},
		{ID: ulid + "2", Start: "gast", State: api.TokenRevoked, Completed: 3, CreatedMS: ago(99 * day)},
		{ID: ulid + "3", State: api.TokenUsedUp, Uses: 1, Completed: 1, CreatedMS: ago(200 * day)},
	}}
)
