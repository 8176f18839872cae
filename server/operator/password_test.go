// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"gatehouse/app/api"
)

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hashed, err := HashPassword(t.Context(), api.NewSecret(password))
	if err != nil {
		t.Fatal(err)
	}
	return hashed
}

func TestHashAndVerify(t *testing.T) {
	for _, password := range []string{"a", "correct horse", "pä$$wörd\x00\xff", strings.Repeat("x", maxPassword)} {
		hashed := hashOf(t, password)
		if !strings.HasPrefix(hashed, "$argon2id$v=19$m=19456,t=2,p=1$") {
			t.Errorf("hash %q", hashed)
		}
		if !VerifyPassword(t.Context(), hashed, api.NewSecret(password)) {
			t.Errorf("%.10q is not itself", password)
		}
		for _, wrong := range []string{"", password + "x", password[1:] + "y", strings.Repeat("x", maxPassword+1)} {
			if VerifyPassword(t.Context(), hashed, api.NewSecret(wrong)) {
				t.Errorf("%.10q passes for %.10q", wrong, password)
			}
		}
	}
	if hashOf(t, "same") == hashOf(t, "same") {
		t.Error("two hashes with one salt")
	}
}

// The reference implementation's own vector (phc-winner-argon2, test.c:
// version 0x13, argon2id, t=2, m=2^16, p=1).
func TestVerifyReferenceVector(t *testing.T) {
	const vector = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if !VerifyPassword(t.Context(), vector, api.NewSecret("password")) {
		t.Error("the vector does not verify")
	}
	if VerifyPassword(t.Context(), vector, api.NewSecret("differentpassword")) {
		t.Error("another password does")
	}
}

func TestHashRefuses(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("x", maxPassword+1)} {
		if _, err := HashPassword(t.Context(), api.NewSecret(password)); !errors.Is(err, ErrPassword) {
			t.Errorf("%d bytes: %v, want ErrPassword", len(password), err)
		}
	}
}

// Whatever is asked about whomever, it costs one hash.
func TestEveryAnswerCostsOneHash(t *testing.T) {
	hashed := hashOf(t, "right")
	long := strings.Repeat("x", maxPassword+1)
	tests := []struct {
		name, hashed, password string
		want                   bool
	}{
		{"right", hashed, "right", true},
		{"wrong", hashed, "wrong", false},
		{"empty", hashed, "", false},
		{"too long", hashed, long, false},
		{"unknown name", "", "right", false},
		{"unknown name, nothing typed", "", "", false},
		{"unknown name, too long", "", long, false},
		{"a broken hash", hashed[:len(hashed)-1], "right", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := hashes.Load()
			if got := VerifyPassword(t.Context(), tt.hashed, api.NewSecret(tt.password)); got != tt.want {
				t.Errorf("got %v", got)
			}
			if n := hashes.Load() - before; n != 1 {
				t.Errorf("%d hashes, want 1", n)
			}
		})
	}
}

// Even a hash of nothing lets nobody in with nothing.
func TestAnEmptyPasswordIsNeverRight(t *testing.T) {
	p := phc{argonParams: defaultParams, salt: make([]byte, saltSize)}
	hash, err := p.compute(t.Context(), "", hashSize)
	if err != nil {
		t.Fatal(err)
	}
	p.hash = hash
	for _, password := range []string{"", strings.Repeat("x", maxPassword+1)} {
		if VerifyPassword(t.Context(), p.String(), api.NewSecret(password)) {
			t.Errorf("%d bytes pass", len(password))
		}
	}
}

// The dummy costs what a new hash costs.
func TestDummyHasTheDefaultCost(t *testing.T) {
	p := dummy()
	if p.argonParams != defaultParams || len(p.salt) != saltSize || len(p.hash) != hashSize {
		t.Errorf("dummy %s", p)
	}
	if _, err := parsePHC(p.String()); err != nil {
		t.Error(err)
	}
}

func TestHashesAtOnce(t *testing.T) {
	hashed := hashOf(t, "right")
	for range hashesAtOnce {
		hashing <- struct{}{}
	}
	release := sync.OnceFunc(func() {
		for range hashesAtOnce {
			<-hashing
		}
	})
	defer release()

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if VerifyPassword(gone, hashed, api.NewSecret("right")) {
		t.Error("verified out of turn")
	}
	if _, err := HashPassword(gone, api.NewSecret("right")); !errors.Is(err, context.Canceled) {
		t.Errorf("hashed out of turn: %v", err)
	}
	release()

	var wg sync.WaitGroup
	for range 3 * hashesAtOnce {
		wg.Go(func() {
			if !VerifyPassword(t.Context(), hashed, api.NewSecret("right")) {
				t.Error("not verified")
			}
		})
	}
	wg.Wait()
	if len(hashing) != 0 {
		t.Errorf("%d places are still taken", len(hashing))
	}
}

func TestParsePHC(t *testing.T) {
	const (
		salt = "c29tZXNhbHRzb21lc2FsdA"
		hash = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	)
	good := "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + hash
	p, err := parsePHC(good)
	if err != nil || p.argonParams != defaultParams || p.String() != good {
		t.Fatalf("%s: %+v, %v", good, p, err)
	}
	replace := func(old, with string) string { return strings.Replace(good, old, with, 1) }
	for name, text := range map[string]string{
		"nothing":            "",
		"another algorithm":  replace("argon2id", "argon2i"),
		"another version":    replace("v=19", "v=16"),
		"no version":         replace("$v=19", ""),
		"order":              replace("m=19456,t=2", "t=2,m=19456"),
		"a parameter more":   replace("p=1", "p=1,q=1"),
		"a parameter less":   replace(",p=1", ""),
		"no memory":          replace("m=19456", "m=0"),
		"all memory":         replace("m=19456", "m=4294967295"),
		"more than 32 bits":  replace("m=19456", "m=4294986752"),
		"too little memory":  replace("m=19456", "m=7"),
		"no pass":            replace("t=2", "t=0"),
		"endless passes":     replace("t=2", "t=1000000"),
		"no lane":            replace("p=1", "p=0"),
		"256 lanes":          replace("p=1", "p=256"),
		"leading zero":       replace("m=19456", "m=019456"),
		"sign":               replace("t=2", "t=+2"),
		"negative":           replace("t=2", "t=-2"),
		"space":              replace("t=2", "t= 2"),
		"short salt":         replace(salt, "c29tZQ"),
		"padded salt":        replace(salt, salt+"=="),
		"line end in salt":   replace(salt, salt[:4]+"\n"+salt[4:]),
		"short hash":         replace(hash, "CTFh"),
		"no hash":            replace(hash, ""),
		"loose bits in hash": replace(hash, hash[:len(hash)-1]+"d"),
		"a field more":       good + "$x",
		"text before":        "x" + good,
		"line end after":     good + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			if p, err := parsePHC(text); err == nil {
				t.Errorf("%q: %+v", text, p)
			}
		})
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=1,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePHC(text)
		if err != nil {
			return
		}
		if p.String() != text {
			t.Errorf("%q came back as %q", text, p)
		}
		if p.memory > maxParams.memory || p.passes > maxParams.passes || p.lanes > maxParams.lanes || p.passes < 1 || p.lanes < 1 {
			t.Errorf("%q costs %+v", text, p.argonParams)
		}
	})
}
