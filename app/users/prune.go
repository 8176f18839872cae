// SPDX-License-Identifier: Apache-2.0

package users

import (
	"cmp"
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/maxence-charriere/go-app/v10/pkg/app"

	"gatehouse/app/api"
	"gatehouse/app/client"
	"gatehouse/app/route"
	"gatehouse/app/screen"
	"gatehouse/app/ui"
)

// pruneDays are the ages that the question offers, in days. The address can name any other.
var pruneDays = []int{30, 90, 180, 365}

// usualDays is the one that it begins with.
const usualDays = 90

// Prune asks whether the devices that were not used for some days shall be signed out, and shows which ones they are.
type Prune struct {
	Question
	Days  int          `json:"days"`
	Meant []api.Device `json:"meant,omitempty"` // not used for so long
	Never []api.Device `json:"never,omitempty"` // never used at all
}

// NewPrune returns the question.
func NewPrune() screen.Screen { return &Prune{} }

// Title implements screen.Screen.
func (p *Prune) Title() string { return p.Env().T("prune.title") }

// Load implements screen.Screen. It costs two calls.
func (p *Prune) Load(ctx context.Context, env ui.Env, call client.Caller, u *url.URL) error {
	p.Days = usualDays
	if n, err := strconv.Atoi(u.Query().Get("days")); err == nil && n >= 1 && n <= api.MaxPruneDays {
		p.Days = n
	}
	if err := p.load(ctx, env, call, u, api.PruneDevices); err != nil || !env.Can(api.PruneDevices.Info().Name) || !env.Can(api.ListDevices.Info().Name) {
		return err
	}
	list, err := client.Call(ctx, call, api.ListDevices, api.UserRef{ID: p.Effects.User.ID})
	if err != nil {
		return err
	}
	p.Meant = api.DevicePrune{Days: p.Days}.Meant(list.Devices, env.Now)
	for _, d := range list.Devices {
		if d.LastSeenMS <= 0 {
			p.Never = append(p.Never, d)
		}
	}
	return nil
}

// Render implements app.Composer.
func (p *Prune) Render() app.UI {
	env := p.Env()
	days := strconv.Itoa(p.Days)
	a := ask{
		Op: api.PruneDevices, Path: route.PrunePath, Title: p.Title(), Icon: ui.IconSignOut, Tone: ui.Warn, Look: ui.DangerSolid,
		Submit: env.N("devices.confirm_submit", len(p.Meant)), Back: env.T("devices.confirm_back"), About: url.Values{"days": {days}},
		First: p.ages(),
	}
	switch {
	case len(p.Meant) == 0 && len(p.Never) == 0:
		a.Happens = []api.Effect{}
		a.Off = env.N("prune.none", p.Days)
	case len(p.Never) > 0:
		a.Submit, a.Otherwise = env.N("devices.confirm_submit", len(p.Meant)+len(p.Never)), a.Submit
	}
	a.Fields = []app.UI{p.which(env.N("prune.unused", p.Days), p.Meant), p.never(), ui.HiddenField("days", days)}
	return p.draw(a)
}

// ages are the choices of how long a device has to have been unused: links, because the list below depends on it.
func (p *Prune) ages() app.UI {
	env := p.Env()
	var views []ui.View
	for _, n := range pruneDays {
		query := url.Values{"id": {string(p.Effects.User.ID)}, "days": {strconv.Itoa(n)}}
		views = append(views, ui.View{Label: env.N("prune.days", n), Href: route.At(env.Homeserver, route.PrunePath, query), Current: n == p.Days})
	}
	return ui.Views(env, env.T("prune.ages"), views...)
}

// which lists devices under a heading.
func (p *Prune) which(title string, devices []api.Device) app.UI {
	env := p.Env()
	var list []ui.Consequence
	for _, d := range devices {
		text := deviceText(env, d)
		if d.LastSeenMS > 0 {
			text = env.T("prune.seen", "device", text, "when", env.Format().Date(time.UnixMilli(d.LastSeenMS)))
		}
		list = append(list, ui.Consequence{Icon: ui.IconDevice, Text: text})
	}
	return ui.Consequences(title, list...)
}

// never offers to count those in that were never used.
func (p *Prune) never() app.UI {
	env := p.Env()
	if len(p.Never) == 0 {
		return nil
	}
	return ui.Join(
		ui.Check{Name: "never", Label: env.N("prune.never", len(p.Never)), Help: env.T("prune.never_help"), State: p.State, Decides: true}.Draw(env),
		p.which(env.T("prune.never_title"), p.Never),
	)
}

// After implements screen.Writer.
func (p *Prune) After(_ string, result any) screen.Next {
	env := p.Env()
	done, _ := result.(api.SignedOut)
	return screen.Next{
		URL:    route.Account(env.Homeserver, route.DevicesPath, cmp.Or(done.ID, p.Effects.User.ID)),
		Notice: env.N("done.devices_signed_out", done.Count),
	}
}
