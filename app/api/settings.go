// SPDX-License-Identifier: Apache-2.0

package api

import (
	"strconv"
	"time"
)

// The operations on what a homeserver keeps for an account beside its profile.
var (
	// GetRateLimit tells whether the account has limits of its own.
	GetRateLimit = Read[UserRef, RateLimit]("limits.get", ReadUsers)
	// SetRateLimit gives it limits of its own, or none.
	SetRateLimit = Write[RateLimitChange, RateLimit]("limits.set", UserSettings, Many, Repeatable)
	// RemoveRateLimit has the homeserver's own limits count for it again.
	RemoveRateLimit = Write[UserRef, RateLimit]("limits.remove", UserSettings, Many, Repeatable)
	// ListFeatures tells which experimental features are switched on for the account.
	ListFeatures = Read[UserRef, FeatureList]("features.list", ReadUsers)
	// SetFeature switches one of them.
	SetFeature = Write[FeatureChange, FeatureList]("features.set", UserSettings, Many, Repeatable)
	// RenewUser says until when the account can be used, where the homeserver lets accounts expire.
	RenewUser = Write[UserRenewal, Validity]("users.renew", EditUsers, Many, Repeatable)
	// AllowKeyReset lets the account's person replace their cross-signing keys without signing in again, for a few minutes.
	AllowKeyReset = Write[UserDeed, KeyReset]("users.allow_key_reset", ResetPasswords, Many, Repeatable)
)

// RateLimit is how much an account may send. Where Own is not set, the homeserver's own limits count.
type RateLimit struct {
	ID                UserID `json:"id"`
	Own               bool   `json:"own"`
	MessagesPerSecond int    `json:"messages_per_second,omitempty"` // both 0: without any limit
	Burst             int    `json:"burst,omitempty"`
}

// Free reports whether the account has no limit at all.
func (r RateLimit) Free() bool { return r.Own && r.MessagesPerSecond == 0 && r.Burst == 0 }

// RateLimitChange gives an account limits of its own. Both 0 mean no limit.
type RateLimitChange struct {
	ID                UserID `json:"id"`
	MessagesPerSecond int    `json:"messages_per_second"`
	Burst             int    `json:"burst"` // how many may come at once
}

// maxRate bounds the numbers of a RateLimitChange; beyond it there is no limit to speak of.
const maxRate = 1_000_000

// Validate implements Request. One of the numbers alone is refused: a burst of 0 would mute the account (Synapse refuses every message
// then), and with 0 messages per second the burst would not count.
func (c RateLimitChange) Validate() error {
	var v Invalid
	v.Check("id", c.ID.Validate())
	for _, f := range []struct {
		name string
		n    int
	}{{"messages_per_second", c.MessagesPerSecond}, {"burst", c.Burst}} {
		if f.n < 0 || f.n > maxRate {
			v.Add(f.name, "out_of_range", "min", "0", "max", strconv.Itoa(maxRate))
		}
	}
	switch {
	case c.MessagesPerSecond > 0 && c.Burst == 0:
		v.Add("burst", "rate_mutes")
	case c.MessagesPerSecond == 0 && c.Burst > 0:
		v.Add("messages_per_second", "rate_one_alone")
	}
	return v.Err()
}

// Targets implements Request.
func (c RateLimitChange) Targets() []UserID { return []UserID{c.ID} }

// Feature is an experimental feature of the homeserver, by the name that it has there.
type Feature struct {
	Name string `json:"name"`
	On   bool   `json:"on"` // for this account; a feature may be on for all of them besides
}

// FeatureList is the features that can be switched for an account, by name.
type FeatureList struct {
	ID       UserID    `json:"id"`
	Features []Feature `json:"features"`
}

// FeatureChange switches a feature for an account.
type FeatureChange struct {
	ID   UserID `json:"id"`
	Name string `json:"name"`
	On   bool   `json:"on"`
}

// Validate implements Request.
func (c FeatureChange) Validate() error {
	var v Invalid
	v.Check("id", c.ID.Validate())
	if c.Name == "" {
		v.Add("name", "missing")
	}
	checkText(&v, "name", c.Name, 64)
	return v.Err()
}

// Targets implements Request.
func (c FeatureChange) Targets() []UserID { return []UserID{c.ID} }

// UserRenewal says until when an account can be used.
type UserRenewal struct {
	ID UserID `json:"id"`
	// Until is the last day, as 2027-01-31, in UTC; "" is the homeserver's own period from now on.
	Until string `json:"until,omitempty"`
	// Mails says whether the homeserver writes to the account's person before it expires; absent: it does.
	Mails *bool `json:"mails,omitempty"`
}

func (r *UserRenewal) settle() {
	if r.Mails == nil {
		yes := true
		r.Mails = &yes
	}
}

// Validate implements Request.
func (r UserRenewal) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	if _, err := r.End(); err != nil {
		v.Add("until", "invalid_date")
	}
	return v.Err()
}

// Demands implements Demanding: with a date an account can be made to expire soon, which is more than giving it the period that all have.
func (r UserRenewal) Demands() []Permission {
	if r.Until != "" {
		return []Permission{UserSettings}
	}
	return nil
}

// End returns the moment after the last day, or the zero time where none is named.
func (r UserRenewal) End() (time.Time, error) {
	if r.Until == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, r.Until)
	if err != nil {
		return time.Time{}, err
	}
	return day.AddDate(0, 0, 1), nil
}

// Targets implements Request.
func (r UserRenewal) Targets() []UserID { return []UserID{r.ID} }

// Validity says until when an account can be used.
type Validity struct {
	ID        UserID `json:"id"`
	ExpiresMS int64  `json:"expires_ms"` // unix milliseconds
}

// KeyReset says until when an account's cross-signing keys may be replaced.
type KeyReset struct {
	ID      UserID `json:"id"`
	UntilMS int64  `json:"until_ms"` // unix milliseconds
}
