package screen

// Canvases returns how many encoders there are for how many viewers.
func (s *Share) Canvases() (canvases, viewers int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.canvases {
		viewers += len(c.members)
	}
	return len(s.canvases), viewers
}
