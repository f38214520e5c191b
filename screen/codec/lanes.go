package codec

import "math/bits"

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

// laneMean returns (x + y) / 2, rounded down.
func laneMean(x, y uint64) uint64 { return x&y + (x^y)>>1&^laneHigh }

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

// unzigzag undoes zigzag.
func unzigzag(z uint64) uint64 { return z>>1&^laneHigh ^ z&laneLow*0xff }

// laneWidth returns how many bits the largest lane of x needs.
func laneWidth(x uint64) int {
	x |= x >> 32
	x |= x >> 16
	x |= x >> 8
	return bits.Len8(uint8(x))
}

// squeeze moves the low w bits of each of eight lanes together.
func squeeze(x uint64, w int) uint64 {
	x = x&0x00ff00ff00ff00ff | x>>8&0x00ff00ff00ff00ff<<(w&63)
	x = x&0x0000ffff0000ffff | x>>16&0x0000ffff0000ffff<<(2*w&63)
	return x&0xffffffff | x>>32<<(4*w&63)
}

// stretch undoes squeeze.
func stretch(x uint64, w int) uint64 {
	m := uint64(1)<<(4*w&63) - 1
	x = x&m | x>>(4*w&63)&m<<32
	m = (uint64(1)<<(2*w&63) - 1) * 0x0000000100000001
	x = x&m | x>>(2*w&63)&m<<16
	m = (uint64(1)<<(w&63) - 1) * 0x0001000100010001
	return x&m | x>>(w&63)&m<<8
}

const (
	evenLanes = 0x0000ffff0000ffff // of 16 bits
	lowBytes  = 0x000000ff000000ff
	evenBytes = 0x00ff00ff00ff00ff
)

// gather returns eight pixels' green, red - green + 128 and blue - green + 128, the
// first pixel in the lowest lane.
func gather(p *[8]uint32) (g, r, b uint64) {
	p0, p1 := uint64(p[0])|uint64(p[4])<<32, uint64(p[1])|uint64(p[5])<<32
	p2, p3 := uint64(p[2])|uint64(p[6])<<32, uint64(p[3])|uint64(p[7])<<32
	m := p0&evenBytes | p1&evenBytes<<8 // blue and red of 0 1 4 5
	n := p2&evenBytes | p3&evenBytes<<8 // of 2 3 6 7
	blue := m&evenLanes | n&evenLanes<<16
	red := m>>16&evenLanes | n&^evenLanes
	g = p0>>8&lowBytes | p1&(lowBytes<<8) | (p2>>8&lowBytes|p3&(lowBytes<<8))<<16
	return g, laneSub(red, g) ^ laneHigh, laneSub(blue, g) ^ laneHigh
}

// scatter undoes gather.
func scatter(p *[8]uint32, green, r, b uint64) {
	red, blue := laneAdd(r^laneHigh, green), laneAdd(b^laneHigh, green)
	m := blue&evenLanes | red&evenLanes<<16
	n := blue>>16&evenLanes | red&^evenLanes
	h := green >> 16
	p0 := m&evenBytes | green&lowBytes<<8
	p1 := m>>8&evenBytes | green&(lowBytes<<8)
	p2 := n&evenBytes | h&lowBytes<<8
	p3 := n>>8&evenBytes | h&(lowBytes<<8)
	p[0], p[4] = uint32(p0), uint32(p0>>32)
	p[1], p[5] = uint32(p1), uint32(p1>>32)
	p[2], p[6] = uint32(p2), uint32(p2>>32)
	p[3], p[7] = uint32(p3), uint32(p3>>32)
}
