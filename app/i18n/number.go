// SPDX-License-Identifier: Apache-2.0

package i18n

import (
	"strconv"
	"strings"
	"time"
)

// Number writes a whole number with its digits in groups of three: 12,481.
func (p *Printer) Number(n int64) string {
	digits := strconv.FormatUint(abs(n), 10)
	var b strings.Builder
	if n < 0 {
		b.WriteByte('-')
	}
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(p.own.rules.group)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

// Bytes writes an amount of data in decimal units, with one place after the point below ten of them: 1.4 GB, 212 MB. The
// number and the unit keep together on a line.
func (p *Printer) Bytes(n int64) string {
	units := [...]string{"B", "kB", "MB", "GB", "TB", "PB", "EB"}
	sign := ""
	if n < 0 {
		sign = "-"
	}
	rest := abs(n)
	if rest < 1000 {
		return p.Number(n) + "\u00a0B"
	}
	size, unit := uint64(1), 0
	for rest/size >= 1000 && unit < len(units)-1 {
		size *= 1000
		unit++
	}
	// Rounding may reach the next unit: 999,950 bytes are 1 MB, not 1,000 kB.
	if unit < len(units)-1 && (rest-size/2)/size >= 999 {
		size *= 1000
		unit++
	}
	text := ""
	if tenths := roundedDiv(rest, size/10); tenths < 100 {
		text = strconv.FormatUint(tenths/10, 10)
		if tenths%10 != 0 {
			text += p.own.rules.decimal + strconv.FormatUint(tenths%10, 10)
		}
	} else {
		text = strconv.FormatUint(roundedDiv(rest, size), 10)
	}
	return sign + text + "\u00a0" + units[unit]
}

func roundedDiv(n, by uint64) uint64 {
	q := n / by
	if n%by >= by-n%by {
		q++
	}
	return q
}

// Percent writes how much of whole part is, cut to a whole number so that 100 % is said only of everything: 57 %. Of
// nothing, any part is 0 %.
func (p *Printer) Percent(part, whole int64) string {
	n := int64(0)
	if whole != 0 {
		const bound = 1e15 // what is beyond is no percentage any more, and would not fit
		n = int64(max(-bound, min(bound, float64(part)*100/float64(whole))))
	}
	return p.T("format.percent", "n", n)
}

// Millis writes a latency in milliseconds, however long: 38 ms, 1,940 ms.
func (p *Printer) Millis(d time.Duration) string { return p.T("unit.ms", "n", d.Milliseconds()) }

// Duration writes a length of time in its two largest units, cut: 38 ms, 5 min 32 s, 2 h, 3 days 4 h.
func (p *Printer) Duration(d time.Duration) string {
	if d > -time.Second && d < time.Second && d.Milliseconds() != 0 {
		return p.Millis(d)
	}
	return p.seconds(int64(d / time.Second))
}

func (p *Printer) seconds(n int64) string {
	sign, rest := "", abs(n)
	if n < 0 {
		sign = "-"
	}
	amounts := []struct {
		n    uint64
		text func(n int) string
	}{
		{rest / 86400, func(n int) string { return p.N("unit.days", n) }},
		{rest / 3600 % 24, func(n int) string { return p.T("unit.h", "n", n) }},
		{rest / 60 % 60, func(n int) string { return p.T("unit.min", "n", n) }},
		{rest % 60, func(n int) string { return p.T("unit.s", "n", n) }},
	}
	for i, a := range amounts {
		last := i == len(amounts)-1
		if a.n == 0 && !last {
			continue
		}
		text := sign + a.text(int(a.n))
		if !last && amounts[i+1].n != 0 {
			text += " " + amounts[i+1].text(int(amounts[i+1].n))
		}
		return text
	}
	return "" // not reached: the last amount always returns
}

// List joins items as a sentence does: a, b and c. Items from elsewhere are to be isolated before (see Isolate).
func (p *Printer) List(items ...string) string {
	if len(items) == 0 {
		return ""
	}
	last := len(items) - 1
	if last == 0 {
		return items[0]
	}
	return p.T("format.list_last", "list", strings.Join(items[:last], p.T("format.list_comma")), "last", items[last])
}
