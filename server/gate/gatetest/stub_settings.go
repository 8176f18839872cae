// SPDX-License-Identifier: Apache-2.0

package gatetest

import (
	"gatehouse/app/api"
	"gatehouse/server/homeserver"
)

// settings are the entries for what an account may do and what is kept for it.
func (s *Stub) settings() homeserver.Adapter {
	return homeserver.Adapter{
		entry(s, api.SuspendUser, func(d api.UserDeed) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.Suspended = true })
		}),
		entry(s, api.UnsuspendUser, func(d api.UserRef) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.Suspended = false })
		}),
		entry(s, api.ShadowBanUser, func(d api.UserDeed) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.ShadowBanned = true })
		}),
		entry(s, api.UnshadowBanUser, func(d api.UserRef) (api.User, error) {
			return s.change(d.ID, func(u *api.User) { u.ShadowBanned = false })
		}),
		entry(s, api.PruneDevices, func(p api.DevicePrune) (api.SignedOut, error) { return api.SignedOut{ID: p.ID, Count: 1}, nil }),
		entry(s, api.RenameDevice, func(r api.DeviceRename) (api.OwnDevice, error) {
			return api.OwnDevice{ID: r.ID, Device: api.Device{ID: r.Device, DisplayName: r.Name}}, nil
		}),
		entry(s, api.CreateDevice, func(c api.DeviceCreate) (api.OwnDevice, error) {
			return api.OwnDevice{ID: c.ID, Device: api.Device{ID: c.Device, DisplayName: c.Name}}, nil
		}),
		entry(s, api.GetRateLimit, func(r api.UserRef) (api.RateLimit, error) { return api.RateLimit{ID: r.ID}, nil }),
		entry(s, api.SetRateLimit, func(c api.RateLimitChange) (api.RateLimit, error) {
			return api.RateLimit{ID: c.ID, Own: true, MessagesPerSecond: c.MessagesPerSecond, Burst: c.Burst}, nil
		}),
		entry(s, api.RemoveRateLimit, func(r api.UserRef) (api.RateLimit, error) { return api.RateLimit{ID: r.ID}, nil }),
		entry(s, api.ListFeatures, func(r api.UserRef) (api.FeatureList, error) {
			return api.FeatureList{ID: r.ID, Features: []api.Feature{{Name: "msc3881"}}}, nil
		}),
		entry(s, api.SetFeature, func(c api.FeatureChange) (api.FeatureList, error) {
			return api.FeatureList{ID: c.ID, Features: []api.Feature{{Name: c.Name, On: c.On}}}, nil
		}),
		entry(s, api.RenewUser, func(r api.UserRenewal) (api.Validity, error) { return api.Validity{ID: r.ID, ExpiresMS: 1}, nil }),
		entry(s, api.AllowKeyReset, func(d api.UserDeed) (api.KeyReset, error) { return api.KeyReset{ID: d.ID, UntilMS: 1}, nil }),
		entry(s, api.SignInAs, s.signInAs),
	}
}

// SignInAsEnds is when every token of a Stub's SignInAs ends, in unix milliseconds.
const SignInAsEnds = 1_795_687_200_000

func (s *Stub) signInAs(r api.SignInAsUser) (api.Impersonation, error) {
	u, err := s.Get(r.ID)
	return api.Impersonation{User: u, Token: api.NewSecret(Generated), ExpiresMS: SignInAsEnds, Homeserver: "https://" + s.name}, err
}
