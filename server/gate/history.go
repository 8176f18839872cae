// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"gatehouse/app/api"
	"gatehouse/server/audit"
	"gatehouse/server/homeserver"
)

// history is the table of what the gate answers from its audit log.
func history(log *audit.Log, s homeserver.Settings) homeserver.Adapter {
	return homeserver.Adapter{
		homeserver.Implement(api.UserHistory, func(ctx context.Context, q api.HistoryQuery) (api.HistoryPage, error) {
			before, err := q.Before()
			if err != nil {
				return api.HistoryPage{}, err
			}
			limit := cmp.Or(q.Limit, api.DefaultHistory)
			records, err := log.History(ctx, s.Name, string(q.ID), before, limit+1)
			if err != nil {
				return api.HistoryPage{}, err
			}
			page := api.HistoryPage{Events: []api.HistoryEvent{}}
			for _, r := range records[:min(limit, len(records))] {
				page.Events = append(page.Events, event(r))
			}
			if len(records) > limit {
				page.Next = strconv.FormatInt(page.Events[limit-1].Number, 10)
			}
			return page, nil
		}),
	}
}

// event is a record of the audit log as it is shown. Of the request it has the reason and the names of what was to be changed.
func event(r audit.Record) api.HistoryEvent {
	e := api.HistoryEvent{
		Number: r.ID, AtMS: r.At.UnixMilli(), Actor: r.Actor, Role: r.Role, Operation: r.Operation, Outcome: string(r.Outcome), Code: r.Code,
		RequestID: r.RequestID,
	}
	if r.Outcome == audit.Done {
		e.Note = r.Detail
	}
	var request map[string]json.RawMessage
	if json.Unmarshal(r.Request, &request) != nil {
		return e
	}
	_ = json.Unmarshal(request["reason"], &e.Reason)
	for _, name := range slices.Sorted(maps.Keys(request)) {
		if name != "id" && name != "reason" && name != "confirm" && name != "confirm_id" {
			e.Fields = append(e.Fields, name)
		}
	}
	return e
}
