package config

// Changed names what differs between two readings, never the values.

// Changed returns the keys of the settings that differ, in the order of the
// table, and "token.CLIENT", "authority.NAME", "peer.ID" for the blocks.
func Changed(a, b *Config) []string {
	var keys []string
	for _, s := range settings() {
		// An absent list and an empty one mean the same in a setting.
		x, y := s.slot(a).value(), s.slot(b).value()
		if !equal(x, y) && literal(x) != literal(y) {
			keys = append(keys, s.Key)
		}
	}
	keys = append(keys, changedBlocks("token.", a.Tokens, b.Tokens, (*Token).slots)...)
	keys = append(keys, changedBlocks("authority.", a.Authorities, b.Authorities, (*Authority).slots)...)
	return append(keys, changedBlocks("peer.", a.Peers, b.Peers, (*Peer).slots)...)
}

// changedBlocks compares blocks by the value of their identifying slot.
func changedBlocks[T any](prefix string, a, b []T, slots func(*T) []slot) []string {
	was := map[string]*T{}
	for i := range a {
		was[name(slots(&a[i]))] = &a[i]
	}
	var keys []string
	for i := range b {
		id := name(slots(&b[i]))
		old := was[id]
		if old == nil || !sameSlots(slots(old), slots(&b[i])) {
			keys = append(keys, prefix+id)
		}
		delete(was, id)
	}
	for i := range a {
		if id := name(slots(&a[i])); was[id] != nil {
			keys = append(keys, prefix+id)
		}
	}
	return keys
}

// name is the value of the first slot that a block must have.
func name(slots []slot) string {
	for _, s := range slots {
		if s.need {
			return s.value().(string)
		}
	}
	return ""
}

func sameSlots(a, b []slot) bool {
	for i := range a {
		if !equal(a[i].value(), b[i].value()) {
			return false
		}
	}
	return true
}
