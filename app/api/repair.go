// SPDX-License-Identifier: Apache-2.0

package api

import "slices"

// RepairUser ends one difference of an account between the homeserver and the service that its accounts are left to. What it does is
// told by PreviewDeed before. The worst of them ends accounts, so that is the right that all of them take; some take more.
var RepairUser = Write[UserRepair, User]("users.repair", DeactivateUsers, Many, Repeatable)

// UserRepair names an account and which of its differences to end: one of User.Drift.
type UserRepair struct {
	ID      UserID `json:"id"`
	Drift   string `json:"drift"`
	Reason  string `json:"reason,omitempty"`
	Confirm bool   `json:"confirm,omitempty"`
}

// Drifts are all the differences that there can be, the worst first.
func Drifts() []string {
	return []string{DriftMASOnly, DriftSynapseOnly, DriftDeactivated, DriftLocked, DriftAdmin}
}

// Validate implements Request.
func (r UserRepair) Validate() error {
	var v Invalid
	v.Check("id", r.ID.Validate())
	if !slices.Contains(Drifts(), r.Drift) {
		v.Add("drift", "invalid_choice", "choices", "mas_only, synapse_only, deactivated, locked, admin")
	}
	checkText(&v, "reason", r.Reason, maxReason)
	return v.Err()
}

// Targets implements Request.
func (r UserRepair) Targets() []UserID { return []UserID{r.ID} }

// Demands implements Demanding: a repair also takes what the change that it makes takes.
func (r UserRepair) Demands() []Permission {
	switch r.Drift {
	case DriftMASOnly, DriftSynapseOnly:
		return []Permission{CreateUsers}
	case DriftLocked:
		return []Permission{LockUsers}
	case DriftAdmin:
		return []Permission{SetAdmins}
	}
	return nil
}

// Confirmed implements Confirmable.
func (r UserRepair) Confirmed() bool { return r.Confirm }
