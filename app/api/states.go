// SPDX-License-Identifier: Apache-2.0

package api

// The operations on what an account may do, beside its lock. Nothing of the account is lost, and each has its way back.
var (
	// SuspendUser lets the account read and leave, and nothing else, until that is ended.
	SuspendUser = Write[UserDeed, User]("users.suspend", SuspendUsers, Many, Shows("suspended", true))
	// UnsuspendUser ends it.
	UnsuspendUser = Write[UserRef, User]("users.unsuspend", SuspendUsers, Many, Shows("suspended", false))
	// ShadowBanUser keeps what the account sends from everybody, without telling it.
	ShadowBanUser = Write[UserDeed, User]("users.shadow_ban", ShadowBanUsers, Many, Shows("shadow_banned", true))
	// UnshadowBanUser ends it.
	UnshadowBanUser = Write[UserRef, User]("users.unshadow_ban", ShadowBanUsers, Many, Shows("shadow_banned", false))
)
