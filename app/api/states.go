// SPDX-License-Identifier: Apache-2.0

package api

// The operations on what an account may do, beside its lock. Nothing of the account is lost, and each has its way back.
var (
	// SuspendUser lets the account read and leave, and nothing else, until that is ended.
	SuspendUser = Write[UserDeed, User]("users.suspend", SuspendUsers)
	// UnsuspendUser ends it.
	UnsuspendUser = Write[UserRef, User]("users.unsuspend", SuspendUsers)
	// ShadowBanUser keeps what the account sends from everybody, without telling it.
	ShadowBanUser = Write[UserDeed, User]("users.shadow_ban", ShadowBanUsers)
	// UnshadowBanUser ends it.
	UnshadowBanUser = Write[UserRef, User]("users.unshadow_ban", ShadowBanUsers)
)
