// SPDX-License-Identifier: Apache-2.0

package homeserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"gatehouse/app/api"
)

// SendNotices sends a notice to each of its accounts, one after the other, and reports on each. Where it is for one account, or
// went to none, the error is the first one's.
func SendNotices(req api.Notice, send func(api.UserID) error) (api.NoticeReport, error) {
	var report api.NoticeReport
	var first error
	for _, id := range req.Targets() {
		line := api.NoticeSent{ID: id}
		if err := send(id); err != nil {
			p, ok := err.(*api.Problem)
			if !ok {
				return report, err
			}
			line.Problem = p
			if first == nil {
				first = p
			}
			if p.Code == "not_supported" && len(report.Sent) == 0 { // nor will it be for the others
				return report, p
			}
		}
		report.Sent = append(report.Sent, line)
	}
	if report.Done() == 0 {
		return report, first
	}
	return report, nil
}

// NoticeTransaction names the sending of a notice to an account for the homeserver: the same request key, account and text are the
// same notice.
func NoticeTransaction(ctx context.Context, id api.UserID, text string) string {
	sum := sha256.Sum256([]byte(RequestKey(ctx) + "\x00" + string(id) + "\x00" + text))
	return hex.EncodeToString(sum[:16])
}
