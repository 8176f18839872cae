// SPDX-License-Identifier: Apache-2.0

// Package qr encodes texts as QR codes. It takes the coding alone and not package qr above it, which would bring image and its
// like into the program.
package qr

import "rsc.io/qr/coding"

// Modules encodes a text as a QR code (ISO/IEC 18004), true for dark, at the level that bears 15 % damage: cards are printed and
// folded. It returns nil where the text is too long.
func Modules(text string) [][]bool {
	const level = coding.M
	data := coding.String(text)
	for version := coding.Version(coding.MinVersion); version <= coding.MaxVersion; version++ {
		if data.Bits(version) > version.DataBytes(level)*8 {
			continue
		}
		plan, err := coding.NewPlan(version, level, 0)
		if err != nil {
			return nil
		}
		code, err := plan.Encode(data)
		if err != nil {
			return nil
		}
		rows := make([][]bool, code.Size)
		for y := range rows {
			rows[y] = make([]bool, code.Size)
			for x := range rows[y] {
				rows[y][x] = code.Black(x, y)
			}
		}
		return rows
	}
	return nil
}
