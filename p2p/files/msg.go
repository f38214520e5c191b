package files

// The messages of a copy. The viewer says what it wants; then one side sends and
// the other one receives.

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"rac/p2p/wire"
)

// Protocol copies one file or folder.
const Protocol wire.Protocol = "/rac/file/1"

// maxBody bounds a message's body, of whatever type.
const maxBody = 64 << 10

// From the viewer, first. A path is relative to the folder that the host opens,
// or absolute and within it; "/" stands between names.
const (
	msgGet wire.Type = 0x01 // path: the host sends it
	msgPut wire.Type = 0x02 // force uint8, path: the host receives, and writes over what is there if force is 1
)

// From the sender. The paths of all entries begin with the name of what is
// copied; a folder comes before what is in it. At most 128 entries are under way
// that have not been answered or whose content has not been sent.
const (
	msgTotal   wire.Type = 0x11 // files, bytes uint64: what there is; about, as it may be changing
	msgEntry   wire.Type = 0x12 // kind uint8 (1 file, 2 folder), mode uint16, mtime int64 (ns since 1970), size uint64, path
	msgContent wire.Type = 0x13 // offset uint64: what follows is of the oldest file that is wanted, from there on
	msgData    wire.Type = 0x14 // bytes
	msgSum     wire.Type = 0x15 // SHA-256 of the whole file: it ends here
	msgBroke   wire.Type = 0x16 // reason: the rest of this file cannot be read
	msgSkipped wire.Type = 0x17 // length of the path uint16, path, reason: it is left out
	msgEnd     wire.Type = 0x18 // nothing: that is all
)

// From the receiver: one answer to each entry, in order; one to each content;
// one to the end.
const (
	msgWant   wire.Type = 0x21 // offset uint64, SHA-256: so much is there already, with this hash
	msgHave   wire.Type = 0x22 // nothing: the entry is there
	msgRefuse wire.Type = 0x23 // reason: the entry is not taken
	msgGot    wire.Type = 0x24 // nothing: the file is whole and in its place
	msgLost   wire.Type = 0x25 // reason: it is not
	msgDone   wire.Type = 0x26 // nothing: everything is in its place
)

// From either, last.
const (
	msgFailed wire.Type = 0x31 // code uint8 (1 not found, 2 not allowed, 3 anything else), reason
)

const (
	maxAhead  = 128 // entries under way
	maxPath   = 4 << 10
	maxReason = 1 << 10
)

// Code says why a copy has failed as a whole.
type Code uint8

const (
	NotFound   Code = 1 + iota // there is no such file, or no such folder to copy to
	NotAllowed                 // it is not in the folder that is open
	Broken                     // anything else, such as a full disk
)

// Failed is the error of a copy that could not begin or go on.
type Failed struct {
	Code   Code
	Reason string // of one line; may be the peer's word
}

func (f *Failed) Error() string { return f.Reason }

func (f *Failed) append(dst []byte) []byte {
	return append(append(dst, byte(f.Code)), bounded(f.Reason)...)
}

func parseFailed(b []byte) error {
	if len(b) < 2 || len(b) > 1+maxReason {
		return malformed(msgFailed, b)
	}
	return &Failed{Code(b[0]), bounded(string(b[1:]))}
}

type putMsg struct {
	force bool
	path  string
}

func (m putMsg) append(dst []byte) []byte {
	force := byte(0)
	if m.force {
		force = 1
	}
	return append(append(dst, force), m.path...)
}

func parsePut(b []byte) (m putMsg, err error) {
	if len(b) < 1 || len(b) > 1+maxPath || b[0] > 1 {
		return m, malformed(msgPut, b)
	}
	return putMsg{b[0] == 1, string(b[1:])}, nil
}

// entry is a file or a folder.
type entry struct {
	dir   bool
	mode  fs.FileMode // the nine bits
	mtime time.Time
	size  int64
	path  string // with "/"
}

const entryLen = 1 + 2 + 8 + 8

func (e *entry) append(dst []byte) []byte {
	kind := byte(1)
	if e.dir {
		kind = 2
	}
	be := binary.BigEndian
	dst = be.AppendUint16(append(dst, kind), uint16(e.mode.Perm()))
	dst = be.AppendUint64(dst, uint64(e.mtime.UnixNano()))
	return append(be.AppendUint64(dst, uint64(e.size)), e.path...)
}

// parseEntry reads an entry; its path is one that may be made.
func parseEntry(b []byte) (*entry, error) {
	if len(b) <= entryLen || len(b) > entryLen+maxPath || b[0] < 1 || b[0] > 2 {
		return nil, malformed(msgEntry, b)
	}
	be := binary.BigEndian
	e := &entry{
		dir: b[0] == 2, mode: fs.FileMode(be.Uint16(b[1:])).Perm(),
		mtime: time.Unix(0, int64(be.Uint64(b[3:]))), size: int64(be.Uint64(b[11:])), path: string(b[entryLen:]),
	}
	if e.size < 0 {
		return nil, malformed(msgEntry, b)
	}
	return e, checkPath(e.path)
}

// part is what a receiver has of a file.
type part struct {
	offset int64
	sum    [sha256.Size]byte
}

func (p part) append(dst []byte) []byte {
	return append(binary.BigEndian.AppendUint64(dst, uint64(p.offset)), p.sum[:]...)
}

func parsePart(b []byte) (p part, err error) {
	if len(b) != 8+sha256.Size {
		return p, malformed(msgWant, b)
	}
	p.offset = int64(binary.BigEndian.Uint64(b))
	copy(p.sum[:], b[8:])
	if p.offset < 0 {
		return p, malformed(msgWant, b)
	}
	return p, nil
}

func appendSkipped(dst []byte, path, reason string) []byte {
	path = path[:min(len(path), maxPath)]
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(path)))
	return append(append(dst, path...), bounded(reason)...)
}

func parseSkipped(b []byte) (path, reason string, err error) {
	if len(b) < 2 {
		return "", "", malformed(msgSkipped, b)
	}
	n := int(binary.BigEndian.Uint16(b))
	if n > maxPath || len(b) < 2+n || len(b) > 2+n+maxReason {
		return "", "", malformed(msgSkipped, b)
	}
	return string(b[2 : 2+n]), bounded(string(b[2+n:])), nil
}

// parseNumbers reads n numbers that fit an int64.
func parseNumbers(t wire.Type, b []byte, n int) ([]int64, error) {
	if len(b) != 8*n {
		return nil, malformed(t, b)
	}
	all := make([]int64, n)
	for i := range all {
		if all[i] = int64(binary.BigEndian.Uint64(b[8*i:])); all[i] < 0 {
			return nil, malformed(t, b)
		}
	}
	return all, nil
}

func appendNumbers(dst []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return dst
}

func malformed(t wire.Type, b []byte) error {
	return fmt.Errorf("files: message 0x%02x of %d bytes makes no sense", uint8(t), len(b))
}

// bounded makes a text of one line that is fit for a message.
func bounded(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxReason)], "")
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}
