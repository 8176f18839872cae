// SPDX-License-Identifier: Apache-2.0

package mas

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"gatehouse/app/api"
	"gatehouse/server/homeserver/matrix"
)

// ulid is an identifier of MAS's. A user's is not their Matrix ID.
type ulid string

// valid reports whether it is one: MAS answers 400 to anything else, and a path must not lead elsewhere.
func (id ulid) valid() bool {
	return len(id) == 26 && strings.Trim(strings.ToUpper(string(id)), "0123456789ABCDEFGHJKMNPQRSTVWXYZ") == ""
}

// resource is one thing in an answer.
type resource[T any] struct {
	ID         ulid `json:"id"`
	Attributes T    `json:"attributes"`
}

// single is an answer with one resource.
type single[T any] struct {
	Data resource[T] `json:"data"`
}

// user is an account as MAS has it. Its e-mail addresses, links and sessions are resources of their own.
type user struct {
	Username    string     `json:"username"`
	Created     time.Time  `json:"created_at"`
	Locked      *time.Time `json:"locked_at"`
	Deactivated *time.Time `json:"deactivated_at"` // since 0.17
	Admin       bool       `json:"admin"`          // may ask for administrator scopes
	LegacyGuest bool       `json:"legacy_guest"`   // since 1.3
}

type account = resource[user]

type email struct {
	Created time.Time `json:"created_at"`
	UserID  ulid      `json:"user_id"`
	Email   string    `json:"email"`
}

type link struct {
	ProviderID ulid   `json:"provider_id"`
	Subject    string `json:"subject"`
	UserID     ulid   `json:"user_id"` // "" while nobody has taken it up
	Name       string `json:"human_account_name"`
}

type provider struct {
	Created  time.Time  `json:"created_at"`
	Issuer   string     `json:"issuer"`
	Name     string     `json:"human_name"`
	Brand    string     `json:"brand_name"`
	Disabled *time.Time `json:"disabled_at"`
}

// siteConfig is what MAS tells of its configuration (GET /api/admin/v1/site-config, since 1.3).
type siteConfig struct {
	ServerName     string `json:"server_name"`
	Passwords      bool   `json:"password_login_enabled"`
	Registration   bool   `json:"password_registration_enabled"`
	TokenRequired  bool   `json:"password_registration_token_required"` // since 1.19
	MinimumQuality int    `json:"minimum_password_complexity"`          // zxcvbn's score, 0 to 4
	EmailRequired  bool   `json:"password_registration_email_required"` // since 1.4
	EmailChange    bool   `json:"email_change_allowed"`
	NameChange     bool   `json:"displayname_change_allowed"`
	PasswordChange bool   `json:"password_change_allowed"`
	Recovery       bool   `json:"account_recovery_allowed"`
	Deactivation   bool   `json:"account_deactivation_allowed"`
	Captcha        bool   `json:"captcha_enabled"`
}

// filter narrows a list. MAS ignores what it does not know and then answers with everything, so only the functions of this file make
// filters.
type filter func(url.Values)

func filterBy(name, value string) filter {
	return func(v url.Values) { v.Add("filter["+name+"]", value) }
}

func ofUser(id ulid) filter             { return filterBy("user", string(id)) }
func actedBy(id ulid) filter            { return filterBy("actor_user", string(id)) }
func ownedBy(id ulid) filter            { return filterBy("owner_user", string(id)) }
func active() filter                    { return filterBy("status", "active") }
func withStatus(status string) filter   { return filterBy("status", status) }
func withName(part string) filter       { return filterBy("client-name", part) }
func administrators() filter            { return filterBy("admin", "true") }
func withValid(valid bool) filter       { return filterBy("valid", strconv.FormatBool(valid)) }
func withEmail(address string) filter   { return filterBy("email", address) }
func ofProvider(id ulid) filter         { return filterBy("provider", string(id)) }
func withSubject(subject string) filter { return filterBy("subject", subject) }
func number(n int) string               { return strconv.Itoa(n) }
func get(path matrix.Path) matrix.Call  { return matrix.Call{Method: http.MethodGet, Path: path} }
func post(path matrix.Path, body any) matrix.Call {
	return matrix.Call{Method: http.MethodPost, Path: path, Body: body}
}

// page is one answer of a list.
type page[T any] struct {
	Items []resource[T]
	Total int  // how many match, over all pages
	More  bool // whether another page follows
}

// next is the cursor of the page that follows, "" where none does.
func (p page[T]) next() ulid {
	if !p.More {
		return ""
	}
	return p.Items[len(p.Items)-1].ID
}

// latestPage is how many items of a list whose newest are wanted are asked for at once.
const latestPage = 250

// readPage asks for the items after one, the oldest first. MAS pages by the ID of the last item that came, never by its own links:
// they lack the listener's prefix, escape nothing, and those of user sessions lead in a circle.
func readPage[T any](ctx context.Context, c *client, path matrix.Path, size int, after ulid, filters ...filter) (page[T], error) {
	return readSome[T](ctx, c, path, "first", size, "after", after, filters)
}

// readNewest asks for the items before one, the newest first.
func readNewest[T any](ctx context.Context, c *client, path matrix.Path, size int, before ulid, filters ...filter) (page[T], error) {
	p, err := readSome[T](ctx, c, path, "last", size, "before", before, filters)
	slices.Reverse(p.Items)
	return p, err
}

func readSome[T any](ctx context.Context, c *client, path matrix.Path, end string, size int, side string, of ulid, filters []filter) (page[T], error) {
	query := url.Values{"page[" + end + "]": {number(size)}}
	if of != "" {
		query.Set("page["+side+"]", string(of))
	}
	for _, f := range filters {
		f(query)
	}
	var out struct {
		Meta struct {
			Count int `json:"count"`
		} `json:"meta"`
		Data  []resource[T] `json:"data"`
		Links struct {
			Next string `json:"next"` // never while paging backward
			Prev string `json:"prev"` // never while paging forward
		} `json:"links"`
	}
	call := get(path)
	call.Query = query
	if _, err := c.do(ctx, call, &out); err != nil {
		return page[T]{}, err
	}
	return page[T]{Items: out.Data, Total: out.Meta.Count, More: out.Links.Next+out.Links.Prev != "" && len(out.Data) > 0}, nil
}

// readAll reads a list to its end, or until it has at least most items, and reports whether that was all.
func readAll[T any](ctx context.Context, c *client, path matrix.Path, size, most int, filters ...filter) (list []resource[T], whole bool, err error) {
	whole, err = readEach(ctx, c, path, size, func(items []resource[T]) bool {
		list = append(list, items...)
		return len(list) < most
	}, filters...)
	return list, whole, err
}

// readEach hands a list over page by page, until it ends, which it reports, or is told to stop.
func readEach[T any](ctx context.Context, c *client, path matrix.Path, size int, goOn func([]resource[T]) bool, filters ...filter) (whole bool, err error) {
	var last ulid
	for {
		p, err := readPage[T](ctx, c, path, size, last, filters...)
		if err != nil {
			return false, err
		}
		if more := goOn(p.Items); !p.More || !more {
			return !p.More, nil
		}
		next := p.next()
		if next <= last {
			return false, stuckList()
		}
		last = next
	}
}

// readLatest reads the newest items of a list, the newest first, until it ends or it has at least most of them, and returns how many there are.
func readLatest[T any](ctx context.Context, c *client, path matrix.Path, most int, filters ...filter) (list []resource[T], total int, err error) {
	var last ulid
	for {
		p, err := readNewest[T](ctx, c, path, min(most, latestPage), last, filters...)
		if err != nil {
			return nil, 0, err
		}
		if list = append(list, p.Items...); last == "" {
			total = p.Total
		}
		if !p.More || len(list) >= most {
			return list, max(total, len(list)), nil
		}
		next := p.next()
		if last != "" && next >= last {
			return nil, 0, stuckList()
		}
		last = next
	}
}

// stuckList is a list that does not move on, and would never end.
func stuckList() error {
	return api.NewProblem(api.StatusBadGateway, "mas_unknown_answer", "status", "200")
}

// personal is a personal session: a token that a client or a person made, to act as somebody.
type personal struct {
	Created    time.Time  `json:"created_at"`
	Revoked    *time.Time `json:"revoked_at"`
	Owner      ulid       `json:"owner_user_id"`
	Client     ulid       `json:"owner_client_id"`
	Actor      ulid       `json:"actor_user_id"`
	Name       string     `json:"human_name"`
	Scope      string     `json:"scope"`
	LastActive *time.Time `json:"last_active_at"`
	LastIP     string     `json:"last_active_ip"`
	Expires    *time.Time `json:"expires_at"`   // null: never
	Token      api.Secret `json:"access_token"` // only when it was just made
}

// byName returns the account of a localpart (GET /api/admin/v1/users/by-username/{username}). MAS compares without regard to case,
// Matrix does not, so an answer of another name is none.
func (c *client) byName(ctx context.Context, localpart string) (account, error) {
	var out single[user]
	_, err := c.do(ctx, get(matrix.At("/api/admin/v1/users/by-username/{}", localpart)), &out)
	if matrix.Unaskable(err) || err == nil && out.Data.Attributes.Username != localpart {
		return account{}, api.NewProblem(api.StatusNotFound, "not_found")
	}
	return out.Data, err
}

// missing reports whether MAS has not got what was asked for.
func missing(err error) bool { return err != nil && problem(err).Code == "not_found" }
