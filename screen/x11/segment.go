package x11

import "github.com/jezek/xgb/shm"

// Segment is memory that the X server draws into (shm.GetImage) or reads from
// (shm.PutImage). Mem starts at a multiple of the page size.
type Segment struct {
	ID  shm.Seg
	Mem []byte

	conn *Conn
}
