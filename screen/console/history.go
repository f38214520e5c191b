package console

// historyLines is how far back one can scroll: at 120 columns and 24 bytes a
// cell this is 1.4 MiB.
const historyLines = 500

// history is a ring of the lines that have left the screen at its top.
type history struct {
	ring  [][]cell
	first int // the oldest, once the ring is full
	max   int
}

func (h *history) len() int { return len(h.ring) }

// push adds a line and returns the one that it displaces, or nil.
func (h *history) push(line []cell) []cell {
	if len(h.ring) < h.max {
		h.ring = append(h.ring, line)
		return nil
	}
	old := h.ring[h.first]
	h.ring[h.first] = line
	h.first = (h.first + 1) % h.max
	return old
}

// line returns line i; 0 is the oldest.
func (h *history) line(i int) []cell { return h.ring[(h.first+i)%len(h.ring)] }

func (h *history) clear() { h.ring, h.first = nil, 0 }
