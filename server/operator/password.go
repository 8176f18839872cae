// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"gatehouse/app/api"
)

// argonParams are the cost of a hash: memory in KiB, passes, lanes.
type argonParams struct {
	memory, passes uint32
	lanes          uint8
}

// defaultParams is the OWASP minimum for argon2id: 19 MiB, 2 passes, 1 lane.
// A hash takes about 20 ms.
var defaultParams = argonParams{memory: 19 * 1024, passes: 2, lanes: 1}

const (
	saltSize = 16
	hashSize = 32
	// maxPassword bounds what is hashed, in bytes.
	maxPassword = 1024
	// hashesAtOnce bounds the memory that people who sign in at once can take:
	// 4 hashes, 76 MiB.
	hashesAtOnce = 4
)

// What a stored hash may cost at most. A hash beyond is refused rather than
// computed: whoever can write to the store must not be able to stop the gate.
var maxParams = argonParams{memory: 256 * 1024, passes: 10, lanes: 8}

var (
	hashing = make(chan struct{}, hashesAtOnce)
	// hashes counts the hashes that were computed, for the test that unknown
	// names cost as many as known ones.
	hashes atomic.Int64
)

// ErrPassword means that a password cannot be hashed.
var ErrPassword = errors.New("a password must have between 1 and " + strconv.Itoa(maxPassword) + " bytes")

// errPHC means that a text is no hash that this package made.
var errPHC = errors.New("not an argon2id hash in PHC format")

// phc is a hash with what is needed to compute it again.
type phc struct {
	argonParams
	salt, hash []byte
}

// HashPassword returns the argon2id hash of a password as a PHC string,
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash. It waits while four others are
// being computed, and fails if ctx ends before its turn.
func HashPassword(ctx context.Context, password api.Secret) (string, error) {
	text := password.Reveal()
	if text == "" || len(text) > maxPassword {
		return "", ErrPassword
	}
	p := phc{argonParams: defaultParams, salt: make([]byte, saltSize)}
	_, _ = rand.Read(p.salt) // never fails
	hash, err := p.compute(ctx, text, hashSize)
	if err != nil {
		return "", err
	}
	p.hash = hash
	return p.String(), nil
}

// VerifyPassword reports whether a password is the one that was hashed. With
// "" for the hash, which is nobody's, it takes the same steps and the answer is
// false; so it is for a text that is no hash, and if ctx ends before its turn.
func VerifyPassword(ctx context.Context, hashed string, password api.Secret) bool {
	text := password.Reveal()
	p, err := parsePHC(hashed)
	if err != nil {
		p = dummy()
	}
	fits := text != "" && len(text) <= maxPassword
	if !fits {
		text = "" // hashed all the same, but not a megabyte of it
	}
	hash, computed := p.compute(ctx, text, len(p.hash))
	if computed != nil {
		return false
	}
	same := subtle.ConstantTimeCompare(hash, p.hash) == 1
	return same && err == nil && fits
}

// dummy is a hash of nothing that anybody could type: its bytes are random.
var dummy = sync.OnceValue(func() phc {
	p := phc{argonParams: defaultParams, salt: make([]byte, saltSize), hash: make([]byte, hashSize)}
	_, _ = rand.Read(p.salt)
	_, _ = rand.Read(p.hash)
	return p
})

// compute hashes a password when it is its turn.
func (p phc) compute(ctx context.Context, password string, size int) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-hashing }()
	hashes.Add(1)
	return argon2.IDKey([]byte(password), p.salt, p.passes, p.memory, p.lanes, uint32(size)), nil
}

// String writes the PHC string format:
// https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.lanes,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

// parsePHC reads what String writes, and nothing else: the same values always
// have the same text.
func parsePHC(text string) (phc, error) {
	fields := strings.Split(text, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, errPHC
	}
	costs := strings.Split(fields[3], ",")
	if len(costs) != 3 {
		return phc{}, errPHC
	}
	var p phc
	memory, e1 := cost(costs[0], "m=", uint64(maxParams.memory))
	passes, e2 := cost(costs[1], "t=", uint64(maxParams.passes))
	lanes, e3 := cost(costs[2], "p=", uint64(maxParams.lanes))
	salt, e4 := base64.RawStdEncoding.Strict().DecodeString(fields[4])
	hash, e5 := base64.RawStdEncoding.Strict().DecodeString(fields[5])
	if err := errors.Join(e1, e2, e3, e4, e5); err != nil {
		return phc{}, errPHC
	}
	if memory < 8*lanes || len(salt) < 8 || len(salt) > 64 || len(hash) < 16 || len(hash) > 64 {
		return phc{}, errPHC
	}
	p.memory, p.passes, p.lanes, p.salt, p.hash = uint32(memory), uint32(passes), uint8(lanes), salt, hash
	if p.String() != text { // leading zeros, signs, line ends in base64
		return phc{}, errPHC
	}
	return p, nil
}

// cost reads one parameter between 1 and most.
func cost(text, name string, most uint64) (uint64, error) {
	digits, ok := strings.CutPrefix(text, name)
	if !ok {
		return 0, errPHC
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n < 1 || n > most {
		return 0, errPHC
	}
	return n, nil
}
